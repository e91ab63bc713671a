//! The figures as blocks of rows, each as wide as its column.

use shared::{
    dashboard::{AssignmentFigures, Dashboard, DayCount, PatientFigures, VisitFigures},
    patient::Patient,
};

use super::bars::{lying, scale_top, standing};
use crate::{
    resource::Record,
    text::{display, paragraphs, thousands, truncate, width},
    world::World,
};

/// The meaning of a piece of text, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The title of a block.
    Title,
    /// The name of a number.
    Label,
    /// A number, or a sentence.
    Text,
    /// A part of a bar.
    Bar,
    /// The scale of bars.
    Scale,
}

/// A piece of text at a column of its row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) x: u16,
    pub(super) text: String,
    pub(super) role: Role,
}

/// The pieces of one row, from left to right.
pub(super) type Row = Vec<Piece>;

fn piece(x: u16, text: impl Into<String>, role: Role) -> Piece {
    Piece { x, text: text.into(), role }
}

fn title(text: &str) -> Row {
    vec![piece(0, text, Role::Title)]
}

/// A sentence, on as many rows as it takes.
fn sentence(text: &str, columns: u16) -> impl Iterator<Item = Row> {
    let lines = paragraphs(text, columns);
    lines.into_iter().map(|line| vec![piece(0, line, Role::Text)])
}

/// Rows of a label, a number and a bar, which is as long as the number.
fn bar_rows(counts: &[(String, i64)], columns: u16) -> Vec<Row> {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let widest = |texts: &mut dyn Iterator<Item = u16>| texts.max().unwrap_or_default();
    let digits = widest(&mut counts.iter().map(|(_, count)| width(&thousands(*count))));
    let label = widest(&mut counts.iter().map(|(label, _)| width(label)));
    // The label gets what the number and a short bar leave, but not more than it needs.
    let label = label.min(columns.saturating_sub(digits + 2 + columns / 4));
    let at = label + 1 + digits + 1;
    let row = |(name, count): &(String, i64)| {
        let number = thousands(*count);
        vec![
            piece(0, truncate(name, label), Role::Label),
            piece(label + 1 + digits.saturating_sub(width(&number)), number, Role::Text),
            piece(at, lying(*count, most, columns.saturating_sub(at)), Role::Bar),
        ]
    };
    counts.iter().map(row).collect()
}

/// The patients registered on each of the last days, as standing bars over a scale.
pub(super) fn registrations(figures: &PatientFigures, columns: u16, rows: u16) -> Vec<Row> {
    let days = &figures.by_day;
    let sum: i64 = days.iter().map(|day| day.count).sum();
    let mut block = vec![title("Registrations")];
    let words = format!(
        "{} {} · {} today · {} in the last 7 days · {} in {} days",
        thousands(figures.total),
        if figures.total == 1 { "patient" } else { "patients" },
        thousands(figures.new_today),
        thousands(figures.new_last_7_days),
        thousands(sum),
        days.len()
    );
    block.extend(sentence(&words, columns));
    if sum == 0 {
        block.extend(sentence("No registrations in these days.", columns));
        return block;
    }
    block.extend(chart(days, columns, rows));
    block
}

fn chart(days: &[DayCount], columns: u16, rows: u16) -> Vec<Row> {
    let top = scale_top(days.iter().map(|day| day.count).max().unwrap_or_default());
    let scale = width(&thousands(top));
    let count = u16::try_from(days.len()).unwrap_or(u16::MAX).max(1);
    let left = scale + 1;
    let stride = (columns.saturating_sub(left) / count).clamp(1, 5);
    let bar = usize::from(stride.saturating_sub(1).max(1));
    let places = || days.iter().zip((left..).step_by(usize::from(stride)));
    let mut block = Vec::new();
    let digits = days.iter().map(|day| width(&thousands(day.count))).max().unwrap_or_default();
    if digits < stride {
        let number = |(day, x): (&DayCount, u16)| piece(x, thousands(day.count), Role::Text);
        block.push(places().filter(|(day, _)| day.count > 0).map(number).collect());
    } else if let Some(most) = days.iter().max_by_key(|day| day.count) {
        let words = format!("Most on one day: {}, on {}", thousands(most.count), most.date);
        block.extend(sentence(&words, columns));
    }
    for below in (0..rows).rev() {
        // A number of the scale stands where a bar of that height ends.
        let mark = match below {
            _ if below + 1 == rows => thousands(top),
            _ if (below + 1) * 2 == rows && top > 1 => thousands(top / 2),
            _ => String::new(),
        };
        let tick = if mark.is_empty() { "│" } else { "┤" };
        let mut row = vec![
            piece(scale.saturating_sub(width(&mark)), mark, Role::Scale),
            piece(scale, tick, Role::Scale),
        ];
        let cell = |(day, x): (&DayCount, u16)| {
            piece(x, standing(day.count, top, rows, below).repeat(bar), Role::Bar)
        };
        row.extend(places().map(cell).filter(|piece| piece.text.trim() != ""));
        block.push(row);
    }
    let width_of_bars = count * stride;
    let line = "─".repeat(usize::from(width_of_bars));
    block.push(vec![
        piece(scale.saturating_sub(1), "0", Role::Scale),
        piece(scale, format!("└{line}"), Role::Scale),
    ]);
    let ends = [days.first(), days.last()];
    let [first, last] = ends.map(|day| day.map(|day| day.date.to_string()).unwrap_or_default());
    let end = (left + width_of_bars).saturating_sub(width(&last));
    block.push(vec![piece(left, first, Role::Scale), piece(end, last, Role::Scale)]);
    block
}

