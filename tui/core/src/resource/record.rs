//! Records of every kind as one type, so that lists, pages and forms are written once.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use shared::{
    FieldErrors,
    Page,
    // Staff sees less of an account than an administrator; one list serves both.
    account::{ApiToken, LoginSession, User, VisibleUser as Account},
    assignment::Assignment,
    audit::AuditEntry,
    doctor::Doctor,
    paths,
    patient::{LikelyPair, Patient},
    visit::Visit,
};

use crate::{
    form::{Form, field::Field},
    resource::{
        Alert, Banner, Counting, Deed, Head, Reading, RowHead, Secret, Section, Shown, Table,
        filled::Filled,
    },
    world::World,
};

/// A record of a kind, if it is one.
macro_rules! typed {
    ($kind:ident, $base:ident) => {
        match $base {
            Some(Record::$kind(record)) => Some(&**record),
            _ => None,
        }
    };
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident at $path:expr),* $(,)?) => {
        /// A kind of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RecordKind {
            $($(#[doc = $doc])* $kind),*
        }

        /// A record of any kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Record {
            $($(#[doc = $doc])* $kind(Box<$kind>)),*
        }

        impl RecordKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The path of the list in the API.
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$kind => $path),*
                }
            }

            /// Sentences, orders and filters.
            pub fn table(self) -> &'static Table {
                match self {
                    $(Self::$kind => const { &<$kind>::TABLE }),*
                }
            }

            /// Whether a list of this kind shows something of records of another one.
            pub fn shows(self, other: Self) -> bool {
                let related = self.table().related.as_ref();
                self == other || related.is_some_and(|related| related.kind == other)
            }

            /// How those of the same name are counted, where they are.
            pub fn namesakes(self) -> Option<Counting> {
                match self {
                    $(Self::$kind => <$kind>::NAMESAKES),*
                }
            }

            /// How the columns are laid out.
            pub fn heads(self) -> Vec<Head> {
                match self {
                    $(Self::$kind => <$kind>::COLUMNS.iter().map(|column| column.head).collect()),*
                }
            }

            /// The fields of the form, with a record's values or empty.
            pub fn fields(self, base: Option<&Record>) -> Vec<Field> {
                match self {
                    $(Self::$kind => <$kind>::fields(typed!($kind, base))),*
                }
            }

            /// Reads what is typed, and runs the rules that the server has.
            pub fn read(
                self,
                form: &Form,
                base: Option<&Record>,
                today: NaiveDate,
            ) -> (Value, FieldErrors) {
                match self {
                    $(Self::$kind => <$kind>::read(form, typed!($kind, base), today)),*
                }
            }

            /// What follows from the value of a field, if something does.
            pub fn follows(
                self,
                form: &Form,
                base: Option<&Record>,
                field: &Field,
                today: NaiveDate,
            ) -> Option<String> {
                match self {
                    $(Self::$kind => <$kind>::follows(form, typed!($kind, base), field, today)),*
                }
            }

            /// Reads a record of this kind from JSON.
            pub fn record(self, json: &[u8]) -> serde_json::Result<Record> {
                Ok(match self {
                    $(Self::$kind => Record::$kind(serde_json::from_slice(json)?)),*
                })
            }

            /// The record of this kind in a value.
            pub fn record_in(self, value: Value) -> Option<Record> {
                match self {
                    $(Self::$kind => serde_json::from_value(value).ok().map(Record::$kind)),*
                }
            }

            /// Reads the answer to a creation from JSON, with the secret in it, if there is one.
            pub fn created(self, json: &[u8]) -> serde_json::Result<(Record, Option<Secret>)> {
                Ok(match self {
                    $(Self::$kind => {
                        let (record, secret) = <$kind>::from_creation(json)?;
                        (Record::$kind(Box::new(record)), secret)
                    }),*
                })
            }

            /// Reads a page of records of this kind from JSON.
            pub fn page(self, json: &[u8]) -> serde_json::Result<Page<Record>> {
                Ok(match self {
                    $(Self::$kind => {
                        let page: Page<$kind> = serde_json::from_slice(json)?;
                        page.map(|record| Record::$kind(Box::new(record)))
                    }),*
                })
            }
        }

        impl Record {
            /// Its kind.
            pub fn kind(&self) -> RecordKind {
                match self {
                    $(Self::$kind(_) => RecordKind::$kind),*
                }
            }

            /// Its id.
            pub fn id(&self) -> i64 {
                match self {
                    $(Self::$kind(record) => Shown::id(&**record)),*
                }
            }

            /// The name of the user who created it, if that is known, and the time.
            pub fn creation(&self) -> (Option<&str>, DateTime<Utc>) {
                match self {
                    $(Self::$kind(record) => record.created()),*
                }
            }

            /// Its name and its code.
            pub fn row(&self) -> RowHead {
                match self {
                    $(Self::$kind(record) => record.row()),*
                }
            }

            /// What stands behind its name in a row.
            pub fn notes(&self) -> Vec<String> {
                match self {
                    $(Self::$kind(record) => record.notes()),*
                }
            }

            /// The values of all columns.
            pub fn cells(&self, world: &World) -> Vec<String> {
                match self {
                    $(Self::$kind(record) => {
                        <$kind>::COLUMNS.iter().map(|column| column.cell(record, world)).collect()
                    }),*
                }
            }

            /// The record in a question.
            pub fn named(&self) -> String {
                match self {
                    $(Self::$kind(record) => record.named()),*
                }
            }

            /// What a message calls it: its name and its code.
            pub fn said(&self) -> String {
                match self {
                    $(Self::$kind(record) => record.said()),*
                }
            }

            /// Its person, and whom it leaves where it is transferred, if it can be.
            pub fn transferred(&self) -> Option<(String, String)> {
                match self {
                    $(Self::$kind(record) => record.transferred()),*
                }
            }

            /// What tells it from others of the same name, in a few words.
            pub fn about(&self) -> String {
                match self {
                    $(Self::$kind(record) => record.about()),*
                }
            }

            /// What stands at the top of its page.
            pub fn banner(&self) -> Banner {
                match self {
                    $(Self::$kind(record) => record.banner()),*
                }
            }

            /// Its name as it is written. Safe to be drawn.
            pub fn name(&self) -> String {
                self.row().name
            }

            /// Its name as a list by last name has it, where that differs.
            pub fn sorted_name(&self) -> Option<String> {
                match self {
                    $(Self::$kind(record) => record.sorted_name()),*
                }
            }

            /// The person whom it is about, where that is another record.
            pub fn person(&self) -> Option<(RecordKind, i64)> {
                match self {
                    $(Self::$kind(record) => record.person()),*
                }
            }

            /// The sentence that has a row of its banner to itself.
            pub fn alert(&self) -> Option<Alert> {
                match self {
                    $(Self::$kind(record) => record.alert()),*
                }
            }

            /// The sections of its page.
            pub fn sections(&self, world: &World) -> Vec<Section> {
                match self {
                    $(Self::$kind(record) => record.sections(world)),*
                }
            }

            /// Whether the caller may do this with it.
            pub fn permits(&self, deed: Deed) -> bool {
                match self {
                    $(Self::$kind(record) => record.permits(deed)),*
                }
            }

            /// The states to which it can be changed where it has no archive, each with the answer
            /// that means it.
            pub fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
                match self {
                    $(Self::$kind(record) => record.outcomes()),*
                }
            }

            /// When it was archived.
            pub fn archived(&self) -> Option<DateTime<Utc>> {
                match self {
                    $(Self::$kind(record) => record.archived()),*
                }
            }

            /// Its values as the form shows them, by the names of the fields.
            pub fn values(&self) -> BTreeMap<&'static str, String> {
                match self {
                    $(Self::$kind(record) => record.values()),*
                }
            }

            /// What the record of a relative begins with, if there is such a thing.
            pub fn relative(&self) -> Option<Filled> {
                match self {
                    $(Self::$kind(record) => record.relative()),*
                }
            }

            /// Whether it holds what was typed over an earlier version of it.
            pub fn is_saved(&self, form: &Form, base: &Self, today: NaiveDate) -> bool {
                match (self, base) {
                    $((Self::$kind(record), Self::$kind(base)) => {
                        record.is_saved(form, base, today)
                    })*
                    _ => false,
                }
            }

            /// Its version.
            pub fn version(&self) -> i64 {
                match self {
                    $(Self::$kind(record) => Shown::version(&**record)),*
                }
            }
        }

        $(impl From<$kind> for Record {
            fn from(record: $kind) -> Self {
                Self::$kind(Box::new(record))
            }
        })*
    };
}

