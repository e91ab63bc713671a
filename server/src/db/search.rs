//! Search for patients and doctors: the terms under which a record is found, and the terms that a
//! typed word matches.
//!
//! A term is a letter for its kind, followed by folded text. Every word of a search becomes a set
//! of ranges over the terms, so that an index answers it on both databases.

mod keys;
mod ranges;
pub mod terms;
mod users;

use shared::{
    FieldError, PartialDate,
    doctor::DoctorFields,
    matched::{self, MatchedPart, Searched, Why},
    search::{self, Reading, by_shape},
    text::{digits, fold_case, fold_word, name_words},
};

use super::{Conn, DbError, Sql, rows, together::Part};
use crate::error::Error;

pub(crate) use keys::{keys, lock_keys, sought_keys};
pub(crate) use ranges::Ranges;
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
    /// Of patients who are not archived.
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
    let row =
        |(id, term): &(i64, String)| vec![("term", term.as_str().into()), (owner, (*id).into())];
    let rows: Vec<_> = all.iter().map(row).collect();
    rows::insert(conn, table, rows, "").await.map(drop)
}

/// Completes the statement that inserts the terms of a new record, which is the row that others refer
/// to.
pub(super) fn insert_first_terms(
    part: &mut Part<'_>,
    terms: Terms,
    all: &[String],
) -> Result<(), Error> {
    let (table, owner) = terms.table();
    part.push("INSERT INTO ").push(table).push(" (term, ").push(owner).push(") SELECT value, ");
    part.bind_first().push(" FROM ").bind_texts(all)
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
#[derive(Clone, Debug, PartialEq)]
struct Word {
    /// A term that starts with one of these matches.
    starts: Vec<String>,
    /// A term that equals one of these matches best.
    exact: Vec<String>,
}

/// A parsed search text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// The words as they were typed, unless matched parts are not shown.
    typed: Vec<search::Word>,
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

    /// Parses a search text, reading each word by its shape. Also returns the readings that were
    /// tried, in the order of [`Reading::ALL`].
    ///
    /// Fails where it has more than [`WORDS_MAX`] words.
    pub(crate) fn by_shape(text: &str) -> Result<(Self, Vec<Reading>), FieldError> {
        let search = Self::of(text, by_shape)?;
        let is_tried =
            |reading: &&Reading| search.typed.iter().any(|word| word.readings().contains(reading));
        let tried = Reading::ALL.iter().filter(is_tried).copied().collect();
        Ok((search, tried))
    }

    /// Parses a search text. `readings` says how each word may be read.
    fn of(text: &str, readings: impl Fn(&str) -> &'static [Reading]) -> Result<Self, FieldError> {
        let typed = search::Word::all(text, readings);
        check_count(typed.len())?;
        let mistyped_mrn = typed.iter().find_map(search::Word::mistyped_mrn).cloned();
        let words = typed.iter().map(word).collect();
        Ok(Self { typed, words, mistyped_mrn })
    }

    /// Whether it has words. Without any it leaves nothing out.
    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// The typed name and date of birth. `None` where a word can be neither part of a name nor a date of birth, or
    /// none can be part of a name.
    pub(crate) fn name_and_birth(&self) -> Option<(String, Option<PartialDate>)> {
        let (mut names, mut born) = (Vec::new(), None);
        for word in &self.typed {
            match word.beginning(Reading::DateOfBirth).map(PartialDate::parse) {
                Some(Ok(date)) if born.is_none() => born = Some(date),
                None if word.beginning(Reading::Name).is_some() => names.push(word.typed()),
                _ => return None,
            }
        }
        (!names.is_empty()).then(|| (names.join(" "), born))
    }

    /// Where the index of the terms of patients has those who match.
    pub(crate) fn ranges(&self) -> Ranges {
        Ranges::of(&self.words)
    }

    /// The words as they were typed.
    pub(crate) fn typed(&self) -> &[search::Word] {
        &self.typed
    }

    /// The parts of a record that the search matches.
    pub(crate) fn matched(&self, record: &impl Searched) -> Vec<MatchedPart> {
        matched::matched(&self.typed, record)
    }

    /// Why a record is a result.
    pub(crate) fn why(&self, record: &impl Searched) -> Why {
        matched::why(&self.typed, record)
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

/// The terms that a typed word matches.
fn word(typed: &search::Word) -> Word {
    let kind = |reading| match reading {
        Reading::Name => Some(NAME),
        Reading::Identifier => Some(IDENTIFIER),
        Reading::Email => Some(EMAIL),
        Reading::Phone => Some(PHONE),
        Reading::Mrn => Some(MRN),
        Reading::DateOfBirth => Some(BORN),
        // No term has the id.
        Reading::Id => None,
    };
    let begun = typed.beginnings().iter();
    let exact: Vec<_> =
        begun.filter_map(|(reading, text)| Some(term(kind(*reading)?, text))).collect();
    let mut starts = exact.clone();
    if let Some(last) = typed.last_digits() {
        starts.push(term(PHONE_REVERSED, &last.chars().rev().collect::<String>()));
    }
    Word { starts, exact }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str) -> Vec<String> {
        Search::parse(text).unwrap().words.into_iter().flat_map(|word| word.starts).collect()
    }

    #[test]
    fn a_word_is_searched_in_the_columns_that_fit_its_form() {
        assert_eq!(starts("Gómez"), ["egómez", "igomez", "ngomez"]);
        assert!(starts("1989").contains(&"d1989".to_owned()));
        assert!(starts("4567").contains(&"r7654".to_owned()));
        assert!(starts("p000").contains(&"mp000".to_owned()));
        assert_eq!(starts("'"), Vec::<String>::new());
    }
}
