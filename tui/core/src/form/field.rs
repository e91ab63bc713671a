//! One field of a form.

use std::borrow::Cow;

use super::{accepts::Accepts, choice::Choice, editor::Editor};
use crate::input::{
    action::Action,
    chord::{Chord, Key},
};

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Text.
    Text(Editor),
    /// Text that is not shown.
    Secret(Editor),
    /// One of a few values.
    Choice(Choice),
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The member of the request.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Other words for it, by which the palette finds it too.
    pub also: &'static str,
    /// What it holds.
    pub input: Input,
    /// What can be typed.
    pub accepts: Accepts,
    /// Shown under it while it has the focus.
    pub hint: Cow<'static, str>,
    /// What the help says about its values, in sentences.
    pub explained: &'static [&'static str],
    /// What is said where a value is needed and nothing is typed; empty for the usual sentence.
    pub needed: &'static str,
    /// What is typed, in full: shown instead of the hint.
    pub echo: Option<String>,
    /// Whether it shares a line with its neighbour where there is room.
    pub is_half: bool,
    /// Rows of the input.
    pub rows: u16,
    /// Whether somebody has been here: only then is its fault shown.
    pub was_left: bool,
    /// What the server has said about it; holds until it is changed.
    pub refused: Option<String>,
    opening: String,
}

impl Field {
    fn new(name: &'static str, label: &'static str, input: Input) -> Self {
        let mut field = Self {
            name,
            label,
            also: "",
            input,
            accepts: Accepts::Anything,
            hint: Cow::Borrowed(""),
            explained: &[],
            needed: "",
            echo: None,
            is_half: false,
            rows: 1,
            was_left: false,
            refused: None,
            opening: String::new(),
        };
        field.opening = field.value().to_owned();
        field
    }

