//! How well people are found whose names or data come otherwise than they were registered.

mod damage;
mod duplicates;
mod people;

use std::path::Path;

use serde_json::{Value, json};
use shared::patient::PatientFields;
use url::form_urlencoded::byte_serialize;

use crate::{
    Outcome,
    check::{Checker, rows},
    fill,
    people::Dice,
    report::{Table, grouped},
    say,
    target::{Target, empty_folder},
};
use damage::Damage;
use duplicates::Known;
use people::person;

/// How many rows are looked at: the first five of an answer.
const FIRST: usize = 5;

/// What a clerk types.
#[derive(Clone, Copy)]
enum Typed {
    FirstLast,
    LastFirst,
    NameAndDate,
    NameAndYear,
    /// The first three letters of both names.
    Beginnings,
    Phone,
    EndOfPhone,
    Email,
    Identifier,
}

impl Typed {
    const ALL: [Self; 9] = [
        Self::FirstLast,
        Self::LastFirst,
        Self::NameAndDate,
        Self::NameAndYear,
        Self::Beginnings,
        Self::Phone,
        Self::EndOfPhone,
        Self::Email,
        Self::Identifier,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::FirstLast => "first and last name",
            Self::LastFirst => "last and first name",
            Self::NameAndDate => "name and date of birth",
            Self::NameAndYear => "name and year of birth",
            Self::Beginnings => "three letters of both names",
            Self::Phone => "telephone number",
            Self::EndOfPhone => "last six digits of it",
            Self::Email => "e-mail address",
            Self::Identifier => "insurance number",
        }
    }

    /// The text for a person; `None` where the person lacks it.
    fn text(self, person: &PatientFields) -> Option<String> {
        let (first, last) = (person.first_name.as_deref(), person.last_name.as_deref());
        let both = || Some((first?, last?));
        let all =
            |parts: [Option<&str>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let born = || person.date_of_birth.as_ref().map(ToString::to_string);
        let start = |name: &str| name.chars().take(3).collect::<String>();
        let digits = || person.phone_number.as_deref().map(|it| it.replace([' ', '+'], ""));
        match self {
            Self::FirstLast => Some(all([first, last])),
            Self::LastFirst => both().map(|(first, last)| format!("{last} {first}")),
            Self::NameAndDate => Some(format!("{} {}", all([first, last]), born()?)),
            Self::NameAndYear => Some(format!("{} {}", all([first, last]), born()?.get(..4)?)),
            Self::Beginnings => both().map(|(one, two)| format!("{} {}", start(one), start(two))),
            Self::Phone => digits(),
            Self::EndOfPhone => digits().and_then(|it| it.get(it.len() - 6..).map(str::to_owned)),
            Self::Email => person.email.clone(),
            Self::Identifier => Some(person.identifiers.first()?.value.clone()),
        }
    }
}

/// How often the right person was found, of those who were asked for.
#[derive(Default)]
struct Found {
    asked: u64,
    first: u64,
    among_first: u64,
}

impl Found {
    fn note(&mut self, rank: Option<usize>) {
        self.asked += 1;
        self.first += u64::from(rank == Some(0));
        self.among_first += u64::from(rank.is_some());
    }

    fn cells(&self) -> [String; 2] {
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let part = |count: u64| format!("{:.1} %", 100.0 * count as f64 / self.asked.max(1) as f64);
        [part(self.first), part(self.among_first)]
    }
}

/// Asks a server with so many people for some of them, and returns the tables.
pub(crate) async fn measure(
    programs: &Path,
    folder: &Path,
    patients: u64,
    asked: u64,
) -> Outcome<Vec<Table>> {
    let filled = fill::sqlite(folder, ("finding", person), patients).await?;
    let run = empty_folder(folder.join("run"))?;
    let copy = run.join("finding.sqlite");
    std::fs::copy(filled, &copy)?;
    say("Asking for people");
    let database = format!("sqlite:{}", copy.display());
    let mut target = Target::frontdesk(programs, &database, &run, &[]).await?;
    let checker = Checker::new(patients);
    checker.admit(&mut target).await?;
    let desk = Desk { checker, target, patients, asked };
    let typed = Typed::ALL.map(|typed| (typed.name().to_owned(), Damage::None, typed));
    let damaged = Damage::ALL.map(|damage| (damage.to_string(), damage, Typed::NameAndDate));
    let tables = vec![
        desk.table("What is typed", &typed).await?,
        desk.table("What is wrong with name and date of birth", &damaged).await?,
        duplicates::table(&desk, "Registered again", Known::All).await?,
        duplicates::table(
            &desk,
            "Registered again with name and date of birth alone",
            Known::Little,
        )
        .await?,
    ];
    desk.target.stop().await?;
    std::fs::remove_dir_all(run)?;
    Ok(tables)
}

/// A server, and how much it is asked.
struct Desk {
    checker: Checker,
    target: Target,
    patients: u64,
    asked: u64,
}

impl Desk {
    async fn table(&self, title: &str, rows: &[(String, Damage, Typed)]) -> Outcome<Table> {
        let head = ["", "asked", "search: first", "first five", "lookup: first", "first five"];
        let mut table = Table {
            title: format!("{title}, {} people", grouped(self.patients)),
            head: head.map(str::to_owned).to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
        };
        for (name, damage, typed) in rows {
            let [search, lookup] = self.ask(*damage, *typed).await?;
            let cells = [search.cells(), lookup.cells()].concat();
            table.rows.push([vec![name.clone(), search.asked.to_string()], cells].concat());
        }
        Ok(table)
    }

    /// Asks for people with this damage by a search and by a lookup.
    async fn ask(&self, damage: Damage, typed: Typed) -> Outcome<[Found; 2]> {
        let mut found = [Found::default(), Found::default()];
        // Everybody in an order that looks random and is the same in every run.
        let mut dice = Dice::new(11);
        for _ in 0..self.asked * 50 {
            let number = 1 + dice.below(usize::try_from(self.patients)?) as u64;
            let damaged = damage.apply(&person(number), &mut dice);
            let Some(text) = damaged.and_then(|it| typed.text(&it)) else { continue };
            let text: String = byte_serialize(text.as_bytes()).collect();
            let paths = [
                format!("/api/patients?page_size={FIRST}&search={text}"),
                format!("/api/lookup?q={text}"),
            ];
            for (found, path) in found.iter_mut().zip(paths) {
                let answer = self.checker.get(&self.target, &path).await?;
                found
                    .note(rows(&answer).iter().take(FIRST).position(|row| is_patient(row, number)));
            }
            if found.iter().all(|it| it.asked >= self.asked) {
                return Ok(found);
            }
        }
        Err(format!("too few people can have this: {damage}").into())
    }
}

/// Whether a row of a search or of a lookup is this patient.
fn is_patient(row: &Value, number: u64) -> bool {
    row.get("id") == Some(&json!(number)) && row.get("kind").is_none_or(|kind| kind == "patient")
}
