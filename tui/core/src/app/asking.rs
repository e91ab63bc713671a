//! When somebody is asked to log in again, so that no text that is being typed lands in the login.

use super::App;
use crate::{
    effect::Effect,
    input::{
        action::Action,
        chord::{Chord, Key},
        keymap::with_keys,
    },
    layers::{Intent, Layer, relogin},
    notice::Tone,
};

impl App {
    /// The session is over. Whoever waits for what a command has asked for logs in at once. Where a field has
    /// the focus, the login waits for the next command: what is typed is meant for the field.
    pub(super) fn ask_when_ready(&mut self, is_awaited: bool, out: &mut Vec<Effect>) {
        if is_awaited || self.field_mut().is_none() {
            return self.ask_again(out);
        }
        if !self.is_asked_again() && !self.is_login_due {
            self.is_login_due = true;
            let said = "The session has ended. {Accept} goes to the login; no input is lost.";
            self.say(Tone::Error, with_keys(said), out);
        }
    }

    /// Asks again who it is, over everything.
    pub(super) fn ask_again(&mut self, out: &mut Vec<Effect>) {
        (self.is_login_due, self.is_session_over) = (false, true);
        if !self.is_asked_again() {
            let layer = Layer::Relogin(Box::new(relogin::init(&self.world)));
            self.apply(vec![Intent::Open(Box::new(layer))], out);
        }
    }

    fn is_asked_again(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Relogin(_)))
    }

    /// Whether a command leads to the login that is due, instead of to what it does otherwise. Editing goes
    /// on, and so does what needs no session.
    pub(super) fn leads_to_login(&self, chord: Chord, action: Action) -> bool {
        let is_command = chord.ctrl || matches!(chord.key, Key::Enter | Key::F(_));
        self.is_login_due && is_command && !action.is_edit() && !action.is_outside()
    }

    /// Goes to the login that is due as soon as no field has the focus.
    pub(super) fn ask_if_due(&mut self, out: &mut Vec<Effect>) {
        if self.is_login_due && self.field_mut().is_none() {
            self.notices.dismiss();
            self.ask_again(out);
        }
    }
}
