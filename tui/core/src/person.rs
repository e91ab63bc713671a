//! The person whom a record is about, where that is another record: the patient of a visit.

use crate::{
    api::{Call, Failure, Reply, missing},
    effect::Lane,
    intent::Intent,
    live::Live,
    resource::{Record, RecordKind},
    shelf::Shelf,
    text::display,
};

/// A person whose banner is shown with another record.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    kind: RecordKind,
    id: i64,
    record: Option<Record>,
    failure: Option<String>,
    shelf: Shelf,
}

impl Person {
    /// The person whom a record is about. It has not been read yet.
    pub fn of(record: &Record) -> Option<Self> {
        let (kind, id) = record.person()?;
        Some(Self { kind, id, record: None, failure: None, shelf: Shelf::default() })
    }

    /// Asks for the person.
    pub fn ask<L>(&self) -> Intent<L> {
        Intent::Read(Lane::Person, self.shelf.read(self.kind, self.id))
    }

    /// Whether it is this person.
    pub fn is(&self, kind: RecordKind, id: i64) -> bool {
        (self.kind, self.id) == (kind, id)
    }

    /// Whether a live change makes the record old.
    pub fn is_outdated_by(&self, change: Live) -> bool {
        let version = self.record.as_ref().map(Record::version);
        version.is_some_and(|version| change.outdates(self.kind, self.id, version))
    }

    /// Takes the person as the record is now.
    pub fn learn(&mut self, record: &Record) {
        if self.is(record.kind(), record.id()) {
            (self.record, self.failure) = (Some(record.clone()), None);
            self.shelf.found(record);
        }
    }

    /// Takes the answer. What is known stays where there is none. A person who is not found is looked for
    /// on the other side of the archive: returns what has to be asked for that.
    pub fn take<L>(&mut self, call: &Call, answer: Result<Reply, Failure>) -> Option<Intent<L>> {
        match answer.and_then(Reply::record) {
            Ok(record) => self.learn(&record),
            Err(failure) if self.shelf.failed(call, &failure) => return Some(self.ask()),
            Err(failure) => self.failure = Some(missing(&failure)),
        }
        None
    }

    /// The record, once it has been read.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Why the newest record is missing, as a warning.
    pub fn warning(&self) -> Option<String> {
        let why = display(self.failure.as_deref()?);
        Some(match &self.record {
            Some(_) => format!("! not up to date: {why}"),
            None => format!("! {} not shown: {why}", self.kind.table().words.entity),
        })
    }
}

/// Takes the person whom a record is about now. Returns what has to be asked.
pub fn follow<L>(person: &mut Option<Person>, record: &Record) -> Option<Intent<L>> {
    let now = Person::of(record);
    let is_same = |(old, new): (&Person, &Person)| old.is(new.kind, new.id);
    if person.as_ref().zip(now.as_ref()).is_some_and(is_same) {
        return None;
    }
    *person = now;
    person.as_ref().map(Person::ask)
}
