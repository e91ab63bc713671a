//! What a client needs to know before the login.

use chrono::NaiveDate;

record! {
    /// The server, and the limits that a client must obey.
    Meta {
        /// The product's name.
        name: String => [max_length(50), example("Frontdesk")],
        /// The server's version.
        version: String => [max_length(50), example("0.1.0")],
        /// The clinic's time zone, an IANA name. Days begin and end there.
        time_zone: String => [max_length(100), example("America/New_York")],
        /// Today's date in that time zone.
        today: NaiveDate,
        /// Whether registration is open.
        is_registration_open: bool,
        /// Whether an e-mail address must be confirmed before the first login.
        is_verified_email_required: bool,
        /// Whether there is no administrator yet.
        is_setup_needed: bool,
        /// The minimum number of characters in a password.
        password_min: i64 => [range(8, 15), example(8)],
        /// The minimum number of characters in a password of staff and administrators.
        password_min_staff: i64 => [range(8, 15), example(15)],
        /// The maximum number of bytes in a body.
        body_max: i64 => [range(1, i64::MAX), example(262_144)],
        /// The maximum number of rows in a page.
        page_size_max: i64 => [range(1, 1_000), example(100)],
        /// The lifetime of an access token, in minutes.
        access_token_minutes: i64 => [range(1, 1_440), example(60)],
    }
}

/// The state of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// `alive` or `ready`.
    pub status: &'static str,
    /// Whether there is no storage space left for writes. Only with `ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_full: Option<bool>,
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for Health {
    const NAME: Option<&'static str> = None;

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        let mut members = crate::describe::Members::new(registry);
        members.add::<String>("status", "`alive` or `ready`.", true, |shape| shape.max_length(10));
        let doc = "Whether there is no storage space left for writes. Only with `ready`.";
        members.add::<bool>("storage_full", doc, false, |shape| shape);
        members.finish("")
    }
}
described!(Health);
