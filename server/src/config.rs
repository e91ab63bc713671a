//! The settings. A flag takes precedence over an environment variable, which takes precedence over
//! a line of the `.env` file and over the default.

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

/// The database.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// The path of a SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, `postgres://…`.
    Postgres(String),
}

impl Database {
    /// Parses `sqlite:PATH` or `postgres://…`. Any other scheme is refused, so that a typing error
    /// does not open an empty database.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" | ":memory:" => {
                    Err("the database URL sqlite: needs the path of a file".to_owned())
                }
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

    /// The default file, in the user's data folder.
    pub fn default_file() -> Result<PathBuf, String> {
        let folders = directories::ProjectDirs::from("", "", "frontdesk")
            .ok_or("there is no home folder for the data: set --database-url")?;
        Ok(folders.data_dir().join("frontdesk.sqlite"))
    }

    /// The folder of the SQLite file, which is created if it is missing.
    pub fn make_folder(&self) -> Result<(), String> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        match path.parent().filter(|folder| *folder != Path::new("")) {
            Some(folder) => make_private_folder(folder),
            None => Ok(()),
        }
    }
}

/// Creates a folder and its parents, accessible only to their owner. Existing folders stay as they
/// are.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| format!("can't create the folder {}: {error}", folder.display()))
}

/// Whether registration is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// Anybody may register.
    Open,
    /// Only administrators create accounts.
    Closed,
}

/// What a registration does about likely duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DuplicateCheck {
    /// Refuse it, unless it names them as seen.
    Gate,
    /// Name them in the answer.
    Advise,
}

