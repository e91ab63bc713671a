//! Bringing in records from files.

use clap::Subcommand;

use crate::app::App;

/// What can be brought in.
#[derive(Subcommand)]
pub enum ImportCommand {}

/// Runs an import; returns the exit status.
pub async fn run(_: &App, command: ImportCommand) -> Result<u8, String> {
    match command {}
}
