//! One field of a form.

use std::borrow::Cow;

use super::editor::Editor;
use crate::msg::{Chord, Key};

/// A closed list of values of which one is chosen. The first is usually "not said".
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Each value with how it is shown.
    pub options: &'static [(&'static str, &'static str)],
    /// Which is chosen.
    pub at: usize,
}

impl Choice {
    /// A choice with the option of this value chosen, or the first.
    pub fn new(options: &'static [(&'static str, &'static str)], value: &str) -> Self {
        let at = options.iter().position(|(option, _)| *option == value).unwrap_or_default();
        Self { options, at }
    }

    /// The chosen value.
    pub fn value(&self) -> &'static str {
        self.options.get(self.at).map_or("", |(value, _)| value)
    }

    /// How the chosen value is shown.
    pub fn shown(&self) -> &'static str {
        self.options.get(self.at).map_or("", |(_, shown)| shown)
    }

    fn step(&mut self, forward: bool) {
        let count = self.options.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    /// Takes a key: the arrows and Space step, a letter goes to the next option that begins with it,
    /// Backspace and Delete go to the first.
    fn press(&mut self, chord: Chord) -> bool {
        match chord.key {
            _ if chord.ctrl || chord.alt => return false,
            Key::Left => self.step(false),
            Key::Right | Key::Char(' ') => self.step(true),
            Key::Backspace | Key::Delete => self.at = 0,
            Key::Char(letter) => {
                let begins = |(value, shown): &(&str, &str)| {
                    let same = |c: char| c.eq_ignore_ascii_case(&letter);
                    value.starts_with(same) || (value.is_empty() && shown.starts_with(same))
                };
                let count = self.options.len();
                let order = (1..=count).map(|step| (self.at + step) % count.max(1));
                let found = order.into_iter().find(|at| self.options.get(*at).is_some_and(begins));
                let Some(found) = found else { return false };
                self.at = found;
            }
            _ => return false,
        }
        true
    }
}

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
    /// What it holds.
    pub input: Input,
    /// Shown under it while it has the focus.
    pub hint: Cow<'static, str>,
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
            input,
            hint: Cow::Borrowed(""),
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

    /// A field with a few values.
    pub fn choice(
        name: &'static str,
        label: &'static str,
        options: &'static [(&'static str, &'static str)],
        value: &str,
    ) -> Self {
        Self::new(name, label, Input::Choice(Choice::new(options, value)))
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Cow::Borrowed(hint), ..self }
    }

    /// Lets it share a line.
    #[must_use]
    pub fn half(self) -> Self {
        Self { is_half: true, ..self }
    }

    /// The value as it stands.
    pub fn value(&self) -> &str {
        match &self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.text(),
            Input::Choice(choice) => choice.value(),
        }
    }

    /// The value with which the form was opened.
    pub fn opening(&self) -> &str {
        &self.opening
    }

    /// Whether it differs from what it was when the form was opened.
    pub fn is_changed(&self) -> bool {
        self.value().trim() != self.opening.trim()
    }

    /// Puts the value there with which the form was opened.
    pub fn reset(&mut self) {
        let opening = self.opening.clone();
        self.set(&opening);
    }

    /// Makes another value the one with which the form was opened.
    pub fn reopen(&mut self, opening: &str) {
        opening.clone_into(&mut self.opening);
    }

    /// Puts another value there, as one edit.
    pub fn set(&mut self, value: &str) {
        self.refused = None;
        match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.set(value),
            Input::Choice(choice) => *choice = Choice::new(choice.options, value),
        }
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
    pub fn press(&mut self, chord: Chord) -> bool {
        let before = self.value().len();
        let is_taken = match &mut self.input {
            Input::Text(editor) | Input::Secret(editor) => editor.press(chord),
            Input::Choice(choice) => choice.press(chord),
        };
        let is_edit = matches!(chord.key, Key::Char(_)) || self.value().len() != before;
        if is_taken && (is_edit || self.editor().is_none()) {
            self.refused = None;
        }
        is_taken
    }

    /// Takes pasted text. Says whether it did.
    pub fn paste(&mut self, text: &str) -> bool {
        let Some(editor) = self.editor_mut() else { return false };
        editor.paste(text);
        self.refused = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEX: &[(&str, &str)] = &[("", "not said"), ("F", "female"), ("M", "male")];

    #[test]
    fn a_choice_is_made_by_letter_or_by_stepping() {
        let mut field = Field::choice("gender", "Sex", SEX, "");
        assert!(field.press(Chord::plain(Key::Char('m'))));
        assert_eq!(field.value(), "M");
        field.press(Chord::plain(Key::Right));
        assert_eq!(field.value(), "");
        field.press(Chord::plain(Key::Left));
        assert_eq!(field.value(), "M");
        assert!(!field.press(Chord::plain(Key::Char('?'))));
        field.press(Chord::plain(Key::Backspace));
        assert!(!field.is_changed());
    }

    #[test]
    fn what_the_server_said_holds_until_the_field_is_changed() {
        let mut field = Field::text("email", "E-mail", "a@b.c");
        field.refused = Some("is taken".to_owned());
        field.press(Chord::plain(Key::Left));
        assert!(field.refused.is_some());
        field.press(Chord::plain(Key::Char('x')));
        assert!(field.refused.is_none());
    }
}
