//! Messages: the events that reach the core.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    api::{Failure, Reply},
    copies::Copies,
    effect::{Ticket, Timer},
    input::chord::Chord,
    live::Live,
    session::{Session, SessionHandle},
    share::Share,
};

/// How the desk at which the client sits is getting on.
#[derive(Clone, Debug, PartialEq)]
pub enum Desk {
    /// There is no administrator yet: this is the first start of a local desk.
    FirstStart {
        /// Where the data will lie.
        data: String,
    },
    /// There is a server to talk to.
    Ready {
        /// How it is shown: `local desk`, or the server's address.
        label: String,
        /// Whether it is a throw-away desk with sample data.
        is_ephemeral: bool,
        /// The session that the shell has begun already: of the first administrator.
        session: Option<Box<Session>>,
    },
    /// There is a throw-away desk with sample data.
    Sample {
        /// How it is shown.
        label: String,
        /// The session of its administrator, where logging in worked.
        session: Option<Box<Session>>,
        /// The administrator's e-mail address.
        identifier: String,
        /// The administrator's password, which nobody has chosen and nobody else would know.
        password: String,
        /// Whether there is a local desk to be set up instead.
        can_go_local: bool,
    },
    /// There is a server elsewhere to talk to; nobody is logged in there yet.
    Elsewhere {
        /// Its address.
        label: String,
        /// Whether there is a local desk to go back to.
        can_go_local: bool,
    },
    /// The same local desk has another address, since another window serves it. The session goes on.
    Moved {
        /// How it is shown now.
        label: String,
    },
    /// It can't be opened, in one sentence. `field` names the field of the form that is meant,
    /// where there is one: `email`, `password`, `url`.
    Failed {
        /// The field.
        field: Option<String>,
        /// The sentence.
        message: String,
    },
}

/// One thing that has happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The program has started. The first frame is drawn before anything else.
    Start,
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted: one edit, whatever it holds.
    Paste(String),
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A timer went off.
    Timer(Timer),
    /// The desk has opened, or not.
    Desk(Desk),
    /// An answer came.
    Reply(Ticket, Result<Reply, Failure>),
    /// Records were changed, here or elsewhere.
    Live(Vec<Live>),
    /// The server has ended this session.
    SessionOver(SessionHandle),
    /// Today's date on this machine; sent at the start and when it changes.
    Today(NaiveDate),
    /// The time. It comes before the messages that happen at it, and draws nothing.
    Now(DateTime<Utc>),
    /// The address of the server, without a slash at its end. It comes before [`Msg::Desk`].
    Server(String),
    /// What is known of the server for other machines, as [`Effect::Share`](crate::effect::Effect::Share)
    /// asked.
    Share(Box<Share>),
    /// What is known of the copies of the local desk's data; nothing where another server is used.
    Copies(Option<Copies>),
}
