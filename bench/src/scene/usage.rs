//! What the programs of the scene use.

use crate::{
    Outcome,
    machine::{Usage, usage_alone},
};

/// The processes of the scene, besides this one.
pub(super) struct Processes {
    pub(super) server: u32,
    pub(super) import: u32,
    pub(super) clients: Vec<u32>,
}

/// What the programs of the scene have used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) server: Usage,
    pub(super) import: Usage,
    pub(super) clients: Usage,
    /// This program, with its models of the screens and the rows to import.
    pub(super) harness: Usage,
}

impl Processes {
    /// What they have used so far.
    pub(super) fn used(&self) -> Outcome<Used> {
        let of = |process, what: &str| {
            usage_alone(process).map_err(|error| format!("{what} can't be measured: {error}"))
        };
        let mut clients = Usage::default();
        for client in &self.clients {
            clients += of(*client, "a terminal")?;
        }
        Ok(Used {
            server: of(self.server, "the server")?,
            import: of(self.import, "the import")?,
            clients,
            harness: of(std::process::id(), "this program")?,
        })
    }
}
