//! One record: what it is at the top, then everything that is known, then the history.

mod entries;
mod merged;
mod page;
mod put_back;
mod related;

use ratatui_core::layout::Rect;
use shared::{history::HistoryEntry, text::fold};

use crate::{
    api::{Call, Failure, Missing, Reply},
    cursor::Scroll,
    effect::Lane,
    input::action::{Action, Context},
    intent::{Carried, Event, Leave, Route},
    layers::{Intent, Layer, arrival, picker, question},
    live::Live,
    namesakes::Namesakes,
    paint::Painter,
    person::{self, Person},
    presence::Presence,
    resource::{Deed, Errand, Query, Reading, Record, RecordKind},
    shelf::Shelf,
    world::World,
};

/// A record that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) kind: RecordKind,
    id: i64,
    name: String,
    shelf: Shelf,
    pub(crate) record: Option<Record>,
    pub(crate) history: Vec<HistoryEntry>,
    history_next: Option<String>,
    found: related::Found,
    /// Why the history can't be shown.
    history_failure: Option<Missing>,
    pub(crate) failure: Option<Missing>,
    /// Others who have the record's name, where that can be known.
    pub(crate) namesakes: Option<Namesakes>,
    /// The person whom the record is about, where that is another one.
    pub(crate) person: Option<Person>,
    /// Whether the person is in the clinic, where that is asked.
    pub(crate) presence: Option<Presence>,
    scroll: Scroll,
    /// The values that are put in as changes in its form, which is opened as soon as the record is read.
    pub(crate) edits_next: Option<Carried>,
}

/// Begins: the record is asked for.
pub fn init(
    kind: RecordKind,
    id: i64,
    name: String,
    is_archived: bool,
    edits_next: Option<Carried>,
) -> (State, Vec<Intent>) {
    let state = State { shelf: Shelf::of(is_archived), edits_next, ..empty(kind, id, name) };
    let intents = state.ask();
    (state, intents)
}

/// Begins with a record that is known.
pub fn of(record: Record) -> (State, Vec<Intent>) {
    let mut state = empty(record.kind(), record.id(), String::new());
    let intents = state.show(record);
    (state, intents)
}

fn empty(kind: RecordKind, id: i64, name: String) -> State {
    State {
        kind,
        id,
        name,
        shelf: Shelf::default(),
        record: None,
        history: Vec::new(),
        history_next: None,
        found: related::Found::default(),
        history_failure: None,
        failure: None,
        namesakes: None,
        person: None,
        presence: None,
        scroll: Scroll::default(),
        edits_next: None,
    }
}

impl State {
    pub(crate) fn ask(&self) -> Vec<Intent> {
        if self.kind.table().reading == Reading::InList {
            return Vec::new();
        }
        vec![Intent::Read(Lane::Record, self.shelf.read(self.kind, self.id))]
    }

    /// The kind of the record.
    pub fn kind(&self) -> RecordKind {
        self.kind
    }

    /// What the header calls it.
    pub fn title(&self) -> String {
        self.kind.table().words.one.to_owned()
    }

    /// Whether a live change makes the record, its person or what belongs to it old.
    pub fn is_outdated_by(&self, change: Live) -> bool {
        let version = self.record.as_ref().map(Record::version);
        version.is_some_and(|version| change.outdates(self.kind, self.id, version))
            || self.person.as_ref().is_some_and(|person| person.is_outdated_by(change))
            || self.presence.as_ref().is_some_and(|presence| presence.is_outdated_by(change))
            || self.is_related_outdated_by(change)
    }

    /// Asks again for what a live change has outdated.
    pub fn follow(&self) -> Vec<Intent> {
        let presence = self.presence.as_ref().and_then(Presence::ask);
        let person = self.person.as_ref().map(Person::ask);
        self.ask().into_iter().chain(person).chain(presence).collect()
    }

    /// Whether an open record says that the person is in the clinic already.
    pub fn is_present(&self) -> bool {
        self.presence.as_ref().is_some_and(|presence| presence.record().is_some())
    }

    /// Whether it shows this record.
    pub fn is_of(&self, record: &Record) -> bool {
        (self.kind, self.id) == (record.kind(), record.id())
    }

    fn allows(&self, deed: Deed) -> bool {
        self.record.as_ref().is_some_and(|record| record.permits(deed))
    }

