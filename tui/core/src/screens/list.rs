//! A list of records of one kind: a search field that has the focus, so that a clerk just types, and
//! the rows that were found.

mod answers;
mod available;
mod end;
mod ending;
mod marks;
mod row;
mod searching;
mod turning;
mod view;

use std::collections::BTreeMap;

use self::end::Ending;
pub use self::{
    answers::answered,
    available::is_available,
    searching::begin_search,
    view::{rows_visible, view},
};
use crate::{
    api::{Call, Missing},
    cursor::{Cursor, Motion},
    effect::Lane,
    input::action::{Action, Context},
    intent::Event,
    layers::{Intent, Layer, filter, sort},
    live::Live,
    resource::{Query, Record, RecordKind, Row},
    search::{Search, Searching},
    sentences::SLIPPED,
    world::World,
};

/// Where the selection goes when an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Land {
    /// It stays on the same record: what is shown is read again.
    Same,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// The last row of the last page, which is looked for.
    End(Ending),
}

/// How a page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// As the first one.
    First,
    /// By its address.
    Address(String),
    /// By its number.
    Number(i64),
}

/// What was asked for last.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    target: Target,
    offset: Offset,
    land: Land,
    /// Whether there is no answer yet.
    is_awaited: bool,
}

impl Asked {
    fn first() -> Self {
        let (target, offset) = (Target::First, Offset::At(0));
        Self { target, offset, land: Land::First, is_awaited: true }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offset {
    At(i64),
    /// So many rows before this one as the answer has.
    EndsAt(i64),
}

/// The page that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub(crate) offset: i64,
    pub(crate) count: i64,
    pub(crate) is_capped: bool,
    next: Option<String>,
    previous: Option<String>,
    target: Target,
}

/// The list with its search, its order and its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) kind: RecordKind,
    pub(crate) search: Search,
    pub(crate) is_searching: bool,
    pub(crate) query: Query,
    pub(crate) rows: Vec<Row>,
    /// The marked records, by their ids.
    pub(crate) marked: BTreeMap<i64, Record>,
    /// Whether the rows are ordered by last name, so that their names begin with it.
    is_by_last_name: bool,
    pub(crate) cursor: Cursor,
    pub(crate) page: Option<Shown>,
    pub(crate) failure: Option<Missing>,
    asked: Asked,
    /// Whether the rows of every page are being marked.
    is_marking: bool,
    /// Whether the server finds fault with what is typed.
    is_refused: bool,
    /// The record because of whose change here the rows are being read, and its version. No other desk has
    /// reported a newer one.
    changed_here: Option<(i64, i64)>,
    /// Whether the selected record has left the list without anything done here: another one is selected.
    has_slipped: bool,
}

/// Begins: the first page is asked for at once.
pub fn init(kind: RecordKind, world: &World) -> (State, Vec<Intent>) {
    narrowed(kind, Query::default(), world)
}

/// Begins with these filters.
pub fn narrowed(kind: RecordKind, query: Query, world: &World) -> (State, Vec<Intent>) {
    let mut state = State {
        kind,
        search: Search::idle(),
        is_searching: kind.table().search.is_some(),
        query,
        rows: Vec::new(),
        marked: BTreeMap::new(),
        is_by_last_name: false,
        cursor: Cursor::default(),
        page: None,
        failure: None,
        asked: Asked::first(),
        is_marking: false,
        is_refused: false,
        changed_here: None,
        has_slipped: false,
    };
    let first = state.ask_anew(world, Land::First);
    (state, vec![first])
}

