//! The settings. This is their one reader: flag before environment variable before line of a `.env`
//! file before default.

mod environment;
mod values;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;
use clap::Args;
use ipnet::IpNet;

pub use environment::{EnvFile, read_environment};
use values::{address, network, origin, public_url, zone};

/// Where the records are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl Database {
    /// Reads `sqlite:PATH` or `postgres://…`; any other scheme is refused, since a typing error
    /// must not open an empty database.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" | ":memory:" => Err("the database URL sqlite: needs a file".to_owned()),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let scheme = url.split(':').next().unwrap_or_default();
        Err(format!(
            "the database URL has the unknown scheme {scheme:?}: use sqlite:PATH or postgres://…"
        ))
    }

    /// The file in the user's data folder.
    pub fn default_file() -> Result<PathBuf, String> {
        let folders = directories::ProjectDirs::from("", "", "frontdesk")
            .ok_or("there is no home folder to keep the data in: say --database-url")?;
        Ok(folders.data_dir().join("frontdesk.sqlite"))
    }

    /// The folder that holds the SQLite file, made where it is missing.
    pub fn make_folder(&self) -> Result<(), String> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        match path.parent().filter(|folder| *folder != Path::new("")) {
            Some(folder) => make_private_folder(folder),
            None => Ok(()),
        }
    }
}

/// Makes a folder, and those above it, for its owner alone; one that is there stays as it is.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| format!("can't make the folder {}: {error}", folder.display()))
}

/// Whether people may register themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// They may.
    Open,
    /// They may not.
    Closed,
}

