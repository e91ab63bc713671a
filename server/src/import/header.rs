//! The meaning of a file's columns, which its header alone decides.

use csv::ByteRecord;
use shared::text;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// A file of Synthea.
    Synthea,
    /// Frontdesk's own format, with the member names of the API as columns.
    Frontdesk,
    /// An object on each line, with the members of the API.
    Ndjson,
}

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The column is not imported.
    Ignored,
    /// A member of the record.
    Member(&'static str),
    /// A name with digits appended, as Synthea writes it.
    Name(&'static str),
    /// First and last name in one cell, each with digits appended, as Synthea writes them.
    FullName,
    /// A member that is a number.
    Number(&'static str),
    /// A member that is `true` or `false`.
    Flag(&'static str),
    /// The record's id in the system that it comes from.
    SourceId,
    /// An identifier in the named system.
    Identifier(&'static str),
    /// Any number of identifiers: `system:value|system:value`, or a JSON array.
    Identifiers,
    /// A member that is a list of texts: `text|text`, or a JSON array.
    Texts(&'static str),
}

/// The columns that files with one kind of record may have.
pub(super) struct Layout {
    /// The columns by which a file of Synthea is recognised. There are none where Synthea has no such file.
    pub(super) synthea: &'static [&'static str],
    /// The meaning of a column in such a file. The argument is the name in upper case.
    pub(super) of_synthea: fn(&str) -> Meaning,
    /// The members that a column of Frontdesk's own format can hold.
    pub(super) members: &'static [&'static str],
    /// The columns of Frontdesk's own format whose cells are not simply the text of a member.
    pub(super) special: &'static [(&'static str, Meaning)],
    /// The columns of which a file in Frontdesk's own format has at least one.
    pub(super) needed: &'static [&'static str],
    /// Members that Frontdesk assigns itself, so that no file can set them.
    pub(super) given_out: &'static [&'static str],
    /// Advice for such a column, appended to the error.
    pub(super) instead: &'static str,
    /// Two columns of Frontdesk's own format, as an example.
    pub(super) like: &'static str,
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    /// The name and the meaning of each column.
    pub(super) columns: Vec<(String, Meaning)>,
}

/// The most characters of a file's content that an error message repeats.
const SHOWN_MAX: usize = 60;

impl Header {
    /// That of a file with an object on each line.
    pub(super) fn of_objects() -> Self {
        Self { format: Format::Ndjson, columns: Vec::new() }
    }

    /// Whether the ids of new records rise with the rows on every database, as it is for files from an export, so that
    /// another export has the same order.
    pub(super) fn keeps_order(&self) -> bool {
        let is_mrn = |(_, meaning): &(String, Meaning)| *meaning == Meaning::Member("mrn");
        self.format == Format::Ndjson || self.columns.iter().any(is_mrn)
    }

    /// Recognises the format and the columns.
    ///
    /// Fails with a sentence where the header has neither format, or a column is unknown.
    pub(super) fn read(record: &ByteRecord, layout: &Layout) -> Result<Self, String> {
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
        if !layout.synthea.is_empty() && layout.synthea.iter().all(|name| has(name)) {
            let meaning = |name: &str| Ok((layout.of_synthea)(&name.to_ascii_uppercase()));
            return Self::with(Format::Synthea, names, meaning);
        }
        if names.iter().any(|name| own(name, layout).is_ok()) {
            if !layout.needed.iter().any(|name| has(name)) {
                return Err(match layout.needed {
                    [one] => format!("the file has no column {one}"),
                    several => format!("the file has neither a column {}", several.join(" nor ")),
                });
            }
            return Self::with(Format::Frontdesk, names, |name| own(name, layout));
        }
        Err(neither(&names, layout))
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
                return Err(format!("the column {} appears twice", shown(&name)));
            }
            columns.push((name, meaning));
        }
        Ok(Self { format, columns })
    }

    /// The name of the column that holds this member, as the file spells it; the member's own name
    /// where no column does.
    pub(super) fn column_of<'a>(&'a self, member: &'a str) -> &'a str {
        let holds = |meaning: &Meaning| match meaning {
            Meaning::Member(name)
            | Meaning::Name(name)
            | Meaning::Number(name)
            | Meaning::Flag(name)
            | Meaning::Texts(name) => *name == member,
            Meaning::FullName => matches!(member, "first_name" | "last_name"),
            Meaning::Identifiers => member == "identifiers",
            Meaning::Ignored | Meaning::SourceId | Meaning::Identifier(_) => false,
        };
        let column = self.columns.iter().find(|(_, meaning)| holds(meaning));
        column.map_or(member, |(name, _)| name)
    }
}

