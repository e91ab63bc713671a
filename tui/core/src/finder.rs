//! The find box: one field for whatever is typed, and the people whom the server finds by it.

mod hit;

use ratatui_core::layout::Rect;
use shared::lookup::{FOUND_MAX, Lookup};

pub use self::hit::Hit;
use crate::{
    api::{Call, Failure, Reply, missing},
    cursor::below_field,
    effect::Lane,
    form::field::Field,
    input::action::Action,
    intent::{Intent, Route},
    paint::Painter,
    resource::{Record, RecordKind},
    search::{self, Search, Searching},
    text::{display, paragraphs},
    world::World,
};

/// The kind of record that is created from the find box.
pub const CREATED: RecordKind = RecordKind::Patient;

/// The field, and what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finder {
    search: Search,
    hits: Vec<Hit>,
    /// The selected hit. None while the text is typed.
    at: Option<usize>,
    failure: Option<String>,
    /// What is said of a typed date that the calendar does not have.
    no_such_date: String,
}

impl<L> Searching<L> for Finder {
    const LANE: Lane = Lane::Find;

    fn search(&mut self) -> &mut Search {
        &mut self.search
    }

    /// With nothing typed, the recent people are asked for.
    fn call(&mut self, world: &World) -> Call {
        self.no_such_date = self.search.no_such_date(world.calendar());
        Call::Lookup { text: self.search.query(world.calendar()) }
    }

    fn leave_rows(&mut self) {
        self.at = None;
    }
}

impl Finder {
    /// The field.
    pub fn field(&self) -> &Field {
        &self.search.field
    }

    /// The same, to be edited.
    pub fn field_mut(&mut self) -> &mut Field {
        &mut self.search.field
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.search.text().is_empty()
    }

    /// What Enter has begun is not gone on with.
    pub fn give_up(&mut self) {
        self.search.give_up();
    }

    /// The form of a new patient. The next text replaces what is typed.
    pub fn new_record(&mut self, action: Action, world: &World) -> Route {
        let has_found = !self.hits.is_empty() && !self.is_outdated();
        self.search.select();
        self.search.new_record(CREATED, action, has_found, world)
    }

    /// Selects the text: the next character replaces it.
    pub fn select_text(&mut self) {
        self.search.select();
    }

    /// Whether the typed text has found nobody.
    pub fn has_found_nobody(&self) -> bool {
        self.hits.is_empty() && !self.is_outdated()
    }

    /// Whether the text has the focus and several match: a key for a person goes to the rows first.
    pub fn is_ambiguous(&self) -> bool {
        !self.is_empty() && !self.is_outdated() && self.at.is_none() && self.hits.len() > 1
    }

    /// The record that a key for a person is about: the selected one, or the only match of the text.
    pub fn meant(&self) -> Option<&Record> {
        let hit = match (self.selected(), self.hits.as_slice()) {
            (Some(at), hits) => hits.get(at),
            (None, [hit]) if !self.is_empty() && !self.is_outdated() => Some(hit),
            _ => None,
        };
        hit.map(|hit| &hit.record)
    }

    /// The hits, or the recent people.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// The selected hit.
    pub fn selected(&self) -> Option<usize> {
        self.at.filter(|at| *at < self.hits.len())
    }

    /// Selects a hit, or the field.
    pub fn select(&mut self, at: Option<usize>) {
        self.at = at;
        if at.is_some() {
            self.search.select();
        }
    }

    /// Whether the hits belong to another text than what is typed.
    pub fn is_outdated(&self) -> bool {
        self.search.is_outdated()
    }

    /// Removes the text, if there is one.
    pub fn clear<L>(&mut self, world: &World) -> Option<Vec<Intent<L>>> {
        let is_typed = !self.search.field.value().is_empty();
        is_typed.then(|| self.act(Action::ClearField, world)).flatten()
    }

    /// Does an action with the record that is meant: the selected hit, or the only hit of the typed text
    /// as soon as its answer has come. Returns that record, if it is known already.
    pub fn choose<L>(&mut self, action: Action, world: &World) -> (Option<Record>, Vec<Intent<L>>) {
        if self.is_outdated() {
            return (None, self.wait(action, world));
        }
        self.search.select();
        let selected = self.selected().and_then(|at| self.hits.get(at));
        let chosen = selected.map(|hit| hit.record.clone()).or_else(|| self.single());
        if chosen.is_some() {
            self.search.serve();
        }
        (chosen, Vec::new())
    }

    /// The action that waits for the answer to the typed text.
    pub fn awaited(&self) -> Option<Action> {
        self.search.awaited()
    }

