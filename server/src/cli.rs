//! The server's command line.

mod usage;

use std::{
    ffi::OsString,
    io::{IsTerminal, Read},
    path::Path,
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use shared::account::{Role, User};
use tokio::time::timeout;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    api::{http::connections, openapi},
    app::App,
    backup::{self, BackupOptions, MoveOptions, Refused, RestoreOptions},
    beside, check,
    config::{Database, LogFormat, Settings, read_environment},
    db::Db,
    domain::{accounts::users, upgrade},
    error::Error,
    export,
    finding::Finding,
    import, keys,
    lock::{Lock, LockOutcome},
    output::{self, print_error, print_json, print_line, print_page},
};

/// Frontdesk's server: the front desk of a clinic over a REST API.
#[derive(Parser)]
#[command(name = "frontdesk-server", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API. This is the default command.
    Serve,
    /// Migrate the database to the current version.
    Migrate,
    /// Manage accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Print the API description.
    Openapi,
    /// Import records from files.
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Export records to files.
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// Write a backup of the whole database.
    #[command(after_help = backup::BACKUP_HELP)]
    Backup(BackupOptions),
    /// Restore a backup into an empty database, or prove that it can be restored.
    #[command(after_help = backup::RESTORE_HELP)]
    Restore(RestoreOptions),
    /// Move all records to another database: from SQLite to PostgreSQL, or back.
    #[command(after_help = backup::MOVE_HELP)]
    Move(MoveOptions),
    /// Manage the secrets that sign logins.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Check that everything that the server needs is present and in order.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Count the figures that are kept for the dashboard anew before checking. Others can write
        /// meanwhile.
        #[arg(long)]
        recount: bool,
    },
    /// Print a script that lets a shell complete commands and settings.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Create an account. Use it to create the first administrator.
    Create {
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// The role.
        #[arg(long, default_value = "member", value_parser = role)]
        role: Role,
        /// The full name. The last word is the last name.
        #[arg(long, default_value = "")]
        name: String,
        /// Read the password from standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change a user's role.
    SetRole {
        /// E-mail address or username.
        user: String,
        /// The role.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Set a user's password. The user's sessions, API tokens and one-time codes end.
    SetPassword {
        /// E-mail address or username.
        user: String,
        /// Read the password from standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Deactivate an account. Its sessions, API tokens and one-time codes end.
    Deactivate {
        /// E-mail address or username.
        user: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|error: shared::FieldError| error.message)
}

/// The exit status of a failure.
const FAILURE: u8 = 1;
/// The exit status of wrong usage: arguments and settings that are invalid or contradict each
/// other.
const WRONG_USAGE: u8 = 2;

/// Runs the command line: the name of the program and its arguments. Returns the exit status: 0 on
/// success, 2 on wrong usage, 1 on any other failure.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    std::panic::set_hook(Box::new(output::report_panic));
    let file = match read_environment(&variables()) {
        Ok(file) => file,
        Err(sentence) => return fail(&sentence, WRONG_USAGE),
    };
    let mut command = usage::command();
    let matches = command.try_get_matches_from_mut(&arguments);
    let parsed = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = parsed.unwrap_or_else(|error| {
        let error = error.format(&mut command);
        let arguments: Vec<_> =
            arguments.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        output::exit_with(&error, usage::origin(&error, &file, &arguments).as_deref())
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(execute(cli)),
        Err(error) => Err(format!("can't start: {error}")),
    };
    match outcome {
        Ok(status) => status,
        Err(sentence) => fail(&sentence, FAILURE),
    }
}

/// The environment variables of all settings, of the server and of the client.
pub fn variables() -> Vec<String> {
    let command = Cli::command();
    let names = command.get_arguments().filter_map(|argument| argument.get_env());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let of_the_client = ["SERVER", "CA_CERT", "CONFIG_DIR", "DATA"];
    names.chain(of_the_client.map(|name| format!("FRONTDESK_{name}"))).collect()
}

fn fail(sentence: &str, status: u8) -> u8 {
    print_error(&format!("frontdesk-server: {sentence}"));
    status
}

async fn execute(cli: Cli) -> Result<u8, String> {
    let settings = cli.settings;
    // `check` reports bad settings with everything else, copying needs only the database, and the others need no
    // settings.
    let needs_none = matches!(
        cli.command,
        Some(
            Command::Check { .. }
                | Command::Openapi
                | Command::Completions { .. }
                | Command::Backup(_)
                | Command::Restore(_)
                | Command::Move(_)
        )
    );
    if !needs_none && let Err(sentence) = usage::check(&settings) {
        return Ok(fail(&sentence, WRONG_USAGE));
    }
    match cli.command {
        None | Some(Command::Serve) => serve(settings).await.map(|()| 0),
        Some(Command::Openapi) => {
            print_json(&openapi::document())?;
            Ok(0)
        }
        Some(Command::Migrate) => {
            let (app, _lock) = open_beside(settings).await?;
            app.close().await;
            print_line("The database is up to date.");
            Ok(0)
        }
        Some(Command::User(command)) => {
            let (app, _lock) = open_beside(settings).await?;
            let done = user(&app, command).await;
            app.close().await;
            done.map(|()| 0)
        }
        Some(Command::Import(command)) => {
            let (app, _lock) = open_beside(settings).await?;
            let done = import::run(&app, command).await;
            app.close().await;
            done
        }
        Some(Command::Export(command)) => {
            let (app, _lock) = open_beside(settings).await?;
            let done = export::run(&app, command).await;
            app.close().await;
            done.map(|()| 0)
        }
        Some(Command::Backup(options)) => match backup::run(&settings, options).await {
            Ok(()) => Ok(0),
            Err(Refused::Usage(sentence)) => Ok(fail(&sentence, WRONG_USAGE)),
            Err(Refused::Failed(sentence)) => Err(sentence),
        },
        Some(Command::Restore(options)) => backup::restore(&settings, options).await.map(|()| 0),
        Some(Command::Move(options)) => backup::relocate(&settings, options).await.map(|()| 0),
        Some(Command::Keys(command)) => keys::run(&settings, &command).map(|()| 0),
        Some(Command::Check { json, recount }) => {
            let recounted = if recount { recount_figures(&settings).await } else { Ok(None) };
            check::run(&settings, json, recounted).await
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut usage::command(), "frontdesk-server", &mut script);
            print_page(String::from_utf8_lossy(&script).trim_end());
            Ok(0)
        }
    }
}

/// How long a command waits for another command that is using the file, because unattended
/// commands have nobody who would try again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens the database for a command. If a server is running on it, the server has migrated it.
/// Otherwise the lock keeps servers from starting until the command has ended.
async fn open_beside(settings: Settings) -> Result<(App, Option<Lock>), String> {
    let database = settings.database()?;
    let lock = match &database {
        Database::Sqlite(file) => {
            database.make_folder()?;
            lock_beside(file).await?
        }
        Database::Postgres(_) => None,
    };
    let app = upgrade::open_on(settings, &database).await?;
    Ok((app, lock))
}

/// Takes the lock of a SQLite file for a command; `None` where a server holds it.
async fn lock_beside(file: &Path) -> Result<Option<Lock>, String> {
    match Lock::acquire(file, PATIENCE).await? {
        LockOutcome::Ours(lock) => Ok(Some(lock)),
        LockOutcome::Taken(Some(_)) => Ok(None),
        LockOutcome::Taken(None) => Err(format!(
            "another command is using the database {}: try again when it has ended",
            file.display()
        )),
    }
}

/// Counts the kept figures anew; `None` where there are none yet, because a check creates nothing.
async fn recount_figures(settings: &Settings) -> Result<Option<Finding>, String> {
    let database = settings.database()?;
    let Database::Sqlite(file) = &database else { return Db::recount(&database).await };
    if !file.exists() {
        return Ok(None);
    }
    // No server starts meanwhile, which could be a newer one and migrate. One that runs goes on.
    let _lock = lock_beside(file).await?;
    // Two beside a server would both add what a figure lacks.
    match Lock::acquire(&beside::path(file, ".recount"), PATIENCE).await? {
        LockOutcome::Ours(_turn) => Db::recount(&database).await,
        LockOutcome::Taken(_) => Err("another recount is running".to_owned()),
    }
}

async fn user(app: &App, command: UserCommand) -> Result<(), String> {
    let done = match command {
        UserCommand::Create { email, role, name, password_stdin } => {
            let password = password(password_stdin)?;
            let account = users::read_account(&email, &name, password, role);
            match account {
                Ok(account) => users::create(app, account, role).await.map(|user| {
                    print_line(&format!(
                        "{} is now {} (id {}).",
                        user.login_name(),
                        user.role,
                        user.id
                    ));
                }),
                Err(errors) => Err(errors.into()),
            }
        }
        UserCommand::List { json } => users::list(app).await.and_then(|users| {
            if json {
                return print_json(&users).map_err(|error| Error::Internal(error.into()));
            }
            for user in users {
                let state = if user.is_active { "active" } else { "deactivated" };
                let email = user.email.as_deref().unwrap_or_default();
                let (id, role, name) = (user.id, user.role, user.label());
                print_line(format!("{id:>6}  {role:<8} {state:<12} {name:<20} {email}").trim_end());
            }
            Ok(())
        }),
        UserCommand::SetRole { user, role } => users::set_role(app, &user, role)
            .await
            .map(|user| print_line(&format!("{} is now {}.", shown(&user), user.role))),
        UserCommand::SetPassword { user, password_stdin } => {
            let password = password(password_stdin)?;
            users::set_password(app, &user, &password)
                .await
                .map(|user| print_line(&format!("{} has a new password.", shown(&user))))
        }
        UserCommand::Deactivate { user } => users::deactivate(app, &user)
            .await
            .map(|user| print_line(&format!("{} can no longer log in.", shown(&user)))),
    };
    done.map_err(|error| match error {
        Error::NotFound => "there is no such user".to_owned(),
        Error::Invalid(errors) | Error::Conflict(errors) => errors.to_string(),
        other => other.to_string(),
    })
}

/// The name of a user in a message.
fn shown(user: &User) -> String {
    match &user.email {
        Some(email) => format!("{} ({email})", user.label()),
        None => user.label().to_owned(),
    }
}

/// Reads the password from standard input, without its line end, or from a prompt without echo.
fn password(from_stdin: bool) -> Result<String, String> {
    if from_stdin {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| format!("the password can't be read: {error}"))?;
        let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
        return Ok(text.strip_suffix('\r').map(str::to_owned).unwrap_or(text));
    }
    if !std::io::stdin().is_terminal() {
        return Err("there is no terminal to ask for the password: use --password-stdin".to_owned());
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| format!("can't ask for the password: {error}"))
    };
    let password = ask("Password: ")?;
    if ask("Again: ")? != password {
        return Err("the two passwords differ".to_owned());
    }
    Ok(password)
}

