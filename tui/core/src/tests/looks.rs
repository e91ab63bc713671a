//! A screen as text, with the cursor and the role of every style in it: a snapshot of the text alone says
//! nothing about a selection that has moved or a warning that looks like any other text.

use ratatui_core::{
    backend::TestBackend,
    buffer::Cell,
    style::{Color, Style},
    terminal::Terminal,
};

use super::driver::Driver;
use crate::{theme::Theme, view::view};

/// The roles, by the numbers of the colours of [`THEME`].
const ROLES: [&str; 14] = [
    "text", "dim", "title", "label", "key", "fault", "warning", "good", "border", "header",
    "field", "focus", "selected", "away",
];

/// A theme in which every role has a colour of its own. What a terminal shows reversed, underlined or bold
/// has it behind the text, so that both roles are seen where a text lies on it.
const THEME: Theme = {
    const fn front(number: u8) -> Style {
        Style::new().fg(Color::Indexed(number))
    }
    const fn behind(number: u8) -> Style {
        Style::new().bg(Color::Indexed(number))
    }
    Theme {
        text: front(0),
        dim: front(1),
        title: front(2),
        label: front(3),
        key: front(4),
        fault: front(5),
        warning: front(6),
        good: front(7),
        border: front(8),
        header: behind(9),
        field: behind(10),
        focus: behind(11),
        selected: behind(12),
        selected_away: behind(13),
    }
};

/// The roles of a cell. Ordinary text has none.
fn roles(cell: &Cell) -> String {
    let role = |color| match color {
        Color::Indexed(number) if number > 0 => Some(ROLES[usize::from(number)]),
        _ => None,
    };
    // Only what matches a search has a modifier in this theme.
    let matched = (!cell.modifier.is_empty()).then_some("matched");
    let all: Vec<_> = [role(cell.bg), role(cell.fg), matched].into_iter().flatten().collect();
    all.join("+")
}

/// The screen as text with its cursor, and under it the runs of styles: row, role, first and last column.
pub(super) fn look(driver: &Driver) -> String {
    let world = driver.app.world();
    let mut terminal = Terminal::new(TestBackend::new(world.width, world.height)).unwrap();
    terminal.draw(|frame| view(&driver.app, &THEME, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut look = driver.screen();
    for y in 0..world.height {
        let row: Vec<_> = (0..world.width).map(|x| roles(&buffer[(x, y)])).collect();
        let mut runs = Vec::new();
        let mut first = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let last = first + run.len() - 1;
            if !run[0].is_empty() {
                runs.push(format!("{} {first}-{last}", run[0]));
            }
            first = last + 1;
        }
        if !runs.is_empty() {
            look.push_str(&format!("{y}: {}\n", runs.join(", ")));
        }
    }
    look
}

/// A test for each screen: it looks as its snapshot does.
macro_rules! looks {
    ($($name:ident: $driver:expr;)*) => {$(
        #[test]
        fn $name() {
            let driver: Driver = $driver;
            insta::assert_snapshot!(stringify!($name), $crate::tests::looks::look(&driver));
        }
    )*};
}
pub(super) use looks;

#[test]
fn every_role_and_every_match_is_told_from_the_others() {
    let theme = THEME;
    let all = [
        theme.text,
        theme.dim,
        theme.title,
        theme.label,
        theme.key,
        theme.fault,
        theme.warning,
        theme.good,
        theme.border,
        theme.header,
        theme.field,
        theme.focus,
        theme.selected,
        theme.selected_away,
    ];
    for (style, role) in all.into_iter().zip(ROLES) {
        let mut cell = Cell::default();
        cell.set_style(style);
        assert_eq!(roles(&cell), if role == "text" { "" } else { role });
        cell.set_style(theme.matched(theme.key));
        assert!(roles(&cell).ends_with("key+matched"));
    }
}
