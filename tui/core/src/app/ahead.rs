//! Keys that are typed ahead of an answer: behind Enter, while the answer to the typed text is on its way,
//! and on a page whose record is being read. They wait for that answer and are then taken in their order.

use std::{collections::VecDeque, time::Duration};

use super::App;
use crate::{
    effect::{Effect, ScreenId, Timer},
    input::{
        action::{Action, Context},
        chord::{Chord, Key},
        keymap::resolve,
    },
    layers::Layer,
    notice::Tone,
    screens::Screen,
    sentences::{KEYS_NOT_USED, NOTHING_OPENED},
};

/// The longest wait of a key for an answer.
const AHEAD_MAX: Duration = Duration::from_secs(1);

/// One thing that was typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Typed {
    Key(Chord),
    Paste(String),
}

impl Typed {
    /// Whether it can only find and open something, whatever is shown by then.
    fn is_harmless(&self) -> bool {
        match self {
            Self::Paste(_) => true,
            Self::Key(chord) => {
                chord.is_printable() || matches!(chord.key, Key::Enter | Key::Backspace)
            }
        }
    }

    /// What it does anywhere, whatever is awaited.
    fn anywhere(&self) -> Anywhere {
        let Self::Key(chord) = self else { return Anywhere::Nothing };
        match (chord.key, resolve(&[Context::Global], *chord)) {
            (Key::Esc, _) | (_, Some(Action::Quit | Action::Palette)) => Anywhere::LeadsAway,
            (_, Some(Action::Repaint | Action::Suspend)) => Anywhere::IsBeside,
            (Key::F(_), Some(_)) => Anywhere::LeadsAway,
            _ => Anywhere::Nothing,
        }
    }

    /// Whether it begins with somebody new, for which no record has to be open.
    fn is_new(&self) -> bool {
        let Self::Key(chord) = self else { return false };
        resolve(&[Context::List], *chord) == Some(Action::New)
    }
}

/// What a key does anywhere.
enum Anywhere {
    Nothing,
    /// Something beside the work, such as a new drawing.
    IsBeside,
    /// It leads away from what is awaited.
    LeadsAway,
}

/// What waits for an answer.
#[derive(Clone, Default)]
pub(super) struct Ahead {
    typed: VecDeque<Typed>,
    /// What was shown when the wait began: the screen, and the number of layers over it.
    from: Option<(ScreenId, usize)>,
    /// Whether they were typed behind Enter or behind a save, for what that opens, and not on a page that is
    /// being read.
    is_for_next: bool,
    /// Whether something was dropped since that was said last.
    is_dropped: bool,
}

impl App {
    /// Takes what somebody types, now or as soon as it can be taken. Says whether something has changed.
    pub(super) fn press(&mut self, typed: Typed, out: &mut Vec<Effect>) -> bool {
        self.is_overdue(out) || (!self.puts_off(&typed, out) && self.take(typed, out))
    }

    /// Puts a key or a paste off while what it is meant for is awaited. Says whether it was put off.
    fn puts_off(&mut self, typed: &Typed, out: &mut Vec<Effect>) -> bool {
        if self.world.is_too_small() {
            return false;
        }
        if self.ahead.typed.is_empty() {
            if !self.is_awaited_by(typed) {
                return false;
            }
            let is_enter = *typed == Typed::Key(Chord::plain(Key::Enter));
            if is_enter && matches!(self.awaited(), Some(Action::Open | Action::Accept)) {
                // Enter again asks for the same.
                return true;
            }
        }
        match typed.anywhere() {
            Anywhere::Nothing => {}
            Anywhere::IsBeside => return false,
            Anywhere::LeadsAway => {
                self.forget_ahead(out);
                return false;
            }
        }
        if self.ahead.typed.is_empty() {
            self.begin_ahead(out);
        }
        self.ahead.typed.push_back(typed.clone());
        true
    }

    fn begin_ahead(&mut self, out: &mut Vec<Effect>) {
        self.ahead.from = Some(self.shown());
        self.ahead.is_for_next = self.awaited().is_some() || self.is_saving();
        out.push(Effect::Arm(Timer::Ahead, AHEAD_MAX));
    }

    /// Drops what was typed ahead.
    pub(super) fn forget_ahead(&mut self, out: &mut Vec<Effect>) {
        if !self.ahead.typed.is_empty() {
            self.ahead.typed.clear();
            out.push(Effect::Disarm(Timer::Ahead));
        }
    }

    /// Something comes over what awaits an answer: neither the answer nor what was typed ahead of it is for
    /// that.
    pub(super) fn interrupt_ahead(&mut self) {
        let next = self.ahead.typed.front();
        if self.awaited().is_none() && !next.is_some_and(|next| self.is_awaited_by(next)) {
            return;
        }
        self.ahead.is_dropped |= !self.ahead.typed.is_empty();
        self.ahead.typed.clear();
        match self.layers.last_mut() {
            Some(layer) => layer.give_up(),
            None => {
                if let Some(screen) = self.top_mut() {
                    screen.give_up();
                }
            }
        }
    }

