//! Forms that begin with more than a record: with values of a new one, with changes, or on a field.

use super::{State, init};
use crate::{
    form::field::Field,
    resource::{Record, RecordKind, filled::Filled},
    world::World,
};

impl State {
    /// Whether all that is here belongs to another person.
    pub(super) fn is_only_copied(&self) -> bool {
        self.origin.as_ref().is_some_and(|it| it.is_copied) && !self.form.is_changed()
    }
}

/// Begins with some values of a new record.
pub fn filled(kind: RecordKind, filled: Filled, world: &World) -> State {
    let mut state = init(kind, None, world);
    for (name, value) in &filled.values {
        if let Some(field) = state.form.field_mut(name) {
            field.begin_with(value);
        }
    }
    state.origin = Some(filled);
    state.validate(world.today);
    state
}

/// Begins with a record and some changes of it, each of which can be undone in its field.
pub fn changed(record: Record, values: Vec<(&'static str, String)>, world: &World) -> State {
    let mut state = init(record.kind(), Some(record), world);
    for (name, value) in &values {
        state.form.set(name, value);
    }
    if let Some((first, _)) = values.first() {
        state.form.focus_on(first);
    }
    state.validate(world.today);
    state
}

/// Begins with a record, on the field of this name. The next character replaces a text of one line; a
/// longer one is seen in part only, so nothing of it is replaced at once.
pub fn on_field(record: Record, name: &str, world: &World) -> State {
    let mut state = init(record.kind(), Some(record), world);
    state.form.focus_on(name);
    let field = state.form.focused_mut().filter(|field| field.rows == 1);
    if let Some(editor) = field.and_then(Field::editor_mut) {
        editor.select();
    }
    state
}
