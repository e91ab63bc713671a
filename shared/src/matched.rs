//! The parts of a record that a search matches.

mod places;

use std::{borrow::Cow, ops::Range};

use crate::{
    rules::NOTE_MAX,
    search::{Reading, Word},
};
use places::{in_email, in_identifier, in_name, in_phone, united};

/// The maximum number of parts in a row. The texts of a record have room for fewer.
pub const PARTS_MAX: i64 = 1_000;
/// The longest name of a member, with its place in a list.
pub const FIELD_MAX: usize = 40;

choice! {
    /// The part of a record that matches, `recent` where nothing was typed, or `similar` where the spelling is
    /// another one.
    Why {
        /// The id.
        Id = "id",
        /// The patient's medical record number.
        Mrn = "mrn",
        /// The e-mail address.
        Email = "email",
        /// The patient's date of birth.
        DateOfBirth = "date_of_birth",
        /// The phone number.
        Phone = "phone",
        /// One of the patient's identifiers.
        Identifier = "identifier",
        /// The doctor's licence number.
        License = "license",
        /// The name.
        Name = "name",
        /// A name that the patient had before.
        FormerName = "former_name",
        /// The doctor's specialisation.
        Specialization = "specialization",
        /// The name of the doctor's clinic.
        Clinic = "clinic",
        /// The doctor's city.
        City = "city",
        /// No part: the patient is one of those whom the caller has opened or written last.
        Recent = "recent",
        /// No part: the name or the date of birth is like what was typed.
        Similar = "similar",
    }
}

impl Why {
    /// How a typed word is read where it matches this part.
    fn reading(self) -> Option<Reading> {
        match self {
            Self::Id => Some(Reading::Id),
            Self::Mrn => Some(Reading::Mrn),
            Self::Email => Some(Reading::Email),
            Self::DateOfBirth => Some(Reading::DateOfBirth),
            Self::Phone => Some(Reading::Phone),
            Self::Identifier | Self::License => Some(Reading::Identifier),
            Self::Name | Self::FormerName | Self::Specialization | Self::Clinic | Self::City => {
                Some(Reading::Name)
            }
            Self::Recent | Self::Similar => None,
        }
    }
}

record! {
    /// A part of a record that the typed text matches.
    MatchedPart {
        /// The member of the record: `last_name`, `identifiers[0].value` and others. A part of the
        /// name is given for `full_name` too.
        field: String => [max_length(FIELD_MAX), example("last_name")],
        /// The place of its first character in the value of the member. Characters are counted from 0,
        /// as Unicode scalar values.
        from: i64 => [range(0, NOTE_MAX as i64), example(0)],
        /// The place after its last character.
        to: i64 => [range(1, NOTE_MAX as i64), example(3)],
    }
}

impl MatchedPart {
    /// A part of a member's value, as a range of its characters.
    pub fn new(field: impl Into<String>, place: Range<usize>) -> Self {
        let at = |place| i64::try_from(place).unwrap_or(i64::MAX);
        Self { field: field.into(), from: at(place.start), to: at(place.end) }
    }
}

/// A member of a record that a search looks at.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    field: Cow<'static, str>,
    why: Why,
    value: Cow<'a, str>,
}

impl<'a> Member<'a> {
    /// A member with a value.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        why: Why,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self { field: field.into(), why, value: value.into() }
    }

    /// Whether the word matches the value.
    pub(crate) fn matches(&self, word: &Word) -> bool {
        !self.places(word).is_empty()
    }

    /// The places in the value that the word matches. They may overlap.
    fn places(&self, word: &Word) -> Vec<Range<usize>> {
        let Some(reading) = self.why.reading() else { return Vec::new() };
        let Some(beginning) = word.beginning(reading) else { return Vec::new() };
        let value = self.value.as_ref();
        match reading {
            Reading::Name => in_name(value, beginning),
            Reading::Phone => in_phone(value, beginning, word.last_digits()),
            Reading::Email => in_email(value, beginning).into_iter().collect(),
            Reading::Identifier => in_identifier(value, beginning).into_iter().collect(),
            Reading::Id | Reading::Mrn | Reading::DateOfBirth => {
                let matches = value.to_lowercase().starts_with(beginning);
                matches.then(|| 0..beginning.chars().count()).into_iter().collect()
            }
        }
    }
}

/// A record that can be searched.
pub trait Searched {
    /// The members that a search looks at.
    fn members(&self) -> Vec<Member<'_>>;
}

/// The parts of a record that the words match, by member and place. Parts of one member do not
/// overlap.
pub fn matched(words: &[Word], record: &impl Searched) -> Vec<MatchedPart> {
    let parts = |member: Member<'_>| {
        let places = words.iter().flat_map(|word| member.places(word)).collect();
        united(places).into_iter().map(move |place| MatchedPart::new(member.field.clone(), place))
    };
    record.members().into_iter().flat_map(parts).collect()
}

