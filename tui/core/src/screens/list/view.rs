//! Drawing a list.

mod preview;

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    input::{action::Action, keymap::with_keys},
    layers::sort,
    paint::Painter,
    panels::rows::{ABOVE, Look, draw_row, heads},
    resource::{SearchWords, fit},
    search,
    sentences::LOADING,
    text::{self, display, paragraphs},
    world::World,
};

/// How many records are seen at once.
pub fn rows_visible(world: &World) -> u16 {
    world.body().height.saturating_sub(ABOVE)
}

/// Whether the rows belong to an older text, and the answer to the newer one is late or has failed. Before
/// that they keep their style, so an answer that comes at once needs only one frame.
fn is_old(state: &State, world: &World) -> bool {
    state.search.is_outdated() && (world.is_waiting || state.failure.is_some())
}

/// Draws the search field, the filters and the rows.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(words) = &state.kind.table().search {
        field(state, words, area, painter, has_focus);
    } else {
        let position = state.position();
        painter.text_right(area.right(), area.y, area.width, &position, painter.theme.text);
    }
    narrowed(state, area, painter);
    let (area, beside) = match state.row().filter(|_| preview::is_wide(world)) {
        Some(row) => {
            let (left, right) = preview::split(area);
            (left, Some((row, right)))
        }
        None => (area, None),
    };
    let all = state.kind.heads();
    let columns = fit(&all, area.width);
    heads(&all, &columns, area, painter);
    let place = Rect { y: area.y + ABOVE, height: area.height.saturating_sub(ABOVE), ..area };
    if state.rows.is_empty() {
        instead(state, world, place, painter);
        return;
    }
    let is_old = is_old(state, world);
    if let Some((row, right)) = beside.filter(|_| !is_old) {
        let right = Rect { y: right.y + ABOVE - 1, height: place.height + 1, ..right };
        preview::draw(&row.record, world, right, painter);
    }
    let look = Look { is_by_last_name: state.is_by_last_name, is_old };
    let visible = usize::from(place.height);
    let window = state.rows.iter().enumerate().skip(state.cursor.top()).take(visible);
    for (y, (at, row)) in (place.y..place.bottom()).zip(window) {
        let is_selected = at == state.cursor.at();
        let is_active = has_focus && !state.is_searching;
        draw_row(
            row,
            (&all, &columns),
            Rect { y, height: 1, ..place },
            painter,
            (is_selected, is_active),
            look,
        );
        // Below a layer, a mark would look as if it stood beside the layer's rows.
        if has_focus && state.marked.contains_key(&row.id()) {
            let sign = if is_selected { "»" } else { "✓" };
            let style = if is_selected { painter.theme.selected } else { painter.theme.title };
            painter.text(place.x.saturating_sub(1), y, 1, sign, style);
        }
        if is_selected && is_active {
            painter.place_cursor(place.x, y);
        }
    }
}

fn field(
    state: &State,
    words: &SearchWords,
    area: Rect,
    painter: &mut Painter<'_>,
    has_focus: bool,
) {
    let theme = *painter.theme;
    let is_focused = has_focus && state.is_searching;
    let position = state.position();
    let right = text::width(&position).saturating_add(2);
    let label = if is_focused { "› Search " } else { "  Search " };
    let style = if is_focused { theme.title } else { theme.label };
    let used = painter.text(area.x.saturating_sub(1), area.y, area.width, label, style);
    let x = area.x.saturating_sub(1).saturating_add(used);
    let columns = area.right().saturating_sub(x).saturating_sub(right).min(60);
    let place = Rect { x, y: area.y, width: columns, height: 1 };
    search::draw(&state.search.field, place, painter, is_focused, words.accepts);
    painter.text_right(area.right(), area.y, right, &position, theme.text);
}

fn narrowed(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let order = sort::words(
        state.kind.table(),
        &state.query,
        !state.search.field.value().trim().is_empty(),
    );
    let mut words = vec![order];
    words.extend(state.kind.table().filters_in_words(&state.query));
    words.extend((!state.marked.is_empty()).then(|| format!("{} marked", state.marked.len())));
    let line = words.join(" · ");
    let failure = state.failure.as_ref().filter(|_| !state.rows.is_empty());
    match failure {
        Some(missing) => {
            let line = format!("! Not up to date: {}", display(&missing.why));
            painter.text(area.x, area.y + 1, area.width, &line, theme.fault);
        }
        None => {
            let style = if state.query.is_narrowed() { theme.warning } else { theme.dim };
            painter.text(area.x, area.y + 1, area.width, &display(&line), style);
        }
    }
}

/// What stands where no rows are.
fn instead(state: &State, world: &World, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let searched = state.search.field.value().trim();
    let table = state.kind.table();
    let words = &table.words;
    let search = table.search.as_ref().filter(|_| !searched.is_empty());
    let create = table.create.as_ref();
    let create = create.filter(|_| super::is_available(state, world, Action::New));
    let (title, what) = match (&state.failure, &state.page, search) {
        (Some(missing), ..) => (
            format!("! {}", display(&missing.why)),
            if state.is_refused {
                with_keys("{ClearField} clears the search.")
            } else {
                missing.advice().unwrap_or_default()
            },
        ),
        (None, None, _) => (LOADING.to_owned(), String::new()),
        (None, Some(_), Some(search)) => (
            format!(
                "{} “{}”.{}",
                search.no_match,
                display(searched),
                state.search.no_such_date(world.calendar())
            ),
            with_keys(&format!(
                "{} {{ClearField}} clears the search{}{}.",
                search.advice,
                if state.query.is_narrowed() {
                    ", {Filter} changes the filters"
                } else {
                    search.filter_advice
                },
                create.map_or("", |create| create.not_found),
            )),
        ),
        (None, Some(_), None) if state.query.is_narrowed() => {
            (words.none_left.to_owned(), with_keys("{Filter} changes the filters."))
        }
        (None, Some(_), None) if !words.none_own.is_empty() && !world.sees_all() => {
            (words.none_own.to_owned(), String::new())
        }
        (None, Some(_), None) => (
            words.none.to_owned(),
            create.map(|create| with_keys(create.first)).unwrap_or_default(),
        ),
    };
    let y = place.y + place.height.min(6) / 3;
    let mut lines = paragraphs(&title, place.width);
    lines.extend(paragraphs(&what, place.width));
    let titles = paragraphs(&title, place.width).len();
    for (at, (y, line)) in (y..place.bottom()).zip(&lines).enumerate() {
        let style = if at < titles { theme.title } else { theme.text };
        painter.text(place.x, y, place.width, line, style);
    }
}
