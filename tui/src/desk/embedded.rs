//! The local desk over the `server` library.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Once,
};

use server::{
    backup::{self, CopiesState},
    desk::{self, Desk, DeskOptions, NewAdmin, Opened},
};
use tokio::sync::Mutex;
use tracing_subscriber::filter::LevelFilter;
use tui_core::{
    copies::{Copies, Trouble},
    effect::FirstAdmin,
};

use super::{Opening, Refusal};

/// The local desk of this process: closed, served here, or served by another window.
pub(crate) struct LocalDesk {
    data: Option<PathBuf>,
    backup_dir: Option<PathBuf>,
    is_ephemeral: bool,
    state: Mutex<State>,
}

struct State {
    is_registration_open: bool,
    desk: Option<Desk>,
}

impl LocalDesk {
    /// A desk that is not open yet.
    pub(crate) fn new(
        data: Option<PathBuf>,
        backup_dir: Option<PathBuf>,
        is_ephemeral: bool,
        is_registration_open: bool,
    ) -> Self {
        Self {
            data,
            backup_dir,
            is_ephemeral,
            state: Mutex::new(State { is_registration_open, desk: None }),
        }
    }

    /// Opens the desk, or finds the one that another window opened.
    ///
    /// Where nothing was ever stored, nothing is: first the user says what shall be. Fails with
    /// one plain sentence.
    pub(crate) async fn open(&self) -> Result<Opening, String> {
        let mut state = self.state.lock().await;
        let data = desk::data_folder(&self.options(&state))?;
        let first_start = || Opening::FirstStart { data: data.display().to_string() };
        if !self.is_ephemeral && is_untouched(&data) {
            return Ok(first_start());
        }
        match self.serve(&state).await? {
            Opened::Elsewhere { url } => Ok(Opening::Ready { url, sample: None }),
            Opened::Here(desk) => {
                let opening = if desk.is_setup_needed().await? {
                    first_start()
                } else {
                    Opening::Ready { url: desk.url().to_owned(), sample: desk.sample_login() }
                };
                state.desk = Some(desk);
                Ok(opening)
            }
        }
    }

    /// Creates the first administrator; answers the desk's address.
    ///
    /// Fails with what is wrong with the administrator, or with one plain sentence.
    pub(crate) async fn set_up(&self, admin: &FirstAdmin) -> Result<String, Refusal> {
        let mut state = self.state.lock().await;
        if state.is_registration_open != admin.is_registration_open
            && let Some(desk) = state.desk.take()
        {
            desk.close().await;
        }
        state.is_registration_open = admin.is_registration_open;
        if state.desk.is_none() {
            match self.serve(&state).await? {
                Opened::Here(desk) => state.desk = Some(desk),
                Opened::Elsewhere { .. } => {
                    let message = "another window is setting this desk up: go on there";
                    return Err(message.to_owned().into());
                }
            }
        }
        let Some(desk) = &state.desk else { return Err("the desk is not open".to_owned().into()) };
        let new = NewAdmin {
            email: admin.email.clone(),
            name: admin.name.clone(),
            password: admin.password.clone(),
        };
        match desk.create_first_admin(new).await {
            Ok(()) => Ok(desk.url().to_owned()),
            Err(refusal) => Err(Refusal { field: refusal.field, message: refusal.message }),
        }
    }

    /// Finds the desk again after the window that served it has been closed: serves from here, or
    /// finds the window that does. Answers the desk's address.
    ///
    /// Fails with one plain sentence.
    pub(crate) async fn take_over(&self) -> Result<String, String> {
        let mut state = self.state.lock().await;
        if let Some(desk) = &state.desk {
            return Ok(desk.url().to_owned());
        }
        match self.serve(&state).await? {
            Opened::Elsewhere { url } => Ok(url),
            Opened::Here(desk) => {
                let url = desk.url().to_owned();
                state.desk = Some(desk);
                Ok(url)
            }
        }
    }

    /// What is known of the copies of the data. It reads a folder.
    pub(crate) fn copies(&self) -> Option<Copies> {
        let options = DeskOptions {
            data: self.data.clone(),
            backup_dir: self.backup_dir.clone(),
            ..DeskOptions::default()
        };
        let CopiesState { newest, trouble } = desk::copies(&options).ok()?;
        let trouble = trouble.map(|trouble| match trouble {
            backup::Trouble::Failed(why) => Trouble::Failed(why),
            backup::Trouble::Old => Trouble::Old,
            backup::Trouble::SameDisk => Trouble::SameDisk,
        });
        Some(Copies { newest, trouble })
    }

    /// Stops serving, once the requests at work are answered.
    pub(crate) async fn close(&self) {
        if let Some(desk) = self.state.lock().await.desk.take() {
            desk.close().await;
        }
    }

    async fn serve(&self, state: &State) -> Result<Opened, String> {
        let options = self.options(state);
        let folder = desk::data_folder(&options)?;
        let opened = desk::open(options).await?;
        if !self.is_ephemeral && matches!(opened, Opened::Here(_)) {
            // The desk works without a log.
            let _ = log_into(&folder);
        }
        Ok(opened)
    }

    fn options(&self, state: &State) -> DeskOptions {
        DeskOptions {
            data: self.data.clone(),
            ephemeral: self.is_ephemeral,
            is_registration_open: state.is_registration_open,
            backup_dir: self.backup_dir.clone(),
        }
    }
}

/// Sends what the server has to warn of into a file that only its owner reads. The terminal is in
/// use; and once the log has become long, it starts anew.
fn log_into(folder: &Path) -> io::Result<()> {
    static ONCE: Once = Once::new();
    const LONG: u64 = 1024 * 1024;
    let path = folder.join("desk.log");
    let is_long = fs::metadata(&path).is_ok_and(|file| file.len() > LONG);
    let mut options = File::options();
    options.create(true).append(!is_long).write(true).truncate(is_long).mode(0o600);
    let file = options.open(path)?;
    ONCE.call_once(|| {
        let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(LevelFilter::WARN);
        // A second one in the same process changes nothing.
        let _ = log.with_writer(std::sync::Mutex::new(file)).try_init();
    });
    Ok(())
}

/// Whether nothing was ever stored in a folder.
fn is_untouched(folder: &Path) -> bool {
    match folder.read_dir() {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) => e.kind() == io::ErrorKind::NotFound,
    }
}
