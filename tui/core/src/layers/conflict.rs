//! Two versions of a record: the one that somebody else has saved meanwhile, and the one typed here.
//! Fields that only one side has changed are merged. The user chooses for the others.

use chrono::{DateTime, Utc};
use ratatui_core::layout::Rect;
use serde_json::Value;
use shared::Problem;

use crate::{
    form::Form,
    input::{
        action::{Action, Context},
        keymap::key,
    },
    layers::Step,
    paint::Painter,
    resource::{Record, RecordKind},
    step::Event,
    step::Merge,
    text::display,
    world::World,
};

/// Whose value a field gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    Mine,
    Theirs,
    Undecided,
}

/// One field that somebody has changed.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: &'static str,
    label: &'static str,
    base: String,
    theirs: String,
    mine: String,
    take: Take,
    is_clash: bool,
}

/// Two versions of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    rows: Vec<Row>,
    theirs: Record,
    by: String,
    at: usize,
}

/// The record as it is now, as the refusal carries it.
pub fn theirs(kind: RecordKind, problem: &Problem) -> Option<Record> {
    kind.record_in(problem.extra.get("current")?.clone())
}

/// Begins with the form, the record that it was made from, and the record as it is now.
pub fn init(form: &Form, base: &Record, theirs: Record, problem: &Problem, world: &World) -> State {
    let (was, is) = (base.values(), theirs.values());
    let empty = String::new();
    let mut rows = Vec::new();
    // A password that confirms the change is no member of the record.
    for field in form.fields.iter().filter(|field| !field.is_secret()) {
        let base = was.get(field.name).unwrap_or(&empty).trim().to_owned();
        let theirs = is.get(field.name).unwrap_or(&empty).trim().to_owned();
        let mine = field.value().trim().to_owned();
        let take = match (mine == base, theirs == base) {
            (true, true) => continue,
            (true, false) => Take::Theirs,
            (false, true) => Take::Mine,
            (false, false) if mine == theirs => Take::Theirs,
            (false, false) => Take::Undecided,
        };
        let is_clash = take == Take::Undecided;
        let label = field.label;
        rows.push(Row { name: field.name, label, base, theirs, mine, take, is_clash });
    }
    rows.sort_by_key(|row| !row.is_clash);
    State { rows, by: by(problem, world), theirs, at: 0 }
}

/// Who has changed it, and when.
fn by(problem: &Problem, world: &World) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(user) => user.get("username").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let extra = &problem.extra;
    let name = extra.get("changed_by_username").or(extra.get("changed_by")).and_then(text);
    let at = extra.get("changed_at").and_then(Value::as_str);
    let at = at.and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let at = at.map(|at| format!(", {}", world.stamp(&at)));
    format!("{}{}", name.unwrap_or_else(|| "somebody else".to_owned()), at.unwrap_or_default())
}

/// Moves among the fields, chooses a value for each, and saves the result.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Step> {
    let last = state.rows.len().saturating_sub(1);
    match event {
        Event::Act(Action::RowUp | Action::PageUp) => state.at = state.at.saturating_sub(1),
        Event::Act(Action::RowDown | Action::PageDown) => state.at = (state.at + 1).min(last),
        Event::Act(Action::FirstRow) => state.at = 0,
        Event::Act(Action::LastRow) => state.at = last,
        Event::Act(Action::TakeMine) => choose(state, Take::Mine),
        Event::Act(Action::TakeTheirs) => choose(state, Take::Theirs),
        Event::Act(Action::Accept | Action::Save) => return merge(state),
        Event::Act(Action::Back) => {
            let said = "Not saved. The form is as you left it.".to_owned();
            return vec![Step::Close, Step::Inform(said)];
        }
        _ => {}
    }
    Vec::new()
}

fn choose(state: &mut State, take: Take) {
    if let Some(row) = state.rows.get_mut(state.at) {
        row.take = take;
    }
}

