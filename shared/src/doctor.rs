//! Doctors in the directory.

mod requests;

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::{
    FieldError, FieldErrors, Money, UserId,
    id::{DoctorId, id},
    matched::{MatchedPart, Member, PARTS_MAX, Searched, Why},
    moment::{MOMENT_MAX, Moment},
    money::money,
    query::{self, Ordering},
    read,
    rules::{self, ADDRESS_MAX, EMAIL_MAX, NAME_MAX, PHONE_MAX, PLACE_MAX, SEARCH_MAX, ZIP_MAX},
};

pub use requests::{DoctorPatch, DoctorReplacement, NewDoctor};

/// The longest specialisation.
pub const SPECIALIZATION_MAX: usize = 100;
/// The longest licence number.
pub const LICENSE_MAX: usize = 100;
/// The longest qualification, and the longest name of a clinic.
pub const QUALIFICATION_MAX: usize = 200;
/// The longest text about a doctor's availability.
pub const AVAILABILITY_MAX: usize = 500;
/// The maximum years of experience.
pub const EXPERIENCE_MAX: i64 = 80;

fields! {
    /// The members of a doctor that a request can set.
    DoctorInput => DoctorFields as doctor_fields {
        /// Given names, optionally with a title. At least one of the first and the last name is
        /// required.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Sarah")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Johnson")],
        /// The specialisation, in words. Comparisons ignore case.
        specialization: String = required (read::line(SPECIALIZATION_MAX))
            => [max_length(SPECIALIZATION_MAX), example("Cardiology")]; sent [min_length(1)],
        /// The e-mail address, unique among doctors who are not archived.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [max_length(EMAIL_MAX), format("email"), example("sarah@example.com")],
        /// A phone number in any spelling, with 5 to 15 digits.
        phone_number: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 987 6543")],
        /// The licence number, unique among doctors who are not archived.
        license_number: String = (read::line(LICENSE_MAX))
            => [max_length(LICENSE_MAX), example("MD123456")],
        /// Years of experience.
        years_of_experience: i64 = (read::whole(0, EXPERIENCE_MAX))
            => [range(0, EXPERIENCE_MAX), example(10)],
        /// Degrees and titles.
        qualification: String = (read::line(QUALIFICATION_MAX))
            => [max_length(QUALIFICATION_MAX), example("MD, FACC")],
        /// The name of the clinic.
        clinic_name: String = (read::line(QUALIFICATION_MAX))
            => [max_length(QUALIFICATION_MAX), example("Heart Care Clinic")],
        /// The address of the clinic, which may have several lines.
        clinic_address: String = (read::note(ADDRESS_MAX))
            => [max_length(ADDRESS_MAX), example("456 Medical Center Dr")],
        /// City.
        city: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("Boston")],
        /// State or province.
        state: String = (read::line(PLACE_MAX)) => [max_length(PLACE_MAX), example("MA")],
        /// Postal code.
        zip_code: String = (read::line(ZIP_MAX)) => [max_length(ZIP_MAX), example("02101")],
        /// The price of a consultation, from 0.00 to 99,999,999.99.
        consultation_fee: Money = (money) => []; sent [via(crate::money::describe_input)],
        /// Whether the doctor accepts patients. The default is `true`.
        is_available: bool = kept (read::boolean) or true => [example(true)],
        /// The doctor's hours, in words.
        availability: String = (read::note(AVAILABILITY_MAX))
            => [max_length(AVAILABILITY_MAX), example("Mon-Fri 9AM-5PM")],
    }
    also {}
}

impl DoctorFields {
    /// The values of a new doctor.
    ///
    /// Fails with every rule that they break.
    pub fn new(input: &DoctorInput) -> Result<Self, FieldErrors> {
        let mut errors = check_names(input.first_name.value(), input.last_name.value());
        match input.create() {
            Ok(fields) if errors.is_empty() => return Ok(fields),
            Ok(_) => {}
            Err(missing) => errors.extend(missing),
        }
        Err(errors)
    }

    /// Applies an input to these values and checks the result as a whole.
    ///
    /// Fails with every rule that it breaks.
    pub fn changed_by(&self, input: &DoctorInput) -> Result<Self, FieldErrors> {
        let mut fields = self.clone();
        let cleared = input.apply(&mut fields);
        let mut errors = check_names(fields.first_name.as_ref(), fields.last_name.as_ref());
        errors.extend(cleared);
        errors.into_result().map(|()| fields)
    }
}

fn check_names(first: Option<&String>, last: Option<&String>) -> FieldErrors {
    if first.is_some() || last.is_some() {
        return FieldErrors::default();
    }
    let message = "is required: a doctor needs a first name, a last name or both";
    FieldErrors::one("first_name", FieldError::new("required", message))
}

