//! The rules. A use case is one function that owns its transaction and its audit entry.

pub mod access;
pub mod accounts;
pub mod api_tokens;
pub mod assignments;
pub mod audit;
pub mod bearer;
pub mod codes;
pub mod dashboard;
pub mod devices;
pub mod doctors;
pub mod feed;
mod letters;
mod links;
pub mod listing;
pub mod lookup;
pub mod mail;
pub mod once;
pub mod own_password;
pub mod passwords;
pub mod patients;
pub mod precondition;
pub mod reset;
pub mod sessions;
pub mod throttle;
pub mod tokens;
pub mod users;
pub mod verification;
