//! Styles by their meaning. No meaning depends on colour alone: every role also has a sign or a word
//! where it is used.

use ratatui_core::style::{Color, Modifier, Style};

/// The styles of a terminal, by role.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// What matters less.
    pub dim: Style,
    /// Titles of boxes and sections.
    pub title: Style,
    /// The line at the top.
    pub header: Style,
    /// The names of fields.
    pub label: Style,
    /// A field that can be typed into.
    pub field: Style,
    /// The field that has the focus.
    pub focus: Style,
    /// The selected row.
    pub selected: Style,
    /// The selected row of a list that has not the focus.
    pub selected_away: Style,
    /// Keys in hints.
    pub key: Style,
    /// What is wrong.
    pub fault: Style,
    /// What wants attention.
    pub warning: Style,
    /// What went well.
    pub good: Style,
    /// Lines and frames.
    pub border: Style,
}

impl Theme {
    /// The default: the terminal's own foreground and background, and its sixteen colours.
    pub const fn ansi() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            dim: plain.fg(Color::DarkGray),
            title: plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            header: plain.add_modifier(Modifier::REVERSED),
            label: plain.fg(Color::Cyan),
            field: plain.add_modifier(Modifier::UNDERLINED),
            focus: plain.add_modifier(Modifier::UNDERLINED).add_modifier(Modifier::BOLD),
            selected: plain.add_modifier(Modifier::REVERSED),
            selected_away: plain.add_modifier(Modifier::BOLD),
            key: plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            fault: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            warning: plain.fg(Color::Magenta).add_modifier(Modifier::BOLD),
            good: plain.fg(Color::Green),
            border: plain.fg(Color::DarkGray),
        }
    }

    /// Without any colour: bold, underlined and reversed only.
    pub const fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let underlined = plain.add_modifier(Modifier::UNDERLINED);
        Self {
            text: plain,
            dim: plain,
            title: bold,
            header: reversed,
            label: plain,
            field: underlined,
            focus: underlined.add_modifier(Modifier::BOLD),
            selected: reversed,
            selected_away: bold,
            key: bold,
            fault: bold,
            warning: bold,
            good: plain,
            border: plain,
        }
    }
}

impl Theme {
    /// A style for the part of a text that matches what was typed.
    pub fn matched(&self, style: Style) -> Style {
        style.add_modifier(Modifier::UNDERLINED).add_modifier(Modifier::BOLD)
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::ansi()
    }
}
