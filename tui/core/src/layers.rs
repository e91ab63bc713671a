//! Layers over a screen: one stack. The topmost layer receives the keys.

pub mod api_pages;
pub mod arrival;
pub mod choose;
pub mod compare;
pub mod conflict;
pub mod field_help;
pub mod filter;
pub mod find;
pub mod messages;
pub mod palette;
pub mod picker;
pub mod question;
pub mod relogin;
pub mod results;
pub mod secret;
pub mod share;
pub mod sort;

use ratatui_core::layout::Rect;

use crate::{
    finder,
    form::{Form, field::Field},
    input::action::{Action, Context},
    intent::Event,
    login,
    paint::Painter,
    search::Searching,
    sentences::TO_ROWS,
    world::World,
};

/// What a screen or a layer wants done, where layers can be laid over screens.
pub type Intent = crate::intent::Intent<Layer>;

/// One thing over a screen.
#[derive(Clone)]
pub enum Layer {
    /// The help or the palette.
    Palette(Box<palette::State>),
    /// One of several things to choose.
    Choose(Box<choose::State>),
    /// What a field accepts.
    Field(Box<field_help::State>),
    /// The find box.
    Find(Box<find::State>),
    /// A patient who has arrived.
    Arrival(Box<arrival::State>),
    /// What was said until now.
    Messages(messages::State),
    /// The order of the list.
    Sort(sort::State),
    /// The filters of the list.
    Filter(Box<filter::State>),
    /// A record to be picked.
    Picker(Box<picker::State>),
    /// A question.
    Question(Box<question::State>),
    /// The login over a session that is over.
    Relogin(Box<login::State>),
    /// Writes for several records, with their results.
    Results(Box<results::State>),
    /// Two versions of a record.
    Conflict(Box<conflict::State>),
    /// Two records side by side.
    Compare(Box<compare::State>),
    /// A secret that is shown once.
    Secret(Box<secret::State>),
    /// The addresses of the API.
    Api(api_pages::State),
}

impl Layer {
    /// The field for text that has the focus.
    pub fn field(&self) -> Option<&Field> {
        match self {
            Self::Palette(state) => Some(&state.filter),
            Self::Find(state) => Some(state.finder.field()),
            Self::Arrival(state) => state.form.focused(),
            Self::Filter(state) => state.form.focused(),
            Self::Picker(state) => Some(&state.search.field),
            Self::Question(state) => state.form.focused(),
            Self::Relogin(state) => state.form.focused(),
            Self::Choose(_)
            | Self::Field(_)
            | Self::Messages(_)
            | Self::Sort(_)
            | Self::Conflict(_)
            | Self::Compare(_)
            | Self::Results(_)
            | Self::Secret(_)
            | Self::Api(_) => None,
        }
    }

