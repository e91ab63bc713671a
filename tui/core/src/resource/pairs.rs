//! Pairs of patients who may be one person.

use chrono::{DateTime, Utc};
use shared::{
    account::SessionPermission,
    likeness::Likeness,
    patient::{LikelyPair, Patient},
};

use super::{
    Access, Banner, Column, Deed, Filter, FilterInput, Order, RowHead, Secret, Section, Shown,
    Table, Words,
};
use crate::{text::display, world::World};

impl Shown for LikelyPair {
    const TABLE: Table = Table {
        words: Words {
            title: "Likely duplicates",
            none_left: "No pair matches these filters.",
            none: "No two patients are likely to be one person.",
            one: "Likely duplicates",
            copy: "copy numbers",
            ..Words::NONE
        },
        orders: &[Order::new(None, "most likely first")],
        filters: &[
            Filter::new("grade", "How likely", FilterInput::Choice(GRADES), str::to_owned),
            Filter {
                hint: "the number of a patient, as after # in the find box",
                ..Filter::new("patient", "Patient", FilterInput::Number { needs: None }, |id| {
                    format!("with patient #{id}")
                })
            },
        ],
        list: Access::With(SessionPermission::MergePatients),
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Patients", 0, 0, |pair| Some(names(pair))),
        Column::new("Likely", 8, 1, |pair| Some(pair.grade.as_str().to_owned())),
        Column::new("Born", 10, 2, |pair| {
            let born = |it: &Patient| it.date_of_birth.map(|born| born.to_string());
            pair.patients.iter().find_map(born)
        }),
        Column::new("The same", 22, 3, |pair| Some(agreement(&pair.reasons))),
        Column::new("MRNs", 20, 4, |pair| Some(numbers(pair))),
    ];

    fn id(&self) -> i64 {
        self.id
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        let times = self.patients.iter().map(|it| it.created_at);
        (None, times.max().unwrap_or_default())
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        RowHead { name: display(&names(self)).into_owned(), code: numbers(self) }
    }

    fn named(&self) -> String {
        let lines = self.patients.iter().map(Shown::named).collect::<Vec<_>>();
        lines.join("\n")
    }

    fn banner(&self) -> Banner {
        Banner {
            name: display(&names(self)).into_owned(),
            code: numbers(self),
            line: format!("{}: {}", self.grade, reasons(&self.reasons)),
            warning: None,
        }
    }

    fn sections(&self, _: &World) -> Vec<Section> {
        let fields = vec![
            ("Likely", self.grade.as_str().to_owned()),
            ("What agrees", reasons(&self.reasons)),
            ("MRNs", numbers(self)),
        ];
        vec![Section { title: "Comparison", fields }]
    }

    fn permits(&self, _: Deed) -> bool {
        false
    }
}

const GRADES: &[(&str, &str)] =
    &[("", "all"), ("certain", "certain"), ("probable", "probable"), ("possible", "possible")];

/// Both names, or the one that both have.
fn names(pair: &LikelyPair) -> String {
    let mut names: Vec<_> = pair.patients.iter().map(|it| it.full_name.as_str()).collect();
    names.dedup();
    match *names.as_slice() {
        [both] => format!("{both}, twice"),
        _ => names.join(" / "),
    }
}

fn numbers(pair: &LikelyPair) -> String {
    let numbers: Vec<_> = pair.patients.iter().map(|it| it.mrn.as_str()).collect();
    display(&numbers.join(", ")).into_owned()
}

/// What agrees, in the column for it.
fn agreement(all: &[Likeness]) -> String {
    reasons(all).replace("same ", "").replace("date of birth", "birth date")
}

/// What agrees, in words.
pub fn reasons(reasons: &[Likeness]) -> String {
    let words: Vec<_> = reasons.iter().map(|reason| reason.as_str().replace('_', " ")).collect();
    words.join(", ")
}
