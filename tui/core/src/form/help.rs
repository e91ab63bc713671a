//! What a field accepts, said in full on demand.

use super::field::{Field, Input};
use crate::date::DateOrder;

/// What a field accepts, as sentences: its forms with examples, and its limits.
pub fn about(field: &Field, order: DateOrder) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    match &field.input {
        Input::Choice(choice) => {
            all.push("One of these; the beginning of a word or its code is enough:".to_owned());
            all.extend(choice.listed());
            all.push("The arrows choose the one before and the next, Delete the first.".to_owned());
        }
        Input::Text(_) | Input::Secret(_) => all.extend(field.accepts.sentences(order)),
    }
    if !field.accepts.is_date() && !field.hint.is_empty() {
        let mut hint = field.hint.to_string();
        if let Some(first) = hint.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        all.push(format!("{hint}."));
    }
    if field.is_multiline() {
        all.push("Enter begins a new line, Tab goes to the next field.".to_owned());
    }
    all
}
