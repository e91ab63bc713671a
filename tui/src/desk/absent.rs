//! A build without the local desk.

use std::path::PathBuf;

use tui_core::{copies::Copies, effect::FirstAdmin};

use super::{Opening, Refusal};

/// Stands where the local desk would be.
pub(crate) struct LocalDesk;

impl LocalDesk {
    /// The same as the real one's.
    pub(crate) fn new(_: Option<PathBuf>, _: Option<PathBuf>, _: bool, _: bool) -> Self {
        Self
    }

    /// Says that there is none.
    pub(crate) async fn open(&self) -> Result<Opening, String> {
        Err(absent())
    }

    /// Says that there is none.
    pub(crate) async fn set_up(&self, _: &FirstAdmin) -> Result<String, Refusal> {
        Err(absent().into())
    }

    /// Says that there is none.
    pub(crate) async fn take_over(&self) -> Result<String, String> {
        Err(absent())
    }

    /// There are none.
    pub(crate) fn copies(&self) -> Option<Copies> {
        None
    }

    /// Nothing to do.
    pub(crate) async fn close(&self) {}
}

fn absent() -> String {
    "this build has no local desk: name a server with --server URL".to_owned()
}
