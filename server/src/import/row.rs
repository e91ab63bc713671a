//! One row of a file: the record that it describes, or all its errors. The rules are those for
//! requests.

use chrono::{DateTime, Days, NaiveDate, Utc};
use csv::ByteRecord;
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    Expected, FieldError, FieldErrors, Mrn,
    cell::written,
    doctor::{LICENSE_MAX, SPECIALIZATION_MAX},
    moment::{MOMENT_MAX, Moment},
    mrn::MRN_MAX,
    read::{Reader, line, parsed},
    rules::{EMAIL_MAX, NAME_MAX},
};

use super::{
    Subject,
    header::{Format, Header, Meaning},
};
use crate::db::named::{DoctorNamed, PatientNamed};

/// One error of a row.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct RowFault {
    /// The column as the file spells it; `None` where the error concerns the whole row.
    pub(super) column: Option<String>,
    /// The stable error code.
    pub(super) code: &'static str,
    /// The error as a sentence without its subject.
    pub(super) message: String,
}

impl RowFault {
    fn of_row(code: &'static str, message: String) -> Self {
        Self { column: None, code, message }
    }
}

/// The record that a row describes.
#[derive(Debug)]
pub(super) struct Described<S: Subject> {
    pub(super) state: S::State,
    /// The keys by which the record is recognised.
    pub(super) key: Vec<S::Key>,
    /// The column of each identifier.
    pub(super) origins: Vec<String>,
}

/// Reads rows into records.
pub(super) struct RowReader {
    pub(super) header: Header,
    /// The system of the file's source ids.
    pub(super) source: String,
    /// Today's date at the clinic.
    pub(super) today: NaiveDate,
}

/// The members of a row, while its cells are read.
#[derive(Default)]
struct Members {
    members: Vec<(String, Value)>,
    middle_name: String,
    identifiers: Vec<Value>,
    /// The column of each identifier.
    origins: Vec<String>,
    faults: FieldErrors,
}

impl Members {
    fn identifier(&mut self, column: &str, system: &str, value: &str) {
        self.identifiers.push(json!({"system": system, "value": value}));
        self.origins.push(column.to_owned());
    }

    fn take(&mut self, column: &str, meaning: Meaning, cell: &str, source: &str) {
        match meaning {
            Meaning::Ignored => {}
            Meaning::Member(member) => self.members.push((member.to_owned(), cell.into())),
            Meaning::Name("middle_name") => self.middle_name = without_digits(cell),
            Meaning::Name(member) => {
                self.members.push((member.to_owned(), without_digits(cell).into()));
            }
            Meaning::FullName => {
                let (first, last) = both_names(cell);
                for (member, name) in [("first_name", first), ("last_name", last)] {
                    self.members.push((member.to_owned(), name.into()));
                }
            }
            Meaning::Number(member) => {
                let number = cell.parse::<i64>().map_or_else(|_| cell.into(), Value::from);
                self.members.push((member.to_owned(), number));
            }
            Meaning::Flag(member) => {
                let flag = cell.to_ascii_lowercase().parse::<bool>();
                let flag = flag.map_or_else(|_| cell.into(), Value::from);
                self.members.push((member.to_owned(), flag));
            }
            Meaning::SourceId => self.identifier(column, source, cell),
            Meaning::Identifier(system) => self.identifier(column, system, cell),
            Meaning::Texts(member) => {
                let texts = json_list(cell)
                    .unwrap_or_else(|| cell.split('|').map(|text| text.trim().into()).collect());
                self.members.push((member.to_owned(), texts.into()));
            }
            Meaning::Identifiers if let Some(list) = json_list(cell) => {
                self.origins.extend(list.iter().map(|_| column.to_owned()));
                self.identifiers.extend(list);
            }
            Meaning::Identifiers => {
                for pair in cell.split('|') {
                    match pair.split_once(':').map(|(a, b)| (a.trim(), b.trim())) {
                        None | Some(("", _) | (_, "")) => {
                            self.faults.add("identifiers", not_a_pair());
                        }
                        Some((system, value)) => self.identifier(column, system, value),
                    }
                }
            }
        }
    }

