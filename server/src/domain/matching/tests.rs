use shared::{
    PartialDate,
    likeness::{Grade, Likeness},
    patient::{Gender, Identifier, PatientFields, PatientState},
};

use super::{Person, Verdict};

/// A person from a line: the name with a comma after the last name, the date of birth (`~` before an
/// estimate), and then, in any order, a phone number, an e-mail address, an identifier (`#1`), `m` or `f`.
fn person(line: &str) -> Person {
    let mut parts = line.split(';').map(str::trim);
    let name = parts.next().unwrap();
    let (last, first) = name.split_once(',').unwrap_or((name, ""));
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut fields =
        PatientFields { first_name: some(first), last_name: some(last), ..Default::default() };
    let born = parts.next().unwrap_or_default();
    fields.date_of_birth = PartialDate::parse(born.trim_start_matches('~')).ok();
    for part in parts {
        match part {
            "m" => fields.gender = Some(Gender::Male),
            "f" => fields.gender = Some(Gender::Female),
            email if email.contains('@') => fields.email = some(email),
            number if number.starts_with('#') => {
                let (system, value) = ("insurance".to_owned(), number.to_owned());
                fields.identifiers.push(Identifier { system, value });
            }
            phone => fields.phone_number = some(phone),
        }
    }
    Person::of(&PatientState { fields, date_of_birth_estimated: born.starts_with('~') })
}

fn verdict(one: &str, other: &str) -> Option<Verdict> {
    let (one, other) = (person(one), person(other));
    let verdict = one.compare(&other);
    assert_eq!(verdict, other.compare(&one), "the order does not matter");
    verdict
}

/// Checks the grade of pairs; `-` where nothing speaks for one person.
fn check(pairs: &[(&str, &str, &str)]) {
    for (one, other, grade) in pairs {
        let found = verdict(one, other);
        let shown = found.as_ref().map_or("-", |it| it.grade.as_str());
        assert_eq!(shown, *grade, "{one} | {other}: {found:?}");
    }
}

#[test]
fn the_same_person_twice() {
    check(&[
        (
            "Gómez, José; 1989-05-25; 555 1234567",
            "gomez, jose; 1989-05-25; +1 555 123 4567",
            "certain",
        ),
        ("Gómez, José; 1989-05-25", "GOMEZ, JOSE; 1989-05-25", "probable"),
        (
            "Gómez, José; 1989-05-25; a@example.com",
            "Gómez, José; 1989-05-25; A@Example.com",
            "certain",
        ),
        ("Li, Wei; 1989-05-25; #1", "Wei, Li; 1989-05-25; #1", "certain"),
        ("O'Brien, Ann; 1989-05-25", "Obrien, Ann; 1989-05-25", "probable"),
        ("De la Cruz, Ana; 1989-05-25", "Delacruz, Ana; 1989-05-25", "probable"),
        ("Smith-Jones, Ann; 1989-05-25", "Smith Jones, Ann; 1989-05-25", "probable"),
        ("Madonna; 1958-08-16", ", Madonna; 1958-08-16", "probable"),
    ]);
}

#[test]
fn one_typing_error_in_a_long_word_is_forgiven() {
    check(&[
        ("Gonzalez, Ana; 1989-05-25", "Gonzales, Ana; 1989-05-25", "probable"),
        ("Gonzalez, Ana; 1989-05-25", "Gnozalez, Ana; 1989-05-25", "probable"),
        ("Gonzalez, Ana; 1989-05-25", "Gonzalz, Ana; 1989-05-25", "probable"),
        ("Gonzalez, Ana; 1989-05-25; #1", "Gonzales, Ana; 1989-05-25; #1", "certain"),
        // Two errors, or one in a short word: only the other name is the same.
        ("Gonzalez, Ana; 1989-05-25", "Gonsales, Ana; 1989-05-25", "possible"),
        ("Lee, Ana; 1989-05-25", "Lea, Ana; 1989-05-25", "possible"),
        ("Gonzalez, Ana; 1989-05-25", "Gonzales, Ana; 1970-01-01", "-"),
    ]);
}

#[test]
fn one_of_two_names_is_similar() {
    check(&[
        ("García López, Ana; 1989-05-25", "García, Ana; 1989-05-25", "probable"),
        ("García López, Ana; 1989-05-25", "López, Ana; 1989-05-25", "probable"),
        ("García, Ana María; 1989-05-25", "García, María; 1989-05-25", "probable"),
        ("García López, Ana; 1989-05-25", "García Pérez, Ana; 1989-05-25", "possible"),
    ]);
}

#[test]
fn twins_are_possible_at_most() {
    check(&[
        (
            "Okri, Ben; 2015-03-01; 555 1234567; b@example.com",
            "Okri, Tom; 2015-03-01; 555 1234567; b@example.com",
            "possible",
        ),
        (
            "Lopez, Maria; 2015-03-01; 5551234567; f",
            "Lopez, Mario; 2015-03-01; 5551234567; m",
            "possible",
        ),
    ]);
}

#[test]
fn a_father_and_his_son_of_one_name_are_possible_at_most() {
    check(&[
        ("Smith, John; 1950-01-02; 5551234567", "Smith, John; 1980-07-21; 5551234567", "possible"),
        ("Smith Sr, John; ; 5551234567", "Smith Jr., John; ; 5551234567", "possible"),
        (
            "Smith, John; 1980-07-21; 5551234567",
            "Smith Jr, John; 1980-07-21; 5551234567",
            "certain",
        ),
        ("Smith, John; 1950-01-02", "Smith, John; 1980-07-21", "-"),
    ]);
}

