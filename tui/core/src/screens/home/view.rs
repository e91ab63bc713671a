//! Drawing the day at the desk.

use ratatui_core::layout::Rect;
use shared::{account::SessionPermission, dashboard::VisitFigures, visit::Visit};

use super::{State, recent_max};
use crate::{
    copies::{Copies, Trouble},
    cursor::scrolled,
    input::keymap::with_keys,
    paint::Painter,
    resource::{last_step, status_word},
    sentences::LOADING,
    text::{display, width},
    world::World,
};

/// Columns of a name beside a reason.
const NAME_MAX: u16 = 34;
/// The fewest columns in which a reason is shown.
const REASON_MIN: u16 = 16;

/// Rows above the visits: the find box, an empty one, the recent people with their title, an empty one,
/// and the title of the visits.
fn above(world: &World) -> u16 {
    recent_rows(world).saturating_add(5)
}

/// The rows for recent people, however many there are: the visits keep their place.
fn recent_rows(world: &World) -> u16 {
    u16::try_from(recent_max(world)).unwrap_or_default()
}

/// How many visits are seen at once.
fn visible(world: &World) -> usize {
    usize::from(world.body().height.saturating_sub(above(world)))
}

/// Scrolls so that the selected visit is seen. A recent patient who has no row any more is not selected.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let is_seen = |at: usize| !state.finder.is_empty() || at < recent_max(world);
    if !state.finder.selected().is_none_or(is_seen) {
        state.finder.select(None);
    }
    let at = state.at.unwrap_or_default();
    state.top = scrolled(state.top, at, state.visits.len(), visible(world));
}

/// Draws the find box, the recent people and the visits.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let is_typing = has_focus && state.at.is_none();
    state.finder.draw_field(area, painter, is_typing);
    let below = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    if !state.finder.is_empty() {
        return state.finder.draw_found(below, painter);
    }
    let note = state.finder.note();
    let used = painter.text(below.x, below.y, below.width, "Recent", theme.title) + 2;
    copies(
        world,
        Rect { x: below.x + used, width: below.width.saturating_sub(used), ..below },
        painter,
    );
    let place = Rect {
        y: below.y + 1,
        height: recent_rows(world).min(below.height.saturating_sub(1)),
        ..below
    };
    if let Some(note) = note {
        painter.text(place.x, place.y, place.width, &note, theme.dim);
    }
    state.finder.draw_hits(0, place, painter);
    let y = area.y + above(world) - 1;
    if y < area.bottom() {
        visits(state, world, Rect { y, height: area.bottom() - y, ..area }, painter, has_focus);
    }
}

/// Says at the right of a line how the copies of the data are.
fn copies(world: &World, place: Rect, painter: &mut Painter<'_>) {
    let Some(Copies { newest, trouble }) = &world.copies else { return };
    let last = newest.map(|at| format!("Last backup {}", world.stamp(&at)));
    let line = match (trouble, last) {
        (Some(Trouble::Failed(why)), _) => format!("No backup was made: {}", display(why)),
        (Some(Trouble::Old), Some(last)) => format!("{last}, long ago"),
        (Some(Trouble::SameDisk), Some(last)) => format!("{last}, on the disk of the data"),
        (_, Some(last)) => last,
        (_, None) => return,
    };
    let style = if trouble.is_some() { painter.theme.warning } else { painter.theme.dim };
    let room = width(&line).min(place.width);
    painter.text(place.right() - room, place.y, room, &line, style);
}

