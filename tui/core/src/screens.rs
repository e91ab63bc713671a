//! The screens. Each is a module with the same four functions: `init`, `update`, `view`,
//! `contexts`. None touches another: what it wants beyond itself it says in
//! [`Intent`]s.

mod about;
pub mod dashboard;
pub mod detail;
pub mod first_start;
pub mod home;
pub mod list;
mod offers;
pub mod opening;
pub mod password;
mod record;
pub mod record_form;
pub mod refusals;
pub mod register;

use ratatui_core::layout::Rect;

use crate::{
    api::{Call, Failure, Reply},
    form::{Form, field::Field},
    input::action::{Action, Context},
    intent::{Event, Place, Route},
    layers::Intent,
    live::Live,
    login,
    paint::Painter,
    resource::Record,
    search::Searching,
    world::World,
};

/// One screen with its state.
#[derive(Clone)]
pub enum Screen {
    /// Before anything is known.
    Opening(opening::State),
    /// The first start of a local desk.
    FirstStart(Box<first_start::State>),
    /// Logging in.
    Login(Box<login::State>),
    /// Opening an account.
    Register(Box<register::State>),
    /// A list.
    List(Box<list::State>),
    /// One record.
    Detail(Box<detail::State>),
    /// The form of a record.
    Form(Box<record_form::State>),
    /// The day at the desk.
    Home(Box<home::State>),
    /// The dashboard.
    Dashboard(Box<dashboard::State>),
    /// Setting a password.
    Password(Box<password::State>),
}

impl Screen {
    /// The screen of a section, and what it wants at the beginning.
    pub fn first(place: Place, world: &World) -> (Self, Vec<Intent>) {
        match place {
            Place::Home => {
                let (state, intents) = home::init(world);
                (Self::Home(Box::new(state)), intents)
            }
            Place::List(kind) => {
                let (state, intents) = list::init(kind, world);
                (Self::List(Box::new(state)), intents)
            }
            Place::Dashboard => {
                let (state, intents) = dashboard::init();
                (Self::Dashboard(Box::new(state)), intents)
            }
        }
    }

    /// Whether it is the screen of a section.
    pub fn is_at(&self, place: Place) -> bool {
        match (self, place) {
            (Self::List(state), Place::List(kind)) => state.kind == kind,
            (Self::Dashboard(_), Place::Dashboard) | (Self::Home(_), Place::Home) => true,
            _ => false,
        }
    }

    fn of(route: Route, world: &World) -> (Self, Vec<Intent>) {
        match route {
            Route::Record { kind, id, name, is_archived, to_edit } => {
                let (state, intents) = detail::init(kind, id, name, is_archived, to_edit);
                (Self::Detail(Box::new(state)), intents)
            }
            Route::Alone(kind, id) => {
                let name = kind.table().words.one.to_owned();
                let (state, intents) = detail::init(kind, id, name, false, None);
                (Self::Detail(Box::new(state)), intents)
            }
            Route::Shown(record) => {
                let (state, intents) = detail::of(record);
                (Self::Detail(Box::new(state)), intents)
            }
            Route::List(kind, query) => {
                let (state, intents) = list::narrowed(kind, query, world);
                (Self::List(Box::new(state)), intents)
            }
            Route::New(kind) => {
                (Self::Form(Box::new(record_form::init(kind, None, world))), Vec::new())
            }
            Route::Filled(kind, filled) => {
                let form = record_form::filled(kind, filled, world);
                (Self::Form(Box::new(form)), Vec::new())
            }
            Route::Changed(record, values) => {
                let form = record_form::changed(record, values, world);
                (Self::Form(Box::new(form)), Vec::new())
            }
            Route::EditField(record, field) => {
                let form = record_form::on_field(record, field, world);
                (Self::Form(Box::new(form)), Vec::new())
            }
            Route::Register => (Self::Register(Box::new(register::init())), Vec::new()),
            Route::Password(proof) => {
                (Self::Password(Box::new(password::init(proof, world))), Vec::new())
            }
            Route::Edit(record) => {
                let form = record_form::init(record.kind(), Some(record), world);
                (Self::Form(Box::new(form)), Vec::new())
            }
        }
    }

    /// The form whose field has the focus.
    pub fn form(&self) -> Option<&Form> {
        match self {
            Self::FirstStart(state) => state.form(),
            Self::Login(state) => Some(&state.form),
            Self::Register(state) => Some(&state.form),
            Self::Password(state) => Some(&state.form),
            Self::Form(state) => Some(&state.form),
            _ => None,
        }
    }

    /// The field for text that has the focus.
    pub fn field(&self) -> Option<&Field> {
        match self {
            Self::Opening(_) | Self::Detail(_) | Self::Dashboard(_) => None,
            Self::FirstStart(state) => state.form().and_then(Form::focused),
            Self::Login(state) => state.form.focused(),
            Self::Register(state) => state.form.focused(),
            Self::Password(state) => state.form.focused(),
            Self::Home(state) => Some(state.finder.field()),
            Self::List(state) => state.field(),
            Self::Form(state) => state.form.focused(),
        }
    }

