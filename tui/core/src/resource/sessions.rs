//! The user's own sessions.

use chrono::{DateTime, Utc};
use shared::account::LoginSession;

use super::{
    Answer, Banner, Column, Deed, Method, Operation, Order, Others, Request, RowHead, Secret,
    Section, Shown, Table, Words,
};
use crate::{input::action::Action, text::display, world::World};

impl Shown for LoginSession {
    const TABLE: Table = Table {
        words: Words {
            title: "My sessions",
            none: "No sessions.",
            one: "Session",
            entity: "session",
            copy: "copy address",
            ..Words::NONE
        },
        orders: &[Order::new(None, "last login first")],
        operations: &[Operation {
            action: Action::Archive,
            label: "end session",
            help: "End this session. Its user has to log in again.",
            deed: Deed::Archive,
            title: "End this session?",
            effect: "Whoever uses it has to log in again. What is typed there and not saved stays on \
                     that screen.",
            answer: "End it",
            done: "Session ended",
            not_done: "The session was not ended",
            is_dangerous: true,
            request: Request {
                method: Method::Delete,
                below: "",
                is_versioned: false,
                answer: Answer::Gone,
            },
        }],
        others: Some(Others {
            title: "End all your other sessions?",
            effect: "Everybody who uses them has to log in again. This session stays.",
            answer: "End them",
        }),
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Program", 0, 0, |session| Some(program(session))),
        Column::time("Last used", 1, |session| Some(session.last_used_at)),
        Column::time("Login", 3, |session| Some(session.created_at)),
        Column::new("Address", 16, 2, |session| Some(session.address.clone())),
    ];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (None, self.created_at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        RowHead {
            name: display(&program(self)).into_owned(),
            code: display(&self.address).into_owned(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let current = || ["· this one", "· here", "·"].map(str::to_owned).to_vec();
        self.is_current.then(current).unwrap_or_default()
    }

    fn named(&self) -> String {
        format!("{}, {}", display(&program(self)), display(&self.address))
    }

    fn banner(&self) -> Banner {
        Banner {
            name: display(&program(self)).into_owned(),
            code: display(&self.address).into_owned(),
            line: if self.is_current { "the session that you use now" } else { "another session" }
                .to_owned(),
            warning: None,
        }
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        vec![Section {
            title: "Session",
            fields: vec![
                ("Login", world.stamp(&self.created_at)),
                ("Last used", world.stamp(&self.last_used_at)),
                ("Ends", format!("{}, unless it is used", world.stamp(&self.expires_at))),
                ("Address", self.address.clone()),
                ("Program", program(self)),
            ],
        }]
    }

    fn permits(&self, deed: Deed) -> bool {
        // The session in use ends by logging out.
        deed == Deed::Archive && !self.is_current
    }
}

fn program(session: &LoginSession) -> String {
    session.user_agent.clone().unwrap_or_else(|| "unknown program".to_owned())
}
