//! What a clerk does: who comes, and which keys are typed.

use std::collections::VecDeque;

use vt100::Screen;

use super::{
    desk::{Desk, Step, Stop, behind, found, found_nobody, is_at, is_typed},
    ledger::{Ledger, Newcomer, Person, Write},
    pty::key,
};

/// How often Tab is pressed in the form of a patient from the first field to the telephone number.
const TO_PHONE: usize = 6;
/// Of a hundred people who come, so many are known.
const KNOWN: u8 = 70;
/// Of a hundred people who are known, so many are found by name, and so many have a new number.
const BY_NAME: u8 = 60;
const MOVED: u8 = 50;
/// Syllables of last names that nobody else in the database has.
const SYLLABLES: [&str; 16] = [
    "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "ja",
];
const FIRST: [&str; 8] = ["Amal", "Bela", "Ciro", "Dina", "Edo", "Fay", "Gil", "Hana"];

/// A clerk with a desk, and what is to be found in the database afterwards.
pub(super) struct Clerk<'a> {
    pub(super) desk: Desk<'a>,
    pub(super) ledger: Ledger,
    /// Which clerk it is, from 0.
    number: usize,
    /// The known people who come.
    people: VecDeque<Person>,
    /// How many people were new.
    newcomers: usize,
}

impl<'a> Clerk<'a> {
    /// A clerk to whom these people come.
    pub(super) fn new(desk: Desk<'a>, number: usize, people: Vec<Person>) -> Self {
        Self { desk, ledger: Ledger::default(), number, people: people.into(), newcomers: 0 }
    }

    /// Receives one person after the other until there is a reason to stop.
    pub(super) fn works(&mut self) -> Stop {
        loop {
            let is_known = self.is_so(KNOWN);
            let person = if is_known { self.people.pop_front() } else { None };
            let done = match person {
                Some(person) => self.receives(&person),
                None => self.registers(),
            };
            if let Err(stop) = done {
                return stop;
            }
        }
    }

    fn is_so(&mut self, percent: u8) -> bool {
        self.desk.lot.u8(0..100) < percent
    }

    /// Somebody who is known has come: is found, opened, let in, and sometimes has a new number.
    fn receives(&mut self, person: &Person) -> Result<(), Stop> {
        let Person { name, born, mrn, .. } = person;
        self.ledger.meets(person);
        if self.is_so(BY_NAME) {
            self.opens(Step::FindByName, &format!("{} {born}", name.to_lowercase()), mrn)?;
        } else {
            self.opens(Step::FindByNumber, mrn, mrn)?;
        }
        self.lets_in(mrn)?;
        if self.is_so(MOVED) {
            self.changes_phone(person)?;
        }
        Ok(())
    }

    /// Finds a patient from the day's screen, and opens the page.
    fn opens(&mut self, step: Step, search: &str, mrn: &str) -> Result<(), Stop> {
        self.desk.thinks()?;
        self.desk.goes_to_day()?;
        self.desk.thinks()?;
        self.desk.finds(step, search, |screen| {
            // What was found by fewer letters stays until the last one is drawn.
            is_typed(screen, search) && found(screen, mrn).0.is_some()
        })?;
        self.desk.thinks()?;
        let (row, rows) = self.desk.looks(|screen| found(screen, mrn));
        if let (Some(row), 2..) = (row, rows) {
            self.desk.keys(&key::DOWN.repeat(row + 1));
            self.desk.waits("the selected row", |screen| {
                let text = screen.contents();
                text.lines().any(|line| line.starts_with('›') && line.contains(mrn))
            })?;
        }
        let number = format!("MRN {mrn}");
        self.desk.presses(Step::OpenPage, key::ENTER, |screen| {
            let text = screen.contents();
            is_at(screen, "Patient") && text.contains(&number) && text.contains("Contact")
        })
    }

    /// The patient whose page is shown has arrived.
    fn lets_in(&mut self, mrn: &str) -> Result<(), Stop> {
        self.desk.thinks()?;
        self.desk.presses(Step::AskArrival, &key::ctrl('a'), |screen| {
            let text = screen.contents();
            text.contains("The patient has arrived") && text.contains(mrn)
        })?;
        self.desk.thinks()?;
        let is_saved =
            |screen: &Screen| behind(screen, "Arrived: ").is_some_and(|rest| rest.contains(mrn));
        self.saves(Write::Visit(mrn.to_owned()), Step::SaveArrival, key::ENTER, is_saved)
    }

