//! What is particular to one kind of record, as data: columns, orders, filters, sections of its page and
//! sentences. Lists and pages themselves are written once.

mod accounts;
mod assignments;
mod audit;
mod changes;
mod columns;
mod doctors;
pub mod filled;
mod glance;
mod links;
mod operation;
mod pairs;
mod patients;
mod profile;
mod query;
mod read_only;
mod record;
mod relations;
mod sessions;
mod tokens;
mod visits;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use shared::FieldErrors;

use self::filled::Filled;
use self::glance::sorted;
pub use self::glance::{Alert, Counting};
pub use self::{
    changes::{change_in_words, is_empty, name_of},
    columns::{Column, Head, fit, fitting},
    links::Link,
    operation::{Access, Answer, Method, Operation, Others, Reading, Request, Secret},
    pairs::reasons as pair_reasons,
    query::{Filter, FilterInput, Order, Query, View},
    record::{Record, RecordKind},
    relations::{Errand, Owner, Pick, PickFor, Presence, Purpose, Related, Remains},
    visits::{last_step, next_step, status_word},
    words::{
        ArchiveWords, Change, Create, Created, Removal, SearchWords, SecretWords, StatusWords,
        Words,
    },
};
use crate::{
    form::{Form, field::Field},
    world::World,
};

/// A kind of record that has lists, a page and a form.
pub trait Shown: Sized + 'static {
    /// Its sentences, orders and filters.
    const TABLE: Table;
    /// How other records of the same name are counted, where they are: the permission to see all
    /// records, and the parameters of the query beside the name.
    const NAMESAKES: Option<Counting> = None;
    /// The columns, in the order in which they are shown. The first is the name. It gets the room that
    /// the others leave.
    const COLUMNS: &'static [Column<Self>];

    /// Its id.
    fn id(&self) -> i64;

    /// Its version. A record that is never changed has one version, the first.
    fn version(&self) -> i64 {
        1
    }

    /// The user who created it, if that is known, and the time.
    fn created(&self) -> (Option<&str>, DateTime<Utc>);

    /// Reads the answer to its creation, with the secret in it, if there is one.
    ///
    /// Fails on anything else.
    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)>;

    /// Its name and its code.
    fn row(&self) -> RowHead;

    /// What stands behind its name in a row, from the longest form to the shortest. All of it is safe to be
    /// drawn.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The record in a question, so that nobody takes it for another one.
    fn named(&self) -> String;

    /// What a message calls it: its name and its code.
    fn said(&self) -> String {
        self.row().joined()
    }

    /// Its person, and whom it leaves where it is transferred, if it can be.
    fn transferred(&self) -> Option<(String, String)> {
        None
    }

    /// What tells it from others of the same name, in a few words.
    fn about(&self) -> String {
        self.row().code
    }

    /// What stands at the top of its page.
    fn banner(&self) -> Banner;

    /// The name as a list by last name has it, `Gómez, José`, where that differs from the name as it is
    /// written. Safe to be drawn.
    fn sorted_name(&self) -> Option<String> {
        None
    }

    /// The person whom it is about, where that is another record. The banner shows that person.
    fn person(&self) -> Option<(RecordKind, i64)> {
        None
    }

    /// A sentence that has a row of the banner to itself.
    fn alert(&self) -> Option<Alert> {
        None
    }

    /// The sections of its page.
    fn sections(&self, world: &World) -> Vec<Section>;

    /// Whether the caller may do this with it.
    fn permits(&self, deed: Deed) -> bool;

    /// The states to which it can be changed where it has no archive, each with the answer that means
    /// it.
    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// When it was archived.
    fn archived(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// The fields of its form, with a record's values or empty. Kinds that are only read have none.
    fn fields(_base: Option<&Self>) -> Vec<Field> {
        Vec::new()
    }

    /// The record's values as the form shows them, by the names of the fields.
    fn values(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::new()
    }

    /// Reads what is typed, and runs the rules that the server has. In a change of a record, only the
    /// fields that differ from it are read; in a new one, only those that are filled in.
    fn read(_form: &Form, _base: Option<&Self>, _today: NaiveDate) -> (Value, FieldErrors) {
        (Value::Null, FieldErrors::default())
    }

    /// Whether this record holds what was typed over an earlier version of it.
    fn is_saved(&self, _form: &Form, _base: &Self, _today: NaiveDate) -> bool {
        false
    }

    /// What the record of a relative begins with, if there is such a thing.
    fn relative(&self) -> Option<Filled> {
        None
    }

    /// What follows from the value of a field, if something does. It is shown behind the field.
    fn follows(
        _form: &Form,
        _base: Option<&Self>,
        _field: &Field,
        _today: NaiveDate,
    ) -> Option<String> {
        None
    }
}

