//! The dashboard: registrations, today's visits, the load of doctors and assignments as bars with numbers.

mod bars;
mod figures;
mod view;

use shared::dashboard::Dashboard;

pub use self::view::view;
use crate::{
    api::{Call, Failure, Missing, Reply},
    cursor::Scroll,
    effect::Lane,
    input::action::{Action, Context},
    intent::{Event, Leave},
    layers::Intent,
    world::World,
};

/// The figures that are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    figures: Option<Box<Dashboard>>,
    /// Why the newest figures are missing.
    failure: Option<Missing>,
    /// Rows that are scrolled away.
    scroll: Scroll,
}

/// Begins: the figures are asked for.
pub fn init() -> (State, Vec<Intent>) {
    (State::default(), vec![read()])
}

fn read() -> Intent {
    Intent::Read(Lane::Dashboard, Call::Dashboard)
}

/// Asks again because of a live change.
pub fn follow() -> Vec<Intent> {
    vec![read()]
}

/// Scrolls, asks again, or goes back.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    match event {
        Event::Act(Action::Back) => vec![Intent::Leave(Leave::Back)],
        Event::Act(Action::Refresh) => vec![read()],
        Event::Act(action) => {
            state.scroll.act(action, usize::from(world.body().height.saturating_sub(1)));
            Vec::new()
        }
        Event::Edited => Vec::new(),
    }
}

/// Takes an answer. Older figures stay until newer ones come.
pub fn answered(state: &mut State, answer: Result<Reply, Failure>) -> Vec<Intent> {
    match answer.and_then(Reply::dashboard) {
        Ok(figures) => {
            state.figures = Some(figures);
            state.failure = None;
        }
        Err(failure) => state.failure = Some(Missing::of(&failure)),
    }
    Vec::new()
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Dashboard, Context::Global]
}

/// Keeps the scrolled page within its height.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let total = view::height(state, world);
    state.scroll.keep_within(total, usize::from(world.body().height));
}
