//! Text that is typed to find records, when it is sent, and how far its answer has come.

use std::time::Duration;

use ratatui_core::layout::Rect;

use crate::{
    api::Call,
    date::{self, Calendar},
    effect::{Effect, Lane, Timer},
    form::field::Field,
    input::action::Action,
    intent::{Intent, Route},
    paint::Painter,
    resource::{RecordKind, filled},
    text::{display, skip, width},
    world::World,
};

/// The shortest time between two requests of one search. The first key sends one at once.
pub const PAUSE: Duration = Duration::from_millis(30);

/// What an edit of the text asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing: the answer to this text is shown already.
    Keep,
    /// Give up the request that runs. The pause after it is not over.
    Wait,
    /// Send the text.
    Send,
}

/// A text that is searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The field in which it is typed.
    pub field: Field,
    /// The text of the last request, unless that was given up.
    sent: Option<String>,
    /// Whether that request was answered.
    is_answered: bool,
    /// The text to which the shown rows belong.
    found_for: Option<String>,
    is_pausing: bool,
    is_due: bool,
    /// Whether the last request has failed. Enter sends it again.
    has_failed: bool,
    /// The action that waits for the answer to the typed text.
    pending: Option<Action>,
    /// Whether the text has served: a match of it was opened, or a record was begun with it.
    has_served: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            field: Field::text("search", "Search", ""),
            sent: None,
            is_answered: false,
            found_for: None,
            is_pausing: false,
            is_due: false,
            has_failed: false,
            pending: None,
            has_served: false,
        }
    }
}

impl Search {
    /// Nothing is typed, and no action has to wait for the first answer.
    pub fn idle() -> Self {
        Self { found_for: Some(String::new()), ..Self::default() }
    }

    /// The typed text, without spaces around it.
    pub fn text(&self) -> &str {
        self.field.value().trim()
    }

    /// The typed text as it is sent: dates as the server writes them.
    pub fn query(&self, calendar: Calendar) -> String {
        let word = |word: &str| {
            let is_date = word.contains(['.', '/']);
            let read = date::read(word, calendar).ok().filter(|_| is_date);
            read.map_or_else(|| word.to_owned(), |read| read.canonical())
        };
        self.text().split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// The sentence about a typed date that the calendar does not have, with a space before it; else nothing.
    pub fn no_such_date(&self, calendar: Calendar) -> String {
        let is_one = |word: &&str| {
            word.contains(['.', '/', '-'])
                && date::read(word, calendar).is_err_and(|error| error.code == "no_such_date")
        };
        let date = self.text().split(' ').find(is_one);
        date.map(|date| format!(" The date {} does not exist.", display(date))).unwrap_or_default()
    }

    /// Whether the shown rows belong to another text than what is typed.
    pub fn is_outdated(&self) -> bool {
        self.found_for.as_deref() != Some(self.text())
    }

    /// The shown rows are no answer to the typed text any more.
    pub fn outdate(&mut self) {
        self.found_for = None;
    }

    /// The action that waits for the answer to the typed text.
    pub fn awaited(&self) -> Option<Action> {
        self.pending
    }

    /// No action waits for the answer any more.
    pub fn give_up(&mut self) {
        self.pending = None;
    }

    /// The typed text is being sent.
    pub fn expect(&mut self) {
        self.sent = Some(self.text().to_owned());
        self.is_answered = false;
        (self.is_due, self.has_failed) = (false, false);
    }

    /// The answer has come, and its rows are shown. Returns the action that has waited for it.
    pub fn answered(&mut self) -> Option<Action> {
        self.is_answered = true;
        // The answer to another request, such as one for the same page again, is of the text of before.
        if self.sent.is_some() {
            self.found_for.clone_from(&self.sent);
        }
        self.pending.take()
    }

    /// The server has refused the text: nothing is shown for it, and nothing waits.
    pub fn refused(&mut self) {
        self.pending = None;
        self.found_for.clone_from(&self.sent);
    }

    /// There is no answer: nothing waits for one.
    pub fn failed(&mut self) {
        self.pending = None;
        self.has_failed = true;
    }

    /// A match of the text is opened. The next new record has nothing to do with it.
    pub fn serve(&mut self) {
        self.has_served = true;
    }

    /// The form of a new record. It begins with the text if that has found nobody, if it is a name that has
    /// not served yet, or on request.
    pub fn new_record(
        &mut self,
        kind: RecordKind,
        action: Action,
        has_found: bool,
        world: &World,
    ) -> Route {
        let calendar = world.calendar();
        let is_new_name = !self.has_served && filled::is_name(kind, self.text(), calendar);
        let is_used = action == Action::NewFromSearch || !has_found || is_new_name;
        self.serve();
        Route::new_from(kind, self.text(), is_used, calendar)
    }

    fn edited(&mut self) -> Next {
        self.pending = None;
        self.has_served = false;
        if self.is_answered && self.sent.as_deref() == Some(self.text()) {
            self.is_due = false;
            return Next::Keep;
        }
        if !self.is_answered {
            // The request that runs is given up.
            self.sent = None;
        }
        self.is_due = self.is_pausing;
        if self.is_pausing { Next::Wait } else { Next::Send }
    }

    /// Does an editing action. Says whether it is one.
    fn act(&mut self, action: Action) -> bool {
        let Some(editor) = self.field.editor_mut() else { return false };
        match action {
            Action::Undo => editor.undo(),
            Action::Redo => editor.redo(),
            Action::ClearField => editor.clear(),
            Action::RemoveWord => editor.remove_word(),
            _ => return false,
        }
        true
    }

    /// Selects the text: the next character replaces it.
    pub fn select(&mut self) {
        if let Some(editor) = self.field.editor_mut() {
            editor.select();
        }
    }
}

/// Where records are searched for by a typed text: a list, the find box, a picker. The first key sends a
/// request, later ones follow after a pause. `L` is what can be laid over a screen.
pub trait Searching<L> {
    /// The lane of the requests.
    const LANE: Lane;

