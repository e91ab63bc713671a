//! How long single answers take: searches, lookups and comparisons over one connection, asked by the front desk,
//! who sees all patients, and by an owner of few.

use std::{path::Path, time::Instant};

use serde_json::{Value, json};
use shared::{Mrn, patient::PatientFields};
use sqlx::{Connection, PgConnection, raw_sql};
use url::form_urlencoded::byte_serialize;

use crate::{
    Engine, Outcome,
    check::Checker,
    cluster::Cluster,
    course::{Course, Findings},
    fill,
    people::{Dice, person},
    report::{Table, grouped, milliseconds},
    say,
    target::{Target, empty_folder},
};

/// The number of patients of the owner.
const OWNED: u64 = 20;
const OWNER: &str = "owner@example.com";

/// What is asked.
#[derive(Clone, Copy)]
enum Asked {
    /// The first letters of the last name.
    Beginning(usize),
    LastFirst,
    FirstLast,
    /// The first three letters of both names.
    Beginnings,
    NameAndDate,
    EndOfPhone,
    Mrn,
    Lookup,
    /// With a letter of the last name changed.
    Mistyped,
    Match,
}

impl Asked {
    const ALL: [Self; 13] = [
        Self::Beginning(1),
        Self::Beginning(2),
        Self::Beginning(3),
        Self::Beginning(5),
        Self::LastFirst,
        Self::FirstLast,
        Self::Beginnings,
        Self::NameAndDate,
        Self::EndOfPhone,
        Self::Mrn,
        Self::Lookup,
        Self::Mistyped,
        Self::Match,
    ];

    fn name(self) -> String {
        match self {
            Self::Beginning(1) => "search: 1 letter".to_owned(),
            Self::Beginning(letters) => format!("search: {letters} letters"),
            Self::LastFirst => "search: last and first name".to_owned(),
            Self::FirstLast => "search: first and last name".to_owned(),
            Self::Beginnings => "search: three letters of both names".to_owned(),
            Self::NameAndDate => "search: last name and date of birth".to_owned(),
            Self::EndOfPhone => "search: last seven digits of the telephone number".to_owned(),
            Self::Mrn => "search: record number".to_owned(),
            Self::Lookup => "lookup: last and first name".to_owned(),
            Self::Mistyped => "lookup: the same with a typing error".to_owned(),
            Self::Match => "comparison of a person".to_owned(),
        }
    }

    /// The text that is typed for the patient with this number. `None` for a comparison.
    fn text(self, number: u64, person: &PatientFields) -> Outcome<Option<String>> {
        let first = person.first_name.as_deref().unwrap_or_default();
        let last = person.last_name.as_deref().unwrap_or(first);
        let start = |name: &str, letters| name.chars().take(letters).collect::<String>();
        let mut wrong = start(last, last.chars().count().saturating_sub(1));
        wrong.push('q');
        Ok(Some(match self {
            Self::Beginning(letters) => start(last, letters),
            Self::LastFirst | Self::Lookup => format!("{last} {first}"),
            Self::FirstLast => format!("{first} {last}"),
            Self::Beginnings => format!("{} {}", start(last, 3), start(first, 3)),
            Self::NameAndDate => {
                let born = person.date_of_birth.map(|born| born.to_string());
                format!("{last} {}", born.unwrap_or_default())
            }
            Self::EndOfPhone => {
                let phone = person.phone_number.as_deref().unwrap_or_default();
                let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
                digits.iter().skip(digits.len().saturating_sub(7)).collect()
            }
            Self::Mrn => Mrn::from_sequence(i64::try_from(number)?).as_str().to_owned(),
            Self::Mistyped => format!("{wrong} {first}"),
            Self::Match => return Ok(None),
        }))
    }
}