/// What is particular to one kind of record and the same for all records of the kind.
pub struct Table {
    /// The sentences.
    pub words: Words,
    /// The orders. The first is the server's own.
    pub orders: &'static [Order],
    /// The filters.
    pub filters: &'static [Filter],
    /// The lists with some of the records that the palette finds.
    pub views: &'static [View],
    /// Who may list the records.
    pub list: Access,
    /// How a record is created with a form. None for kinds that have no such form.
    pub create: Option<Create>,
    /// How a record is changed with a form. None for kinds that are only read.
    pub change: Option<Change>,
    /// How one record is read.
    pub reading: Reading,
    /// How a record is put away. None for kinds whose records stay, or end with an operation.
    pub removal: Option<Removal>,
    /// The search of the list. None for kinds that are not searched.
    pub search: Option<SearchWords>,
    /// What can be done with a record beyond changing its members.
    pub operations: &'static [Operation],
    /// The question whether to end all listed records but the one in use.
    pub others: Option<Others>,
    /// The label of a member in a history, unless it is its name in words.
    pub label: fn(&str) -> Option<&'static str>,
    /// The value of a member in a history, where its code has a word.
    pub value: fn(&str, &str) -> Option<&'static str>,
    /// How an account is linked to a record. None where that makes no sense.
    pub link: Option<Link>,
    /// Why there is nothing to do where a record is already as a deed would leave it.
    pub already: fn(&Record, Deed) -> Option<&'static str>,
    /// What is picked to correct whom a record is about.
    pub correct: Option<PickFor>,
    /// What is picked to assign a record. None where nothing is assigned.
    pub pick: Option<PickFor>,
    /// The records of another kind that its page shows.
    pub related: Option<Related>,
    /// The open record of another kind that its banner shows.
    pub presence: Option<Presence>,
    /// What an archived record leaves open.
    pub remains: Option<Remains>,
    /// The query that finds a new record by what is typed.
    pub trace: fn(&Form) -> Vec<(&'static str, String)>,
}

/// What can be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Change its members.
    Update,
    /// Archive it.
    Archive,
    /// Restore it from the archive.
    Restore,
    /// Read its history.
    History,
    /// Assign it, or transfer it.
    Assign,
    /// Correct whom it is about.
    Correct,
    /// Link an account to it.
    Link,
    /// End the link of an account.
    Unlink,
    /// Undo a merge into it.
    Unmerge,
    /// Create a one-time code for its owner.
    IssueCode,
    /// End all sessions of its owner.
    EndSessions,
}

/// What stands at the top of a record's page. All of it is safe to be drawn.
pub struct Banner {
    /// The name.
    pub name: String,
    /// The code, with what it is.
    pub code: String,
    /// The rest in one line.
    pub line: String,
    /// What must not be overlooked.
    pub warning: Option<String>,
}

/// A section of a record's page.
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// Labels with their values, of which some may be empty.
    pub fields: Vec<(&'static str, String)>,
}

/// A name and a code. Both are safe to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RowHead {
    /// The name of the record.
    pub name: String,
    /// The code that can be copied.
    pub code: String,
}

impl RowHead {
    /// Both, or the name alone where the code is the same.
    pub fn joined(&self) -> String {
        match self.name == self.code {
            true => self.name.clone(),
            false => format!("{}, {}", self.name, self.code),
        }
    }
}

