//! Query strings. Each list declares its parameters once, for parsing, for the API description and
//! for clients.

use serde_json::Value;

use crate::{
    Expected, FieldError, FieldErrors,
    read::{self, Reader},
};

/// The parameters of one operation.
pub trait Query: Sized {
    /// Reads the parameters. The reader collects the errors.
    fn read(reader: &mut Reader) -> Option<Self>;
}

/// Reads all pairs of a query string.
///
/// Fails with every error in them.
pub fn query<Q: Query>(pairs: Vec<(String, String)>) -> Result<Q, FieldErrors> {
    let members = pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let mut reader = Reader::from_members(members);
    let query = Q::read(&mut reader);
    let errors = reader.finish();
    query.filter(|_| errors.is_empty()).ok_or(errors)
}

/// A rule for a parameter whose text has a meaning. An empty one is refused.
pub fn parsed<T>(
    max: usize,
    parse: impl Fn(&str) -> Result<T, FieldError>,
) -> impl Fn(Value) -> Result<Option<T>, FieldError> {
    let read = read::parsed(max, parse);
    move |value| {
        let empty = || FieldError::new("empty", "must not be empty: leave it out instead");
        read(value)?.map(Some).ok_or_else(empty)
    }
}

/// A rule for a whole number in a range.
pub fn whole(min: i64, max: i64) -> impl Fn(Value) -> Result<Option<i64>, FieldError> {
    parsed(30, move |text| match text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        Ok(_) => Err(FieldError::out_of_range(min, max)),
        Err(_) => Err(FieldError::wrong_type(Expected::Integer)),
    })
}

/// A rule for `true` and `false`.
pub fn boolean(value: Value) -> Result<Option<bool>, FieldError> {
    parsed(10, |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FieldError::wrong_type(Expected::Boolean)),
    })(value)
}

/// A closed list of texts.
pub trait Choice: Copy + Send + Sync + 'static {
    /// Every choice.
    const ALL: &'static [Self];
    /// The text of every choice, in the same order.
    const TEXTS: &'static [&'static str];
}

/// The ordering of a list by one of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordering<T> {
    /// The field.
    pub by: T,
    /// Whether the largest values come first.
    pub is_descending: bool,
}

impl<T> Ordering<T> {
    /// Ascending order.
    pub const fn ascending(by: T) -> Self {
        Self { by, is_descending: false }
    }

    /// Descending order.
    pub const fn descending(by: T) -> Self {
        Self { by, is_descending: true }
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Ordering<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.is_descending { "-" } else { "" }, self.by)
    }
}

#[cfg(feature = "openapi")]
impl<T: Choice> crate::describe::Describe for Ordering<T> {
    const NAME: Option<&'static str> = None;

    fn schema(_: &mut poem_openapi::registry::Registry) -> poem_openapi::registry::MetaSchema {
        poem_openapi::registry::MetaSchema {
            pattern: Some(format!("^-?({})$", T::TEXTS.join("|"))),
            ..poem_openapi::registry::MetaSchema::new("string")
        }
    }
}
described!(Ordering<T> where T: Choice);

/// A rule for an ordering: the name of a field, with `-` in front for descending.
pub fn ordering<T: Choice>(value: Value) -> Result<Option<Ordering<T>>, FieldError> {
    parsed(100, |text| {
        let name = text.strip_prefix('-').unwrap_or(text);
        let found = T::ALL.iter().zip(T::TEXTS).find(|(_, known)| **known == name);
        let (by, _) = found.ok_or_else(|| FieldError::not_one_of(T::TEXTS))?;
        Ok(Ordering { by: *by, is_descending: name != text })
    })(value)
}

/// The parameters of every list: page, page size, cursor.
pub type Pages<'a> = (Option<i64>, Option<i64>, Option<&'a str>);

/// An operation without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoQuery;

impl Query for NoQuery {
    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for NoQuery {
    const NAME: Option<&'static str> = None;

    fn schema(_: &mut poem_openapi::registry::Registry) -> poem_openapi::registry::MetaSchema {
        poem_openapi::registry::MetaSchema::new("object")
    }
}
described!(NoQuery);

filter! {
    /// The parameters of a list without filters.
    ListQuery, in pages {}
}
