//! Picking a record: a field for text over the rows that the server finds.

use ratatui_core::layout::Rect;

use super::{
    Layer,
    arrival::{self, Draft},
    middle, question,
};
use crate::{
    api::{Call, Failure, Missing, Reply},
    cursor::Cursor,
    effect::Lane,
    input::{
        action::{Action, Context},
        keymap::{self, chords_of, labels, with_keys},
        table::{Entry, TABLE},
    },
    intent::{Event, Place},
    layers::Intent,
    paint::Painter,
    panels::rows,
    resource::{Errand, Pick, Query, Record, RecordKind, Row, fit},
    search::{self, Search, Searching},
    sentences::LOADING,
    text::{self, display, paragraphs},
    world::World,
};

/// Rows above the records: the field, an empty line, the heads.
const ABOVE: u16 = 3;

/// A record being picked.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What is typed.
    pub(crate) search: Search,
    pick: Pick,
    errand: Errand,
    rows: Vec<Row>,
    /// How many records there are, and how many of them are shown.
    count: String,
    cursor: Cursor,
    /// Whether there was an answer.
    is_read: bool,
    /// Whether there is nothing to pick, whatever is typed.
    is_barren: bool,
    /// The record that matches, but is the one that another is picked for.
    left_out: Option<String>,
    failure: Option<Missing>,
    /// Whether the rows have the focus.
    is_choosing: bool,
}

impl State {
    /// Whether a reason was typed before.
    pub(crate) fn has_reason(&self) -> bool {
        self.errand.reason().is_some()
    }

    /// Whether there is a record to pick, or what is typed may find one.
    pub(crate) fn can_pick(&self) -> bool {
        !self.rows.is_empty() || self.search.is_outdated()
    }

    fn failed(&mut self, failure: &Failure) -> Vec<Intent> {
        self.failure = Some(Missing::of(failure));
        match failure {
            Failure::Problem(problem) if problem.errors.contains_key("search") => {
                self.rows.clear();
                self.search.refused();
            }
            _ => self.search.failed(),
        }
        Vec::new()
    }
}

/// Opens the picker with which these records are assigned.
pub fn assign(subjects: Vec<Record>, world: &World) -> Vec<Intent> {
    let Some(action) = subjects.first().and_then(|subject| subject.kind().table().pick) else {
        return Vec::new();
    };
    open(action.pick, Errand::Each(action.purpose, subjects), world)
}

/// Opens a picker. The first rows are asked for at once.
pub fn open(pick: Pick, errand: Errand, world: &World) -> Vec<Intent> {
    let mut state = State {
        search: Search::default(),
        pick,
        errand,
        rows: Vec::new(),
        count: String::new(),
        cursor: Cursor::default(),
        is_read: false,
        is_barren: false,
        left_out: None,
        failure: None,
        is_choosing: false,
    };
    let ask = state.ask(world);
    vec![Intent::Open(Box::new(Layer::Picker(Box::new(state)))), ask]
}

impl Searching<Layer> for State {
    const LANE: Lane = Lane::Pick;

    fn search(&mut self) -> &mut Search {
        &mut self.search
    }

    fn call(&mut self, world: &World) -> Call {
        let search = self.search.query(world.calendar());
        let only = self.pick.only.iter();
        let mut query: Vec<_> = only.map(|(name, value)| (*name, (*value).to_owned())).collect();
        query.push(("page_size", world.page_size.to_string()));
        query.extend((!search.is_empty()).then_some(("search", search)));
        Call::List { kind: self.pick.kind, query }
    }

    fn leave_rows(&mut self) {
        self.is_choosing = false;
    }
}

/// Types, moves among the rows, picks or closes.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let action = match event {
        Event::Edited => return state.edited(world),
        Event::Act(action) => action,
    };
    if let Some(intents) = state.act(action, world) {
        return intents;
    }
    match action {
        Action::RowDown if !state.is_choosing => choose(state),
        Action::RowUp if state.cursor.at() == 0 => state.is_choosing = false,
        Action::Accept => return accept(state, world),
        Action::Back => return back(state, world),
        Action::Refresh => return vec![state.ask(world)],
        _ => {
            if action == Action::PageDown {
                choose(state);
            }
            state.cursor.act(action, state.rows.len(), usize::from(rows(world)));
        }
    }
    Vec::new()
}

