//! The lock: a desk that nobody uses for a while shows nothing and refreshes nothing until its user has
//! logged in again. What was typed stays below it.

use std::time::Duration;

use super::{App, TOAST_FOR};
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

    /// A session begins, or goes on after the lock, or another user is asked over the lock: from now on the
    /// desk is used.
    pub(super) fn begin_wait(&mut self, out: &mut Vec<Effect>) {
        self.used_at = self.world.now;
        out.extend(self.lock_after.map(|wait| Effect::Arm(Timer::Idle, wait)));
    }

    /// What is left of the wait for the lock, counted from the last key. None where there is nobody to lock
    /// out.
    fn rest(&self) -> Option<Duration> {
        // A newcomer who is asked over the lock has opened it.
        let is_open = !self.is_locked() || self.is_newcomer_asked();
        let wait = self.lock_after.filter(|_| self.world.session().is_some() && is_open)?;
        let idle = self.world.now.zip(self.used_at).map(|(now, at)| now - at);
        // A clock that was set back measures nothing: the wait begins again.
        let idle = idle.map_or(wait, |idle| idle.to_std().unwrap_or_default());
        Some(wait.saturating_sub(idle))
    }

    /// Somebody uses the keyboard. Says whether the desk is locked instead: where the machine has slept, the
    /// wait is over before the timer says so.
    pub(super) fn is_overdue(&mut self, out: &mut Vec<Effect>) -> bool {
        let is_overdue = self.used_at.is_some() && self.rest().is_some_and(|rest| rest.is_zero());
        if is_overdue {
            self.lock(out);
        } else {
            self.used_at = self.world.now;
        }
        is_overdue
    }

    /// The wait for the lock is over, unless a key was pressed meanwhile. Says whether the desk is locked.
    pub(super) fn lock_if_unused(&mut self, out: &mut Vec<Effect>) -> bool {
        match self.rest() {
            None => false,
            Some(Duration::ZERO) => {
                self.lock(out);
                true
            }
            Some(rest) => {
                out.push(Effect::Arm(Timer::Idle, rest));
                false
            }
        }
    }

    /// Lays something over the screen and what lies over it already, but never over the lock.
    pub(super) fn lay(&mut self, layer: Layer) {
        self.interrupt_ahead();
        let at = self.lock_at().unwrap_or(self.layers.len());
        self.layers.insert(at, layer);
    }

    /// Locks the desk.
    pub(super) fn lock(&mut self, out: &mut Vec<Effect>) {
        self.turn_away(out);
        // What is shown for a moment names people, too.
        self.notices.dismiss();
        self.is_login_due = false;
        // A login that is asked for already becomes the lock.
        self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
        self.layers.push(Layer::Relogin(Box::new(relogin::locked(&self.world))));
    }

    /// The user has logged in again.
    pub(super) fn unlock(&mut self, out: &mut Vec<Effect>) {
        self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
        self.begin_wait(out);
        if self.notices.release() {
            out.push(Effect::Arm(Timer::Toast, TOAST_FOR));
        }
        if self.notices.is_counting() {
            self.count_down(out);
        }
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
            | Action::NextChoice
            | Action::PreviousChoice
            | Action::Back => true,
            _ => action.is_edit() || action.is_outside(),
        }
    }
}