record! {
    /// A doctor in the directory.
    Doctor over DoctorFields, permissions DoctorPermission, pages "DoctorPage" {
        /// The record's id.
        id: DoctorId,
        /// The members that can be changed.
        #[serde(flatten)]
        fields: DoctorFields,
        /// The full name.
        full_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The number of patients who are assigned to the doctor.
        active_patients: i64 => [range(0, i64::MAX), example(0)],
        /// The doctor's account, if one is linked.
        linked_user: Option<UserId> => [example(serde_json::Value::Null)],
        /// The user who created the record.
        created_by: UserId,
        /// The username of that user, or the name if there is no username.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// The time at which it was archived.
        archived_at: Option<DateTime<Utc>> => [example(serde_json::Value::Null)],
        /// The parts that the search matches, by member and place. Only in rows of a search.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matched: Option<Vec<MatchedPart>> => [max_items(PARTS_MAX), optional()],
    }
}

impl Doctor {
    /// The members of an exported doctor, in their order: what an import takes, without what only one database means.
    pub fn exported() -> Vec<&'static str> {
        [DoctorInput::MEMBERS, &["created_at", "archived_at"]].concat()
    }
}

impl Searched for Doctor {
    fn members(&self) -> Vec<Member<'_>> {
        let members = [
            ("first_name", Why::Name, self.first_name.as_ref()),
            ("last_name", Why::Name, self.last_name.as_ref()),
            ("specialization", Why::Specialization, Some(&self.specialization)),
            ("email", Why::Email, self.email.as_ref()),
            ("phone_number", Why::Phone, self.phone_number.as_ref()),
            ("license_number", Why::License, self.license_number.as_ref()),
            ("clinic_name", Why::Clinic, self.clinic_name.as_ref()),
            ("city", Why::City, self.city.as_ref()),
            ("full_name", Why::Name, Some(&self.full_name)),
        ];
        let filled = members.into_iter().filter_map(|(field, why, value)| {
            value.map(|value| Member::new(field, why, value.as_str()))
        });
        filled.collect()
    }
}

choice! {
    /// What the caller may do with a doctor.
    DoctorPermission {
        /// Replace or change it.
        Update = "update",
        /// Archive it.
        Archive = "archive",
        /// Restore it from the archive.
        Restore = "restore",
        /// Read its history.
        History = "history",
        /// Link an account to it.
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
        /// The time of creation.
        CreatedAt = "created_at",
        /// The time of the last change.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// The filters and the ordering of a list of doctors.
    DoctorFilter, in pages {
        /// Words to search for, in any order, ignoring case and accents. Each must match the start
        /// of a word in the name, the specialisation, the clinic or the city, the start of the
        /// licence number or the e-mail address, or the start or the last 4 to 10 digits of the
        /// phone number. Best matches come first.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// The specialisation, ignoring case and accents.
        specialization: String = read::line(SPECIALIZATION_MAX) => [max_length(SPECIALIZATION_MAX)],
        /// The city, ignoring case and accents.
        city: String = read::line(PLACE_MAX) => [max_length(PLACE_MAX)],
        /// Whether the doctor accepts patients.
        is_available: bool = query::boolean,
        /// The minimum years of experience.
        min_experience: i64 = query::whole(0, EXPERIENCE_MAX) => [range(0, EXPERIENCE_MAX)],
        /// The maximum price of a consultation.
        max_fee: Money = query::parsed(20, Money::from_str) => [via(crate::money::describe_parameter)],
        /// The user who created the record.
        created_by: UserId = query::parsed(20, UserId::from_str),
        /// `true` lists archived doctors instead of the others.
        archived: bool = query::boolean => [default(false)],
        /// The earliest time of the last change. Fastest with the ordering updated_at.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// The time before which the last change was made.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// One of last_name, first_name, specialization, created_at, updated_at and id; `-` in
        /// front for descending. The default is best matches first, or by name.
        ordering: Ordering<DoctorOrder> = query::ordering,
    }
}

filter! {
    /// The parameters for reading one doctor.
    DoctorLookup {
        /// `true` reads an archived doctor, for users who may restore it.
        archived: bool = query::boolean => [default(false)],
    }
}

filter! {
    /// What happens to the assignments of a doctor who is archived.
    DoctorRemoval {
        /// The doctor who takes over the patients.
        reassign_to: DoctorId = query::parsed(20, DoctorId::from_str),
        /// `true` ends the assignments.
        end_assignments: bool = query::boolean => [default(false)],
    }
}

record! {
    /// A specialisation with the number of its doctors.
    SpecializationCount {
        /// The specialisation, in one of its spellings.
        specialization: String => [max_length(SPECIALIZATION_MAX), example("Cardiology")],
        /// The number of doctors in the directory.
        count: i64 => [range(1, i64::MAX), example(3)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for SpecializationCount {
    const PAGE: &'static str = "SpecializationPage";
}

body! {
    /// The account to link to a doctor or a patient.
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
        read::body(json.as_bytes(), today).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_doctor_needs_a_name_and_a_specialisation() {
        let new = read::<NewDoctor>(r#"{"city": "Boston"}"#).unwrap();
        let errors = DoctorFields::new(&new.0).unwrap_err().to_string();
        assert!(errors.contains("first_name: is required") && errors.contains("specialization"));
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
    fn every_error_in_a_doctor_is_reported_at_once() {
        let errors = read::<NewDoctor>(
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
            assert!(errors.contains(part), "{part} is not in {errors}");
        }
    }
}
