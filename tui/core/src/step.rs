//! What a screen or a layer wants done: the only way in which it reaches beyond itself.

use crate::{
    api::Call,
    date::Calendar,
    effect::{Effect, Lane, ScreenId},
    input::action::Action,
    layers::Layer,
    record::{Record, RecordKind},
    resource::{
        Query,
        filled::{self, Filled},
    },
    screens::Screen,
    session::Session,
    world::World,
};

/// What a screen is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something was typed into its focused field.
    Edited,
    /// An action.
    Act(Action),
}

/// A section, which a function key opens. Its screen is the first one: there is nothing behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The day at the desk.
    Home,
    /// The list of the records of a kind.
    List(RecordKind),
    /// The dashboard.
    Dashboard,
}

impl Place {
    /// Whether the session may see it.
    pub fn is_open_to(self, world: &World) -> bool {
        match self {
            Self::List(kind) => kind.table().list.is_given(world),
            Self::Home | Self::Dashboard => world.session().is_some(),
        }
    }
}

/// Where to, when a screen is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// To the screen before.
    Back,
    /// To a section.
    To(Place),
    /// Out of the session.
    LogOut,
    /// Out of the program.
    Quit,
}

/// A screen to go to.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// The page of a record.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: i64,
        /// Its name, which is shown until the record has been read.
        name: String,
        /// Whether it is in the archive.
        is_archived: bool,
        /// Whether its form is opened as soon as the record has been read.
        to_edit: bool,
    },
    /// The page of a record that is known.
    Shown(Record),
    /// The page of the record of a kind that has one.
    Alone(RecordKind, i64),
    /// A list with these filters.
    List(RecordKind, Query),
    /// The form for a new record.
    New(RecordKind),
    /// The form for a new record, with some values filled in.
    Filled(RecordKind, Filled),
    /// The form for a record.
    Edit(Record),
    /// The form for a record, with these values put in as changes.
    Changed(Record, Vec<(&'static str, String)>),
}

impl Route {
    /// The form for a new record, with what was searched filled in if that is to be used.
    pub fn new_from(kind: RecordKind, typed: &str, is_used: bool, calendar: Calendar) -> Self {
        match is_used && !typed.is_empty() {
            true => Self::Filled(kind, filled::from_search(kind, typed, calendar)),
            false => Self::New(kind),
        }
    }

    /// The page of a record that a list or a find box has.
    pub fn of(record: &Record) -> Self {
        let is_archived = record.archived().is_some();
        let (kind, id, name) = (record.kind(), record.id(), record.row().name);
        Self::Record { kind, id, name, is_archived, to_edit: false }
    }

    /// The same page, from which the form is opened as soon as the record has been read.
    #[must_use]
    pub fn to_edit(self) -> Self {
        match self {
            Self::Record { kind, id, name, is_archived, .. } => {
                Self::Record { kind, id, name, is_archived, to_edit: true }
            }
            other => other,
        }
    }
}

/// One thing that a screen or a layer wants done.
#[derive(Clone)]
pub enum Step {
    /// Read for the screen; an older read of the lane is given up.
    Read(Lane, Call),
    /// Give a read up.
    Cancel(Lane),
    /// Write.
    Write(Call),
    /// Log in, register.
    Enter(Call),
    /// Anything else outside.
    Do(Effect),
    /// Show another screen over this one.
    Push(Box<Screen>),
    /// Go to another screen.
    Go(Route),
    /// Go to another screen in the place of those that lie over the section's first one.
    Instead(Route),
    /// Leave this screen, after asking if something would be lost.
    Leave(Leave),
    /// Leave this screen without asking.
    Left(Leave),
    /// Save what is on the screen, and then leave it.
    SaveThen(Leave),
    /// Lay something over the screen.
    Open(Box<Layer>),
    /// Take the topmost layer away.
    Close,
    /// Take the topmost layer away and do this on what is below.
    CloseAnd(Action),
    /// Park the form that is shown, and then leave.
    ParkThen(Leave),
    /// Go on with a parked form.
    Resume(ScreenId),
    /// Say something that passes.
    Inform(String),
    /// Say something that stays.
    Warn(String),
    /// Tell the list which order and filters were chosen.
    Filtered(Box<Query>),
    /// Tell the form which values were chosen over a conflict, and save it.
    Merged(Box<crate::layers::conflict::Merge>),
    /// Another user drops what the one before has typed, and goes on in a session of their own.
    TakeOver(Box<Session>),
    /// Take the last save back.
    UndoSave,
    /// Ask again who it is.
    AskAgain,
    /// Save although the answer of the last try got lost.
    SaveAgain,
    /// Find out whether a write whose answer was lost has been done.
    Check,
}

impl Step {
    /// Whether it has to wait until the screen that wants it is shown: it speaks of that screen, lays
    /// something over it, or leaves it.
    pub fn needs_screen(&self) -> bool {
        matches!(
            self,
            Self::Push(_)
                | Self::Go(_)
                | Self::Leave(_)
                | Self::Left(_)
                | Self::Open(_)
                | Self::Inform(_)
                | Self::Warn(_)
        )
    }
}
