//! Somebody at the front desk: what is typed, what is waited for, and what must be stored in the end.

use std::collections::BTreeSet;

use vt100::Screen;

use super::{
    clinic::Doctor,
    keys::bytes,
    people::{Person, is_mrn},
    sight::row,
};
use crate::{
    program,
    pty::{Home, Program, Start},
    users::log_in_as,
};

/// The fields of the forms that are filled in, in the order in which Tab goes through them.
const PATIENT: &[&str] = &[
    "first_name",
    "last_name",
    "date_of_birth",
    "age",
    "gender",
    "blood_type",
    "phone_number",
    "email",
    "address",
    "city",
    "zip_code",
    "state",
    "deceased_on",
    "preferred_language",
    "emergency_contact",
    "allergies",
];
const VISIT: &[&str] = &["status", "is_urgent", "reason"];
const DOCTOR: &[&str] =
    &["first_name", "last_name", "specialization", "is_available", "phone_number", "email"];

/// A form that is shown or parked.
struct Open {
    kind: &'static str,
    /// The code of the patient, or the name of the doctor. Empty for somebody new.
    whose: String,
    fields: &'static [&'static str],
    /// The field that has the focus.
    at: usize,
    typed: Vec<(&'static str, String)>,
}

/// A word that was typed into a record.
pub(super) struct Typed {
    pub(super) kind: &'static str,
    pub(super) whose: String,
    pub(super) member: &'static str,
    pub(super) value: String,
}

