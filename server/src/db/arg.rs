//! The values that statements are given, for either database.

use chrono::{DateTime, NaiveDate, Utc};

/// A bound value. Each variant may hold NULL, because PostgreSQL needs to know the type of a NULL.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(Option<bool>),
    Time(Option<DateTime<Utc>>),
}

macro_rules! args {
    ($($type:ty => |$value:ident| $arg:expr),* $(,)?) => {$(
        impl From<$type> for Arg {
            fn from($value: $type) -> Self { $arg }
        }
    )*};
}

args! {
    i64 => |value| Self::Int(Some(value)),
    Option<i64> => |value| Self::Int(value),
    &str => |value| Self::Text(Some(value.to_owned())),
    String => |value| Self::Text(Some(value)),
    Option<String> => |value| Self::Text(value),
    Option<&str> => |value| Self::Text(value.map(str::to_owned)),
    bool => |value| Self::Bool(Some(value)),
    Option<bool> => |value| Self::Bool(value),
    DateTime<Utc> => |value| Self::Time(Some(value)),
    Option<DateTime<Utc>> => |value| Self::Time(value),
    NaiveDate => |value| Self::Text(Some(value.to_string())),
    Option<NaiveDate> => |value| Self::Text(value.map(|date| date.to_string())),
}
