//! Intents: the requests of a screen or a layer to the application, its only way to reach beyond itself.

use crate::{
    api::Call,
    date::Calendar,
    effect::{Effect, Lane, ScreenId},
    input::action::Action,
    kept::Subject,
    resource::{
        Errand, Pick, Query, Reading, Record, RecordKind,
        filled::{self, Filled},
    },
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
    /// The section that an action opens.
    pub fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::Home => Self::Home,
            Action::Visits => Self::List(RecordKind::Visit),
            Action::Patients => Self::List(RecordKind::Patient),
            Action::Doctors => Self::List(RecordKind::Doctor),
            Action::Accounts => Self::List(RecordKind::Account),
            Action::Audit => Self::List(RecordKind::AuditEntry),
            Action::Assignments => Self::List(RecordKind::Assignment),
            Action::Dashboard => Self::Dashboard,
            _ => return None,
        })
    }

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
    /// From the throw-away desk to the local one, to set that up.
    SetUp,
    /// Out of the program.
    Quit,
}

/// What shows that a password may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password in use, of whoever is logged in.
    Password,
    /// A one-time code; nobody is logged in.
    Code,
}

/// Which values were chosen where two people have changed a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The record as it is now.
    pub theirs: Record,
    /// The fields that get their value.
    pub taken: Vec<&'static str>,
}

/// Values by the names of their fields.
pub type Carried = Vec<(&'static str, String)>;

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
        /// The values that are put in as changes in its form, which is opened as soon as the record has
        /// been read. `None` where only the page is shown.
        to_edit: Option<Carried>,
    },
    /// The page of a record as it is known.
    Shown(Record),
    /// The page of the record of a kind that has one.
    Alone(RecordKind, i64),
    /// A list with these filters.
    List(RecordKind, Query),
    /// The form for a new record.
    New(RecordKind),
    /// The form for a new record, with some values filled in.
    Filled(RecordKind, Filled),
    /// Opening an account.
    Register,
    /// Setting a password.
    Password(Proof),
    /// The form for a record.
    Edit(Record),
    /// The form for a record, on the field of this name.
    EditField(Record, &'static str),
    /// The form for a record, with these values put in as changes.
    Changed(Record, Carried),
}

impl Route {
    /// The form for a new record, with what was searched filled in if that is to be used.
    pub fn new_from(kind: RecordKind, typed: &str, is_used: bool, calendar: Calendar) -> Self {
        match is_used && !typed.is_empty() {
            true => Self::Filled(kind, filled::from_search(kind, typed, calendar)),
            false => Self::New(kind),
        }
    }

    /// The page of a record that is known. The page reads the record as it is now, where the API serves
    /// single records of the kind.
    pub fn of(record: &Record) -> Self {
        if record.kind().table().reading == Reading::InList {
            return Self::Shown(record.clone());
        }
        let is_archived = record.archived().is_some();
        let (kind, id, name) = (record.kind(), record.id(), record.row().name);
        Self::Record { kind, id, name, is_archived, to_edit: None }
    }

    /// The same page, from which the form is opened as soon as the record has been read.
    #[must_use]
    pub fn to_edit(self) -> Self {
        match self {
            Self::Record { kind, id, name, is_archived, .. } => {
                Self::Record { kind, id, name, is_archived, to_edit: Some(Vec::new()) }
            }
            other => other,
        }
    }
}

/// One thing that a screen or a layer wants done. `L` is what can be laid over a screen.
#[derive(Clone)]
pub enum Intent<L> {
    /// Read for the screen; an older read of the lane is given up.
    Read(Lane, Call),
    /// Give a read up.
    Cancel(Lane),
    /// Write.
    Write(Call),
    /// Log in, register.
    SignIn(Call),
    /// Anything else outside.
    Do(Effect),
    /// Go to another screen.
    Go(Route),
    /// Go to another screen in the place of those that lie over the section's first one.
    Instead(Route),
    /// Leave this screen, after asking if something would be lost.
    Leave(Leave),
    /// Leave this screen without asking.
    LeaveNow(Leave),
    /// Save what is on the screen, and then leave it.
    SaveThen(Leave),
    /// Lay something over the screen.
    Open(Box<L>),
    /// Pick a record for others.
    Pick(Pick, Errand),
    /// Take the topmost layer away.
    Close,
    /// Take the topmost layer away and do this on what is below.
    CloseAnd(Action),
    /// Park the form that is shown, and then leave.
    ParkThen(Leave),
    /// Go on with a parked form.
    Resume(ScreenId),
    /// Keep a reason that was typed beside a question until it has been written.
    Keep(Subject, String),
    /// Remember the record that takes over what belongs to another one, which is being archived.
    Successor(Box<Record>),
    /// Say something that passes.
    Inform(String),
    /// Say something that stays.
    Warn(String),
    /// Take this sentence away if it is shown: it is not true any more.
    Retract(&'static str),
    /// Tell the form on which field the focus goes.
    Focus(&'static str),
    /// Tell the list which order and filters were chosen.
    Filtered(Box<Query>),
    /// Tell the form which values were chosen over a conflict, and save it.
    Merged(Box<Merge>),
    /// Another user drops what the one before has typed, and goes on in a session of their own.
    TakeOver(Box<Session>),
    /// Take the save back that has made this record, if it is still the last one.
    UndoSave(Box<Record>),
    /// Ask again who it is.
    AskAgain,
    /// Save although the answer of the last try got lost.
    SaveAgain,
    /// Register what is typed as somebody else than these patients, for the reason that was given.
    SaveAsOther {
        /// The ids of the patients.
        seen: Vec<i64>,
        /// The reason.
        reason: Option<String>,
    },
    /// Find out whether a write whose answer was lost has been done.
    Check,
}

impl<L> Intent<L> {
    /// Copies a text, and says so under a name of it.
    pub fn copy(text: String, name: &str) -> Vec<Self> {
        let said = format!("{name} was sent to the terminal's clipboard.");
        vec![Self::Do(Effect::Copy(text)), Self::Inform(said)]
    }

    /// Whether it has to wait until the screen that wants it is shown: it speaks of that screen, lays
    /// something over it, or leaves it.
    pub fn needs_screen(&self) -> bool {
        matches!(
            self,
            Self::Go(_)
                | Self::Leave(_)
                | Self::LeaveNow(_)
                | Self::Open(_)
                | Self::Inform(_)
                | Self::Warn(_)
        )
    }
}
