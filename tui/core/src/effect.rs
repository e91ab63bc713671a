//! Effects: the work that the core asks the shell to do.

use std::time::Duration;

use crate::{api::Call, session::SessionHandle};

/// Names a screen. No two screens of a run have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScreenId(u64);

impl ScreenId {
    /// The application itself, which asks for what belongs to no screen.
    pub const APP: Self = Self(0);

    /// The name after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A purpose of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// What a client must know before anybody logs in.
    Meta,
    /// Logging in, registering, asking who it is.
    Account,
    /// A list.
    List,
    /// The find box.
    Find,
    /// A record.
    Record,
    /// The history of a record.
    History,
    /// The records from which one is picked.
    Pick,
    /// The records of another kind that belong to a record.
    Related,
    /// Other records with the name of one.
    Namesakes,
    /// Patients who are likely to be the same person as the one in the form.
    Likely,
    /// A record that is compared with another one.
    Compare,
    /// The person whom a record is about.
    Person,
    /// The open record that says where a person is.
    Presence,
    /// What an archived record leaves open.
    Remains,
    /// The figures of the dashboard.
    Dashboard,
    /// A write. It is never aborted.
    Save,
}

/// A lane of a screen. Only the newest request of a slot may change the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The screen that asked.
    pub owner: ScreenId,
    /// The purpose.
    pub lane: Lane,
}

/// Names one request: an answer counts only while its generation is the slot's newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The slot.
    pub slot: Slot,
    /// Counts the requests of the slot.
    pub generation: u64,
}

/// A timer. Arming one that is armed restarts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The pause in typing after which a search is sent.
    Search,
    /// The wait after which a running request is shown as such.
    Busy,
    /// The end of a passing message.
    Toast,
    /// The wait after which a desk that nobody uses is locked.
    Idle,
    /// The longest wait of a key for an answer.
    Ahead,
    /// The pause after a refresh because of live changes.
    Live,
    /// The next try to reach a server that is away.
    Retry,
    /// A second of a countdown. Armed only while one is shown.
    Second,
}

/// Who becomes the first administrator of a local desk.
#[derive(Clone, PartialEq)]
pub struct FirstAdmin {
    /// E-mail address.
    pub email: String,
    /// Name, if one is given.
    pub name: Option<String>,
    /// Password.
    pub password: String,
    /// Whether others may open accounts themselves.
    pub is_registration_open: bool,
}

/// One thing to be done outside.
#[derive(Clone)]
pub enum Effect {
    /// Send a request; the answer comes as [`Msg::Reply`](crate::msg::Msg::Reply).
    Call {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The session whose tokens are used: no others are. Nobody's for a request that needs none.
        session: Option<SessionHandle>,
        /// What is asked.
        call: Call,
    },
    /// Forget the tokens of a session, and tell the server that it is over. No answer is waited for.
    EndSession(SessionHandle),
    /// Listen to the changes of records that the server reports to a session, as
    /// [`Msg::Live`](crate::msg::Msg::Live), until that session ends or another one listens.
    Listen(SessionHandle),
    /// Stop waiting for a slot's request. Never for a write.
    Abort(Slot),
    /// Send [`Msg::Timer`](crate::msg::Msg::Timer) after a while.
    Arm(Timer, Duration),
    /// Don't.
    Disarm(Timer),
    /// Open a throw-away desk with sample people.
    LookAround,
    /// Create the first administrator of the local desk, then open it.
    SetUp(FirstAdmin),
    /// Connect to a server elsewhere instead, and remember it where asked.
    Connect {
        /// Its address.
        url: String,
    },
    /// Forget the server elsewhere or close the throw-away desk, and open the local desk;
    /// [`Msg::Desk`](crate::msg::Msg::Desk) says how that ends.
    GoLocal,
    /// Find out what another machine has to type to use this desk;
    /// [`Msg::Share`](crate::msg::Msg::Share) says it.
    Share,
    /// Remember for the next start with which name somebody has logged in last.
    RememberLogin(String),
    /// Put text into the terminal's clipboard (OSC 52).
    Copy(String),
    /// Draw everything anew.
    Repaint,
    /// Stop the process as Ctrl-Z does.
    Suspend,
    /// End the program.
    Quit,
}
