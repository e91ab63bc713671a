//! How the members of a record are kept in columns, which have the members' names. `columns!` makes of
//! the names in `fields!` what a query selects, how a row is read and what a write binds.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    Money, PartialDate,
    assignment::AssignmentStatus,
    date::parse_day,
    id::{AssignmentId, DoctorId, PatientId},
    likeness::Grade,
    patient::{BloodType, Gender},
    visit::VisitStatus,
};

use super::{Arg, Row};
use crate::error::Error;

/// Declares the columns of a kind of record, which have the names of the members unless `as` says
/// another: `COLUMNS` to select, with the further ones that are named,
/// `read_members`, and `member_values`.
macro_rules! columns {
    (
        $fields:ident of $table:literal { $($member:ident $(as $column:literal)?),* $(,)? }
        and $($further:tt)*
    ) => {
        const COLUMNS: &str = concat!(
            "SELECT ",
            $(concat!($table, ".", column_name!($member $($column)?), ", "),)*
            $($further)*
        );

        fn read_members(row: &$crate::db::Row) -> Result<$fields, $crate::error::Error> {
            use $crate::db::columns::Member;
            Ok($fields { $($member: Member::read(row, column_name!($member $($column)?))?),* })
        }

        fn member_values(
            fields: &$fields,
        ) -> Result<Vec<(&'static str, $crate::db::Arg)>, $crate::error::Error> {
            use $crate::db::columns::Member;
            Ok(vec![$((column_name!($member $($column)?), fields.$member.arg()?)),*])
        }
    };
}

/// Makes a struct of a row: the members that columns hold under the same names, and the others.
macro_rules! from_columns {
    ($row:ident, $name:ident { $($column:ident),* $(,)? } $(, $field:ident: $value:expr)* $(,)?) => {
        $name { $($column: $row.get(stringify!($column))?,)* $($field: $value),* }
    };
}

/// The name of the column that holds a member.
macro_rules! column_name {
    ($member:ident) => {
        stringify!($member)
    };
    ($member:ident $column:literal) => {
        $column
    };
}

/// A member that a column holds.
pub(super) trait Member: Sized {
    /// Reads it from a row.
    fn read(row: &Row, column: &str) -> Result<Self, Error>;

    /// The value to be bound.
    fn arg(&self) -> Result<Arg, Error>;
}

/// A value that a column holds, where it is not NULL.
pub(super) trait Cell: Sized {
    /// Reads it from a row.
    fn read(row: &Row, column: &str) -> Result<Option<Self>, Error>;

    /// The value to be bound; NULL where there is none.
    fn arg(value: Option<&Self>) -> Result<Arg, Error>;
}

impl<T: Cell> Member for Option<T> {
    fn read(row: &Row, column: &str) -> Result<Self, Error> {
        T::read(row, column)
    }

    fn arg(&self) -> Result<Arg, Error> {
        T::arg(self.as_ref())
    }
}

impl<T: Cell> Member for T {
    fn read(row: &Row, column: &str) -> Result<Self, Error> {
        let missing = || Error::internal(format!("column {column} is NULL"));
        T::read(row, column)?.ok_or_else(missing)
    }

    fn arg(&self) -> Result<Arg, Error> {
        T::arg(Some(self))
    }
}

macro_rules! cells {
    ($($type:ty: |$row:ident, $column:ident| $read:expr, |$value:ident| $arg:expr;)*) => {$(
        impl Cell for $type {
            fn read($row: &Row, $column: &str) -> Result<Option<Self>, Error> {
                $read
            }

            fn arg($value: Option<&Self>) -> Result<Arg, Error> {
                Ok($arg.into())
            }
        }
    )*};
}

cells! {
    String: |row, column| row.get(column), |value| value.map(String::as_str);
    bool: |row, column| row.get(column), |value| value.copied();
    i64: |row, column| row.get(column), |value| value.copied();
    Money: |row, column| Ok(row.get::<Option<i64>>(column)?.map(Self::from_hundredths)),
        |value| value.map(|money| money.hundredths());
    NaiveDate: |row, column| row.parsed(column, parse_day), |value| value.copied();
    PartialDate: |row, column| row.parsed(column, Self::parse), |value| value.map(Self::to_string);
    Gender: |row, column| row.parsed(column, Self::from_str),
        |value| value.map(|gender| gender.as_str());
    BloodType: |row, column| row.parsed(column, Self::from_str),
        |value| value.map(|blood_type| blood_type.as_str());
    Grade: |row, column| row.parsed(column, Self::from_str), |value| value.map(|grade| grade.as_str());
    AssignmentStatus: |row, column| row.parsed(column, Self::from_str),
        |value| value.map(|status| status.as_str());
    VisitStatus: |row, column| row.parsed(column, Self::from_str),
        |value| value.map(|status| status.as_str());
    PatientId: |row, column| Ok(row.get::<Option<i64>>(column)?.map(Self)), |value| value.map(|id| id.0);
    DoctorId: |row, column| Ok(row.get::<Option<i64>>(column)?.map(Self)), |value| value.map(|id| id.0);
    AssignmentId: |row, column| Ok(row.get::<Option<i64>>(column)?.map(Self)),
        |value| value.map(|id| id.0);
}

/// A list is kept as JSON.
impl<T: Serialize + DeserializeOwned> Cell for Vec<T> {
    fn read(row: &Row, column: &str) -> Result<Option<Self>, Error> {
        let json = row.text(column)?;
        json.map(serde_json::from_str).transpose().map_err(|e| Error::Internal(e.into()))
    }

    fn arg(value: Option<&Self>) -> Result<Arg, Error> {
        let json = value.map(serde_json::to_string).transpose();
        json.map(Arg::Text).map_err(|e| Error::Internal(e.into()))
    }
}