/// Today's visits by status, which add up, and the longest wait.
fn visits(figures: &VisitFigures, columns: u16) -> Vec<Row> {
    let mut block = vec![title("Visits today")];
    if figures.arrived == 0 {
        block.extend(sentence("No visits today.", columns));
        return block;
    }
    let counts = [
        ("Waiting", figures.waiting),
        ("Called", figures.called),
        ("With a doctor", figures.in_room),
        ("Seen", figures.done),
        ("Left unseen", figures.left),
        ("= Arrived", figures.arrived),
    ];
    block.extend(bar_rows(&counts.map(|(name, count)| (name.to_owned(), count)), columns));
    let wait = match (figures.waiting, figures.longest_wait_minutes) {
        (0, _) => "Nobody is waiting.".to_owned(),
        (_, minutes @ ..60) => format!("Longest wait: {minutes} min"),
        (_, minutes) => format!("Longest wait: {} h {} min", minutes / 60, minutes % 60),
    };
    block.extend(sentence(&wait, columns));
    block
}

/// The assignments by status, which add up.
fn assignments(figures: &AssignmentFigures, columns: u16) -> Vec<Row> {
    let by = &figures.by_status;
    let all = by.active + by.on_hold + by.completed + by.cancelled;
    let mut block = vec![title("Assignments")];
    if all == 0 {
        block.extend(sentence("No assignments yet.", columns));
        return block;
    }
    let counts = [
        ("Active", by.active),
        ("On hold", by.on_hold),
        ("Completed", by.completed),
        ("Cancelled", by.cancelled),
        ("= All", all),
    ];
    block.extend(bar_rows(&counts.map(|(name, count)| (name.to_owned(), count)), columns));
    block.extend(sentence(&format!("{} assigned today", thousands(figures.today)), columns));
    block
}

/// The doctors with the most active assignments.
fn busiest(figures: &AssignmentFigures, columns: u16) -> Vec<Row> {
    let mut block = vec![title("Busiest doctors")];
    if figures.busiest_doctors.is_empty() {
        block.extend(sentence("No doctor has an active assignment.", columns));
    }
    let doctors = figures.busiest_doctors.iter();
    let counts: Vec<_> =
        doctors.map(|busy| (display(&busy.doctor_name).into_owned(), busy.active)).collect();
    block.extend(bar_rows(&counts, columns));
    block
}

/// The doctors by specialisation.
fn specializations(dashboard: &Dashboard, columns: u16) -> Vec<Row> {
    let figures = &dashboard.doctors;
    let mut block = vec![title("Specialisations")];
    if figures.total == 0 {
        block.extend(sentence("No doctors yet.", columns));
        return block;
    }
    let doctors = if figures.total == 1 { "doctor" } else { "doctors" };
    let words = format!(
        "{} {doctors} · accepting patients: {}",
        thousands(figures.total),
        thousands(figures.available)
    );
    block.extend(sentence(&words, columns));
    let counts: Vec<_> = figures
        .by_specialization
        .iter()
        .map(|by| (display(&by.specialization).into_owned(), by.count))
        .collect();
    block.extend(bar_rows(&counts, columns));
    block
}

/// The patients who were registered last.
fn recent(patients: &[Patient], world: &World, columns: u16) -> Vec<Row> {
    let mut block = vec![title("Registered last")];
    if patients.is_empty() {
        block.extend(sentence("No patients yet.", columns));
    }
    for patient in patients {
        let head = Record::from(patient.clone()).row();
        let day = world.day(&patient.created_at).to_string();
        let code = columns.saturating_sub(width(&head.code));
        let name = width(&day) + 2;
        block.push(vec![
            piece(0, day, Role::Scale),
            piece(name, truncate(&head.name, code.saturating_sub(name + 1)), Role::Text),
            piece(code, head.code, Role::Label),
        ]);
    }
    block
}

/// All blocks but the registrations, in the order in which they are read.
pub(super) fn blocks(dashboard: &Dashboard, world: &World, columns: u16) -> Vec<Vec<Row>> {
    vec![
        visits(&dashboard.visits, columns),
        busiest(&dashboard.assignments, columns),
        assignments(&dashboard.assignments, columns),
        specializations(dashboard, columns),
        recent(&dashboard.recent_patients, world, columns),
    ]
}
