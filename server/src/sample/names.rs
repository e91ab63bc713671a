//! The data of a language that sample people speak, and texts about their health.

/// A language: the names of the people who speak it, and where they live.
pub(super) struct Origin {
    /// The weight of this language. The weights of all languages add up to 100.
    pub(super) share: u32,
    /// Given names of women.
    pub(super) women: &'static [&'static str],
    /// Given names of men.
    pub(super) men: &'static [&'static str],
    /// Family names. Empty where people have only one name.
    pub(super) families: &'static [&'static str],
    /// Derives a woman's family name.
    pub(super) feminine: fn(&str) -> String,
    /// City, state and pattern of the postal code.
    pub(super) cities: &'static [(&'static str, &'static str, &'static str)],
    /// Streets; `#` stands for a digit.
    pub(super) streets: &'static [&'static str],
    /// The pattern of phone numbers; `#` stands for a digit.
    pub(super) phone: &'static str,
}

/// Family names that are the same for women and men.
pub(super) fn same(family: &str) -> String {
    family.to_owned()
}

/// The feminine form in Czech: Nováková for Novák, Černá for Černý.
pub(super) fn czech(family: &str) -> String {
    match family.strip_suffix('ý') {
        Some(stem) => format!("{stem}á"),
        None => format!("{family}ová"),
    }
}

/// The feminine form in Polish: Kowalska for Kowalski.
pub(super) fn polish(family: &str) -> String {
    match family.strip_suffix("ki") {
        Some(stem) => format!("{stem}ka"),
        None => family.to_owned(),
    }
}

/// The feminine form in Russian: Иванова for Иванов.
pub(super) fn russian(family: &str) -> String {
    format!("{family}а")
}

/// The patronymic of a woman in Icelandic: Jónsdóttir for Jónsson.
pub(super) fn icelandic(family: &str) -> String {
    match family.strip_suffix("son") {
        Some(father) => format!("{father}dóttir"),
        None => family.to_owned(),
    }
}

pub(super) const ALLERGIES: &[&str] = &[
    "Penicillin",
    "Peanuts",
    "Latex",
    "Sulfonamides",
    "Bee venom: carries an auto-injector",
    "Shellfish, iodine contrast",
    "None known",
    "Birch pollen\nApples (oral allergy syndrome)",
];

pub(super) const HISTORIES: &[&str] = &[
    "Asthma since childhood",
    "Type 2 diabetes, metformin since 2015",
    "Hypertension",
    "Appendectomy in 2009",
    "Hip replacement on the left\nWalks with a stick",
    "Migraine with aura",
    "Pacemaker: no MRI without asking cardiology",
];
