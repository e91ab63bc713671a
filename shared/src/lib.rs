//! The vocabulary that Frontdesk's server and clients share: records, requests, problems, paths,
//! and the rules for input.
//!
//! Nothing here reads a file, a socket or a clock; today's date is always a parameter. The client
//! applies the rules while the user types, the server applies the same rules to every request, and
//! the API description states the same limits.
#![cfg_attr(
    not(feature = "openapi"),
    expect(unused_imports, reason = "some limits are used only by the schemas")
)]

#[macro_use]
mod macros;

pub mod account;
pub mod assignment;
pub mod audit;
pub mod cell;
pub mod compatibility;
pub mod dashboard;
pub mod date;
#[cfg(feature = "openapi")]
pub mod describe;
pub mod display;
pub mod doctor;
pub mod error_codes;
pub mod event;
pub mod history;
pub mod id;
pub mod likeness;
pub mod lookup;
pub mod matched;
pub mod meta;
pub mod moment;
pub mod money;
pub mod mrn;
pub mod page;
pub mod patch;
pub mod paths;
pub mod patient;
pub mod problem;
pub mod query;
pub mod read;
pub mod rules;
pub mod search;
pub mod text;
pub mod visit;

pub use date::PartialDate;
pub use id::{SessionId, UserId};
pub use money::Money;
pub use mrn::Mrn;
pub use page::Page;
pub use patch::Patch;
pub use problem::{Expected, FieldError, FieldErrors, Kind, Problem};
