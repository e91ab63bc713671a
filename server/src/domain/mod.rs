//! The use cases and their rules. A use case is one function that owns its transaction and its
//! audit event.

pub mod access;
pub mod accounts;
pub mod audit;
pub(crate) mod batches;
pub mod events;
pub mod idempotency;
pub mod listing;
mod matching;
mod names;
pub mod precondition;
pub mod records;
pub mod upgrade;
pub mod upkeep;