    /// Combines the values that come from several columns.
    fn finish(mut self) -> Self {
        if !self.middle_name.is_empty() {
            let first = self.members.iter_mut().find(|(name, _)| name == "first_name");
            match first {
                Some((_, name)) => {
                    *name = format!("{} {}", name.as_str().unwrap_or_default(), self.middle_name)
                        .into();
                }
                None => {
                    let middle = self.middle_name.as_str().into();
                    self.members.push(("first_name".to_owned(), middle));
                }
            }
        }
        if !self.identifiers.is_empty() {
            let identifiers = std::mem::take(&mut self.identifiers);
            self.members.push(("identifiers".to_owned(), identifiers.into()));
        }
        self
    }
}

/// A rule for a list of texts.
pub(super) fn texts(
    max: usize,
    rule: fn(&str) -> Result<String, FieldError>,
) -> impl Fn(Value) -> Result<Option<Vec<String>>, FieldError> {
    move |value| {
        let Value::Array(items) = value else {
            return Err(FieldError::wrong_type(Expected::Array));
        };
        if items.len() > max {
            let message = format!("must have at most {max} items");
            return Err(FieldError::new("too_many", message).with("max", max));
        }
        let text = |item: &Value| match item {
            Value::String(text) => rule(text),
            _ => Err(FieldError::wrong_type(Expected::String)),
        };
        items.iter().map(text).collect::<Result<_, _>>().map(Some)
    }
}

/// Reads the patient of a record.
pub(super) fn patient_named(reader: &mut Reader, errors: &mut FieldErrors) -> PatientNamed {
    let mrn = reader.member("mrn", parsed(MRN_MAX, Mrn::parse));
    if mrn.is_absent() && !reader.errors.concern("mrn") {
        errors.add("mrn", FieldError::required());
    }
    let mut name = |member| reader.member(member, line(NAME_MAX)).into_value();
    let patient_first_name = name("patient_first_name");
    let patient_last_name = name("patient_last_name");
    let mrn = mrn.into_value().map(|mrn| mrn.as_str().to_owned()).unwrap_or_default();
    PatientNamed { mrn, patient_first_name, patient_last_name }
}

/// Reads the doctor of a record, which may be without one.
pub(super) fn doctor_named(reader: &mut Reader) -> DoctorNamed {
    let mut text = |member, max| reader.member(member, line(max)).into_value();
    DoctorNamed {
        doctor_first_name: text("doctor_first_name", NAME_MAX),
        doctor_last_name: text("doctor_last_name", NAME_MAX),
        doctor_specialization: text("doctor_specialization", SPECIALIZATION_MAX),
        doctor_license_number: text("doctor_license_number", LICENSE_MAX),
        doctor_email: text("doctor_email", EMAIL_MAX),
    }
}

/// A rule for a time that has passed.
pub(super) fn past(
    today: NaiveDate,
) -> impl Fn(Value) -> Result<Option<DateTime<Utc>>, FieldError> {
    parsed(MOMENT_MAX, move |text| {
        let Moment(time) = text.parse()?;
        // No zone is further ahead.
        if time.date_naive() > today + Days::new(1) {
            return Err(FieldError::new("in_future", "must not be in the future"));
        }
        Ok(time)
    })
}

/// The items of a cell with a JSON array.
fn json_list(cell: &str) -> Option<Vec<Value>> {
    cell.starts_with('[').then(|| serde_json::from_str(cell).ok())?
}

fn not_a_pair() -> FieldError {
    let message = "must be system:value, several of them separated by |";
    FieldError::new("invalid_identifier", message)
}

