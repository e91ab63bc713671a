//! Choosing one of a few values: by stepping, or by typing how the value begins.

use crate::input::chord::{Chord, Key};

/// Characters after which nothing more is taken in: longer than any value.
const TYPED_MAX: usize = 40;
/// Choices that undo remembers.
const UNDO_MAX: usize = 200;

/// A closed list of values of which one is chosen. The first is usually "not recorded".
///
/// What is typed is taken as a whole: `O-` is O− or, where there is no such value, nothing. As long
/// as it fits several values or none, the value from before stays, and the field has a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    options: &'static [(&'static str, &'static str)],
    at: usize,
    /// What was typed since the field was entered, or what nobody could make sense of.
    typed: String,
    /// Which value was chosen before something was typed.
    before: usize,
    /// Whether the field was left: the next letter begins anew.
    is_left: bool,
    /// What is wrong with what is typed.
    fault: Option<String>,
    /// The values that were chosen before, and those that undo has taken back.
    undo: Vec<usize>,
    redo: Vec<usize>,
}

/// What is typed, as far as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Understood {
    /// It is this value, or nothing is typed.
    One,
    /// It may become each of these.
    Several(Vec<&'static str>),
    /// It is none of the values.
    Nothing,
}

impl Choice {
    /// A choice with the option of this value chosen, or the first.
    pub fn new(options: &'static [(&'static str, &'static str)], value: &str) -> Self {
        let at = options.iter().position(|(option, _)| *option == value).unwrap_or_default();
        Self {
            options,
            at,
            typed: String::new(),
            before: at,
            is_left: false,
            fault: None,
            undo: Vec::new(),
            redo: Vec::new(),
        }
    }

