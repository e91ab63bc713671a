//! Members under the names of earlier systems.

use serde_json::json;

use super::{Raw, Reader};
use crate::{
    FieldError,
    compatibility::{self, Members, SentNames},
};

impl Reader {
    /// Renames every member with an earlier name to the current one, and returns the renamed ones.
    /// A member with both names counts as given twice.
    pub(super) fn rename(&mut self, earlier: Members) -> SentNames {
        let mut sent = SentNames::default();
        for (name, today) in earlier {
            let Some(place) = self.members.iter().position(|(member, _)| member == name) else {
                continue;
            };
            let raw = self.members.swap_remove(place).1;
            let is_there = |name: &&&str| self.members.iter().any(|(member, _)| member == **name);
            if let Some(other) = today.iter().find(is_there) {
                let message = format!("is given twice, also as {other}");
                let error = FieldError::new("repeated", message).with("other", *other);
                self.errors.add(*name, error);
                continue;
            }
            sent.0.extend(today.iter().map(|today| (*today, *name)));
            match today {
                [first_name, last_name] => self.split(raw, first_name, last_name),
                today => {
                    self.members.extend(today.first().map(|today| ((*today).to_owned(), raw)));
                }
            }
        }
        sent
    }

    /// Splits a full name in one member into the members for its parts.
    pub(crate) fn split_name(&mut self) {
        let split = |name| compatibility::split(name).map(Some);
        if let Some((first, last)) = self.member("name", split).into_value() {
            self.put("first_name", first);
            self.put("last_name", last);
        }
    }

    fn split(&mut self, raw: Raw, first_name: &str, last_name: &str) {
        match raw.value().and_then(compatibility::split) {
            Ok((first, last)) => {
                self.members.push((first_name.to_owned(), Raw::Value(json!(first))));
                self.members.push((last_name.to_owned(), Raw::Value(json!(last))));
            }
            Err(error) => self.errors.add(first_name, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use crate::{
        FieldErrors, Patch,
        assignment::NewAssignment,
        doctor::{DoctorPatch, NewDoctor},
        patient::{NewPatient, PatientPatch},
        read::{Input, body, body_as_sent},
    };

    fn errors<T: Input>(json: &str) -> String {
        let (read, sent) = body_as_sent::<T>(json.as_bytes(), NaiveDate::default());
        let read = read.body;
        sent.of(&read.err().unwrap_or_default()).to_string()
    }

    fn read<T: Input>(json: &str) -> Result<T, FieldErrors> {
        body(json.as_bytes(), NaiveDate::default())
    }

    #[test]
    fn earlier_names_are_read_as_the_current_ones() {
        let patient = read::<NewPatient>(
            r#"{"name": " Arjun  Sharma ", "phone": "87654", "blood_group": "b+"}"#,
        );
        let patient = serde_json::to_value(patient.unwrap().input).unwrap();
        let expected = r#"{"first_name": "Arjun", "last_name": "Sharma",
            "phone_number": "87654", "blood_type": "B+"}"#;
        assert_eq!(patient, serde_json::from_str::<serde_json::Value>(expected).unwrap());
        let doctor = read::<NewDoctor>(
            r#"{"name": "Cher", "specialization": "Song", "address": "Delhi", "experience_years": 8}"#,
        );
        let doctor = doctor.unwrap().0;
        assert_eq!(doctor.first_name.value().map(String::as_str), Some("Cher"));
        assert_eq!(doctor.last_name, Patch::Null);
        assert_eq!(doctor.clinic_address.value().map(String::as_str), Some("Delhi"));
        assert_eq!(doctor.years_of_experience.into_value(), Some(8));
        let assignment = read::<NewAssignment>(r#"{"patient_id": 3, "doctor_id": 4}"#).unwrap();
        assert_eq!(assignment.patient.0, 3);
        assert_eq!(assignment.doctor.0, 4);
    }

    #[test]
    fn an_earlier_name_may_be_null_and_clears() {
        let change = read::<PatientPatch>(r#"{"phone": null}"#).unwrap().0;
        assert_eq!(change.phone_number, Patch::Null);
        let change = read::<DoctorPatch>(r#"{"name": null}"#).unwrap().0;
        assert_eq!((change.first_name, change.last_name), (Patch::Null, Patch::Null));
    }

    #[test]
    fn errors_use_the_member_names_that_were_sent() {
        let all =
            errors::<NewPatient>(r#"{"name": 7, "phone": "1", "blood_group": "C", "age": 151}"#);
        for part in ["name: must be text", "phone: must be a phone", "blood_group: must be one of"]
        {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        assert!(!all.contains("first_name") && !all.contains("blood_type"), "{all}");
        let long = format!(r#"{{"name": "{} B"}}"#, "a".repeat(101));
        assert_eq!(
            errors::<NewPatient>(&long),
            "name: must have at most 100 characters in each name"
        );
        let all = errors::<NewAssignment>(r#"{"patient_id": 0, "doctor_id": null}"#);
        assert!(all.contains("patient_id: must be") && all.contains("doctor_id: is required"));
    }

    #[test]
    fn a_member_under_two_names_counts_as_repeated() {
        for (json, expected) in [
            (
                r#"{"phone": "12345", "phone_number": "12345"}"#,
                "phone: is given twice, also as phone_number",
            ),
            (
                r#"{"blood_group": null, "blood_type": null}"#,
                "blood_group: is given twice, also as blood_type",
            ),
            (r#"{"name": "A B", "last_name": "B"}"#, "name: is given twice, also as last_name"),
            (r#"{"phone": "12345", "phone": "12345"}"#, "phone: is given twice"),
        ] {
            let json = json.replacen('{', r#"{"state": "MA", "#, 1);
            let all = errors::<PatientPatch>(&json);
            assert_eq!(all, expected, "{json}");
        }
    }

    #[test]
    fn earlier_names_of_other_records_are_not_known() {
        for json in [
            r#"{"first_name": "A", "doctor_id": 7}"#,
            r#"{"first_name": "A", "experience_years": 7}"#,
        ] {
            assert!(errors::<NewPatient>(json).contains("is not known"), "{json}");
        }
        let all =
            errors::<NewDoctor>(r#"{"name": "A", "specialization": "X", "blood_group": "A+"}"#);
        assert!(all.contains("blood_group: is not known"), "{all}");
    }
}
