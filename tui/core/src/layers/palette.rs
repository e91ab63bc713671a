//! The help and the palette: the actions of a screen, narrowed by typing. Enter does the selected one.

use std::borrow::Cow;

use ratatui_core::layout::Rect;
use shared::text::fold;

use super::middle;
use crate::{
    cursor::Cursor,
    form::field::Field,
    input::action::{Action, Context},
    intent::{Event, Route},
    layers::Intent,
    paint::Painter,
    search, text,
    world::World,
};

/// Rows in which the selected action is explained in full.
const EXPLAINED: u16 = 2;

/// From this many rows of the screen on, some stay empty.
const ROOMY_MIN: u16 = 14;

/// What choosing an item does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// An action.
    Act(Action),
    /// Opens the form of a record on one of its fields, or a list with some of its records.
    Open(Box<Route>),
    /// Goes to the field of this name in the form that is shown.
    Focus(&'static str),
}

/// One thing that can be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it does.
    pub does: Does,
    /// What it is called.
    pub label: &'static str,
    /// The same in a sentence.
    pub help: Cow<'static, str>,
    /// Other words for it, by which it is found too.
    pub also: &'static str,
    /// Its keys.
    pub keys: String,
    /// Whether it takes something away.
    pub is_dangerous: bool,
    /// Whether it changes a record, or begins to.
    pub is_change: bool,
}

/// The actions with what is typed to narrow them.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What is typed.
    pub filter: Field,
    /// Whether it is the help rather than the palette.
    pub is_help: bool,
    items: Vec<Item>,
    cursor: Cursor,
}

/// Lists the actions of a screen.
pub fn init(items: Vec<Item>, is_help: bool) -> State {
    State { filter: Field::text("filter", "Find", ""), is_help, items, cursor: Cursor::default() }
}

impl State {
    /// The items that are listed before anything is typed. Fields are only found by their names.
    fn actions(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| matches!(item.does, Does::Act(_)))
    }

    /// Whether an item matches what is typed.
    pub(super) fn has_found(&self) -> bool {
        !self.found().is_empty()
    }

    /// The items that match, best first.
    fn found(&self) -> Vec<&Item> {
        let typed = fold(self.filter.value());
        if typed.trim().is_empty() {
            return self.actions().collect();
        }
        let mut found: Vec<(u8, &Item)> = self
            .items
            .iter()
            .filter_map(|item| {
                let quality = quality(item, &typed)?;
                // An action that has the typed word in its name comes before a field.
                Some((quality.max(u8::from(!matches!(item.does, Does::Act(_)))), item))
            })
            .collect();
        found.sort_by_key(|(quality, _)| *quality);
        found.into_iter().map(|(_, item)| item).collect()
    }
}

/// How well an action fits what is typed; 0 is best. Every typed word has to be found in its name, its
/// keys, its help or the other words for it. The letters of a single word may also be spread over the name.
/// What changes a record is found only where words begin, so that Enter behind a few letters does not
/// choose it by accident.
fn quality(item: &Item, typed: &str) -> Option<u8> {
    let (label, help, keys) = (fold(item.label), fold(&item.help), fold(&item.keys));
    let also = fold(item.also);
    if label.starts_with(typed) || keys.split(' ').any(|key| key == typed) {
        return Some(0);
    }
    let is_change = item.is_change || item.is_dangerous;
    let of_word = |word: &str| {
        let places = [
            begins_a_word(&label, word),
            label.contains(word) && !is_change,
            begins_a_word(&help, word),
            help.contains(word) && !is_change,
            begins_a_word(&also, word),
        ];
        let place = places.iter().position(|is_there| *is_there)?;
        u8::try_from(place + 1).ok()
    };
    let worst =
        typed.split_whitespace().map(of_word).try_fold(0, |worst, one| Some(one?.max(worst)));
    worst.or_else(|| {
        if is_change {
            return None;
        }
        let mut letters = label.chars();
        typed.chars().all(|c| letters.any(|letter| letter == c)).then_some(6)
    })
}

fn begins_a_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word))
}

