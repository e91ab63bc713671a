//! Patients (contract, section 6).

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{
    Complaint, Faults, PartialDate, Patch, UserId,
    date::{AGE_MAX, parse_day},
    id::PatientId,
    page::{COUNT_MAX, PAGE_SIZE_MAX},
    query,
    read::{self, Input, Reader},
    rules::{
        self, ADDRESS_MAX, EMAIL_MAX, NAME_MAX, NOTE_MAX, PHONE_MAX, PLACE_MAX, REASON_MAX,
        SEARCH_MAX, ZIP_MAX,
    },
};

/// Most identifiers of one patient.
pub const IDENTIFIERS_MAX: usize = 20;
/// Longest system or value of an identifier.
pub const IDENTIFIER_MAX: usize = 100;
/// Longest emergency contact.
pub const EMERGENCY_CONTACT_MAX: usize = 200;

choice! {
    /// Administrative gender.
    Gender {
        /// Male.
        Male = "M",
        /// Female.
        Female = "F",
        /// Other.
        Other = "O",
        /// Unknown.
        Unknown = "U",
    }
}

impl FromStr for Gender {
    type Err = Complaint;

    /// Reads the letter or the English word, in any case.
    fn from_str(text: &str) -> Result<Self, Complaint> {
        match text.to_ascii_lowercase().as_str() {
            "m" | "male" => Ok(Self::Male),
            "f" | "female" => Ok(Self::Female),
            "o" | "other" => Ok(Self::Other),
            "u" | "unknown" => Ok(Self::Unknown),
            _ => Err(Complaint::not_one_of(Self::TEXTS)),
        }
    }
}

impl Gender {
    /// The English word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

choice! {
    /// Blood type: group and Rhesus factor.
    BloodType {
        /// A positive.
        APositive = "A+",
        /// A negative.
        ANegative = "A-",
        /// B positive.
        BPositive = "B+",
        /// B negative.
        BNegative = "B-",
        /// AB positive.
        AbPositive = "AB+",
        /// AB negative.
        AbNegative = "AB-",
        /// O positive.
        OPositive = "O+",
        /// O negative.
        ONegative = "O-",
    }
}

impl FromStr for BloodType {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.to_ascii_uppercase();
        let found = Self::ALL.iter().find(|choice| choice.as_str() == text);
        found.copied().ok_or_else(|| Complaint::not_one_of(Self::TEXTS))
    }
}

record! {
    /// A number under which another system knows the patient: an insurance number, an id.
    Identifier {
        /// Who gives the numbers out.
        system: String => [min_length(1), max_length(IDENTIFIER_MAX), example("insurance")],
        /// The number.
        value: String => [min_length(1), max_length(IDENTIFIER_MAX), example("X123456789")],
    }
}

