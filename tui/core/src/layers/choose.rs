//! A choice among several things, each with the intents that follow from it.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    cursor::Cursor,
    input::action::{Action, Context},
    intent::Event,
    layers::Intent,
    paint::Painter,
    text::{display, paragraphs},
    world::World,
};

/// Columns of the box.
const COLUMNS: u16 = 74;

/// One thing to choose.
#[derive(Clone)]
pub struct Choice {
    /// What it is, the first line as its head.
    pub lines: Vec<String>,
    /// What choosing it does.
    pub intents: Vec<Intent>,
}

/// The choices, and which of them is selected.
#[derive(Clone)]
pub struct State {
    title: &'static str,
    /// What is said above the choices.
    words: String,
    choices: Vec<Choice>,
    cursor: Cursor,
}

/// Begins with the first choice.
pub fn init(title: &'static str, choices: Vec<Choice>) -> State {
    State { title, words: String::new(), choices, cursor: Cursor::default() }
}

impl State {
    /// Says something above the choices.
    #[must_use]
    pub fn saying(self, words: String) -> Self {
        Self { words, ..self }
    }
}

/// Moves the selection, takes the selected choice, or closes.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        Action::Accept => {
            let chosen = state.choices.get(state.cursor.at()).map(|choice| choice.intents.clone());
            std::iter::once(Intent::Close).chain(chosen.into_iter().flatten()).collect()
        }
        Action::Back => vec![Intent::Close],
        _ => {
            let page = usize::from(world.body().height / 4);
            state.cursor.act(action, state.choices.len(), page);
            Vec::new()
        }
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Pick, Context::Layer, Context::Global]
}

/// The lines of a choice in so many columns: its head, and the rest indented.
fn lines(choice: &Choice, columns: u16) -> Vec<String> {
    let rest = choice.lines.iter().skip(1);
    let rest = rest.flat_map(|line| paragraphs(line, columns.saturating_sub(4)));
    let head = choice.lines.iter().take(1).map(|head| display(head).into_owned());
    head.chain(rest.map(|line| format!("  {line}"))).collect()
}

/// Draws the choices. The selected one is always seen from its head on.
pub fn view(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let columns = area.width.min(COLUMNS);
    let inside = columns.saturating_sub(4);
    let rows: Vec<Vec<String>> =
        state.choices.iter().map(|choice| lines(choice, inside.saturating_sub(2))).collect();
    let total: usize = rows.iter().map(Vec::len).sum();
    let mut words = match state.words.as_str() {
        "" => Vec::new(),
        words => paragraphs(words, inside),
    };
    if !words.is_empty() && !rows.is_empty() {
        words.push(String::new());
    }
    let height = u16::try_from(total + words.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inside = painter.frame(middle(area, columns, height), state.title);
    // Where there is little room, the choices matter more.
    let selected = rows.get(state.cursor.at()).map_or(0, Vec::len);
    if words.len() + selected > usize::from(inside.height) {
        words.clear();
    }
    for (y, line) in (inside.y..inside.bottom()).zip(&words) {
        painter.text(inside.x, y, inside.width, line, theme.text);
    }
    let said = u16::try_from(words.len()).unwrap_or(inside.height);
    let inside = Rect { y: inside.y + said, height: inside.height.saturating_sub(said), ..inside };
    let room = usize::from(inside.height);
    let mut first = state.cursor.at();
    let mut used = rows.get(state.cursor.at()).map_or(0, Vec::len);
    while let Some(before) = first.checked_sub(1).and_then(|at| rows.get(at)) {
        used += before.len();
        if used > room {
            break;
        }
        first -= 1;
    }
    let shown = rows.iter().enumerate().skip(first);
    let mut y = inside.y;
    for (at, row) in shown.flat_map(|(at, row)| row.iter().enumerate().map(move |it| (at, it))) {
        let (line, text) = row;
        if y >= inside.bottom() {
            break;
        }
        let is_selected = at == state.cursor.at();
        let style = match (is_selected, line) {
            (true, 0) => theme.selected,
            (_, 0) => theme.text,
            _ => theme.dim,
        };
        let mark = if is_selected && line == 0 { "› " } else { "  " };
        if is_selected && line == 0 {
            painter.place_cursor(inside.x, y);
        }
        painter.pieces(inside.x, y, inside.width, &[(mark, style), (text, style)]);
        y = y.saturating_add(1);
    }
}
