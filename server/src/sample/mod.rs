//! Plausible patients and doctors for trials, tests and measurements. No person is real: names are
//! combined at random, in the same way in every run.

mod dice;
mod doctors;
mod names;
mod origins;

use chrono::{Datelike, Days, NaiveDate};
use shared::{
    PartialDate, Patch,
    assignment::{AssignmentInput, NewAssignment},
    id::{DoctorId, PatientId},
    patient::{BloodType, Gender, Identifier, NewPatient, PatientInput, PatientState},
    text,
    visit::{NewVisit, VisitInput, VisitStatus},
};

use crate::{
    app::App,
    domain::{
        accounts::users::{self, NewAccount},
        batches::Pieces,
        records::{assignments, patients, visits},
    },
    error::Error,
    keys::random_text,
    services::actor::{Actor, Origin},
};
use dice::Dice;
pub use doctors::{doctors, enter};
use names::{ALLERGIES, HISTORIES};
use origins::ORIGINS;

/// The e-mail address of the sample's administrator.
pub const ADMIN: &str = "admin@example.com";
/// The number of patients in a sample.
pub const PEOPLE: usize = 500;
/// The number of doctors in a sample.
pub const DOCTORS: usize = 8;
/// The number of patients in a sample who are assigned to a doctor.
pub const ASSIGNED: usize = 40;

/// Fills an empty database with an administrator, `count` patients, doctors to whom some of the patients
/// are assigned, and some visits of today. Returns the administrator's e-mail address and password. The
/// password is random, because there is never a default one.
///
/// Fails where an administrator already exists.
pub async fn create(app: &App, count: usize) -> Result<(String, String), Error> {
    use VisitStatus::{Called, Done, InRoom, Left, Waiting};
    let password = random_text::<15>().map_err(Error::internal)?;
    let account = NewAccount {
        email: Some(ADMIN.to_owned()),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Sample".to_owned()),
        password: password.clone(),
        ..NewAccount::default()
    };
    let user = users::create_first_admin(app, account).await?;
    let actor = Actor::new(user, Origin::default());
    register(app, &actor, people(count, app.clock().today())).await?;
    enter(app, &actor, doctors(DOCTORS)).await?;
    for patient in (1..).take(count.min(ASSIGNED)) {
        let new = NewAssignment {
            patient: PatientId(patient),
            doctor: doctor_of(patient),
            input: AssignmentInput::default(),
        };
        assignments::assign(app, &actor, new.into(), None).await?;
    }
    let statuses = [Done, Left, Done, InRoom, InRoom, Called, Waiting, Waiting, Waiting];
    for (patient, status) in (1..).zip(statuses).take(count) {
        let visit = VisitInput {
            patient: Patch::Value(PatientId(patient)),
            doctor: Patch::Value(doctor_of(patient)),
            is_urgent: Patch::Value(patient == 8),
            status: Patch::Value(status),
            ..VisitInput::default()
        };
        visits::register(app, &actor, NewVisit(visit).into(), None).await?;
    }
    Ok((ADMIN.to_owned(), password))
}

/// The doctor to whom a patient of a sample is assigned. Some doctors have more patients than others.
fn doctor_of(patient: i64) -> DoctorId {
    DoctorId(1 + patient * patient % 11 % 8)
}