    /// A field for text on one line.
    pub fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self::new(name, label, Input::Text(Editor::line(value)))
    }

    /// A field for a password.
    pub fn secret(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Input::Secret(Editor::line("")))
    }

    /// A field for several lines, of which so many are shown.
    pub fn notes(name: &'static str, label: &'static str, value: &str, rows: u16) -> Self {
        Self { rows, ..Self::new(name, label, Input::Text(Editor::notes(value))) }
    }

    /// A field for text that is longer than a line of the screen, of which so many lines are shown.
    /// Enter goes on to the next field.
    pub fn long(name: &'static str, label: &'static str, value: &str, rows: u16) -> Self {
        Self { rows, ..Self::text(name, label, value) }
    }

    /// A field with a few values.
    pub fn choice(
        name: &'static str,
        label: &'static str,
        options: &'static [(&'static str, &'static str)],
        value: &str,
    ) -> Self {
        Self::new(name, label, Input::Choice(Choice::new(options, value)))
    }

    /// Adds other words for what people call it.
    #[must_use]
    pub fn also(self, also: &'static str) -> Self {
        Self { also, ..self }
    }

    /// Says what can be typed.
    #[must_use]
    pub fn accepts(self, accepts: Accepts) -> Self {
        Self { accepts, ..self }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Cow::Borrowed(hint), ..self }
    }

    /// Explains its values in the help.
    #[must_use]
    pub fn explained(self, explained: &'static [&'static str]) -> Self {
        Self { explained, ..self }
    }

    /// Sets the sentence that asks for a value.
    #[must_use]
    pub fn needed(self, needed: &'static str) -> Self {
        Self { needed, ..self }
    }

    /// Lets it share a line.
    #[must_use]
    pub fn half(self) -> Self {
        Self { is_half: true, ..self }
    }

    /// The value with which it was opened.
    pub fn opening(&self) -> &str {
        &self.opening
    }

    /// The value as it stands.
    pub fn value(&self) -> &str {
        match &self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.text(),
            Input::Choice(choice) => choice.value(),
        }
    }

    /// Whether an estimate is typed where a date of birth belongs.
    pub fn is_estimate(&self) -> bool {
        self.accepts == Accepts::Birth && self.value().trim_start().starts_with('~')
    }

    /// Whether it differs from what it was when the form was opened.
    pub fn is_changed(&self) -> bool {
        self.value().trim() != self.opening.trim() || self.is_open()
    }

    /// Whether what is typed is no value yet: a choice that fits several values, or none.
    pub fn is_open(&self) -> bool {
        matches!(&self.input, Input::Choice(choice) if choice.is_open())
    }

    /// What is wrong with what is typed, where the field itself knows.
    pub fn own_fault(&self) -> Option<&str> {
        match &self.input {
            Input::Choice(choice) => choice.fault(),
            Input::Text(_) | Input::Secret(_) => None,
        }
    }

    /// The focus goes elsewhere, or what is typed shall be used.
    pub fn leave(&mut self) {
        self.was_left = true;
        match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.pause(),
            Input::Choice(choice) => choice.leave(),
        }
    }

    /// Does an action of editing: undo, redo, empty the field, remove a word.
    pub fn edit(&mut self, action: Action) {
        self.refused = None;
        match (&mut self.input, action) {
            (Input::Text(editor) | Input::Secret(editor), Action::Undo) => editor.undo(),
            (Input::Text(editor) | Input::Secret(editor), Action::Redo) => editor.redo(),
            (Input::Text(editor) | Input::Secret(editor), Action::ClearField) => editor.clear(),
            (Input::Text(editor) | Input::Secret(editor), Action::RemoveWord) => {
                editor.remove_word();
            }
            (Input::Choice(choice), Action::Undo) => choice.undo(),
            (Input::Choice(choice), Action::Redo) => choice.redo(),
            (Input::Choice(choice), Action::ClearField | Action::RemoveWord) => choice.clear(),
            _ => {}
        }
    }

    /// Whether there is an edit to be taken back.
    pub fn can_undo(&self) -> bool {
        match &self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.can_undo(),
            Input::Choice(choice) => choice.can_undo(),
        }
    }

    /// Begins with another value, which Ctrl-Z takes away: it counts as no change.
    pub fn begin_with(&mut self, value: &str) {
        self.set(value);
        self.opening = self.value().to_owned();
    }

    /// The label inside a sentence.
    pub fn named(&self) -> String {
        let mut letters = self.label.chars();
        let first = letters.next().map(|first| first.to_lowercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    }

    /// Makes another value the one with which the form was opened.
    pub fn reopen(&mut self, opening: &str) {
        opening.clone_into(&mut self.opening);
    }

    /// Puts another value there, as one edit.
    pub fn set(&mut self, value: &str) {
        self.refused = None;
        match &mut self.input {
            Input::Text(editor) => editor.set(value),
            // No undo brings a password back.
            Input::Secret(editor) => {
                editor.forget();
                editor.set(value);
                editor.pause();
            }
            Input::Choice(choice) => choice.set(value),
        }
    }

    /// Whether what is typed is not shown.
    pub fn is_secret(&self) -> bool {
        matches!(self.input, Input::Secret(_))
    }

    /// Whether Enter begins a new line in it.
    pub fn is_multiline(&self) -> bool {
        self.editor().is_some_and(Editor::is_multiline)
    }

    /// The text under the cursor, where there is one.
    pub fn editor(&self) -> Option<&Editor> {
        match &self.input {
            Input::Text(editor) | Input::Secret(editor) => Some(editor),
            Input::Choice(_) => None,
        }
    }

    /// The same, to be edited.
    pub fn editor_mut(&mut self) -> Option<&mut Editor> {
        match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => Some(editor),
            Input::Choice(_) => None,
        }
    }

    /// Takes a key for typing or choosing. Says whether it did.
    pub fn on_key(&mut self, chord: Chord) -> bool {
        let before = self.value().len();
        let is_taken = match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.on_key(chord),
            Input::Choice(choice) => choice.on_key(chord),
        };
        let is_edit = matches!(chord.key, Key::Char(_)) || self.value().len() != before;
        if is_taken && (is_edit || self.editor().is_none()) {
            self.refused = None;
        }
        is_taken
    }

    /// Forgets what is typed: no undo brings it back.
    pub fn forget(&mut self) {
        match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.forget(),
            Input::Choice(choice) => choice.clear(),
        }
    }

    /// Takes pasted text. Says whether it did.
    pub fn paste(&mut self, text: &str) -> bool {
        match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.paste(text),
            Input::Choice(choice) => choice.paste(text),
        }
        self.refused = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEX: &[(&str, &str)] = &[("", "not recorded"), ("F", "female"), ("M", "male")];

    #[test]
    fn a_choice_is_made_by_typing_or_by_stepping() {
        let mut field = Field::choice("gender", "Sex", SEX, "");
        assert!(field.on_key(Chord::plain(Key::Char('m'))));
        assert_eq!(field.value(), "M");
        field.on_key(Chord::plain(Key::Right));
        assert_eq!(field.value(), "");
        field.on_key(Chord::plain(Key::Left));
        assert_eq!(field.value(), "M");
        field.on_key(Chord::plain(Key::Backspace));
        assert!(!field.is_changed());
    }

    #[test]
    fn what_the_server_said_holds_until_the_field_is_changed() {
        let mut field = Field::text("email", "E-mail", "a@b.c");
        field.refused = Some("is taken".to_owned());
        field.on_key(Chord::plain(Key::Left));
        assert!(field.refused.is_some());
        field.on_key(Chord::plain(Key::Char('x')));
        assert!(field.refused.is_none());
    }
}