/// A row of a list: made when an answer comes, not at every frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The record as the list has it.
    pub record: Record,
    /// The values of all columns.
    pub cells: Vec<String>,
    /// The name as a list by last name has it, where that differs.
    pub sorted_name: Option<String>,
    /// What stands behind the name, from the longest form to the shortest; empty for most.
    pub notes: Vec<String>,
    /// Whether it is about a person who has the name of another one in the list.
    pub has_namesake: bool,
}

impl Row {
    /// The row of a record.
    pub fn of(record: Record, world: &World) -> Self {
        Self {
            cells: record.cells(world),
            sorted_name: record.sorted_name(),
            notes: record.notes(),
            record,
            has_namesake: false,
        }
    }

    /// Finds the rows about different persons of one name.
    pub fn tell_apart(rows: &mut [Self]) {
        let person = |row: &Self| Some((row.cells.first().cloned()?, row.record.person()?));
        let persons: Vec<_> = rows.iter().filter_map(person).collect();
        for row in rows {
            let is_namesake = |(name, of): &(String, _)| {
                row.cells.first() == Some(name) && row.record.person() != Some(*of)
            };
            row.has_namesake = row.record.person().is_some() && persons.iter().any(is_namesake);
        }
    }

    /// The id of the record.
    pub fn id(&self) -> i64 {
        self.record.id()
    }
}

impl Table {
    /// Whether the session may create a record with the form.
    pub fn may_create(&self, world: &World) -> bool {
        self.create.as_ref().is_some_and(|create| create.access.is_given(world))
    }

    /// Whether the session may list archived records of the kind.
    pub fn may_see_archive(&self, world: &World) -> bool {
        let archived = self.filters.iter().find(|filter| filter.name == "archived");
        let is_allowed = |filter: &Filter| filter.permission.is_none_or(|needed| world.may(needed));
        self.archive().is_some() && archived.is_some_and(is_allowed)
    }

    /// The sentences about the archive, where the kind has one.
    pub fn archive(&self) -> Option<&ArchiveWords> {
        match &self.removal {
            Some(Removal::Archive(words)) => Some(words),
            _ => None,
        }
    }

    /// The sentences about the status that a record takes where the kind has no archive.
    pub fn status(&self) -> Option<&StatusWords> {
        match &self.removal {
            Some(Removal::Status(words)) => Some(words),
            _ => None,
        }
    }

    /// Whether the session may change records of the kind, if they permit it.
    pub fn may_change(&self, world: &World) -> bool {
        self.change.as_ref().is_some_and(|change| change.access.is_given(world))
    }

    /// The place of a list's order in the table.
    pub fn place(&self, query: &Query) -> usize {
        let is_same = |order: &Order| order.ordering == query.ordering;
        self.orders.iter().position(is_same).unwrap_or_default()
    }

    /// The filters of a query as they are sent: days of a span of times as times.
    pub fn filters_as_sent(&self, query: &Query, world: &World) -> Vec<(&'static str, String)> {
        let sent = |(name, value): &(&'static str, String)| {
            let filter = self.filters.iter().find(|filter| filter.name == *name);
            (*name, filter.map_or_else(|| value.clone(), |it| it.input.as_sent(value, world)))
        };
        query.filters.iter().map(sent).collect()
    }

    /// Whether the rows of a list are ordered by last name.
    pub fn is_by_last_name(&self, query: &Query, is_search: bool) -> bool {
        let order = self.orders.get(self.place(query));
        order.is_some_and(|order| order.is_by_last_name && (order.ordering.is_some() || !is_search))
    }

    /// The filters of a query in words.
    pub fn filters_in_words(&self, query: &Query) -> Vec<String> {
        let of = query.of.iter().map(|owner| format!("of {}", owner.name));
        let set = self.filters.iter().map(|filter| (filter, query.get(filter.name)));
        of.chain(set.filter_map(|(filter, value)| value.map(filter.words))).collect()
    }
}
