//! Ids: positive 64-bit integers, one type a kind of record, so that none passes for another.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[doc = $doc:literal])* $name:ident),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Complaint;

            /// Reads the digits of a path or a query; fails on anything but a positive number.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text.parse::<i64>() {
                    Ok(id) if id > 0 && !text.starts_with('+') => Ok(Self(id)),
                    _ => Err(crate::Complaint::new("invalid_id", "must be a positive whole number")),
                }
            }
        }

        #[cfg(feature = "openapi")]
        impl crate::describe::Describe for $name {
            fn shape(_: &mut crate::describe::Schemas) -> crate::describe::Shape {
                crate::describe::Shape::integer().range(1, i64::MAX).example(1)
            }
        }
    )*};
}

id! {
    /// A user's id.
    UserId,
    /// A patient's id.
    PatientId,
    /// The id of a session: one login and what follows from it.
    SessionId,
    /// The id of an entry of the audit log.
    AuditId,
    /// The id of an API token.
    ApiTokenId,
}
