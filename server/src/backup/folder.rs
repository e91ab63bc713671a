//! A folder with backups, which are named by their time.

use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::keep::Keep;
use crate::beside;

/// The name of a backup in a folder: `frontdesk-20261120T083000Z.sqlite.zst`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The time at which it was begun, to the second.
    pub(crate) at: DateTime<Utc>,
    /// Whether it is encrypted.
    pub(crate) is_encrypted: bool,
}

const BEGINNING: &str = "frontdesk-";
const TIME: &str = "%Y%m%dT%H%M%SZ";
const ENDING: &str = ".sqlite.zst";
const ENCRYPTED: &str = ".age";

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encrypted = if self.is_encrypted { ENCRYPTED } else { "" };
        write!(f, "{BEGINNING}{}{ENDING}{encrypted}", self.at.format(TIME))
    }
}

impl Name {
    /// Reads a name. Other files have none.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(BEGINNING)?;
        let (rest, is_encrypted) = match rest.strip_suffix(ENCRYPTED) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let at = NaiveDateTime::parse_from_str(rest.strip_suffix(ENDING)?, TIME).ok()?;
        Some(Self { at: at.and_utc(), is_encrypted })
    }
}

/// The beginning and the end of the name of a backup that is not complete.
const PARTIAL: (&str, &str) = (".", ".partial");

/// The name of a backup while it is not complete.
pub(super) fn partial_name(name: &str) -> String {
    format!("{}{name}{}", PARTIAL.0, PARTIAL.1)
}

/// Removes what interrupted backups have left in a folder.
///
/// Fails where the folder is missing: it may be on a disk that is not there.
pub(super) fn prepare(folder: &Path) -> Result<(), String> {
    for (path, name) in files(folder)? {
        let of = name.strip_prefix(PARTIAL.0).and_then(|name| name.strip_suffix(PARTIAL.1));
        if of.and_then(Name::parse).is_none() {
            continue;
        }
        // One that is being written is locked.
        let is_left = beside::private().open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if is_left {
            std::fs::remove_file(&path)
                .map_err(|error| format!("can't remove {}: {error}", path.display()))?;
        }
    }
    Ok(())
}

/// The backups of a folder, the newest first.
pub(crate) fn list(folder: &Path) -> Result<Vec<(PathBuf, Name)>, String> {
    let mut found: Vec<_> = files(folder)?
        .into_iter()
        .filter_map(|(path, name)| Some((path, Name::parse(&name)?)))
        .collect();
    found.sort_by_key(|(_, name)| std::cmp::Reverse(name.at));
    Ok(found)
}

fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let failed =
        |error: std::io::Error| format!("can't read the folder {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        found.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    Ok(found)
}

/// Removes the backups that are not to be kept, but never the one at `newest`. Returns how many.
pub(crate) fn thin_out(
    folder: &Path,
    keep: &Keep,
    zone: Tz,
    newest: &Path,
) -> Result<usize, String> {
    let all = list(folder)?;
    let days: Vec<_> =
        all.iter().map(|(_, name)| name.at.with_timezone(&zone).date_naive()).collect();
    let mut removed = 0;
    for ((path, _), is_kept) in all.iter().zip(keep.chosen(&days)) {
        if !is_kept && path != newest {
            std::fs::remove_file(path)
                .map_err(|error| format!("can't remove {}: {error}", path.display()))?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_time_and_other_files_have_none() {
        let at = "2026-11-20T08:30:05Z".parse().unwrap();
        for is_encrypted in [false, true] {
            let name = Name { at, is_encrypted };
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        assert_eq!(
            Name { at, is_encrypted: false }.to_string(),
            "frontdesk-20261120T083005Z.sqlite.zst"
        );
        for other in [
            "frontdesk.sqlite",
            "frontdesk-2026.sqlite.zst",
            "notes.txt",
            ".frontdesk-20261120T083005Z.sqlite.zst.partial",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_interrupted_backups_have_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let name = |hour: u32| format!("frontdesk-20261120T{hour:02}3005Z.sqlite.zst");
        let (left, used) = (
            folder.path().join(partial_name(&name(1))),
            folder.path().join(partial_name(&name(2))),
        );
        std::fs::write(&left, "x").unwrap();
        let writing = beside::private().open(&used).unwrap();
        writing.lock().unwrap();
        let other = folder.path().join(".notes.partial");
        std::fs::write(&other, "x").unwrap();
        prepare(folder.path()).unwrap();
        assert!(!left.exists() && used.exists() && other.exists());
    }

    #[test]
    fn other_files_and_the_newest_backup_are_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=20 {
            std::fs::write(
                folder.path().join(format!("frontdesk-202611{day:02}T083005Z.sqlite.zst")),
                "",
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("frontdesk.sqlite"), "").unwrap();
        // Made with a clock that was set back.
        let newest = folder.path().join("frontdesk-20261102T093005Z.sqlite.zst");
        std::fs::write(&newest, "").unwrap();
        let keep = Keep::parse("3d").unwrap();
        assert_eq!(thin_out(folder.path(), &keep, Tz::UTC, &newest).unwrap(), 17);
        let left: Vec<_> = list(folder.path()).unwrap().into_iter().map(|(path, _)| path).collect();
        assert_eq!(left.len(), 4);
        assert!(left.contains(&newest) && folder.path().join("frontdesk.sqlite").exists());
    }
}
