//! What the program is asked to do: flags, environment, and the client's settings.

use std::{ffi::OsString, io::IsTerminal, path::PathBuf};

use clap::{CommandFactory, FromArgMatches, Parser, parser::ValueSource};

use crate::{
    client::Certificate,
    connection::{Place, address},
    settings::Settings,
};

/// The front desk of a clinic, in a terminal: on this machine's own data or a clinic's server.
///
/// Without a server, a local desk opens: the server runs inside this program, over a database in
/// your data folder.
#[derive(Parser)]
#[command(name = "frontdesk", version, max_term_width = 100)]
struct Args {
    /// Connect to this server instead of opening a local desk.
    #[arg(long, value_name = "URL", env = "FRONTDESK_SERVER")]
    server: Option<String>,
    /// Trust this certificate too (PEM): the clinic's own authority, or the server's own certificate.
    #[arg(long, value_name = "FILE", env = "FRONTDESK_CA_CERT")]
    ca_cert: Option<PathBuf>,
    /// Open a throw-away desk with sample data; nothing is kept.
    #[arg(long)]
    ephemeral: bool,
    /// The folder of the local desk's data.
    #[arg(long, value_name = "DIR", env = "FRONTDESK_DATA")]
    data: Option<PathBuf>,
    /// The folder of the copies that the local desk makes of its data, on another disk if possible.
    #[arg(long, value_name = "DIR", env = "FRONTDESK_BACKUP_DIR")]
    backup_dir: Option<PathBuf>,
    /// Draw without colours (as NO_COLOR does).
    #[arg(long)]
    no_color: bool,
    /// The convention of many programs: any text at all means no colours.
    #[arg(long = "no-color-variable", hide = true, env = "NO_COLOR")]
    no_color_variable: Option<OsString>,
    /// The folder of this client's settings.
    #[arg(long, value_name = "DIR", env = "FRONTDESK_CONFIG_DIR", hide = true)]
    config_dir: Option<PathBuf>,
}

/// What the program has been asked to do, checked.
pub(crate) struct LaunchOptions {
    /// Whom to talk to.
    pub(crate) place: Place,
    /// The folder of the local desk's data, where one is named.
    pub(crate) data: Option<PathBuf>,
    /// The folder of the copies of these data, where one is named.
    pub(crate) backup_dir: Option<PathBuf>,
    /// A certificate to trust besides the usual ones.
    pub(crate) certificate: Option<Certificate>,
    /// Whether to draw in colours.
    pub(crate) has_colors: bool,
    /// What earlier runs remembered.
    pub(crate) settings: Settings,
}

/// Reads flags and environment. Wrong usage ends the program here, with status 2.
///
/// Fails with one plain sentence.
pub(crate) fn read() -> Result<LaunchOptions, String> {
    let matches = Args::command().try_get_matches().unwrap_or_else(|e| leave(&e));
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|e| leave(&e));
    let is_flag = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    if is_flag("server") && (args.ephemeral || is_flag("data")) {
        refuse("--server can't be used with --ephemeral or --data: these open a local desk");
    }
    let settings = Settings::load(args.config_dir)?;
    // What is said now weighs more than what the environment or an earlier run says.
    let is_local = args.ephemeral || is_flag("data");
    let named = args.server.clone().or_else(|| settings.server.clone());
    let place = match named.filter(|_| !is_local) {
        Some(server) => Place::Server(address(&server).unwrap_or_else(|e| refuse(&e))),
        None if cfg!(not(feature = "embedded")) => {
            refuse("this build has no local desk: name a server with --server URL")
        }
        None => Place::Local { is_ephemeral: args.ephemeral },
    };
    let certificate = args.ca_cert.as_deref().map(Certificate::read).transpose()?;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err("the screens need a terminal for input and output".to_owned());
    }
    let no_color = args.no_color_variable.is_some_and(|value| !value.is_empty());
    let has_colors = !args.no_color && !no_color;
    let Args { data, backup_dir, .. } = args;
    Ok(LaunchOptions { place, data, backup_dir, certificate, has_colors, settings })
}

fn refuse(sentence: &str) -> ! {
    leave(&Args::command().error(clap::error::ErrorKind::ArgumentConflict, sentence))
}

/// Ends the program with what clap has to say. It quotes arguments and variables.
fn leave(error: &clap::Error) -> ! {
    crate::print_page(&error.render().to_string(), error.use_stderr());
    std::process::exit(error.exit_code())
}
