//! What happens to a person's data on the way from one registration to the next.

use std::fmt::{Display, Formatter, Result};

use chrono::{Datelike, NaiveDate};
use shared::{PartialDate, patient::PatientFields, text::fold_word};

use super::people::phone;
use crate::people::{Dice, family};

/// One thing that went wrong, or changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Damage {
    None,
    /// A letter was left out, doubled, changed for one beside it on the keyboard, or two were swapped.
    TypingError,
    MissingAccent,
    /// An apostrophe or a hyphen was left out.
    MissingMark,
    /// First and last name in each other's place.
    SwappedNames,
    /// One of two surnames, or of two first names.
    OneOfTwoNames,
    Nickname,
    /// Another last name.
    MarriedName,
    ChangedPhone,
    /// Only the year of birth, or year and month.
    PartialDate,
    SwappedDayAndMonth,
}

impl Damage {
    pub(super) const ALL: [Self; 11] = [
        Self::None,
        Self::TypingError,
        Self::MissingAccent,
        Self::MissingMark,
        Self::SwappedNames,
        Self::OneOfTwoNames,
        Self::Nickname,
        Self::MarriedName,
        Self::ChangedPhone,
        Self::PartialDate,
        Self::SwappedDayAndMonth,
    ];

    /// The person with this damage; `None` where the data give no occasion for it.
    pub(super) fn apply(self, person: &PatientFields, dice: &mut Dice) -> Option<PatientFields> {
        let mut it = person.clone();
        match self {
            Self::None => {}
            Self::TypingError => change_a_name(&mut it, dice, mistyped)?,
            Self::MissingAccent => change_a_name(&mut it, dice, |name, _| without_accents(name))?,
            Self::MissingMark => change_a_name(&mut it, dice, without_marks)?,
            Self::SwappedNames => {
                it.first_name.as_ref()?;
                std::mem::swap(&mut it.first_name, &mut it.last_name);
            }
            Self::OneOfTwoNames => change_a_name(&mut it, dice, one_of_two)?,
            Self::Nickname => it.first_name = Some(nickname(it.first_name.as_deref()?)?),
            Self::MarriedName => it.last_name = Some(family(dice)),
            Self::ChangedPhone => it.phone_number = Some(phone(dice)),
            Self::PartialDate => {
                let day = day(person)?;
                it.date_of_birth = Some(match dice.below(2) {
                    0 => PartialDate::Year(day.year()),
                    _ => PartialDate::Month(day.year(), day.month()),
                });
            }
            Self::SwappedDayAndMonth => {
                let day = day(person)?;
                let swapped = NaiveDate::from_ymd_opt(day.year(), day.day(), day.month())?;
                it.date_of_birth = Some(PartialDate::Day(swapped));
            }
        }
        (self == Self::None || it != *person).then_some(it)
    }
}

impl Display for Damage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.pad(match self {
            Self::None => "none",
            Self::TypingError => "a typing error in a name",
            Self::MissingAccent => "missing accents",
            Self::MissingMark => "a missing apostrophe or hyphen",
            Self::SwappedNames => "first and last name swapped",
            Self::OneOfTwoNames => "one of two names",
            Self::Nickname => "a nickname",
            Self::MarriedName => "another last name",
            Self::ChangedPhone => "another telephone number",
            Self::PartialDate => "part of the date of birth",
            Self::SwappedDayAndMonth => "day and month swapped",
        })
    }
}

/// Changes the last name or, where it can't be changed so, the first name; in half of the cases the other
/// way round.
fn change_a_name(
    it: &mut PatientFields,
    dice: &mut Dice,
    change: impl Fn(&str, &mut Dice) -> Option<String>,
) -> Option<()> {
    let mut names = [&mut it.last_name, &mut it.first_name];
    if dice.below(2) == 0 {
        names.reverse();
    }
    for name in names {
        let changed = name.as_deref().and_then(|name| change(name, dice));
        if changed.is_some() {
            *name = changed;
            return Some(());
        }
    }
    None
}

fn day(person: &PatientFields) -> Option<NaiveDate> {
    match person.date_of_birth {
        Some(PartialDate::Day(day)) => Some(day),
        _ => None,
    }
}

/// The letters beside each letter on a keyboard.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn beside(letter: char, dice: &mut Dice) -> Option<char> {
    let row = ROWS.iter().find(|row| row.contains(letter))?;
    let place = row.find(letter)?;
    let step = if place == 0 || (dice.below(2) == 0 && place + 1 < row.len()) { 1 } else { -1 };
    row.chars().nth(place.checked_add_signed(step)?)
}

