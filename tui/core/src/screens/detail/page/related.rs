//! The records of another kind that belong to a record, as lines of its page.

use super::{Kind, LABEL, Line, Page, State};
use crate::{
    input::{action::Action, keymap::labels, table::Entry},
    text::display,
};

impl Page {
    /// The first of them, how many there are, and the key that leads to all.
    pub(super) fn related(&mut self, state: &State) {
        let Some(related) = state.related() else { return };
        let found = &state.found;
        let keys = Entry::of(Action::Related).and_then(|entry| entry.keys.first());
        let keys = keys.map(|(_, chords)| labels(chords)).unwrap_or_default();
        let (title, note) = match (&found.failure, found.is_read) {
            (Some(failure), _) => {
                (related.title.to_owned(), format!("! {failure} Ctrl-R tries again."))
            }
            (None, false) => (related.title.to_owned(), "Loading …".to_owned()),
            (None, true) if found.records.is_empty() => {
                (related.title.to_owned(), related.none.to_owned())
            }
            (None, true) => (format!("{} ({})", related.title, found.count), String::new()),
        };
        self.lines.push(Line {
            label: "",
            text: format!("{title} · {keys} shows the list"),
            kind: Kind::Title,
        });
        let room = self.columns.saturating_sub(LABEL.min(self.columns / 3));
        if !note.is_empty() {
            for line in crate::text::paragraphs(&note, self.columns) {
                self.lines.push(Line { label: "", text: line, kind: Kind::Head });
            }
        }
        for (label, value) in found.records.iter().map(related.line) {
            let label = display(&label).into_owned();
            let value = crate::text::truncate(&display(&value), room).into_owned();
            self.lines.push(Line {
                label: "",
                text: format!("{value}  {label}"),
                kind: Kind::Entry,
            });
        }
    }
}
