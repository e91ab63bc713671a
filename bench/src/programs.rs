//! Building the programs that are measured.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, say};

/// The folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Cargo's folder of everything that was built. This program is in a folder of it.
pub(crate) fn built() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).ok_or("this program is in no folder")?;
    Ok(folder.to_owned())
}

/// Builds the programs in a profile, unless they shall be taken as they are. Returns their folder.
pub(crate) fn build(profile: &str, is_wanted: bool) -> Outcome<PathBuf> {
    let folder = if profile == "dev" { "debug" } else { profile };
    if is_wanted {
        say(&format!("Building the programs in the profile {profile}"));
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--locked", "--profile", profile, "-p", "server", "-p", "tui"]);
        cargo.args(["-p", "bench", "--bins"]).current_dir(workspace());
        if !cargo.status()?.success() {
            return Err("cargo could not build the programs".into());
        }
    }
    Ok(built()?.join(folder))
}