/// Who may change the directory of doctors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Directory {
    /// Every user may add doctors and change those that they have added. The front desk may change
    /// all.
    Creator,
    /// Only the front desk.
    Staff,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// All settings.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, env = "FRONTDESK_LISTEN", default_value = "127.0.0.1:8000", value_parser = address,
          global = true)]
    pub listen: SocketAddr,

    /// `sqlite:PATH` or `postgres://…`. The default is a SQLite file in the user's data folder.
    #[arg(long, env = "FRONTDESK_DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// The URL under which clients reach the server. The default is taken from the request's Host
    /// header.
    #[arg(long, env = "FRONTDESK_PUBLIC_URL", value_parser = public_url, global = true)]
    pub public_url: Option<url::Url>,

    /// Further hosts that requests may name, separated by commas. Loopback and the listen address
    /// are always allowed.
    #[arg(long, env = "FRONTDESK_ALLOWED_HOSTS", value_delimiter = ',', global = true)]
    pub allowed_hosts: Vec<String>,

    /// The clinic's time zone, an IANA name such as Europe/Madrid. The default is the machine's.
    #[arg(long, env = "FRONTDESK_TIME_ZONE", value_parser = zone, global = true)]
    pub time_zone: Option<Tz>,

    /// File with the secrets that sign tokens, one per line. The first one signs, all of them
    /// verify. Alternatively, the variable FRONTDESK_JWT_SECRET can contain the secret itself.
    #[arg(long, env = "FRONTDESK_JWT_SECRET_FILE", global = true)]
    pub jwt_secret_file: Option<PathBuf>,

    /// The secret itself, without a file.
    #[arg(long, env = "FRONTDESK_JWT_SECRET", hide_env_values = true, hide = true, global = true)]
    pub jwt_secret: Option<String>,

    /// The mail server: `smtps://USER:PASSWORD@HOST` or `smtp://…` (with STARTTLS, except on this
    /// machine). Without one, mail is written to the outbox folder.
    #[arg(long, env = "FRONTDESK_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,

    /// The sender of mail, such as `Frontdesk <desk@clinic.example>`. The default is `frontdesk`
    /// at the host of the public URL, or at localhost.
    #[arg(long, env = "FRONTDESK_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,

    /// Folder for mail without a mail server. The default is `outbox` beside the SQLite file, or,
    /// with PostgreSQL, in the user's data folder.
    #[arg(long, env = "FRONTDESK_OUTBOX", global = true)]
    pub outbox: Option<PathBuf>,

    /// Lifetime of an access token, in minutes.
    #[arg(long, env = "FRONTDESK_ACCESS_TOKEN_MINUTES", default_value_t = 60,
          value_parser = clap::value_parser!(i64).range(1..=1_440), global = true)]
    pub access_token_minutes: i64,

    /// Lifetime of a session without a refresh, in days.
    #[arg(long, env = "FRONTDESK_REFRESH_TOKEN_DAYS", default_value_t = 7,
          value_parser = clap::value_parser!(i64).range(1..=365), global = true)]
    pub refresh_token_days: i64,

    /// Whether registration is open.
    #[arg(long, env = "FRONTDESK_REGISTRATION", value_enum, default_value_t = Registration::Open,
          global = true)]
    pub registration: Registration,

    /// Who may add and change doctors: every user their own, or only the front desk.
    #[arg(long, env = "FRONTDESK_DOCTOR_DIRECTORY", value_enum, default_value_t = Directory::Creator,
          global = true)]
    pub doctor_directory: Directory,

    /// What a registration does where a patient is likely to be the same person: it is refused unless it
    /// names that patient as seen, or its answer names the patient.
    #[arg(long, env = "FRONTDESK_DUPLICATE_CHECK", value_enum,
          default_value_t = DuplicateCheck::Gate, global = true)]
    pub duplicate_check: DuplicateCheck,

    /// Origins whose pages may use the API, separated by commas, such as `https://desk.example`.
    #[arg(long, env = "FRONTDESK_CORS_ORIGINS", value_delimiter = ',', value_parser = origin,
          global = true)]
    pub cors_origins: Vec<String>,

    /// Proxies whose X-Forwarded-For, -Proto and -Host headers are trusted: addresses or networks,
    /// separated by commas.
    #[arg(long, env = "FRONTDESK_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network,
          global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// File with the server's certificate and its chain (PEM). With it, the server uses TLS.
    #[arg(long, env = "FRONTDESK_TLS_CERT", global = true)]
    pub tls_cert: Option<PathBuf>,

    /// File with the certificate's private key (PEM).
    #[arg(long, env = "FRONTDESK_TLS_KEY", global = true)]
    pub tls_key: Option<PathBuf>,

    /// A separate address and port for /metrics.
    #[arg(long, env = "FRONTDESK_METRICS_LISTEN", value_parser = address, global = true)]
    pub metrics_listen: Option<SocketAddr>,

    /// File with the token that /metrics requires. Alternatively, the variable
    /// FRONTDESK_METRICS_TOKEN can contain the token itself.
    #[arg(long, env = "FRONTDESK_METRICS_TOKEN_FILE", global = true)]
    pub metrics_token_file: Option<PathBuf>,

    /// The token itself, without a file.
    #[arg(
        long,
        env = "FRONTDESK_METRICS_TOKEN",
        hide_env_values = true,
        hide = true,
        global = true
    )]
    pub metrics_token: Option<String>,

    /// Folder with the copies that the local desk makes of its data. The default is `backups` beside the SQLite file.
    #[arg(long, env = "FRONTDESK_BACKUP_DIR", value_name = "DIR", global = true)]
    pub backup_dir: Option<PathBuf>,

    /// Whether only users with a confirmed e-mail address may log in.
    #[arg(long, env = "FRONTDESK_REQUIRE_VERIFIED_EMAIL", default_value_t = false,
          default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = clap::ArgAction::Set, global = true)]
    pub require_verified_email: bool,

    /// Maximum number of connections. When it is reached, the one that has been quiet for longest
    /// is closed.
    #[arg(long, env = "FRONTDESK_MAX_CONNECTIONS", default_value_t = 1_024,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections: u32,

    /// Maximum number of connections from one address (IPv6: one /64). Trusted proxies and this
    /// machine have no limit.
    #[arg(long, env = "FRONTDESK_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections_per_address: u32,

    /// Seconds for which a stopping server still serves while /readyz reports that it is not
    /// ready. A second signal ends them.
    #[arg(long, env = "FRONTDESK_SHUTDOWN_DELAY", default_value_t = 0, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3_600), global = true)]
    pub shutdown_delay: u64,

    /// Format of the log.
    #[arg(long, env = "FRONTDESK_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text,
          global = true)]
    pub log_format: LogFormat,

    /// Level of the log: error, warn, info, debug or trace.
    #[arg(long, env = "FRONTDESK_LOG_LEVEL", default_value = "info", global = true)]
    pub log_level: tracing_subscriber::filter::LevelFilter,
}

