//! The day at the desk: the find box, the people who were opened last, and the patients who are in the
//! clinic.

mod view;

use shared::{account::SessionPermission, dashboard::VisitFigures, visit::Visit};

pub use self::view::{keep_focus_visible, view};
use crate::{
    api::{Call, Failure, Missing, Reply},
    cursor::{Motion, below_field},
    effect::Lane,
    finder::{self, Finder},
    input::action::{Action, Context},
    intent::{Event, Route},
    layers::{Intent, Layer, arrival, question},
    live::Live,
    resource::{Query, Record, RecordKind},
    search::Searching,
    world::World,
};

/// The kind of record below the find box: the visits, which say who is in the clinic.
pub(super) const LISTED: RecordKind = RecordKind::Visit;
/// How many recent people are shown.
const RECENT_MAX: usize = 5;
/// Rows that are neither recent people nor visits: the find box, titles and empty ones.
const FIXED_ROWS: u16 = 5;

/// The find box and today's visits.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) finder: Finder,
    /// The open visits, urgent ones first.
    pub(crate) visits: Vec<Visit>,
    /// How many open visits there are. `visits` has the first of them.
    count: Option<i64>,
    /// The selected visit. None while the find box or a recent patient is meant.
    pub(crate) at: Option<usize>,
    top: usize,
    failure: Option<Missing>,
    /// The numbers of all visits of today.
    figures: Option<VisitFigures>,
}

/// The most recent people that are shown. Where there is little room, half of it is for the visits.
fn recent_max(world: &World) -> usize {
    let half = usize::from(world.body().height.saturating_sub(FIXED_ROWS) / 2).max(1);
    RECENT_MAX.min(half)
}

/// Begins: recent people and visits are asked for.
pub fn init(world: &World) -> (State, Vec<Intent>) {
    let mut state = State {
        finder: Finder::default(),
        visits: Vec::new(),
        count: None,
        at: None,
        top: 0,
        failure: None,
        figures: None,
    };
    let intents = refresh(&mut state, world);
    (state, intents)
}

/// Begins anew with an empty find box: what was searched before is over.
pub fn begin_anew(state: &mut State, world: &World) -> Vec<Intent> {
    state.at = None;
    state.finder.select(None);
    state.finder.clear(world).unwrap_or_default()
}

/// Asks for everything that is shown.
pub fn refresh(state: &mut State, world: &World) -> Vec<Intent> {
    vec![state.finder.ask(world), ask_visits(), ask_figures()]
}

/// Asks for the numbers of the day.
fn ask_figures() -> Intent {
    Intent::Read(Lane::Dashboard, Call::Dashboard)
}

fn ask_visits() -> Intent {
    let query = vec![("is_open", true.to_string()), ("page_size", 100.to_string())];
    Intent::Read(Lane::List, Call::List { kind: LISTED, query })
}

/// Whether a live change makes what is shown old.
pub fn is_outdated_by(change: Live) -> bool {
    change.is_of(LISTED)
}

/// Asks again for the visits because of a live change.
pub fn follow() -> Vec<Intent> {
    vec![ask_visits(), ask_figures()]
}

impl State {
    /// The selected visit.
    pub fn visit(&self) -> Option<&Visit> {
        self.visits.get(self.at.filter(|_| self.finder.is_empty())?)
    }

    /// The record that is selected.
    pub fn record(&self) -> Option<Record> {
        let hit = || self.finder.hits().get(self.finder.selected()?).map(|hit| hit.record.clone());
        self.visit().map(|visit| visit.clone().into()).or_else(hit)
    }

    /// The recent people that are shown.
    fn recent(&self, world: &World) -> usize {
        self.finder.hits().len().min(recent_max(world))
    }

    /// Selects a visit, or none.
    fn select(&mut self, at: Option<usize>) {
        self.at = at.filter(|at| *at < self.visits.len());
        if self.at.is_some() {
            self.finder.select(None);
        }
    }

    /// Goes from the find box to the rows below it: to what was found, or to the recent people, then to the
    /// visits, and then back.
    fn next_rows(&mut self, world: &World) {
        let is_recent = self.finder.is_empty() && self.finder.selected().is_some();
        if self.at.is_none() && self.finder.selected().is_none() {
            self.go(1, world);
        } else if is_recent && !self.visits.is_empty() {
            self.select(Some(0));
        } else {
            self.select(None);
            self.finder.select(None);
        }
    }

    /// Moves the selection among the recent people and the visits below them.
    fn go(&mut self, by: isize, world: &World) {
        if !self.finder.is_empty() {
            return self.finder.go(by);
        }
        let recent = self.recent(world);
        let now = self.at.map(|at| recent + at).or(self.finder.selected());
        match below_field(now, by, recent + self.visits.len()) {
            Some(row) if row >= recent => self.select(row.checked_sub(recent)),
            row => {
                self.at = None;
                self.finder.select(row);
            }
        }
    }

    /// A record was changed here: where it is the selected visit and has ended, the next one is selected.
    pub fn changed(&mut self, record: &Record) {
        if let Record::Visit(visit) = record {
            self.take(visit, true);
        }
    }

    /// Shows a record as it is now.
    pub fn learn(&mut self, record: &Record, world: &World) -> Vec<Intent> {
        match record {
            Record::Visit(visit) => {
                self.take(visit, false);
                // Another visit may come first now.
                vec![ask_visits(), ask_figures()]
            }
            // It is among the recent people from now on, or is found under another name.
            _ if !self.finder.is_outdated() => vec![self.finder.ask(world)],
            _ => Vec::new(),
        }
    }