/// The part of a record that the words match: the name if one of them matches it, otherwise the
/// match of the first word.
pub fn why(words: &[Word], record: &impl Searched) -> Why {
    let members = record.members();
    let of_word = |word: &Word| {
        let is_met =
            |why: &&Why| members.iter().any(|member| member.why == **why && member.matches(word));
        Why::ALL.iter().find(is_met).copied()
    };
    let met: Vec<Why> = words.iter().filter_map(of_word).collect();
    met.iter().find(|why| **why == Why::Name).or(met.first()).copied().unwrap_or(Why::Name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        doctor::{Doctor, DoctorFields},
        patient::Patient,
    };

    struct One(Why, String);

    impl Searched for One {
        fn members(&self) -> Vec<Member<'_>> {
            vec![Member::new("value", self.0, self.1.as_str())]
        }
    }

    fn places(why: Why, value: &str, typed: &str) -> Vec<Range<usize>> {
        let words = Word::all(typed, |_| Reading::ALL);
        let parts = matched(&words, &One(why, value.to_owned()));
        let at = |at: i64| usize::try_from(at).unwrap();
        parts.into_iter().map(|part| at(part.from)..at(part.to)).collect()
    }

    /// The value, with the matched parts in brackets.
    fn shown(why: Why, value: &str, typed: &str) -> String {
        let places = places(why, value, typed);
        let mut shown = String::new();
        for (at, c) in value.chars().map(Some).chain([None]).enumerate() {
            shown.extend(places.iter().filter(|place| place.end == at).map(|_| ']'));
            shown.extend(places.iter().filter(|place| place.start == at).map(|_| '['));
            shown.extend(c);
        }
        shown
    }

    #[test]
    fn a_name_matches_where_one_of_its_words_begins() {
        for (name, typed, expected) in [
            ("José Gómez", "gom jose", "[José] [Góm]ez"),
            ("Núñez-O'Brien", "nunez", "[Núñez]-O'Brien"),
            ("Núñez-O'Brien", "NÚÑEZOB", "[Núñez-O'B]rien"),
            ("Núñez-O'Brien", "brien", "Núñez-O'[Brien]"),
            ("Núñez-O'Brien", "o'brien", "Núñez-[O'Brien]"),
            ("Ana de la Cruz", "delac", "Ana [de la C]ruz"),
            ("Núñez-O'Brien", "brien o nu", "[Nú]ñez-[O]'[Brien]"),
            ("Núñez-O'Brien", "ienb", "Núñez-O'Brien"),
            ("O'Brien", "obri", "[O'Bri]en"),
            ("Straße", "stras", "[Straß]e"),
            ("Straße", "strasse", "[Straße]"),
            ("ﬁona Æsop", "f ae", "[ﬁ]ona [Æ]sop"),
            ("q\u{303}uy", "q", "[q\u{303}]uy"),
            ("Łukasz", "lu", "[Łu]kasz"),
            ("İpek", "i", "[İ]pek"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ", "[Σίσυφος]"),
            ("李小龙", "李小", "[李小]龙"),
            // A syllable that is still being typed.
            ("김민수", "기", "[김]민수"),
            ("דוד כהן", "כה", "דוד [כה]ן"),
            ("مَها", "مه", "[مَه]ا"),
            ("नरेन्द्र", "नर", "[नरे]न्द्र"),
            ("Anna Ann", "ann", "[Ann]a [Ann]"),
            ("Anna", "a an", "[An]na"),
            ("Ann\u{3000}Zoë", "zoe", "Ann\u{3000}[Zoë]"),
            ("😀 Ann", "ann", "😀 [Ann]"),
            ("Anna", "nna ' %", "Anna"),
        ] {
            assert_eq!(shown(Why::Name, name, typed), expected, "{typed}");
        }
    }

    #[test]
    fn other_values_match_at_their_beginning_and_phones_at_their_end_too() {
        for (why, value, typed, expected) in [
            (Why::Phone, "+1 (555) 123-4567", "1555123", "+[1 (555) 123]-4567"),
            (Why::Phone, "+1 (555) 123-4567", "+1 555 123 4567", "+[1 (555) 123-4567]"),
            (Why::Phone, "+1 (555) 123-4567", "5551234567", "+1 ([555) 123-4567]"),
            (Why::Phone, "+1 (555) 123-4567", "4567 a 1555", "+[1 (555]) 123-[4567]"),
            (Why::Phone, "+1 (555) 123-4567", "123", "+1 (555) 123-4567"),
            (Why::Phone, "1212 1212", "1212", "[1212] [1212]"),
            (Why::Phone, "12345", "12345", "[12345]"),
            (Why::Email, "Jose.G@Example.com", "jose.g@ex", "[Jose.G@Ex]ample.com"),
            (Why::Email, "ßen@example.com", "ßEN", "[ßen]@example.com"),
            (Why::Email, "ñandú@example.com", "ÑAND", "[ñand]ú@example.com"),
            (Why::Email, "ñandú@example.com", "nand", "ñandú@example.com"),
            (Why::Identifier, "AB-123 45", "ab123", "[AB-123] 45"),
            (Why::Identifier, "(AB) 12", "ab-12", "([AB) 12]"),
            (Why::License, "MD-123", "md1", "[MD-1]23"),
            (Why::Identifier, "AB-123", "123", "AB-123"),
            (Why::Mrn, "P000001B", "p 000-001 b", "[P000001B]"),
            (Why::Mrn, "P000001B", "P-0000", "[P0000]01B"),
            (Why::DateOfBirth, "1989-05-25", "1989-05", "[1989-05]-25"),
            (Why::Recent, "Ann", "ann", "Ann"),
        ] {
            assert_eq!(shown(why, value, typed), expected, "{typed}");
        }
    }

    fn patient() -> Patient {
        serde_json::from_value(serde_json::json!({
            "id": 7, "mrn": "P000007J", "first_name": "José", "last_name": "Gómez",
            "date_of_birth": "1989-05-25", "deceased_on": null, "gender": null,
            "phone_number": "+1 555 123 4567", "email": "jose@example.com", "address": "Gomez road",
            "city": "Gomez", "state": null, "zip_code": null, "blood_type": null,
            "allergies": "Gomez", "medical_history": "Gomez", "preferred_language": null,
            "emergency_contact": "Gomez",
            "identifiers": [{"system": "a", "value": "1"}, {"system": "gomez", "value": "Gom-1"}],
            "full_name": "José Gómez", "date_of_birth_estimated": false, "age": 37,
            "linked_user": null, "created_by": 1, "created_by_username": "gomez",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "version": 1, "archived_at": null,
        }))
        .unwrap()
    }

    fn parts(record: &impl Searched, typed: &str) -> Vec<(String, i64, i64)> {
        let words = Word::all(typed, |_| Reading::ALL);
        let parts = matched(&words, record).into_iter();
        parts.map(|part| (part.field, part.from, part.to)).collect()
    }

    #[test]
    fn a_part_names_its_member_and_only_searched_members_match() {
        let part = |field: &str, from, to| (field.to_owned(), from, to);
        let of_gomez =
            [part("last_name", 0, 3), part("full_name", 5, 8), part("identifiers[1].value", 0, 3)];
        assert_eq!(parts(&patient(), "gom"), of_gomez);
        let all = [
            part("mrn", 0, 4),
            part("first_name", 0, 4),
            part("date_of_birth", 0, 4),
            part("phone_number", 11, 15),
            part("email", 0, 4),
            part("full_name", 0, 4),
        ];
        assert_eq!(parts(&patient(), "jose 1989 4567 p000"), all);
        let doctor = Doctor {
            id: crate::id::DoctorId(1),
            fields: DoctorFields {
                first_name: None,
                last_name: Some("Ann".to_owned()),
                specialization: "Anatomy".to_owned(),
                email: Some("ann@example.com".to_owned()),
                phone_number: Some("555 111".to_owned()),
                license_number: Some("AN-7".to_owned()),
                years_of_experience: None,
                qualification: Some("Ann".to_owned()),
                clinic_name: Some("St. Anne".to_owned()),
                clinic_address: Some("Ann".to_owned()),
                city: Some("Annapolis".to_owned()),
                state: Some("Ann".to_owned()),
                zip_code: None,
                consultation_fee: None,
                is_available: true,
                availability: None,
            },
            full_name: "Ann".to_owned(),
            active_patients: 0,
            linked_user: None,
            created_by: crate::UserId(1),
            created_by_username: "ann".to_owned(),
            archived_at: None,
            matched: None,
            created_at: chrono::DateTime::default(),
            updated_at: chrono::DateTime::default(),
            version: 1,
            permissions: None,
        };
        let fields = |typed| parts(&doctor, typed).into_iter().map(|it| it.0).collect::<Vec<_>>();
        let by_name = ["last_name", "email", "clinic_name", "city", "full_name"];
        assert_eq!(fields("ann"), by_name);
        assert_eq!(fields("an7"), ["license_number"]);
        assert_eq!(fields("ana"), ["specialization"]);
        assert_eq!(fields("5551"), ["phone_number"]);
    }

    #[test]
    fn the_reason_is_the_name_if_one_of_the_words_matches_it() {
        let why = |typed| why(&Word::all(typed, crate::search::by_shape), &patient());
        assert_eq!(why("1989 gom"), Why::Name);
        assert_eq!(why("1989"), Why::DateOfBirth);
        assert_eq!(why("4567 p0000"), Why::Phone);
        assert_eq!(why("p0000 4567"), Why::Mrn);
        assert_eq!(why("gom1"), Why::Identifier);
    }
}
