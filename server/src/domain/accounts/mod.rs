//! Accounts: registration, login, sessions, passwords, codes, tokens, and their administration.

mod account;
pub mod api_tokens;
pub mod bearer;
pub mod codes;
pub mod delivery;
pub mod devices;
mod letters;
pub mod login;
pub mod password;
pub mod password_reset;
pub mod profile;
pub mod rate_limits;
pub mod registration;
pub mod sessions;
mod usernames;
pub mod users;
pub mod verification;
