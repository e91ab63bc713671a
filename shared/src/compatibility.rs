//! Compatibility with the five earlier systems: the paths and member names of theirs that have
//! other names here. There are only these two tables; everything else treats all clients alike.

use serde_json::Value;

use crate::{
    FieldError, FieldErrors,
    account::{FULL_NAME_MAX, split_name},
    read,
    rules::NAME_MAX,
};

/// The table of paths: methods, the earlier path, and the current path. `{id}` stands for one
/// segment.
pub const PATHS: &[(&[&str], &str, &str)] = &[
    (&["GET", "POST"], "/api/mappings", "/api/assignments"),
    (&["PUT", "PATCH", "DELETE"], "/api/mappings/{id}", "/api/assignments/{id}"),
    (&["GET"], "/api/mappings/{id}", "/api/patients/{id}/doctors"),
    (&["GET"], "/api/mappings/patient/{id}", "/api/patients/{id}/doctors"),
    (&["PUT", "PATCH"], "/api/mappings/{id}/update", "/api/assignments/{id}"),
    (&["DELETE"], "/api/mappings/delete/{id}", "/api/assignments/{id}"),
    (&["GET", "POST"], "/api/patients/mappings", "/api/assignments"),
    (&["GET"], "/api/patients/mappings/{id}", "/api/patients/{id}/doctors"),
    (&["DELETE"], "/api/patients/mappings/delete/{id}", "/api/assignments/{id}"),
    (&["POST"], "/api/doctors/create", "/api/doctors"),
    (&["PUT", "PATCH"], "/api/doctors/{id}/update", "/api/doctors/{id}"),
    (&["DELETE"], "/api/doctors/{id}/delete", "/api/doctors/{id}"),
];

/// Earlier names of a record's members with the current ones. An earlier name with two current
/// ones is a full name, which is split into the first and the last name.
pub type Members = &'static [(&'static str, &'static [&'static str])];

const BOTH_NAMES: &[&str] = &["first_name", "last_name"];

/// The earlier names of patients' members.
pub const PATIENT: Members =
    &[("phone", &["phone_number"]), ("blood_group", &["blood_type"]), ("name", BOTH_NAMES)];

/// The earlier names of doctors' members.
pub const DOCTOR: Members = &[
    ("phone", &["phone_number"]),
    ("experience_years", &["years_of_experience"]),
    ("address", &["clinic_address"]),
    ("name", BOTH_NAMES),
];

/// The earlier names of assignments' members.
pub const ASSIGNMENT: Members = &[("patient_id", &["patient"]), ("doctor_id", &["doctor"])];

/// The result of looking up the path of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The path is not in the table.
    Today,
    /// The path is in the table. This is the current path.
    Earlier(String),
    /// The path is in the table, but not with this method.
    OtherMethods,
}

/// Looks up a path without a trailing slash.
pub fn spelling(method: &str, path: &str) -> Spelling {
    let mut found = PATHS
        .iter()
        .filter_map(|(methods, earlier, today)| Some((methods, today, id_in(earlier, path)?)))
        .peekable();
    if found.peek().is_none() {
        return Spelling::Today;
    }
    match found.find(|(methods, ..)| methods.contains(&method)) {
        Some((_, today, id)) => Spelling::Earlier(today.replace("{id}", id)),
        None => Spelling::OtherMethods,
    }
}

/// The text in place of `{id}`, or an empty text if the path has no `{id}`. `None` if the path
/// does not match.
fn id_in<'a>(earlier: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = earlier.split_once("{id}") else {
        return (earlier == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// The members of a body that came under an earlier name: the current name, and the one that was
/// sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentNames(pub(crate) Vec<(&'static str, &'static str)>);

impl SentNames {
    /// The same errors with the names that were sent.
    #[must_use]
    pub fn of(&self, errors: &FieldErrors) -> FieldErrors {
        let mut renamed = FieldErrors::default();
        for (field, error) in errors.iter() {
            let sent = self.0.iter().find(|(today, _)| *today == field);
            renamed.add(sent.map_or(field, |(_, sent)| sent), error.clone());
        }
        renamed
    }
}

/// Splits a full name that came as one member. Either part may be absent.
pub(crate) fn split(name: Value) -> Result<(Option<String>, Option<String>), FieldError> {
    let name = match name {
        Value::Null => None,
        name => read::line(FULL_NAME_MAX)(name)?,
    };
    let (first, last) = name.as_deref().map(split_name).unwrap_or_default();
    if [&first, &last].into_iter().flatten().any(|part| part.chars().count() > NAME_MAX) {
        let message = format!("must have at most {NAME_MAX} characters in each name");
        return Err(FieldError::new("too_long", message).with("max", NAME_MAX));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_path_and_method_lead_to_the_current_path() {
        for (method, path, today) in [
            ("GET", "/api/mappings", "/api/assignments"),
            ("GET", "/api/mappings/7", "/api/patients/7/doctors"),
            ("DELETE", "/api/mappings/7", "/api/assignments/7"),
            ("PUT", "/api/mappings/7", "/api/assignments/7"),
            ("PATCH", "/api/mappings/7/update", "/api/assignments/7"),
            ("GET", "/api/mappings/patient/7", "/api/patients/7/doctors"),
            ("DELETE", "/api/mappings/delete/7", "/api/assignments/7"),
            ("POST", "/api/patients/mappings", "/api/assignments"),
            ("GET", "/api/patients/mappings/7", "/api/patients/7/doctors"),
            ("DELETE", "/api/patients/mappings/delete/7", "/api/assignments/7"),
            ("POST", "/api/doctors/create", "/api/doctors"),
            ("PUT", "/api/doctors/7/update", "/api/doctors/7"),
            ("DELETE", "/api/doctors/7/delete", "/api/doctors/7"),
            ("GET", "/api/mappings/x%2Fy", "/api/patients/x%2Fy/doctors"),
        ] {
            let spelling = spelling(method, path);
            assert_eq!(spelling, Spelling::Earlier(today.to_owned()), "{method} {path}");
        }
    }

    #[test]
    fn other_paths_and_methods_are_not_rewritten() {
        for path in [
            "/api/mappings/",
            "/api/mappings/7/history",
            "/api/mappings/patient/7/8",
            "/api/patients",
            "/api/patients/7",
            "/api/doctors/7",
            "/api/assignments/7",
            "/api/mappingsx",
        ] {
            assert_eq!(spelling("GET", path), Spelling::Today, "{path}");
        }
        for (method, path) in [
            ("PUT", "/api/mappings"),
            ("POST", "/api/mappings/7"),
            ("GET", "/api/mappings/7/update"),
            ("PUT", "/api/patients/mappings"),
            ("GET", "/api/doctors/create"),
            ("GET", "/api/doctors/7/delete"),
        ] {
            assert_eq!(spelling(method, path), Spelling::OtherMethods, "{method} {path}");
        }
    }
}
