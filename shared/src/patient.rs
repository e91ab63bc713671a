//! Patients.

mod former;
mod matches;
mod merging;
mod requests;
mod state;

use std::{borrow::Cow, ops::Deref, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::{
    PartialDate, UserId,
    date::{AGE_MAX, parse_day},
    id::{DoctorId, PatientId},
    matched::{MatchedPart, Member, PARTS_MAX, Searched, Why, matched},
    moment::{MOMENT_MAX, Moment},
    query::{self, Ordering},
    read::{self, Reader},
    rules::{
        self, ADDRESS_MAX, EMAIL_MAX, NAME_MAX, NOTE_MAX, PHONE_MAX, PLACE_MAX, SEARCH_MAX, ZIP_MAX,
    },
    search::Word,
};

pub use former::{FORMER_MRNS_MAX, FORMER_NAMES_MAX, Former};
pub use matches::{LikelyPair, MATCHES_MAX, PairFilter, PatientMatch, PatientMatches};
pub use merging::{MergeBlocking, MergeFields, MergeSource, Merging, TellingApart, Unmerging};
pub use requests::{
    Archiving, NewPatient, PatientPatch, PatientReplacement, PersonToMatch, Purging, SEEN_MAX,
};
pub use state::PatientState;

use merging::Merged;

/// The maximum number of identifiers per patient.
pub const IDENTIFIERS_MAX: usize = 20;
/// The longest system or value of an identifier.
pub const IDENTIFIER_MAX: usize = 100;
/// The longest emergency contact.
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
    /// The English word for the gender.
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
    /// Blood type, with the ABO group and the Rhesus factor.
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

choice! {
    /// A member of a patient that an answer may withhold.
    ClinicalMember {
        /// The allergies.
        Allergies = "allergies",
        /// The medical history.
        MedicalHistory = "medical_history",
    }
}

record! {
    /// An identifier of the patient in another system, such as an insurance number.
    Identifier {
        /// The issuer of the identifier.
        system: String => [min_length(1), max_length(IDENTIFIER_MAX), example("insurance")],
        /// The identifier itself.
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
    /// The members of a patient that a request can set. Creating, replacing and changing use the
    /// same members; see [`NewPatient`], [`PatientReplacement`] and [`PatientPatch`].
    PatientInput withholding ClinicalMember => #[derive(Default)] PatientFields as patient_fields {
        /// Given names. At least one of the first and the last name is required.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("José")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Gómez")],
        /// The date of birth, or the known part of it: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
        date_of_birth: PartialDate = (read::parsed(10, PartialDate::parse))
            => []; sent [pattern(PartialDate::SENT)],
        /// Date of death.
        deceased_on: NaiveDate = (read::parsed(10, parse_day)) => [example(Value::Null)],
        /// Administrative gender. Words such as `male` and `Female` are accepted too.
        gender: Gender = (read::parsed(20, Gender::from_str)) => [example("M")],
        /// A phone number in any spelling, with 5 to 15 digits.
        phone_number: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 123 4567")],
        /// E-mail address.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [max_length(EMAIL_MAX), format("email"), example("jose@example.com")],
        /// Street and number, which may have several lines.
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
        /// The patient's preferred spoken language, as a tag of BCP 47.
        preferred_language: String = (read::parsed(rules::LANGUAGE_MAX, rules::language))
            => [max_length(rules::LANGUAGE_MAX), example("es")],
        /// The person to contact in an emergency.
        emergency_contact: String = (read::line(EMERGENCY_CONTACT_MAX))
            => [max_length(EMERGENCY_CONTACT_MAX), example("Ana Gómez, +1 555 765 4321")],
        /// Identifiers of the patient in other systems. Each is unique among patients who are not
        /// archived.
        identifiers: Vec<Identifier> = list(IDENTIFIERS_MAX, identifier)
            => [max_items(IDENTIFIERS_MAX as i64)],
    }
    also {
        /// The age in years, if the date of birth is unknown. It sets an estimated year of birth.
        /// If a date of birth is known, the age must match it.
        age: i64 = (read::whole(0, AGE_MAX)) => [range(0, AGE_MAX), example(37)],
    }
}

macro_rules! merged_members {
    ({ $($member:ident),* }) => {
        impl PatientFields {
            /// The members of a record into which another one is merged.
            fn merged(&self, other: &Self, sources: &MergeFields) -> Self {
                Self { $($member: self.$member.merged(&other.$member, sources.of(stringify!($member)))),* }
            }
        }
    };
}

patient_fields! { merged_members! {} }

fn identifier(reader: &mut Reader) -> Option<Identifier> {
    let system = reader.required("system", read::line(IDENTIFIER_MAX));
    let value = reader.required("value", read::line(IDENTIFIER_MAX));
    Some(Identifier { system: system?, value: value? })
}

record! {
    /// A patient who is registered at the clinic.
    Patient {
        /// The record's id.
        id: PatientId,
        /// The medical record number: `P`, at least six digits, a check letter.
        mrn: String => [pattern("^P[0-9]{6,18}[A-Z]$"), max_length(20), example("P000001B")],
        /// The members that can be changed.
        #[serde(flatten)]
        fields: PatientFields,
        /// The full name.
        full_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// Whether the date of birth was estimated from an age.
        date_of_birth_estimated: bool,
        /// The age in years, today or at death.
        age: Option<i64> => [range(0, AGE_MAX), example(37)],
        /// Whether allergies are recorded, even if they are withheld.
        #[serde(default)]
        has_allergies: bool => [example(true)],
        /// The members that this answer withholds: they are `null` here, whatever is recorded. A change
        /// that names them in `withheld` does not affect them.
        #[serde(default)]
        withheld: Vec<ClinicalMember>
            => [max_items(ClinicalMember::ALL.len() as i64), example(Value::Array(Vec::new()))],
        /// The patient's account, if one is linked.
        linked_user: Option<UserId> => [example(Value::Null)],
        /// The user who created the record.
        created_by: UserId,
        /// The username of that user, or the name if there is no username.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// The time of creation.
        created_at: DateTime<Utc>,
        /// The time of the last change.
        updated_at: DateTime<Utc>,
        /// The version, which counts the changes from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// The time at which it was archived.
        archived_at: Option<DateTime<Utc>> => [example(Value::Null)],
        /// The record into which this one was merged. It is archived, and only undoing the merge restores it.
        #[serde(default)]
        merged_into: Option<PatientId> => [example(Value::Null)],
        /// The full names that were replaced, the newest first. The patient is found by them too.
        #[serde(default)]
        former_names: Vec<String> => [
            max_items(FORMER_NAMES_MAX as i64), texts(2 * NAME_MAX + 1),
            example(Value::Array(Vec::new())),
        ],
        /// The medical record numbers of records that were merged into this one. They lead to it.
        #[serde(default)]
        former_mrns: Vec<String> => [
            max_items(FORMER_MRNS_MAX as i64), texts(20), example(Value::Array(Vec::new())),
        ],
        /// The former name that the search matches. Only in rows of a search where no other member does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        former_name: Option<String> => [max_length(2 * NAME_MAX + 1), optional()],
        /// The parts that the search matches, by member and place. Only in rows of a search.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matched: Option<Vec<MatchedPart>> => [max_items(PARTS_MAX), optional()],
        /// The patients who are likely to be the same person. Only in the answer to a registration, where
        /// the setting `duplicate_check` is `advise` and there are any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        possible_duplicates: Option<Vec<PatientMatch>>
            => [max_items(MATCHES_MAX as i64), optional(), example(Value::Array(Vec::new()))],
        /// The caller's permissions. Only in single records.
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

    /// Gives access to the members that can be changed.
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

    /// The record without its clinical members.
    #[must_use]
    pub fn without_clinical(mut self) -> Self {
        (self.fields.allergies, self.fields.medical_history) = (None, None);
        self.withheld = ClinicalMember::ALL.to_vec();
        self
    }

    /// The record as a search shows it: with the former name that matches where no other member does, and with
    /// the parts that match.
    #[must_use]
    pub fn found_by(mut self, words: &[Word]) -> Self {
        if !self.former_names.is_empty() {
            let members = self.members();
            let others: Vec<_> =
                words.iter().filter(|it| !members.iter().any(|m| m.matches(it))).collect();
            let matches = |name: &&String| {
                let name = Member::new("former_name", Why::FormerName, name.as_str());
                others.iter().any(|word| name.matches(word))
            };
            self.former_name = self.former_names.iter().find(matches).cloned();
        }
        self.matched = Some(matched(words, &self));
        self
    }

    /// Whether the server has granted the caller this permission.
    pub fn allows(&self, permission: PatientPermission) -> bool {
        self.permissions.as_ref().is_some_and(|list| list.contains(&permission))
    }
}

impl Searched for Patient {
    fn members(&self) -> Vec<Member<'_>> {
        let members = [
            ("mrn", Why::Mrn, Some(Cow::from(&self.mrn))),
            ("first_name", Why::Name, self.first_name.as_ref().map(Cow::from)),
            ("last_name", Why::Name, self.last_name.as_ref().map(Cow::from)),
            (
                "date_of_birth",
                Why::DateOfBirth,
                self.date_of_birth.map(|born| born.to_string().into()),
            ),
            ("phone_number", Why::Phone, self.phone_number.as_ref().map(Cow::from)),
            ("email", Why::Email, self.email.as_ref().map(Cow::from)),
            ("full_name", Why::Name, Some(Cow::from(&self.full_name))),
        ];
        let filled = members
            .into_iter()
            .filter_map(|(field, why, value)| value.map(|value| Member::new(field, why, value)));
        let identifiers = self.identifiers.iter().enumerate().map(|(place, identifier)| {
            let field = format!("identifiers[{place}].value");
            Member::new(field, Why::Identifier, &identifier.value)
        });
        let former_mrns = self
            .former_mrns
            .iter()
            .enumerate()
            .map(|(place, mrn)| Member::new(format!("former_mrns[{place}]"), Why::Mrn, mrn));
        let former_name = self.former_name.as_ref();
        let former_name = former_name.map(|name| Member::new("former_name", Why::FormerName, name));
        filled.chain(identifiers).chain(former_mrns).chain(former_name).collect()
    }
}

impl Patient {
    /// The members of an exported patient, in their order: what an import takes, without what only one database means.
    pub fn exported() -> Vec<&'static str> {
        let can_be_set = PatientInput::MEMBERS.iter().copied().filter(|name| *name != "age");
        let others = ["date_of_birth_estimated", "former_names", "former_mrns", "created_at"];
        ["mrn"].into_iter().chain(can_be_set).chain(others).collect()
    }
}