fields! {
    /// What a request says about a patient. The same members serve for creating, replacing and
    /// changing; see [`NewPatient`], [`PatientReplacement`] and [`PatientPatch`].
    PatientInput => PatientFields {
        /// Given names. At least one of first and last name is needed.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("José")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Gómez")],
        /// Date of birth, or as much of it as is known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
        date_of_birth: PartialDate = (read::parsed(10, PartialDate::parse)),
        /// Date of death.
        deceased_on: NaiveDate = (read::parsed(10, parse_day)),
        /// Administrative gender. `male`, `Female` and the like are accepted too.
        gender: Gender = (read::parsed(20, Gender::from_str)) => [example("F")],
        /// Phone number in its own spelling, with 5 to 15 digits.
        phone_number: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 123 4567")],
        /// E-mail address.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [max_length(EMAIL_MAX), format("email"), example("jose@example.com")],
        /// Street and number; may have several lines.
        address: String = (read::note(ADDRESS_MAX))
            => [max_length(ADDRESS_MAX), example("427 Balistreri Way")],
        /// City.
        city: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("Chicopee")],
        /// State or province.
        state: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("MA")],
        /// Postal code.
        zip_code: String = (read::line(ZIP_MAX)) => [max_length(ZIP_MAX), example("01013")],
        /// Blood type.
        blood_type: BloodType = (read::parsed(3, BloodType::from_str)) => [example("O+")],
        /// Allergies, in words.
        allergies: String = (read::note(NOTE_MAX)) => [max_length(NOTE_MAX), example("Penicillin")],
        /// Medical history, in words.
        medical_history: String = (read::note(NOTE_MAX))
            => [max_length(NOTE_MAX), example("Asthma since childhood")],
        /// Whom to call.
        emergency_contact: String = (read::line(EMERGENCY_CONTACT_MAX))
            => [max_length(EMERGENCY_CONTACT_MAX), example("Ana Gómez, +1 555 765 4321")],
        /// Numbers under which other systems know the patient. A pair is unique among the patients
        /// that are not archived.
        identifiers: Vec<Identifier> = list(IDENTIFIERS_MAX, identifier)
            => [max_items(20)],
    }
    also {
        /// Age in years, where no date of birth is known: sets an estimated year of birth. Beside
        /// or over a known date it has to agree with it.
        age: i64 = (read::whole(0, AGE_MAX)) => [range(0, AGE_MAX), example(37)],
    }
}

fn identifier(reader: &mut Reader) -> Option<Identifier> {
    let system = reader.required("system", read::line(IDENTIFIER_MAX));
    let value = reader.required("value", read::line(IDENTIFIER_MAX));
    Some(Identifier { system: system?, value: value? })
}

/// Members that the server computes; what was read can be sent back.
const COMPUTED: &[&str] = &[
    "full_name",
    "date_of_birth_estimated",
    "created_by_username",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "permissions",
];

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "mrn", "created_by"];

macro_rules! patient_request {
    ($($(#[doc = $doc:literal])* $name:ident $sent_back:literal $replaces:literal),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub PatientInput);

        impl Input for $name {
            fn read(reader: &mut Reader) -> Self {
                let mut input = PatientInput::read(reader);
                if $sent_back {
                    reader.ignore(COMPUTED);
                    input.echo = reader.echo(FIXED);
                }
                if $replaces {
                    input.clear_absent();
                }
                Self(input)
            }
        }

        #[cfg(feature = "openapi")]
        impl crate::describe::Describe for $name {
            fn shape(schemas: &mut crate::describe::Schemas) -> crate::describe::Shape {
                schemas.request(stringify!($name), &[$($doc),*], |object, schemas| {
                    PatientInput::describe_members(object, schemas);
                    if $sent_back {
                        for name in COMPUTED.iter().chain(FIXED) {
                            let doc = &["Read-only: may be sent back as it was read."];
                            object.property(name, doc, crate::describe::Shape::any(), false);
                        }
                    }
                })
            }
        }
    )*};
}

patient_request! {
    /// A patient to be registered.
    NewPatient false false,
    /// A patient's record as it shall be: an absent member is cleared.
    PatientReplacement true true,
    /// A change to a patient's record: an absent member stays, `null` clears it.
    PatientPatch true false,
}

/// What is stored of a patient and can be changed: the fields, and whether the date of birth is an
/// estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatientState {
    /// The values.
    pub fields: PatientFields,
    /// Whether the date of birth was made from an age.
    pub date_of_birth_estimated: bool,
}

