//! Forms that were put aside for other work. A parked form keeps everything: what is typed, the cursor,
//! undo, errors, the version that was read, and the key under which a record is created. Answers to its
//! requests still reach it.

use super::{App, Opened};
use crate::{
    effect::{Effect, ScreenId},
    input::{
        action::{Action, Context},
        keymap::key_of,
    },
    intent::{Leave, Route},
    layers::{
        Intent, Layer,
        choose::{self, Choice},
    },
    notice::Tone,
    resource::Record,
    screens::{Screen, record_form},
};

/// The record that a form changes.
fn base(opened: &Opened) -> Option<&Record> {
    match &opened.screen {
        Screen::Form(state) => state.base.as_ref(),
        _ => None,
    }
}

impl App {
    /// The names of the parked forms, in the order in which they were parked.
    pub fn parked(&self) -> Vec<String> {
        self.parked.iter().map(|opened| opened.screen.heading()).collect()
    }

    /// Whether something typed would be lost if the program ended now.
    pub fn has_unsaved(&self) -> bool {
        self.layers.iter().any(|layer| layer.unfinished().is_some())
            || self.screens.iter().chain(&self.parked).any(|opened| opened.screen.is_changed())
    }

    /// Whether there is a form to be parked or to go on with.
    pub(super) fn can_park(&self) -> bool {
        self.layers.is_empty() && (self.is_at_form() || !self.parked.is_empty())
    }

    /// Whether a form of a record is shown.
    pub(super) fn is_at_form(&self) -> bool {
        self.screens.len() > 1 && matches!(self.screen(), Screen::Form(_))
    }

    /// Parks the form that is shown, or else goes on with a parked one.
    pub(super) fn park_or_resume(&mut self, out: &mut Vec<Effect>) {
        if self.is_at_form() {
            return self.park(out);
        }
        match self.parked.as_slice() {
            [] => {}
            [only] => self.resume(only.id, out),
            several => {
                let choice = |opened: &Opened| {
                    let record = base(opened).map(Record::named);
                    let lines = std::iter::once(opened.screen.heading()).chain(record).collect();
                    Choice { lines, intents: vec![Intent::Resume(opened.id)] }
                };
                let choices = several.iter().rev().map(choice).collect();
                let layer = choose::init("Resume a form", choices);
                self.lay(Layer::Choose(Box::new(layer)));
            }
        }
    }

    fn park(&mut self, out: &mut Vec<Effect>) {
        let Some(mut opened) = self.screens.pop() else { return };
        if let Screen::Form(state) = &mut opened.screen {
            record_form::stay(state);
        }
        let key = key_of(Action::Park, &[Context::Global]);
        let said = format!("Parked: {}. {key} resumes it.", opened.screen.heading());
        self.parked.push(opened);
        self.notices.dismiss();
        self.say(Tone::Info, said, out);
        self.follow(out);
    }

    /// Shows a parked form exactly as it was left, over the page of its record.
    pub(super) fn resume(&mut self, id: ScreenId, out: &mut Vec<Effect>) {
        let Some(at) = self.parked.iter().position(|opened| opened.id == id) else { return };
        let opened = self.parked.remove(at);
        self.notices.pass();
        if let Some(record) = base(&opened).cloned()
            && !matches!(self.screen(), Screen::Detail(state) if state.is_of(&record))
        {
            let (screen, intents) = Screen::at(Route::of(&record), &self.world);
            self.open(screen);
            self.apply(intents, out);
        }
        self.cover();
        self.screens.push(opened);
        self.follow(out);
    }

    /// The parked form of a record.
    pub(super) fn parked_form(&self, record: &Record) -> Option<ScreenId> {
        let is_same = |base: &Record| (base.kind(), base.id()) == (record.kind(), record.id());
        let is_of = |opened: &&Opened| base(opened).is_some_and(is_same);
        self.parked.iter().find(is_of).map(|opened| opened.id)
    }

    /// The form of this name, if it is open or parked and not shown.
    pub(super) fn is_away(&self, owner: ScreenId) -> bool {
        let mut known = self.screens.iter().chain(&self.parked);
        let is_form = |opened: &Opened| matches!(opened.screen, Screen::Form(_));
        self.top() != owner && known.any(|opened| opened.id == owner && is_form(opened))
    }

    /// Does what a form wants that is not shown. What needs the screen waits until the form is shown.
    pub(super) fn apply_away(&mut self, owner: ScreenId, intent: Intent, out: &mut Vec<Effect>) {
        let mut known = self.screens.iter_mut().chain(&mut self.parked);
        let Some(opened) = known.find(|opened| opened.id == owner) else { return };
        let heading = opened.screen.heading();
        let is_parked = self.parked.iter().any(|opened| opened.id == owner);
        match intent {
            Intent::Inform(said) => self.say(Tone::Info, format!("{heading}: {said}"), out),
            Intent::Warn(said) => self.say(Tone::Error, format!("{heading}: {said}"), out),
            // Nothing of a parked form is left to be done.
            Intent::LeaveNow(Leave::Back) if is_parked => self.close_screen(owner, out),
            intent => {
                let mut known = self.screens.iter_mut().chain(&mut self.parked);
                if let Some(opened) = known.find(|opened| opened.id == owner) {
                    opened.held.push(intent);
                }
            }
        }
    }

    /// Does what has waited until the screen is shown.
    pub(super) fn apply_held(&mut self, out: &mut Vec<Effect>) {
        if !self.layers.is_empty() {
            return;
        }
        let held = self.screens.last_mut().map(|opened| std::mem::take(&mut opened.held));
        self.apply(held.unwrap_or_default(), out);
    }

    /// What would be lost of what lies over the screen by leaving in this way.
    pub(super) fn unfinished(&self, leave: Leave) -> Vec<String> {
        match leave {
            Leave::Back => Vec::new(),
            _ => self.layers.iter().filter_map(Layer::unfinished).collect(),
        }
    }

    /// What would be lost by leaving in this way: the names of forms, first the one that is shown.
    pub(super) fn lost_by(&self, leave: Leave) -> Vec<String> {
        let open = self.screens.iter().rev();
        let parked = self.parked.iter().rev();
        let is_changed = |opened: &&Opened| opened.screen.is_changed();
        let names = |opened: &Opened| opened.screen.heading();
        match leave {
            Leave::Back => open.take(1).filter(is_changed).map(names).collect(),
            Leave::To(_) => open.filter(is_changed).map(names).collect(),
            Leave::LogOut | Leave::SetUp | Leave::Quit => {
                open.chain(parked).filter(is_changed).map(names).collect()
            }
        }
    }

    /// How many screens have something typed that is not saved, parked forms included.
    #[cfg(test)]
    pub(crate) fn unsaved(&self) -> usize {
        let all = self.screens.iter().chain(&self.parked);
        all.filter(|opened| opened.screen.is_changed()).count()
    }

    /// The forms of records, parked ones included.
    #[cfg(test)]
    pub(crate) fn forms(&self) -> impl Iterator<Item = &record_form::State> {
        let all = self.screens.iter().chain(&self.parked);
        all.filter_map(|opened| match &opened.screen {
            Screen::Form(state) => Some(&**state),
            _ => None,
        })
    }

    /// In how many forms a text stands, parked ones included.
    #[cfg(test)]
    pub(crate) fn typed(&self, text: &str) -> usize {
        let forms = self.forms().map(|state| &state.form);
        forms.filter(|form| form.fields.iter().any(|field| field.value().contains(text))).count()
    }
}