    /// The same, to be edited.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        match self {
            Self::Opening(_) | Self::Detail(_) | Self::Dashboard(_) => None,
            Self::FirstStart(state) => state.form_mut().and_then(Form::focused_mut),
            Self::Login(state) => state.form.focused_mut(),
            Self::Register(state) => state.form.focused_mut(),
            Self::Password(state) => state.form.focused_mut(),
            Self::Home(state) => Some(state.finder.field_mut()),
            Self::List(state) => state.field_mut(),
            Self::Form(state) => state.form.focused_mut(),
        }
    }

    /// Passes an event to the screen that is shown.
    pub fn update(&mut self, world: &World, event: Event) -> Vec<Intent> {
        match self {
            Self::Opening(state) => opening::update(state, world, event),
            Self::FirstStart(state) => first_start::update(state, world, event),
            Self::Login(state) => login::update(state, world, event),
            Self::Register(state) => register::update(state, world, event),
            Self::Password(state) => password::update(state, world, event),
            Self::Home(state) => home::update(state, world, event),
            Self::List(state) => list::update(state, world, event),
            Self::Detail(state) => detail::update(state, world, event),
            Self::Form(state) => record_form::update(state, world, event),
            Self::Dashboard(state) => dashboard::update(state, world, event),
        }
    }

    /// Takes the focus to the field in which records are searched for. Says whether the screen has one.
    pub fn begin_find(&mut self) -> bool {
        match self {
            Self::List(state) if state.kind.table().search.is_none() => return false,
            Self::List(state) => list::begin_search(state),
            Self::Home(_) => {}
            _ => return false,
        }
        true
    }

    /// Another screen comes over it: what was searched is done with. Nothing waits for its answer any more,
    /// and the next character replaces it.
    pub fn end_search(&mut self) {
        self.give_up();
        match self {
            Self::Home(state) => state.finder.select_text(),
            Self::List(state) => state.search.select(),
            _ => {}
        }
    }

    /// No action waits for the answer to what was searched any more, and no form for the record that is
    /// being read.
    pub fn give_up(&mut self) {
        match self {
            Self::Home(state) => state.finder.give_up(),
            Self::List(state) => state.search.give_up(),
            Self::Detail(state) => state.edits_next = None,
            _ => {}
        }
    }

    /// The action that waits for the answer to what was searched.
    pub fn awaited(&self) -> Option<Action> {
        match self {
            Self::Home(state) => state.finder.awaited(),
            Self::List(state) => state.search.awaited(),
            _ => None,
        }
    }

    /// A record was changed here, and is shown as it is now next.
    pub fn changed(&mut self, record: &Record) {
        if let Self::Home(state) = self {
            state.changed(record);
        }
    }

    /// Whether the find box may lie over the screen.
    pub fn takes_find_box(&self) -> bool {
        match self {
            Self::Detail(state) => state.edits_next.is_none(),
            Self::List(state) => state.kind.table().search.is_none(),
            Self::Dashboard(_) => true,
            _ => false,
        }
    }

    /// The pause after a search is over.
    pub fn on_timer(&mut self, world: &World) -> Vec<Intent> {
        match self {
            Self::Home(state) => state.finder.on_timer(world),
            Self::List(state) => state.on_timer(world),
            _ => Vec::new(),
        }
    }

    /// Draws the screen.
    pub fn view(&self, world: &World, area: Rect, painter: &mut Painter<'_>, is_top: bool) {
        match self {
            Self::Opening(state) => opening::view(state, world, area, painter),
            Self::FirstStart(state) => first_start::view(state, world, area, painter, is_top),
            Self::Login(state) => login::view(state, world, area, painter, is_top),
            Self::Register(state) => register::view(state, world, area, painter, is_top),
            Self::Password(state) => password::view(state, world, area, painter, is_top),
            Self::Home(state) => home::view(state, world, area, painter, is_top),
            Self::List(state) => list::view(state, world, area, painter, is_top),
            Self::Detail(state) => detail::view(state, world, area, painter),
            Self::Form(state) => record_form::view(state, world, area, painter, is_top),
            Self::Dashboard(state) => dashboard::view(state, world, area, painter),
        }
    }

    /// Takes an answer to what it has asked for.
    pub fn answered(
        &mut self,
        world: &World,
        call: &Call,
        answer: Result<Reply, Failure>,
    ) -> Vec<Intent> {
        let mut intents = Vec::new();
        let Some(answer) = self.take_about(call, answer, &mut intents) else { return intents };
        match self {
            Self::Home(state) => home::answered(state, world, call, answer),
            Self::List(state) => list::answered(state, world, answer),
            Self::Detail(state) => detail::answered(state, world, call, answer),
            Self::Form(state) => record_form::answered(state, world, answer),
            Self::Dashboard(state) => dashboard::answered(state, answer),
            Self::Opening(_)
            | Self::FirstStart(_)
            | Self::Login(_)
            | Self::Register(_)
            | Self::Password(_) => Vec::new(),
        }
    }

    /// Takes a live change. Says whether it makes what is shown old.
    pub fn reported(&mut self, change: Live) -> bool {
        match self {
            Self::Home(_) => home::is_outdated_by(change),
            Self::Dashboard(_) => true,
            Self::List(state) => state.reported(change),
            Self::Detail(state) => state.is_outdated_by(change),
            Self::Form(state) => state.is_outdated_by(change),
            Self::Opening(_)
            | Self::FirstStart(_)
            | Self::Login(_)
            | Self::Register(_)
            | Self::Password(_) => false,
        }
    }

    /// Asks again for what a live change has outdated.
    pub fn follow(&mut self, world: &World) -> Vec<Intent> {
        match self {
            Self::Home(_) => home::follow(),
            Self::Dashboard(_) => dashboard::follow(),
            Self::List(state) => state.refresh(world),
            Self::Detail(state) => state.follow(),
            Self::Form(state) => record_form::follow(state),
            Self::Opening(_)
            | Self::FirstStart(_)
            | Self::Login(_)
            | Self::Register(_)
            | Self::Password(_) => Vec::new(),
        }
    }

    /// Shows a record as it is now, if it shows that record.
    pub fn learn(&mut self, record: &Record, world: &World) -> Vec<Intent> {
        let about = self.learn_about(record);
        let intents = match (self, record) {
            (Self::Home(state), record) => state.learn(record, world),
            (Self::List(state), record) => {
                state.replace(record, world);
                Vec::new()
            }
            (Self::Detail(state), record) if state.is_of(record) => state.show(record.clone()),
            (Self::Detail(state), record) => state.learn_related(record),
            _ => Vec::new(),
        };
        about.into_iter().chain(intents).collect()
    }

    /// The contexts in which its keys hold, innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        let is_typing = self.field().is_some();
        let mut contexts = if is_typing { vec![Context::Text] } else { Vec::new() };
        contexts.extend_from_slice(match self {
            Self::Opening(_) => opening::contexts(),
            Self::FirstStart(state) => first_start::contexts(state),
            Self::Login(_) => login::contexts(),
            Self::Register(_) => register::contexts(),
            Self::Password(_) => password::contexts(),
            Self::Home(_) => home::contexts(),
            Self::List(state) => list::contexts(state),
            Self::Detail(_) => detail::contexts(),
            Self::Form(_) => record_form::contexts(),
            Self::Dashboard(_) => dashboard::contexts(),
        });
        contexts
    }

    /// Scrolls so that what has the focus is seen.
    pub fn keep_focus_visible(&mut self, world: &World) {
        match self {
            Self::Opening(_) => {}
            Self::FirstStart(state) => first_start::keep_focus_visible(state, world),
            Self::Login(state) => login::keep_focus_visible(state, world),
            Self::Register(state) => register::keep_focus_visible(state, world),
            Self::Password(state) => password::keep_focus_visible(state, world),
            Self::Home(state) => home::keep_focus_visible(state, world),
            Self::List(state) => list::keep_focus_visible(state, world),
            Self::Detail(state) => detail::keep_focus_visible(state, world),
            Self::Form(state) => record_form::keep_focus_visible(state, world),
            Self::Dashboard(state) => dashboard::keep_focus_visible(state, world),
        }
    }

    /// What the header calls it.
    pub fn title(&self) -> String {
        match self {
            Self::Opening(_) => "Opening".to_owned(),
            Self::FirstStart(_) => "First start".to_owned(),
            Self::Login(_) => "Log in".to_owned(),
            Self::Register(_) => "Open an account".to_owned(),
            Self::Password(state) => state.title().to_owned(),
            Self::Home(_) => "Today".to_owned(),
            Self::List(state) => state.title().to_owned(),
            Self::Detail(state) => state.title(),
            Self::Form(state) => state.title(),
            Self::Dashboard(_) => "Dashboard".to_owned(),
        }
    }

    /// What it is called among other screens: of a form also whose it is.
    pub fn heading(&self) -> String {
        match self {
            Self::Form(state) => state.heading(),
            _ => self.title(),
        }
    }

    /// Whether something typed would be lost.
    pub fn is_changed(&self) -> bool {
        match self {
            Self::Form(state) => state.form.is_changed(),
            Self::Register(state) => state.form.is_changed(),
            Self::Password(state) => state.form.is_changed(),
            Self::FirstStart(state) => state.is_changed(),
            _ => false,
        }
    }
}
