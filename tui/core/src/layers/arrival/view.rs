//! Drawing an arrival.

use ratatui_core::layout::Rect;

use super::{Host, State};
use crate::{
    form,
    input::{action::Action, keymap::key},
    layers::middle,
    paint::Painter,
    text::{display, paragraphs, truncate, width},
    world::World,
};

/// What stands behind the doctor of an active assignment.
const ASSIGNED: &str = " (assigned)";

/// Rows for the reason and what is said about it.
const REASON_ROWS: u16 = 4;

/// The parts of the box with their rows, from top to bottom.
struct Parts {
    named: Vec<String>,
    warnings: Vec<String>,
    has_urgent: bool,
    has_title: bool,
    hosts: usize,
    form: u16,
}

impl Parts {
    /// Deals out the rows of the box: first to what must be seen, then to what explains it.
    fn new(state: &State, inside: Rect) -> Self {
        let mut left = usize::from(inside.height);
        let mut take = |wanted: usize| {
            let taken = wanted.min(left);
            left -= taken;
            taken
        };
        let (mut named, mut warnings) = texts(state, inside.width);
        let reason = usize::from(state.form.height(inside.width));
        let (mut form, mut hosts) = (take(1), take(1));
        warnings.truncate(take(warnings.len()));
        let mut names = take(1);
        if state.form.is_faulty() {
            form += take(reason.saturating_sub(1));
        }
        let has_urgent = take(1) > 0;
        hosts += take(state.hosts.len().saturating_sub(1));
        names += take(named.len().saturating_sub(1));
        named.truncate(names);
        let has_title = take(1) > 0;
        form += take(usize::MAX);
        let form = u16::try_from(form).unwrap_or(inside.height);
        Self { named, warnings, has_urgent, has_title, hosts, form }
    }
}

/// Who has arrived, and the warnings, in so many columns.
fn texts(state: &State, columns: u16) -> (Vec<String>, Vec<String>) {
    let warnings = state.warnings.iter().flat_map(|warning| paragraphs(warning, columns));
    (paragraphs(&state.patient.named(), columns), warnings.collect())
}

fn place(state: &State, area: Rect) -> Rect {
    let columns = area.width.min(64);
    let (named, warnings) = texts(state, columns.saturating_sub(4));
    let rows = u16::try_from(named.len() + warnings.len() + state.hosts.len());
    let rows = rows.unwrap_or(area.height);
    // The frame, the urgency and the title of the doctors.
    middle(area, columns, rows.saturating_add(4 + REASON_ROWS))
}

/// Scrolls so that the selected doctor and the reason are seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let place = place(state, world.body());
    let (width, height) = (place.width.saturating_sub(4), place.height.saturating_sub(2));
    let parts = Parts::new(state, Rect { width, height, ..place });
    state.cursor.keep_visible(state.hosts.len(), parts.hosts);
    state.form.keep_focus_visible(width, parts.form);
}

/// Draws the patient, the doctors to choose from, and the reason.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = painter.frame(place(state, area), "The patient has arrived");
    let parts = Parts::new(state, inside);
    let urgent = if state.is_urgent {
        (format!("! urgent ({}: not urgent)", key(Action::Mark)), theme.warning)
    } else {
        (format!("not urgent ({}: urgent)", key(Action::Mark)), theme.dim)
    };
    let mut lines: Vec<_> = parts.named.into_iter().map(|line| (line, theme.text)).collect();
    lines.extend(parts.warnings.into_iter().map(|line| (line, theme.warning)));
    lines.extend(parts.has_urgent.then_some(urgent));
    lines.extend(parts.has_title.then(|| (title(state), theme.label)));
    let shown = state.hosts.iter().enumerate().skip(state.cursor.top()).take(parts.hosts);
    lines.extend(shown.map(|(at, host)| match at == state.cursor.at() {
        true => (format!("› {}", name(host, inside.width)), theme.selected),
        false => (format!("  {}", name(host, inside.width)), theme.text),
    }));
    for (y, (line, style)) in (inside.y..inside.bottom()).zip(&lines) {
        painter.text(inside.x, y, inside.width, line, *style);
    }
    let y = inside.bottom().saturating_sub(parts.form);
    let rows = Rect { y, height: parts.form, ..inside };
    form::view::draw(painter, rows, &state.form, has_focus, &|_| None);
}

/// What stands above the doctors.
fn title(state: &State) -> String {
    let title = if state.warnings.is_empty() { "For" } else { "Register for" };
    match &state.failure {
        Some(failure) => format!("{title}  ! {}", display(failure)),
        None if state.is_loading => format!("{title}  loading …"),
        None => title.to_owned(),
    }
}

fn name(host: &Host, columns: u16) -> String {
    match host {
        Host::Unregistered => "Don't register".to_owned(),
        Host::Assigned { name, .. } => {
            let room = columns.saturating_sub(2 + width(ASSIGNED));
            format!("{}{ASSIGNED}", truncate(&display(name), room))
        }
        Host::Doctor(doctor) => doctor.row().name,
        Host::Nobody => "no doctor yet".to_owned(),
        Host::Other => "another doctor …".to_owned(),
    }
}