/// Who keeps the directory of doctors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Directory {
    /// Everybody may enter doctors, and change those that they have entered; the front desk all.
    Creator,
    /// The front desk alone.
    Staff,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything that can be set.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, env = "FRONTDESK_LISTEN", default_value = "127.0.0.1:8000", value_parser = address,
          global = true)]
    pub listen: SocketAddr,

    /// `sqlite:PATH` or `postgres://…`; without it a SQLite file in the user's data folder.
    #[arg(long, env = "FRONTDESK_DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// The address under which clients reach the server; without it the request's Host.
    #[arg(long, env = "FRONTDESK_PUBLIC_URL", value_parser = public_url, global = true)]
    pub public_url: Option<url::Url>,

    /// Hosts that requests may name, separated by commas, beside loopback and the listen address.
    #[arg(long, env = "FRONTDESK_ALLOWED_HOSTS", value_delimiter = ',', global = true)]
    pub allowed_hosts: Vec<String>,

    /// The clinic's time zone, an IANA name such as Europe/Madrid; without it the machine's.
    #[arg(long, env = "FRONTDESK_TIME_ZONE", value_parser = zone, global = true)]
    pub time_zone: Option<Tz>,

    /// File with the secrets that sign tokens, one a line: the first signs, all verify. The secret
    /// itself can be given in the variable FRONTDESK_JWT_SECRET instead.
    #[arg(long, env = "FRONTDESK_JWT_SECRET_FILE", global = true)]
    pub jwt_secret_file: Option<PathBuf>,

    /// The secret itself, where there is no file.
    #[arg(long, env = "FRONTDESK_JWT_SECRET", hide_env_values = true, hide = true, global = true)]
    pub jwt_secret: Option<String>,

    /// The mail server: `smtps://USER:PASSWORD@HOST` or `smtp://…` (with STARTTLS, except on this
    /// machine); without it mail is put into the outbox folder.
    #[arg(long, env = "FRONTDESK_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,

    /// Who sends the mail: `Frontdesk <desk@clinic.example>`; without it `frontdesk` at the public
    /// URL's host, or at localhost.
    #[arg(long, env = "FRONTDESK_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,

    /// Folder for mail where there is no mail server; without it `outbox` beside the SQLite file,
    /// with PostgreSQL in the user's data folder.
    #[arg(long, env = "FRONTDESK_OUTBOX", global = true)]
    pub outbox: Option<PathBuf>,

    /// Minutes that an access token lives.
    #[arg(long, env = "FRONTDESK_ACCESS_TOKEN_MINUTES", default_value_t = 60,
          value_parser = clap::value_parser!(i64).range(1..=1_440), global = true)]
    pub access_token_minutes: i64,

    /// Days that a session lives without being refreshed.
    #[arg(long, env = "FRONTDESK_REFRESH_TOKEN_DAYS", default_value_t = 7,
          value_parser = clap::value_parser!(i64).range(1..=365), global = true)]
    pub refresh_token_days: i64,

    /// Whether people may register themselves.
    #[arg(long, env = "FRONTDESK_REGISTRATION", value_enum, default_value_t = Registration::Open,
          global = true)]
    pub registration: Registration,

    /// Who may enter and change doctors: everybody their own, or the front desk alone.
    #[arg(long, env = "FRONTDESK_DOCTOR_DIRECTORY", value_enum, default_value_t = Directory::Creator,
          global = true)]
    pub doctor_directory: Directory,

    /// Origins whose pages may use the API, separated by commas: `https://desk.example`.
    #[arg(long, env = "FRONTDESK_CORS_ORIGINS", value_delimiter = ',', value_parser = origin,
          global = true)]
    pub cors_origins: Vec<String>,

    /// Proxies whose X-Forwarded-For, -Proto and -Host are believed: addresses or networks,
    /// separated by commas.
    #[arg(long, env = "FRONTDESK_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network,
          global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// File with the server's certificate and those above it (PEM): the server then speaks TLS.
    #[arg(long, env = "FRONTDESK_TLS_CERT", global = true)]
    pub tls_cert: Option<PathBuf>,

    /// File with the certificate's private key (PEM).
    #[arg(long, env = "FRONTDESK_TLS_KEY", global = true)]
    pub tls_key: Option<PathBuf>,

    /// An address of its own for /metrics.
    #[arg(long, env = "FRONTDESK_METRICS_LISTEN", value_parser = address, global = true)]
    pub metrics_listen: Option<SocketAddr>,

    /// File with the token that /metrics asks for. The token itself can be given in the variable
    /// FRONTDESK_METRICS_TOKEN instead.
    #[arg(long, env = "FRONTDESK_METRICS_TOKEN_FILE", global = true)]
    pub metrics_token_file: Option<PathBuf>,

    /// The token itself, where there is no file.
    #[arg(
        long,
        env = "FRONTDESK_METRICS_TOKEN",
        hide_env_values = true,
        hide = true,
        global = true
    )]
    pub metrics_token: Option<String>,

    /// Whether only those may log in whose e-mail address is known to be theirs.
    #[arg(long, env = "FRONTDESK_REQUIRE_VERIFIED_EMAIL", default_value_t = false,
          default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = clap::ArgAction::Set, global = true)]
    pub require_verified_email: bool,

    /// Most connections at once; where all are taken, the one that is quiet for longest gives way.
    #[arg(long, env = "FRONTDESK_MAX_CONNECTIONS", default_value_t = 1_024,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections: u32,

    /// Most connections at once of one address (IPv6: of one /64); trusted proxies and this machine
    /// are not limited.
    #[arg(long, env = "FRONTDESK_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections_per_address: u32,

    /// Seconds for which, once it is told to stop, the server still serves and only /readyz says
    /// that it is not ready; a second signal ends them.
    #[arg(long, env = "FRONTDESK_SHUTDOWN_DELAY", default_value_t = 0, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3_600), global = true)]
    pub shutdown_delay: u64,

    /// How the log is written.
    #[arg(long, env = "FRONTDESK_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text,
          global = true)]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug or trace.
    #[arg(long, env = "FRONTDESK_LOG_LEVEL", default_value = "info", global = true)]
    pub log_level: tracing_subscriber::filter::LevelFilter,
}

