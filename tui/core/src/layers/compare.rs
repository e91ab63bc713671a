//! Two records that may be of one person, side by side. The user merges them, with a choice for each member in which
//! they differ, or says that they are different people.

use ratatui_core::layout::Rect;
use serde_json::json;
use shared::{
    FieldErrors,
    patient::{LikelyPair, MergeFields, MergeSource, Patient},
};

use super::question;
use crate::{
    api::{Call, Failure, Reply, sentence},
    effect::Lane,
    input::{
        action::{Action, Context},
        keymap::key,
    },
    intent::Event,
    layers::{Intent, Layer},
    paint::Painter,
    resource::{Record, RecordKind, pair_reasons},
    text::{capitalized, display, paragraphs},
    world::World,
};

/// A member of both records.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// The name of the member; none for the number, whose choice says which record stays.
    name: Option<&'static str>,
    label: &'static str,
    values: [String; 2],
    /// The place of the record whose value is taken. None where both values are taken or are the same.
    taken: Option<usize>,
}

/// Two records side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pair: LikelyPair,
    /// The whole records, as soon as they are read.
    records: [Option<Patient>; 2],
    rows: Vec<Row>,
    /// The place of the record that stays.
    stays: usize,
    at: usize,
    /// Lines above the first that is seen.
    scroll: usize,
}

/// Begins: both records are read, one after the other. The list withholds what only a record's page shows.
pub fn init(pair: LikelyPair) -> (State, Vec<Intent>) {
    let mut state =
        State { pair, records: [None, None], rows: Vec::new(), stays: 0, at: 0, scroll: 0 };
    let asked = state.ask();
    (state, asked)
}

impl State {
    /// Asks for both records again.
    pub fn ask(&mut self) -> Vec<Intent> {
        self.records = [None, None];
        self.ask_next()
    }

    /// Asks for the first record that is not read.
    fn ask_next(&self) -> Vec<Intent> {
        let missing = self.records.iter().position(Option::is_none);
        let patient = missing.and_then(|place| self.pair.patients.get(place));
        let call = |it: &Patient| Call::Read {
            kind: RecordKind::Patient,
            id: it.id.0,
            is_archived: false,
        };
        patient.map(|it| Intent::Read(Lane::Compare, call(it))).into_iter().collect()
    }

    /// Whether both records are there.
    pub fn is_read(&self) -> bool {
        self.records.iter().all(Option::is_some)
    }

    /// Whether it compares this pair of patients.
    pub fn is_of(&self, patients: [i64; 2]) -> bool {
        self.pair.patients.iter().all(|it| patients.contains(&it.id.0))
    }

    /// Makes the rows of the records. What was chosen stays.
    fn compare(&mut self) {
        let [Some(one), Some(other)] = &self.records else { return };
        let records = [one, other].map(|it| Record::Patient(Box::new(it.clone())));
        let values = records.each_ref().map(Record::values);
        let chosen = std::mem::take(&mut self.rows);
        let number = [one, other].map(|it| it.mrn.clone());
        self.rows.push(Row { name: None, label: "Stays", values: number, taken: Some(self.stays) });
        let fields = RecordKind::Patient.fields(records.first());
        for field in fields {
            let both = values.each_ref().map(|it| it.get(field.name).cloned().unwrap_or_default());
            if both.iter().all(String::is_empty) {
                continue;
            }
            let can_be_chosen = MergeFields::names().any(|name| name == field.name);
            let differs = is_different(&both);
            let before = chosen.iter().find(|row| row.name == Some(field.name));
            let lacks = both.get(self.stays).is_none_or(|value| value.trim().is_empty());
            let own = if lacks { 1 - self.stays } else { self.stays };
            let taken = before.and_then(|row| row.taken).unwrap_or(own);
            let taken = (can_be_chosen && differs).then_some(taken);
            let name = can_be_chosen.then_some(field.name);
            self.rows.push(Row { name, label: field.label, values: both, taken });
        }
    }

