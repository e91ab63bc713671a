//! Services of a process beside the database: tokens, passwords, writing audit events, live
//! changes, mail. A service knows the database, but neither the application nor its rules.

pub mod actor;
pub mod audit;
pub mod callers;
pub mod feed;
pub mod mail;
pub mod mailer;
pub mod passwords;
pub mod reads;
pub mod tokens;
