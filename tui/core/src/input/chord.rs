//! How keys are written.

use crate::msg::{Chord, Key};

impl Chord {
    /// The chord as hints print it: `Ctrl-S`, `Enter`, `?`.
    pub fn label(self) -> String {
        let key = match self.key {
            Key::Char(' ') => "Space".to_owned(),
            Key::Char(c) if self.ctrl || self.alt => c.to_uppercase().to_string(),
            Key::Char(c) => c.to_string(),
            Key::Enter => "Enter".to_owned(),
            Key::Esc => "Esc".to_owned(),
            Key::Tab => "Tab".to_owned(),
            Key::BackTab => "Shift-Tab".to_owned(),
            Key::Backspace => "Backspace".to_owned(),
            Key::Delete => "Delete".to_owned(),
            Key::Insert => "Insert".to_owned(),
            Key::Up => "↑".to_owned(),
            Key::Down => "↓".to_owned(),
            Key::Left => "←".to_owned(),
            Key::Right => "→".to_owned(),
            Key::Home => "Home".to_owned(),
            Key::End => "End".to_owned(),
            Key::PageUp => "PgUp".to_owned(),
            Key::PageDown => "PgDn".to_owned(),
            Key::F(number) => format!("F{number}"),
        };
        let ctrl = if self.ctrl { "Ctrl-" } else { "" };
        let alt = if self.alt { "Alt-" } else { "" };
        format!("{ctrl}{alt}{key}")
    }

    /// The key that is meant: a terminal may send Backspace, Tab and Enter as letters with Control.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self.key {
            Key::Char('h') if self.ctrl && !self.alt => Self::plain(Key::Backspace),
            Key::Char('i') if self.ctrl && !self.alt => Self::plain(Key::Tab),
            Key::Char('m' | 'j') if self.ctrl && !self.alt => Self::plain(Key::Enter),
            _ => self,
        }
    }

    /// Whether a field for text takes it as a character.
    pub fn is_printable(self) -> bool {
        matches!(self.key, Key::Char(_)) && !self.ctrl && !self.alt
    }
}
