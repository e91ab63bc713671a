//! What the client remembers from one run to the next. Never a secret.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// The client's settings file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The server that was connected to instead of a local desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Whether others may open accounts themselves at the local desk.
    pub(crate) is_registration_open: bool,
    /// The name with which somebody has logged in last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) last_login: String,
    /// Whether `3/7/1989` is the seventh of March instead of the third of July.
    pub(crate) is_month_first: bool,
    /// Minutes after which a desk that nobody uses is locked; 0 is never.
    pub(crate) lock_after_minutes: u32,
    /// Where this lies; nowhere for a user without folders.
    #[serde(skip)]
    file: Option<PathBuf>,
}

/// The minutes after which a desk that nobody uses is locked, unless the file says otherwise.
const LOCK_AFTER_MINUTES: u32 = 10;

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: None,
            is_registration_open: false,
            last_login: String::new(),
            is_month_first: false,
            lock_after_minutes: LOCK_AFTER_MINUTES,
            file: None,
        }
    }
}

impl Settings {
    /// Reads the file, in a folder of its own or in the platform's folder for settings. Without a
    /// file, everything is as at the first start.
    ///
    /// Fails with a sentence where there is a file that can't be read or understood.
    pub(crate) fn load(folder: Option<PathBuf>) -> Result<Self, String> {
        let usual =
            || Some(directories::ProjectDirs::from("", "", "frontdesk")?.config_dir().into());
        let folder: Option<PathBuf> = folder.or_else(usual);
        let Some(file) = folder.map(|folder| folder.join("client.json")) else {
            return Ok(Self::default());
        };
        Ok(Self { file: Some(file.clone()), ..Self::load_from(&file)? })
    }

    /// Writes the file as a whole, or not at all.
    ///
    /// Fails with a sentence.
    pub(crate) fn save(&self) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Err("there is no settings folder for this user".to_owned());
        };
        self.save_to(file)
    }

    /// The folder in which it lies, where there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    fn load_from(file: &Path) -> Result<Self, String> {
        match fs::read(file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| format!("{} is not a settings file: {e}", file.display())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(format!("{} can't be read: {e}", file.display())),
        }
    }

    fn save_to(&self, file: &Path) -> Result<(), String> {
        let fault = |e: &dyn std::fmt::Display| format!("{} can't be written: {e}", file.display());
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| fault(&e))?;
        text.push(b'\n');
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|e| fault(&e))?;
        }
        // Beside it first: a crash in the middle leaves the old file whole.
        let new = file.with_extension(format!("{}.new", std::process::id()));
        fs::write(&new, text).and_then(|()| fs::rename(&new, file)).map_err(|e| fault(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("client.json");
        assert_eq!(Settings::load_from(&file), Ok(Settings::default()));
        let settings = Settings {
            server: Some("https://clinic.example".to_owned()),
            last_login: "ana".to_owned(),
            is_month_first: true,
            ..Default::default()
        };
        settings.save_to(&file).unwrap();
        assert_eq!(Settings::load_from(&file), Ok(settings));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("client.json");
        fs::write(&file, "server = 1").unwrap();
        assert!(Settings::load_from(&file).unwrap_err().contains("client.json"));
    }
}