impl Course<'_> {
    /// Times single answers on a copy of the filled database.
    pub(crate) async fn answers_alone(&self, engine: Engine, asked: u64) -> Outcome<Findings> {
        let run = empty_folder(self.folder.join("run"))?;
        let table = match engine {
            Engine::Sqlite => {
                let filled = fill::sqlite(self.folder, fill::VARIED, self.patients).await?;
                let copy = run.join("answers.sqlite");
                std::fs::copy(filled, &copy)?;
                self.times(engine, &format!("sqlite:{}", copy.display()), &run, asked).await?
            }
            Engine::Postgres => {
                let cluster = Cluster::start(&self.folder.join("postgres"))?;
                let filled = fill::postgres(&|name| cluster.url(name), self.patients).await?;
                let mut operator = PgConnection::connect(&cluster.url("postgres")).await?;
                let mut tell = async |statement: String| {
                    raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut operator).await
                };
                tell("DROP DATABASE IF EXISTS answers".to_owned()).await?;
                tell(format!("CREATE DATABASE answers TEMPLATE {filled}")).await?;
                let table = self.times(engine, &cluster.url("answers"), &run, asked).await?;
                tell("DROP DATABASE answers".to_owned()).await?;
                table
            }
        };
        std::fs::remove_dir_all(run)?;
        Ok((vec![table], Vec::new()))
    }

    async fn times(
        &self,
        engine: Engine,
        database: &str,
        run: &Path,
        asked: u64,
    ) -> Outcome<Table> {
        say("Timing single answers");
        let mut desk = Target::frontdesk(self.programs, database, run, &[]).await?;
        let checker = Checker::new(self.patients);
        checker.admit(&mut desk).await?;
        let staff = desk.token.clone();
        let owner = self.owner(&checker, &mut desk).await?;
        let mut rows = Vec::new();
        for what in Asked::ALL {
            let mut cells = vec![what.name()];
            for token in [&staff, &owner] {
                desk.token.clone_from(token);
                cells.extend(self.time(&checker, &desk, what, asked).await?);
            }
            rows.push(cells);
        }
        desk.stop().await?;
        let head = ["ms", "front desk: p50", "p99", "owner of 20: p50", "p99"];
        Ok(Table {
            title: format!(
                "Single answers over one connection, {} patients on {}",
                grouped(self.patients),
                engine.name()
            ),
            head: head.map(str::to_owned).to_vec(),
            rows,
            notes: vec![format!("Each was asked for {asked} people.")],
        })
    }

    /// Registers an owner with few patients, who are like others in the database. Returns the owner's token.
    async fn owner(&self, checker: &Checker, desk: &mut Target) -> Outcome<String> {
        let account = json!({"email": OWNER, "password": fill::PASSWORD, "name": "Olga Owner"});
        checker.post(desk, "/api/auth/register", &account).await?;
        let token = checker.token(desk, OWNER).await?;
        desk.token.clone_from(&token);
        for number in 1..=OWNED {
            let mut own = person(number * self.patients / OWNED);
            own.identifiers.clear();
            own.email = own.email.map(|email| format!("own.{email}"));
            checker.post(desk, "/api/patients", &json!(own)).await?;
        }
        Ok(token)
    }

    /// The median and the 99th percentile of the times of some answers, in milliseconds.
    async fn time(
        &self,
        checker: &Checker,
        desk: &Target,
        what: Asked,
        asked: u64,
    ) -> Outcome<[String; 2]> {
        let mut dice = Dice::new(21);
        let mut times = Vec::new();
        for _ in 0..asked {
            let number = 1 + dice.below(usize::try_from(self.patients)?) as u64;
            let person = person(number);
            let typed = what.text(number, &person)?;
            let typed = typed.map(|text| byte_serialize(text.as_bytes()).collect::<String>());
            let mut known = person;
            known.identifiers.clear();
            let began = Instant::now();
            let answer: Value = match (what, typed) {
                (Asked::Lookup | Asked::Mistyped, Some(text)) => {
                    checker.get(desk, &format!("/api/lookup?q={text}")).await?
                }
                (_, Some(text)) => {
                    checker.get(desk, &format!("/api/patients?search={text}")).await?
                }
                (_, None) => checker.post(desk, "/api/patients/match", &json!(known)).await?,
            };
            times.push(began.elapsed());
            drop(answer);
        }
        times.sort();
        let at = |part: usize| times.get((times.len() * part / 100).min(times.len() - 1));
        Ok([50, 99].map(|part| milliseconds(at(part).map(|time| time.as_secs_f64() * 1_000.0))))
    }
}
