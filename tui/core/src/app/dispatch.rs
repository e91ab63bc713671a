//! Dispatching a key: to the topmost layer, else to the screen. A field for text comes before the table
//! of keys.

use super::App;
use crate::{
    effect::Effect,
    form::field::Field,
    input::{
        action::{Action, Context},
        chord::{Chord, Key},
        keymap::{chords_of, entries, labels, resolve},
        table::Entry,
    },
    intent::{Event, Leave, Place, Route},
    layers::{
        Intent, Layer, field_help, messages,
        palette::{self, Does, Item},
        question,
    },
    notice::{Notice, Tone},
    resource::{Query, RecordKind},
    screens::Screen,
};

impl App {
    pub(super) fn on_key(&mut self, chord: Chord, out: &mut Vec<Effect>) -> bool {
        let chord = chord.canonical();
        self.presses += 1;
        if self.world.is_too_small() {
            // Nothing is seen, so nothing is done, but for the way out.
            return match resolve(&[Context::Global], chord) {
                Some(Action::Quit) if !self.has_unsaved() => {
                    out.push(Effect::Quit);
                    true
                }
                _ => false,
            };
        }
        if chord.is_printable() && chord.key != Key::Char(' ') {
            self.begin_find(out);
        }
        if !self.chooses_answer(chord) && self.field_mut().is_some_and(|field| field.on_key(chord))
        {
            self.dispatch(Event::Edited, out);
            return true;
        }
        if chord.is_printable() && matches!(self.layers.last(), Some(Layer::Question(_))) {
            return self.hesitates();
        }
        let Some(action) = resolve(&self.contexts(), chord) else { return false };
        if self.leads_to_login(chord, action) {
            self.notices.dismiss();
            self.ask_again(out);
            return true;
        }
        self.command = Some(self.presses).filter(|_| !action.is_edit());
        self.act(action, out);
        self.command = None;
        true
    }

    pub(super) fn paste(&mut self, text: &str, out: &mut Vec<Effect>) -> bool {
        self.presses += 1;
        if self.world.is_too_small() {
            return false;
        }
        self.begin_find(out);
        let is_taken = self.field_mut().is_some_and(|field| field.paste(text));
        if is_taken {
            self.dispatch(Event::Edited, out);
        }
        is_taken || self.hesitates()
    }

    /// Whether a key chooses an answer of a question, also beside a reason that is typed.
    fn chooses_answer(&self, chord: Chord) -> bool {
        let is_question = matches!(self.layers.last(), Some(Layer::Question(_)));
        let meant = resolve(&[Context::Question], chord).filter(|_| is_question);
        matches!(meant, Some(Action::NextChoice | Action::PreviousChoice))
    }

    /// What was typed over a question that takes no words was meant for something else: Enter after it
    /// decides nothing. Says whether another answer is selected now.
    fn hesitates(&mut self) -> bool {
        match self.layers.last_mut() {
            Some(Layer::Question(question)) => question::hesitate(question),
            _ => false,
        }
    }

