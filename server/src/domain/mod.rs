//! The rules. A use case is one function that owns its transaction and its audit entry.

pub mod access;
pub mod accounts;
pub mod assignments;
pub mod audit;
pub mod dashboard;
pub mod doctors;
mod links;
pub mod listing;
pub mod lookup;
pub mod once;
pub mod passwords;
pub mod patients;
pub mod precondition;
pub mod sessions;
mod throttle;
pub mod tokens;
pub mod users;