/// The first and the last name, joined.
pub fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

choice! {
    /// What the caller may do with a patient.
    PatientPermission {
        /// Replace or change it.
        Update = "update",
        /// Archive it.
        Archive = "archive",
        /// Restore it from the archive.
        Restore = "restore",
        /// Erase it permanently.
        Purge = "purge",
        /// Read its history.
        History = "history",
        /// Assign the patient to a doctor.
        Assign = "assign",
        /// Link an account to the patient.
        Link = "link",
        /// Merge another record of the same person into it, and undo that.
        Merge = "merge",
    }
}

choice! {
    /// The fields by which a list of patients can be ordered.
    PatientOrder {
        /// The last name, then the first name.
        LastName = "last_name",
        /// The first name, then the last name.
        FirstName = "first_name",
        /// The date of birth, unknown ones first.
        DateOfBirth = "date_of_birth",
        /// The time of creation.
        CreatedAt = "created_at",
        /// The time of the last change.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// The filters and the ordering of a list of patients.
    PatientFilter, in pages {
        /// Words to search for, in any order, ignoring case and accents. Each must match the start
        /// of a name or of a former one, the start or the last 4 to 10 digits of the phone number, the
        /// start of the e-mail address, an identifier, the MRN, that of a record that was merged into
        /// this one, or a date of birth. Best matches come first.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// Administrative gender.
        gender: Gender = query::parsed(20, Gender::from_str),
        /// Blood type.
        blood_type: BloodType = query::parsed(3, BloodType::from_str),
        /// The city, ignoring case and accents.
        city: String = read::line(PLACE_MAX) => [max_length(PLACE_MAX)],
        /// The user who created the record.
        created_by: UserId = query::parsed(20, UserId::from_str),
        /// The doctor to whom the patient is assigned.
        doctor: DoctorId = query::parsed(20, DoctorId::from_str),
        /// The earliest date of birth, as far as it is known.
        born_from: NaiveDate = query::parsed(10, parse_day),
        /// The latest date of birth, as far as it is known.
        born_to: NaiveDate = query::parsed(10, parse_day),
        /// The earliest time of the last change. Fastest with the ordering updated_at. A change
        /// has the time at which it began, but becomes visible when it is committed. A client that
        /// polls should therefore ask for changes from a minute before the last answer. Patients
        /// who are archived in the meantime leave the list.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// The time before which the last change was made.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// `true` lists archived patients instead of the others.
        archived: bool = query::boolean => [default(false)],
        /// `false` withholds allergies and medical history: they are `null` and named in `withheld`.
        clinical: bool = query::boolean => [default(true)],
        /// One of last_name, first_name, date_of_birth, created_at, updated_at and id; `-` in
        /// front for descending. The default is best matches first, or by name.
        ordering: Ordering<PatientOrder> = query::ordering,
    }
}

filter! {
    /// The parameters for reading one patient.
    PatientLookup {
        /// `true` reads an archived patient, for users who may restore it.
        archived: bool = query::boolean => [default(false)],
        /// `false` withholds allergies and medical history: they are `null` and named in `withheld`.
        clinical: bool = query::boolean => [default(true)],
    }
}

filter! {
    /// The parameters for the answer to a change.
    PatientView {
        /// `false` withholds allergies and medical history in the answer, and in `current` of a 412:
        /// they are `null` and named in `withheld`.
        clinical: bool = query::boolean => [default(true)],
    }
}