async fn serve(settings: Settings) -> Result<(), String> {
    start_log(&settings);
    let database = settings.database()?;
    database.make_folder()?;
    let mut lock = match &database {
        Database::Sqlite(file) => match Lock::try_acquire(file)? {
            LockOutcome::Ours(lock) => Some(lock),
            LockOutcome::Taken(address) => {
                let file = file.display();
                return Err(match address {
                    Some(address) => format!("a server at {address} has the database {file} open"),
                    None => {
                        format!(
                            "a command is using the database {file}: try again when it has ended"
                        )
                    }
                });
            }
        },
        Database::Postgres(_) => None,
    };
    let listener = connections::listen(settings.listen)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let app = upgrade::open_on(Settings { listen: address, ..settings }, &database).await?;
    let server = connections::Server::open(&app, listener, connections::Limits::default())?;
    let scheme = if app.settings().tls()?.is_some() { "https" } else { "http" };
    if let Some(lock) = &mut lock {
        lock.announce(&format!("{scheme}://{address}"))?;
    }
    let mut signals = Signals::catch()?;
    if app.settings().is_unencrypted() {
        tracing::warn!(
            "others on the network can read the traffic: set --tls-cert and --tls-key, or name the proxy \
             that encrypts with --trusted-proxies"
        );
    }
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    let needed = users::is_setup_needed(&app).await.map_err(|error| error.to_string())?;
    if needed {
        tracing::warn!(
            "there is no administrator yet: frontdesk-server user create --email E --role admin"
        );
    }
    let leaving = app.clone();
    let stop = async move {
        signals.next().await;
        let delay = leaving.settings().shutdown_delay;
        if delay > 0 {
            leaving.announce_stop();
            tracing::info!(seconds = delay, "no longer ready, stopping soon");
            drop(timeout(Duration::from_secs(delay), signals.next()).await);
        }
    };
    server.serve(stop).await;
    app.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and Ctrl-C. While this value exists, neither ends the process by itself.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn catch() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: catch(interrupt)?, terminate: catch(terminate)? })
    }

    /// Waits for the next signal.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> Result<Self, String> {
        Ok(Self)
    }

    /// Waits for the next signal.
    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}

fn start_log(settings: &Settings) {
    // sqlx logs every notice from PostgreSQL. Only warnings are of interest.
    let libraries = settings.log_level.min(LevelFilter::WARN);
    let filter = Targets::new().with_default(settings.log_level).with_target("sqlx", libraries);
    let is_json = settings.log_format == LogFormat::Json;
    let has_colors = !is_json && output::is_stderr_terminal();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(output::Log { is_json, has_colors })
        .with_ansi(has_colors);
    let layer = match settings.log_format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    // The filter is a layer of its own. A filter attached to another layer can lose an event after
    // sqlx has asked only whether it is enabled.
    tracing_subscriber::registry().with(layer).with(filter).init();
}