    /// Changes the telephone number of the patient whose page is shown.
    fn changes_phone(&mut self, person: &Person) -> Result<(), Stop> {
        self.desk.thinks()?;
        self.opens_form(&key::ctrl('e'), "Edit patient")?;
        let phone = self.types_phone()?;
        let write = Write::Phone(person.clone(), phone);
        self.saves(write, Step::SavePhone, &key::ctrl('s'), |screen| {
            is_at(screen, "Patient") && behind(screen, "Saved: ").is_some()
        })
    }

    /// Somebody new has come: is searched in vain, registered, found by the new number, and let in.
    fn registers(&mut self) -> Result<(), Stop> {
        let (first, last) = self.new_name();
        let name = format!("{first} {last}");
        let search = name.to_lowercase();
        self.desk.thinks()?;
        self.desk.goes_to_day()?;
        self.desk.thinks()?;
        self.desk.finds(Step::FindNobody, &search, |screen| found_nobody(screen, &search))?;
        self.desk.thinks()?;
        self.opens_form(&key::ctrl('n'), "New patient")?;
        let phone = self.types_phone()?;
        let said = format!("Registered: {name}, ");
        let newcomer = Newcomer { first, last, phone, mrn: None };
        let is_saved = |screen: &Screen| number_behind(screen, &said).is_some();
        self.saves(Write::Newcomer(newcomer), Step::Register, &key::ctrl('s'), is_saved)?;
        let Some(mrn) = self.desk.looks(|screen| number_behind(screen, &said)) else {
            return Err(Stop::Wrong(format!("{name} has no number")));
        };
        self.ledger.has_number(&mrn);
        self.opens(Step::FindByNumber, &mrn, &mrn)?;
        self.lets_in(&mrn)
    }

    fn opens_form(&mut self, key: &str, title: &str) -> Result<(), Stop> {
        self.desk.presses(Step::OpenForm, key, |screen| {
            is_at(screen, title) && screen.contents().contains("First name")
        })
    }

    /// Types a new telephone number into the form that is shown.
    fn types_phone(&mut self) -> Result<String, Stop> {
        let lot = &mut self.desk.lot;
        let phone = format!("+1 555 {:03} {:04}", lot.u16(0..1_000), lot.u16(0..10_000));
        for _ in 0..TO_PHONE {
            self.desk.types(key::TAB)?;
        }
        self.desk.keys(&key::ctrl('u'));
        self.desk.types(&phone)?;
        let what = format!("the number {phone}");
        self.desk.waits(&what, |screen| screen.contents().contains(&phone))?;
        Ok(phone)
    }

    /// Presses the key that saves. What the screen has shown as saved has to be there afterwards.
    fn saves(
        &mut self,
        write: Write,
        step: Step,
        key: &str,
        is_saved: impl Fn(&Screen) -> bool,
    ) -> Result<(), Stop> {
        self.ledger.begin(write);
        self.desk.presses(step, key, is_saved)?;
        self.ledger.is_saved();
        Ok(())
    }

    /// A name that nobody has.
    fn new_name(&mut self) -> (String, String) {
        let first = self.desk.lot.choice(FIRST).unwrap_or("Ida").to_owned();
        let number = self.number * 4_096 + self.newcomers;
        self.newcomers += 1;
        let syllable = |place: u32| SYLLABLES.get(number >> (4 * place) & 15).copied();
        let last = (0..5).rev().filter_map(syllable).collect::<String>();
        (first, format!("Xy{last}"))
    }
}

/// The medical record number behind a text.
fn number_behind(screen: &Screen, text: &str) -> Option<String> {
    let rest = behind(screen, text)?;
    let word = rest.split_whitespace().next()?.trim_end_matches('.');
    let digits = word.strip_prefix('P')?.strip_suffix(|it: char| it.is_ascii_uppercase())?;
    (digits.len() >= 6 && digits.bytes().all(|it| it.is_ascii_digit())).then(|| word.to_owned())
}
