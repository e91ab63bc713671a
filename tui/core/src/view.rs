//! Drawing the whole terminal: header, screen, layers, status line, footer.

mod footer;

use ratatui_core::{layout::Rect, terminal::Frame};
use shared::account::Role;

use crate::{
    app::App,
    input::{
        action::{Action, Context},
        keymap::{chords_of, entries, labels, with_keys},
        table::Entry,
    },
    intent::Place,
    notice::Tone,
    paint::Painter,
    text::{self, display},
    theme::Theme,
};

/// Draws the application. Reads it and changes nothing.
pub fn view(app: &App, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cursor = {
        let mut painter = Painter::new(frame.buffer_mut(), theme);
        painter.clear(area);
        draw(app, area, &mut painter);
        painter.cursor
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn draw(app: &App, area: Rect, painter: &mut Painter<'_>) {
    let world = app.world();
    let theme = *painter.theme;
    if world.is_too_small() || area.width < world.width || area.height < world.height {
        let (width, height) = crate::world::SIZE_MIN;
        let words = format!("Please enlarge the terminal to {width}×{height} or more.");
        for (y, line) in (area.y..area.bottom()).zip(text::paragraphs(&words, area.width)) {
            painter.text(area.x, y, area.width, &line, theme.text);
        }
        return;
    }
    header(app, Rect { height: 1, ..area }, painter);
    let body = world.body();
    let is_covered = !app.layers().is_empty();
    // Nothing below a lock is shown.
    let lowest = app.lock_at();
    if lowest.is_none() {
        app.screen().view(world, body, painter, !is_covered);
    }
    let top = app.layers().len().saturating_sub(1);
    for (at, layer) in app.layers().iter().enumerate().skip(lowest.unwrap_or_default()) {
        if at == top {
            // What a covered screen says about the cursor does not count.
            painter.cursor = None;
        }
        layer.view(world, body, painter, at == top);
    }
    let bottom = area.y + world.height;
    let rows = world.status_rows;
    let place =
        Rect { y: bottom.saturating_sub(1 + rows), height: rows, width: world.width, ..area };
    status(app, place, painter);
    footer::draw(app, Rect { y: bottom - 1, height: 1, width: world.width, ..area }, painter);
}

fn header(app: &App, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let world = app.world();
    painter.style(place, theme.header);
    let user = world.user().map_or(String::new(), |user| match user.role {
        // At the front desk nearly everybody has this role.
        Role::Staff => format!("{} ", display(user.login_name())),
        role => format!("{} ({role}) ", display(user.login_name())),
    });
    let is_locked = app.is_locked();
    let title = if is_locked { "Locked".to_owned() } else { app.screen().title() };
    let beside = text::width(&title).saturating_add(text::width(&user)).saturating_add(3);
    let room = (place.width / 2).min(place.width.saturating_sub(beside));
    let user = if is_locked { user } else { parked(app, room) + &user };
    let right = text::width(&user).min(place.width * 2 / 3);
    painter.text_right(place.right(), place.y, right, &user, theme.header);
    let room = place.width.saturating_sub(right).saturating_sub(1);
    let sample = if world.is_ephemeral { " (invented people)" } else { "" };
    let desk = match world.desk.as_str() {
        "" => String::new(),
        desk => format!(" · {}{sample}", display(desk)),
    };
    let full = format!(" Frontdesk{desk} · {title}");
    // Where there is little room, the title matters most.
    let line = if text::width(&full) <= room { full } else { format!(" {title}{desk}") };
    painter.text(place.x, place.y, room, &line, theme.header);
}

/// The fewest columns in which parked forms are named.
const NAMES_MIN: u16 = 30;

/// The parked forms, followed by a gap: with their names where these columns have room for some of them.
fn parked(app: &App, room: u16) -> String {
    let names = app.parked();
    match names.len() {
        0 => String::new(),
        count if room < NAMES_MIN => format!("{count} parked  "),
        count => {
            let names = format!("{count} parked: {}", names.join("; "));
            format!("{}  ", text::truncate(&names, room.saturating_sub(2)))
        }
    }
}

/// The sections with their keys, where nothing else has to be said. Where there is little room, the last
/// ones are missing, and a sign says so.
fn sections(app: &App, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let contexts = app.contexts();
    let places = entries(&contexts).filter(|entry| Place::of(entry.action).is_some());
    let mut x = place.x;
    // The gap and the sign.
    let width_of_more = 3;
    let mut shown = places.filter(|entry| app.is_available(entry.action)).peekable();
    while let Some(entry) = shown.next() {
        let key = labels(&chords_of(entry, &contexts));
        let wide = text::width(&key) + 1 + text::width(entry.label);
        let rest = if shown.peek().is_some() { width_of_more } else { 0 };
        if x.saturating_add(wide).saturating_add(rest) > place.right() {
            painter.text(x, place.y, 1, "…", theme.dim);
            return;
        }
        let pieces = [(key.as_str(), theme.dim), (" ", theme.dim), (entry.label, theme.dim)];
        x = x.saturating_add(painter.pieces(x, place.y, wide, &pieces)).saturating_add(2);
    }
}

fn status(app: &App, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let (x, columns) = (place.x + 1, place.width.saturating_sub(2));
    if let Some(notice) = &app.notices().shown {
        let lines = app.notices().lines(place.width).unwrap_or_default();
        let more = lines.len() > usize::from(place.height);
        let (last, end) = (place.bottom() - 1, place.right() - 1);
        match notice.tone {
            Tone::Info => {
                for (y, line) in (place.y..place.bottom()).zip(&lines) {
                    let rest = if y == last && more { " …" } else { "" };
                    painter.text(x, y, columns, &format!("{line}{rest}"), theme.good);
                }
            }
            Tone::Error => {
                let hint = hint(more, columns);
                for (y, line) in (place.y..place.bottom()).zip(&lines) {
                    let taken = if y == last && more { text::width(&hint) + 1 } else { 0 };
                    painter.text(x, y, columns.saturating_sub(taken), line, theme.fault);
                }
                painter.text_right(end, last, columns, &hint, theme.dim);
            }
        }
        return;
    }
    if let Some(activity) = app.activity() {
        painter.text(x, place.y, columns, activity, theme.dim);
    } else if let Some(lines) = app.away(place.width) {
        for (y, line) in (place.y..place.bottom()).zip(&lines) {
            painter.text(x, y, columns, line, theme.warning);
        }
    } else {
        sections(app, Rect { x, width: columns, ..place }, painter);
    }
}

/// What can be done about an error: where the whole of it can be read, and how to hide it.
fn hint(is_cut: bool, columns: u16) -> String {
    let messages = Entry::of(Action::Messages);
    let key = messages.and_then(|entry| chords_of(entry, &[Context::Global]).first().copied());
    let hides = with_keys("{Back} hides");
    match key.filter(|_| is_cut && columns >= 60) {
        Some(key) => format!("… {} shows all, {hides}", key.label()),
        None if is_cut => format!("… {hides}"),
        None => hides,
    }
}
