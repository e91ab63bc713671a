//! The filters of the list.

use ratatui_core::layout::Rect;
use shared::{
    FieldError, FieldErrors,
    text::{Lines, clean},
};

use super::middle;
use crate::{
    date,
    form::{self, Form, accepts::Accepts, field::Field},
    input::{
        action::{Action, Context},
        keymap::with_keys,
    },
    intent::Event,
    layers::Intent,
    paint::Painter,
    resource::{Filter, FilterInput, Query, RecordKind},
    text::paragraphs,
    world::World,
};

/// What is being chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    kind: RecordKind,
    query: Query,
}

/// Begins with the filters that the list has.
pub fn init(kind: RecordKind, query: &Query, world: &World) -> State {
    let allowed = |filter: &&Filter| filter.permission.is_none_or(|needed| world.may(needed));
    let field = |filter: &Filter| {
        let value = query.get(filter.name).unwrap_or_default();
        let field = match filter.input {
            FilterInput::Choice(choices) => {
                Field::choice(filter.name, filter.label, choices, value)
            }
            FilterInput::Text(max) | FilterInput::Shown(max, _) => {
                Field::text(filter.name, filter.label, value).accepts(Accepts::Text(max))
            }
            FilterInput::Number { .. } => Field::text(filter.name, filter.label, value),
            FilterInput::FirstDay
            | FilterInput::LastDay
            | FilterInput::FirstMoment
            | FilterInput::LastMoment => {
                Field::text(filter.name, filter.label, value).accepts(Accepts::Date)
            }
        };
        field.hint(filter.hint)
    };
    let fields = kind.table().filters.iter().filter(allowed).map(field);
    let form = Form::new(fields.collect()).dated(world.date_order);
    State { form, kind, query: query.clone() }
}

/// Edits the filters, and applies them.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let is_moved = matches!(event, Event::Act(action) if state.form.act(action));
    state.form.echo(world.today);
    let query = read(state, world);
    match event {
        _ if is_moved => Vec::new(),
        Event::Act(Action::Accept | Action::Save) if state.form.reveal_errors() => Vec::new(),
        Event::Act(Action::Accept | Action::Save) => {
            vec![Intent::Close, Intent::Filtered(Box::new(query))]
        }
        Event::Act(Action::Back) => vec![Intent::Close],
        _ => Vec::new(),
    }
}

fn read(state: &mut State, world: &World) -> Query {
    let mut errors = FieldErrors::default();
    let mut filters = Vec::new();
    let mut first_day = None;
    for filter in state.kind.table().filters {
        let Some(field) = state.form.field(filter.name) else { continue };
        let text = field.value().trim();
        if text.is_empty() {
            first_day = None;
            continue;
        }
        let date = || date::read(text, world.calendar()).map(|read| read.date(world.today));
        let value = match filter.input {
            FilterInput::Choice(_) => Ok(text.to_owned()),
            FilterInput::Text(max) => clean(text, Lines::One, max),
            FilterInput::Shown(max, code) => clean(text, Lines::One, max).map(|text| code(&text)),
            FilterInput::Number { needs } => number(text, needs, &filters),
            FilterInput::FirstDay | FilterInput::FirstMoment => date().map(|date| {
                first_day = Some(date.earliest());
                date.earliest().to_string()
            }),
            FilterInput::LastDay | FilterInput::LastMoment => date().and_then(|date| {
                let message = "must not be before the first day";
                match first_day.take().is_some_and(|first| first > date.latest()) {
                    true => Err(FieldError::new("before", message)),
                    false => Ok(date.latest().to_string()),
                }
            }),
        };
        match value {
            Ok(value) => filters.push((filter.name, value)),
            Err(error) => errors.add(filter.name, error),
        }
    }
    state.form.show_errors(&errors);
    Query { filters, ..state.query.clone() }
}

/// Reads a positive number, which may have a meaning only beside another filter.
fn number(
    text: &str,
    needs: Option<&str>,
    filters: &[(&'static str, String)],
) -> Result<String, FieldError> {
    let is_alone = |needed: &str| filters.iter().all(|(name, _)| *name != needed);
    if needs.is_some_and(is_alone) {
        return Err(FieldError::new("required", "needs the kind of record above"));
    }
    let digits = text.trim_start_matches('#');
    match digits.parse::<i64>() {
        Ok(number) if number > 0 => Ok(number.to_string()),
        _ => Err(FieldError::new("invalid_id", "must be a positive whole number")),
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Layer, Context::Global]
}

/// What the keys do, in lines of so many columns.
fn hint(columns: u16) -> Vec<String> {
    let hint = with_keys("{Save} applies the filters. {Back} leaves the list unchanged.");
    paragraphs(&hint, columns)
}

fn hint_rows(columns: u16) -> u16 {
    u16::try_from(hint(columns).len()).unwrap_or(1)
}

fn place(state: &State, area: Rect) -> Rect {
    let width = area.width.min(56);
    let inside = width.saturating_sub(4);
    let rows = state.form.height(inside).saturating_add(3 + hint_rows(inside));
    middle(area, width, rows)
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let area = place(state, world.body());
    let columns = area.width.saturating_sub(4);
    let rows = area.height.saturating_sub(3 + hint_rows(columns));
    state.form.keep_focus_visible(columns, rows);
}

/// Draws the filters in a box.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = painter.frame(place(state, area), "Filters");
    let hint = hint(inside.width);
    let used = hint_rows(inside.width);
    let rows = Rect { height: inside.height.saturating_sub(1 + used), ..inside };
    form::view::draw(painter, rows, &state.form, has_focus, &|_| None);
    for (y, line) in (inside.bottom().saturating_sub(used)..inside.bottom()).zip(&hint) {
        painter.text(inside.x, y, inside.width, line, theme.dim);
    }
}
