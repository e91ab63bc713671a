//! A moment in a query: RFC 3339, in whole microseconds.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

use crate::Complaint;

/// Longest spelling.
pub const MOMENT_MAX: usize = 40;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub DateTime<Utc>);

impl FromStr for Moment {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(Self(time.with_timezone(&Utc).trunc_subsecs(6))),
            Err(_) => Err(Complaint::new(
                "invalid_time",
                "must be a time with its zone, like 2026-11-20T08:30:00Z",
            )),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for Moment {
    fn shape(schemas: &mut crate::describe::Schemas) -> crate::describe::Shape {
        DateTime::<Utc>::shape(schemas).max_length(MOMENT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        for (written, read) in [
            ("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T09:30:00.5+01:00", "2026-11-20T08:30:00.500Z"),
            ("2026-11-20T08:30:00.123456789Z", "2026-11-20T08:30:00.123456Z"),
        ] {
            assert_eq!(written.parse::<Moment>().map(|it| it.to_string()), Ok(read.to_owned()));
        }
        for wrong in ["2026-11-20", "2026-11-20T08:30:00", "now", ""] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
