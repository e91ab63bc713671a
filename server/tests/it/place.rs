//! The databases of the cases. The tables are created once for each kind of database and copied,
//! because migrating is the same work in every case.

use std::{net::SocketAddr, path::PathBuf};

use server::{config::Settings, domain::upgrade};
use tokio::sync::OnceCell;

use crate::{harness::Backend, postgres};

/// The secret of the test servers.
const SECRET: &str = "tests-sign-with-this-0123456789abcdefghijklmnop";

/// A database, as its settings name it to a program.
pub(crate) struct Place {
    pub(crate) database_url: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    /// An empty database, in which the program must create its tables.
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::in_folder(),
            Backend::Postgres => Self::at(postgres::database(None).await),
        }
    }

    /// A database with all tables and no records.
    pub(crate) async fn migrated(backend: Backend) -> Self {
        static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
        static DATABASE: OnceCell<String> = OnceCell::const_new();
        match backend {
            Backend::Sqlite => {
                let file = FILE.get_or_init(async || {
                    let template = Self::in_folder();
                    template.migrate().await;
                    std::fs::read(template.file()).unwrap()
                });
                let (place, file) = (Self::in_folder(), file.await);
                std::fs::write(place.file(), file).unwrap();
                place
            }
            Backend::Postgres => {
                let template = DATABASE.get_or_init(async || {
                    let template = Self::at(postgres::database(None).await);
                    template.migrate().await;
                    postgres::name(&template.database_url)
                });
                Self::at(postgres::database(Some(template.await)).await)
            }
        }
    }

    async fn migrate(&self) {
        upgrade::open(self.settings()).await.unwrap().close().await;
    }

    fn in_folder() -> Self {
        let mut place = Self::at(String::new());
        place.database_url = format!("sqlite:{}", place.file().display());
        place
    }

    /// An existing database.
    pub(crate) fn at(database_url: String) -> Self {
        Self { database_url, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("desk.sqlite")
    }

    pub(crate) fn secret_file(&self) -> PathBuf {
        let path = self.folder.path().join("secret");
        if !path.exists() {
            use std::os::unix::fs::OpenOptionsExt;
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
            std::io::Write::write_all(&mut file, SECRET.as_bytes()).unwrap();
        }
        path
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            database_url: Some(self.database_url.clone()),
            jwt_secret: Some(SECRET.to_owned()),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            outbox: Some(self.folder.path().join("outbox")),
            ..Settings::defaults()
        }
    }
}
