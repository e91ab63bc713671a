//! The device tokens: what a server has given this client at a login, to be sent with the next one
//! of the same account. A token grants nothing but an attempt of its own while others guess. It
//! lies in a file that only its owner reads, and gets neither into a log nor onto the screen.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use shared::account::User;
use tui_core::api::Call;

/// The most tokens that are kept: those that were given last.
const TOKENS_MAX: usize = 100;

/// The token of one account at one server. Without `Debug`: it can't get into a log.
#[derive(Serialize, Deserialize)]
struct Device {
    server: String,
    user: i64,
    /// What the user types to log in, folded.
    names: Vec<String>,
    token: String,
}

/// The file with the tokens, newest first; or no file, for a user without folders.
#[derive(Clone, Default)]
pub(crate) struct DeviceFile {
    file: Option<PathBuf>,
    writing: Arc<Mutex<()>>,
}

impl DeviceFile {
    /// The file in the client's folder for settings.
    pub(crate) fn in_folder(folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join("devices.json"));
        Self { file, writing: Arc::default() }
    }

    /// The tokens of one server, which has this name at every start.
    pub(crate) fn at(&self, server: impl Into<String>) -> Devices {
        Devices { file: self.clone(), server: server.into() }
    }

    /// Every token. A file that is not there, or can't be read or understood, holds none.
    fn read(&self) -> Vec<Device> {
        let text = self.file.as_ref().and_then(|file| fs::read(file).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Puts the file there as a whole, for its owner alone from the first moment.
    fn write(&self, devices: &[Device]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let Some(folder) = file.parent() else { return Ok(()) };
        fs::create_dir_all(folder)?;
        // Made with mode 0600.
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&serde_json::to_vec(devices)?)?;
        new.as_file().sync_all()?;
        new.persist(file)?;
        File::open(folder)?.sync_all()
    }
}

/// The tokens of one server.
#[derive(Clone)]
pub(crate) struct Devices {
    file: DeviceFile,
    server: String,
}

impl Devices {
    /// A login with the token of its account, where there is one. Any other call as it is.
    pub(crate) fn attach(&self, call: &Call) -> Call {
        let mut call = call.clone();
        match &mut call {
            Call::Login(login) => login.device = self.token(&login.identifier),
            Call::Register(new) => new.device = self.token(&new.email),
            _ => {}
        }
        call
    }

    /// Keeps the token that a login or a registration has answered, in the place of the one before.
    /// Where that does not work, the next login goes without.
    pub(crate) fn keep(&self, call: &Call, user: &User, token: String) {
        let typed = match call {
            Call::Login(login) => Some(&login.identifier),
            _ => None,
        };
        let mut names: Vec<String> = [typed, user.email.as_ref(), user.username.as_ref()]
            .into_iter()
            .flatten()
            .map(fold)
            .collect();
        names.sort_unstable();
        names.dedup();
        let _alone = self.file.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.file.read();
        all.retain(|device| device.server != self.server || device.user != user.id.0);
        all.insert(0, Device { server: self.server.clone(), user: user.id.0, names, token });
        all.truncate(TOKENS_MAX);
        let _ = self.file.write(&all);
    }

    fn token(&self, identifier: &str) -> Option<String> {
        let name = fold(identifier);
        let all = self.file.read();
        let mut own = all.into_iter().filter(|device| device.server == self.server);
        own.find(|device| device.names.contains(&name)).map(|device| device.token)
    }
}

