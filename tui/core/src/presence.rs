//! Whether a person is in the clinic now: an open record of another kind that says so.

use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
    intent::Intent,
    live::Live,
    resource::{Presence as Sought, Record, RecordKind},
    world::World,
};

/// A person, and the open record that says where the person is.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    kind: RecordKind,
    id: i64,
    record: Option<Record>,
    failure: Option<String>,
}

impl Presence {
    /// The person with this id, of whom nothing is known yet. None for kinds that are never present.
    pub fn of(kind: RecordKind, id: i64) -> Option<Self> {
        let is_sought = kind.table().presence.is_some();
        is_sought.then_some(Self { kind, id, record: None, failure: None })
    }

    fn sought(&self) -> Option<&'static Sought> {
        self.kind.table().presence.as_ref()
    }

    /// Asks for the open record.
    pub fn ask<L>(&self) -> Option<Intent<L>> {
        let sought = self.sought()?;
        let mut query = vec![(sought.filter, self.id.to_string()), ("page_size", 1.to_string())];
        query.extend(sought.only.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Some(Intent::Read(Lane::Presence, Call::List { kind: sought.kind, query }))
    }

    /// Whether a request asked for it.
    pub fn is_asked_by(&self, call: &Call) -> bool {
        let kind = self.sought().map(|sought| sought.kind);
        matches!(call, Call::List { kind: listed, .. } if Some(*listed) == kind)
    }

    /// Whether a live change may concern it. A new record may be the one that is sought.
    pub fn is_outdated_by(&self, change: Live) -> bool {
        let Some(sought) = self.sought() else { return false };
        match change {
            Live::Record { is_new: true, kind, .. } => kind == sought.kind,
            change => self.record.as_ref().is_some_and(|record| {
                change.outdates(record.kind(), record.id(), record.version())
            }),
        }
    }

    /// Asks again where a record of this desk's own concerns it.
    pub fn learn<L>(&self, record: &Record) -> Option<Intent<L>> {
        let is_about = record.person() == Some((self.kind, self.id));
        let kind = self.sought().map(|sought| sought.kind);
        self.ask().filter(|_| is_about && Some(record.kind()) == kind)
    }

    /// Takes the answer.
    pub fn take(&mut self, answer: Result<Reply, Failure>) {
        match answer.and_then(Reply::page) {
            Ok(page) => {
                (self.record, self.failure) = (page.results.into_iter().next(), None);
            }
            Err(_) => self.failure = Some("in the clinic now: not known".to_owned()),
        }
    }

    /// The open record, if there is one.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Where the person is, in a line.
    pub fn words(&self, world: &World) -> Option<String> {
        let known = self.record.as_ref().zip(self.sought());
        let line = known.map(|(record, sought)| (sought.line)(record, world));
        self.failure.clone().or(line)
    }
}