fn merge(state: &mut State) -> Vec<Step> {
    if let Some(open) = state.rows.iter().position(|row| row.take == Take::Undecided) {
        state.at = open;
        let label = state.rows.get(open).map_or("it", |row| row.label);
        return vec![Step::Inform(format!(
            "{label}: choose {} theirs or {} mine first.",
            key(Action::TakeTheirs),
            key(Action::TakeMine)
        ))];
    }
    let taken = state.rows.iter().filter(|row| row.take == Take::Theirs).map(|row| row.name);
    let merge = Merge { theirs: state.theirs.clone(), taken: taken.collect() };
    vec![Step::Close, Step::Merged(Box::new(merge))]
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Conflict, Context::Rows, Context::Layer, Context::Global]
}

/// Keeps the selection among the rows.
pub fn settle(state: &mut State, _: &World) {
    state.at = state.at.min(state.rows.len().saturating_sub(1));
}

/// Rows of one field: its name, as it was, theirs, mine.
const FIELD_ROWS: u16 = 4;

/// Draws each field with its three values.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let fields = u16::try_from(state.rows.len()).unwrap_or(u16::MAX).saturating_mul(FIELD_ROWS);
    let place = super::middle(area, 76, fields.saturating_add(5));
    let inside = painter.frame(place, "! Changed in the meantime");
    let by = format!("Saved by {}.", display(&state.by));
    painter.text(inside.x, inside.y, inside.width, &by, theme.text);
    let clashes = state.rows.iter().filter(|row| row.take == Take::Undecided).count();
    let (words, style) = match clashes {
        0 => (format!("{} saves the merged record.", key(Action::Accept)), theme.good),
        n => (
            {
                let (theirs, mine) = (key(Action::TakeTheirs), key(Action::TakeMine));
                format!("Choose {theirs} theirs or {mine} mine: {n} left.")
            },
            theme.warning,
        ),
    };
    painter.text(inside.x, inside.y + 1, inside.width, &words, style);
    let rows =
        Rect { y: inside.y.saturating_add(2), height: inside.height.saturating_sub(2), ..inside };
    let visible = usize::from(rows.height / FIELD_ROWS).max(1);
    let top = (state.at + 1).saturating_sub(visible);
    let mut y = rows.y;
    for (at, row) in state.rows.iter().enumerate().skip(top) {
        if y >= rows.bottom() {
            break;
        }
        field(row, at == state.at, Rect { y, height: rows.bottom() - y, ..rows }, painter);
        y = y.saturating_add(FIELD_ROWS);
    }
}

fn field(row: &Row, is_selected: bool, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let (said, style) = match (row.take, row.is_clash) {
        (Take::Undecided, _) => ("? choose", theme.fault),
        (Take::Mine, false) => ("only you changed it", theme.dim),
        (Take::Theirs, false) => ("only the other user changed it", theme.dim),
        (Take::Mine, true) => ("yours is kept", theme.good),
        (Take::Theirs, true) => ("theirs is taken", theme.good),
    };
    let mark = if is_selected { "› " } else { "  " };
    let head = if is_selected { theme.selected } else { theme.label };
    let pieces = [(mark, head), (row.label, head), ("  ", theme.text), (said, style)];
    painter.pieces(place.x, place.y, place.width, &pieces);
    if is_selected {
        painter.place_cursor(place.x, place.y);
    }
    let values = [
        ("before", &row.base, false),
        ("theirs", &row.theirs, row.take == Take::Theirs),
        ("mine", &row.mine, row.take == Take::Mine),
    ];
    for (y, (label, value, is_taken)) in (place.y + 1..place.bottom()).zip(values) {
        let sign = if is_taken { "  ✓ " } else { "    " };
        let value = if value.is_empty() { "–".into() } else { display(value) };
        let style = if is_taken { theme.selected_away } else { theme.text };
        let label = format!("{label:<11}");
        let pieces = [(sign, theme.good), (label.as_str(), theme.dim), (&*value, style)];
        painter.pieces(place.x, y, place.width, &pieces);
    }
}
