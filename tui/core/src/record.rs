//! Records of every kind as one type, so that lists, pages and forms are written once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::{Page, paths, patient::Patient};

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
            /// The path of the list in the API.
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$kind => $path),*
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
                    $(Self::$kind(record) => record.id.0),*
                }
            }

            /// The name of the user who created it, and the time.
            pub fn created(&self) -> (&str, DateTime<Utc>) {
                match self {
                    $(Self::$kind(record) => (&record.created_by_username, record.created_at)),*
                }
            }

            /// Its version.
            pub fn version(&self) -> i64 {
                match self {
                    $(Self::$kind(record) => record.version),*
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

kinds! {
    /// A patient.
    Patient at paths::PATIENTS,
}