    /// The same, to be edited.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        match self {
            Self::Palette(state) => Some(&mut state.filter),
            Self::Find(state) => Some(state.finder.field_mut()),
            Self::Arrival(state) => state.form.focused_mut(),
            Self::Filter(state) => state.form.focused_mut(),
            Self::Picker(state) => Some(&mut state.search.field),
            Self::Question(state) => state.form.focused_mut(),
            Self::Relogin(state) => state.form.focused_mut(),
            Self::Choose(_)
            | Self::Field(_)
            | Self::Messages(_)
            | Self::Sort(_)
            | Self::Conflict(_)
            | Self::Compare(_)
            | Self::Results(_)
            | Self::Secret(_)
            | Self::Api(_) => None,
        }
    }

    /// The form whose field has the focus.
    pub fn form(&self) -> Option<&Form> {
        match self {
            Self::Arrival(state) => Some(&state.form),
            Self::Filter(state) => Some(&state.form),
            Self::Question(state) => Some(&state.form),
            Self::Relogin(state) => Some(&state.form),
            _ => None,
        }
    }

    /// What would be lost if everything ended now, in a few words.
    pub fn unfinished(&self) -> Option<String> {
        match self {
            Self::Results(state) => state.unfinished(),
            Self::Arrival(state) => state.unfinished(),
            Self::Question(state) => state.unfinished(),
            Self::Picker(state) => state.has_reason().then(|| "the typed reason".to_owned()),
            _ => None,
        }
    }

    /// The action that waits for an answer.
    pub fn awaited(&self) -> Option<Action> {
        match self {
            Self::Find(state) => state.finder.awaited(),
            Self::Picker(state) => state.search.awaited(),
            Self::Arrival(state) => state.is_accepted().then_some(Action::Accept),
            _ => None,
        }
    }

    /// No action waits for an answer any more.
    pub fn give_up(&mut self) {
        match self {
            Self::Find(state) => state.finder.give_up(),
            Self::Picker(state) => state.search.give_up(),
            Self::Arrival(state) => state.give_up(),
            _ => {}
        }
    }

    /// The pause after a search is over.
    pub fn on_timer(&mut self, world: &World) -> Vec<Intent> {
        match self {
            Self::Find(state) => state.finder.on_timer(world),
            Self::Picker(state) => state.on_timer(world),
            _ => Vec::new(),
        }
    }

    /// Passes an event to the layer.
    pub fn update(&mut self, world: &World, event: Event) -> Vec<Intent> {
        match self {
            Self::Palette(state) => palette::update(state, world, event),
            Self::Choose(state) => choose::update(state, world, event),
            Self::Field(state) => field_help::update(state, world, event),
            Self::Find(state) => find::update(state, world, event),
            Self::Arrival(state) => arrival::update(state, event),
            Self::Messages(state) => messages::update(state, world, event),
            Self::Sort(state) => sort::update(state, world, event),
            Self::Filter(state) => filter::update(state, world, event),
            Self::Picker(state) => picker::update(state, world, event),
            Self::Question(state) => question::update(state, event),
            Self::Relogin(state) => relogin::update(state, world, event),
            Self::Results(state) => results::update(state, world, event),
            Self::Conflict(state) => conflict::update(state, world, event),
            Self::Compare(state) => compare::update(state, world, event),
            Self::Secret(state) => secret::update(state, world, event),
            Self::Api(state) => api_pages::update(state, world, event),
        }
    }

    /// The contexts in which its keys hold, innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        let is_typing = self.field().is_some();
        let mut contexts = if is_typing { vec![Context::Text] } else { Vec::new() };
        contexts.extend_from_slice(match self {
            Self::Palette(_) => palette::contexts(),
            Self::Choose(_) => choose::contexts(),
            Self::Field(_) => field_help::contexts(),
            Self::Find(_) => find::contexts(),
            Self::Arrival(_) => arrival::contexts(),
            Self::Messages(_) => messages::contexts(),
            Self::Sort(_) => sort::contexts(),
            Self::Filter(_) => filter::contexts(),
            Self::Picker(_) => picker::contexts(),
            Self::Question(_) => question::contexts(),
            Self::Relogin(_) => relogin::contexts(),
            Self::Results(_) => results::contexts(),
            Self::Conflict(_) => conflict::contexts(),
            Self::Compare(_) => compare::contexts(),
            Self::Secret(_) => secret::contexts(),
            Self::Api(_) => api_pages::contexts(),
        });
        contexts
    }

    /// Whether an action makes sense here.
    pub fn is_available(&self, world: &World, action: Action) -> bool {
        match action {
            Action::Refresh => matches!(self, Self::Picker(_)),
            Action::Accept => match self {
                Self::Results(state) => !state.is_waiting(),
                Self::Picker(state) => state.can_pick(),
                Self::Palette(state) => state.has_found(),
                _ => true,
            },
            Action::TakeLeft | Action::TakeRight | Action::Merge => {
                matches!(self, Self::Compare(state) if state.is_read())
            }
            Action::Back => !matches!(self, Self::Relogin(state) if state.is_locked),
            Action::Palette | Action::LogOut | Action::LocalDesk => false,
            Action::PageDown | Action::PageUp => {
                matches!(
                    self,
                    Self::Palette(_)
                        | Self::Choose(_)
                        | Self::Field(_)
                        | Self::Find(_)
                        | Self::Arrival(_)
                        | Self::Messages(_)
                        | Self::Sort(_)
                        | Self::Picker(_)
                        | Self::Results(_)
                        | Self::Conflict(_)
                        | Self::Compare(_)
                        | Self::Api(_)
                )
            }
            Action::New | Action::NewFromSearch => match self {
                Self::Find(_) => finder::CREATED.table().may_create(world),
                _ => true,
            },
            Action::Mark => matches!(self, Self::Arrival(_)),
            Action::Open | Action::Edit => match self {
                Self::Find(state) => !state.finder.has_found_nobody(),
                _ => true,
            },
            Action::Arrive => match self {
                Self::Find(state) => find::can_arrive(state, world),
                _ => true,
            },
            Action::Archive | Action::Results | Action::ShowArchive => {
                !matches!(self, Self::Find(_))
            }
            _ => true,
        }
    }

    /// Whether there is more than fits on one page, as far as that is known.
    pub fn has_pages(&self, world: &World) -> bool {
        match self {
            Self::Palette(state) => palette::has_pages(state, world),
            Self::Field(state) => field_help::has_pages(state, world),
            Self::Picker(state) => picker::has_pages(state, world),
            _ => true,
        }
    }

    /// Whether a key for a record would only go to the rows: several match what is typed.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Find(state) if state.finder.is_ambiguous())
    }

    /// What an action is called here, where it has a better name than its own.
    pub fn label_here(&self, action: Action) -> Option<&'static str> {
        match (self, action) {
            (Self::Secret(_), Action::Back) => Some("done"),
            (Self::Palette(_), Action::Accept) => Some("do it"),
            (Self::Results(_), Action::Accept) => Some("close"),
            (Self::Picker(_), Action::Accept) => Some("pick"),
            (Self::Find(state), Action::Open) if state.finder.is_ambiguous() => Some(TO_ROWS),
            (Self::Arrival(state), Action::Accept) => Some(state.answer()),
            (Self::Arrival(_), Action::Mark) => Some("urgent"),
            (Self::Filter(_), Action::Save) => Some("apply"),
            (Self::Filter(_), Action::Accept) => Some("next field"),
            (Self::Relogin(_), Action::Save | Action::Accept) => Some("log in"),
            (Self::Conflict(_), Action::Save) => Some("save merged"),
            (Self::Conflict(_), Action::Accept) => Some("save merged"),
            _ => None,
        }
    }

    /// Scrolls so that what has the focus is seen.
    pub fn keep_focus_visible(&mut self, world: &World) {
        match self {
            Self::Palette(state) => palette::keep_focus_visible(state, world),
            Self::Field(state) => field_help::keep_focus_visible(state, world),
            Self::Messages(state) => messages::keep_focus_visible(state, world),
            Self::Choose(_) | Self::Find(_) | Self::Sort(_) | Self::Secret(_) | Self::Api(_) => {}
            Self::Arrival(state) => arrival::keep_focus_visible(state, world),
            Self::Filter(state) => filter::keep_focus_visible(state, world),
            Self::Picker(state) => picker::keep_focus_visible(state, world),
            Self::Question(state) => question::keep_focus_visible(state, world),
            Self::Relogin(state) => relogin::keep_focus_visible(state, world),
            Self::Results(state) => results::keep_focus_visible(state, world),
            Self::Conflict(state) => conflict::keep_focus_visible(state, world),
            Self::Compare(state) => compare::keep_focus_visible(state, world),
        }
    }

    /// Draws it over what is there.
    pub fn view(&self, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
        match self {
            Self::Palette(state) => palette::view(state, world, area, painter, has_focus),
            Self::Choose(state) => choose::view(state, area, painter),
            Self::Field(state) => field_help::view(state, area, painter),
            Self::Find(state) => find::view(state, world, area, painter, has_focus),
            Self::Arrival(state) => arrival::view(state, world, area, painter, has_focus),
            Self::Messages(state) => messages::view(state, world, area, painter),
            Self::Sort(state) => sort::view(state, world, area, painter),
            Self::Filter(state) => filter::view(state, world, area, painter, has_focus),
            Self::Picker(state) => picker::view(state, world, area, painter, has_focus),
            Self::Question(state) => question::view(state, world, area, painter, has_focus),
            Self::Relogin(state) => relogin::view(state, world, area, painter, has_focus),
            Self::Results(state) => results::view(state, world, area, painter),
            Self::Conflict(state) => conflict::view(state, world, area, painter),
            Self::Compare(state) => compare::view(state, area, painter),
            Self::Secret(state) => secret::view(state, world, area, painter),
            Self::Api(state) => api_pages::view(state, world, area, painter),
        }
    }
}

/// A box of at most this size in the middle of a place.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    }
}