/// Nothing is picked. An arrival is shown again, with all that was typed and picked for it.
fn back(state: &State, world: &World) -> Vec<Intent> {
    let mut intents = close();
    if let Errand::Arrival { patient, doctor, reason, is_urgent } = state.errand.clone() {
        intents.extend(arrival::open(patient, Draft { doctor, reason, is_urgent }, world));
    }
    intents
}

/// Nothing is picked, and no answer counts any more.
fn close() -> Vec<Intent> {
    vec![Intent::Cancel(Lane::Pick), Intent::Close]
}

/// Goes to the rows. What is typed there replaces the text.
fn choose(state: &mut State) {
    state.is_choosing = !state.rows.is_empty();
    state.search.select();
}

/// Enter belongs to the text that was typed: it waits for the answer to that, and takes the one
/// record that was found. Among several, somebody has to choose.
fn accept(state: &mut State, world: &World) -> Vec<Intent> {
    if state.search.is_outdated() {
        return state.wait(Action::Accept, world);
    }
    let matches = state.rows.len() + usize::from(state.left_out.is_some());
    if matches > 1 && !state.is_choosing {
        choose(state);
        return Vec::new();
    }
    let Some(row) = state.rows.get(state.cursor.at()) else { return Vec::new() };
    let mut intents = close();
    intents.extend(picked(&state.errand, &row.record, world));
    intents
}

/// What follows once a record was picked.
fn picked(errand: &Errand, record: &Record, world: &World) -> Vec<Intent> {
    let question = match errand.clone() {
        Errand::Each(purpose, subjects) => question::picked(purpose, &subjects, record, world),
        Errand::HandOver { doctor, reason } => {
            Some(question::hand_over_to(&doctor, record, reason))
        }
        Errand::Link(subject) => Some(question::link(&subject, record)),
        Errand::Arrival { patient, reason, is_urgent, .. } => {
            let draft = Draft { doctor: Some(record.clone()), reason, is_urgent };
            return arrival::open(patient, draft, world);
        }
    };
    let layer = question.map(|question| Layer::Question(Box::new(question)));
    layer.map(|layer| Intent::Open(Box::new(layer))).into_iter().collect()
}

/// Takes an answer. What is on the screen stays where there is none.
pub fn answered(state: &mut State, world: &World, answer: Result<Reply, Failure>) -> Vec<Intent> {
    let page = match answer.and_then(Reply::page) {
        Ok(page) => page,
        Err(failure) => return state.failed(&failure),
    };
    let left_out = state.errand.left_out();
    let capped = if page.count_capped { "+" } else { "" };
    let (is_all, count) = (page.next.is_none(), page.count);
    let is_left_out = |record: &Record| Some(record.id()) == left_out;
    state.left_out = page.results.iter().find(|it| is_left_out(it)).map(Record::name);
    let records = page.results.into_iter().filter(|it| !is_left_out(it));
    state.rows = records.map(|record| Row::of(record, world)).collect();
    let shown = state.rows.len();
    state.count = match is_all {
        true => shown.to_string(),
        false => format!("first {shown} of {count}{capped}"),
    };
    (state.is_read, state.failure) = (true, None);
    (state.cursor, state.is_choosing) = (Cursor::default(), false);
    let awaited = state.search.answered();
    let is_of_all = state.search.text().is_empty() && !state.search.is_outdated();
    state.is_barren = count == 0 && (state.is_barren || is_of_all);
    match awaited {
        Some(_) => accept(state, world),
        None => Vec::new(),
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Pick, Context::Layer, Context::Global]
}

fn place(area: Rect) -> Rect {
    middle(area, 78, area.height.min(20))
}

fn rows(world: &World) -> u16 {
    place(world.body()).height.saturating_sub(2 + ABOVE)
}

