//! The data that every screen knows: the day, the size, the desk, the session.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use ratatui_core::layout::Rect;
use shared::{
    account::{SessionPermission, User},
    meta::Meta,
};

use crate::{
    copies::Copies,
    date::{Calendar, DateOrder},
    kept::Kept,
    key::IdempotencyKey,
    session::Session,
};

/// Fewest columns and rows on which anything is drawn.
pub const SIZE_MIN: (u16, u16) = (40, 10);

/// What has to be known before anything happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Columns of the terminal.
    pub width: u16,
    /// Rows of the terminal.
    pub height: u16,
    /// Today's date on this machine.
    pub today: NaiveDate,
    /// The order of day and month in dates that are typed.
    pub date_order: DateOrder,
    /// The name with which somebody has logged in last; empty if there is none.
    pub last_login: String,
    /// The wait after which a desk that nobody uses is locked. None: never.
    pub lock_after: Option<Duration>,
    /// Rows of a page of a list, 1 to 100.
    pub page_size: i64,
    /// A random number: names this run of the program in the keys of what it creates.
    pub run: u128,
}

/// What every screen knows and none changes.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Today's date: the clinic's once the server has said it, this machine's until then.
    pub today: NaiveDate,
    /// Columns of the terminal.
    pub width: u16,
    /// Rows of the terminal.
    pub height: u16,
    /// Rows of the status line: more than one while a long error stands.
    pub status_rows: u16,
    /// The order of day and month in dates that are typed.
    pub date_order: DateOrder,
    /// The name with which somebody has logged in last; empty if there is none.
    pub last_login: String,
    /// Whether an answer has been awaited for so long that it is said.
    pub is_waiting: bool,
    /// Rows of a page of a list.
    pub page_size: i64,
    /// Names this run of the program.
    run: u128,
    /// Screens that were opened over others until now.
    opened: u64,
    /// What the desk is called: `local desk`, or the server's address.
    pub desk: String,
    /// The address of the server, for programs: empty until it is known.
    pub address: String,
    /// The time of the last message, once there was one.
    pub now: Option<DateTime<Utc>>,
    /// Whether the desk is thrown away at the end.
    pub is_ephemeral: bool,
    /// Name and password of a throw-away desk's administrator.
    pub sample: Option<(String, String)>,
    /// What is known of the copies of the local desk's data.
    pub copies: Option<Copies>,
    /// Whether there is a local desk to go to instead of a server elsewhere or a throw-away desk.
    pub can_go_local: bool,
    /// The clinic's time zone, once it is known.
    pub zone: Option<Tz>,
    /// Reasons that were typed beside questions and not written yet.
    pub(crate) kept: Kept,
    /// What the server says of itself.
    pub meta: Option<Meta>,
    /// Who is logged in. Another user comes only by [`World::hand_to`].
    session: Option<Session>,
}

impl World {
    /// What is known before anything happens.
    pub fn new(options: Options) -> Self {
        Self {
            today: options.today,
            date_order: options.date_order,
            last_login: options.last_login,
            width: options.width,
            height: options.height,
            status_rows: 1,
            is_waiting: false,
            page_size: options.page_size.clamp(1, shared::page::PAGE_SIZE_MAX),
            run: options.run,
            opened: 0,
            desk: String::new(),
            address: String::new(),
            now: None,
            is_ephemeral: false,
            sample: None,
            copies: None,
            can_go_local: false,
            zone: None,
            kept: Kept::default(),
            meta: None,
            session: None,
        }
    }

    /// What dates depend on that are typed.
    pub fn calendar(&self) -> Calendar {
        Calendar { today: self.today, order: self.date_order }
    }

    /// The key of what is created in the next screen that is opened.
    pub fn next_key(&self) -> IdempotencyKey {
        IdempotencyKey::new(self.run, self.opened)
    }

    /// Another screen was opened.
    pub(crate) fn count_screen(&mut self) {
        self.opened += 1;
    }

    /// The session that is used.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The same, to be renewed; its user stays the same.
    pub(crate) fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// Puts another session, or none, in the place of the one that is used. Whoever does this
    /// drops everything that belongs to the user before.
    pub(crate) fn hand_to(&mut self, session: Option<Session>) {
        self.session = session;
        self.kept = Kept::default();
    }

    /// Who is logged in.
    pub fn user(&self) -> Option<&User> {
        self.session().map(Session::user)
    }

    /// Whether the session may do this.
    pub fn may(&self, permission: SessionPermission) -> bool {
        let own = self.user().and_then(|user| user.permissions.as_ref());
        own.is_some_and(|list| list.contains(&permission))
    }

    /// Whether the session sees the patients of others, with what is about them.
    pub fn sees_all(&self) -> bool {
        self.may(SessionPermission::ReadAllPatients)
    }

    /// A moment as a clock in the clinic shows it, to the minute. Where the clinic's time zone is
    /// not known, it says which one it is.
    pub fn stamp(&self, at: &DateTime<Utc>) -> String {
        match self.zone {
            Some(zone) => at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
            None => at.format("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    /// The time of a moment as a clock in the clinic shows it.
    pub fn clock(&self, at: &DateTime<Utc>) -> String {
        match self.zone {
            Some(zone) => at.with_timezone(&zone).format("%H:%M").to_string(),
            None => at.format("%H:%M UTC").to_string(),
        }
    }

    /// The day of a moment, in the clinic.
    pub fn day(&self, at: &DateTime<Utc>) -> NaiveDate {
        self.zone.map_or_else(|| at.date_naive(), |zone| at.with_timezone(&zone).date_naive())
    }

    /// The first moment of a day in the clinic.
    pub fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        let start = day.and_time(NaiveTime::MIN);
        let local = self.zone.map(|zone| zone.from_local_datetime(&start));
        // Where the clocks go forward at midnight, the day begins later.
        let later = |zone: Tz| zone.from_local_datetime(&(start + TimeDelta::hours(1))).earliest();
        let local = local.and_then(|local| local.earliest().or(self.zone.and_then(later)));
        local.map_or_else(|| start.and_utc(), |at| at.with_timezone(&Utc))
    }

    /// Whether there is too little room to draw anything.
    pub fn is_too_small(&self) -> bool {
        self.width < SIZE_MIN.0 || self.height < SIZE_MIN.1
    }

    /// The part of the terminal that a screen has: without the header above, and the status line
    /// and the footer below.
    pub fn body(&self) -> Rect {
        Rect {
            x: 0,
            y: 1,
            width: self.width,
            height: self.height.saturating_sub(2).saturating_sub(self.status_rows),
        }
    }

    /// The body with a margin at each side.
    pub fn inside(&self) -> Rect {
        let body = self.body();
        Rect { x: 1, width: body.width.saturating_sub(2), ..body }
    }
}