impl Settings {
    /// The settings of a program that is started without any.
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
            duplicate_check: DuplicateCheck::Gate,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            metrics_listen: None,
            metrics_token_file: None,
            metrics_token: None,
            backup_dir: None,
            require_verified_email: false,
            max_connections: 1_024,
            max_connections_per_address: 256,
            shutdown_delay: 0,
            log_format: LogFormat::Text,
            log_level: tracing_subscriber::filter::LevelFilter::INFO,
        }
    }

    /// The configured database, or the default.
    pub fn database(&self) -> Result<Database, String> {
        match &self.database_url {
            Some(url) => Database::parse(url),
            None => Database::default_file().map(Database::Sqlite),
        }
    }

    /// The folder for mail without a mail server.
    pub fn outbox(&self, database: &Database) -> Result<PathBuf, String> {
        if let Some(folder) = &self.outbox {
            return Ok(folder.clone());
        }
        if let Database::Sqlite(file) = database {
            return Ok(file.with_file_name("outbox"));
        }
        let file = Database::default_file().map_err(|_| {
            "there is no home folder for mail: set --outbox or --smtp-url".to_owned()
        })?;
        Ok(file.with_file_name("outbox"))
    }

    /// The clinic's time zone: the configured one, the machine's, or UTC if the machine has none.
    pub fn zone(&self) -> Result<Tz, String> {
        if let Some(zone) = self.time_zone {
            return Ok(zone);
        }
        let Ok(name) = iana_time_zone::get_timezone() else { return Ok(Tz::UTC) };
        name.parse()
            .map_err(|_| format!("the machine's time zone {name:?} is not known: set --time-zone"))
    }

    /// Whether registration is open.
    pub fn is_registration_open(&self) -> bool {
        self.registration == Registration::Open
    }

    /// The files of the certificate and its key, if TLS is configured.
    ///
    /// Fails if only one of them is.
    pub fn tls(&self) -> Result<Option<(&Path, &Path)>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            _ => Err("--tls-cert and --tls-key belong together: set both or neither".to_owned()),
        }
    }

    /// The token that `/metrics` requires, if there is one.
    ///
    /// Fails if its file can't be read or the token is too weak.
    pub fn metrics_token(&self) -> Result<Option<String>, String> {
        let token = match (&self.metrics_token_file, &self.metrics_token) {
            (Some(path), _) => std::fs::read_to_string(path).map_err(|error| {
                format!("can't read the file of the metrics token {}: {error}", path.display())
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

    /// Whether others on the network can read the traffic: the server listens beyond this machine,
    /// without TLS and without a proxy that could provide it.
    pub fn is_unencrypted(&self) -> bool {
        let is_alone = self.tls_cert.is_none() && self.trusted_proxies.is_empty();
        is_alone && !self.listen.ip().to_canonical().is_loopback()
    }
}

/// The minimum number of characters in the metrics token.
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
    fn traffic_is_unencrypted_without_tls_and_without_a_proxy() {
        let here = Settings::defaults();
        assert!(!here.is_unencrypted());
        let open = Settings { listen: "0.0.0.0:8000".parse().unwrap(), ..here };
        assert!(open.is_unencrypted());
        let tls = Settings { tls_cert: Some("cert.pem".into()), ..open.clone() };
        assert!(!tls.is_unencrypted());
        let behind = Settings { trusted_proxies: vec![network("10.0.0.1").unwrap()], ..open };
        assert!(!behind.is_unencrypted());
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
        // Independent of the environment variables of the test run.
        let command = Settings::augment_args(Command::new("frontdesk-server"));
        let command = command.mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        let matches = command.get_matches_from(["frontdesk-server"]);
        let parsed = Settings::from_arg_matches(&matches).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Settings::defaults()));
    }
}