    /// The field for text that has the focus.
    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        match (self.layers.last_mut(), self.screens.last_mut()) {
            (Some(layer), _) => layer.field_mut(),
            (None, opened) => opened?.screen.field_mut(),
        }
    }

    /// Takes the focus to where records are searched for, unless a field has it. What is typed on a layer
    /// is not meant for the screen below.
    fn begin_find(&mut self, out: &mut Vec<Effect>) {
        if !self.layers.is_empty() {
            return;
        }
        let is_search = matches!(self.screen(), Screen::Home(_) | Screen::List(_));
        let is_begun = self.field_mut().is_some_and(|it| !is_search || !it.value().is_empty());
        if self.is_session_over && !is_begun {
            // Nothing is found without a session, and a password may be meant.
            return self.ask_again(out);
        }
        if self.field_mut().is_some() {
            return;
        }
        if self.top_mut().is_some_and(|screen| !screen.begin_find() && screen.takes_find_box()) {
            self.lay(Layer::Find(Box::default()));
        }
    }

    fn dispatch(&mut self, event: Event, out: &mut Vec<Effect>) {
        let intents = match (self.layers.last_mut(), self.screens.last_mut()) {
            (Some(layer), _) => layer.update(&self.world, event),
            (None, Some(opened)) => opened.screen.update(&self.world, event),
            (None, None) => Vec::new(),
        };
        self.apply(intents, out);
    }

    /// Does an action where it belongs.
    pub(super) fn act(&mut self, action: Action, out: &mut Vec<Effect>) {
        if !self.is_available(action) {
            if let Some(why) = self.refusal(action) {
                self.say(Tone::Info, why, out);
            }
            return;
        }
        match action {
            Action::Help => self.help(out),
            Action::Park => self.park_or_resume(out),
            Action::UndoSave => self.ask_undo(out),
            Action::Palette => self.list_actions(false, out),
            Action::Messages if self.is_asked_for_actions() => {}
            Action::Messages => {
                self.apply(
                    vec![Intent::Open(Box::new(Layer::Messages(messages::init(&self.notices))))],
                    out,
                );
            }
            Action::Repaint => out.push(Effect::Repaint),
            Action::Suspend => out.push(Effect::Suspend),
            Action::Quit => self.leave(Leave::Quit, out),
            Action::Lock => self.lock(out),
            Action::LogOut => self.leave(Leave::LogOut, out),
            Action::Share => out.push(Effect::Share),
            Action::SetUp => self.leave(Leave::SetUp, out),
            Action::Duplicates => {
                let pairs = Route::List(RecordKind::LikelyPair, Query::default());
                self.apply(vec![Intent::Go(pairs)], out);
            }
            _ if Self::is_own(action) => self.go_to_own(action, out),
            _ if Place::of(action).is_some() => {
                if let Some(place) = Place::of(action) {
                    self.leave(Leave::To(place), out);
                }
            }
            // An error is dismissed before anything is left.
            Action::Back if self.layers.is_empty() && self.notices.dismiss() => {}
            Action::Refresh => {
                self.notices.dismiss();
                let is_form = matches!(self.screen(), Screen::Form(_));
                if !self.retry(out) || is_form {
                    self.dispatch(Event::Act(action), out);
                }
            }
            _ => self.dispatch(Event::Act(action), out),
        }
    }

    /// Explains the focused field of a form first, and what can be done here when asked once more.
    fn help(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.layers.last(), Some(Layer::Field(_))) {
            self.layers.pop();
            return self.list_actions(true, out);
        }
        let form = self.layers.last().map_or_else(|| self.screen().form(), Layer::form);
        match form.and_then(field_help::init) {
            Some(state) => self.lay(Layer::Field(Box::new(state))),
            None => self.list_actions(true, out),
        }
    }

    fn is_asked_for_actions(&self) -> bool {
        matches!(self.layers.last(), Some(Layer::Palette(_) | Layer::Messages(_)))
    }

    /// Shows what can be done here: by the help with what each does, by the palette with everything
    /// that the screen below offers.
    fn list_actions(&mut self, is_help: bool, out: &mut Vec<Effect>) {
        if self.is_asked_for_actions() || (!is_help && !self.layers.is_empty()) {
            return;
        }
        let contexts = self.contexts();
        let item = |entry: &Entry| Item {
            does: Does::Act(entry.action),
            label: self.label_here(entry),
            help: self.explained(entry).into(),
            also: self.also(entry),
            keys: labels(&chords_of(entry, &contexts)),
            is_dangerous: entry.is_dangerous,
            is_change: entry.is_change,
        };
        let mut found: Vec<_> = entries(&contexts)
            .filter(|entry| self.is_available(entry.action))
            .filter(|entry| is_help || !matches!(entry.action, Action::Palette | Action::Help))
            .collect();
        let is_last = |entry: &Entry| !is_help && entry.action.is_routine();
        found.sort_by_key(|entry| (is_last(entry), std::cmp::Reverse(entry.rank)));
        let mut items: Vec<_> = found.into_iter().map(item).collect();
        if !is_help {
            items.extend(self.fields_here());
            items.extend(self.views());
        }
        let layer = Layer::Palette(Box::new(palette::init(items, is_help)));
        self.apply(vec![Intent::Open(Box::new(layer))], out);
    }

    /// A message with its time, and with the request whose failure is being handled.
    fn notice(&self, tone: Tone, text: String) -> Notice {
        let (at, request) = (self.world.now, self.failed_request.clone());
        let wait = self.failed_wait.filter(|_| tone == Tone::Error);
        Notice { tone, text, at, request, wait }
    }

    /// Says something. Where the desk is locked it may name people, and is shown after the login.
    pub(super) fn say(&mut self, tone: Tone, text: String, out: &mut Vec<Effect>) {
        if self.is_locked() {
            let notice = self.notice(tone, text);
            return self.notices.hold(notice);
        }
        self.say_at_once(tone, text, out);
    }

    /// Says something, at a locked desk too.
    pub(super) fn say_at_once(&mut self, tone: Tone, text: String, out: &mut Vec<Effect>) {
        use crate::{app::TOAST_FOR, effect::Timer};
        let notice = self.notice(tone, text);
        self.notices.say(notice);
        if self.notices.is_counting() {
            self.count_down(out);
        }
        if tone == Tone::Info {
            out.push(Effect::Arm(Timer::Toast, TOAST_FOR));
        }
    }
}
