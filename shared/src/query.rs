//! Query strings: each list declares its parameters once, for reading, for describing and for the
//! client that asks.

use serde_json::Value;

use crate::{
    Complaint, Expected, Faults,
    read::{self, Reader},
};

/// The parameters of one operation.
pub trait Query: Sized {
    /// Takes the parameters; what is wrong with them stays in the reader.
    fn read(reader: &mut Reader) -> Option<Self>;

    /// Describes each: name, meaning, schema.
    #[cfg(feature = "openapi")]
    fn describe(
        schemas: &mut crate::describe::Schemas,
    ) -> Vec<(&'static str, String, crate::describe::Shape)>;
}

/// Reads the pairs of a query string completely.
///
/// Fails with everything that is wrong with them.
pub fn query<Q: Query>(pairs: Vec<(String, String)>) -> Result<Q, Faults> {
    let members = pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let mut reader = Reader::from_members(members);
    let query = Q::read(&mut reader);
    let faults = reader.finish();
    query.filter(|_| faults.is_empty()).ok_or(faults)
}

/// A rule for a parameter that means something. Empty it means nothing, and is refused.
pub fn parsed<T>(
    max: usize,
    parse: impl Fn(&str) -> Result<T, Complaint>,
) -> impl Fn(Value) -> Result<Option<T>, Complaint> {
    let read = read::parsed(max, parse);
    move |value| {
        let empty = || Complaint::new("empty", "must not be empty; leave it out");
        read(value)?.map(Some).ok_or_else(empty)
    }
}

/// A rule for a whole number in a range.
pub fn whole(min: i64, max: i64) -> impl Fn(Value) -> Result<Option<i64>, Complaint> {
    parsed(30, move |text| match text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        Ok(_) => Err(Complaint::out_of_range(min, max)),
        Err(_) => Err(Complaint::wrong_type(Expected::Integer)),
    })
}

/// A rule for `true` and `false`.
pub fn boolean(value: Value) -> Result<Option<bool>, Complaint> {
    parsed(10, |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Complaint::wrong_type(Expected::Boolean)),
    })(value)
}

/// A rule for the ordering of a list: one of its fields, with `-` in front for descending.
pub fn ordering(
    fields: &'static [&'static str],
) -> impl Fn(Value) -> Result<Option<String>, Complaint> {
    parsed(100, move |text| {
        if fields.contains(&text.strip_prefix('-').unwrap_or(text)) {
            Ok(text.to_owned())
        } else {
            Err(Complaint::not_one_of(fields))
        }
    })
}

/// An operation without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoQuery;

impl Query for NoQuery {
    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }

    #[cfg(feature = "openapi")]
    fn describe(
        _: &mut crate::describe::Schemas,
    ) -> Vec<(&'static str, String, crate::describe::Shape)> {
        Vec::new()
    }
}

filter! {
    /// The parameters of a list that has no filters of its own.
    ListQuery {
        /// The page, from 1; pages reach to row 10,000, beyond it follow `next`.
        page: i64 = whole(1, crate::page::COUNT_MAX) => [range(1, crate::page::COUNT_MAX), example(1)],
        /// Rows of a page.
        page_size: i64 = whole(1, crate::page::PAGE_SIZE_MAX)
            => [range(1, crate::page::PAGE_SIZE_MAX), example(20)],
        /// Where the page starts, from `next` or `previous`.
        cursor: String = read::line(2_000) => [max_length(2_000)],
    }
}