impl Settings {
    /// The settings of a program that was started without any.
    pub fn defaults() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            database_url: None,
            public_url: None,
            allowed_hosts: Vec::new(),
            time_zone: None,
            jwt_secret_file: None,
            jwt_secret: None,
            smtp_url: None,
            mail_from: None,
            outbox: None,
            access_token_minutes: 60,
            refresh_token_days: 7,
            registration: Registration::Open,
            doctor_directory: Directory::Creator,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            metrics_listen: None,
            metrics_token_file: None,
            metrics_token: None,
            require_verified_email: false,
            max_connections: 1_024,
            max_connections_per_address: 256,
            shutdown_delay: 0,
            log_format: LogFormat::Text,
            log_level: tracing_subscriber::filter::LevelFilter::INFO,
        }
    }

    /// Where the records are kept.
    pub fn database(&self) -> Result<Database, String> {
        match &self.database_url {
            Some(url) => Database::parse(url),
            None => Database::default_file().map(Database::Sqlite),
        }
    }

    /// The folder for mail where there is no mail server.
    pub fn outbox(&self, database: &Database) -> Result<PathBuf, String> {
        if let Some(folder) = &self.outbox {
            return Ok(folder.clone());
        }
        if let Database::Sqlite(file) = database {
            return Ok(file.with_file_name("outbox"));
        }
        let file = Database::default_file().map_err(|_| {
            "there is no home folder to put mail into: say --outbox or --smtp-url".to_owned()
        })?;
        Ok(file.with_file_name("outbox"))
    }

    /// The clinic's time zone: the one that is set, or the machine's, or UTC where the machine has
    /// none.
    pub fn zone(&self) -> Result<Tz, String> {
        if let Some(zone) = self.time_zone {
            return Ok(zone);
        }
        let Ok(name) = iana_time_zone::get_timezone() else { return Ok(Tz::UTC) };
        name.parse()
            .map_err(|_| format!("the machine's time zone {name:?} is not known: say --time-zone"))
    }

    /// Whether people may register themselves.
    pub fn is_registration_open(&self) -> bool {
        self.registration == Registration::Open
    }

    /// The files of certificate and key, where the server is to speak TLS.
    ///
    /// Fails where one of them is missing.
    pub fn tls(&self) -> Result<Option<(&Path, &Path)>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            _ => Err("--tls-cert and --tls-key go together: say both or neither".to_owned()),
        }
    }

    /// The token that `/metrics` asks for, if there is one.
    ///
    /// Fails where its file can't be read or it could be guessed.
    pub fn metrics_token(&self) -> Result<Option<String>, String> {
        let token = match (&self.metrics_token_file, &self.metrics_token) {
            (Some(path), _) => std::fs::read_to_string(path).map_err(|error| {
                format!("the file of the metrics token {} can't be read: {error}", path.display())
            })?,
            (None, Some(token)) => token.clone(),
            (None, None) => return Ok(None),
        };
        let token = token.trim();
        if token.len() < METRICS_TOKEN_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "the metrics token needs at least {METRICS_TOKEN_MIN} visible ASCII characters"
            ));
        }
        Ok(Some(token.to_owned()))
    }

    /// Whether what clients send can be read on the way: the server listens beyond this machine,
    /// has no TLS and knows no proxy that would have it.
    pub fn is_overheard(&self) -> bool {
        let is_alone = self.tls_cert.is_none() && self.trusted_proxies.is_empty();
        is_alone && !self.listen.ip().to_canonical().is_loopback()
    }
}

/// Fewest characters of the metrics token.
const METRICS_TOKEN_MIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_databases_are_known() {
        let sqlite = Database::Sqlite(PathBuf::from("/tmp/a.sqlite"));
        assert_eq!(Database::parse("sqlite:/tmp/a.sqlite"), Ok(sqlite.clone()));
        assert_eq!(Database::parse("sqlite:///tmp/a.sqlite"), Ok(sqlite));
        assert!(matches!(Database::parse("postgres://h/d"), Ok(Database::Postgres(_))));
        for bad in ["postgers://h/d", "mysql://h/d", "sqlite:", "sqlite::memory:", "a.sqlite"] {
            assert!(Database::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn others_can_read_along_where_neither_tls_nor_a_proxy_is_named() {
        let here = Settings::defaults();
        assert!(!here.is_overheard());
        let open = Settings { listen: "0.0.0.0:8000".parse().unwrap(), ..here };
        assert!(open.is_overheard());
        let tls = Settings { tls_cert: Some("cert.pem".into()), ..open.clone() };
        assert!(!tls.is_overheard());
        let behind = Settings { trusted_proxies: vec![network("10.0.0.1").unwrap()], ..open };
        assert!(!behind.is_overheard());
    }

    #[test]
    fn a_metrics_token_can_not_be_guessed() {
        let with = |token: &str| {
            Settings { metrics_token: Some(token.to_owned()), ..Settings::defaults() }
                .metrics_token()
        };
        assert_eq!(with(" 0123456789abcdef\n").unwrap().as_deref(), Some("0123456789abcdef"));
        for weak in ["", "short", "0123456789 abcdef", "0123456789abcdé"] {
            assert!(with(weak).is_err(), "{weak}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        use clap::{Command, FromArgMatches};
        // Without the variables of the environment in which the tests run.
        let command = Settings::augment_args(Command::new("frontdesk-server"));
        let command = command.mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        let matches = command.get_matches_from(["frontdesk-server"]);
        let parsed = Settings::from_arg_matches(&matches).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Settings::defaults()));
    }
}
