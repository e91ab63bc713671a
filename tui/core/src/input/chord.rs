//! Keys, and how they are written.

/// A key of the keyboard without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character, as typed (upper case when Shift made it so).
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// A key with its modifiers. Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// With Control.
    pub ctrl: bool,
}

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false }
    }

    /// A letter with Control.
    pub const fn ctrl(letter: char) -> Self {
        Self { key: Key::Char(letter), ctrl: true }
    }

    /// The chord as hints print it: `Ctrl-S`, `Enter`, `?`.
    pub fn label(self) -> String {
        let key = match self.key {
            Key::Char(' ') => "Space".to_owned(),
            Key::Char(c) if self.ctrl => c.to_uppercase().to_string(),
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
        format!("{ctrl}{key}")
    }

    /// The key that is meant: a terminal may send Backspace, Tab and Enter as letters with Control.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self.key {
            Key::Char('h') if self.ctrl => Self::plain(Key::Backspace),
            Key::Char('i') if self.ctrl => Self::plain(Key::Tab),
            Key::Char('m' | 'j') if self.ctrl => Self::plain(Key::Enter),
            _ => self,
        }
    }

    /// Whether a field for text takes it as a character.
    pub fn is_printable(self) -> bool {
        matches!(self.key, Key::Char(_)) && !self.ctrl
    }
}
