//! Text that is typed to find records, and how far its answer has come.

use std::time::Duration;

use ratatui_core::layout::Rect;

use crate::{
    date::{self, Calendar},
    effect::{Effect, Timer},
    form::field::Field,
    input::action::Action,
    paint::Painter,
    text::{display, skip, width},
};

/// The shortest time between two requests of one search. The first key sends one at once.
pub const PAUSE: Duration = Duration::from_millis(30);

/// What an edit of the text asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
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
    is_answered: bool,
    is_pausing: bool,
    is_due: bool,
    /// What is done as soon as the answer to the typed text is there.
    pub pending: Option<Action>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            field: Field::text("search", "Search", ""),
            sent: None,
            is_answered: false,
            is_pausing: false,
            is_due: false,
            pending: None,
        }
    }
}

impl Search {
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

    /// Whether the answer to the typed text has come.
    pub fn is_answered(&self) -> bool {
        self.is_answered && self.sent.as_deref() == Some(self.text())
    }

    /// The text of the last request, unless that was given up.
    pub fn sent(&self) -> Option<&str> {
        self.sent.as_deref()
    }

    /// Whether the typed text is sent only after the pause.
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// Takes an edit.
    pub fn edited(&mut self) -> Next {
        self.pending = None;
        if self.is_answered() {
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

    /// The typed text is being sent. Returns the timer of the pause after it.
    pub fn send(&mut self) -> Effect {
        self.expect();
        self.is_pausing = true;
        Effect::Arm(Timer::Search, PAUSE)
    }

    /// The typed text is being sent, for another reason than an edit.
    pub fn expect(&mut self) {
        self.sent = Some(self.text().to_owned());
        self.is_answered = false;
        self.is_due = false;
    }

    /// The answer has come.
    pub fn answer(&mut self) {
        self.is_answered = true;
    }

    /// The pause is over. Says whether a text has waited for that.
    pub fn on_timer(&mut self) -> bool {
        self.is_pausing = false;
        std::mem::take(&mut self.is_due)
    }

    /// Does an editing action. Says whether it is one.
    pub fn act(&mut self, action: Action) -> bool {
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

    /// Draws the field in one line: what is typed, or what can be typed. A text that is longer than the
    /// field is shown from its end.
    pub fn draw(&self, place: Rect, painter: &mut Painter<'_>, is_focused: bool, hint: &str) {
        let theme = *painter.theme;
        let style = if is_focused { theme.focus } else { theme.field };
        painter.style(place, style);
        let Some(editor) = self.field.editor() else { return };
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

    /// Selects the text: the next character replaces it.
    pub fn select(&mut self) {
        if let Some(editor) = self.field.editor_mut() {
            editor.select();
        }
    }
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
        search.send();
        assert_eq!(press(&mut search, 'b'), Next::Wait);
        assert_eq!(press(&mut search, 'c'), Next::Wait);
        assert!(search.on_timer());
        search.send();
        assert!(!search.on_timer(), "nothing waits");
        assert_eq!(press(&mut search, 'd'), Next::Send);
    }

    #[test]
    fn a_text_whose_answer_is_shown_is_not_sent_again() {
        let mut search = Search::default();
        press(&mut search, 'a');
        search.send();
        search.answer();
        assert!(search.is_answered());
        assert_eq!(press(&mut search, ' '), Next::Keep);
    }
}