impl RecordKind {
    /// The kind that the server calls so in the names of events.
    pub fn of_entity(entity: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.table().words.entity == entity)
    }
}

impl Record {
    /// The visit that it is.
    pub fn into_visit(self) -> Option<Visit> {
        match self {
            Self::Visit(visit) => Some(*visit),
            _ => None,
        }
    }
}

kinds! {
    /// A patient.
    Patient at paths::PATIENTS,
    /// A doctor.
    Doctor at paths::DOCTORS,
    /// An assignment of a patient to a doctor.
    Assignment at paths::ASSIGNMENTS,
    /// A visit of a patient to the clinic.
    Visit at paths::VISITS,
    /// An account.
    Account at paths::USERS,
    /// An entry of the audit log.
    AuditEntry at paths::AUDIT,
    /// The user's own account.
    User at paths::PROFILE,
    /// One of the user's own sessions.
    LoginSession at paths::SESSIONS,
    /// One of the user's own API tokens.
    ApiToken at paths::TOKENS,
    /// Two patients who may be one person.
    LikelyPair at paths::DUPLICATES,
}

impl RecordKind {
    /// The path of one record in the API.
    pub fn one(self, id: i64) -> String {
        match self.table().reading {
            Reading::Alone => self.path().to_owned(),
            Reading::ById | Reading::InList => format!("{}/{id}", self.path()),
        }
    }
}
