//! Search for patients and doctors: the terms under which a record is found, and the terms that a
//! typed word matches.
//!
//! A term is a letter for its kind, followed by folded text. Every word of a search becomes a set
//! of ranges over the terms, so that an index answers it on both databases.

mod lookup;
mod users;

use shared::{
    FieldError, Mrn, PartialDate,
    doctor::DoctorFields,
    lookup::Reading,
    patient::PatientFields,
    text::{digits, fold, fold_case, fold_word, name_words},
};

use super::{Conn, DbError, Sql, sql::ROWS};

pub(crate) use users::user_terms;

const NAME: char = 'n';
/// A doctor's own name, as opposed to the specialization, clinic or city.
const OWN_NAME: char = 'f';
const EMAIL: char = 'e';
const PHONE: char = 'p';
const PHONE_REVERSED: char = 'r';
const IDENTIFIER: char = 'i';
const MRN: char = 'm';
const BORN: char = 'd';

/// The maximum number of words in a search.
const WORDS_MAX: usize = 12;

/// The terms under which a patient is found, sorted.
pub(crate) fn terms(mrn: &str, fields: &PatientFields) -> Vec<String> {
    let mut terms = vec![term(MRN, &mrn.to_lowercase())];
    for name in [&fields.first_name, &fields.last_name].into_iter().flatten() {
        terms.extend(name_words(name).iter().map(|word| term(NAME, word)));
    }
    contact_terms(fields.email.as_deref(), fields.phone_number.as_deref(), &mut terms);
    for identifier in &fields.identifiers {
        terms.push(term(IDENTIFIER, &fold_word(&identifier.value)));
    }
    if let Some(born) = fields.date_of_birth {
        terms.push(term(BORN, &born.to_string()));
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The terms under which a doctor is found, sorted. Specialization, clinic and city are stored as
/// names.
pub(crate) fn doctor_terms(fields: &DoctorFields) -> Vec<String> {
    let mut terms = Vec::new();
    let named = [
        fields.first_name.as_ref(),
        fields.last_name.as_ref(),
        Some(&fields.specialization),
        fields.clinic_name.as_ref(),
        fields.city.as_ref(),
    ];
    for name in named.into_iter().flatten() {
        terms.extend(name_words(name).iter().map(|word| term(NAME, word)));
    }
    for name in [&fields.first_name, &fields.last_name].into_iter().flatten() {
        terms.extend(name_words(name).iter().map(|word| term(OWN_NAME, word)));
    }
    contact_terms(fields.email.as_deref(), fields.phone_number.as_deref(), &mut terms);
    if let Some(license) = &fields.license_number {
        terms.push(term(IDENTIFIER, &fold_word(license)));
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn contact_terms(email: Option<&str>, phone: Option<&str>, terms: &mut Vec<String>) {
    terms.extend(email.map(|email| term(EMAIL, &fold_case(email))));
    if let Some(phone) = phone {
        let digits = digits(phone);
        terms.push(term(PHONE_REVERSED, &digits.chars().rev().collect::<String>()));
        terms.push(term(PHONE, &digits));
    }
}

fn term(kind: char, text: &str) -> String {
    format!("{kind}{text}")
}

/// The table and the kind of names that a search looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terms {
    OfPatients,
    OfDoctors,
    /// Of doctors, with names matching only the doctor's own name.
    NamesOfDoctors,
    Users,
}

impl Terms {
    /// The table of the terms, and its column with the id of the record.
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::OfPatients => ("patient_terms", "patient_id"),
            Self::OfDoctors | Self::NamesOfDoctors => ("doctor_terms", "doctor_id"),
            Self::Users => ("user_terms", "user_id"),
        }
    }
}

/// Inserts terms, each with the id of its record.
pub(super) async fn insert_terms(
    conn: &mut Conn<'_>,
    terms: Terms,
    all: &[(i64, String)],
) -> Result<(), DbError> {
    let (table, owner) = terms.table();
    for some in all.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO ");
        sql.push(table).push(" (term, ").push(owner).push(") VALUES ");
        for (place, (id, term)) in some.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(term.as_str());
            sql.push(", ").bind(*id).push(")");
        }
        sql.execute(conn).await?;
    }
    Ok(())
}

/// Removes the terms of a record.
pub(super) async fn remove_terms(
    conn: &mut Conn<'_>,
    terms: Terms,
    id: i64,
) -> Result<(), DbError> {
    let (table, owner) = terms.table();
    let mut sql = Sql::new("DELETE FROM ");
    sql.push(table).push(" WHERE ").push(owner).push(" = ").bind(id);
    sql.execute(conn).await.map(drop)
}

/// Replaces the terms of a changed record, if they have changed.
pub(super) async fn replace_terms(
    conn: &mut Conn<'_>,
    terms: Terms,
    id: i64,
    (old, new): (Vec<String>, Vec<String>),
) -> Result<(), DbError> {
    if old == new {
        return Ok(());
    }
    remove_terms(conn, terms, id).await?;
    let new: Vec<_> = new.into_iter().map(|term| (id, term)).collect();
    insert_terms(conn, terms, &new).await
}

