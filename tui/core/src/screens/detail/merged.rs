//! Undoing the newest merge into the record that is shown, which its history names.

use shared::history::Change;

use super::State;
use crate::{
    layers::{Intent, Layer, question},
    resource::name_of,
    world::World,
};

/// The action of a merge in the history, and the member that names the other record.
const MERGED: &str = "patient.merged";
const OTHER: &str = "merged";

/// The id of the record that was merged last and not taken apart since, with its name.
pub(super) fn newest(state: &State) -> Option<(i64, String)> {
    let mut undone = Vec::new();
    for entry in state.history.iter().filter(|entry| entry.merged.is_none()) {
        let change = |change: &&Change| change.field == OTHER;
        let Some(change) = entry.changes.iter().find(change) else { continue };
        let (old, new) = (change.old.as_i64(), change.new.as_i64());
        undone.extend(old);
        let Some(other) = new.filter(|_| entry.action == MERGED) else { continue };
        match undone.iter().position(|id| *id == other) {
            Some(place) => drop(undone.swap_remove(place)),
            None => {
                let name = name_of(&entry.names, "patient", other);
                return Some((other, name.map_or_else(|| format!("#{other}"), str::to_owned)));
            }
        }
    }
    None
}

/// The question whether to undo that merge.
pub(super) fn undo(state: &State, world: &World) -> Option<Intent> {
    let (other, name) = newest(state)?;
    let question = question::unmerge(state.record.as_ref()?, (other, &name), world);
    Some(Intent::Open(Box::new(Layer::Question(Box::new(question)))))
}
