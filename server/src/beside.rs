//! The files beside a SQLite database, which only their owner can read.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
};

/// The path of the file beside a database that has this ending in addition, such as `.lock`.
pub(crate) fn path(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The way to open a file for writing, with its content. A missing one is created, so that other users can't read it
/// at any moment.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The folder of a file.
pub(crate) fn folder(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Brings the names in the folder of a file to the disk.
pub(crate) fn sync_folder(file: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder(file))?.sync_all()
}