/// Whether there are more rows than fit on one page.
pub fn has_pages(state: &State, world: &World) -> bool {
    state.rows.len() > usize::from(rows(world))
}

/// Scrolls so that the selected row is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    state.cursor.keep_visible(state.rows.len(), usize::from(rows(world)));
}

/// Draws the field, and the rows below it.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let inside = painter.frame(place(area), state.pick.title);
    let is_typing = has_focus && !state.is_choosing;
    field(state, inside, painter, is_typing);
    let all = state.pick.kind.heads();
    let columns = fit(&all, inside.width);
    let below = Rect {
        y: inside.y.saturating_add(ABOVE),
        height: inside.height.saturating_sub(ABOVE),
        ..inside
    };
    if state.rows.is_empty() {
        instead(state, world, below, painter);
        return;
    }
    rows::heads(&all, &columns, Rect { y: inside.y, ..inside }, painter);
    let is_old = state.failure.is_some() || (state.search.is_outdated() && world.is_waiting);
    let is_search = !state.search.text().is_empty();
    let is_by_last_name = state.pick.kind.table().is_by_last_name(&Query::default(), is_search);
    let look = rows::Look { is_by_last_name, is_old };
    let window = state.rows.iter().enumerate().skip(state.cursor.top());
    for (y, (at, row)) in (below.y..below.bottom()).zip(window) {
        let line = Rect { y, height: 1, ..below };
        let is_selected = at == state.cursor.at();
        let is_active = has_focus && !is_typing;
        rows::draw_row(row, (&all, &columns), line, painter, (is_selected, is_active), look);
        if is_selected && has_focus && !is_typing {
            painter.place_cursor(below.x, y);
        }
    }
}

fn field(state: &State, inside: Rect, painter: &mut Painter<'_>, is_typing: bool) {
    let theme = *painter.theme;
    let right = text::width(&state.count).saturating_add(2);
    let used = painter.text(inside.x, inside.y, inside.width, "Find ", theme.label);
    let x = inside.x.saturating_add(used);
    let columns = inside.width.saturating_sub(used).saturating_sub(right);
    let place = Rect { x, width: columns, height: 1, ..inside };
    let hint = state.pick.kind.table().search.as_ref().map_or("", |search| search.accepts);
    search::draw(&state.search.field, place, painter, is_typing, hint);
    painter.text_right(inside.right(), inside.y, right, &state.count, theme.text);
}

/// Where records of a kind are entered, for those who may.
fn entered_at(kind: RecordKind, world: &World) -> String {
    let is_section = |entry: &&Entry| Place::of(entry.action) == Some(Place::List(kind));
    let section = TABLE.iter().find(is_section).filter(|_| kind.table().may_create(world));
    section.map_or(String::new(), |entry| {
        let key = labels(&chords_of(entry, &[Context::Global]));
        format!(
            " {} leaves this; they are entered in their list, {key}.",
            keymap::key(Action::Back)
        )
    })
}

/// What stands where no rows are.
fn instead(state: &State, world: &World, place: Rect, painter: &mut Painter<'_>) {
    let table = state.pick.kind.table();
    let typed = state.search.text();
    let line = match &state.failure {
        Some(missing) => missing.line(),
        None if !state.is_read => LOADING.to_owned(),
        None if state.left_out.is_some() => {
            let name = state.left_out.as_deref().unwrap_or_default();
            format!("Only {name} matches, for whom another one is picked.")
        }
        None => match table.search.as_ref().filter(|_| !typed.is_empty() && !state.is_barren) {
            Some(search) => {
                let advice = with_keys(search.advice);
                format!("{} “{}”. {advice}", search.no_match, display(typed))
            }
            None => format!("{}{}", table.words.none, entered_at(state.pick.kind, world)),
        },
    };
    let style = painter.theme.text;
    for (y, line) in (place.y..place.bottom()).zip(paragraphs(&line, place.width)) {
        painter.text(place.x, y, place.width, &line, style);
    }
}
