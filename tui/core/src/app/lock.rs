//! The lock: a desk that nobody uses for a while shows nothing and refreshes nothing until its user has
//! logged in again. What was typed stays below it.

use super::App;
use crate::{
    effect::{Effect, Timer},
    input::action::Action,
    layers::{Layer, relogin},
};

impl App {
    /// Whether the desk is locked.
    pub fn is_locked(&self) -> bool {
        self.lock_at().is_some()
    }

    /// The place of the lock among the layers. Nothing below it is shown.
    pub fn lock_at(&self) -> Option<usize> {
        let is_lock = |layer: &Layer| matches!(layer, Layer::Relogin(login) if login.is_locked);
        self.layers.iter().position(is_lock)
    }

    /// Somebody is at the keyboard: the wait for the lock begins again.
    pub(super) fn stay_awake(&self, out: &mut Vec<Effect>) {
        let is_used = self.world.session().is_some() && !self.is_locked();
        let wait = self.lock_after.filter(|_| is_used);
        out.extend(wait.map(|wait| Effect::Arm(Timer::Idle, wait)));
    }

    /// Nobody has pressed a key for a while.
    pub(super) fn lock(&mut self) -> bool {
        if self.world.session().is_none() || self.is_locked() {
            return false;
        }
        // What is shown for a moment names people, too.
        self.notices.dismiss();
        // A login that is asked for already becomes the lock.
        self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
        self.layers.push(Layer::Relogin(Box::new(relogin::locked(&self.world))));
        true
    }

    /// The user has logged in again.
    pub(super) fn unlock(&mut self, out: &mut Vec<Effect>) {
        self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
        self.stay_awake(out);
        self.retry(out);
        self.follow(out);
    }

    /// Whether an action may be done at a locked desk: whatever the login needs, and nothing that shows or
    /// loses what lies below.
    pub(super) fn is_open_to_all(&self, action: Action) -> bool {
        match action {
            Action::Quit => !self.has_unsaved(),
            Action::Accept
            | Action::Save
            | Action::NextField
            | Action::PreviousField
            | Action::Undo
            | Action::Redo
            | Action::ClearField
            | Action::RemoveWord
            | Action::NextChoice
            | Action::PreviousChoice
            | Action::Back
            | Action::Repaint
            | Action::Suspend => true,
            _ => false,
        }
    }
}