    /// The chosen value.
    pub fn value(&self) -> &'static str {
        self.options.get(self.at).map_or("", |(value, _)| value)
    }

    /// How the chosen value is shown.
    pub fn shown(&self) -> &'static str {
        self.options.get(self.at).map_or("", |(_, shown)| shown)
    }

    /// Chooses another value, as one edit.
    pub fn set(&mut self, value: &str) {
        let at = self.options.iter().position(|(option, _)| *option == value);
        self.choose(at.unwrap_or_default());
    }

    /// Takes back what is typed, or else the last choice.
    pub(super) fn undo(&mut self) {
        if !self.typed.is_empty() {
            return self.clear();
        }
        if let Some(at) = self.undo.pop() {
            self.redo.push(self.at);
            self.show(at);
        }
    }

    /// Whether there is something to be taken back.
    pub(super) fn can_undo(&self) -> bool {
        !self.typed.is_empty() || !self.undo.is_empty()
    }

    /// Takes the last undo back.
    pub(super) fn redo(&mut self) {
        if let Some(at) = self.redo.pop() {
            self.undo.push(self.at);
            self.show(at);
        }
    }

    /// What is typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The values as a list: each word, with its code where that is another text.
    pub fn listed(&self) -> Vec<String> {
        let line = |(value, shown): &(&str, &str)| match value.is_empty()
            || value == shown
            || value.len() > 3
        {
            true => format!("  {shown}"),
            false => format!("  {value}  {shown}"),
        };
        self.options.iter().map(line).collect()
    }

    /// What is wrong with what is typed, once that is certain.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Whether what is typed is no value yet.
    pub fn is_open(&self) -> bool {
        self.understood() != Understood::One
    }

    /// What is typed, as far as it is understood: a whole value, or the only one that begins so.
    pub fn understood(&self) -> Understood {
        if self.typed.is_empty() {
            return Understood::One;
        }
        let typed = plain(&self.typed);
        let is_whole =
            |(value, shown): &&(&str, &str)| typed == plain(value) || typed == plain(shown);
        if self.options.iter().any(|option| is_whole(&option)) {
            return Understood::One;
        }
        let found: Vec<&str> = self.beginning(&typed).map(|at| self.label(at)).collect();
        match found.len() {
            0 => Understood::Nothing,
            1 => Understood::One,
            _ => Understood::Several(found),
        }
    }

    /// The places of the values that begin so.
    fn beginning<'a>(&'a self, typed: &'a str) -> impl Iterator<Item = usize> + 'a {
        let begins = move |(value, shown): &(&str, &str)| {
            plain(shown).starts_with(typed)
                || (!value.is_empty() && plain(value).starts_with(typed))
        };
        self.options.iter().enumerate().filter(move |(_, option)| begins(option)).map(|(at, _)| at)
    }

    fn label(&self, at: usize) -> &'static str {
        self.options.get(at).map_or("", |(_, shown)| shown)
    }

    /// Takes a key. The arrows and Space step, letters are how the value begins, Backspace takes
    /// the last one back, and then chooses the first value as Delete does.
    pub(super) fn on_key(&mut self, chord: Chord) -> bool {
        match chord.key {
            _ if chord.ctrl => return false,
            Key::Left => self.carry_out(false),
            Key::Right => self.carry_out(true),
            Key::Char(' ') if self.typed.is_empty() || self.is_left => self.carry_out(true),
            Key::Delete => self.choose(0),
            Key::Backspace if self.typed.is_empty() => self.choose(0),
            Key::Backspace if self.is_left => self.choose(self.before),
            Key::Backspace => {
                self.typed.pop();
                self.read();
            }
            Key::Char(letter) => self.take(letter.encode_utf8(&mut [0; 4])),
            _ => return false,
        }
        true
    }

    /// Takes a pasted text as what is typed.
    pub(super) fn paste(&mut self, text: &str) {
        self.choose(if self.is_open() { self.before } else { self.at });
        self.take(text.trim());
    }

    /// Takes back what is typed.
    pub(super) fn clear(&mut self) {
        self.choose(if self.typed.is_empty() { self.at } else { self.before });
    }

    /// The field is left: what is typed is a value by now, or it is a fault.
    pub(super) fn leave(&mut self) {
        match self.understood() {
            Understood::One => self.choose(self.at),
            Understood::Several(found) => {
                let typed = crate::text::display(&self.typed);
                self.fault = Some(format!("“{typed}” fits several: {}", found.join(", ")));
                self.is_left = true;
            }
            Understood::Nothing => self.is_left = true,
        }
    }

    fn carry_out(&mut self, forward: bool) {
        let count = self.options.len().max(1);
        self.choose(if forward { (self.at + 1) % count } else { (self.at + count - 1) % count });
    }

    /// Chooses a value: nothing is typed any more.
    fn choose(&mut self, at: usize) {
        let before = if self.typed.is_empty() { self.at } else { self.before };
        if before != at {
            if self.undo.len() >= UNDO_MAX {
                self.undo.remove(0);
            }
            self.undo.push(before);
            self.redo.clear();
        }
        self.show(at);
    }

    fn show(&mut self, at: usize) {
        (self.at, self.before) = (at, at);
        self.typed.clear();
        self.is_left = false;
        self.fault = None;
    }

    fn take(&mut self, text: &str) {
        if std::mem::take(&mut self.is_left) {
            self.typed.clear();
        }
        if self.typed.is_empty() {
            self.before = self.at;
        }
        let room = TYPED_MAX.saturating_sub(self.typed.chars().count());
        self.typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
        self.read();
    }

    /// Chooses the value that is typed, or the one from before as long as there is none.
    fn read(&mut self) {
        let typed = plain(&self.typed);
        let is_whole =
            |(value, shown): &(&str, &str)| typed == plain(value) || typed == plain(shown);
        let whole = self.options.iter().position(is_whole);
        let found = match self.understood() {
            Understood::One => whole.or_else(|| self.beginning(&typed).next()),
            _ => None,
        };
        self.at = found.filter(|_| !typed.is_empty()).unwrap_or(self.before);
        self.fault = (self.understood() == Understood::Nothing).then(|| {
            let all: Vec<&str> = self.options.iter().map(|(_, shown)| *shown).collect();
            format!(
                "“{}” is not one of these: {}",
                crate::text::display(&self.typed),
                all.join(", ")
            )
        });
    }
}

