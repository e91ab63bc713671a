//! Doctors: the entries of the doctor directory.

mod requests;

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::{
    FieldError, FieldErrors, Money, UserId,
    id::{DoctorId, id},
    moment::{MOMENT_MAX, Moment},
    money::money,
    query::{self, Ordering},
    read,
    rules::{self, ADDRESS_MAX, EMAIL_MAX, NAME_MAX, PHONE_MAX, PLACE_MAX, SEARCH_MAX, ZIP_MAX},
};

pub use requests::{DoctorPatch, DoctorReplacement, NewDoctor};

/// Longest specialisation.
pub const SPECIALIZATION_MAX: usize = 100;
/// Longest licence number.
pub const LICENSE_MAX: usize = 100;
/// Longest qualification and longest name of a clinic.
pub const QUALIFICATION_MAX: usize = 200;
/// Longest text about when a doctor is there.
pub const AVAILABILITY_MAX: usize = 500;
/// Most years of experience.
pub const EXPERIENCE_MAX: i64 = 80;

fields! {
    /// What a request says about a doctor.
    DoctorInput => DoctorFields {
        /// Given names, with a title where one is wanted. At least one of first and last name is
        /// needed.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Sarah")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Johnson")],
        /// Specialisation, in words. Compared without case.
        specialization: String = required (read::line(SPECIALIZATION_MAX))
            => [max_length(SPECIALIZATION_MAX), example("Cardiology")]; sent [min_length(1)],
        /// E-mail address, unique among the doctors that are not archived.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [max_length(EMAIL_MAX), format("email"), example("sarah@example.com")],
        /// Phone number in its own spelling, with 5 to 15 digits.
        phone_number: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 987 6543")],
        /// Licence number, unique among the doctors that are not archived.
        license_number: String = (read::line(LICENSE_MAX))
            => [max_length(LICENSE_MAX), example("MD123456")],
        /// Years of experience.
        years_of_experience: i64 = (read::whole(0, EXPERIENCE_MAX))
            => [range(0, EXPERIENCE_MAX), example(10)],
        /// Degrees and titles.
        qualification: String = (read::line(QUALIFICATION_MAX))
            => [max_length(QUALIFICATION_MAX), example("MD, FACC")],
        /// The clinic's name.
        clinic_name: String = (read::line(QUALIFICATION_MAX))
            => [max_length(QUALIFICATION_MAX), example("Heart Care Clinic")],
        /// The clinic's address; may have several lines.
        clinic_address: String = (read::note(ADDRESS_MAX))
            => [max_length(ADDRESS_MAX), example("456 Medical Center Dr")],
        /// City.
        city: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("Boston")],
        /// State or province.
        state: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("MA")],
        /// Postal code.
        zip_code: String = (read::line(ZIP_MAX)) => [max_length(ZIP_MAX), example("02101")],
        /// What a consultation costs, from 0.00 to 99,999,999.99.
        consultation_fee: Money = (money) => []; sent [via(crate::money::describe_input)],
        /// Whether the doctor takes patients; `true` unless it is said.
        is_available: bool = kept (read::boolean) or true => [example(true)],
        /// When the doctor is there, in words.
        availability: String = (read::note(AVAILABILITY_MAX))
            => [max_length(AVAILABILITY_MAX), example("Mon-Fri 9AM-5PM")],
    }
    also {}
}

impl DoctorFields {
    /// The values of a new entry.
    ///
    /// Fails with every rule that they break.
    pub fn new(input: &DoctorInput) -> Result<Self, FieldErrors> {
        let mut faults = check_names(input.first_name.value(), input.last_name.value());
        match input.create() {
            Ok(fields) if faults.is_empty() => return Ok(fields),
            Ok(_) => {}
            Err(missing) => faults.extend(missing),
        }
        Err(faults)
    }

    /// Lays an input over these values and checks the result as a whole.
    ///
    /// Fails with every rule that it breaks.
    pub fn changed_by(&self, input: &DoctorInput) -> Result<Self, FieldErrors> {
        let mut fields = self.clone();
        let cleared = input.apply(&mut fields);
        let mut faults = check_names(fields.first_name.as_ref(), fields.last_name.as_ref());
        faults.extend(cleared);
        faults.into_result().map(|()| fields)
    }
}

fn check_names(first: Option<&String>, last: Option<&String>) -> FieldErrors {
    if first.is_some() || last.is_some() {
        return FieldErrors::default();
    }
    let message = "is required: a doctor has a first name, a last name or both";
    FieldErrors::one("first_name", FieldError::new("required", message))
}

record! {
    /// An entry of the doctor directory.
    Doctor over DoctorFields, permissions DoctorPermission, pages "DoctorPage" {
        /// The record's id.
        id: DoctorId,
        /// What can be changed of it.
        #[serde(flatten)]
        fields: DoctorFields,
        /// Both names.
        full_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// How many patients are assigned to the doctor now.
        active_patients: i64 => [range(0, i64::MAX), example(0)],
        /// The account of the doctor, if it has one.
        linked_user: Option<UserId> => [example(serde_json::Value::Null)],
        /// Who created the record.
        created_by: UserId,
        /// That user's username, or name where there is no username.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// When it was archived.
        archived_at: Option<DateTime<Utc>> => [example(serde_json::Value::Null)],
    }
}