impl PatientState {
    /// Lays an input over this state and checks the result as a whole.
    ///
    /// Fails with every rule that it breaks. `today` is the clinic's.
    pub fn changed_by(&self, input: &PatientInput, today: NaiveDate) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = self.fields.clone();
        input.apply(&mut fields);
        let known = self.fields.date_of_birth.filter(|_| !self.date_of_birth_estimated);
        let mut estimated = match &input.date_of_birth {
            Patch::Absent => self.date_of_birth_estimated,
            Patch::Null => false,
            Patch::Value(date) => {
                self.date_of_birth_estimated && self.fields.date_of_birth == Some(*date)
            }
        };
        let counted_on = fields.deceased_on.unwrap_or(today);
        if let Some(age) = input.age.value() {
            let sent = input.date_of_birth.value().copied();
            match sent.or(known) {
                Some(date) if date.age_on(counted_on) == *age => fields.date_of_birth = Some(date),
                Some(date) => faults.add("age", disagrees(date, date.age_on(counted_on))),
                None if fields.date_of_birth.is_some_and(|d| d.age_on(counted_on) == *age) => {}
                None => {
                    fields.date_of_birth = Some(PartialDate::from_age(*age, counted_on));
                    estimated = true;
                }
            }
        }
        check_life(&fields, today, &mut faults);
        if fields.first_name.is_none() && fields.last_name.is_none() {
            let message = "is required: a person has a first name, a last name or both";
            faults.add("first_name", Complaint::new("required", message));
        }
        check_identifiers(&fields, &mut faults);
        let date_of_birth_estimated = estimated && fields.date_of_birth.is_some();
        faults.into_result().map(|()| Self { fields, date_of_birth_estimated })
    }

    /// The age in whole years: today's, or at death.
    pub fn age(&self, today: NaiveDate) -> Option<i64> {
        let counted_on = self.fields.deceased_on.unwrap_or(today);
        self.fields.date_of_birth.map(|date| date.age_on(counted_on))
    }
}

fn disagrees(date: PartialDate, age: i64) -> Complaint {
    let message = format!("must agree with the date of birth {date}, which makes it {age}");
    Complaint::new("disagrees", message).with("date_of_birth", date.to_string()).with("age", age)
}

/// Birth and death: neither in the future, in this order, not further apart than a life.
fn check_life(fields: &PatientFields, today: NaiveDate, faults: &mut Faults) {
    let future = || Complaint::new("in_future", "must not be in the future");
    let died = fields.deceased_on;
    if died.is_some_and(|died| died > today) {
        faults.add("deceased_on", future());
    }
    let Some(born) = fields.date_of_birth else { return };
    if born.earliest() > today {
        faults.add("date_of_birth", future());
    } else if born.age_on(died.unwrap_or(today)) > AGE_MAX {
        let message = format!("must not make the age more than {AGE_MAX}");
        faults.add("date_of_birth", Complaint::new("too_old", message).with("max", AGE_MAX));
    }
    if died.is_some_and(|died| died < born.earliest()) {
        let message = "must not be before the date of birth";
        faults.add("deceased_on", Complaint::new("before_birth", message));
    }
}

fn check_identifiers(fields: &PatientFields, faults: &mut Faults) {
    let identifiers = fields.identifiers.as_deref().unwrap_or_default();
    for (i, identifier) in identifiers.iter().enumerate() {
        if identifiers.iter().take(i).any(|earlier| earlier == identifier) {
            let field = format!("identifiers[{i}]");
            faults.add(field, Complaint::new("repeated", "is given twice"));
        }
    }
}