    /// Takes the record as it is now, and asks for its history where that may be read.
    pub fn show(&mut self, record: Record) -> Vec<Intent> {
        self.failure = None;
        self.shelf.found(&record);
        self.name = record.name();
        let namesakes = self.namesakes.as_mut().and_then(|found| found.follow(&record));
        let person = person::follow(&mut self.person, &record);
        self.record = Some(record);
        let mut intents: Vec<_> =
            namesakes.into_iter().chain(person).chain(self.ask_related()).collect();
        if self.allows(Deed::History) {
            intents.push(self.history_at(None));
        } else {
            self.history.clear();
        }
        intents
    }

    /// Asks for a page of the history.
    fn history_at(&self, address: Option<String>) -> Intent {
        let call = Call::History { kind: self.kind, id: self.id, address };
        Intent::Read(Lane::History, call)
    }
}

/// Scrolls the page, and asks for what is done with the record.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else { return Vec::new() };
    if state.edits_next.is_some() && !matches!(action, Action::Back | Action::Refresh) {
        // Letters typed ahead are meant for the form that is coming.
        return Vec::new();
    }
    let page = usize::from(world.body().height.saturating_sub(4));
    if state.scroll.act(action, page) {
        let is_far = matches!(action, Action::PageDown | Action::LastRow);
        return if is_far { entries::more(state, world) } else { Vec::new() };
    }
    match action {
        Action::Back => vec![Intent::Leave(Leave::Back)],
        Action::Refresh => {
            let namesakes = state.namesakes.as_ref().map(Namesakes::ask);
            state.follow().into_iter().chain(namesakes).collect()
        }
        _ if !is_available(state, action) => Vec::new(),
        Action::ShowArchive => vec![Intent::Go(Route::List(state.kind, Query::archive()))],
        Action::PutBack => put_back::choice(state, world).into_iter().collect(),
        Action::Unmerge => merged::undo(state, world).into_iter().collect(),
        Action::Trail => trail(state).into_iter().collect(),
        Action::Related => state.go_to_related().into_iter().collect(),
        Action::Arrive if present(state).is_some() => {
            present(state).into_iter().flatten().collect()
        }
        _ => {
            let record = state.record.as_ref();
            record.map(|record| act(state, record, world, action)).unwrap_or_default()
        }
    }
}

/// Asks for what is done with the record, as it was read.
fn act(state: &State, record: &Record, world: &World, action: Action) -> Vec<Intent> {
    let table = state.kind.table();
    if let Some(operation) = table.operation(action) {
        return vec![open(question::operation(record, operation))];
    }
    match action {
        Action::Edit => vec![Intent::Go(Route::Edit(record.clone()))],
        Action::Relative => {
            let filled = record.relative();
            filled.map(|it| Intent::Go(Route::Filled(state.kind, it))).into_iter().collect()
        }
        Action::Archive => question::archive(record, world).map(open).into_iter().collect(),
        Action::Restore => question::restore(record).map(open).into_iter().collect(),
        Action::Assign => picker::assign(vec![record.clone()], world),
        Action::Arrive => arrival::act(record, world),
        Action::Correct => {
            let errand = |purpose| Errand::Each(purpose, vec![record.clone()]);
            let opened = table.correct.map(|it| picker::open(it.pick, errand(it.purpose), world));
            opened.unwrap_or_default()
        }
        Action::Link => {
            let errand = || Errand::Link(record.clone());
            let opened = table.link.as_ref().map(|it| picker::open(it.pick, errand(), world));
            opened.unwrap_or_default()
        }
        Action::Copy => {
            let code = record.row().code;
            Intent::copy(code.clone(), &code)
        }
        _ => Vec::new(),
    }
}

fn open(question: question::State) -> Intent {
    Intent::Open(Box::new(Layer::Question(Box::new(question))))
}

/// Leads to the record that says that the person is in the clinic already, if there is one.
fn present(state: &State) -> Option<[Intent; 2]> {
    let said = state.kind.table().presence.as_ref()?.already;
    let record = state.presence.as_ref()?.record()?;
    Some([Intent::Go(Route::of(record)), Intent::Inform(said.to_owned())])
}

/// What an action is called here, where it has a better name than its own.
pub fn label_here(state: &State, action: Action) -> Option<&'static str> {
    let table = state.kind.table();
    match action {
        Action::Copy => Some(table.words.copy),
        _ => table.operation(action).map(|operation| operation.label),
    }
}

