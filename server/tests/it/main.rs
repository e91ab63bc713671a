//! The server's tests, in one binary: each case runs on SQLite and on PostgreSQL from one body,
//! against the same program that `main` starts, and every answer is checked against the served API
//! description.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the environment of the machine it runs on"
)]

mod account_races;
mod accounts;
mod api_tokens;
mod around;
mod assignments;
mod audit;
mod authorization;
mod backup;
mod bad_input;
mod beside;
mod callers;
mod chaos;
mod codes;
mod command_line;
mod concurrency;
mod connections;
mod conventions;
mod crash;
mod dashboard;
mod delivery;
mod description;
mod devices;
mod doctors;
mod duplicates;
mod earlier_systems;
mod events;
mod export;
mod faults;
mod figures;
mod flow;
mod fuzz;
mod harness;
mod idempotency;
mod import;
mod keys;
mod layout;
mod links;
mod lookup;
mod mail;
mod merging;
mod metrics;
mod names;
mod oauth;
mod patients;
mod place;
mod plans;
mod postgres;
mod proxy;
mod records;
mod rules;
mod search;
mod stream;
mod syncs;
mod throttle;
mod tls;
mod usernames;
mod users;
mod visits;
mod withheld;
mod writes;