record! {
    /// A person who is registered at the clinic.
    Patient {
        /// The record's id.
        id: PatientId,
        /// The medical record number: `P`, at least six digits, a check letter.
        mrn: String => [pattern("^P[0-9]{6,18}[A-Z]$"), max_length(20), example("P000001B")],
        /// Given names.
        first_name: Option<String> => [max_length(NAME_MAX), example("José")],
        /// Family names.
        last_name: Option<String> => [max_length(NAME_MAX), example("Gómez")],
        /// Both names.
        full_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// Numbers under which other systems know the patient.
        identifiers: Vec<Identifier> => [max_items(20)],
        /// Date of birth, as much of it as is known.
        date_of_birth: Option<PartialDate>,
        /// Whether the date of birth was made from an age.
        date_of_birth_estimated: bool,
        /// Age in years, today's or at death.
        age: Option<i64> => [range(0, AGE_MAX), example(37)],
        /// Date of death.
        deceased_on: Option<NaiveDate> => [example(serde_json::Value::Null)],
        /// Administrative gender.
        gender: Option<Gender> => [example("M")],
        /// E-mail address.
        email: Option<String> => [max_length(EMAIL_MAX), format("email"), example("jose@example.com")],
        /// Phone number in its own spelling.
        phone_number: Option<String> => [max_length(PHONE_MAX), example("+1 555 123 4567")],
        /// Street and number.
        address: Option<String> => [max_length(ADDRESS_MAX), example("427 Balistreri Way")],
        /// City.
        city: Option<String> => [max_length(PLACE_MAX), example("Chicopee")],
        /// State or province.
        state: Option<String> => [max_length(PLACE_MAX), example("MA")],
        /// Postal code.
        zip_code: Option<String> => [max_length(ZIP_MAX), example("01013")],
        /// Blood type.
        blood_type: Option<BloodType> => [example("O+")],
        /// Allergies, in words.
        allergies: Option<String> => [max_length(NOTE_MAX), example("Penicillin")],
        /// Medical history, in words.
        medical_history: Option<String> => [max_length(NOTE_MAX), example("Asthma since childhood")],
        /// Whom to call.
        emergency_contact: Option<String>
            => [max_length(EMERGENCY_CONTACT_MAX), example("Ana Gómez, +1 555 765 4321")],
        /// Who created the record.
        created_by: UserId,
        /// That user's username, or e-mail address, or name.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// When it was created.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
        /// Counts the changes, from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// When it was archived.
        archived_at: Option<DateTime<Utc>> => [example(serde_json::Value::Null)],
        /// What the caller may do with it; only where a single record is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<PatientPermission>> => [max_items(10), optional()],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for Patient {
    const PAGE: &'static str = "PatientPage";
}

impl Patient {
    /// The part that can be changed.
    pub fn state(&self) -> PatientState {
        let own = self.clone();
        PatientState {
            fields: PatientFields {
                first_name: own.first_name,
                last_name: own.last_name,
                date_of_birth: own.date_of_birth,
                deceased_on: own.deceased_on,
                gender: own.gender,
                phone_number: own.phone_number,
                email: own.email,
                address: own.address,
                city: own.city,
                state: own.state,
                zip_code: own.zip_code,
                blood_type: own.blood_type,
                allergies: own.allergies,
                medical_history: own.medical_history,
                emergency_contact: own.emergency_contact,
                identifiers: Some(own.identifiers).filter(|list| !list.is_empty()),
            },
            date_of_birth_estimated: own.date_of_birth_estimated,
        }
    }