/// How names are compared: without case, as the server does.
fn fold(name: impl AsRef<str>) -> String {
    name.as_ref().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;
    use shared::account::Login;

    use super::*;

    fn user(id: i64, email: &str) -> User {
        let time = "2026-11-20T08:30:00Z";
        serde_json::from_value(json!({
            "id": id, "username": format!("user{id}"), "email": email, "name": "", "role": "staff",
            "is_active": true, "is_staff": true, "email_verified": true, "created_at": time,
            "updated_at": time, "version": 1,
        }))
        .unwrap()
    }

    fn login(identifier: &str) -> Call {
        let identifier = identifier.to_owned();
        Call::Login(Login { identifier, password: "a long password".to_owned(), device: None })
    }

    fn sent(devices: &Devices, identifier: &str) -> Option<String> {
        let Call::Login(login) = devices.attach(&login(identifier)) else { panic!() };
        login.device
    }

    #[test]
    fn a_token_is_sent_for_its_account_at_its_server_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = DeviceFile::in_folder(Some(folder.path()));
        let (here, there) = (file.at("https://a.example"), file.at("https://b.example"));
        here.keep(&login("ana@example.com"), &user(1, "ana@example.com"), "one".to_owned());
        there.keep(&login("ana@example.com"), &user(1, "ana@example.com"), "two".to_owned());
        here.keep(&login("bob@example.com"), &user(2, "bob@example.com"), "three".to_owned());
        // At the next start.
        let file = DeviceFile::in_folder(Some(folder.path()));
        let (here, there) = (file.at("https://a.example"), file.at("https://b.example"));
        assert_eq!(sent(&here, " Ana@Example.com").as_deref(), Some("one"));
        assert_eq!(sent(&here, "user1").as_deref(), Some("one"), "the same account");
        assert_eq!(sent(&here, "bob@example.com").as_deref(), Some("three"));
        assert_eq!(sent(&there, "ana@example.com").as_deref(), Some("two"));
        assert_eq!(sent(&there, "bob@example.com"), None);
    }

    #[test]
    fn a_login_replaces_the_token_of_its_account() {
        let folder = tempfile::tempdir().unwrap();
        let here = DeviceFile::in_folder(Some(folder.path())).at("https://a.example");
        for token in ["one", "two"] {
            here.keep(&login("ana"), &user(1, "ana@example.com"), token.to_owned());
        }
        assert_eq!(sent(&here, "ana").as_deref(), Some("two"));
        let text = fs::read_to_string(folder.path().join("devices.json")).unwrap();
        assert!(!text.contains("one"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn only_its_owner_reads_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("devices.json");
        let file = DeviceFile::in_folder(path.parent());
        let here = file.at("https://a.example");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        here.keep(&login("ana"), &user(1, "ana@example.com"), "one".to_owned());
        assert_eq!(mode(), 0o600);
        // Also where somebody has opened it to others.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        here.keep(&login("ana"), &user(1, "ana@example.com"), "two".to_owned());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_file_that_can_not_be_used_is_no_token_and_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("devices.json");
        fs::write(&path, "{ not this").unwrap();
        let here = DeviceFile::in_folder(Some(folder.path())).at("https://a.example");
        assert_eq!(sent(&here, "ana"), None);
        here.keep(&login("ana"), &user(1, "ana@example.com"), "one".to_owned());
        assert_eq!(sent(&here, "ana").as_deref(), Some("one"));
        // A folder where the file should be: neither read nor written.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        here.keep(&login("ana"), &user(1, "ana@example.com"), "two".to_owned());
        assert_eq!(sent(&here, "ana"), None);
        let nowhere = DeviceFile::default().at("https://a.example");
        nowhere.keep(&login("ana"), &user(1, "ana@example.com"), "one".to_owned());
        assert_eq!(sent(&nowhere, "ana"), None);
    }

    #[test]
    fn only_so_many_tokens_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let here = DeviceFile::in_folder(Some(folder.path())).at("https://a.example");
        for id in 0..=i64::try_from(TOKENS_MAX).unwrap() {
            let name = format!("u{id}@example.com");
            here.keep(&login(&name), &user(id, &name), format!("token {id}"));
        }
        assert_eq!(sent(&here, "u0@example.com"), None);
        assert_eq!(sent(&here, "u1@example.com").as_deref(), Some("token 1"));
    }
}