/// One word of a search.
#[derive(Debug, PartialEq)]
struct Word {
    /// A term that starts with one of these matches.
    starts: Vec<String>,
    /// A term that equals one of these matches best.
    exact: Vec<String>,
}

/// A parsed search text.
#[derive(Debug, PartialEq)]
pub(crate) struct Search {
    words: Vec<Word>,
    /// The error about a medical record number with a wrong check letter, where one was typed.
    pub(crate) mistyped_mrn: Option<FieldError>,
}

impl Search {
    /// Parses a search text.
    ///
    /// Fails where it has more than [`WORDS_MAX`] words. Text without any letter or digit finds
    /// nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, FieldError> {
        Self::of(text, |_| Reading::ALL)
    }

    /// Parses a search text whose words can only be names.
    ///
    /// Fails where it has more than [`WORDS_MAX`] words.
    pub(crate) fn names(text: &str) -> Result<Self, FieldError> {
        Self::of(text, |_| &[Reading::Name])
    }

    /// Parses a search text. `readings` says how each word may be read.
    fn of(text: &str, readings: impl Fn(&str) -> &'static [Reading]) -> Result<Self, FieldError> {
        let parts = parts(text);
        check_count(parts.len())?;
        let mistyped_mrn = parts
            .iter()
            .find_map(|part| Mrn::parse(part).err().filter(|error| error.code == "mistyped_mrn"));
        let words = parts.into_iter().map(|part| word(part, readings(part))).collect();
        Ok(Self { words, mistyped_mrn })
    }

    /// Restricts a query: the record with the id in column `id` has to match every word.
    pub(crate) fn restrict(&self, sql: &mut Sql, terms: Terms, id: &'static str) {
        for word in &self.words {
            sql.push(" AND ").push(id).push(" IN (");
            word.found(sql, terms);
            sql.push(")");
        }
    }

    /// Restricts a query over two records: every word has to match at least one of them.
    pub(crate) fn restrict_either(
        &self,
        sql: &mut Sql,
        (terms, id): (Terms, &'static str),
        (others, other_id): (Terms, &'static str),
    ) {
        for word in &self.words {
            sql.push(" AND (").push(id).push(" IN (");
            word.found(sql, terms);
            sql.push(") OR ").push(other_id).push(" IN (");
            word.found(sql, others);
            sql.push("))");
        }
    }

    /// Adds the rank of a row to a query over `patients p`, `doctors d` or `users`. The rank is the
    /// number of words that match only the start of a term, so 0 is best.
    pub(crate) fn rank(&self, sql: &mut Sql, terms: Terms) {
        // A cast, because a plain number in ORDER BY would be the position of a column.
        sql.push("CAST((0");
        for word in self.words.iter().filter(|word| !word.exact.is_empty()) {
            let (table, owner) = terms.table();
            let id = match terms {
                Terms::OfPatients => "p.id",
                Terms::OfDoctors | Terms::NamesOfDoctors => "d.id",
                Terms::Users => "users.id",
            };
            sql.push(" + CASE WHEN EXISTS (SELECT 1 FROM ").push(table).push(" t WHERE t.");
            sql.push(owner).push(" = ").push(id).push(" AND t.term IN (");
            sql.bind_all(word.exact.iter().map(String::as_str)).push(")) THEN 0 ELSE 1 END");
        }
        sql.push(") AS BIGINT)");
    }
}

impl Word {
    /// Adds a query for the ids of the records that match this word.
    fn found(&self, sql: &mut Sql, terms: Terms) {
        for (i, start) in self.starts.iter().enumerate() {
            sql.push(if i == 0 { "" } else { " UNION ALL " });
            let (table, owner) = terms.table();
            sql.push("SELECT ").push(owner).push(" FROM ").push(table).push(" WHERE term >= ");
            let start = match (terms, start.strip_prefix(NAME)) {
                (Terms::NamesOfDoctors, Some(name)) => term(OWN_NAME, name),
                _ => start.clone(),
            };
            sql.bind(start.as_str()).push(" AND term < ").bind(format!("{start}\u{10ffff}"));
        }
        // No record has the id 0, so this finds nothing.
        sql.push(if self.starts.is_empty() { "0" } else { "" });
    }
}

fn check_count(words: usize) -> Result<(), FieldError> {
    if words <= WORDS_MAX {
        return Ok(());
    }
    let message = format!("must have at most {WORDS_MAX} words");
    Err(FieldError::new("too_many_words", message).with("max", WORDS_MAX))
}

/// The words of a text. A phone number or a medical record number is one word even if it contains
/// spaces.
fn parts(text: &str) -> Vec<&str> {
    match is_spaced_phone(text) || Mrn::looks_like(text) {
        true => vec![text],
        false => text.split_whitespace().collect(),
    }
}

/// Whether a text is a phone number with spaces, rather than words made of digits, such as a date,
/// or a year and the last four digits of a number.
fn is_spaced_phone(text: &str) -> bool {
    let count = digits(text).len();
    let is_date = |word: &str| match PartialDate::parse(word) {
        Ok(PartialDate::Year(year)) => (1900..=2100).contains(&year) && count < 9,
        Ok(_) => true,
        Err(_) => false,
    };
    count >= 5
        && text.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c))
        && !text.split_whitespace().any(is_date)
}