    /// Says that something was dropped, together with what has come over it.
    fn tell_dropped(&mut self, out: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.ahead.is_dropped) {
            return;
        }
        out.push(Effect::Disarm(Timer::Ahead));
        let said = self.notices.shown.as_ref().filter(|notice| notice.tone == Tone::Info);
        let said = said.map(|notice| format!("{} ", notice.text)).unwrap_or_default();
        self.say(Tone::Info, format!("{said}{KEYS_NOT_USED}"), out);
    }

    /// What is shown: the screen, and the number of layers over it.
    fn shown(&self) -> (ScreenId, usize) {
        (self.top(), self.layers.len())
    }

    fn is_awaited_by(&self, typed: &Typed) -> bool {
        self.awaited().is_some()
            || self.awaits_record(!typed.is_harmless())
            || self.is_saving() && self.is_for_page(typed)
    }

    /// Whether the form that is shown is being saved.
    fn is_saving(&self) -> bool {
        matches!(self.screen(), Screen::Form(state) if state.is_saving && self.layers.is_empty())
    }

    /// Whether it is a command for the page of a record and not for what is shown.
    fn is_for_page(&self, typed: &Typed) -> bool {
        let Typed::Key(chord) = typed else { return false };
        let meant = resolve(&[Context::Record], *chord);
        meant.is_some()
            && !resolve(&self.contexts(), *chord).is_some_and(|it| self.is_available(it))
    }

    /// The action that waits for the answer to a typed text: the answer decides what happens next.
    fn awaited(&self) -> Option<Action> {
        self.layers.last().map_or_else(|| self.screen().awaited(), Layer::awaited)
    }

    /// Whether the record of the page is being read on which a command is to be done.
    fn awaits_record(&self, is_command: bool) -> bool {
        match self.screen() {
            Screen::Detail(state) if self.layers.is_empty() => {
                let is_read = state.record.is_some() || state.failure.is_some();
                !is_read && (is_command || state.edits_next.is_some())
            }
            _ => false,
        }
    }

    /// Takes what was typed ahead, as far as nothing is awaited any more.
    pub(super) fn take_ahead(&mut self, out: &mut Vec<Effect>) {
        self.tell_dropped(out);
        while let Some(next) = self.ahead.typed.front() {
            if self.is_awaited_by(next) {
                if self.ahead.from != Some(self.shown()) {
                    self.begin_ahead(out);
                }
                return;
            }
            if !self.take_next(out) {
                return;
            }
            if self.ahead.typed.is_empty() {
                out.push(Effect::Disarm(Timer::Ahead));
            }
        }
    }

    /// The answer is late: what was typed is taken without it. Says whether something was.
    pub(super) fn end_ahead(&mut self, out: &mut Vec<Effect>) -> bool {
        let is_any = !self.ahead.typed.is_empty();
        while self.take_next(out) {}
        is_any
    }

    /// Takes the first of what was typed. Behind an Enter or a save that opened nothing, a command has nothing that it
    /// is meant for: it is dropped with what follows. Says whether something was taken.
    fn take_next(&mut self, out: &mut Vec<Effect>) -> bool {
        if self.layers.iter().any(|layer| matches!(layer, Layer::Relogin(_))) {
            // It was not typed for a login.
            self.forget_ahead(out);
            return false;
        }
        let is_opened = !self.ahead.is_for_next || self.ahead.from != Some(self.shown());
        // On an arrival that was not sent, words would become its reason, and Enter would send it.
        let is_asked = matches!(self.layers.last(), Some(Layer::Arrival(_)));
        let Some(next) = self.ahead.typed.front() else { return false };
        if !is_opened && (is_asked || !(next.is_harmless() || next.is_new())) {
            self.forget_ahead(out);
            // The next text is not meant to go on behind the one that found nothing.
            match (self.layers.last_mut(), self.screens.last_mut()) {
                (Some(Layer::Find(state)), _) => state.finder.select_text(),
                (None, Some(opened)) => opened.screen.end_search(),
                _ => {}
            }
            self.say(Tone::Info, NOTHING_OPENED.to_owned(), out);
            return false;
        }
        let Some(typed) = self.ahead.typed.pop_front() else { return false };
        self.take(typed, out);
        true
    }

    fn take(&mut self, typed: Typed, out: &mut Vec<Effect>) -> bool {
        match typed {
            Typed::Key(chord) => self.on_key(chord, out),
            Typed::Paste(text) => self.paste(&text, out),
        }
    }
}