/// Today's visits under their title.
fn visits(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let title = if world.sees_all() { "In the clinic now" } else { "Own patients in the clinic" };
    let used = painter.text(area.x, area.y, area.width, title, theme.title);
    let left = area.width.saturating_sub(used + 2);
    let line = match (&state.failure, state.count, &state.figures) {
        (Some(missing), ..) => missing.line(),
        (None, None, _) => LOADING.to_owned(),
        (None, Some(count), None) => count.to_string(),
        (None, Some(count), Some(figures)) => {
            let count = format!("{count} · ");
            let sums = sums(figures, left.saturating_sub(width(&count)));
            count + &sums
        }
    };
    let style = if state.failure.is_some() { theme.fault } else { theme.dim };
    painter.text(area.x + used + 2, area.y, left, &line, style);
    let place = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if state.visits.is_empty() && state.count.is_some() && place.height > 0 {
        let words = match world.may(SessionPermission::CreateVisit) {
            _ if !world.sees_all() => {
                "Nobody. This account does not show those of others.".to_owned()
            }
            true => with_keys("Nobody. {Arrive} on a patient registers an arrival."),
            false => "Nobody.".to_owned(),
        };
        painter.text(place.x, place.y, place.width, &words, theme.dim);
    }
    let window = state.visits.iter().enumerate().skip(state.top);
    for (y, (at, visit)) in (place.y..place.bottom()).zip(window) {
        let is_selected = state.at == Some(at);
        let is_namesake = |other: &Visit| {
            other.patient_name == visit.patient_name && other.fields.patient != visit.fields.patient
        };
        let has_namesake = state.visits.iter().any(is_namesake);
        let place = Rect { y, height: 1, ..place };
        row((visit, has_namesake), world, place, painter, is_selected && has_focus);
    }
    if state.top + usize::from(place.height) < state.visits.len() && place.height > 0 {
        painter.text(place.right(), place.bottom() - 1, 1, "↓", theme.dim);
    }
}

/// The numbers of the day, as many as there is room for. Those that have gone and those that are here add
/// up to those that arrived.
fn sums(figures: &VisitFigures, columns: u16) -> String {
    let VisitFigures { arrived, waiting, called, in_room, done, left, .. } = figures;
    let all = [
        format!(
            "{arrived} arrived = {waiting} waiting + {called} called + {in_room} with a doctor + \
             {done} seen + {left} left unseen"
        ),
        format!("{arrived} arrived today: {done} seen, {left} left unseen"),
        format!("{arrived} arrived today"),
        format!("{arrived} today"),
    ];
    let [.., shortest] = &all;
    all.iter().find(|sums| width(sums) <= columns).unwrap_or(shortest).clone()
}

/// Draws a visit in one line. A patient who has the name of another one is shown with the medical record
/// number.
fn row(
    (visit, has_namesake): (&Visit, bool),
    world: &World,
    place: Rect,
    painter: &mut Painter<'_>,
    is_selected: bool,
) {
    let theme = *painter.theme;
    let style = if is_selected { theme.selected } else { theme.text };
    if is_selected {
        let line = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
        painter.style(line, style);
        painter.text(line.x, place.y, 1, "›", style);
        painter.place_cursor(place.x, place.y);
    }
    let since = world.clock(&last_step(visit));
    let state = format!("{} since {since}", status_word(visit.status));
    let number = format!("{:>3}", visit.number);
    let doctor = visit.doctor_name.as_deref().map(|name| format!("for {}", display(name)));
    let mut x = place.x;
    let sign = if visit.is_urgent { "!" } else { " " };
    painter.text(x, place.y, 1, sign, if is_selected { style } else { theme.warning });
    x += 1;
    painter.text(x, place.y, 3, &number, style);
    x += 5;
    let room = place.right().saturating_sub(x);
    let status = 26.min(room / 2);
    let doctor_room = if room >= 70 { 24 } else { 0 };
    let left = room.saturating_sub(status).saturating_sub(doctor_room).saturating_sub(2);
    // Where there is more room than a name takes, the reason has the rest.
    let name = if left >= REASON_MIN + NAME_MAX { NAME_MAX } else { left };
    let mrn = display(&visit.mrn);
    let mrn_room = if has_namesake { width(&mrn).saturating_add(1).min(name) } else { 0 };
    let used = painter.text(x, place.y, name - mrn_room, &display(&visit.patient_name), style);
    if has_namesake {
        painter.text(x + used + 1, place.y, mrn_room.saturating_sub(1), &mrn, style);
    }
    x += name + 2;
    painter.text(x, place.y, status, &state, style);
    x += status;
    if let Some(doctor) = doctor {
        painter.text(x, place.y, doctor_room, &doctor, style);
    }
    if let Some(reason) = visit.reason.as_deref().filter(|_| name < left) {
        let x = x.saturating_add(doctor_room + 2);
        painter.text(x, place.y, place.right().saturating_sub(x), &display(reason), style);
    }
}