fn own(name: &str, layout: &Layout) -> Result<Meaning, String> {
    let name = name.to_ascii_lowercase();
    if let Some((_, meaning)) = layout.special.iter().find(|(special, _)| *special == name) {
        return Ok(*meaning);
    }
    if let Some(member) = layout.members.iter().find(|member| **member == name) {
        return Ok(Meaning::Member(member));
    }
    if layout.given_out.contains(&name.as_str()) {
        let instead = layout.instead;
        return Err(format!(
            "the column {name} can't be imported, Frontdesk assigns it itself{instead}"
        ));
    }
    let special = layout.special.iter().map(|(special, _)| *special);
    let special = special.filter(|special| !layout.members.contains(special));
    let known: Vec<_> = layout.members.iter().copied().chain(special).collect();
    let hint = match text::nearest(&name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known columns are {}", known.join(", ")),
    };
    Err(format!("the column {} is not known; {hint}", shown(&name)))
}

fn neither(names: &[String], layout: &Layout) -> String {
    let separator = match names {
        [one] if one.contains(';') => " (columns are separated by commas, not semicolons)",
        [one] if one.contains('\t') => " (columns are separated by commas, not tabs)",
        _ => "",
    };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (names, like) = (shown(&names.join(",")), layout.like);
    if layout.synthea.is_empty() {
        return format!("the header has no columns like {like}: {names}{separator}");
    }
    format!(
        "the header is neither Frontdesk's own, with columns like {like}, nor Synthea's: \
         {names}{separator}"
    )
}

/// An excerpt of a file, short enough for an error message.
pub(super) fn shown(piece: &str) -> String {
    let mut shown: String = piece.chars().take(SHOWN_MAX).collect();
    if piece.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use shared::patient::PatientInput;

    use super::{
        super::{doctors, patients},
        *,
    };

    fn read(header: &str) -> Result<Header, String> {
        Header::read(&header.split(',').collect::<Vec<_>>().into(), &patients::LAYOUT)
    }

    fn read_doctors(header: &str) -> Result<Header, String> {
        Header::read(&header.split(',').collect::<Vec<_>>().into(), &doctors::LAYOUT)
    }

    #[test]
    fn a_header_identifies_the_source_of_the_file() {
        let synthea = read("Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,GENDER,ZIP,LAT").unwrap();
        assert_eq!(synthea.format, Format::Synthea);
        assert_eq!(synthea.column_of("date_of_birth"), "BIRTHDATE");
        assert_eq!(synthea.columns[8].1, Meaning::Ignored);
        let own = read("source_id, First_Name ,age,identifiers").unwrap();
        assert_eq!(own.format, Format::Frontdesk);
        assert_eq!(own.column_of("first_name"), "First_Name");
        let all = PatientInput::MEMBERS;
        assert_eq!(read(&all.join(",")).unwrap().columns.len(), all.len());
    }

    #[test]
    fn an_unknown_header_is_reported_in_one_sentence() {
        assert!(read("name;born").unwrap_err().contains("neither"));
        assert!(read("name;born").unwrap_err().contains("not semicolons"));
        assert!(read("city,age").unwrap_err().contains("neither a column first_name"));
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest_known_one() {
        let unknown = read("first_name,date_of_brith").unwrap_err();
        assert_eq!(unknown, "the column date_of_brith is not known; did you mean date_of_birth?");
        assert!(
            read("first_name,shoe_size").unwrap_err().contains("known columns are first_name, ")
        );
        assert!(read("id,first_name").unwrap_err().contains("call it source_id"));
        assert!(read("city,first_name,CITY").unwrap_err().contains("CITY appears twice"));
        assert!(read("first_name,").unwrap_err().contains("column 2 has no name"));
    }

    #[test]
    fn files_with_doctors_have_columns_of_their_own() {
        let synthea = read_doctors("Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS").unwrap();
        assert_eq!(synthea.format, Format::Synthea);
        assert_eq!(synthea.column_of("specialization"), "SPECIALITY");
        assert_eq!(synthea.column_of("last_name"), "NAME");
        let own = read_doctors("Last_Name,specialization,is_available").unwrap();
        assert_eq!(own.columns[2].1, Meaning::Flag("is_available"));
        assert!(read_doctors("Id,BIRTHDATE,FIRST,LAST,GENDER").unwrap_err().contains("neither"));
        let unknown = read_doctors("last_name,source_id").unwrap_err();
        assert!(unknown.starts_with("the column source_id is not known"), "{unknown}");
        assert!(read_doctors("last_name,id").unwrap_err().ends_with("assigns it itself"));
    }
}