    /// Takes the selected member from the record at this place, or lets that record stay.
    fn take(&mut self, place: usize) {
        let Some(row) = self.rows.get_mut(self.at) else { return };
        if row.taken.is_none() {
            return;
        }
        row.taken = Some(place);
        if row.name.is_none() && self.stays != place {
            self.stays = place;
            // What was not chosen follows the record that stays.
            self.rows.clear();
            self.compare();
        }
    }

    /// From which record each member is taken in which they differ.
    fn sources(&self) -> MergeFields {
        let source = |row: &Row| {
            let taken =
                if row.taken? == self.stays { MergeSource::This } else { MergeSource::Other };
            Some((row.name?, taken))
        };
        MergeFields(self.rows.iter().filter_map(source).collect())
    }

    /// The question whether to merge the records.
    fn merge(&self, world: &World) -> Vec<Intent> {
        let [Some(one), Some(other)] = &self.records else {
            return vec![Intent::Inform("Both records are still being read.".to_owned())];
        };
        let (kept, merged) = if self.stays == 0 { (one, other) } else { (other, one) };
        let sources = self.sources();
        let today = world.today;
        if let Err(errors) = kept.state().merged_with(&merged.state(), &sources, today) {
            return vec![Intent::Inform(format!("These values don't fit: {}.", said(&errors)))];
        }
        let call = Call::Merge {
            id: kept.id.0,
            version: kept.version,
            other: merged.id.0,
            body: json!({
                "other": merged.id, "other_version": merged.version, "fields": sources,
            }),
            reason: None,
            about: display(&kept.full_name).into_owned(),
        };
        vec![open(question::merge(kept, merged, call, world))]
    }
}

fn open(question: question::State) -> Intent {
    Intent::Open(Box::new(Layer::Question(Box::new(question))))
}

/// The rules that are broken, with the names of the members.
fn said(errors: &FieldErrors) -> String {
    let one = |(field, error): (&str, &shared::FieldError)| {
        format!("{} {}", field.replace('_', " "), error.message)
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Takes a record that was read, and asks for the other one.
pub fn answered(state: &mut State, answer: Result<Reply, Failure>) -> Vec<Intent> {
    match answer.and_then(Reply::record) {
        Ok(Record::Patient(patient)) => {
            let place = state.pair.patients.iter().position(|it| it.id == patient.id);
            let Some(slot) = place.and_then(|place| state.records.get_mut(place)) else {
                // The id leads to the record into which it was merged.
                let said = "These records were merged in the meantime.".to_owned();
                return vec![Intent::Close, Intent::Inform(said)];
            };
            *slot = Some(*patient);
            state.compare();
            state.ask_next()
        }
        Ok(_) => Vec::new(),
        Err(failure) => vec![Intent::Close, Intent::Warn(sentence(&failure))],
    }
}

/// Moves among the members, chooses values, and asks whether to merge the records or to tell them apart.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else { return Vec::new() };
    let last = state.rows.len().saturating_sub(1);
    let page = usize::from(place(world.body()).height).saturating_sub(6).max(1);
    match action {
        Action::RowUp => state.at = state.at.saturating_sub(1),
        Action::PageUp => state.at = state.at.saturating_sub(page),
        Action::RowDown => state.at = (state.at + 1).min(last),
        Action::PageDown => state.at = (state.at + page).min(last),
        Action::FirstRow => state.at = 0,
        Action::LastRow => state.at = last,
        Action::TakeLeft => state.take(0),
        Action::TakeRight => state.take(1),
        Action::Merge => return state.merge(world),
        Action::TellApart => return vec![open(question::tell_apart(&state.pair, world))],
        Action::Back => return vec![Intent::Close],
        _ => {}
    }
    Vec::new()
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Compare, Context::Rows, Context::Layer, Context::Global]
}

fn is_different([one, other]: &[String; 2]) -> bool {
    one.trim() != other.trim()
}

/// Columns before the values: the mark of the selected row, and the label.
const BEFORE: u16 = 20;
/// The gap between the values.
const GAP: u16 = 2;

fn place(area: Rect) -> Rect {
    super::middle(area, 110, area.height)
}

