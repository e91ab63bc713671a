//! What is offered now, on the topmost layer or on the screen: which keys mean something, which actions make
//! sense, and what they are called.

use super::App;
use crate::{
    input::{
        action::{Action, Context},
        table::Entry,
    },
    intent::Place,
    resource::{RecordKind, Table},
    screens::Screen,
};

impl App {
    /// Where keys mean something now, innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        let Some(layer) = self.layers.last() else {
            let mut contexts = self.screen().contexts();
            let outer = contexts.len().saturating_sub(1);
            contexts.splice(outer..outer, self.has_saved.then_some(Context::Saved));
            return contexts;
        };
        layer.contexts()
    }

    /// Whether an action makes sense now and would not be refused.
    pub fn is_available(&self, action: Action) -> bool {
        match action {
            _ if self.is_locked() && !self.is_open_to_all(action) => false,
            Action::LogOut if self.world.session().is_none() => false,
            Action::Lock => self.world.session().is_some() && self.layers.is_empty(),
            Action::SetUp => {
                self.world.is_ephemeral && self.world.can_go_local && self.layers.is_empty()
            }
            Action::Share => self.world.session().is_some() && self.layers.is_empty(),
            Action::Api => !self.world.address.is_empty() && self.layers.is_empty(),
            Action::Duplicates => {
                RecordKind::LikelyPair.table().list.is_given(&self.world) && self.layers.is_empty()
            }
            _ if Self::is_own(action) => self.world.session().is_some() && self.layers.is_empty(),
            Action::Park => self.can_park(),
            Action::UndoSave => self.can_undo(),
            _ if Place::of(action).is_some() => {
                let may_see = Place::of(action).is_some_and(|place| place.is_open_to(&self.world));
                may_see && self.layers.is_empty()
            }
            Action::Back if self.layers.is_empty() => self.leads_back(),
            // A read that failed can be tried again from anywhere.
            Action::Refresh if self.is_offline() => true,
            _ => match self.layers.last() {
                Some(layer) => layer.is_available(&self.world, action),
                None => self.screen().is_available(&self.world, action),
            },
        }
    }

    /// Whether the footer offers an action: it makes sense, and it would be seen to do something.
    pub fn is_hinted(&self, action: Action) -> bool {
        let is_page = matches!(action, Action::PageDown | Action::PageUp);
        let has_pages = || self.layers.last().is_none_or(|layer| layer.has_pages(&self.world));
        let is_among_rows = action == Action::Results
            && matches!(self.screen(), Screen::Home(state) if state.record().is_some());
        // Where several match, somebody has to choose a row first.
        let is_undecided = matches!(action, Action::Arrive | Action::Edit)
            && match self.layers.last() {
                Some(layer) => layer.is_ambiguous(),
                None => matches!(self.screen(), Screen::Home(_)) && self.screen().is_ambiguous(),
            };
        self.is_available(action) && !is_among_rows && !is_undecided && (!is_page || has_pages())
    }

    /// Whether one step back does anything: hides an error, undoes a step on the screen, or closes it.
    fn leads_back(&self) -> bool {
        let screen = self.screen();
        let is_offered = screen.is_available(&self.world, Action::Back);
        self.notices.is_error() || is_offered && (self.screens.len() > 1 || screen.has_steps_back())
    }

    /// What an action is called here.
    pub fn label_here(&self, entry: &Entry) -> &'static str {
        let word = match self.layers.last() {
            None if entry.action == Action::Park && !self.is_at_form() => Some("resume"),
            Some(layer) => layer.label_here(entry.action),
            None => self.screen().label_here(entry.action),
        };
        word.unwrap_or(entry.label)
    }

    /// Other words for an action: of the kind of record, where the action is another one there.
    pub(super) fn also(&self, entry: &Entry) -> &'static str {
        let status = self.screen().table().and_then(Table::status);
        match status.filter(|_| entry.action == Action::Archive && self.layers.is_empty()) {
            Some(words) => words.also,
            None => entry.also,
        }
    }

    /// What an action does here.
    pub fn explained(&self, entry: &Entry) -> &'static str {
        let here = self.screen().help(entry.action).filter(|_| self.layers.is_empty());
        here.unwrap_or(entry.help)
    }
}