/// Whether a word consists of digits and the separators of phone numbers.
fn is_number(typed: &str) -> bool {
    typed.chars().any(|c| c.is_ascii_digit())
        && typed.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c))
}

/// The terms that a word matches, for those of the given readings that it fits.
fn word(typed: &str, readings: &[Reading]) -> Word {
    let (folded, digits) = (fold_word(typed), digits(typed));
    let is_number = is_number(typed);
    let is_read_as = |reading| readings.contains(&reading);
    let (mut starts, mut exact) = (Vec::new(), Vec::new());
    if !folded.is_empty() {
        for (kind, reading) in [(NAME, Reading::Name), (IDENTIFIER, Reading::Identifier)] {
            if is_read_as(reading) {
                starts.push(term(kind, &folded));
                exact.push(term(kind, &folded));
            }
        }
        if is_read_as(Reading::Email) {
            starts.push(term(EMAIL, &fold_case(typed)));
            exact.push(term(EMAIL, &fold_case(typed)));
        }
    }
    if is_read_as(Reading::Phone) && is_number && digits.len() >= 3 {
        starts.push(term(PHONE, &digits));
        exact.push(term(PHONE, &digits));
    }
    if is_read_as(Reading::Phone) && is_number && (4..=10).contains(&digits.len()) {
        let reversed: String = digits.chars().rev().collect();
        starts.push(term(PHONE_REVERSED, &reversed));
    }
    match Mrn::parse(typed) {
        _ if !is_read_as(Reading::Mrn) => {}
        Ok(mrn) => {
            starts.push(term(MRN, &mrn.as_str().to_lowercase()));
            exact.push(term(MRN, &mrn.as_str().to_lowercase()));
        }
        Err(error) if error.code == "invalid_mrn" => {
            starts.extend(begun_mrn(typed).map(|begun| term(MRN, &begun)));
        }
        Err(_) => {}
    }
    if is_read_as(Reading::DateOfBirth)
        && let Ok(date) = PartialDate::parse(typed)
    {
        starts.push(term(BORN, &date.to_string()));
        exact.push(term(BORN, &date.to_string()));
    }
    Word { starts, exact }
}

/// The start of a medical record number that is still being typed.
fn begun_mrn(typed: &str) -> Option<String> {
    let begun = fold(typed).replace('-', "");
    let rest = begun.strip_prefix('p')?;
    (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())).then_some(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str) -> Vec<String> {
        Search::parse(text).unwrap().words.into_iter().flat_map(|word| word.starts).collect()
    }

    #[test]
    fn a_word_is_searched_in_the_columns_that_fit_its_form() {
        assert_eq!(starts("Gómez"), ["ngomez", "igomez", "egómez"]);
        assert!(starts("1989").contains(&"d1989".to_owned()));
        assert!(starts("4567").contains(&"r7654".to_owned()));
        assert!(starts("p000").contains(&"mp000".to_owned()));
        assert_eq!(starts("'"), Vec::<String>::new());
    }

    #[test]
    fn a_spaced_phone_number_or_mrn_is_one_word() {
        assert_eq!(Search::parse("+1 (555) 123-4567").unwrap().words.len(), 1);
        assert_eq!(Search::parse("123 4567").unwrap().words.len(), 1);
        assert_eq!(Search::parse("1989 4567").unwrap().words.len(), 2);
        assert_eq!(Search::parse("1989-05-25 4567").unwrap().words.len(), 2);
        assert_eq!(Search::parse("p 000-001 b").unwrap().words.len(), 1);
        assert_eq!(Search::parse("gomez 1989-05-25").unwrap().words.len(), 2);
        assert!(Search::parse("P000001C").unwrap().mistyped_mrn.is_some());
    }

    #[test]
    fn a_patient_is_found_by_every_searchable_member() {
        let fields = PatientFields {
            first_name: Some("José".to_owned()),
            last_name: Some("O'Gómez".to_owned()),
            phone_number: Some("+1 555".to_owned()),
            date_of_birth: PartialDate::parse("1989-05").ok(),
            ..Default::default()
        };
        let terms = terms("P000001B", &fields);
        let expected =
            ["d1989-05", "mp000001b", "ngomez", "njose", "no", "nogomez", "p1555", "r5551"];
        assert_eq!(terms, expected);
    }
}
