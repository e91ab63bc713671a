//! Patients.

mod requests;
mod state;

use std::{ops::Deref, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::{
    PartialDate, UserId,
    date::{AGE_MAX, parse_day},
    id::{DoctorId, PatientId},
    moment::{MOMENT_MAX, Moment},
    query::{self, Ordering},
    read::{self, Reader},
    rules::{
        self, ADDRESS_MAX, EMAIL_MAX, NAME_MAX, NOTE_MAX, PHONE_MAX, PLACE_MAX, SEARCH_MAX, ZIP_MAX,
    },
};

pub use requests::{Archiving, NewPatient, PatientPatch, PatientReplacement, Purging};
pub use state::PatientState;

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
        Male = "M" | "male",
        /// Female.
        Female = "F" | "female",
        /// Other.
        Other = "O" | "other",
        /// Unknown.
        Unknown = "U" | "unknown",
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

record! {
    /// A number under which another system knows the patient: an insurance number, an id.
    Identifier {
        /// Who gives the numbers out.
        system: String => [min_length(1), max_length(IDENTIFIER_MAX), example("insurance")],
        /// The number.
        value: String => [min_length(1), max_length(IDENTIFIER_MAX), example("X123456789")],
    }
}

impl Eq for Identifier {}

impl std::hash::Hash for Identifier {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.system, &self.value).hash(state);
    }
}

fields! {
    /// What a request says about a patient. The same members serve for creating, replacing and
    /// changing; see [`NewPatient`], [`PatientReplacement`] and [`PatientPatch`].
    PatientInput => #[derive(Default)] PatientFields as patient_fields {
        /// Given names. At least one of first and last name is needed.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("José")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Gómez")],
        /// Date of birth, or as much of it as is known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
        date_of_birth: PartialDate = (read::parsed(10, PartialDate::parse)),
        /// Date of death.
        deceased_on: NaiveDate = (read::parsed(10, parse_day)) => [example(Value::Null)],
        /// Administrative gender. `male`, `Female` and the like are accepted too.
        gender: Gender = (read::parsed(20, Gender::from_str)) => [example("M")],
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
        /// The language in which the patient prefers to speak, as a tag of BCP 47.
        preferred_language: String = (read::parsed(rules::LANGUAGE_MAX, rules::language))
            => [max_length(rules::LANGUAGE_MAX), example("es")],
        /// Whom to call.
        emergency_contact: String = (read::line(EMERGENCY_CONTACT_MAX))
            => [max_length(EMERGENCY_CONTACT_MAX), example("Ana Gómez, +1 555 765 4321")],
        /// Numbers under which other systems know the patient. A pair is unique among the patients
        /// that are not archived.
        identifiers: Vec<Identifier> = list(IDENTIFIERS_MAX, identifier)
            => [max_items(IDENTIFIERS_MAX as i64)],
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

record! {
    /// A person who is registered at the clinic.
    Patient {
        /// The record's id.
        id: PatientId,
        /// The medical record number: `P`, at least six digits, a check letter.
        mrn: String => [pattern("^P[0-9]{6,18}[A-Z]$"), max_length(20), example("P000001B")],
        /// What can be changed of it.
        #[serde(flatten)]
        fields: PatientFields,
        /// Both names.
        full_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// Whether the date of birth was made from an age.
        date_of_birth_estimated: bool,
        /// Age in years, today's or at death.
        age: Option<i64> => [range(0, AGE_MAX), example(37)],
        /// The account of the patient, if it has one.
        linked_user: Option<UserId> => [example(Value::Null)],
        /// Who created the record.
        created_by: UserId,
        /// That user's username, or name where there is no username.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// When it was created.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
        /// The version, which counts the changes from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// When it was archived.
        archived_at: Option<DateTime<Utc>> => [example(Value::Null)],
        /// What the caller may do with it; only where a single record is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<PatientPermission>> => [max_items(10), optional()],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for Patient {
    const PAGE: &'static str = "PatientPage";
}

impl Deref for Patient {
    type Target = PatientFields;

    /// The members that can be changed are read like the record's others.
    fn deref(&self) -> &PatientFields {
        &self.fields
    }
}

impl Patient {
    /// The part that can be changed.
    pub fn state(&self) -> PatientState {
        let date_of_birth_estimated = self.date_of_birth_estimated;
        PatientState { fields: self.fields.clone(), date_of_birth_estimated }
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
        /// Put the patient into a doctor's care.
        Assign = "assign",
        /// Say which account belongs to the patient.
        Link = "link",
    }
}

choice! {
    /// The fields by which a list of patients can be ordered.
    PatientOrder {
        /// The last name, then the first name.
        LastName = "last_name",
        /// The first name, then the last name.
        FirstName = "first_name",
        /// The date of birth; unknown ones first.
        DateOfBirth = "date_of_birth",
        /// When the record was created.
        CreatedAt = "created_at",
        /// When it was last changed.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// Which patients a list shows, and in which order.
    PatientFilter, in pages {
        /// Words, each of which must match, in any order, without case or accents: the start of a
        /// name, the start or the last 4 to 10 digits of the phone, the e-mail's start, an
        /// identifier, the MRN or a date of birth. Best matches come first.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// Administrative gender.
        gender: Gender = query::parsed(20, Gender::from_str),
        /// Blood type.
        blood_type: BloodType = query::parsed(3, BloodType::from_str),
        /// City, without case or accents.
        city: String = read::line(PLACE_MAX) => [max_length(PLACE_MAX)],
        /// Who created the record.
        created_by: UserId = query::parsed(20, UserId::from_str),
        /// In the care of this doctor now.
        doctor: DoctorId = query::parsed(20, DoctorId::from_str),
        /// Born on this day or later, as far as is known.
        born_from: NaiveDate = query::parsed(10, parse_day),
        /// Born on this day or earlier, as far as is known.
        born_to: NaiveDate = query::parsed(10, parse_day),
        /// Changed at this time or later; quickest with the ordering updated_at. A change is dated
        /// when it begins and seen when it is written, so who asks again and again goes back a minute
        /// behind the last answer. What was archived meanwhile has left the list.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// Changed before this time.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// `true` shows the archived ones instead of the others.
        archived: bool = query::boolean => [default(false)],
        /// One of last_name, first_name, date_of_birth, created_at, updated_at and id; `-` in front
        /// for descending. Without it: best matches first, or by name.
        ordering: Ordering<PatientOrder> = query::ordering,
    }
}

filter! {
    /// How a single patient is read.
    PatientLookup {
        /// `true` reads an archived record, for those who may restore it.
        archived: bool = query::boolean => [default(false)],
    }
}