    /// The only hit of the typed text. Among several the first is selected, and somebody has to choose.
    fn single(&mut self) -> Option<Record> {
        match self.hits.as_slice() {
            [hit] if !self.is_empty() => Some(hit.record.clone()),
            [] => None,
            _ => {
                self.at = Some(0);
                None
            }
        }
    }

    /// Takes an answer. Returns the action that has waited for it, with the record that it is for.
    pub fn answered(&mut self, answer: Result<Reply, Failure>) -> Option<(Action, Record)> {
        let Lookup { results, .. } = match answer.and_then(Reply::lookup) {
            Ok(lookup) => lookup,
            Err(failure) => return self.failed(&failure),
        };
        self.failure = None;
        let action = self.search.answered();
        let key = |hit: &Hit| (hit.record.kind(), hit.record.id());
        let selected = self.at.and_then(|at| self.hits.get(at)).map(key);
        self.hits = results.into_iter().map(Hit::new).collect();
        // The selection stays with its record, and goes with it.
        self.at = selected.and_then(|one| self.hits.iter().position(|hit| key(hit) == one));
        let chosen = (action?, self.single()?);
        self.search.serve();
        Some(chosen)
    }

    fn failed(&mut self, failure: &Failure) -> Option<(Action, Record)> {
        self.failure = Some(missing(failure));
        let Failure::Problem(problem) = failure else {
            self.search.failed();
            return None;
        };
        // What was found before is not the answer to the typed text.
        self.hits.clear();
        match problem.errors.contains_key("q") {
            true => self.search.refused(),
            false => self.search.failed(),
        }
        None
    }

    /// Moves the selection by so many rows. Above the first row is the field.
    pub fn go(&mut self, by: isize) {
        self.select(below_field(self.at, by, self.hits.len()));
    }

    /// Draws the field in one line. The line below says whether there may be more hits than are shown.
    pub fn draw_field(&self, place: Rect, painter: &mut Painter<'_>, has_focus: bool) {
        let theme = *painter.theme;
        let is_focused = has_focus && self.at.is_none();
        let label = if is_focused { "› Find " } else { "  Find " };
        let style = if is_focused { theme.title } else { theme.label };
        let start = place.x.saturating_sub(1);
        let x = start + painter.text(start, place.y, place.width, label, style);
        let columns = place.right().saturating_sub(x).min(60);
        let line = Rect { x, width: columns, height: 1, ..place };
        search::draw(self.field(), line, painter, is_focused, HINT);
        if self.may_have_more() {
            painter.text(place.x, place.y + 1, place.width, MORE, theme.dim);
        }
    }

    /// What is said where there are no rows: a reason, or nothing while an answer is on its way.
    pub fn note(&self) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(format!("! {}", display(failure))),
            None if self.is_outdated() || !self.hits.is_empty() => None,
            None if self.is_empty() => Some("No recent patients or doctors.".to_owned()),
            None => {
                let typed = display(self.search.text());
                Some(format!("No patient or doctor matches “{typed}”.{}", self.no_such_date))
            }
        }
    }

    /// Whether the server answers at most as many hits as are shown.
    fn may_have_more(&self) -> bool {
        !self.is_empty() && i64::try_from(self.hits.len()).is_ok_and(|shown| shown >= FOUND_MAX)
    }

    /// Draws what was found, scrolled so that the selected hit is seen; first the reason why nothing was, if
    /// there is one.
    pub fn draw_found(&self, place: Rect, painter: &mut Painter<'_>) {
        let theme = *painter.theme;
        let note = self.note().map(|note| paragraphs(&note, place.width)).unwrap_or_default();
        for (y, line) in (place.y..place.bottom()).zip(&note) {
            painter.text(place.x, y, place.width, line, theme.text);
        }
        let used = u16::try_from(note.len()).unwrap_or(place.height).min(place.height);
        let place = Rect { y: place.y + used, height: place.height - used, ..place };
        let last = self.selected().unwrap_or_default() + 1;
        self.draw_hits(last.saturating_sub(usize::from(place.height)), place, painter);
    }

    /// Draws hits, one in each line.
    pub fn draw_hits(&self, first: usize, place: Rect, painter: &mut Painter<'_>) {
        let rows = self.hits.iter().enumerate().skip(first);
        for (y, (at, hit)) in (place.y..place.bottom()).zip(rows) {
            let place = Rect { y, height: 1, ..place };
            hit.draw(place, painter, self.at == Some(at), self.is_outdated());
        }
    }
}

/// What can be typed.
const HINT: &str = "name, phone, MRN, date of birth, #id";

/// Not all hits may be shown.
const MORE: &str = "The first 20 matches. Type more to narrow the search.";