/// The width of a value in a place of this width.
fn column(width: u16) -> u16 {
    width.saturating_sub(BEFORE).saturating_sub(GAP) / 2
}

/// The lines of a value behind its sign.
fn wrapped(value: &str, columns: u16) -> Vec<String> {
    let value = if value.is_empty() { "–" } else { value };
    paragraphs(value, columns.saturating_sub(2).max(1))
}

fn height(row: &Row, width: u16) -> usize {
    let lines = row.values.iter().map(|value| wrapped(value, column(width)).len());
    lines.max().unwrap_or(1)
}

/// Scrolls so that the selected member is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    state.at = state.at.min(state.rows.len().saturating_sub(1));
    let place = place(world.body());
    let (width, lines) =
        (place.width.saturating_sub(4), usize::from(place.height).saturating_sub(5));
    let start: usize = state.rows.iter().take(state.at).map(|row| height(row, width)).sum();
    let end = start + state.rows.get(state.at).map_or(0, |row| height(row, width));
    let lowest = end.saturating_sub(lines);
    state.scroll = state.scroll.clamp(start.min(lowest), start.max(lowest));
}

/// Draws what agrees, and both records with the values that are taken.
pub fn view(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(place(area), "One person?");
    let agrees = format!("{}: {}.", state.pair.grade, pair_reasons(&state.pair.reasons));
    painter.text(inside.x, inside.y, inside.width, &capitalized(&agrees), theme.text);
    if !state.is_read() {
        painter.text(inside.x, inside.y + 1, inside.width, "Reading both records …", theme.dim);
        return;
    }
    let keys = format!(
        "{} {} take a value, {} merges, {} for different people.",
        key(Action::TakeLeft),
        key(Action::TakeRight),
        key(Action::Merge),
        key(Action::TellApart)
    );
    painter.text(inside.x, inside.y + 1, inside.width, &keys, theme.dim);
    let rows =
        Rect { y: inside.y.saturating_add(2), height: inside.height.saturating_sub(2), ..inside };
    let mut line = 0;
    for (at, row) in state.rows.iter().enumerate() {
        let top = line;
        line += height(row, rows.width);
        if line > state.scroll {
            let from = top.cast_signed() - state.scroll.cast_signed();
            draw(row, at == state.at, from, rows, painter);
        }
    }
    let edge = rows.right();
    if state.scroll > 0 {
        painter.text(edge, rows.y, 1, "↑", theme.dim);
    }
    if line > state.scroll + usize::from(rows.height) {
        painter.text(edge, rows.bottom().saturating_sub(1), 1, "↓", theme.dim);
    }
}

/// Draws a member from this line of the place on, which may lie above it.
fn draw(row: &Row, is_selected: bool, from: isize, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let y = |line: isize| {
        let line = u16::try_from(line).ok().filter(|line| *line < place.height)?;
        Some(place.y.saturating_add(line))
    };
    let (mark, style) = if is_selected { ("› ", theme.selected) } else { ("  ", theme.label) };
    if let Some(y) = y(from) {
        painter.pieces(place.x, y, BEFORE - 1, &[(mark, style), (row.label, style)]);
    }
    if is_selected {
        painter.place_cursor(place.x, y(from.max(0)).unwrap_or(place.y));
    }
    let columns = column(place.width);
    let is_same = !is_different(&row.values);
    for (side, value) in row.values.iter().enumerate() {
        let is_united = row.taken.is_none() && !is_same && !value.trim().is_empty();
        let is_taken = row.taken == Some(side) || is_united;
        let (sign, style) = match (is_taken, is_same) {
            (_, true) => ("  ", theme.dim),
            (true, false) => ("✓ ", theme.selected_away),
            (false, false) => ("  ", theme.text),
        };
        let x = place.x + BEFORE + if side == 0 { 0 } else { columns + GAP };
        for (at, text) in wrapped(value, columns).iter().enumerate() {
            if let Some(y) = y(from + at.cast_signed()) {
                let sign = if at == 0 { sign } else { "  " };
                painter.pieces(x, y, columns, &[(sign, theme.good), (text.as_str(), style)]);
            }
        }
    }
}
