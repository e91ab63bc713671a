//! Arguments and errors in them: the settings that the help of a command shows, and the source of
//! a bad value.

use clap::{Arg, Command, CommandFactory, error::ContextKind, error::ContextValue};

use super::Cli;
use crate::{
    config::{EnvFile, Settings},
    keys,
    services::mailer::Mailer,
};

/// The settings that the help of a command shows, by their ids. `None` means all.
fn needed(command: &str) -> Option<&'static [&'static str]> {
    match command {
        "serve" | "check" => None,
        "import" => Some(&["database_url", "jwt_secret_file", "time_zone"]),
        "keys" => Some(&["database_url", "jwt_secret_file", "refresh_token_days"]),
        "backup" | "move" => Some(&["database_url"]),
        "restore" => Some(&["database_url", "jwt_secret_file"]),
        "openapi" | "completions" => Some(&[]),
        _ => Some(&["database_url", "jwt_secret_file"]),
    }
}

/// The command line. Every command accepts every setting, but its help shows only those that it
/// needs.
pub(super) fn command() -> Command {
    let whole = Cli::command();
    let settings: Vec<Arg> =
        whole.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let hidden = |command: Command| {
        let Some(needed) = needed(command.get_name()) else { return command };
        let others = settings.iter().filter(|arg| !needed.contains(&arg.get_id().as_str()));
        let command = command.args(others.map(|arg| arg.clone().hide(true)));
        let hint = "frontdesk-server --help lists all settings; each is accepted here too.";
        hinted(command, hint).mut_subcommands(|command| hinted(command, hint))
    };
    let names: Vec<String> =
        whole.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(whole, |whole, name| whole.mut_subcommand(name, hidden))
}

/// Adds a hint to the end of a command's help.
fn hinted(command: Command, hint: &str) -> Command {
    let text = match command.get_after_help() {
        Some(own) => format!("{own}\n\n{hint}"),
        None => hint.to_owned(),
    };
    command.after_help(text)
}

/// Names the source of a value that clap refuses, unless it stands on the command line.
pub(super) fn origin(error: &clap::Error, file: &EnvFile, arguments: &[String]) -> Option<String> {
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else { return None };
    let flag = argument.split([' ', '=', '[']).next()?;
    let is_given = |it: &String| it == flag || it.starts_with(&format!("{flag}="));
    if arguments.iter().any(is_given) {
        return None;
    }
    let command = Cli::command();
    let long = flag.strip_prefix("--")?;
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long))?;
    let variable = arg.get_env()?.to_str()?;
    Some(format!("The value comes from {variable} in {}.", file.origin_of(variable)))
}

/// Checks the settings as far as possible without opening anything.
///
/// Fails with one sentence.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    let database = settings.database()?;
    settings.tls()?;
    keys::check_given(settings, &database)?;
    Mailer::open(settings, &database).map(drop)
}
