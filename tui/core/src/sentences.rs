//! Sentences that several screens show, each in one place.

use crate::input::{action::Action, keymap::key};

/// No answer has come yet.
pub const LOADING: &str = "Loading …";
/// Something else has to wait until a save is over.
pub const SAVING: &str = "A save is in progress. Please wait.";
/// A form was not sent because of what is typed into one field.
pub const MARKED: &str = "Not saved. Correct the marked field.";
/// A form was not sent because of what is typed into several fields.
pub const ALL_MARKED: &str = "Not saved. Correct the marked fields.";
/// Something came over the place for which keys were typed ahead.
pub const KEYS_NOT_USED: &str = "The keys typed ahead were not used.";
/// Commands were typed behind Enter, and Enter did not open a record.
pub const NOTHING_OPENED: &str = "Nothing was opened, so the keys typed ahead were not used.";
/// A command was meant for a record that is not in the list any more.
pub const SLIPPED: &str =
    "The selected record has left this list. Check which one is selected now.";
/// Nothing was typed yet for a new record that begins with values of another person.
pub const ONLY_COPIED: &str = "Nothing to save yet: all values are copied. Type the name first.";
/// Undo was asked for in a field that nobody has edited.
pub const NOTHING_TO_UNDO: &str = "Nothing to undo in this field.";
/// Undo was asked for after the last save was undone.
pub const NO_SAVE_TO_UNDO: &str = "There is no save to undo.";
/// The name of a person is empty.
pub const NAME_NEEDED: &str = "Enter a first name or a last name.";
/// What Enter is called where it goes from a typed text to the rows.
pub const TO_ROWS: &str = "to the rows";

/// Which key asks the server again.
pub fn again() -> String {
    format!("{} tries again.", key(Action::Refresh))
}
