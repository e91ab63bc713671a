//! The rows of the list, as text: made once when an answer comes, not at every frame.

use shared::{id::PatientId, patient::Patient};

use crate::{screens::patients::born, text::display};

/// One patient in the list. All of it is safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose.
    pub id: PatientId,
    /// Both names.
    pub name: String,
    /// Medical record number.
    pub mrn: String,
    /// Date of birth, with `~` where it is an estimate.
    pub born: String,
    /// Age, or age at death.
    pub age: String,
    /// Sex, one letter.
    pub sex: &'static str,
    /// Phone number.
    pub phone: String,
    /// City.
    pub city: String,
    /// `† died 2025-03-01`, or nothing.
    pub died: String,
}

impl Row {
    /// The row of a patient.
    pub fn of(patient: &Patient) -> Self {
        let shown = |text: &Option<String>| {
            text.as_deref().map(|text| display(text).into_owned()).unwrap_or_default()
        };
        Self {
            id: patient.id,
            name: display(&patient.full_name).into_owned(),
            mrn: display(&patient.mrn).into_owned(),
            born: born(patient),
            age: patient.age.map(|age| age.to_string()).unwrap_or_default(),
            sex: patient.gender.map_or("", |gender| gender.as_str()),
            phone: shown(&patient.phone_number),
            city: shown(&patient.city),
            died: patient.deceased_on.map(|day| format!("† died {day}")).unwrap_or_default(),
        }
    }
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Name.
    Name,
    /// Date of birth.
    Born,
    /// Age.
    Age,
    /// Sex.
    Sex,
    /// Medical record number.
    Mrn,
    /// Phone.
    Phone,
    /// City.
    City,
}

impl Column {
    /// In the order in which they are shown.
    const SHOWN: [Self; 7] =
        [Self::Name, Self::Born, Self::Age, Self::Sex, Self::Mrn, Self::Phone, Self::City];
    /// In the order in which they get room; the name has it already.
    const RANKED: [Self; 6] =
        [Self::Born, Self::Mrn, Self::Sex, Self::Age, Self::Phone, Self::City];

    /// Its head.
    pub fn head(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Born => "Born",
            Self::Age => "Age",
            Self::Sex => "Sex",
            Self::Mrn => "MRN",
            Self::Phone => "Phone",
            Self::City => "City",
        }
    }

    fn width(self) -> u16 {
        match self {
            Self::Name => 0,
            Self::Born => 11,
            Self::Age | Self::Sex => 3,
            Self::Mrn => 9,
            Self::Phone => 17,
            Self::City => 18,
        }
    }

    /// What a row has in it.
    pub fn of(self, row: &Row) -> &str {
        match self {
            Self::Name => &row.name,
            Self::Born => &row.born,
            Self::Age => &row.age,
            Self::Sex => row.sex,
            Self::Mrn => &row.mrn,
            Self::Phone => &row.phone,
            Self::City => &row.city,
        }
    }
}

/// The columns that fit, each with its width.
pub fn columns(width: u16) -> Vec<(Column, u16)> {
    const GAP: u16 = 2;
    let name_min = if width >= 60 { 20 } else { 12 };
    let mut left = width;
    let mut fitting = Vec::new();
    for column in Column::RANKED {
        let needed = column.width() + GAP;
        if left.saturating_sub(needed) < name_min {
            break;
        }
        left -= needed;
        fitting.push(column);
    }
    let is_shown = |column: &Column| *column == Column::Name || fitting.contains(column);
    let width_of = |column: Column| if column == Column::Name { left } else { column.width() };
    Column::SHOWN.into_iter().filter(is_shown).map(|column| (column, width_of(column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_dropped_by_rank_and_fill_the_line() {
        let heads = |width| {
            columns(width).iter().map(|(column, _)| column.head()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heads(130), "Name Born Age Sex MRN Phone City");
        assert_eq!(heads(78), "Name Born Age Sex MRN Phone");
        assert_eq!(heads(38), "Name Born MRN");
        assert_eq!(heads(1), "Name");
        for width in 20..200 {
            let all = columns(width);
            let used: u16 = all.iter().map(|(_, wide)| wide + 2).sum();
            assert_eq!(used - 2, width);
        }
    }
}
