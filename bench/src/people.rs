//! Invented people: the same ones in every run, with names so varied that a search is a search.

use chrono::{Days, NaiveDate};
use shared::{
    PartialDate,
    patient::{BloodType, Gender, Identifier, PatientFields},
};

const GIVEN: &[&str] = &[
    "Aaliyah",
    "Agnes",
    "Aisha",
    "Alba",
    "Amara",
    "Amir",
    "Anaïs",
    "Andrés",
    "Anouk",
    "Arjun",
    "Astrid",
    "Aurelio",
    "Beatriz",
    "Björn",
    "Carmen",
    "Chiara",
    "Chloé",
    "Cormac",
    "Dagny",
    "Dalia",
    "Deepak",
    "Dmitri",
    "Eamon",
    "Élise",
    "Emeka",
    "Esther",
    "Fatima",
    "Felipe",
    "Freya",
    "Gabriel",
    "Greta",
    "Hamza",
    "Hana",
    "Helena",
    "Hugo",
    "Ibrahim",
    "Ines",
    "Ingrid",
    "Ivo",
    "Jamal",
    "Joana",
    "Johannes",
    "Kaito",
    "Karina",
    "Kwame",
    "Lakshmi",
    "Leila",
    "Lorenzo",
    "Lucía",
    "Maeve",
    "Magnus",
    "Malik",
    "Marisol",
    "Mateo",
    "Mei",
    "Mikołaj",
    "Nadia",
    "Naoko",
    "Niamh",
    "Nikhil",
    "Noor",
    "Olena",
    "Oscar",
    "Paloma",
    "Pavel",
    "Priya",
    "Quentin",
    "Rafael",
    "Ravi",
    "Rosalind",
    "Ruth",
    "Salma",
    "Samuel",
    "Sanna",
    "Selin",
    "Sergei",
    "Sofia",
    "Stefan",
    "Tariq",
    "Tereza",
    "Thandi",
    "Tomás",
    "Ulrike",
    "Valentina",
    "Viktor",
    "Wanjiru",
    "Xavier",
    "Yara",
    "Yusuf",
    "Zeynep",
];
const FAMILY: [&[&str]; 3] = [
    &[
        "Ab", "Ar", "Bal", "Bro", "Cal", "Cher", "Dan", "Del", "Do", "El", "Fal", "Fer", "Gal",
        "Gar", "Hal", "Hor", "Ib", "Jan", "Kal", "Kra", "Lan", "Lo", "Mar", "Mel", "Mo", "Nar",
        "Nov", "Or", "Pal", "Per", "Qui", "Ra", "Ros", "Sal", "Ste", "Tan", "Tor", "Ul", "Val",
        "Ver", "Wal", "Zam",
    ],
    &[
        "a", "ba", "be", "bi", "da", "de", "di", "e", "ga", "go", "i", "ka", "ke", "la", "le",
        "li", "ma", "me", "mi", "na", "ne", "ni", "o", "ra", "ri", "ro", "sa", "se", "si", "ta",
        "te", "va",
    ],
    &[
        "baum", "berg", "bury", "cz", "dal", "den", "dez", "field", "ga", "gaard", "ham", "hara",
        "ić", "ini", "ko", "kov", "ley", "lli", "lund", "man", "mura", "nen", "nez", "nte",
        "quist", "rez", "rossi", "ryan", "sen", "ska", "son", "ssen", "stein", "ton", "vić",
        "wala", "wood", "yan",
    ],
];
const STREETS: &[&str] = &["Acacia Road", "Balistreri Way", "Canal Street", "Dock Lane", "Elm Row"];
const CITIES: &[(&str, &str)] =
    &[("Chicopee", "MA"), ("Lowell", "MA"), ("Nashua", "NH"), ("Warwick", "RI"), ("Barre", "VT")];
const ALLERGIES: &[&str] = &["Penicillin", "Latex", "Peanuts", "Iodine contrast", "Sulfonamides"];
const HISTORIES: &[&str] = &["Asthma since childhood", "Hypertension", "Appendectomy in 2009"];