#[test]
fn a_married_name_and_a_nickname_are_possible() {
    check(&[
        ("Soto, Ana; 1989-05-25; 5551234567", "Rey, Ana; 1989-05-25; 5551234567", "possible"),
        ("Smith, Robert; 1989-05-25", "Smith, Bob; 1989-05-25", "possible"),
        ("Smith, Robert; 1989-05; 5551234567", "Smith, Bob; 1989-05-25; 5551234567", "possible"),
        ("Smith, Robert; 1989-05", "Smith, Bob; 1989-05-25", "-"),
    ]);
}

#[test]
fn swapped_and_mistyped_dates_are_like_one_another() {
    check(&[
        ("Soto, Ana; 1989-05-04", "Soto, Ana; 1989-04-05", "possible"),
        ("Soto, Ana; 1989-05-04; 5551234567", "Soto, Ana; 1989-04-05; 5551234567", "probable"),
        ("Soto, Ana; 1989-05-25; 5551234567", "Soto, Ana; 1998-05-25; 5551234567", "probable"),
        ("Soto, Ana; 1989-05-25; 5551234567", "Soto, Ana; 1971-11-02; 5551234567", "possible"),
    ]);
}

#[test]
fn dates_that_are_known_in_part_are_ranges() {
    check(&[
        ("Soto, Ana; 1989-05-25", "Soto, Ana; 1989-05", "probable"),
        ("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; 1989-05; a@b.c", "certain"),
        ("Soto, Ana; 1989-05-25", "Soto, Ana; 1989", "possible"),
        ("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; 1989; a@b.c", "probable"),
        ("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; ~1990; a@b.c", "probable"),
        ("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; 1990; a@b.c", "possible"),
        ("Soto, Ana; 1989-05-25", "Soto, Ana", "possible"),
        ("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; ; a@b.c", "probable"),
    ]);
}

#[test]
fn a_former_name_is_as_good_as_one_with_an_error() {
    let soto = |line: &str| person(line).formerly(&["Ana Ruiz".to_owned()]);
    for (one, other, grade) in [
        ("Soto, Ana; 1989-05-25", "Ruiz, Ana; 1989-05-25", Some(Grade::Probable)),
        ("Soto, Ana; 1989-05-25; #1", "Ruiz, Ana; 1989-05-25; #1", Some(Grade::Certain)),
        ("Soto, Ana; 1989-05-25", "Ruiz, Ana; 1989", Some(Grade::Possible)),
        ("Soto, Ana; 1989-05-25", "Ruiz, Ana; 1960-01-01", None),
        ("Soto, Ana; 1989-05-25", "Ruiz, Eva; 1960-01-01", None),
    ] {
        let (one, other) = (soto(one), person(other));
        let verdict = one.compare(&other);
        assert_eq!(verdict, other.compare(&one), "the order does not matter");
        assert_eq!(verdict.as_ref().map(|it| it.grade), grade, "{verdict:?}");
        let says = |verdict: &Verdict| verdict.reasons.contains(&Likeness::FormerName);
        assert!(verdict.as_ref().is_none_or(says), "{verdict:?}");
    }
    // Whoever has the name now has it.
    let same = soto("Soto, Ana; 1989-05-25").compare(&person("Soto, Ana; 1989-05-25")).unwrap();
    assert_eq!(same.reasons, [Likeness::SameName, Likeness::SameDateOfBirth]);
}

#[test]
fn people_of_one_household_or_one_day_are_nothing() {
    check(&[
        ("Soto, Ana; 1989-05-25; 5551234567", "Rey, Ben; 1960-01-01; 5551234567", "-"),
        ("Soto, Ana; 1989-05-25; 5551234567", "Soto, Ben; 1960-01-01; 5551234567", "-"),
        ("Soto, Ana; 1989-05-25", "Rey, Ben; 1989-05-25", "-"),
        ("Soto, Ana", "Rey, Ben", "-"),
        ("; 1989-05-25", "; 1989-05-25", "-"),
    ]);
}

#[test]
fn a_verdict_says_what_agrees_and_a_better_grade_has_a_higher_score() {
    let certain = verdict("Soto, Ana; 1989-05-25; a@b.c", "Soto, Ana; 1989-05-25; a@b.c").unwrap();
    let probable = verdict("Soto, Ana; 1989-05-25", "Soto, Ana; 1989-05-25").unwrap();
    let possible = verdict("Soto, Ana; 1989-05-25", "Soto, Ben; 1989-05-25").unwrap();
    use Likeness::{SameDateOfBirth, SameEmail, SameLastName, SameName};
    assert_eq!(certain.reasons, [SameName, SameDateOfBirth, SameEmail]);
    assert_eq!(possible.reasons, [SameLastName, SameDateOfBirth]);
    assert!(certain.score > probable.score && probable.score > possible.score);
    assert_eq!((certain.grade, probable.grade), (Grade::Certain, Grade::Probable));
    let differ = verdict("Soto, Ana; 1989-05-25; f", "Soto, Ana; 1989-05-25; m").unwrap();
    assert!(differ.score < probable.score && differ.grade == Grade::Probable);
}