choice! {
    /// What somebody may do with a doctor's entry.
    DoctorPermission {
        /// Replace or change it.
        Update = "update",
        /// Archive it.
        Archive = "archive",
        /// Bring it back from the archive.
        Restore = "restore",
        /// Read its history.
        History = "history",
        /// Say which account belongs to it.
        Link = "link",
    }
}

choice! {
    /// The fields by which a list of doctors can be ordered.
    DoctorOrder {
        /// The last name, then the first name.
        LastName = "last_name",
        /// The first name, then the last name.
        FirstName = "first_name",
        /// The specialisation.
        Specialization = "specialization",
        /// When the record was created.
        CreatedAt = "created_at",
        /// When it was last changed.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// Which doctors a list shows, and in which order.
    DoctorFilter, in pages {
        /// Words, each of which must match, in any order, without case or accents: the start of a
        /// word of the name, the specialisation, the clinic or the city, of the licence number or the
        /// e-mail address, the start or the last 4 to 10 digits of the phone. Best matches come first.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// Specialisation, without case or accents.
        specialization: String = read::line(SPECIALIZATION_MAX) => [max_length(SPECIALIZATION_MAX)],
        /// City, without case or accents.
        city: String = read::line(PLACE_MAX) => [max_length(PLACE_MAX)],
        /// Whether they take patients.
        is_available: bool = query::boolean,
        /// At least so many years of experience.
        min_experience: i64 = query::whole(0, EXPERIENCE_MAX) => [range(0, EXPERIENCE_MAX)],
        /// A consultation costs at most this.
        max_fee: Money = query::parsed(20, Money::from_str) => [via(crate::money::describe_parameter)],
        /// Who created the entry.
        created_by: UserId = query::parsed(20, UserId::from_str),
        /// `true` shows the archived ones instead of the others.
        archived: bool = query::boolean => [default(false)],
        /// Changed at this time or later; quickest with the ordering updated_at.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// Changed before this time.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// One of last_name, first_name, specialization, created_at, updated_at and id; `-` in front
        /// for descending. Without it: best matches first, or by name.
        ordering: Ordering<DoctorOrder> = query::ordering,
    }
}

filter! {
    /// How a single doctor is read.
    DoctorLookup {
        /// `true` reads an archived entry, for those who may restore it.
        archived: bool = query::boolean => [default(false)],
    }
}

filter! {
    /// What happens to the patients of a doctor who is archived.
    DoctorRemoval {
        /// The doctor who takes them over.
        reassign_to: DoctorId = query::parsed(20, DoctorId::from_str),
        /// `true` ends their assignments.
        end_assignments: bool = query::boolean => [default(false)],
    }
}

record! {
    /// A specialisation and how many doctors have it.
    SpecializationCount {
        /// The specialisation, in one of its spellings.
        specialization: String => [max_length(SPECIALIZATION_MAX), example("Cardiology")],
        /// How many doctors of the directory have it.
        count: i64 => [range(1, i64::MAX), example(3)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for SpecializationCount {
    const PAGE: &'static str = "SpecializationPage";
}

body! {
    /// The account that belongs to a doctor or a patient.
    #[derive(Clone, Copy, Debug)]
    Link, example {"user": 3} {
        /// The user's id.
        user: UserId = required(id),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::read::Input;

    fn read<T: Input>(json: &str) -> Result<T, String> {
        let today = NaiveDate::default();
        read::body(json.as_bytes(), today).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_doctor_needs_a_name_and_a_specialisation() {
        let new = read::<NewDoctor>(r#"{"city": "Boston"}"#).unwrap();
        let faults = DoctorFields::new(&new.0).unwrap_err().to_string();
        assert!(faults.contains("first_name: is required") && faults.contains("specialization"));
        let new = read::<NewDoctor>(r#"{"last_name": "J", "specialization": "X"}"#).unwrap();
        let fields = DoctorFields::new(&new.0).unwrap();
        assert!(fields.is_available);
    }

    #[test]
    fn a_replacement_clears_what_is_absent_but_availability_stays() {
        let stored =
            r#"{"last_name": "J", "specialization": "X", "city": "Boston", "is_available": false}"#;
        let stored = DoctorFields::new(&read::<NewDoctor>(stored).unwrap().0).unwrap();
        let new = r#"{"first_name": "A", "specialization": "X", "active_patients": 7}"#;
        let replaced = stored.changed_by(&read::<DoctorReplacement>(new).unwrap().0).unwrap();
        assert_eq!((replaced.city, replaced.is_available), (None, false));
        let refused = read::<DoctorPatch>(r#"{"is_available": null}"#).unwrap_err();
        assert!(refused.contains("is_available: can't be empty"), "{refused}");
    }

    #[test]
    fn every_fault_of_a_doctor_is_named_at_once() {
        let faults = read::<NewDoctor>(
            r#"{"years_of_experience": 81, "consultation_fee": -1, "licence_number": "x", "is_available": 1}"#,
        )
        .unwrap_err();
        for part in [
            "years_of_experience: must be between 0 and 80",
            "consultation_fee: must be between 0.00 and 99999999.99",
            "licence_number: is not known; did you mean license_number?",
            "is_available: must be true or false",
            "first_name: is required",
            "specialization: is required",
        ] {
            assert!(faults.contains(part), "{part} is not in {faults}");
        }
    }
}
