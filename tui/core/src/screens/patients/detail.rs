//! One patient: who it is at the top, then everything that is known, then the history.

mod page;

use ratatui_core::layout::Rect;
use shared::{
    history::HistoryEntry,
    id::PatientId,
    patient::{Patient, PatientPermission},
};

use crate::{
    api::{Call, Failure, Reply, sentence},
    effect::{Effect, Lane},
    input::action::{Action, Context},
    layers::{Layer, question},
    record::RecordKind,
    screens::{
        Screen,
        patients::{form, patient_in},
    },
    step::{Event, Leave, Step},
    text::display,
    view::paint::Painter,
    world::World,
};

/// A patient that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) id: PatientId,
    name: String,
    is_archived: bool,
    pub(crate) patient: Option<Box<Patient>>,
    pub(crate) history: Vec<HistoryEntry>,
    history_next: Option<String>,
    /// Why the history can't be shown.
    history_failure: Option<String>,
    pub(crate) failure: Option<String>,
    scroll: u16,
    /// Whether its form is opened as soon as the record is read.
    pub(crate) edits_next: bool,
}

/// Begins: the record is asked for.
pub fn init(id: PatientId, name: String, is_archived: bool) -> (State, Vec<Step>) {
    let state = State {
        id,
        name,
        is_archived,
        patient: None,
        history: Vec::new(),
        history_next: None,
        history_failure: None,
        failure: None,
        scroll: 0,
        edits_next: false,
    };
    let steps = state.ask();
    (state, steps)
}

impl State {
    fn ask(&self) -> Vec<Step> {
        let call =
            Call::Read { kind: RecordKind::Patient, id: self.id.0, is_archived: self.is_archived };
        vec![Step::Read(Lane::Record, call)]
    }

    /// What the header calls it.
    pub fn title(&self) -> String {
        "Patient".to_owned()
    }

    fn allows(&self, permission: PatientPermission) -> bool {
        self.patient.as_ref().is_some_and(|patient| patient.allows(permission))
    }

    /// Takes the record as it is now, and asks for its history where that may be read.
    pub fn show(&mut self, patient: Patient) -> Vec<Step> {
        self.failure = None;
        self.is_archived = patient.archived_at.is_some();
        self.name = display(&patient.full_name).into_owned();
        let may_read = patient.allows(PatientPermission::History);
        self.patient = Some(Box::new(patient));
        if may_read {
            vec![history(self.id, None)]
        } else {
            self.history.clear();
            Vec::new()
        }
    }
}

/// Does something.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Step> {
    let Event::Act(action) = event else { return Vec::new() };
    if state.edits_next && !matches!(action, Action::Back | Action::Refresh) {
        // Letters typed ahead are meant for the form that is coming.
        return Vec::new();
    }
    let page = world.body().height.saturating_sub(4).max(1);
    match action {
        Action::RowUp => state.scroll = state.scroll.saturating_sub(1),
        Action::RowDown => state.scroll = state.scroll.saturating_add(1),
        Action::PageUp => state.scroll = state.scroll.saturating_sub(page),
        Action::PageDown => {
            state.scroll = state.scroll.saturating_add(page);
            return more_history(state, world);
        }
        Action::FirstRow => state.scroll = 0,
        Action::LastRow => {
            state.scroll = u16::MAX;
            return more_history(state, world);
        }
        Action::Back => return vec![Step::Leave(Leave::Back)],
        Action::Refresh => return state.ask(),
        _ if !offers(state, action) => {}
        Action::Edit => return vec![edit(state, world)],
        Action::Archive | Action::Restore => {
            let Some(patient) = state.patient.as_deref() else { return Vec::new() };
            let question = if action == Action::Archive {
                question::archive(patient)
            } else {
                question::restore(patient)
            };
            return vec![Step::Open(Box::new(Layer::Question(Box::new(question))))];
        }
        Action::CopyMrn => {
            let mrn = state.patient.as_ref().map(|patient| patient.mrn.clone()).unwrap_or_default();
            let said = format!("{} was sent to the terminal's clipboard.", display(&mrn));
            return vec![Step::Do(Effect::Copy(mrn)), Step::Inform(said)];
        }
        _ => {}
    }
    Vec::new()
}

fn edit(state: &State, world: &World) -> Step {
    let form = form::init(state.patient.as_deref(), world);
    Step::Push(Box::new(Screen::PatientForm(Box::new(form))))
}

/// Asks for a page of the history.
fn history(id: PatientId, address: Option<String>) -> Step {
    let call = Call::History { kind: RecordKind::Patient, id: id.0, address };
    Step::Read(Lane::History, call)
}

/// Asks for the next page of the history once its end is seen.
fn more_history(state: &State, world: &World) -> Vec<Step> {
    let height = page::height(state, world);
    let visible = world.body().height;
    match &state.history_next {
        Some(at) if state.scroll.saturating_add(visible) >= height => {
            vec![history(state.id, Some(at.clone()))]
        }
        _ => Vec::new(),
    }
}

/// Takes an answer. What is on the screen stays where there is none.
pub fn answered(
    state: &mut State,
    world: &World,
    call: &Call,
    answer: Result<Reply, Failure>,
) -> Vec<Step> {
    if let Call::History { address, .. } = call {
        history_answered(state, address.is_none(), answer);
        return Vec::new();
    }
    match patient_in(answer) {
        Ok(patient) if patient.id == state.id => {
            let mut steps = state.show(patient);
            if std::mem::take(&mut state.edits_next) {
                steps.push(match offers(state, Action::Edit) {
                    true => edit(state, world),
                    false => Step::Warn("This record may not be edited by you.".to_owned()),
                });
            }
            steps
        }
        Ok(_) => Vec::new(),
        Err(failure) => {
            state.edits_next = false;
            state.failure = Some(sentence(&failure));
            Vec::new()
        }
    }
}

/// Takes a page of the history.
fn history_answered(state: &mut State, is_first: bool, answer: Result<Reply, Failure>) {
    match answer {
        Ok(Reply::History(page)) => {
            if is_first {
                state.history.clear();
            }
            state.history.extend(page.results);
            state.history_next = page.next;
            state.history_failure = None;
        }
        Ok(_) => {}
        Err(failure) => state.history_failure = Some(sentence(&failure)),
    }
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Patient, Context::Global]
}

/// Whether an action makes sense and would not be refused.
pub fn offers(state: &State, action: Action) -> bool {
    let is_archived = state.patient.as_ref().is_some_and(|p| p.archived_at.is_some());
    match action {
        Action::Edit => !is_archived && state.allows(PatientPermission::Update),
        Action::Archive => !is_archived && state.allows(PatientPermission::Archive),
        Action::Restore => is_archived && state.allows(PatientPermission::Restore),
        Action::CopyMrn => state.patient.is_some(),
        _ => true,
    }
}

/// Keeps the scrolled page within its height.
pub fn settle(state: &mut State, world: &World) {
    let height = page::height(state, world);
    state.scroll = state.scroll.min(height.saturating_sub(page::visible(world)));
}

/// Draws it.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    page::draw(state, world, area, painter);
}