/// One typing error, behind the first letter of a name of at least five letters.
fn mistyped(name: &str, dice: &mut Dice) -> Option<String> {
    let mut letters: Vec<char> = name.chars().collect();
    let places: Vec<usize> = (1..letters.len().saturating_sub(1))
        .filter(|place| {
            letters
                .get(*place..place + 2)
                .is_some_and(|two| two.iter().all(|it| it.is_alphabetic()))
        })
        .collect();
    if letters.len() < 5 {
        return None;
    }
    let place = dice.pick(&places)?;
    let letter = letters.get(place).copied()?;
    match dice.below(4) {
        0 => drop(letters.remove(place)),
        1 => letters.insert(place, letter),
        2 => letters.swap(place, place + 1),
        _ => match beside(letter, dice) {
            Some(other) => *letters.get_mut(place)? = other,
            None => drop(letters.remove(place)),
        },
    }
    Some(letters.into_iter().collect()).filter(|typed| typed != name)
}

fn without_accents(name: &str) -> Option<String> {
    let plain = |letter: char| {
        let folded = fold_word(&letter.to_string());
        match letter.is_uppercase() {
            true => folded.to_uppercase(),
            false => folded,
        }
    };
    let is_mark = |letter: &char| !letter.is_alphabetic();
    let text: String =
        name.chars().map(|it| if is_mark(&it) { it.to_string() } else { plain(it) }).collect();
    (text != name).then_some(text)
}

fn without_marks(name: &str, dice: &mut Dice) -> Option<String> {
    let is_mark = |letter: char| matches!(letter, '\'' | '-');
    let with = if dice.below(2) == 0 { " " } else { "" };
    name.contains(is_mark).then(|| name.replace(is_mark, with))
}

fn one_of_two(name: &str, dice: &mut Dice) -> Option<String> {
    let (one, other) = name.rsplit_once([' ', '-'])?;
    Some(if dice.below(2) == 0 { one.to_owned() } else { other.to_owned() })
}

/// What people are called who have these first names.
const NICKNAMES: &[(&str, &str)] = &[
    ("Abigail", "Abby"),
    ("Anthony", "Tony"),
    ("Benjamin", "Ben"),
    ("Charles", "Charlie"),
    ("Christine", "Chris"),
    ("Christopher", "Chris"),
    ("Concepción", "Concha"),
    ("Daniel", "Danny"),
    ("Deborah", "Debbie"),
    ("Dolores", "Lola"),
    ("Edward", "Ted"),
    ("Elizabeth", "Liz"),
    ("Francisco", "Paco"),
    ("James", "Jim"),
    ("Jennifer", "Jenny"),
    ("José", "Pepe"),
    ("Katherine", "Kate"),
    ("Margaret", "Peggy"),
    ("Michael", "Mike"),
    ("Mohammed", "Mo"),
    ("Patricia", "Pat"),
    ("Pádraig", "Paddy"),
    ("Rebecca", "Becky"),
    ("Richard", "Dick"),
    ("Robert", "Bob"),
    ("Samantha", "Sam"),
    ("Susan", "Sue"),
    ("Thomas", "Tom"),
    ("Victoria", "Vicky"),
    ("William", "Bill"),
];

fn nickname(first: &str) -> Option<String> {
    let known = NICKNAMES.iter().find(|(name, _)| *name == first)?;
    Some(known.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::people::person, *};

    #[test]
    fn each_damage_changes_many_people_always_in_the_same_way() {
        for damage in Damage::ALL {
            let damaged = || {
                (1..=2_000).filter_map(|number| {
                    damage.apply(&person(number), &mut Dice::new(number)).map(|it| (number, it))
                })
            };
            let count = damaged().count();
            assert!(count > 100, "{damage}: {count}");
            assert!(damaged().eq(damaged()), "{damage}");
            let changed = damaged().filter(|(number, it)| *it != person(*number)).count();
            assert_eq!(changed, if damage == Damage::None { 0 } else { count }, "{damage}");
        }
    }

    #[test]
    fn a_damage_changes_nothing_else() {
        for number in 1..=500 {
            let before = person(number);
            for damage in Damage::ALL {
                let Some(after) = damage.apply(&before, &mut Dice::new(number)) else { continue };
                let names = (after.first_name == before.first_name)
                    && (after.last_name == before.last_name);
                let date = after.date_of_birth == before.date_of_birth;
                let phone = after.phone_number == before.phone_number;
                let kept = match damage {
                    Damage::None => names && date && phone,
                    Damage::ChangedPhone => names && date,
                    Damage::PartialDate | Damage::SwappedDayAndMonth => names && phone,
                    _ => date && phone,
                };
                assert!(kept && after.email == before.email, "{damage}: {before:?} {after:?}");
            }
        }
    }

    #[test]
    fn some_examples() {
        assert_eq!(without_accents("Núñez-O'Brien").as_deref(), Some("Nunez-O'Brien"));
        assert_eq!(without_accents("Smith"), None);
        for seed in 0..100 {
            let dice = &mut Dice::new(seed);
            let plain = without_marks("Núñez-O'Brien", dice).unwrap();
            assert!(["NúñezOBrien", "Núñez O Brien"].contains(&plain.as_str()), "{plain}");
            let typed = mistyped("García", dice).unwrap();
            assert!(typed.starts_with('G') && typed.chars().count().abs_diff(6) <= 1, "{typed}");
            assert_eq!(mistyped("Ana", dice), None);
        }
    }
}
