//! The local desk: the server inside a client's process, on the SQLite file in the user's data
//! folder. One process serves. The others find it through the lock beside the file.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use shared::account::Role;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    api::http::connections,
    app::App,
    backup::{Copies, CopiesState},
    clock::Clock,
    config::{Database, Registration, Settings},
    domain::{accounts::users, upgrade},
    error::Error,
    lock::{Lock, LockOutcome},
    sample,
};

/// How long opening waits for a command that is using the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Options for opening a desk.
#[derive(Clone, Debug, Default)]
pub struct DeskOptions {
    /// The data folder; `None` for the default folder of the user.
    pub data: Option<PathBuf>,
    /// Whether the data is temporary and filled with sample patients.
    pub ephemeral: bool,
    /// Whether registration is open.
    pub is_registration_open: bool,
    /// The folder of the copies that the desk makes of its data; `None` for `backups` in the data folder.
    pub backup_dir: Option<PathBuf>,
}

/// The result of opening a desk.
pub enum Opened {
    /// This process serves.
    Here(Desk),
    /// Another process on this machine serves the same data.
    Elsewhere {
        /// The URL of that process, `http://127.0.0.1:PORT`.
        url: String,
    },
}

/// A desk that this process serves.
pub struct Desk {
    app: App,
    url: String,
    sample_login: Option<(String, String)>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
    /// The task that makes the daily copies.
    copying: Option<JoinHandle<()>>,
    /// Fields are dropped in this order: first the lock on the data, then the temporary data.
    _lock: Lock,
    _throw_away: Option<tempfile::TempDir>,
}

/// The first administrator.
#[derive(Clone)]
pub struct NewAdmin {
    /// The e-mail address.
    pub email: String,
    /// The name, if given.
    pub name: Option<String>,
    /// The password.
    pub password: String,
}

/// The reason why the first administrator was not created.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskRefusal {
    /// The field with the error, if it is a single one.
    pub field: Option<String>,
    /// The sentence for the user.
    pub message: String,
}

impl DeskRefusal {
    fn of(error: &Error) -> Self {
        match error {
            Error::Invalid(errors) | Error::Conflict(errors) => match errors.iter().next() {
                Some((field, error)) => {
                    Self { field: Some(field.to_owned()), message: error.message.clone() }
                }
                None => Self { field: None, message: error.to_string() },
            },
            other => Self { field: None, message: other.to_string() },
        }
    }
}

/// The folder that holds the data. Fails where the user has no data folder.
pub fn data_folder(options: &DeskOptions) -> Result<PathBuf, String> {
    match &options.data {
        Some(folder) => Ok(folder.clone()),
        None => {
            let file = Database::default_file()?;
            let folder = file.parent().ok_or("the data has no folder")?;
            Ok(folder.to_owned())
        }
    }
}

/// The state of the copies of a desk's data, as this machine sees it now.
///
/// Fails where the user has no data folder.
pub fn copies(options: &DeskOptions) -> Result<CopiesState, String> {
    let file = data_folder(options)?.join("frontdesk.sqlite");
    let now = Clock::new(Settings::defaults().zone()?).now();
    Ok(Copies::of(&file, options.backup_dir.as_deref()).state(now))
}

/// Opens the desk, or finds the one that is already open.
///
/// Fails with a sentence for the user.
pub async fn open(options: DeskOptions) -> Result<Opened, String> {
    let throw_away = match options.ephemeral {
        true => {
            Some(tempfile::tempdir().map_err(|e| format!("can't create a temporary folder: {e}"))?)
        }
        false => None,
    };
    let folder = match &throw_away {
        Some(folder) => folder.path().to_owned(),
        None => data_folder(&options)?,
    };
    let file = folder.join("frontdesk.sqlite");
    let database = Database::Sqlite(file.clone());
    database.make_folder()?;
    let mut lock = match Lock::acquire(&file, PATIENCE).await? {
        LockOutcome::Ours(lock) => lock,
        LockOutcome::Taken(Some(url)) => return Ok(Opened::Elsewhere { url }),
        LockOutcome::Taken(None) => {
            return Err("a command is using the data: try again when it has ended".to_owned());
        }
    };
    let listener = listen(Settings::defaults().listen)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let registration =
        if options.is_registration_open { Registration::Open } else { Registration::Closed };
    let settings = Settings { listen: address, registration, ..Settings::defaults() };
    let copies = Copies::of(&file, options.backup_dir.as_deref());
    let clock = Clock::new(settings.zone()?);
    if let Err(why) = copies.make_before_migration(&clock).await {
        // A migration is applied as a whole or not at all, so it does not need the copy.
        tracing::warn!("no backup could be made before the migration: {why}");
    }
    let app = upgrade::open_on(settings, &database).await?;
    let copying = match options.ephemeral {
        true => None,
        false => Some(tokio::spawn(copies.keep_making(app.clock().clone()))),
    };
    let sample_login = match options.ephemeral {
        true => {
            Some(sample::create(&app, sample::PEOPLE).await.map_err(|error| error.to_string())?)
        }
        false => None,
    };
    let url = format!("http://{address}");
    lock.announce(&url)?;
    let (stop, stopped) = oneshot::channel();
    let serving = app.clone();
    let served = tokio::spawn(async move {
        connections::serve(&serving, listener, async move { drop(stopped.await) }).await
    });
    let (_lock, _throw_away) = (lock, throw_away);
    Ok(Opened::Here(Desk { app, url, sample_login, stop, served, copying, _lock, _throw_away }))
}

/// Listens on an address, or where its port is taken, on any port.
fn listen(preferred: SocketAddr) -> Result<TcpListener, String> {
    connections::listen(preferred)
        .or_else(|_| connections::listen(SocketAddr::new(preferred.ip(), 0)))
}

impl Desk {
    /// The URL of the desk, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether no administrator exists yet.
    pub async fn is_setup_needed(&self) -> Result<bool, String> {
        users::is_setup_needed(&self.app).await.map_err(|error| error.to_string())
    }

    /// Creates the first administrator.
    pub async fn create_first_admin(&self, admin: NewAdmin) -> Result<(), DeskRefusal> {
        let name = admin.name.unwrap_or_default();
        let account = users::read_account(&admin.email, &name, admin.password, Role::Admin)
            .map_err(|errors| DeskRefusal::of(&errors.into()))?;
        let created = users::create_first_admin(&self.app, account).await;
        created.map(drop).map_err(|error| DeskRefusal::of(&error))
    }

    /// E-mail address and password of the sample administrator; `None` unless the data is
    /// temporary.
    pub fn sample_login(&self) -> Option<(String, String)> {
        self.sample_login.clone()
    }

    /// Lets running requests end and closes the data.
    pub async fn close(self) {
        if let Some(copying) = self.copying {
            copying.abort();
        }
        // The receiver is gone only if serving has ended by itself.
        let _ = self.stop.send(());
        if let Ok(Err(error)) = self.served.await {
            tracing::error!(error, "the desk ended with an error");
        }
        self.app.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_desk_listens_on_its_port_or_on_another_if_that_is_taken() {
        let taken = connections::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let preferred = taken.local_addr().unwrap();
        let other = listen(preferred).unwrap().local_addr().unwrap();
        assert!(other.ip() == preferred.ip() && other.port() != preferred.port(), "{other}");
        drop(taken);
        // Another program may take the port for a moment.
        let is_preferred = |_| listen(preferred).unwrap().local_addr().unwrap() == preferred;
        assert!((0..100).any(is_preferred), "the port is free and not used");
        assert_eq!(Settings::defaults().listen.port(), 8000);
    }
}