/// Removes the digits that Synthea appends to the words of a name: `José Eduardo181`.
fn without_digits(name: &str) -> String {
    let words =
        name.split_whitespace().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Splits Synthea's full name into first and last name. The first name ends at the first word with
/// digits. Without such a word, the last word is the last name.
fn both_names(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let ends_in_digit = |word: &&str| word.ends_with(|c: char| c.is_ascii_digit());
    let glued = words.iter().position(ends_in_digit).map(|place| place + 1);
    let end = glued.filter(|end| *end < words.len()).unwrap_or(words.len().saturating_sub(1));
    let (first, last) = words.split_at_checked(end).unwrap_or_default();
    (without_digits(&first.join(" ")), without_digits(&last.join(" ")))
}

impl RowReader {
    /// Reads a row.
    ///
    /// Fails with all errors of the row.
    pub(super) fn read<S: Subject>(
        &self,
        record: &ByteRecord,
    ) -> Result<Described<S>, Vec<RowFault>> {
        let columns = &self.header.columns;
        if record.len() != columns.len() {
            // It is not known any more which cell belongs to which column.
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            let (has, wanted) = (record.len(), columns.len());
            let message = format!("has {has} {cells}, and the header has {wanted}");
            return Err(vec![RowFault::of_row("wrong_length", message)]);
        }
        let mut members = Members::default();
        let plain = |cell| match self.header.format {
            Format::Frontdesk => written(cell),
            Format::Synthea | Format::Ndjson => cell,
        };
        for ((column, meaning), cell) in columns.iter().zip(record) {
            match std::str::from_utf8(cell).map(|cell| plain(cell).trim()) {
                Ok("") => {}
                Ok(cell) => members.take(column, *meaning, cell, &self.source),
                Err(_) => {
                    let field = match meaning {
                        Meaning::Member(member)
                        | Meaning::Name(member)
                        | Meaning::Number(member)
                        | Meaning::Flag(member)
                        | Meaning::Texts(member) => member,
                        _ => column.as_str(),
                    };
                    members.faults.add(field, FieldError::new("not_utf8", "is not UTF-8"));
                }
            }
        }
        let Members { members, origins, faults, .. } = members.finish();
        self.check(Reader::from_members(members), origins, faults)
    }

    /// Reads a line with a JSON object.
    ///
    /// Fails with all errors of the line.
    pub(super) fn read_object<S: Subject>(
        &self,
        line: &[u8],
    ) -> Result<Described<S>, Vec<RowFault>> {
        match Reader::from_slice(line) {
            Ok(reader) => self.check(reader, Vec::new(), FieldErrors::default()),
            Err(error) => Err(vec![RowFault::of_row(error.code, error.message)]),
        }
    }

    fn check<S: Subject>(
        &self,
        mut reader: Reader,
        origins: Vec<String>,
        mut faults: FieldErrors,
    ) -> Result<Described<S>, Vec<RowFault>> {
        let state = S::read(&mut reader, self.today);
        faults.extend(reader.finish());
        match state {
            Ok(state) if faults.is_empty() => {
                Ok(Described { key: S::key(&state, &self.source), state, origins })
            }
            Ok(_) => Err(self.named(&faults, &origins)),
            Err(more) => {
                // A refused member is not reported as missing too, and neither is a name where the
                // other name was refused.
                let is_name_bad = faults.concern("first_name") || faults.concern("last_name");
                for (field, error) in more.iter() {
                    let is_refused =
                        faults.concern(field) || (is_name_bad && field == "first_name");
                    if !(is_refused && error.code == "required") {
                        faults.add(field, error.clone());
                    }
                }
                Err(self.named(&faults, &origins))
            }
        }
    }

    /// Translates errors into the file's column names; `origins` holds the columns of the
    /// identifiers.
    pub(super) fn named(&self, faults: &FieldErrors, origins: &[String]) -> Vec<RowFault> {
        let column = |field: &str| {
            let place = field.strip_prefix("identifiers[").and_then(|rest| rest.split(']').next());
            let place = place.and_then(|place| place.parse::<usize>().ok());
            let origin = place.and_then(|place| origins.get(place)).map(String::as_str);
            origin.unwrap_or_else(|| self.header.column_of(field)).to_owned()
        };
        let faults = faults.iter().map(|(field, error)| RowFault {
            column: Some(column(field)),
            code: error.code,
            message: error.message.clone(),
        });
        faults.collect()
    }
}

#[cfg(test)]
mod tests {
    use shared::{date::parse_day, patient::Identifier};

    use super::{
        super::{doctors::Doctors, patients::Patients},
        *,
    };
    use crate::domain::records::patients::PatientKey;

    const SYNTHEA: &str = "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,MIDDLE,LAST,SUFFIX,GENDER";
    const OWN: &str = "source_id,first_name,last_name,date_of_birth,age,email,identifiers";

    fn record(line: &str) -> ByteRecord {
        line.split(',').collect::<Vec<_>>().into()
    }

    fn read_as<S: Subject>(header: &str, row: &ByteRecord) -> Result<Described<S>, Vec<RowFault>> {
        let header = Header::read(&record(header), S::LAYOUT).unwrap();
        let today = parse_day("2026-11-20").unwrap();
        RowReader { header, source: "here".to_owned(), today }.read(row)
    }

    fn read(header: &str, row: &ByteRecord) -> Result<Described<Patients>, Vec<RowFault>> {
        read_as(header, row)
    }

    fn faults(header: &str, row: &str) -> Vec<String> {
        let faults = read(header, &record(row)).unwrap_err();
        let said =
            |fault: RowFault| format!("{}: {}", fault.column.unwrap_or_default(), fault.message);
        faults.into_iter().map(said).collect()
    }

    #[test]
    fn glued_digits_go_and_accents_stay() {
        let row = "a-1,1989-05-25,,999-1,José Eduardo181,Ñ7,Gómez206 3,Jr.,M";
        let described = read(SYNTHEA, &record(row)).unwrap();
        let fields = described.state.state.fields;
        assert_eq!(fields.first_name.as_deref(), Some("José Eduardo Ñ"));
        assert_eq!(fields.last_name.as_deref(), Some("Gómez"));
        assert_eq!(
            described.key,
            [PatientKey::Identifier(Identifier { system: "here".into(), value: "a-1".into() })]
        );
        assert_eq!(fields.identifiers[1].system, "ssn");
    }

    #[test]
    fn every_error_in_a_row_names_its_column() {
        let all = faults(SYNTHEA, "a-1,2030-01-01,1990-02-30,,,,,,X");
        assert_eq!(
            all,
            [
                "DEATHDATE: does not exist in the calendar",
                "GENDER: must be one of M, F, O, U",
                "BIRTHDATE: must not be in the future",
                "FIRST: is required: a patient needs a first name, a last name or both",
            ]
        );
        let all = faults(OWN, "1,A,,1990,12,nope,x:1|x:1|y");
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(all.iter().any(|fault| fault.starts_with("age: must agree")));
        assert!(all.iter().any(|fault| fault.starts_with("identifiers: is given twice")));
    }

    #[test]
    fn a_refused_name_is_not_reported_as_missing() {
        assert_eq!(faults(OWN, &format!("1,{},,,,,", "é".repeat(101))).len(), 1);
        assert_eq!(faults(OWN, "1,A,,,,,x:|:y|z").len(), 3);
        let mut bytes = record("1,,,,,,");
        bytes.clear();
        bytes.extend([b"1".as_slice(), b"J\xf6rg", b"", b"", b"200", b"", b""]);
        let faults = read(OWN, &bytes).unwrap_err();
        let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, ["not_utf8", "out_of_range"]);
    }

    #[test]
    fn a_row_is_known_by_its_source_id_or_else_by_all_its_identifiers() {
        let key = |row: &str| {
            let key = read(OWN, &record(row)).unwrap().key;
            let shown = |key| match key {
                PatientKey::Identifier(one) => format!("{}={}", one.system, one.value),
                PatientKey::Mrn { mrn, .. } => mrn,
            };
            key.into_iter().map(shown).collect::<Vec<_>>()
        };
        assert_eq!(key("7,A,,,,,x:1|y:a:b"), ["here=7"]);
        assert_eq!(key(",A,,,,,x:1| y : a:b "), ["x=1", "y=a:b"]);
        assert_eq!(key(",A,,,30,,"), Vec::<String>::new());
    }

    #[test]
    fn the_digits_of_a_providers_name_tell_where_the_first_name_ends() {
        for (name, first, last) in [
            ("Tomas436 Sauer652", "Tomas", "Sauer"),
            ("María Soledad68 Robledo967", "María Soledad", "Robledo"),
            ("Homero668 de Jesús414", "Homero", "de Jesús"),
            ("Ana María Luna", "Ana María", "Luna"),
            ("Madonna7", "", "Madonna"),
        ] {
            assert_eq!(both_names(name), (first.to_owned(), last.to_owned()), "{name}");
        }
    }

    #[test]
    fn a_doctors_row_has_numbers_and_booleans() {
        let header = "last_name,specialization,years_of_experience,is_available,consultation_fee";
        let row = read_as::<Doctors>(header, &record("Luna,Surgery,7,FALSE,200"));
        let fields = row.unwrap().state.fields;
        assert_eq!((fields.years_of_experience, fields.is_available), (Some(7), false));
        assert_eq!(fields.consultation_fee.unwrap().to_string(), "200.00");
        let faults = read_as::<Doctors>(header, &record(",,lots,maybe,-1")).unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column.as_deref().unwrap()).collect();
        let expected = [
            "years_of_experience",
            "consultation_fee",
            "is_available",
            "first_name",
            "specialization",
        ];
        assert_eq!(columns, expected);
    }
}
