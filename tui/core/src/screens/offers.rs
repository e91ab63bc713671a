//! What a screen offers: which actions make sense there, what they are called, and what they do.

use shared::visit::Visit;

use super::{Screen, detail, first_start, home, list};
use crate::{
    finder,
    form::field::Field,
    input::action::Action,
    layers::arrival,
    login,
    resource::{Record, next_step},
    sentences::TO_ROWS,
    world::World,
};

impl Screen {
    /// Whether an action makes sense and would not be refused.
    pub fn is_available(&self, world: &World, action: Action) -> bool {
        match self {
            Self::Login(_) => login::is_available(world, action),
            Self::Home(state) => home::is_available(state, world, action),
            Self::List(state) => list::is_available(state, world, action),
            Self::Detail(state) if action == Action::Relative => {
                detail::can_have_relative(state, world)
            }
            Self::Detail(state) if action == Action::ShowArchive => {
                state.kind().table().may_see_archive(world)
            }
            Self::Detail(state) if action == Action::Trail => detail::has_trail(state, world),
            Self::Detail(state) if action == Action::Arrive => {
                let record = state.record.as_ref();
                record.is_some_and(|record| arrival::label_here(record, world).is_some())
            }
            Self::Detail(state) => detail::is_available(state, action),
            Self::Form(state) => action != Action::Refresh || state.is_doubtful,
            Self::Opening(_) => !matches!(action, Action::Refresh | Action::Palette),
            Self::FirstStart(state) => match action {
                Action::Refresh => false,
                Action::Back => state.form().is_some(),
                _ => true,
            },
            Self::Dashboard(_) => true,
            Self::Register(_) | Self::Password(_) => action != Action::Refresh,
        }
    }

    /// Whether one step back may stay on this screen: it has an inner place to go back from.
    pub fn has_steps_back(&self) -> bool {
        match self {
            Self::List(state) => !state.is_searching || !state.search.field.value().is_empty(),
            Self::Home(_) => true,
            Self::FirstStart(state) => state.form().is_some(),
            _ => false,
        }
    }

    /// Whether Enter only goes from the typed text to the rows.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Home(state) => state.visit().is_none() && state.finder.is_ambiguous(),
            Self::List(state) => state.leads_to_rows(),
            _ => false,
        }
    }

    /// What an action is called here, where it has a better name than its own.
    pub fn label_here(&self, action: Action) -> Option<&'static str> {
        match (self, action) {
            (Self::Detail(state), action) if state.kind().table().operation(action).is_some() => {
                detail::label_here(state, action)
            }
            (_, Action::Open) if self.is_ambiguous() => Some(TO_ROWS),
            (_, Action::Archive) => self.table()?.status().map(|_| "status"),
            (_, Action::Assign) => self.table()?.pick.map(|pick| pick.word),
            (_, Action::Related) => self.table()?.related.as_ref().map(|related| related.list),
            (_, Action::Arrive) => self.visit_word(),
            (Self::Home(_), Action::New) => {
                finder::CREATED.table().create.as_ref().map(|create| create.label)
            }
            (Self::List(state), Action::New) => {
                state.kind.table().create.as_ref().map(|create| create.label)
            }
            (Self::List(state), Action::Copy) => Some(state.kind.table().words.copy),
            (Self::Detail(state), action) => detail::label_here(state, action),
            (Self::FirstStart(state), action) => first_start::action_word(state, action),
            (Self::Login(_), Action::Save | Action::Accept) => Some("log in"),
            (Self::Register(_), Action::Save) => Some("open the account"),
            (Self::Password(_), Action::Save) => Some("set the password"),
            (_, Action::Accept) if self.field().is_some_and(Field::is_multiline) => {
                Some("new line")
            }
            (Self::Password(state), Action::Accept) if state.form.is_last() => {
                Some("set the password")
            }
            (Self::Register(state), Action::Accept) if state.form.is_last() => {
                Some("open the account")
            }
            (_, Action::Accept) => Some("next field"),
            _ => None,
        }
    }

    /// What the next step of the visit is called that is shown or selected.
    fn visit_word(&self) -> Option<&'static str> {
        let next = |visit: &Visit| next_step(visit.status).map(|(_, word)| word);
        let of_record = |record: &Record| match record {
            Record::Visit(visit) => next(visit),
            _ => None,
        };
        match self {
            Self::Home(state) => state.visit().and_then(next),
            Self::List(state) => of_record(state.subject()?),
            Self::Detail(state) if state.is_present() => Some("to the visit"),
            Self::Detail(state) => of_record(state.record.as_ref()?),
            _ => None,
        }
    }

    /// What an action does here, where it does something else than in general.
    pub fn help(&self, action: Action) -> Option<&'static str> {
        let operation = match self {
            Self::Detail(state) => detail::help(state, action),
            _ => None,
        };
        let of_kind = || match action {
            Action::Open if self.is_ambiguous() => Some("Go from the search field to the rows."),
            Action::Archive => self.table()?.status().map(|status| status.help),
            Action::Assign => self.table()?.pick.map(|pick| pick.help),
            _ => None,
        };
        operation.or_else(of_kind)
    }
}