/// Somebody at the front desk.
pub(super) struct Clerk {
    /// The name of the account.
    pub(super) name: &'static str,
    pub(super) program: Program,
    _home: Home,
    /// The forms that are open. The last one is shown, unless it is parked.
    forms: Vec<Open>,
    parked: usize,
    /// How often a form was left for something else.
    pub(super) interruptions: usize,
    /// Every word that was saved.
    pub(super) typed: Vec<Typed>,
    /// Every write: the action as the audit log calls it, and whose record it was.
    pub(super) done: Vec<(&'static str, String)>,
    /// The codes of the patients who were dealt with.
    pub(super) met: BTreeSet<String>,
}

impl Clerk {
    /// Sits down at a desk of this size, and logs in.
    #[track_caller]
    pub(super) fn sits_down(
        url: &str,
        (name, email, password): (&'static str, &str, &str),
        size: (u16, u16),
    ) -> Self {
        let home = Home::new();
        let args = vec!["--server".to_owned(), url.to_owned()];
        let start = Start { program: program(), home: &home, args, env: Vec::new(), size };
        let mut program = Program::start(start);
        program.wait_for("Log in to http://127.0.0.1:");
        log_in_as(&mut program, email, password);
        program.wait_for("In the clinic now");
        Self {
            name,
            program,
            _home: home,
            forms: Vec::new(),
            parked: 0,
            interruptions: 0,
            typed: Vec::new(),
            done: Vec::new(),
            met: BTreeSet::new(),
        }
    }

    /// Types keys: letters as they are, others as `<enter>` or `<ctrl-s>`.
    #[track_caller]
    pub(super) fn keys(&mut self, keys: &str) {
        self.program.keys(&bytes(keys));
    }

    /// Enters a write in the ledger.
    pub(super) fn has(&mut self, action: &'static str, whose: &str) {
        self.done.push((action, whose.to_owned()));
    }

    /// Whether a visit of the patient with this code was entered here.
    pub(super) fn has_let_in(&self, code: &str) -> bool {
        self.done.iter().any(|(action, whose)| *action == "visit.created" && whose == code)
    }

    /// Finds a patient on the day's screen by a text, and asks for whom this patient has come.
    #[track_caller]
    pub(super) fn finds(&mut self, person: &Person, search: &str) {
        self.met.insert(person.mrn.clone());
        self.keys(&format!("<f2>{search}<ctrl-a>"));
        self.sees("The patient has arrived");
        self.sees(&person.mrn);
    }

    /// The patient in question has arrived.
    #[track_caller]
    pub(super) fn lets_in(&mut self, person: &Person) {
        self.keys("<enter>");
        self.sees(&format!("Arrived: {}, {}", person.name(), person.mrn));
        self.has("visit.created", &person.mrn);
    }

    /// Finds a patient by name, who has arrived.
    #[track_caller]
    pub(super) fn receives(&mut self, person: &Person) {
        self.finds(person, &person.name().to_lowercase());
        self.lets_in(person);
    }

    /// Types a reason where one is asked for.
    #[track_caller]
    pub(super) fn gives_reason(&mut self, kind: &'static str, whose: &str, reason: &str) {
        self.keys(reason);
        self.sees(reason);
        let (whose, value) = (whose.to_owned(), reason.to_owned());
        self.typed.push(Typed { kind, whose, member: "reason", value });
    }

    /// Opens the form of a patient, who is found by the code.
    #[track_caller]
    pub(super) fn edits(&mut self, person: &Person) {
        self.met.insert(person.mrn.clone());
        self.keys(&format!("<f2>{}<ctrl-e>", person.mrn));
        self.is_at("Edit patient", true);
        self.sees(&format!("MRN {}", person.mrn));
        self.opens("patient", &person.mrn, PATIENT);
    }

    /// Opens the form of a doctor.
    #[track_caller]
    pub(super) fn edits_doctor(&mut self, doctor: &Doctor) {
        self.finds_doctor(doctor);
        self.keys("<ctrl-e>");
        self.is_at("Edit doctor", true);
        self.opens("doctor", doctor.name, DOCTOR);
    }

    /// Opens the page of a doctor.
    #[track_caller]
    pub(super) fn finds_doctor(&mut self, doctor: &Doctor) {
        self.keys("<f4>");
        self.is_at("Doctors", true);
        self.keys(&format!("{}<enter>", doctor.name.to_lowercase()));
        self.is_at("Doctor", true);
        self.sees("Last changed");
    }

    /// Opens the form of a visit.
    #[track_caller]
    pub(super) fn edits_visit(&mut self, person: &Person) {
        self.opens_visit(person);
        self.keys("<ctrl-e>");
        self.is_at("Edit visit", true);
        self.opens("visit", &person.mrn, VISIT);
    }

    /// Begins with somebody new, after a search that found nobody.
    #[track_caller]
    pub(super) fn begins_with(&mut self, person: &Person) {
        let search = format!("{} {}", person.name().to_lowercase(), &person.born[..4]);
        self.keys(&format!("<f2>{search}"));
        self.sees(&format!("Nobody matches “{search}”."));
        self.keys("<ctrl-n>");
        self.is_at("New patient", true);
        self.opens("patient", "", PATIENT);
        let names = [("first_name", &person.first), ("last_name", &person.last)];
        let form = self.forms.last_mut().unwrap();
        // What was searched is in the form already.
        form.typed.extend(names.map(|(member, name)| (member, name.clone())));
        self.sees_line(&[&person.first, &person.last]);
    }

    /// Saves the form of somebody new; answers the code that this patient has got.
    #[track_caller]
    pub(super) fn registers(&mut self, person: &mut Person) {
        let said = format!("Registered: {}, ", person.name());
        self.keys("<ctrl-s>");
        person.mrn = self.reads(&said, |screen| {
            let text = screen.contents();
            let word = text.split(&said).nth(1)?.split_whitespace().next()?;
            is_mrn(word).then(|| word.to_owned())
        });
        self.met.insert(person.mrn.clone());
        self.forms.last_mut().unwrap().whose.clone_from(&person.mrn);
        self.closes("patient.created");
    }

    fn opens(&mut self, kind: &'static str, whose: &str, fields: &'static [&'static str]) {
        let whose = whose.to_owned();
        self.forms.push(Open { kind, whose, fields, at: 0, typed: Vec::new() });
    }

    /// Types a value into a field of the form, in the place of what stands there.
    #[track_caller]
    pub(super) fn types(&mut self, member: &'static str, value: &str) {
        let form = self.forms.last_mut().unwrap();
        let to = form.fields.iter().position(|known| *known == member).unwrap();
        let steps = match to >= form.at {
            true => "<tab>".repeat(to - form.at),
            false => "<backtab>".repeat(form.at - to),
        };
        form.at = to;
        form.typed.retain(|(known, _)| *known != member);
        form.typed.push((member, value.to_owned()));
        self.keys(&format!("{steps}<ctrl-u>{value}"));
        self.sees(value);
    }

    /// Saves the form of a patient.
    #[track_caller]
    pub(super) fn saves(&mut self, person: &Person) {
        self.keys("<ctrl-s>");
        self.has_saved("patient.updated", &person.name());
    }

    /// Waits until a form is saved, and enters it in the ledger.
    #[track_caller]
    pub(super) fn has_saved(&mut self, action: &'static str, name: &str) {
        self.sees(&format!("Saved: {name}"));
        // What is said may be left of an earlier save.
        let kind = self.forms.last().unwrap().kind;
        self.is_at(&format!("Edit {kind}"), false);
        self.closes(action);
    }

    fn closes(&mut self, action: &'static str) {
        let form = self.forms.pop().unwrap();
        let Open { kind, whose, typed, .. } = form;
        let word = |(member, value)| Typed { kind, whose: whose.clone(), member, value };
        self.typed.extend(typed.into_iter().map(word));
        self.has(action, &whose);
    }

    /// Parks the form, does something else, and goes on with the form.
    #[track_caller]
    pub(super) fn is_called_away(&mut self, work: impl FnOnce(&mut Self)) {
        self.interruptions += 1;
        self.parked += 1;
        let parked = format!("{} parked", self.parked);
        self.keys("<f10>");
        self.sees(&parked);
        work(self);
        self.keys("<f10>");
        if self.parked > 1 {
            // The one that was parked last is the first.
            self.sees("Go on with");
            self.keys("<enter>");
        }
        self.parked -= 1;
        let form = self.forms.last().unwrap();
        for (_, value) in &form.typed {
            self.sees(value);
        }
    }

    /// Opens the visit of a patient who is in the clinic, from the patient's page.
    #[track_caller]
    pub(super) fn opens_visit(&mut self, person: &Person) {
        self.met.insert(person.mrn.clone());
        self.keys(&format!("<f2>{}<enter>", person.mrn));
        self.is_at("Patient", true);
        self.sees("in the clinic: ");
        self.keys("<ctrl-a>");
        self.is_at("Visit", true);
        self.sees("Last changed");
    }

    /// Takes the visit of a patient through these steps, one after the other.
    #[track_caller]
    pub(super) fn takes_on(&mut self, person: &Person, steps: &[&str]) {
        self.opens_visit(person);
        for status in steps {
            self.keys("<ctrl-a>");
            self.sees_line(&["Changed: ", &person.mrn, status]);
            self.has("visit.updated", &person.mrn);
        }
    }

    /// Selects the one of two people of one name who has this date of birth.
    #[track_caller]
    pub(super) fn selects_born(&mut self, born: &str, other: &str) {
        let first = self.reads("a selected row", |screen| {
            row(screen).filter(|row| row.contains(born) || row.contains(other))
        });
        if first.contains(other) {
            self.keys("<down>");
            let what = format!("the one born {born}");
            self.reads(&what, |screen| row(screen).filter(|row| row.contains(born)));
        }
    }

    /// A visit was corrected: it is not one of this patient, but of that one.
    pub(super) fn gives(&mut self, from: &Person, to: &Person) {
        let is_it = |(action, whose): &&mut (&str, String)| {
            *action == "visit.created" && *whose == from.mrn
        };
        self.done.iter_mut().find(is_it).unwrap().1.clone_from(&to.mrn);
        self.met.insert(to.mrn.clone());
        self.has("visit.patient_corrected", &to.mrn);
    }
}
