//! Ids: positive 64-bit integers, with one type for each kind of record, so that they can't be
//! mixed up.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[doc = $doc:literal])* $name:ident),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::FieldError;

            /// Parses the digits of a path or a query. Fails on anything but a positive number.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text.parse::<i64>() {
                    Ok(id) if id > 0 && !text.starts_with('+') => Ok(Self(id)),
                    _ => Err(crate::FieldError::new("invalid_id", "must be a positive whole number")),
                }
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = None;

            fn schema(
                _: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                poem_openapi::registry::MetaSchema {
                    description: Some(concat!($($doc),*).trim_ascii()),
                    minimum: Some(1.0),
                    maximum: Some(i64::MAX as f64),
                    ..poem_openapi::registry::MetaSchema::new_with_format("integer", "int64")
                }
            }
        }
        described!($name);
    )*};
}

/// Reads an id from a body. Fails on anything but a positive integer.
pub fn id<T: From<i64>>(value: serde_json::Value) -> Result<Option<T>, crate::FieldError> {
    let wrong = || crate::FieldError::new("invalid_id", "must be a positive whole number");
    value.as_i64().filter(|id| *id > 0).map(|id| Some(T::from(id))).ok_or_else(wrong)
}

/// Reads a list of ids from a body. Repeated ids count once. Fails on anything else, and on
/// more than `max` items.
pub fn ids<T: From<i64> + PartialEq>(
    max: usize,
) -> impl Fn(serde_json::Value) -> Result<Option<Vec<T>>, crate::FieldError> {
    move |value| {
        let serde_json::Value::Array(items) = value else {
            return Err(crate::FieldError::wrong_type(crate::Expected::Array));
        };
        if items.len() > max {
            let message = format!("must have at most {max} items");
            return Err(crate::FieldError::new("too_many", message).with("max", max));
        }
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            all.extend(id(item)?.filter(|id| !all.contains(id)));
        }
        Ok(Some(all))
    }
}

id! {
    /// A user's id.
    UserId,
    /// A patient's id.
    PatientId,
    /// A doctor's id.
    DoctorId,
    /// An assignment's id.
    AssignmentId,
    /// A visit's id.
    VisitId,
    /// The id of a session: one login and what follows from it.
    SessionId,
    /// The id of an entry of the audit log.
    AuditId,
    /// The id of an API token.
    ApiTokenId,
}