/// What an action does here, where it does something else than in general.
pub fn help(state: &State, action: Action) -> Option<&'static str> {
    state.kind.table().operation(action).map(|operation| operation.help)
}

/// Whether the session may see what the audit log has about the record.
pub fn has_trail(state: &State, world: &World) -> bool {
    let may_see = RecordKind::AuditEntry.table().list.is_given(world);
    let is_audited = state.kind.table().reading != Reading::InList
        && !state.kind.table().words.entity.is_empty();
    may_see && is_audited && state.record.is_some()
}

/// Leads to what the audit log has about the record.
fn trail(state: &State) -> Option<Intent> {
    let entity = state.kind.table().words.entity.to_owned();
    let filters = vec![("entity", entity), ("entity_id", state.id.to_string())];
    let query = Query { filters, ..Query::default() };
    state.record.as_ref().map(|_| Intent::Go(Route::List(RecordKind::AuditEntry, query)))
}

/// Takes an answer. What is on the screen stays where there is none.
pub fn answered(
    state: &mut State,
    world: &World,
    call: &Call,
    answer: Result<Reply, Failure>,
) -> Vec<Intent> {
    if let Call::History { address, .. } = call {
        entries::answered(state, world, address.is_none(), answer);
        return Vec::new();
    }
    if matches!(call, Call::List { .. }) {
        state.related_answered(answer);
        return Vec::new();
    }
    match answer.and_then(Reply::record) {
        Ok(record) if state.is_of(&record) => {
            let mut intents = state.show(record);
            if let Some(carried) = state.edits_next.take() {
                intents.push(match state.record.clone() {
                    Some(record) if is_available(state, Action::Edit) => {
                        Intent::Go(to_edit(record, carried))
                    }
                    _ => Intent::Warn("Your account may not edit this record.".to_owned()),
                });
            }
            intents
        }
        Ok(_) => Vec::new(),
        Err(failure) if state.shelf.failed(call, &failure) => state.ask(),
        Err(failure) => {
            state.edits_next = None;
            state.failure = Some(Missing::of(&failure));
            Vec::new()
        }
    }
}

/// The form of a record, with those of the carried values put in as changes that differ by more than case and
/// accents.
fn to_edit(record: Record, mut carried: Carried) -> Route {
    let values = record.values();
    carried.retain(|(name, value)| {
        let old = values.get(name).map(String::as_str).unwrap_or_default();
        !value.trim().is_empty() && fold(value) != fold(old)
    });
    if carried.is_empty() { Route::Edit(record) } else { Route::Changed(record, carried) }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Record, Context::Global]
}

/// Whether an action makes sense and would not be refused.
pub fn is_available(state: &State, action: Action) -> bool {
    let is_archived = state.record.is_some() && state.shelf.is_archive();
    let table = state.kind.table();
    if let Some(operation) = table.operation(action) {
        return state.allows(operation.deed);
    }
    match action {
        Action::IssueCode | Action::EndSessions | Action::Unlink => false,
        Action::Correct => table.correct.is_some() && state.allows(Deed::Correct),
        Action::Link => table.link.is_some() && state.allows(Deed::Link),
        Action::Refresh => table.reading != Reading::InList,
        Action::Edit => !is_archived && state.allows(Deed::Update),
        Action::Unmerge => {
            !is_archived && state.allows(Deed::Unmerge) && merged::newest(state).is_some()
        }
        Action::PutBack => {
            !is_archived && state.allows(Deed::Update) && put_back::is_possible(state)
        }
        Action::Archive => !is_archived && state.allows(Deed::Archive),
        Action::Restore => is_archived && state.allows(Deed::Restore),
        Action::Assign => {
            !is_archived && state.kind.table().pick.is_some() && state.allows(Deed::Assign)
        }
        Action::Related => state.related().is_some() && state.record.is_some(),
        Action::Copy => state.record.is_some(),
        _ => true,
    }
}

/// Whether a relative can be registered.
pub fn can_have_relative(state: &State, world: &World) -> bool {
    let has_relative = state.record.as_ref().is_some_and(|record| record.relative().is_some());
    has_relative && state.kind.table().may_create(world)
}

/// Keeps the scrolled page within its height.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let height = page::height(state, world);
    state.scroll.keep_within(height, page::visible(state, world));
}

/// Draws the banner and the page.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    page::draw(state, world, area, painter);
}
