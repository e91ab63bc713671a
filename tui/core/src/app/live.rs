//! Live changes: the screen that is shown follows them, at most once a second. The others do so when they
//! are shown again.

use super::App;
use crate::{
    effect::{Effect, Timer},
    live::{Live, PAUSE},
    resource::{Record, RecordKind},
    screens::Screen,
};

impl App {
    /// Takes changes that the server reports. Says whether there is something to draw.
    pub(super) fn changed(&mut self, changes: &[Live], out: &mut Vec<Effect>) -> bool {
        if let Some(undo) = &mut self.undo {
            changes.iter().for_each(|change| undo.follow(*change));
        }
        for opened in self.screens.iter_mut().chain(&mut self.parked) {
            for change in changes {
                opened.is_stale |= opened.screen.reported(*change);
            }
        }
        if self.is_following || self.is_locked() { false } else { self.follow(out) }
    }

    /// The pause after a refresh is over.
    pub(super) fn follow_on(&mut self, out: &mut Vec<Effect>) -> bool {
        self.is_following = false;
        self.follow(out)
    }

    /// Asks again for what the screen shows, if that is not the newest.
    pub(super) fn follow(&mut self, out: &mut Vec<Effect>) -> bool {
        let world = self.world.clone();
        if self.is_locked() {
            return false;
        }
        let Some(opened) = self.screens.last_mut() else { return false };
        if self.is_following || !std::mem::take(&mut opened.is_stale) {
            return false;
        }
        let owner = opened.id;
        let intents = opened.screen.follow(&world);
        let is_said =
            intents.iter().any(|intent| matches!(intent, crate::layers::Intent::Inform(_)));
        self.is_following = true;
        out.push(Effect::Arm(Timer::Live, PAUSE));
        self.apply_for(owner, intents, out);
        is_said
    }

    /// Asks again for the pages of the lists that show records of this kind, or what belongs to them.
    /// `changed` is the record that was changed here and may leave them.
    pub(super) fn refresh_list(
        &mut self,
        kind: RecordKind,
        changed: Option<&Record>,
        out: &mut Vec<Effect>,
    ) {
        let world = self.world.clone();
        let mut asked = Vec::new();
        for opened in &mut self.screens {
            if let Screen::List(list) = &mut opened.screen
                && list.kind.shows(kind)
            {
                let intents = match changed {
                    Some(record) => list.refresh_after(record, &world),
                    None => list.refresh(&world),
                };
                asked.push((opened.id, intents));
            }
        }
        for (owner, intents) in asked {
            self.apply_for(owner, intents, out);
        }
    }
}
