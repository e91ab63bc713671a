//! Times in requests, given with their offset from UTC.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, Utc};

use crate::FieldError;

/// The longest text of a time, in characters.
pub const MOMENT_MAX: usize = 40;

/// A point in time, in whole microseconds, which is the precision of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub DateTime<Utc>);

impl FromStr for Moment {
    type Err = FieldError;

    /// Parses RFC 3339, as in `2026-11-20T08:30:00Z`. Digits beyond microseconds are dropped.
    fn from_str(text: &str) -> Result<Self, FieldError> {
        let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.with_timezone(&Utc));
        match moment {
            // Outside these years the two databases compare times differently.
            Ok(moment) if (1..=9_999).contains(&moment.year()) => Ok(Self(moment.trunc_subsecs(6))),
            _ => Err(FieldError::new(
                "invalid_time",
                "must be a time like 2026-11-20T08:30:00Z; in a URL, write + as %2B",
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
    const NAME: Option<&'static str> = None;

    fn schema(_: &mut poem_openapi::registry::Registry) -> poem_openapi::registry::MetaSchema {
        poem_openapi::registry::MetaSchema {
            max_length: Some(MOMENT_MAX),
            ..poem_openapi::registry::MetaSchema::new_with_format("string", "date-time")
        }
    }
}
described!(Moment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_any_offset_and_printed_in_utc() {
        for (text, printed) in [
            ("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T08:30:00+02:00", "2026-11-20T06:30:00Z"),
            ("2026-11-20t08:30:00.123456789z", "2026-11-20T08:30:00.123456Z"),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.to_string(), printed);
            assert_eq!(printed.parse::<Moment>().unwrap(), moment);
        }
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T08:30:00",
            "2026-11-20T08:30:00 02:00",
            "2026-02-30T08:30:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "12026-11-20T08:30:00Z",
            "now",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