/// Random numbers of one person. SplitMix64, as in `server::sample`.
pub(crate) struct Dice(u64);

impl Dice {
    /// The numbers that follow from this one.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below the end.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mixed = u128::from(mixed ^ (mixed >> 31)) * end as u128;
        usize::try_from(mixed >> 64).unwrap_or_default()
    }

    /// One of several, each as often.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let place = self.below(choices.len());
        choices.get(place).copied()
    }

    /// One of several, the front ones more often: names are not all as common.
    pub(crate) fn pick_common<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let place = self.below(choices.len()).min(self.below(choices.len()));
        choices.get(place).copied()
    }
}

/// A last name that few share.
pub(crate) fn family(dice: &mut Dice) -> String {
    FAMILY.iter().filter_map(|parts| dice.pick_common(parts)).collect()
}

/// The members of the person with this number, from 1.
pub(crate) fn person(number: u64) -> PatientFields {
    let mut dice = Dice(number.wrapping_mul(0xD1B5_4A32_D192_ED03));
    let first = dice.pick_common(GIVEN).unwrap_or_default();
    let last = family(&mut dice);
    let days = Days::new(dice.below(34_000) as u64);
    let born = NaiveDate::from_ymd_opt(2026, 1, 1).and_then(|day| day.checked_sub_days(days));
    let (city, state) = dice.pick(CITIES).unwrap_or_default();
    let street = dice.pick(STREETS).unwrap_or_default();
    let text = |text: &str| Some(text.to_owned());
    let identifier =
        || Identifier { system: "insurance".to_owned(), value: format!("A{number:010}") };
    PatientFields {
        first_name: text(first),
        last_name: Some(last),
        date_of_birth: born.map(PartialDate::Day),
        gender: dice.pick(&[Gender::Female, Gender::Male]),
        phone_number: Some(format!("+1 555 {:07}", dice.below(10_000_000))),
        email: Some(format!("p{number}@example.com")),
        address: Some(format!("{} {street}", 1 + dice.below(999))),
        city: text(city),
        state: text(state),
        zip_code: Some(format!("{:05}", dice.below(100_000))),
        blood_type: dice.pick(BloodType::ALL),
        allergies: dice.pick(ALLERGIES).filter(|_| dice.below(4) == 0).and_then(text),
        medical_history: dice.pick(HISTORIES).filter(|_| dice.below(4) == 0).and_then(text),
        identifiers: (dice.below(2) == 0).then(identifier).into_iter().collect(),
        ..PatientFields::default()
    }
}

/// Beginnings of last names, of two to four letters, that clerks type.
pub(crate) fn searches() -> Vec<String> {
    let names = (1..=64).filter_map(|number| person(number).last_name);
    let starts = names
        .zip([2, 3, 4].into_iter().cycle())
        .map(|(name, length)| name.chars().take(length).collect::<String>().to_lowercase());
    starts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_names_are_varied_and_searches_find_few_of_them() {
        let lasts: Vec<_> = (1..=20_000).filter_map(|n| person(n).last_name).collect();
        assert!(lasts.iter().collect::<HashSet<_>>().len() > 5_000);
        for start in searches() {
            assert!(start.is_ascii(), "{start}");
            let found = lasts.iter().filter(|name| name.to_lowercase().starts_with(&start)).count();
            assert!(found > 0 && found < 2_000, "{start} {found}");
        }
    }

    #[test]
    fn every_person_passes_the_rules_of_requests_and_stays_the_same() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 1).unwrap();
        for number in 1..=2_000 {
            let fields = person(number);
            assert_eq!(fields, person(number));
            let sent = serde_json::to_vec(&fields).unwrap();
            let read = shared::read::body::<shared::patient::NewPatient>(&sent, today);
            assert_eq!(read.unwrap().input.create().unwrap(), fields, "{number}");
        }
    }
}
