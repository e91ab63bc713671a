//! The find box: one field for whatever is typed, and the people whom the server finds by it.

mod hit;

use ratatui_core::layout::Rect;
use shared::lookup::{FOUND_MAX, Lookup};

pub use self::hit::Hit;
use crate::{
    api::{Call, Failure, Reply, missing},
    effect::Lane,
    form::field::Field,
    input::action::Action,
    intent::{Intent, Route},
    paint::Painter,
    resource::{Record, RecordKind},
    search::{Next, Search},
    text::{display, paragraphs},
    world::World,
};

/// The kind of record that is created from the find box.
pub const CREATED: RecordKind = RecordKind::Patient;

/// The field, and what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finder {
    search: Search,
    hits: Vec<Hit>,
    /// The selected hit. None while the text is typed.
    at: Option<usize>,
    /// The text to which the hits belong.
    found_for: Option<String>,
    failure: Option<String>,
}

impl Default for Finder {
    fn default() -> Self {
        let search = Search::default();
        Self { search, hits: Vec::new(), at: None, found_for: None, failure: None }
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
        self.search.pending = None;
    }

    /// The form of a new patient. What is typed is filled in if it has found nobody, or on request. The
    /// next text replaces it.
    pub fn new_record(&mut self, action: Action, world: &World) -> Route {
        let has_found = !self.hits.is_empty() && !self.is_outdated();
        let is_used = action == Action::NewFromSearch || !has_found;
        self.search.select();
        Route::new_from(CREATED, self.search.text(), is_used, world.calendar())
    }

    /// Selects the text: the next character replaces it.
    pub fn select_text(&mut self) {
        self.search.select();
    }

    /// Whether the typed text has found nobody.
    pub fn has_found_nobody(&self) -> bool {
        self.hits.is_empty() && !self.is_outdated()
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
        self.found_for.as_deref() != Some(self.search.text())
    }

    /// Asks for what is typed; with nothing typed, for the recent people.
    pub fn ask<L>(&mut self, world: &World) -> Intent<L> {
        self.search.expect();
        Intent::Read(Lane::Find, Call::Lookup { text: self.search.query(world.calendar()) })
    }

    /// Takes an edit of the field.
    pub fn edited<L>(&mut self, world: &World) -> Vec<Intent<L>> {
        self.at = None;
        match self.search.edited() {
            Next::Keep => Vec::new(),
            Next::Wait => vec![Intent::Cancel(Lane::Find)],
            Next::Send => self.send(world),
        }
    }

    fn send<L>(&mut self, world: &World) -> Vec<Intent<L>> {
        let pause = Intent::Do(self.search.send());
        vec![self.ask(world), pause]
    }

    fn send_due<L>(&mut self, world: &World) -> Vec<Intent<L>> {
        if self.search.is_due() { self.send(world) } else { Vec::new() }
    }

    /// The pause after a request is over.
    pub fn on_timer<L>(&mut self, world: &World) -> Vec<Intent<L>> {
        if self.search.on_timer() { self.send(world) } else { Vec::new() }
    }

    /// Takes an editing action. None where it is another one.
    pub fn act<L>(&mut self, action: Action, world: &World) -> Option<Vec<Intent<L>>> {
        self.search.act(action).then(|| self.edited(world))
    }

    /// Removes the text. Says whether there was one.
    pub fn clear(&mut self) -> bool {
        let is_typed = !self.search.field.value().is_empty();
        if is_typed {
            self.search.act(Action::ClearField);
        }
        is_typed
    }

    /// Does an action with the record that is meant: the selected hit, or the only hit of the typed text
    /// as soon as its answer has come. Returns that record, if it is known already.
    pub fn choose<L>(&mut self, action: Action, world: &World) -> (Option<Record>, Vec<Intent<L>>) {
        self.search.pending = None;
        self.search.select();
        if let Some(at) = self.selected().filter(|_| !self.is_outdated()) {
            return (self.hits.get(at).map(|hit| hit.record.clone()), Vec::new());
        }
        if self.is_outdated() {
            self.search.pending = Some(action);
            return (None, self.send_due(world));
        }
        (self.single(), Vec::new())
    }

    /// Whether an action waits for the answer to the typed text.
    pub fn is_pending(&self) -> bool {
        self.search.pending.is_some()
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
        self.search.answer();
        self.found_for = self.search.sent().map(ToOwned::to_owned);
        self.hits = results.into_iter().map(Hit::new).collect();
        self.at = self.at.filter(|at| *at < self.hits.len());
        let action = self.search.pending.take()?;
        Some((action, self.single()?))
    }

    fn failed(&mut self, failure: &Failure) -> Option<(Action, Record)> {
        self.failure = Some(refusal(failure));
        self.search.pending = None;
        if matches!(failure, Failure::Problem(_)) {
            // The typed text finds nothing: what was found before is not its answer.
            self.hits.clear();
            self.found_for = self.search.sent().map(ToOwned::to_owned);
        }
        None
    }

    /// Moves the selection by so many rows. Above the first row is the field.
    pub fn go(&mut self, by: isize) {
        let last = self.hits.len().checked_sub(1);
        self.select(match (self.at, last) {
            (_, None) => None,
            (None, Some(last)) => (by > 0).then(|| by.unsigned_abs().saturating_sub(1).min(last)),
            (Some(0), _) if by < 0 => None,
            (Some(at), Some(last)) => Some(at.saturating_add_signed(by).min(last)),
        });
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
        self.search.draw(Rect { x, width: columns, height: 1, ..place }, painter, is_focused, HINT);
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
                Some(format!("No patient or doctor matches “{}”.", display(self.search.text())))
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

/// Why nothing was found.
fn refusal(failure: &Failure) -> String {
    match failure {
        Failure::Problem(problem) => match problem.errors.get("q") {
            Some(messages) => {
                let is_mrn = problem.error_codes.iter().any(|error| error.code == "mistyped_mrn");
                let subject = if is_mrn { "The medical record number" } else { "The text" };
                format!("{subject} {}.", messages.join("; "))
            }
            None => missing(failure),
        },
        other => missing(other),
    }
}
