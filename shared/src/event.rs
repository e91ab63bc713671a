//! Live changes, as `GET /api/events` tells of them.

/// The event that says that changes may have been missed: whoever hears it reads everything anew.
pub const RESET: &str = "reset";

record! {
    /// What the data of an event says about the record that was written.
    Changed {
        /// The record's id.
        id: i64 => [range(1, i64::MAX), example(7)],
        /// Its version after the write.
        version: i64 => [range(1, i64::MAX), example(3)],
    }
}