/// Narrows the list by what is typed, and does the selected action.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else {
        state.cursor = Cursor::default();
        return Vec::new();
    };
    match action {
        Action::Accept => {
            let chosen = state.found().get(state.cursor.at()).map(|item| item.does.clone());
            match chosen {
                Some(Does::Act(action)) => vec![Intent::CloseAnd(action)],
                Some(Does::Open(route)) => vec![Intent::Close, Intent::Go(*route)],
                Some(Does::Focus(name)) => vec![Intent::Close, Intent::Focus(name)],
                None => Vec::new(),
            }
        }
        Action::Back => vec![Intent::Close],
        Action::ClearField => {
            state.filter.set("");
            state.cursor = Cursor::default();
            Vec::new()
        }
        _ => {
            let count = state.found().len();
            state.cursor.act(action, count, usize::from(rows(world)));
            Vec::new()
        }
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Pick, Context::Layer, Context::Global]
}

/// The empty row under the search field, where there is room for it.
fn gap(world: &World) -> u16 {
    u16::from(world.body().height >= ROOMY_MIN)
}

fn rows(world: &World) -> u16 {
    // The frame and the search field; on a roomy screen also a row that stays free.
    world.body().height.saturating_sub(3 + 2 * gap(world) + EXPLAINED)
}

/// Whether there are more actions than fit on one page.
pub fn has_pages(state: &State, world: &World) -> bool {
    state.found().len() > usize::from(rows(world))
}

/// Scrolls so that the selected action is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let count = state.found().len();
    state.cursor.keep_visible(count, usize::from(rows(world)));
}

/// Draws the search field, and the actions with their keys.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let found = state.found();
    let height = u16::try_from(state.actions().count()).unwrap_or(u16::MAX).min(rows(world));
    let gap = gap(world);
    let height = height.saturating_add(3 + gap + EXPLAINED);
    let title = if state.is_help { "Keys and actions" } else { "Actions" };
    let inside = painter.frame(middle(area, 74, height), title);
    let used = painter.text(inside.x, inside.y, inside.width, "Find ", theme.label);
    let columns = inside.width.saturating_sub(used);
    let place = Rect { x: inside.x + used, width: columns, height: 1, ..inside };
    search::draw(&state.filter, place, painter, has_focus, "");
    if found.is_empty() {
        let y = inside.y + 1 + gap;
        painter.text(inside.x, y, inside.width, "No action matches.", theme.dim);
    }
    let window = found.iter().enumerate().skip(state.cursor.top());
    let end = inside.bottom().saturating_sub(EXPLAINED);
    for (y, (at, item)) in (inside.y + 1 + gap..end).zip(window) {
        let place = Rect { y, height: 1, ..inside };
        draw_item(item, place, painter, at == state.cursor.at(), state.is_help);
    }
    if let Some(item) = found.get(state.cursor.at()) {
        for (y, line) in (end..inside.bottom()).zip(text::paragraphs(&item.help, inside.width)) {
            painter.text(inside.x, y, inside.width, &line, theme.dim);
        }
    }
}

fn draw_item(
    item: &Item,
    place: Rect,
    painter: &mut Painter<'_>,
    is_selected: bool,
    is_help: bool,
) {
    let theme = *painter.theme;
    let style = if is_selected { theme.selected } else { theme.text };
    if is_selected {
        let line = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
        painter.style(line, style);
        painter.text(line.x, place.y, 1, "›", style);
    }
    let key_style = if is_selected { style } else { theme.key };
    let dim_style = if is_selected { style } else { theme.dim };
    let is_wide = place.width >= 50;
    let sign = if item.is_dangerous { "! " } else { "" };
    if !is_wide {
        // The first key is enough, and what has none takes no room for it.
        let key = item.keys.split(' ').next().unwrap_or_default();
        let room = place.width.saturating_sub(text::width(key) + 1);
        painter.pieces(place.x, place.y, room, &[(sign, style), (item.label, style)]);
        painter.text_right(place.right(), place.y, place.width, key, key_style);
        return;
    }
    let mut x = place.x;
    if !is_help {
        painter.text(x, place.y, 15, item.label, style);
        x = x.saturating_add(16);
    }
    match item.keys.as_str() {
        "" => painter.text(x, place.y, 15, if is_help { "in the palette" } else { "" }, dim_style),
        keys => painter.text(x, place.y, 15, keys, key_style),
    };
    x = x.saturating_add(16);
    let columns = place.right().saturating_sub(x);
    painter.pieces(x, place.y, columns, &[(sign, style), (&item.help, style)]);
}
