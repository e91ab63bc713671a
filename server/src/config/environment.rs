//! The environment and the `.env` file: which variables are settings, and the source of each.

use std::{collections::HashSet, path::Path};

/// The file is read only from the folder in which the program was started, because others may be
/// able to write to the folders above.
const FILE: &str = ".env";

/// Frequent names for some settings, beyond typing errors.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("FRONTDESK_DATABASE", "FRONTDESK_DATABASE_URL"),
    ("FRONTDESK_DB", "FRONTDESK_DATABASE_URL"),
    ("FRONTDESK_DB_URL", "FRONTDESK_DATABASE_URL"),
    ("FRONTDESK_DEBUG", "FRONTDESK_LOG_LEVEL"),
    ("FRONTDESK_HOST", "FRONTDESK_LISTEN"),
    ("FRONTDESK_PORT", "FRONTDESK_LISTEN"),
    ("FRONTDESK_SECRET", "FRONTDESK_JWT_SECRET"),
    ("FRONTDESK_SECRET_KEY", "FRONTDESK_JWT_SECRET"),
    ("FRONTDESK_TZ", "FRONTDESK_TIME_ZONE"),
    ("FRONTDESK_URL", "FRONTDESK_PUBLIC_URL"),
];

/// The variables from the `.env` file, with their line numbers.
#[derive(Debug, Default)]
pub struct EnvFile(Vec<(String, usize)>);

impl EnvFile {
    /// The source of a variable, in words.
    pub fn origin_of(&self, name: &str) -> String {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, line)) => format!("line {line} of the {FILE} file"),
            None => "the environment".to_owned(),
        }
    }
}

/// Reads the `.env` file of the current folder into the environment. Existing variables take
/// precedence.
///
/// Fails on an unreadable or invalid file, and on a misspelt variable of Frontdesk, because a
/// setting must not be ignored.
pub fn read_environment(known: &[String]) -> Result<EnvFile, String> {
    let before: HashSet<String> = variables().into_iter().map(|(name, _)| name).collect();
    let file = read_file(Path::new(FILE), &before)?;
    for (name, value) in variables() {
        if !name.starts_with("FRONTDESK_")
            || known.contains(&name)
            || is_of_a_platform(&name, &value)
        {
            continue;
        }
        let other = OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, known)| *known);
        let near = other
            .or_else(|| shared::text::nearest(&name, known.iter().map(String::as_str)))
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        let origin = file.origin_of(&name);
        return Err(format!("{origin} sets {name}, which is not a setting{near}"));
    }
    Ok(file)
}

fn variables() -> Vec<(String, String)> {
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
    let variables = std::env::vars_os();
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    variables.map(|(name, value)| (text(name), text(value))).collect()
}

fn read_file(path: &Path, before: &HashSet<String>) -> Result<EnvFile, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(EnvFile::default()),
        Err(error) => return Err(format!("can't read the {FILE} file: {error}")),
    };
    let mut names = Vec::new();
    for variable in dotenvy::from_read_iter(text.as_bytes()) {
        // The line itself is not quoted, because it may contain a secret.
        let (name, _) = variable.map_err(|error| match error {
            dotenvy::Error::LineParse(bad, _) => {
                let first = bad.lines().next().unwrap_or_default().trim();
                match text.lines().position(|line| line.trim() == first) {
                    Some(place) => {
                        format!("line {} of the {FILE} file is not NAME=value", place + 1)
                    }
                    None => format!("the {FILE} file has a line that is not NAME=value"),
                }
            }
            error => format!("can't read the {FILE} file: {error}"),
        })?;
        if !before.contains(&name) {
            let line = text.lines().position(|line| name_in(line) == name).unwrap_or_default() + 1;
            names.push((name, line));
        }
    }
    dotenvy::from_path(path).map_err(|error| format!("can't read the {FILE} file: {error}"))?;
    Ok(EnvFile(names))
}

/// The name that a line of the file sets.
fn name_in(line: &str) -> &str {
    let (name, _) = line.split_once('=').unwrap_or_default();
    let name = name.trim();
    name.strip_prefix("export ").unwrap_or(name).trim()
}

/// Whether a container platform sets the variable for a service whose name begins with
/// `frontdesk`: `FRONTDESK_SERVICE_HOST`, `FRONTDESK_PORT=tcp://…`, `FRONTDESK_PORT_8000_TCP_ADDR`
/// and similar names.
fn is_of_a_platform(name: &str, value: &str) -> bool {
    let is_protocol = |text: &str| ["TCP", "UDP", "SCTP"].contains(&text);
    if let Some((_, port)) = name.rsplit_once("_SERVICE_PORT") {
        return port.is_empty() || port.starts_with('_');
    }
    if name.ends_with("_SERVICE_HOST") {
        return true;
    }
    if name.ends_with("_PORT")
        && ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
    {
        return true;
    }
    let Some((_, rest)) = name.rsplit_once("_PORT_").or_else(|| name.split_once("_PORT_")) else {
        return false;
    };
    let mut parts = rest.split('_');
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(is_number)
        && parts.next().is_some_and(is_protocol)
        && parts.next().is_none_or(|last| ["PROTO", "PORT", "ADDR"].contains(&last))
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_a_platform_are_distinguished_from_misspelt_settings() {
        for (name, value) in [
            ("FRONTDESK_SERVICE_HOST", "10.0.0.1"),
            ("FRONTDESK_SERVICE_PORT", "8000"),
            ("FRONTDESK_SERVICE_PORT_HTTP", "8000"),
            ("FRONTDESK_PORT", "tcp://10.0.0.1:8000"),
            ("FRONTDESK_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
            ("FRONTDESK_PORT_8000_TCP_PROTO", "tcp"),
            ("FRONTDESK_PORT_8000_TCP_PORT", "8000"),
            ("FRONTDESK_PORT_8000_TCP_ADDR", "10.0.0.1"),
            ("FRONTDESK_DB_SERVICE_HOST", "10.0.0.2"),
            ("FRONTDESK_DB_PORT_5432_TCP_ADDR", "10.0.0.2"),
        ] {
            assert!(is_of_a_platform(name, value), "{name}");
        }
        for (name, value) in [
            ("FRONTDESK_PORT", "8000"),
            ("FRONTDESK_LISTN", "tcp://10.0.0.1:8000"),
            ("FRONTDESK_PORT_8000", "x"),
            ("FRONTDESK_PORT_8000_TCP_NAME", "x"),
            ("FRONTDESK_SERVICE_PORTS", "8000"),
        ] {
            assert!(!is_of_a_platform(name, value), "{name}");
        }
    }
}
