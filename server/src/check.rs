//! `frontdesk-server check`: checks that everything that the server needs is present and in order.
//! It can run beside a server, and changes nothing unless it is told to count figures anew.

use std::path::Path;

use serde_json::json;

use crate::{
    api::http::tls,
    backup::Copies,
    clock::Clock,
    config::{Database, Settings},
    db::Db,
    finding::{Finding, State},
    keys,
    output::{print_json, print_line},
    services::mailer::Mailer,
};

/// Checks everything and prints one line for each thing, after one for the figures if they were to be
/// counted anew. `recounted` is what came of that. Returns 1 if something is wrong.
pub async fn run(
    settings: &Settings,
    is_json: bool,
    recounted: Result<Option<Finding>, String>,
) -> Result<u8, String> {
    let mut findings = findings(settings).await;
    let recounted = recounted.unwrap_or_else(|sentence| {
        Some(Finding::bad(format!("the figures can't be counted anew: {sentence}")))
    });
    if let Some(recounted) = recounted {
        findings.insert(0, ("figures", recounted));
    }
    let is_well = findings.iter().all(|(_, found)| found.state != State::Bad);
    if is_json {
        let lines: Vec<_> = findings
            .iter()
            .map(|(what, found)| {
                let (is_well, is_warning) =
                    (found.state != State::Bad, found.state == State::Warning);
                json!({"what": what, "is_well": is_well, "is_warning": is_warning,
                       "detail": found.detail})
            })
            .collect();
        print_json(&lines)?;
        return Ok(u8::from(!is_well));
    }
    for (what, found) in &findings {
        let state = match found.state {
            State::Good => "ok",
            State::Warning => "WARN",
            State::Bad => "BAD",
        };
        print_line(&format!("{state:<5} {what}: {}", found.detail));
    }
    Ok(u8::from(!is_well))
}

/// The checked things and their states.
type Findings = Vec<(&'static str, Finding)>;

async fn findings(settings: &Settings) -> Findings {
    let mut findings: Findings = Vec::new();
    match settings.database() {
        Ok(database) => {
            let inspected = Db::inspect(&database).await;
            findings.extend(inspected.into_iter().map(|found| ("database", found)));
            if let Database::Sqlite(file) = &database {
                findings.push(("folder", folder(file).into()));
                let clock = Clock::new(settings.zone().unwrap_or_default());
                let copies = Copies::of(file, settings.backup_dir.as_deref());
                findings.push(("backups", copies.inspect(&clock)));
            }
            let keys = keys::check(settings, &database).unwrap_or_else(Finding::bad);
            findings.push(("keys", keys));
            findings.push(("mail", mail(settings, &database).into()));
        }
        Err(sentence) => findings.push(("database", Finding::bad(sentence))),
    }
    let zone = settings.zone();
    let now = Clock::new(zone.as_ref().copied().unwrap_or_default()).now();
    findings.push(("time zone", zone.map(|zone| zone.name().to_owned()).into()));
    let tls = tls::check(settings, now).map(|certificate| match certificate {
        Some(certificate) => certificate,
        None if settings.is_unencrypted() => {
            Finding::warning("none, so others on the network can read the traffic")
        }
        None => Finding::good("none"),
    });
    findings.push(("TLS", tls.unwrap_or_else(Finding::bad)));
    let token = settings.metrics_token();
    let metrics = token.map(|token| match (settings.metrics_listen, token) {
        (Some(address), Some(_)) => format!("http://{address}/metrics, with a token"),
        (Some(address), None) => format!("http://{address}/metrics"),
        (None, Some(_)) => "/metrics, with a token".to_owned(),
        (None, None) => "none".to_owned(),
    });
    findings.push(("metrics", metrics.into()));
    findings
}

/// The destination of mail. This makes no connection and creates no folder.
fn mail(settings: &Settings, database: &Database) -> Result<String, String> {
    let mailer = Mailer::open(settings, database)?;
    let from = &mailer.from().email;
    let Some(outbox) = mailer.outbox() else { return Ok(format!("by SMTP, from {from}")) };
    writable(outbox)?;
    Ok(format!("files in {}, from {from}", outbox.display()))
}

/// Whether SQLite can create files beside the database.
fn folder(file: &Path) -> Result<String, String> {
    writable(file.parent().unwrap_or(Path::new("")))
}

/// Whether a folder is writable. A missing folder is created when it is needed, with its parents,
/// so the check looks at the nearest existing one.
fn writable(folder: &Path) -> Result<String, String> {
    let there = folder.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    let folder = there.unwrap_or(Path::new("."));
    let place = folder.display();
    tempfile::NamedTempFile::new_in(folder)
        .map(|_| format!("{place} is writable"))
        .map_err(|error| format!("{place} is not writable: {error}"))
}
