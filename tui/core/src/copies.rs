//! What is known of the copies that the local desk makes of its data.

use chrono::{DateTime, Utc};

/// What is wrong with the copies.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The last one could not be made, for this reason.
    Failed(String),
    /// The newest one is too old.
    Old,
    /// All of them are lost with the disk of the data.
    SameDisk,
}

/// The copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Copies {
    /// The time of the newest one.
    pub newest: Option<DateTime<Utc>>,
    /// What is wrong.
    pub trouble: Option<Trouble>,
}
