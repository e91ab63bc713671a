//! Marked rows: kept by the ids of their records, also while other rows are shown.

use super::{Land, Offset, State, Target};
use crate::{
    input::action::Action,
    layers::{Intent, Layer, arrival, picker, question},
    resource::{Record, RecordKind},
    world::World,
};

/// The most records that are marked at once.
const MARKS_MAX: usize = 500;

impl State {
    /// Marks the selected row or takes its mark away, and goes to the next one.
    pub(super) fn mark(&mut self) -> Vec<Intent> {
        let Some(row) = self.rows.get(self.cursor.at()) else { return Vec::new() };
        if self.marked.remove(&row.id()).is_none() {
            self.marked.insert(row.id(), row.record.clone());
        }
        self.select(self.cursor.at() + 1)
    }

    /// Marks all rows of the list. The pages are read one after another.
    fn mark_all(&mut self, world: &World) -> Vec<Intent> {
        self.is_marking = true;
        let is_whole = self.page.as_ref().is_some_and(|it| it.next.is_none() && it.offset == 0);
        if is_whole && !self.search.is_outdated() {
            self.mark_on(world)
        } else {
            vec![self.ask_anew(world, Land::First)]
        }
    }

    /// Marks the rows that have come, and reads the next page while there is one.
    pub(super) fn mark_on(&mut self, world: &World) -> Vec<Intent> {
        if !self.is_marking {
            return Vec::new();
        }
        for row in &self.rows {
            if self.marked.len() >= MARKS_MAX {
                break;
            }
            self.marked.entry(row.id()).or_insert_with(|| row.record.clone());
        }
        let next = self.page.as_ref().and_then(|page| page.next.clone());
        let count = self.marked.len();
        if let Some((next, page)) = next.zip(self.page.as_ref()).filter(|_| count < MARKS_MAX) {
            let length = i64::try_from(self.rows.len()).unwrap_or_default();
            let offset = Offset::At(page.offset + length);
            return vec![self.ask_for(world, Target::Address(next), offset, Land::First)];
        }
        self.is_marking = false;
        let said = match count < MARKS_MAX {
            true => format!("{count} marked."),
            false => format!("{count} marked: no more can be marked at once."),
        };
        vec![Intent::Inform(said)]
    }

    /// Takes the mark of a record away.
    pub(crate) fn unmark(&mut self, kind: RecordKind, id: i64) {
        if self.kind == kind {
            self.marked.remove(&id);
        }
    }

    /// Takes marked records as they are now.
    pub(super) fn refresh_marks(&mut self) {
        for row in &self.rows {
            if let Some(record) = self.marked.get_mut(&row.id()) {
                record.clone_from(&row.record);
            }
        }
    }

    /// Whether records of the kind can be archived, assigned or given another status, one or several at
    /// once.
    pub(super) fn has_verbs(&self) -> bool {
        let table = self.kind.table();
        table.removal.is_some() || table.pick.is_some()
    }

    /// Whether there is a record that an action can be about.
    pub(super) fn has_subject(&self) -> bool {
        !(self.rows.is_empty() && self.marked.is_empty())
    }

    /// The record of an action that takes one. None where several rows are marked.
    pub fn subject(&self) -> Option<&Record> {
        match self.marked.len() {
            0 => self.row().map(|row| &row.record),
            1 => self.marked.values().next(),
            _ => None,
        }
    }

    /// The records that an action is about: the marked ones, else the selected one.
    fn subjects(&self) -> Vec<Record> {
        if self.marked.is_empty() {
            return self.row().map(|row| row.record.clone()).into_iter().collect();
        }
        let mut marked: Vec<Record> = self.marked.values().cloned().collect();
        // Where all of them are on this page, they stand in its order.
        let place = |record: &Record| self.rows.iter().position(|row| row.id() == record.id());
        if marked.iter().all(|record| place(record).is_some()) {
            marked.sort_by_key(place);
        }
        marked
    }
}

/// Does what is about marked rows, or about the selected one. `None` for other actions, and where the
/// answer to the typed text has to come first.
pub(super) fn update(state: &mut State, world: &World, action: Action) -> Option<Vec<Intent>> {
    match action {
        Action::Mark
            if !state.search.is_outdated() && super::is_available(state, world, action) =>
        {
            Some(state.mark())
        }
        Action::MarkAll if super::is_available(state, world, action) => Some(state.mark_all(world)),
        Action::Archive | Action::Restore | Action::Assign | Action::Arrive if state.is_marking => {
            Some(vec![Intent::Inform("The rows are still being marked.".to_owned())])
        }
        Action::Unmark => {
            state.is_marking = false;
            state.marked.clear();
            Some(Vec::new())
        }
        Action::Archive | Action::Restore | Action::Assign | Action::Arrive
            if !state.search.is_outdated() || !state.marked.is_empty() =>
        {
            Some(act(state, world, action))
        }
        _ => None,
    }
}

/// Asks what is done with the marked records, or with the selected one.
pub(super) fn act(state: &mut State, world: &World, action: Action) -> Vec<Intent> {
    if !super::is_available(state, world, action) {
        return Vec::new();
    }
    state.search.serve();
    let subjects = state.subjects();
    let question = match (action, subjects.as_slice()) {
        (_, []) => return Vec::new(),
        (Action::Arrive, [one]) => return arrival::act(one, world),
        (Action::Assign, _) => return picker::assign(subjects, world),
        (Action::Archive, [one]) => question::archive(one, world),
        (Action::Archive, all) => question::archive_all(all, world),
        (_, [one]) => question::restore(one),
        (_, all) => Some(question::restore_all(all)),
    };
    let layer = question.map(|question| Layer::Question(Box::new(question)));
    layer.map(|layer| Intent::Open(Box::new(layer))).into_iter().collect()
}