    /// Takes a visit as it is now. In the place of the selected one comes the next where it has ended here
    /// (`is_own`). Where another desk has ended it, none is selected.
    fn take(&mut self, visit: &Visit, is_own: bool) {
        if !visit.status.is_open() {
            let Some(gone) = self.visits.iter().position(|known| known.id == visit.id) else {
                return;
            };
            self.visits.remove(gone);
            let last = self.visits.len().checked_sub(1);
            let stays = self.at.filter(|at| *at != gone || is_own);
            let stays = stays.map(|at| at - usize::from(at > gone));
            self.at = stays.zip(last).map(|(at, last)| at.min(last));
        } else if let Some(known) = self.visits.iter_mut().find(|known| known.id == visit.id) {
            visit.clone_into(known);
        }
    }
}

/// Edits the search, moves among people and visits, and opens what is selected.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let action = match event {
        Event::Edited => {
            state.at = None;
            return state.finder.edited(world);
        }
        Event::Act(action) => action,
    };
    if let Some(intents) = state.finder.act(action, world) {
        return intents;
    }
    if let Some(Motion::By(by)) =
        Motion::of(action, usize::from(world.body().height.saturating_sub(4)))
    {
        state.go(by, world);
    }
    match action {
        Action::Results => state.next_rows(world),
        Action::Back => {
            if state.at.take().is_none()
                && let Some(intents) = state.finder.clear(world)
            {
                return intents;
            }
            state.finder.select(None);
        }
        Action::Refresh => return refresh(state, world),
        _ if !is_available(state, world, action) => {}
        Action::New | Action::NewFromSearch => {
            return vec![Intent::Go(state.finder.new_record(action, world))];
        }
        Action::Open | Action::Edit | Action::Arrive | Action::Archive => {
            return choose(state, world, action);
        }
        Action::ShowArchive => {
            return vec![Intent::Go(Route::List(finder::CREATED, Query::archive()))];
        }
        _ => {}
    }
    Vec::new()
}

/// Does an action with the record that is meant.
fn choose(state: &mut State, world: &World, action: Action) -> Vec<Intent> {
    if let Some(visit) = state.visit() {
        return with(action, &visit.clone().into(), world);
    }
    let (record, intents) = state.finder.choose(action, world);
    record.map_or(intents, |record| with(action, &record, world))
}

fn with(action: Action, record: &Record, world: &World) -> Vec<Intent> {
    match (action, record) {
        (Action::Open, _) => vec![Intent::Go(Route::of(record))],
        (Action::Edit, _) => vec![Intent::Go(Route::of(record).to_edit())],
        (Action::Arrive, _) => arrival::act(record, world),
        (Action::Archive, _) => {
            let question = question::archive(record, world).map(Box::new);
            let layer = question.map(|it| Intent::Open(Box::new(Layer::Question(it))));
            layer.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Takes an answer.
pub fn answered(
    state: &mut State,
    world: &World,
    call: &Call,
    answer: Result<Reply, Failure>,
) -> Vec<Intent> {
    if matches!(call, Call::Lookup { .. }) {
        let chosen = state.finder.answered(answer);
        return chosen.map(|(action, record)| with(action, &record, world)).unwrap_or_default();
    }
    if matches!(call, Call::Dashboard) {
        // The numbers are an extra, and the last ones stay.
        if let Ok(figures) = answer.and_then(Reply::dashboard) {
            state.figures = Some(figures.visits);
        }
        return Vec::new();
    }
    match answer.and_then(Reply::page) {
        Ok(page) => {
            let selected = state.visit().map(|visit| visit.id);
            state.failure = None;
            state.count = Some(page.count);
            state.visits = page.results.into_iter().filter_map(Record::into_visit).collect();
            let is_same = |visit: &Visit| Some(visit.id) == selected;
            state.at = selected.and_then(|_| state.visits.iter().position(is_same));
        }
        Err(failure) => state.failure = Some(Missing::of(&failure)),
    }
    Vec::new()
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Find, Context::Global]
}

/// Whether an action makes sense and would not be refused.
pub fn is_available(state: &State, world: &World, action: Action) -> bool {
    let is_nobody = state.visit().is_none() && state.finder.has_found_nobody();
    match action {
        Action::Open | Action::Edit | Action::Arrive if is_nobody => false,
        Action::NewFromSearch if state.finder.is_empty() => false,
        Action::New | Action::NewFromSearch => finder::CREATED.table().may_create(world),
        Action::Arrive => match state.record() {
            Some(record) => arrival::label_here(&record, world).is_some(),
            // What is typed may find a patient.
            None => !state.finder.is_empty() && world.may(SessionPermission::CreateVisit),
        },
        Action::Archive => state.visit().is_some(),
        Action::Open | Action::Edit => {
            !state.finder.is_empty() || state.finder.selected().is_some() || state.visit().is_some()
        }
        Action::Back => {
            !state.finder.is_empty() || state.at.is_some() || state.finder.selected().is_some()
        }
        Action::Results => match state.finder.is_empty() {
            true => state.recent(world) + state.visits.len() > 0,
            false => !state.finder.hits().is_empty(),
        },
        Action::ShowArchive => finder::CREATED.table().may_see_archive(world),
        _ => true,
    }
}