    /// Whether the caller may do this with it, as far as the server has said.
    pub fn allows(&self, permission: PatientPermission) -> bool {
        self.permissions.as_ref().is_some_and(|list| list.contains(&permission))
    }
}

/// First and last name as one.
pub fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

choice! {
    /// What somebody may do with a patient's record.
    PatientPermission {
        /// Replace or change it.
        Update = "update",
        /// Archive it.
        Archive = "archive",
        /// Bring it back from the archive.
        Restore = "restore",
        /// Erase it for good.
        Purge = "purge",
        /// Read its history.
        History = "history",
    }
}

/// The fields by which the list can be ordered.
pub const ORDERINGS: &[&str] =
    &["last_name", "first_name", "date_of_birth", "created_at", "updated_at", "id"];

filter! {
    /// Which patients a list shows, and in which order.
    PatientFilter {
        /// Words, each of which must match, in any order, without case or accents: the start of a
        /// name, the start or the last 4 to 10 digits of the phone, the e-mail's start, an
        /// identifier, the MRN or a date of birth. Best matches come first.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX), example("gomez jose 1989")],
        /// Administrative gender.
        gender: Gender = read::parsed(20, Gender::from_str),
        /// Blood type.
        blood_type: BloodType = read::parsed(3, BloodType::from_str),
        /// City, without case or accents.
        city: String = read::line(PLACE_MAX) => [max_length(PLACE_MAX)],
        /// Who created the record.
        created_by: UserId = read::parsed(20, UserId::from_str),
        /// Born on this day or later, as far as is known.
        born_from: NaiveDate = read::parsed(10, parse_day),
        /// Born on this day or earlier, as far as is known.
        born_to: NaiveDate = read::parsed(10, parse_day),
        /// `true` shows the archived ones instead of the others.
        archived: bool = query::boolean,
        /// One of last_name, first_name, date_of_birth, created_at, updated_at and id; `-` in front
        /// for descending. Without it: best matches first, or by name.
        ordering: String = query::ordering(ORDERINGS)
            => [pattern("^-?(last_name|first_name|date_of_birth|created_at|updated_at|id)$"), example("last_name")],
        /// The page, from 1; pages reach to row 10,000, beyond it follow `next`.
        page: i64 = query::whole(1, COUNT_MAX) => [range(1, COUNT_MAX), example(1)],
        /// Rows of a page.
        page_size: i64 = query::whole(1, PAGE_SIZE_MAX) => [range(1, PAGE_SIZE_MAX), example(20)],
        /// Where the page starts, from `next` or `previous`.
        cursor: String = read::line(2_000) => [max_length(2_000)],
    }
}

filter! {
    /// How a single patient is read.
    PatientLookup {
        /// `true` reads an archived record, for those who may restore it.
        archived: bool = query::boolean,
    }
}

/// Why a record is archived.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Archiving {
    /// The reason, if one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Input for Archiving {
    fn read(reader: &mut Reader) -> Self {
        Self { reason: reader.member("reason", read::note(REASON_MAX)).into_value() }
    }
}

/// Why a record is erased for good.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purging {
    /// The reason.
    pub reason: String,
}

