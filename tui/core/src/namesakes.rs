//! Other records with the name of one, so that nobody is taken for somebody else.

use shared::{Page, text::fold};

use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
    intent::Intent,
    resource::{Record, RecordKind},
    world::World,
};

/// The most records that are looked at. A search has the best matches first.
const ROWS_MAX: i64 = 50;

/// The records that were found by a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Namesakes {
    kind: RecordKind,
    name: String,
    found: Found,
}

#[derive(Clone, Debug, PartialEq)]
enum Found {
    /// No answer yet.
    Awaited,
    /// The ids of those who have the name.
    These {
        ids: Vec<i64>,
        /// Whether there may be more of them.
        is_part: bool,
    },
    /// The answer was a failure.
    Unknown,
}

impl Namesakes {
    /// Records of this name. `None` if the kind counts none, or if the session does not see all records of
    /// the kind: the number would be too low.
    pub fn of(kind: RecordKind, name: &str, world: &World) -> Option<Self> {
        let (permission, _) = kind.namesakes()?;
        let is_asked = world.may(permission) && !name.trim().is_empty();
        is_asked.then(|| Self { kind, name: name.to_owned(), found: Found::Awaited })
    }

    /// Asks for them.
    pub fn ask<L>(&self) -> Intent<L> {
        let mut query = vec![("search", self.name.clone()), ("page_size", ROWS_MAX.to_string())];
        let more = self.kind.namesakes().map(|(_, parameters)| parameters).unwrap_or_default();
        query.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Intent::Read(Lane::Namesakes, Call::Namesakes { kind: self.kind, query })
    }

    /// Asks again if the record has another name now.
    pub fn follow<L>(&mut self, record: &Record) -> Option<Intent<L>> {
        let name = record.name();
        if name == self.name {
            return None;
        }
        (self.name, self.found) = (name, Found::Awaited);
        Some(self.ask())
    }

    /// Takes the answer.
    pub fn take(&mut self, answer: Result<Reply, Failure>) {
        self.found = match answer.and_then(Reply::page) {
            Ok(page) => self.among(&page),
            Err(_) => Found::Unknown,
        };
    }

    /// Those of a page who have the name; the search finds other names too.
    fn among(&self, page: &Page<Record>) -> Found {
        let name = fold(&self.name);
        let same = page.results.iter().filter(|record| fold(&record.name()) == name);
        Found::These { ids: same.map(Record::id).collect(), is_part: page.next.is_some() }
    }

    /// How many others have the record's name, in words; `None` where that is nobody or not known yet.
    pub fn words(&self, record: &Record) -> Option<String> {
        if (record.kind(), record.name()) != (self.kind, self.name.clone()) {
            return None;
        }
        let (ids, is_part) = match &self.found {
            Found::Awaited => return None,
            Found::Unknown => return Some("others with this name: not known".to_owned()),
            Found::These { ids, is_part } => (ids, *is_part),
        };
        let others = ids.iter().filter(|id| **id != record.id()).count();
        match (others, is_part) {
            (0, _) => None,
            (1, false) => Some("1 other with this name".to_owned()),
            (_, false) => Some(format!("{others} others with this name")),
            (_, true) => Some(format!("{others} or more others with this name")),
        }
    }
}
