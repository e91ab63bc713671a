//! Typing: one field's text, its cursor and its undo. Everything moves by what people see as one
//! character.

use unicode_segmentation::UnicodeSegmentation;

use crate::input::chord::{Chord, Key};

/// Longest text that a field takes in, in bytes: far above every limit of the rules, which complain
/// in words instead of swallowing what is typed.
const TEXT_MAX: usize = 100_000;
/// Steps that undo remembers.
const UNDO_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq)]
struct Snapshot {
    text: String,
    cursor: usize,
}

/// A text that is being typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Editor {
    text: String,
    cursor: usize,
    is_multiline: bool,
    undo: Vec<Snapshot>,
    redo: Vec<Snapshot>,
    is_typing: bool,
    is_selected: bool,
}

impl Editor {
    /// A field of one line.
    pub fn line(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, ..Self::default() }
    }

    /// A field of several lines.
    pub fn notes(text: impl Into<String>) -> Self {
        Self { is_multiline: true, ..Self::line(text.into().replace("\r\n", "\n")) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether it has several lines.
    pub fn is_multiline(&self) -> bool {
        self.is_multiline
    }

    /// Whether the whole text is selected.
    pub fn is_selected(&self) -> bool {
        self.is_selected
    }

    /// Selects the whole text: what is typed or pasted next takes its place. A key that moves ends that.
    pub fn select(&mut self) {
        self.is_selected = !self.text.is_empty();
    }

    /// Puts another text there, as one edit.
    pub fn set(&mut self, text: impl Into<String>) {
        self.remember(false);
        self.text = text.into();
        self.cursor = self.text.len();
    }

    /// Takes a key, if it is one for typing. Says whether it did. An arrow that points beyond the text is
    /// left to what is around the field.
    pub fn on_key(&mut self, chord: Chord) -> bool {
        // These neither type nor move: a selected text stays selected.
        if chord.ctrl || matches!(chord.key, Key::F(_) | Key::Insert) {
            return false;
        }
        let was_selected = std::mem::take(&mut self.is_selected);
        let is_replaced =
            was_selected && matches!(chord.key, Key::Char(_) | Key::Backspace | Key::Delete);
        if is_replaced {
            self.clear();
            // The text that was replaced and the first letter of the next one are one edit.
            self.is_typing = true;
        }
        match chord.key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4]), true),
            Key::Enter if self.is_multiline => self.insert("\n", false),
            Key::Backspace => self.remove(self.before(self.cursor), self.cursor),
            Key::Delete => self.remove(self.cursor, self.after(self.cursor)),
            Key::Left if self.cursor == 0 => return was_selected,
            Key::Right if self.cursor == self.text.len() => return was_selected,
            Key::Left => self.go(self.before(self.cursor)),
            Key::Right => self.go(self.after(self.cursor)),
            Key::Home => self.go(self.line_start()),
            Key::End => self.go(self.line_end()),
            Key::Up if self.is_multiline && self.line_start() > 0 => self.go_up(),
            Key::Down if self.is_multiline && self.line_end() < self.text.len() => self.go_down(),
            _ => return is_replaced,
        }
        true
    }

    /// Takes pasted text, as one edit. In a field of one line its line breaks become spaces.
    pub fn paste(&mut self, pasted: &str) {
        let text = pasted.replace("\r\n", "\n").replace('\r', "\n");
        let text = if self.is_multiline { text } else { text.replace(['\n', '\t'], " ") };
        let text = if self.is_multiline { text.as_str() } else { text.trim_end() };
        let is_replaced = std::mem::take(&mut self.is_selected) && !text.is_empty();
        if is_replaced {
            self.clear();
            self.is_typing = true;
        }
        self.insert(text, is_replaced);
        self.pause();
    }

    /// Takes the last edit back.
    pub fn undo(&mut self) {
        if let Some(snapshot) = self.undo.pop() {
            let now = self.take(snapshot);
            self.redo.push(now);
        }
    }

    /// Whether there is an edit to be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Takes the last undo back.
    pub fn redo(&mut self) {
        if let Some(snapshot) = self.redo.pop() {
            let now = self.take(snapshot);
            self.undo.push(now);
        }
    }

    /// Empties the field, with everything that undo remembers.
    pub fn forget(&mut self) {
        *self = Self { is_multiline: self.is_multiline, ..Self::default() };
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.remove(0, self.text.len());
    }

    /// Removes the word before the cursor.
    pub fn remove_word(&mut self) {
        let before = self.text.get(..self.cursor).unwrap_or_default().trim_end();
        let start = before.rfind(char::is_whitespace).map_or(0, |at| self.after(at));
        self.remove(start, self.cursor);
    }

    /// Ends the current run of typing: the next letter begins a new step of undo.
    pub fn pause(&mut self) {
        self.is_typing = false;
    }

    fn take(&mut self, snapshot: Snapshot) -> Snapshot {
        self.is_typing = false;
        self.is_selected = false;
        let text = std::mem::replace(&mut self.text, snapshot.text);
        Snapshot { text, cursor: std::mem::replace(&mut self.cursor, snapshot.cursor) }
    }

    fn remember(&mut self, is_typing: bool) {
        self.is_selected = false;
        if !(is_typing && self.is_typing) {
            if self.undo.len() >= UNDO_MAX {
                self.undo.remove(0);
            }
            self.undo.push(Snapshot { text: self.text.clone(), cursor: self.cursor });
        }
        self.redo.clear();
        self.is_typing = is_typing;
    }

    fn insert(&mut self, text: &str, is_typing: bool) {
        if text.is_empty() || self.text.len() + text.len() > TEXT_MAX {
            return;
        }
        self.remember(is_typing && text != " ");
        self.text.insert_str(self.cursor, text);
        self.cursor = self.boundary(self.cursor + text.len());
    }

    fn remove(&mut self, start: usize, end: usize) {
        if start < end && self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
            self.remember(false);
            self.text.replace_range(start..end, "");
            self.cursor = self.boundary(start);
        }
    }

    fn go(&mut self, cursor: usize) {
        self.is_typing = false;
        self.cursor = self.boundary(cursor);
    }

    /// The nearest place at or behind `at` that is between two characters.
    fn boundary(&self, at: usize) -> usize {
        let mut places = self.text.grapheme_indices(true).map(|(place, _)| place);
        places.find(|place| *place >= at).unwrap_or(self.text.len())
    }

    fn before(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.grapheme_indices(true).next_back().map_or(0, |(place, _)| place)
    }

    fn after(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.graphemes(true).next().map_or(0, str::len)
    }

    fn line_start(&self) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        before.rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let rest = self.text.get(self.cursor..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    /// How many characters of its line are before the cursor.
    fn column(&self) -> usize {
        self.text.get(self.line_start()..self.cursor).unwrap_or_default().graphemes(true).count()
    }

    fn go_to_line(&mut self, start: usize, column: usize) {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let length: usize = line.graphemes(true).take(column).map(str::len).sum();
        self.go(start + length);
    }

    fn go_up(&mut self) {
        let column = self.column();
        let end = self.line_start().saturating_sub(1);
        let start = self.text.get(..end).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
        self.go_to_line(start, column);
    }

    fn go_down(&mut self) {
        let column = self.column();
        self.go_to_line(self.line_end() + 1, column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor, text: &str) {
        for c in text.chars() {
            editor.on_key(Chord::plain(Key::Char(c)));
        }
    }

    #[test]
    fn the_cursor_moves_by_what_people_see_as_one_character() {
        let mut editor = Editor::line("e\u{301}👨\u{200d}👩\u{200d}👧x");
        editor.on_key(Chord::plain(Key::Backspace));
        editor.on_key(Chord::plain(Key::Backspace));
        assert_eq!(editor.text(), "e\u{301}");
        editor.on_key(Chord::plain(Key::Backspace));
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn a_paste_is_one_edit_over_a_selected_text_too() {
        let mut editor = Editor::line("old");
        editor.select();
        editor.paste("new\n");
        typed(&mut editor, "x");
        assert_eq!(editor.text(), "newx");
        editor.undo();
        assert_eq!(editor.text(), "new");
        editor.undo();
        assert_eq!(editor.text(), "old");
    }

    #[test]
    fn undo_takes_back_a_word_and_redo_brings_it_again() {
        let mut editor = Editor::line("");
        typed(&mut editor, "Ana Maria");
        editor.undo();
        assert_eq!(editor.text(), "Ana ");
        editor.undo();
        editor.undo();
        assert_eq!(editor.text(), "");
        editor.redo();
        editor.redo();
        editor.redo();
        assert_eq!(editor.text(), "Ana Maria");
    }

    #[test]
    fn a_paste_is_one_edit_and_keeps_to_one_line_where_there_is_only_one() {
        let mut editor = Editor::line("");
        editor.paste("Main Street 1\r\nBoston\n");
        assert_eq!(editor.text(), "Main Street 1 Boston");
        editor.undo();
        assert_eq!(editor.text(), "");
        let mut notes = Editor::notes("");
        notes.paste("a\r\nb");
        assert_eq!(notes.text(), "a\nb");
    }

    #[test]
    fn lines_are_moved_between_and_left_at_the_edges() {
        let mut notes = Editor::notes("first\nsecond\nx");
        assert!(notes.on_key(Chord::plain(Key::Up)));
        assert!(notes.on_key(Chord::plain(Key::Up)));
        assert!(!notes.on_key(Chord::plain(Key::Up)));
        typed(&mut notes, "!");
        assert_eq!(notes.text(), "f!irst\nsecond\nx");
        assert!(!Editor::line("x").on_key(Chord::plain(Key::Down)));
    }

    #[test]
    fn a_word_is_removed_at_once() {
        let mut editor = Editor::line("Ana María Gómez ");
        editor.remove_word();
        assert_eq!(editor.text(), "Ana María ");
    }
}