    /// The text.
    fn search(&mut self) -> &mut Search;

    /// The request for what is typed, from its first row on.
    fn call(&mut self, world: &World) -> Call;

    /// The text is edited: it has the focus, and nothing that is done with the rows goes on.
    fn leave_rows(&mut self);

    /// Asks for what is typed.
    fn ask(&mut self, world: &World) -> Intent<L> {
        self.search().expect();
        Intent::Read(Self::LANE, self.call(world))
    }

    /// Takes an edit of the text.
    fn edited(&mut self, world: &World) -> Vec<Intent<L>> {
        self.leave_rows();
        match self.search().edited() {
            Next::Keep => Vec::new(),
            Next::Wait => vec![Intent::Cancel(Self::LANE)],
            Next::Send => self.send(world),
        }
    }

    /// Does an action that edits the text. None where it is another one. Either ends a wait.
    fn act(&mut self, action: Action, world: &World) -> Option<Vec<Intent<L>>> {
        self.search().give_up();
        self.search().act(action).then(|| self.edited(world))
    }

    /// Lets an action wait for the answer to the typed text. The next character replaces the text.
    fn wait(&mut self, action: Action, world: &World) -> Vec<Intent<L>> {
        self.search().pending = Some(action);
        self.search().select();
        if self.search().has_failed { self.send(world) } else { self.send_due(world) }
    }

    /// Sends a text that waits for the pause.
    fn send_due(&mut self, world: &World) -> Vec<Intent<L>> {
        if self.search().is_due { self.send(world) } else { Vec::new() }
    }

    /// The pause after a request is over: a text that has waited is sent.
    fn on_timer(&mut self, world: &World) -> Vec<Intent<L>> {
        self.search().is_pausing = false;
        self.send_due(world)
    }

    /// Sends the typed text, and begins the pause after it.
    fn send(&mut self, world: &World) -> Vec<Intent<L>> {
        self.search().is_pausing = true;
        vec![self.ask(world), Intent::Do(Effect::Arm(Timer::Search, PAUSE))]
    }
}

/// Draws the field of a search in one line: what is typed, or what can be typed. Of a text that is longer
/// than the field, the part before the cursor is seen.
pub fn draw(field: &Field, place: Rect, painter: &mut Painter<'_>, is_focused: bool, hint: &str) {
    let theme = *painter.theme;
    let style = if is_focused { theme.focus } else { theme.field };
    painter.style(place, style);
    let Some(editor) = field.editor() else { return };
    let before = width(editor.text().get(..editor.cursor()).unwrap_or_default());
    let hidden = before.saturating_sub(place.width.saturating_sub(1));
    if is_focused && place.width > 0 {
        painter.place_cursor(place.x + before.saturating_sub(hidden), place.y);
    }
    if editor.text().is_empty() {
        painter.text(place.x, place.y, place.width, hint, theme.dim);
        return;
    }
    let shown = display(editor.text());
    let style = if is_focused && editor.is_selected() { theme.selected } else { style };
    painter.text(place.x, place.y, place.width, &skip(&shown, hidden), style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::chord::{Chord, Key};

    fn press(search: &mut Search, letter: char) -> Next {
        search.field.on_key(Chord::plain(Key::Char(letter)));
        search.edited()
    }

    #[test]
    fn the_first_key_is_sent_and_the_next_ones_after_the_pause() {
        let mut search = Search::default();
        assert_eq!(press(&mut search, 'a'), Next::Send);
        search.expect();
        search.is_pausing = true;
        assert_eq!(press(&mut search, 'b'), Next::Wait);
        assert!(search.is_due);
        search.is_pausing = false;
        assert_eq!(press(&mut search, 'c'), Next::Send);
        assert!(!search.is_due, "nothing waits");
    }

    #[test]
    fn a_text_whose_answer_is_shown_is_not_sent_again() {
        let mut search = Search::default();
        press(&mut search, 'a');
        search.expect();
        assert!(search.is_outdated());
        search.answered();
        assert!(!search.is_outdated());
        assert_eq!(press(&mut search, ' '), Next::Keep);
    }
}