impl State {
    /// What the header calls it.
    pub fn title(&self) -> &'static str {
        let table = self.kind.table();
        let archive = table.archive().filter(|_| self.is_archive());
        archive.map_or(table.words.title, |archive| archive.list)
    }

    /// Whether it shows the archive.
    pub fn is_archive(&self) -> bool {
        self.query.is_archive()
    }

    /// The selected row.
    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at())
    }

    /// Asks for the first page of what is typed and chosen.
    fn ask_anew(&mut self, world: &World, land: Land) -> Intent {
        let ask = self.ask(world);
        self.asked.land = land;
        ask
    }

    /// Asks for a page.
    fn ask_for(&mut self, world: &World, target: Target, offset: Offset, land: Land) -> Intent {
        self.asked = Asked { target, offset, land, is_awaited: true };
        Intent::Read(Lane::List, self.call_asked(world))
    }

    /// The request for what was asked for last.
    fn call_asked(&self, world: &World) -> Call {
        let kind = self.kind;
        let number = match &self.asked.target {
            Target::Address(address) => return Call::ListAt { kind, address: address.clone() },
            Target::First => None,
            Target::Number(number) => Some(("page", number.to_string())),
        };
        let mut query = self.query_as_sent(world);
        query.extend(number);
        Call::List { kind, query }
    }

    /// Whether a key has led to another page, which is on its way.
    fn is_turning(&self) -> bool {
        self.asked.is_awaited && self.asked.land != Land::Same
    }

    /// Asks again for the page that is shown, or for the one to which a key has led.
    pub fn refresh(&mut self, world: &World) -> Vec<Intent> {
        vec![match self.page.clone() {
            // The page belongs to another text than what is typed.
            _ if self.search.is_outdated() => self.ask_anew(world, Land::First),
            _ if self.is_turning() => Intent::Read(Lane::List, self.call_asked(world)),
            Some(Shown { target, offset, .. }) if target != Target::First => {
                self.ask_for(world, target, Offset::At(offset), Land::Same)
            }
            _ => self.ask_anew(world, Land::Same),
        }]
    }

    /// Takes a live change. Says whether it makes the rows old. Rows of an older text are replaced soon
    /// anyway.
    pub fn reported(&mut self, change: Live) -> bool {
        let is_newest = |(id, version): &(i64, i64)| !change.outdates(self.kind, *id, *version);
        self.changed_here = self.changed_here.filter(is_newest);
        let is_new = matches!(change, Live::Record { is_new: true, .. });
        let outdates = |row: &Row| change.outdates(self.kind, row.id(), row.record.version());
        change.is_of(self.kind)
            && !self.search.is_outdated()
            && (is_new || self.rows.iter().any(outdates))
    }

    /// Takes another order and other filters.
    pub fn narrow(&mut self, world: &World, query: Query) -> Vec<Intent> {
        if query.is_archive() != self.is_archive() {
            self.marked.clear();
        }
        self.is_marking = false;
        self.query = query;
        self.search.outdate();
        vec![self.ask_anew(world, Land::First)]
    }

    /// Asks for the same page again because a record was changed here, which may leave the rows by that.
    pub fn refresh_after(&mut self, changed: &Record, world: &World) -> Vec<Intent> {
        if self.kind == changed.kind() {
            self.changed_here = Some((changed.id(), changed.version()));
        }
        self.refresh(world)
    }

    /// Shows a record as it is now, where it is among the rows.
    pub fn replace(&mut self, record: &Record, world: &World) {
        let is_listed = |row: &&mut Row| self.kind == record.kind() && row.id() == record.id();
        if let Some(row) = self.rows.iter_mut().find(is_listed) {
            *row = Row::of(record.clone(), world);
        }
        Row::tell_apart(&mut self.rows);
        self.refresh_marks();
    }
}

/// Moves among the rows, edits the search, and asks for what is done with a row.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let action = match event {
        Event::Edited => return state.edited(world),
        Event::Act(action) => action,
    };
    if row::has_slipped(state, action) {
        // The key was meant for the record that stood there.
        return vec![Intent::Inform(SLIPPED.to_owned())];
    }
    state.search.give_up();
    let of_field = searching::update(state, world, action);
    let of_rows = of_field.or_else(|| marks::update(state, world, action));
    if let Some(intents) = of_rows.or_else(|| row::update(state, world, action)) {
        return intents;
    }
    if let Some(motion) = Motion::of(action, usize::from(rows_visible(world))) {
        return match motion {
            Motion::By(rows) => state.go(world, rows),
            Motion::First => state.go_to_start(world),
            Motion::Last => state.go_to_end(world),
        };
    }
    match action {
        Action::New | Action::NewFromSearch if is_available(state, world, action) => {
            let has_found = searching::has_found(state);
            vec![Intent::Go(state.search.new_record(state.kind, action, has_found, world))]
        }
        Action::Sort | Action::Filter | Action::EndOthers
            if !is_available(state, world, action) =>
        {
            Vec::new()
        }
        Action::EndOthers => ending::end_others(state),
        Action::Sort => {
            vec![Intent::Open(Box::new(Layer::Sort(sort::init(state.kind, &state.query))))]
        }
        Action::Filter => {
            let filter = filter::init(state.kind, &state.query, world);
            vec![Intent::Open(Box::new(Layer::Filter(Box::new(filter))))]
        }
        Action::ShowArchive => state.narrow(world, Query::archive()),
        Action::ClearFilters => {
            let ordering = state.query.ordering;
            state.narrow(world, Query { ordering, ..Query::default() })
        }
        Action::Refresh => state.refresh(world),
        _ => Vec::new(),
    }
}

/// The contexts in which its keys hold.
pub fn contexts(state: &State) -> &'static [Context] {
    if state.is_searching {
        &[Context::Search, Context::List, Context::Global]
    } else {
        &[Context::Results, Context::Rows, Context::List, Context::Global]
    }
}

/// Scrolls so that the selected row is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    state.cursor.keep_visible(state.rows.len(), usize::from(rows_visible(world)));
}
