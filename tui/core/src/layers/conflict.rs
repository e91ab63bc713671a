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
    intent::{Event, Merge},
    layers::Intent,
    paint::Painter,
    resource::{Record, RecordKind},
    text::{display, paragraphs},
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
    /// Lines of the fields above the first that is seen.
    scroll: usize,
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
    State { rows, by: by(problem, world), theirs, at: 0, scroll: 0 }
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
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let last = state.rows.len().saturating_sub(1);
    let page = usize::from(rows(state, world.body()).height).saturating_sub(1).max(1);
    match event {
        Event::Act(Action::RowUp) => up(state, world, 1),
        Event::Act(Action::PageUp) => up(state, world, page),
        Event::Act(Action::RowDown) => down(state, world, 1),
        Event::Act(Action::PageDown) => down(state, world, page),
        Event::Act(Action::FirstRow) => (state.at, state.scroll) = (0, 0),
        Event::Act(Action::LastRow) => state.at = last,
        Event::Act(Action::TakeMine) => choose(state, Take::Mine),
        Event::Act(Action::TakeTheirs) => choose(state, Take::Theirs),
        Event::Act(Action::Accept | Action::Save) => return merge(state),
        Event::Act(Action::Back) => {
            let said = "Not saved. The form is as you left it.".to_owned();
            return vec![Intent::Close, Intent::Inform(said)];
        }
        _ => {}
    }
    Vec::new()
}

/// Reads on in the selected field, or goes to the next one where the end of this one is seen.
fn down(state: &mut State, world: &World, by: usize) {
    let rows = rows(state, world.body());
    let end = span(state, rows.width).1;
    if state.scroll + usize::from(rows.height) < end {
        state.scroll += by;
    } else {
        state.at = (state.at + 1).min(state.rows.len().saturating_sub(1));
    }
}

/// Reads back in the selected field, or goes to the one before where the beginning of this one is seen.
fn up(state: &mut State, world: &World, by: usize) {
    let start = span(state, rows(state, world.body()).width).0;
    if state.scroll > start {
        state.scroll = state.scroll.saturating_sub(by);
    } else {
        state.at = state.at.saturating_sub(1);
    }
}

fn choose(state: &mut State, take: Take) {
    if let Some(row) = state.rows.get_mut(state.at) {
        row.take = take;
    }
}

fn merge(state: &mut State) -> Vec<Intent> {
    if let Some(open) = state.rows.iter().position(|row| row.take == Take::Undecided) {
        state.at = open;
        let label = state.rows.get(open).map_or("it", |row| row.label);
        return vec![Intent::Inform(format!(
            "{label}: choose {} theirs or {} mine first.",
            key(Action::TakeTheirs),
            key(Action::TakeMine)
        ))];
    }
    let taken = state.rows.iter().filter(|row| row.take == Take::Theirs).map(|row| row.name);
    let merge = Merge { theirs: state.theirs.clone(), taken: taken.collect() };
    vec![Intent::Close, Intent::Merged(Box::new(merge))]
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Conflict, Context::Rows, Context::Layer, Context::Global]
}

/// Scrolls so that the selected field is seen, or the part of it that is being read.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    state.at = state.at.min(state.rows.len().saturating_sub(1));
    let rows = rows(state, world.body());
    let (start, end) = span(state, rows.width);
    let lowest = end.saturating_sub(usize::from(rows.height));
    state.scroll = state.scroll.clamp(start.min(lowest), start.max(lowest));
}

/// Columns before a value: the sign of the one that is taken, and whose it is.
const BEFORE: u16 = 15;