/// Registers patients, with `actor` as their owner.
///
/// Fails where a patient breaks a rule for requests.
pub async fn register(
    app: &App,
    actor: &Actor,
    people: impl Iterator<Item = NewPatient>,
) -> Result<(), Error> {
    let today = app.clock().today();
    let states = people
        .map(|person| {
            PatientState::default().changed_by(&person.input, today).map(patients::Arriving::from)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut pieces = Pieces::in_order(app);
    patients::register_many(&mut pieces, actor, &states, "patient.created", None).await.map(drop)
}

/// The first `count` sample patients, the same ones in every run: the first hundred of ten thousand
/// are those of a sample of a hundred. Dates of birth and death are relative to `today`, except the
/// first patient's.
pub fn people(count: usize, today: NaiveDate) -> impl Iterator<Item = NewPatient> {
    (0..count).map(move |place| match place {
        0 => NewPatient::from(first()),
        _ => NewPatient::from(Person::new(place, today).input()),
    })
}

/// The first patient. Documents and tests refer to this one.
fn first() -> PatientInput {
    PatientInput {
        first_name: value("José"),
        last_name: value("Gómez"),
        date_of_birth: Patch::Value(
            NaiveDate::from_ymd_opt(1989, 5, 25).map_or(PartialDate::Year(1989), PartialDate::Day),
        ),
        gender: Patch::Value(Gender::Male),
        phone_number: value("+1 (555) 123-4567"),
        email: value("jose.gomez@example.com"),
        address: value("427 Balistreri Way Unit 19"),
        city: value("Chicopee"),
        state: value("Massachusetts"),
        zip_code: value("01013"),
        blood_type: Patch::Value(BloodType::OPositive),
        allergies: value("Penicillin"),
        emergency_contact: value("Ana Gómez, +1 (555) 765-4321"),
        identifiers: Patch::Value(vec![identifier("insurance", "X000000000".to_owned())]),
        ..PatientInput::default()
    }
}

fn value(text: impl Into<String>) -> Patch<String> {
    Patch::Value(text.into())
}

fn identifier(system: &str, value: String) -> Identifier {
    Identifier { system: system.to_owned(), value }
}

/// A person who is being generated.
struct Person {
    place: usize,
    today: NaiveDate,
    dice: Dice,
    origin: &'static names::Origin,
    is_woman: bool,
    first: String,
    last: Option<String>,
    born: NaiveDate,
    age: u32,
}

impl Person {
    fn new(place: usize, today: NaiveDate) -> Self {
        let mut dice = Dice::new(place as u64);
        let origin = origin(&mut dice);
        let is_woman = dice.percent(51);
        let (first, last) = name(&mut dice, origin, is_woman);
        let age = match dice.below(100) {
            0..20 => dice.below(18),
            20..75 => dice.between(18, 64),
            _ => dice.between(65, 97),
        };
        // Years of 365 days plus part of a year, so that the age in calendar years is never above
        // `age`.
        let days = u64::from(age) * 365 + u64::from(dice.below(365));
        let born = today.checked_sub_days(Days::new(days)).unwrap_or(today);
        Self { place, today, dice, origin, is_woman, first, last, born, age }
    }

    fn input(mut self) -> PatientInput {
        let mut input = PatientInput {
            first_name: value(self.first.as_str()),
            last_name: self.last.clone().map_or(Patch::Absent, Patch::Value),
            gender: self.gender(),
            ..PatientInput::default()
        };
        self.life(&mut input);
        self.contact(&mut input);
        self.health(&mut input);
        self.numbers(&mut input);
        input
    }

    /// The value with this probability, in percent.
    fn maybe(
        &mut self,
        chance: u32,
        make: impl FnOnce(&mut Dice, &'static names::Origin) -> String,
    ) -> Patch<String> {
        match self.dice.percent(chance) {
            true => Patch::Value(make(&mut self.dice, self.origin)),
            false => Patch::Absent,
        }
    }

    fn gender(&mut self) -> Patch<Gender> {
        Patch::Value(match (self.dice.below(100), self.is_woman) {
            (0, _) => Gender::Other,
            (1..3, _) => Gender::Unknown,
            (3..5, _) => return Patch::Absent,
            (_, true) => Gender::Female,
            (_, false) => Gender::Male,
        })
    }

    /// The date of birth, as far as it is known, and the date of death.
    fn life(&mut self, input: &mut PatientInput) {
        let born = self.born;
        match self.dice.below(100) {
            0..3 => {}
            3..6 => input.age = Patch::Value(i64::from(self.age)),
            6..9 => input.date_of_birth = Patch::Value(PartialDate::Year(born.year())),
            9..11 => {
                let month = PartialDate::Month(born.year(), born.month());
                input.date_of_birth = Patch::Value(month);
            }
            _ => input.date_of_birth = Patch::Value(PartialDate::Day(born)),
        }
        if self.age >= 60 && self.dice.percent(9) {
            let ago = self.dice.below(3_650);
            let died = self.today.checked_sub_days(Days::new(ago.into()));
            input.deceased_on = died.map_or(Patch::Absent, Patch::Value);
        }
    }

    fn contact(&mut self, input: &mut PatientInput) {
        let is_child = self.age < 16;
        input.phone_number =
            self.maybe(if is_child { 10 } else { 85 }, |dice, origin| dice.digits(origin.phone));
        let address =
            text::fold_word(&format!("{}{}", self.first, self.last.as_deref().unwrap_or("")));
        let local: String = address.chars().filter(char::is_ascii_alphanumeric).collect();
        let place = self.place;
        input.email = self.maybe(if is_child { 0 } else { 60 }, |_, _| {
            format!("{}{place}@example.com", if local.is_empty() { "patient" } else { &local })
        });
        if self.dice.percent(92) {
            let cities = self.origin.cities;
            let last = u32::try_from(cities.len()).unwrap_or_default();
            let place = self.dice.below(last) as usize;
            if let Some((city, state, zip)) = cities.get(place) {
                (input.city, input.state) = (value(*city), value(*state));
                input.zip_code = value(self.dice.digits(zip));
            }
            input.address = self.maybe(90, |dice, origin| {
                let street = dice.pick(origin.streets);
                dice.digits(street)
            });
        }
        let family = self.last.clone();
        input.emergency_contact = self.maybe(if is_child { 95 } else { 40 }, |dice, origin| {
            let is_woman = dice.percent(60);
            let (first, other) = name(dice, origin, is_woman);
            let last = family.or(other).unwrap_or_default();
            format!("{}, {}", format!("{first} {last}").trim_end(), dice.digits(origin.phone))
        });
    }

    fn health(&mut self, input: &mut PatientInput) {
        if self.dice.percent(60) {
            // Roughly the distribution in the population.
            let blood_type = match self.dice.below(100) {
                0..38 => BloodType::OPositive,
                38..45 => BloodType::ONegative,
                45..76 => BloodType::APositive,
                76..82 => BloodType::ANegative,
                82..91 => BloodType::BPositive,
                91..93 => BloodType::BNegative,
                93..99 => BloodType::AbPositive,
                _ => BloodType::AbNegative,
            };
            input.blood_type = Patch::Value(blood_type);
        }
        input.allergies = self.maybe(25, |dice, _| dice.pick(ALLERGIES).to_owned());
        let chance = if self.age < 16 { 5 } else { 25 };
        input.medical_history = self.maybe(chance, |dice, _| dice.pick(HISTORIES).to_owned());
    }

    /// Identifiers in other systems. They contain the person's place in the sample, so they are
    /// unique.
    fn numbers(&mut self, input: &mut PatientInput) {
        let place = self.place;
        let mut identifiers = Vec::new();
        if self.dice.percent(55) {
            identifiers.push(identifier("insurance", format!("X{place:09}")));
        }
        if self.age >= 18 && self.dice.percent(15) {
            identifiers.push(identifier("passport", format!("C{:08}", place * 7)));
        }
        if !identifiers.is_empty() {
            input.identifiers = Patch::Value(identifiers);
        }
    }
}

fn origin(dice: &mut Dice) -> &'static names::Origin {
    let total = ORIGINS.iter().map(|origin| origin.share).sum();
    let mut throw = dice.below(total);
    let mut chosen = &ORIGINS[0];
    for origin in &ORIGINS {
        chosen = origin;
        match throw.checked_sub(origin.share) {
            Some(rest) => throw = rest,
            None => break,
        }
    }
    chosen
}

/// First and last name. Some people have a middle name, some two family names, some only one name.
fn name(dice: &mut Dice, origin: &names::Origin, is_woman: bool) -> (String, Option<String>) {
    let given = if is_woman { origin.women } else { origin.men };
    let mut first = dice.pick(given).to_owned();
    if dice.percent(15) && !origin.families.is_empty() {
        let middle = dice.pick(given);
        if middle != first {
            first = format!("{first} {middle}");
        }
    }
    if origin.families.is_empty() {
        return (first, None);
    }
    let own = |family: &str| if is_woman { (origin.feminine)(family) } else { family.to_owned() };
    let mut last = own(dice.pick(origin.families));
    if dice.percent(8) {
        let other = own(dice.pick(origin.families));
        if other != last {
            last = format!("{last}-{other}");
        }
    }
    (first, Some(last))
}

#[cfg(test)]
mod tests {
    use shared::{date::parse_day, read};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    #[test]
    fn everybody_passes_the_rules_that_requests_pass_on_any_date() {
        for today in ["2024-02-29", "2026-01-01", "2026-11-20", "2031-07-01", "2100-12-31"] {
            for (place, person) in people(2_000, day(today)).enumerate() {
                let state = PatientState::default().changed_by(&person.input, day(today));
                assert!(state.is_ok(), "{today} {place}: {}", state.unwrap_err());
                let sent = serde_json::to_vec(&person).unwrap();
                let read = read::body::<NewPatient>(&sent, day(today));
                assert_eq!(read.as_ref(), Ok(&person), "{today} {place}");
            }
        }
    }

    #[test]
    fn the_same_people_come_every_time_whatever_their_number() {
        let today = day("2026-11-20");
        let some: Vec<_> = people(100, today).collect();
        assert_eq!(some, people(100, today).collect::<Vec<_>>());
        assert_eq!(some, people(10_000, today).take(100).collect::<Vec<_>>());
        assert_eq!(some[0].input.first_name.value().unwrap(), "José");
        assert_eq!(some[0].input.date_of_birth.value().unwrap().to_string(), "1989-05-25");
    }

    #[test]
    fn the_sample_has_people_of_every_kind() {
        let today = day("2026-11-20");
        let people: Vec<_> = people(PEOPLE, today).map(|person| person.input).collect();
        let states: Vec<_> = people
            .iter()
            .map(|input| PatientState::default().changed_by(input, today).unwrap())
            .collect();
        type Is = fn(&PatientState) -> bool;
        let kinds: [(&str, Is); 12] = [
            ("with one name", |s| s.fields.last_name.is_none()),
            ("with a hyphen", |s| s.fields.last_name.iter().any(|n| n.contains('-'))),
            ("with an apostrophe", |s| s.fields.last_name.iter().any(|n| n.contains('\''))),
            ("with an accent", |s| s.fields.last_name.iter().any(|n| n.contains('é'))),
            ("in another script", |s| {
                s.fields.first_name.iter().all(|n| n > &"\u{900}".to_owned())
            }),
            ("of unknown birth", |s| s.fields.date_of_birth.is_none()),
            ("of estimated birth", |s| s.date_of_birth_estimated),
            ("with a month of birth", |s| {
                matches!(s.fields.date_of_birth, Some(PartialDate::Month(..)))
            }),
            ("who are deceased", |s| s.fields.deceased_on.is_some()),
            ("with allergies", |s| s.fields.allergies.is_some()),
            ("with identifiers", |s| !s.fields.identifiers.is_empty()),
            ("without a phone", |s| s.fields.phone_number.is_none()),
        ];
        for (kind, is_of_kind) in kinds {
            let count = states.iter().filter(|state| is_of_kind(state)).count();
            assert!(count >= 5, "{count} people {kind}");
            assert!(count < PEOPLE * 9 / 10, "{count} people {kind}");
        }
        let children = states.iter().filter(|s| s.age(today).is_some_and(|age| age < 18)).count();
        assert!((50..150).contains(&children), "{children} children");
    }

    #[test]
    fn no_two_people_share_an_identifier_or_an_email_address() {
        let mut seen = std::collections::HashSet::new();
        for person in people(20_000, day("2026-11-20")) {
            for Identifier { system, value } in
                person.input.identifiers.value().into_iter().flatten()
            {
                assert!(seen.insert(format!("{system}:{value}")), "{system} {value}");
            }
            if let Some(email) = person.input.email.value() {
                assert!(seen.insert(email.clone()), "{email}");
            }
        }
    }
}
