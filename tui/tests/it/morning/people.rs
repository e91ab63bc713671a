//! The invented people of the morning: always the same ones, from a seed.

/// Where the invention begins.
const SEED: u64 = 0x0F20_17DE_5C0D_ED06;

const FIRST: &[&str] = &[
    "Amira", "Bruno", "Clara", "Dmitri", "Elif", "Felipe", "Greta", "Hassan", "Ingrid", "Jorge",
    "Keiko", "Lucía", "Mateo", "Nadia", "Oskar", "Priya",
];
/// No two of them begin alike: the last name alone finds one person.
const LAST: &[&str] = &[
    "Abadi",
    "Becker",
    "Cardoso",
    "Duarte",
    "Eriksen",
    "Fontaine",
    "Gallagher",
    "Hartmann",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "O'Brien",
    "Pereira",
    "Quispe",
    "Rossi",
    "Szabó",
    "Takahashi",
    "Ueda",
    "Villalobos",
    "Weber",
    "Xylander",
    "Yılmaz",
    "Zeman",
    "Ólafsson",
    "Müller",
    "García",
    "Nguyen",
    "Park",
    "Stein",
    "Tanaka",
];

/// A patient, as people at the desk know one.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) first: String,
    pub(super) last: String,
    /// Year, month and day.
    pub(super) born: String,
    pub(super) phone: String,
    /// The medical record number; empty until the person is registered.
    pub(super) mrn: String,
}

impl Person {
    /// The name as it is written.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// So many people, all with different last names.
pub(super) fn invent(count: usize) -> Vec<Person> {
    let mut seed = SEED;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    let mut last_names = LAST.to_vec();
    let person = |at: usize| {
        let last = last_names.swap_remove(below(last_names.len()));
        let (year, month, day) = (1935 + below(80), 1 + below(12), 1 + below(28));
        Person {
            first: FIRST[below(FIRST.len())].to_owned(),
            last: last.to_owned(),
            born: format!("{year}-{month:02}-{day:02}"),
            // The last digits tell them apart.
            phone: format!("+1 555 {:03} {:04}", below(1000), 1000 + at * 37),
            mrn: String::new(),
        }
    };
    (0..count).map(person).collect()
}

/// Three people whom nobody knows. Only the year of birth is certain.
pub(super) fn walk_ins() -> [Person; 3] {
    let all = [
        ("Peter", "Pan", "1990", "+1 555 900 0001"),
        ("Jenny", "Wren", "1971", "+1 555 900 0002"),
        ("Tomas", "Ahab", "1958", "+1 555 900 0003"),
    ];
    all.map(|(first, last, born, phone)| Person {
        first: first.to_owned(),
        last: last.to_owned(),
        born: born.to_owned(),
        phone: phone.to_owned(),
        mrn: String::new(),
    })
}

/// Whether a word is a medical record number: `P000012X`.
pub(super) fn is_mrn(word: &str) -> bool {
    let digits = word.strip_prefix('P').and_then(|rest| rest.get(..6));
    word.len() == 8 && digits.is_some_and(|digits| digits.bytes().all(|it| it.is_ascii_digit()))
}