/// A field's values with whose they are and whether they are taken.
fn values(row: &Row) -> [(&'static str, &str, bool); 3] {
    [
        ("before", &row.base, false),
        ("theirs", &row.theirs, row.take == Take::Theirs),
        ("mine", &row.mine, row.take == Take::Mine),
    ]
}

/// A value as lines.
fn wrapped(value: &str, columns: u16) -> Vec<String> {
    let value = if value.is_empty() { "–" } else { value };
    paragraphs(value, columns.saturating_sub(BEFORE).max(1))
}

/// Lines of a field: its name, and its values in full.
fn height(row: &Row, columns: u16) -> usize {
    let values = values(row);
    1 + values.iter().map(|(_, value, _)| wrapped(value, columns).len()).sum::<usize>()
}

/// The lines of the selected field: the first one, and the one after the last.
fn span(state: &State, columns: u16) -> (usize, usize) {
    let before = state.rows.iter().take(state.at).map(|row| height(row, columns)).sum();
    let own = state.rows.get(state.at).map_or(0, |row| height(row, columns));
    (before, before + own)
}

fn place(state: &State, area: Rect) -> Rect {
    let columns = area.width.min(76);
    let inside = columns.saturating_sub(4);
    let fields: usize = state.rows.iter().map(|row| height(row, inside)).sum();
    let fields = u16::try_from(fields).unwrap_or(u16::MAX);
    super::middle(area, columns, fields.saturating_add(5))
}

/// The place of the fields, below two lines about all of them.
fn rows(state: &State, area: Rect) -> Rect {
    let place = place(state, area);
    Rect {
        x: place.x.saturating_add(2),
        y: place.y.saturating_add(3),
        width: place.width.saturating_sub(4),
        height: place.height.saturating_sub(4),
    }
}

/// Draws who has changed the record, what is left to be chosen, and the fields.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(place(state, area), "! Changed in the meantime");
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
    let rows = rows(state, area);
    let mut line = 0;
    for (at, row) in state.rows.iter().enumerate() {
        let end = line + height(row, rows.width);
        if end > state.scroll {
            field(
                row,
                at == state.at,
                line.cast_signed() - state.scroll.cast_signed(),
                rows,
                painter,
            );
        }
        line = end;
    }
    let edge = rows.right().saturating_add(1);
    if state.scroll > 0 {
        painter.text(edge, rows.y, 1, "↑", theme.dim);
    }
    if line > state.scroll + usize::from(rows.height) {
        painter.text(edge, rows.bottom().saturating_sub(1), 1, "↓", theme.dim);
    }
}

/// Draws a field from this line of the place on, which may lie above it.
fn field(row: &Row, is_selected: bool, line: isize, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let (said, style) = match (row.take, row.is_clash) {
        (Take::Undecided, _) => ("? choose", theme.fault),
        (Take::Mine, false) => ("only you changed it", theme.dim),
        (Take::Theirs, false) => ("only the other user changed it", theme.dim),
        (Take::Mine, true) => ("yours is kept", theme.good),
        (Take::Theirs, true) => ("theirs is taken", theme.good),
    };
    let y = |line: isize| {
        let line = u16::try_from(line).ok().filter(|line| *line < place.height)?;
        Some(place.y.saturating_add(line))
    };
    let mark = if is_selected { "› " } else { "  " };
    let head = if is_selected { theme.selected } else { theme.label };
    if let Some(y) = y(line) {
        let pieces = [(mark, head), (row.label, head), ("  ", theme.text), (said, style)];
        painter.pieces(place.x, y, place.width, &pieces);
    }
    if is_selected {
        // Where the name has been scrolled away, the cursor stands at the first line that is seen.
        painter.place_cursor(place.x, y(line.max(0)).unwrap_or(place.y));
    }
    let mut line = line + 1;
    for (label, value, is_taken) in values(row) {
        let sign = if is_taken { "  ✓ " } else { "    " };
        let style = if is_taken { theme.selected_away } else { theme.text };
        for (part, text) in wrapped(value, place.width).iter().enumerate() {
            if let Some(y) = y(line) {
                let (sign, label) = if part == 0 { (sign, label) } else { ("    ", "") };
                let label = format!("{label:<11}");
                let pieces = [(sign, theme.good), (label.as_str(), theme.dim), (text, style)];
                painter.pieces(place.x, y, place.width, &pieces);
            }
            line += 1;
        }
    }
}
