//! The filters of the list.

use ratatui_core::layout::Rect;
use shared::{
    FieldError, FieldErrors, PartialDate,
    account::SessionPermission,
    patient::{BloodType, Gender, PatientFilter},
    rules::PLACE_MAX,
    text::{Lines, clean},
};

use super::middle;
use crate::{
    date,
    form::{self, Form, field::Field},
    input::action::{Action, Context},
    step::{Event, Step},
    view::paint::Painter,
    world::World,
};

const SEXES: &[(&str, &str)] =
    &[("", "all"), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")];
const BLOOD: &[(&str, &str)] = &[
    ("", "all"),
    ("A+", "A+"),
    ("A-", "A-"),
    ("B+", "B+"),
    ("B-", "B-"),
    ("AB+", "AB+"),
    ("AB-", "AB-"),
    ("O+", "O+"),
    ("O-", "O-"),
];
const ARCHIVED: &[(&str, &str)] = &[("", "no"), ("yes", "yes: only archived")];

/// What is being chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    filter: PatientFilter,
}

/// Begins with the filters that the list has.
pub fn init(filter: &PatientFilter, world: &World) -> State {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let day = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    let gender = filter.gender.map_or("", Gender::as_str);
    let blood = filter.blood_type.map_or("", BloodType::as_str);
    let mut fields = vec![
        Field::choice("gender", "Sex", SEXES, gender),
        Field::choice("blood_type", "Blood type", BLOOD, blood),
        Field::text("city", "City", &text(&filter.city)),
        Field::text("born_from", "Born from", &day(filter.born_from)).hint("1980, 1980-05-25"),
        Field::text("born_to", "Born to", &day(filter.born_to)).hint("1989, 1989-05-25"),
    ];
    if world.may(SessionPermission::ReadArchivedPatients) {
        let value = if filter.archived == Some(true) { "yes" } else { "" };
        fields.push(Field::choice("archived", "Archived", ARCHIVED, value));
    }
    State { form: Form::new(fields), filter: filter.clone() }
}

/// Whether any filter is set.
pub fn is_narrowed(filter: &PatientFilter) -> bool {
    !words(filter).is_empty()
}

/// The filters in words.
pub fn words(filter: &PatientFilter) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(filter.gender.map(|gender| gender.word().to_owned()));
    words.extend(filter.blood_type.map(|blood| format!("blood type {blood}")));
    words.extend(filter.city.as_ref().map(|city| format!("city {city}")));
    words.extend(filter.born_from.map(|day| format!("born from {day}")));
    words.extend(filter.born_to.map(|day| format!("born to {day}")));
    words.extend(filter.archived.filter(|is| *is).map(|_| "archived".to_owned()));
    words
}

/// Does something.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Step> {
    let is_moved = matches!(event, Event::Act(action) if state.form.act(action));
    let filter = read(state, world);
    match event {
        _ if is_moved => Vec::new(),
        Event::Act(Action::Accept | Action::Save) if state.form.insist() => Vec::new(),
        Event::Act(Action::Accept | Action::Save) => {
            vec![Step::Close, Step::Filtered(Box::new(filter))]
        }
        Event::Act(Action::Back) => vec![Step::Close],
        _ => Vec::new(),
    }
}

fn read(state: &mut State, world: &World) -> PatientFilter {
    let mut faults = FieldErrors::default();
    let form = &state.form;
    let mut bound = |name: &'static str| {
        let text = form.value(name).trim();
        let read = |text| date::read(text, world.today).and_then(|text| PartialDate::parse(&text));
        let parsed = (!text.is_empty()).then(|| read(text));
        parsed.and_then(|date| date.map_err(|error| faults.add(name, error)).ok())
    };
    let (from, to) = (bound("born_from"), bound("born_to"));
    if from.zip(to).is_some_and(|(from, to)| from.earliest() > to.latest()) {
        faults.add("born_to", FieldError::new("before", "must not be before the other day"));
    }
    let city = clean(form.value("city"), Lines::One, PLACE_MAX);
    let city = city.map_err(|error| faults.add("city", error)).ok();
    let filter = PatientFilter {
        gender: form.value("gender").parse().ok(),
        blood_type: form.value("blood_type").parse().ok(),
        city: city.filter(|city| !city.is_empty()),
        born_from: from.map(PartialDate::earliest),
        born_to: to.map(PartialDate::latest),
        archived: Some(form.value("archived") == "yes").filter(|is| *is),
        ..state.filter.clone()
    };
    state.form.judge(&faults);
    filter
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Layer, Context::Global]
}

fn place(state: &State, area: Rect) -> Rect {
    let width = area.width.min(56);
    let rows = state.form.height(width.saturating_sub(4)).saturating_add(4);
    middle(area, width, rows)
}

/// Scrolls so that the focused field is seen.
pub fn settle(state: &mut State, world: &World) {
    let area = place(state, world.body());
    state.form.settle(area.width.saturating_sub(4), area.height.saturating_sub(4));
}

/// Draws it.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = painter.frame(place(state, area), "Show only");
    let rows = Rect { height: inside.height.saturating_sub(2), ..inside };
    form::view::draw(painter, rows, &state.form, has_focus, &|_| None);
    if inside.height > 1 {
        let hint = "Ctrl-S shows them. Esc leaves the list as it is.";
        painter.text(inside.x, inside.bottom() - 1, inside.width, hint, theme.dim);
    }
}
