//! Frontdesk's server: a REST API over SQLite or PostgreSQL.
//!
//! Dependencies go one way: `api` (HTTP) calls `domain` (the rules), which calls `db` (SQL). See
//! ARCHITECTURE.md.

pub mod api;
pub mod app;
pub mod backup;
mod beside;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod desk;
mod digest;
pub mod domain;
pub mod error;
pub mod export;
mod finding;
pub mod import;
pub mod keys;
pub mod lock;
pub mod metrics;
mod output;
pub mod sample;
pub mod services;
