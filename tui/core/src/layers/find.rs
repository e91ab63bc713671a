//! The find box over a screen. The screen below stays as it is until a record is opened.

use ratatui_core::layout::Rect;
use shared::account::SessionPermission;

use super::{Layer, arrival, middle};
use crate::{
    api::{Failure, Reply},
    cursor::Motion,
    effect::Lane,
    finder::Finder,
    input::action::{Action, Context},
    intent::{Event, Route},
    layers::Intent,
    paint::Painter,
    resource::Record,
    search::Searching,
    world::World,
};

/// The find box.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub(crate) finder: Finder,
}

/// The find box as if a text had been typed there, and Enter after it.
pub fn sought(text: &str, world: &World) -> Vec<Intent> {
    let mut state = State::default();
    state.finder.field_mut().set(text);
    let sent: Vec<Intent> = state.finder.send(world);
    let waits: Vec<Intent> = state.finder.wait(Action::Open, world);
    let open = Intent::Open(Box::new(Layer::Find(Box::new(state))));
    [vec![open], sent, waits].concat()
}

/// Edits the search, moves among the hits, and opens one.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let action = match event {
        Event::Edited => return state.finder.edited(world),
        Event::Act(action) => action,
    };
    if let Some(intents) = state.finder.act(action, world) {
        return intents;
    }
    if let Some(Motion::By(by)) = Motion::of(action, usize::from(rows(world))) {
        state.finder.go(by);
    }
    match action {
        Action::Back => return vec![Intent::Cancel(Lane::Find), Intent::Close],
        Action::New | Action::NewFromSearch => {
            let route = state.finder.new_record(action, world);
            return vec![Intent::Cancel(Lane::Find), Intent::Close, Intent::Go(route)];
        }
        Action::Open | Action::Edit | Action::Arrive => {
            let (record, intents) = state.finder.choose(action, world);
            return record.map_or(intents, |record| with(action, &record, world));
        }
        _ => {}
    }
    Vec::new()
}

/// Takes an answer.
pub fn answered(state: &mut State, world: &World, answer: Result<Reply, Failure>) -> Vec<Intent> {
    let chosen = state.finder.answered(answer);
    chosen.map(|(action, record)| with(action, &record, world)).unwrap_or_default()
}

/// Opens a record, or does with it what the key for arrivals does.
fn with(action: Action, record: &Record, world: &World) -> Vec<Intent> {
    let mut intents = vec![Intent::Close];
    match action {
        Action::Arrive if arrival::label_here(record, world).is_none() => return Vec::new(),
        Action::Arrive => intents.extend(arrival::act(record, world)),
        Action::Edit => intents.push(Intent::Instead(Route::of(record).to_edit())),
        _ => intents.push(Intent::Instead(Route::of(record))),
    }
    intents
}

/// Whether the key for arrivals makes sense: for the record that is meant, or for what is typed.
pub fn can_arrive(state: &State, world: &World) -> bool {
    match state.finder.meant() {
        Some(record) => arrival::label_here(record, world).is_some(),
        None => {
            let is_somebody = !state.finder.is_empty() && !state.finder.has_found_nobody();
            is_somebody && world.may(SessionPermission::CreateVisit)
        }
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Find, Context::Layer, Context::Global]
}

fn rows(world: &World) -> u16 {
    world.body().height.saturating_sub(5).min(20)
}

/// Draws the find box with its hits.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let columns = area.width.saturating_sub(2).min(100);
    let inside = painter.frame(middle(area, columns, rows(world).saturating_add(4)), "Find");
    state.finder.draw_field(inside, painter, has_focus);
    let place = Rect { y: inside.y + 2, height: inside.height.saturating_sub(2), ..inside };
    state.finder.draw_found(place, painter);
}
