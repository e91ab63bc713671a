//! Invented people whose names are as hard as real ones: both surnames, accents, apostrophes, hyphens,
//! particles, one name only, and many namesakes.

use chrono::{Days, NaiveDate};
use shared::{
    PartialDate,
    patient::{Gender, Identifier, PatientFields},
};

use crate::people::{Dice, family};

/// Names of people who were given their names alike.
struct Culture {
    women: &'static [&'static str],
    men: &'static [&'static str],
    families: &'static [&'static str],
    /// How a last name is put together.
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    One,
    /// The father's and the mother's name.
    Two,
    /// One name; of some people two with a hyphen.
    Hyphen,
}

const CULTURES: &[Culture] = &[
    Culture {
        women: &[
            "Margaret",
            "Elizabeth",
            "Katherine",
            "Rebecca",
            "Susan",
            "Patricia",
            "Deborah",
            "Christine",
            "Victoria",
            "Abigail",
            "Jennifer",
            "Samantha",
        ],
        men: &[
            "William",
            "Robert",
            "Richard",
            "James",
            "Michael",
            "Edward",
            "Charles",
            "Thomas",
            "Anthony",
            "Benjamin",
            "Christopher",
            "Daniel",
        ],
        families: &[
            "Smith",
            "Johnson",
            "Taylor",
            "Whitaker",
            "Ellsworth",
            "Bradshaw",
            "Thornton",
            "Kingsley",
            "Ashworth",
            "Fairbanks",
        ],
        shape: Shape::Hyphen,
    },
    Culture {
        women: &[
            "María",
            "Ana",
            "Lucía",
            "Inés",
            "Sofía",
            "Concepción",
            "Dolores",
            "Begoña",
            "Rocío",
            "María José",
            "Ana María",
        ],
        men: &[
            "José",
            "Ángel",
            "Jesús",
            "Óscar",
            "Iván",
            "Raúl",
            "Francisco",
            "Ramón",
            "Joaquín",
            "José Luis",
            "Juan Carlos",
        ],
        families: &[
            "García",
            "Martínez",
            "López",
            "Gómez",
            "Núñez",
            "Muñoz",
            "Ibáñez",
            "Peña",
            "Sáenz",
            "Vázquez",
            "de la Cruz",
            "del Río",
        ],
        shape: Shape::Two,
    },
    Culture {
        women: &["Siobhán", "Aoife", "Niamh", "Caoimhe", "Bríd", "Róisín", "Gráinne"],
        men: &["Seán", "Cormac", "Pádraig", "Oisín", "Eoin", "Ruairí", "Tadhg"],
        families: &[
            "O'Brien",
            "O'Connor",
            "O'Sullivan",
            "McCarthy",
            "MacDonagh",
            "Ó Briain",
            "Byrne",
            "Fitzgerald",
        ],
        shape: Shape::One,
    },
    Culture {
        women: &["Anouk", "Femke", "Marieke", "Sanne", "Marie-Claire", "Élodie", "Hélène"],
        men: &["Joost", "Maarten", "Jean-Pierre", "François", "Benoît", "Loïc", "Thijs"],
        families: &[
            "van der Berg",
            "de Vries",
            "van Dijk",
            "Le Goff",
            "Lefèvre",
            "Besnard",
            "D'Hondt",
        ],
        shape: Shape::Hyphen,
    },
    Culture {
        women: &["Małgorzata", "Zofia", "Tereza", "Jiřina", "Željka", "Ayşe", "Gülsüm", "Jördis"],
        men: &["Łukasz", "Paweł", "Jiří", "Tomáš", "Željko", "Mehmet", "Jürgen", "Søren"],
        families: &[
            "Wójcik",
            "Kowalczyk",
            "Dvořák",
            "Novák",
            "Marković",
            "Yıldız",
            "Müller",
            "Sørensen",
        ],
        shape: Shape::One,
    },
    Culture {
        women: &["Thị Mai", "Xiuying", "Sakura", "Fatima", "Amina", "Nkechi"],
        men: &["Văn Hùng", "Wei", "Takeshi", "Ibrahim", "Chukwu", "Mohammed"],
        families: &["Nguyễn", "Li", "Wu", "Tanaka", "al-Masri", "Okonkwo", "Haddad"],
        shape: Shape::One,
    },
];
const STREETS: &[&str] = &["Acacia Road", "Balistreri Way", "Canal Street", "Dock Lane"];

/// The person with this number, from 1.
pub(super) fn person(number: u64) -> PatientFields {
    let mut dice = Dice::new(number.wrapping_mul(0xA076_1D64_78BD_642F));
    let Some(culture) = CULTURES.get(dice.below(CULTURES.len())) else {
        return PatientFields::default();
    };
    let is_woman = dice.below(2) == 0;
    let first = dice.pick_common(if is_woman { culture.women } else { culture.men });
    let surname = |dice: &mut Dice| match dice.below(2) {
        // Half of all surnames are rare.
        0 => family(dice),
        _ => dice.pick_common(culture.families).unwrap_or_default().to_owned(),
    };
    let mut last = surname(&mut dice);
    match culture.shape {
        Shape::Two => last = format!("{last} {}", surname(&mut dice)),
        Shape::Hyphen if dice.below(8) == 0 => last = format!("{last}-{}", surname(&mut dice)),
        Shape::One | Shape::Hyphen => {}
    }
    let has_one_name = dice.below(200) == 0;
    let born = NaiveDate::from_ymd_opt(2026, 1, 1)
        .and_then(|day| day.checked_sub_days(Days::new(dice.below(34_000) as u64)));
    let street = dice.pick(STREETS).unwrap_or_default();
    let insurance =
        || Identifier { system: "insurance".to_owned(), value: format!("B{number:09}") };
    PatientFields {
        first_name: first.map(str::to_owned).filter(|_| !has_one_name),
        last_name: Some(last),
        date_of_birth: born.map(PartialDate::Day),
        gender: Some(if is_woman { Gender::Female } else { Gender::Male }),
        phone_number: Some(phone(&mut dice)),
        email: (dice.below(3) > 0).then(|| format!("person{number}@example.org")),
        address: Some(format!("{} {street}", 1 + dice.below(999))),
        identifiers: (dice.below(2) == 0).then(insurance).into_iter().collect(),
        ..PatientFields::default()
    }
}

/// A telephone number.
pub(super) fn phone(dice: &mut Dice) -> String {
    format!("+34 6{:02} {:06}", dice.below(100), dice.below(1_000_000))
}
