//! The records of another kind that belong to a record: its first page, with the count.

use super::State;
use crate::{
    api::{Call, Failure, Missing, Reply},
    effect::Lane,
    input::{action::Action, keymap::labels, table::Entry},
    intent::Route,
    layers::Intent,
    live::Live,
    resource::{Owner, Query, Record, Related, Section},
    sentences::LOADING,
};

/// Records of the page that is asked for.
const ROWS: i64 = 5;

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// The first ones.
    pub(super) records: Vec<Record>,
    /// How many there are.
    pub(super) count: String,
    /// Whether there was an answer.
    pub(super) is_read: bool,
    /// Why there is none.
    pub(super) failure: Option<Missing>,
}

impl State {
    /// The table's word about them.
    pub(crate) fn related(&self) -> Option<&'static Related> {
        self.kind.table().related.as_ref().filter(|_| !self.shelf.is_archive())
    }

    /// Asks for them.
    pub(super) fn ask_related(&self) -> Option<Intent> {
        let related = self.related()?;
        let query = vec![(related.filter, self.id.to_string()), ("page_size", ROWS.to_string())];
        Some(Intent::Read(Lane::Related, Call::List { kind: related.kind, query }))
    }

    /// Asks for them again where this record may be one of them.
    pub(crate) fn learn_related(&self, record: &Record) -> Vec<Intent> {
        let is_one = self.related().is_some_and(|related| related.kind == record.kind());
        self.ask_related().filter(|_| is_one).into_iter().collect()
    }

    /// Whether a live change concerns them. A new record may be one of them.
    pub(super) fn is_related_outdated_by(&self, change: Live) -> bool {
        let is_new = matches!(change, Live::Record { is_new: true, .. });
        let outdates =
            |record: &Record| change.outdates(record.kind(), record.id(), record.version());
        self.related().is_some_and(|related| {
            change.is_of(related.kind) && (is_new || self.found.records.iter().any(outdates))
        })
    }

    /// Takes an answer.
    pub(super) fn related_answered(&mut self, answer: Result<Reply, Failure>) {
        match answer.and_then(Reply::page) {
            Ok(page) => {
                let more = if page.count_capped { "+" } else { "" };
                let count = format!("{}{more}", page.count);
                self.found = Found { records: page.results, count, is_read: true, failure: None };
            }
            Err(failure) => self.found.failure = Some(Missing::of(&failure)),
        }
    }

    /// The section of the page that shows the first of them, and the key that leads to all.
    pub(super) fn related_section(&self) -> Option<Section> {
        let related = self.related()?;
        let keys = Entry::of(Action::Related).and_then(|entry| entry.keys.first());
        let keys = keys.map(|(_, chords)| labels(chords)).unwrap_or_default();
        let found = &self.found;
        let mut fields: Vec<(&'static str, String)> =
            found.records.iter().map(|it| (related.one, (related.line)(it))).collect();
        let note = match (&found.failure, found.is_read) {
            (Some(missing), _) => missing.line(),
            (None, false) => LOADING.to_owned(),
            (None, true) if found.records.is_empty() => related.none.to_owned(),
            (None, true) => format!("{} in all · {keys} shows the list", found.count),
        };
        fields.push(("", note));
        Some(Section { title: related.title, fields })
    }

    /// Leads to their list.
    pub(super) fn go_to_related(&self) -> Option<Intent> {
        let (related, record) = (self.related()?, self.record.as_ref()?);
        let owner = Owner { filter: related.filter, id: self.id, name: record.row().name };
        let query = Query { of: Some(owner), ..Query::default() };
        Some(Intent::Go(Route::List(related.kind, query)))
    }
}
