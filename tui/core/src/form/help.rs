//! The help of a field: the accepted input in full sentences.

use super::field::{Field, Input};
use crate::{date::DateOrder, input::keymap::with_keys};

/// What a field accepts, as sentences: its forms with examples, and its limits.
pub fn about(field: &Field, order: DateOrder) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    match &field.input {
        Input::Choice(choice) => {
            all.push("One of these. The first letters or the code are enough:".to_owned());
            all.extend(choice.listed());
            all.push(
                "The arrow keys choose the previous or the next one, Delete the first.".to_owned(),
            );
        }
        Input::Text(_) | Input::Secret(_) => all.extend(field.accepts.sentences(order)),
    }
    all.extend(field.explained.iter().map(|sentence| (*sentence).to_owned()));
    if !field.accepts.is_date() && !field.hint.is_empty() {
        let mut hint = field.hint.to_string();
        if let Some(first) = hint.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        all.push(format!("{hint}."));
    }
    if field.is_multiline() {
        all.push(with_keys("{Accept} starts a new line. {NextField} goes to the next field."));
    }
    all
}