/// How it is compared: without case, and with any dash as the sign of a keyboard.
fn plain(text: &str) -> String {
    let dash = |c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    text.to_lowercase().chars().map(dash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEX: &[(&str, &str)] =
        &[("", "not recorded"), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")];
    const BLOOD: &[(&str, &str)] = &[
        ("", "not recorded"),
        ("A+", "A+"),
        ("A-", "A-"),
        ("B+", "B+"),
        ("B-", "B-"),
        ("AB+", "AB+"),
        ("AB-", "AB-"),
        ("O+", "O+"),
        ("O-", "O-"),
    ];

    fn typed(options: &'static [(&'static str, &'static str)], keys: &str) -> Choice {
        let mut choice = Choice::new(options, "");
        for c in keys.chars() {
            assert!(choice.on_key(Chord::plain(Key::Char(c))), "{c} belongs to the field");
        }
        choice
    }

    #[test]
    fn every_value_is_chosen_by_typing_it_whole() {
        for options in [SEX, BLOOD] {
            for (value, shown) in options.iter().skip(1) {
                for keys in [value.to_string(), shown.to_string(), value.to_lowercase()] {
                    let choice = typed(options, &keys);
                    assert_eq!((choice.value(), choice.is_open()), (*value, false), "{keys}");
                }
            }
        }
        assert_eq!(typed(BLOOD, "o\u{2212}").value(), "O-");
        assert_eq!(typed(SEX, "not recorded").value(), "");
    }

    #[test]
    fn the_whole_of_what_is_typed_counts_and_not_its_last_letter() {
        assert_eq!(typed(BLOOD, "O-").value(), "O-");
        assert_eq!(typed(BLOOD, "AB-").value(), "AB-");
        assert_eq!(typed(BLOOD, "AB").value(), "", "AB+ and AB- begin so");
        assert!(typed(BLOOD, "AB").is_open());
    }

    #[test]
    fn what_fits_nothing_is_refused_and_leaves_the_value_from_before() {
        let mut choice = Choice::new(SEX, "F");
        for c in "O-".chars() {
            choice.on_key(Chord::plain(Key::Char(c)));
        }
        assert_eq!(choice.value(), "F");
        assert!(choice.fault().is_some_and(|fault| fault.starts_with("“O-” is not one of these")));
        choice.on_key(Chord::plain(Key::Backspace));
        assert_eq!((choice.value(), choice.fault()), ("O", None));
        choice.on_key(Chord::plain(Key::Backspace));
        assert_eq!(choice.value(), "F");
    }

    #[test]
    fn what_fits_several_is_none_of_them_and_a_fault_once_the_field_is_left() {
        let mut choice = typed(BLOOD, "a");
        assert_eq!((choice.value(), choice.fault()), ("", None));
        choice.leave();
        assert_eq!(choice.fault(), Some("“a” fits several: A+, A-, AB+, AB-"));
        assert!(choice.is_open());
        // Back again, the next letter begins anew.
        choice.on_key(Chord::plain(Key::Char('b')));
        choice.on_key(Chord::plain(Key::Char('-')));
        assert_eq!((choice.value(), choice.is_open()), ("B-", false));
    }

    #[test]
    fn leaving_ends_the_prefix() {
        let mut choice = typed(SEX, "m");
        choice.leave();
        choice.on_key(Chord::plain(Key::Char('f')));
        assert_eq!(choice.value(), "F");
    }

    #[test]
    fn stepping_and_deleting_forget_what_is_typed() {
        let mut choice = typed(BLOOD, "x");
        choice.on_key(Chord::plain(Key::Right));
        assert_eq!((choice.value(), choice.is_open()), ("A+", false));
        choice.on_key(Chord::plain(Key::Char(' ')));
        choice.on_key(Chord::plain(Key::Left));
        assert_eq!(choice.value(), "A+");
        choice.on_key(Chord::plain(Key::Backspace));
        assert_eq!(choice.value(), "");
    }

    #[test]
    fn a_paste_is_read_as_a_whole() {
        let mut choice = Choice::new(BLOOD, "A+");
        choice.paste(" o- \n");
        assert_eq!(choice.value(), "O-");
        choice.paste("0-");
        assert_eq!((choice.value(), choice.is_open()), ("O-", true));
    }
}
