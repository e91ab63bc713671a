//! What the columns of a file mean: its header alone decides.

use csv::ByteRecord;
use shared::{patient::PatientInput, text};

/// Who wrote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Synthea's `patients.csv`.
    Synthea,
    /// A file with the names that the API has.
    Frontdesk,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that is kept.
    Ignored,
    /// A member of a patient.
    Member(&'static str),
    /// A name to which digits are glued, as Synthea does it.
    Name(&'static str),
    /// The age, a number.
    Age,
    /// The record's id in the system that it comes from.
    SourceId,
    /// The number in one system.
    Identifier(&'static str),
    /// Any number of them: `system:value|system:value`.
    Identifiers,
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    /// Name and meaning of each.
    pub(super) columns: Vec<(String, Meaning)>,
}

/// Columns that a Synthea file has in every version.
const SYNTHEA: &[&str] = &["ID", "BIRTHDATE", "FIRST", "LAST", "GENDER"];
/// The name of the column with the id in another system.
const SOURCE_ID: &str = "source_id";
/// Longest piece of a file that is repeated in a sentence.
const SHOWN_MAX: usize = 60;

impl Header {
    /// Recognises the format and the columns.
    ///
    /// Fails with one sentence where it is neither format, or a column has no known meaning.
    pub(super) fn read(record: &ByteRecord) -> Result<Self, String> {
        let first = record.get(0).unwrap_or_default();
        if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") {
            return Err("it is in UTF-16: save it as UTF-8".to_owned());
        }
        let mut names = Vec::with_capacity(record.len());
        for cell in record {
            let name = std::str::from_utf8(cell).map_err(|_| "its header is not UTF-8")?;
            names.push(name.trim().trim_start_matches('\u{feff}').to_owned());
        }
        let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        if SYNTHEA.iter().all(|name| has(name)) {
            return Self::with(Format::Synthea, names, |name| Ok(synthea(name)));
        }
        if names.iter().any(|name| own(name).is_ok()) {
            if !has("first_name") && !has("last_name") {
                return Err("the file has neither a column first_name nor last_name".to_owned());
            }
            return Self::with(Format::Frontdesk, names, own);
        }
        Err(neither(&names))
    }

    fn with(
        format: Format,
        names: Vec<String>,
        meaning: impl Fn(&str) -> Result<Meaning, String>,
    ) -> Result<Self, String> {
        let mut columns: Vec<(String, Meaning)> = Vec::with_capacity(names.len());
        for (place, name) in names.into_iter().enumerate() {
            if name.is_empty() && format == Format::Frontdesk {
                return Err(format!("column {} has no name", place + 1));
            }
            let meaning = meaning(&name)?;
            let is_again = columns.iter().any(|(_, earlier)| *earlier == meaning);
            if is_again && meaning != Meaning::Ignored {
                return Err(format!("the column {} is there twice", shown(&name)));
            }
            columns.push((name, meaning));
        }
        Ok(Self { format, columns })
    }

    /// The column with this member, as the file calls it; the member's own name where none has it.
    pub(super) fn column_of<'a>(&'a self, member: &'a str) -> &'a str {
        let holds = |meaning: &Meaning| match meaning {
            Meaning::Member(name) | Meaning::Name(name) => *name == member,
            Meaning::Age => member == "age",
            Meaning::Identifiers => member == "identifiers",
            Meaning::Ignored | Meaning::SourceId | Meaning::Identifier(_) => false,
        };
        let column = self.columns.iter().find(|(_, meaning)| holds(meaning));
        column.map_or(member, |(name, _)| name)
    }
}

fn synthea(name: &str) -> Meaning {
    match name.to_ascii_uppercase().as_str() {
        "ID" => Meaning::SourceId,
        "BIRTHDATE" => Meaning::Member("date_of_birth"),
        "DEATHDATE" => Meaning::Member("deceased_on"),
        "SSN" => Meaning::Identifier("ssn"),
        "PASSPORT" => Meaning::Identifier("passport"),
        "FIRST" => Meaning::Name("first_name"),
        "MIDDLE" => Meaning::Name("middle_name"),
        "LAST" => Meaning::Name("last_name"),
        "GENDER" => Meaning::Member("gender"),
        "ADDRESS" => Meaning::Member("address"),
        "CITY" => Meaning::Member("city"),
        "STATE" => Meaning::Member("state"),
        "ZIP" => Meaning::Member("zip_code"),
        _ => Meaning::Ignored,
    }
}

fn own(name: &str) -> Result<Meaning, String> {
    let name = name.to_ascii_lowercase();
    let member = PatientInput::MEMBERS.iter().find(|member| **member == name);
    match (name.as_str(), member) {
        (SOURCE_ID, _) => Ok(Meaning::SourceId),
        ("identifiers", _) => Ok(Meaning::Identifiers),
        ("age", _) => Ok(Meaning::Age),
        (_, Some(member)) => Ok(Meaning::Member(member)),
        ("id" | "mrn", None) => Err(format!(
            "the column {name} can't be brought in, Frontdesk gives that out itself; call it \
             {SOURCE_ID} to keep it as an identifier"
        )),
        (_, None) => {
            let known = || PatientInput::MEMBERS.iter().copied().chain([SOURCE_ID]);
            let hint = match text::nearest(&name, known()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known are {}", known().collect::<Vec<_>>().join(", ")),
            };
            Err(format!("the column {} is not known; {hint}", shown(&name)))
        }
    }
}

fn neither(names: &[String]) -> String {
    let separator = match names {
        [one] if one.contains(';') => " (columns are separated by commas, not semicolons)",
        [one] if one.contains('\t') => " (columns are separated by commas, not tabs)",
        _ => "",
    };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    format!(
        "the header is neither Frontdesk's own, with columns like first_name and date_of_birth, nor \
         Synthea's: {}{separator}",
        shown(&names.join(","))
    )
}

/// A piece of a file as it can be shown: short, and without anything that acts on a terminal.
pub(super) fn shown(piece: &str) -> String {
    let visible = |c| if text::is_refused(c) { '\u{fffd}' } else { c };
    let mut shown: String = piece.chars().take(SHOWN_MAX).map(visible).collect();
    if piece.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<Header, String> {
        Header::read(&header.split(',').collect::<Vec<_>>().into())
    }

    #[test]
    fn a_header_says_who_wrote_the_file() {
        let synthea = read("Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,GENDER,ZIP,LAT").unwrap();
        assert_eq!(synthea.format, Format::Synthea);
        assert_eq!(synthea.column_of("date_of_birth"), "BIRTHDATE");
        assert_eq!(synthea.columns[8].1, Meaning::Ignored);
        let own = read("source_id, First_Name ,age,identifiers").unwrap();
        assert_eq!(own.format, Format::Frontdesk);
        assert_eq!(own.column_of("first_name"), "First_Name");
        assert_eq!(read(&PatientInput::MEMBERS.join(",")).unwrap().columns.len(), 17);
    }

    #[test]
    fn a_header_that_is_neither_is_one_sentence() {
        assert!(read("name;born").unwrap_err().contains("neither"));
        assert!(read("name;born").unwrap_err().contains("not semicolons"));
        assert!(!read("a\u{1b}[2J,b").unwrap_err().contains('\u{1b}'));
        assert!(read("city,age").unwrap_err().contains("neither a column first_name"));
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest_known_one() {
        let unknown = read("first_name,date_of_brith").unwrap_err();
        assert_eq!(unknown, "the column date_of_brith is not known; did you mean date_of_birth?");
        assert!(read("first_name,shoe_size").unwrap_err().contains("known are first_name, "));
        assert!(read("mrn,first_name").unwrap_err().contains("call it source_id"));
        assert!(read("city,first_name,CITY").unwrap_err().contains("CITY is there twice"));
        assert!(read("first_name,").unwrap_err().contains("column 2 has no name"));
    }
}