impl Input for Purging {
    fn read(reader: &mut Reader) -> Self {
        let reason = reader.required("reason", read::note(REASON_MAX));
        Self { reason: reason.unwrap_or_default() }
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{Archiving, Purging, REASON_MAX};
    use crate::describe::{Describe, Schemas, Shape};

    impl Describe for Archiving {
        fn shape(schemas: &mut Schemas) -> Shape {
            schemas.request("Archiving", &["Why a record is archived."], |object, _| {
                let reason = Shape::string().max_length(REASON_MAX).nullable();
                let doc = &["The reason, if one is given."];
                object.property("reason", doc, reason.example("Moved away"), false);
            })
        }
    }

    impl Describe for Purging {
        fn shape(schemas: &mut Schemas) -> Shape {
            schemas.request("Purging", &["Why a record is erased for good."], |object, _| {
                let reason = Shape::string().min_length(1).max_length(REASON_MAX);
                let doc = &["The reason."];
                object.property("reason", doc, reason.example("Asked for by the patient"), true);
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> PatientInput {
        read::body::<NewPatient>(json.as_bytes()).unwrap().0
    }

    fn today() -> NaiveDate {
        parse_day("2026-11-20").unwrap()
    }

    fn registered(json: &str) -> Result<PatientState, String> {
        PatientState::default().changed_by(&read(json), today()).map_err(|f| f.to_string())
    }

    #[test]
    fn an_age_makes_an_estimated_year_with_which_it_is_right() {
        let state =
            registered(r#"{"first_name": "Alice", "age": 30, "gender": "Female"}"#).unwrap();
        assert_eq!(state.fields.date_of_birth, Some(PartialDate::Year(1996)));
        assert!(state.date_of_birth_estimated);
        assert_eq!(state.age(today()), Some(30));
        assert_eq!(state.fields.gender, Some(Gender::Female));
    }

    #[test]
    fn an_age_beside_or_over_a_known_date_has_to_agree() {
        let born = r#""first_name": "A", "date_of_birth": "1989-05-25""#;
        let known = registered(&format!("{{{born}, \"age\": 37}}")).unwrap();
        assert!(!known.date_of_birth_estimated);
        assert!(registered(&format!("{{{born}, \"age\": 36}}")).unwrap_err().contains("age: must"));
        let aged = |age: i64| PatientInput { age: Patch::Value(age), ..Default::default() };
        assert_eq!(known.changed_by(&aged(37), today()), Ok(known.clone()));
        assert!(known.changed_by(&aged(40), today()).is_err());
        let mut replacing = aged(40);
        replacing.first_name = Patch::Value("A".to_owned());
        replacing.clear_absent();
        assert!(known.changed_by(&replacing, today()).is_err());
    }

    #[test]
    fn an_estimate_may_be_replaced_and_stays_one_when_sent_back() {
        let guess = registered(r#"{"first_name": "A", "age": 30}"#).unwrap();
        let same = PatientInput {
            date_of_birth: Patch::Value(PartialDate::Year(1996)),
            ..Default::default()
        };
        assert!(guess.changed_by(&same, today()).unwrap().date_of_birth_estimated);
        let older = PatientInput { age: Patch::Value(40), ..Default::default() };
        let older = guess.changed_by(&older, today()).unwrap();
        assert_eq!(older.fields.date_of_birth, Some(PartialDate::Year(1986)));
        let known = PatientInput {
            date_of_birth: Patch::Value(PartialDate::parse("1995-02").unwrap()),
            ..Default::default()
        };
        assert!(!older.changed_by(&known, today()).unwrap().date_of_birth_estimated);
    }

    #[test]
    fn lives_have_an_order_and_a_length() {
        let fault = |json: &str| registered(json).unwrap_err();
        assert!(fault(r#"{"first_name": "A", "date_of_birth": "2026-11-21"}"#).contains("future"));
        assert!(fault(r#"{"first_name": "A", "date_of_birth": "1860"}"#).contains("150"));
        let early = r#"{"first_name": "A", "date_of_birth": "2000", "deceased_on": "1999-12-31"}"#;
        assert!(fault(early).contains("deceased_on: must not be before"));
        let both = fault(r#"{"date_of_birth": "2027", "deceased_on": "2026-12-01"}"#);
        assert!(both.contains("date_of_birth") && both.contains("deceased_on"));
        assert!(both.contains("first_name"), "{both}");
        assert!(registered(r#"{"first_name": "A", "date_of_birth": "2026"}"#).is_ok());
    }

    #[test]
    fn what_the_server_computes_is_refused_when_creating_and_ignored_when_changing() {
        let sent = br#"{"first_name": "A", "full_name": "A", "id": 7, "version": 3}"#;
        let refused = read::body::<NewPatient>(sent).unwrap_err().to_string();
        assert!(
            refused.contains("full_name") && refused.contains("id") && refused.contains("version")
        );
        let input = read::body::<PatientReplacement>(sent).unwrap().0;
        let mut faults = Faults::default();
        input.echo.compare(&serde_json::json!({"id": 7}), &mut faults);
        assert!(faults.is_empty());
        input.echo.compare(&serde_json::json!({"id": 8}), &mut faults);
        assert!(faults.concern("id"));
    }

    #[test]
    fn a_replacement_clears_what_is_absent_and_a_patch_does_not() {
        let stored = registered(r#"{"first_name": "A", "city": "Boston"}"#).unwrap();
        let mut input =
            PatientInput { first_name: Patch::Value("B".to_owned()), ..Default::default() };
        assert!(stored.changed_by(&input, today()).unwrap().fields.city.is_some());
        input.clear_absent();
        assert!(stored.changed_by(&input, today()).unwrap().fields.city.is_none());
    }
}
