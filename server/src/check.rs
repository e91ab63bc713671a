//! `frontdesk-server check`: whether everything that the server needs is there and in order. It
//! changes nothing, and looks beside a running server too.

use std::path::Path;

use serde_json::json;

use crate::{
    api::tls,
    config::{Database, Settings},
    db::Db,
    keys,
    output::{say, say_json},
    services::post::Post,
};

/// One thing that was looked at: what it is, and how it is or what is wrong with it.
struct Finding(&'static str, Result<String, String>);

/// Looks at everything and says how it is, a line each; 1 where something is wrong.
pub async fn run(settings: &Settings, is_json: bool) -> Result<u8, String> {
    let findings = findings(settings).await;
    let is_well = findings.iter().all(|Finding(_, found)| found.is_ok());
    if is_json {
        let lines: Vec<_> = findings
            .iter()
            .map(|Finding(what, found)| {
                let (Ok(detail) | Err(detail)) = found;
                json!({"what": what, "is_well": found.is_ok(), "detail": detail})
            })
            .collect();
        say_json(&lines)?;
        return Ok(u8::from(!is_well));
    }
    for Finding(what, found) in &findings {
        match found {
            Ok(detail) => say(&format!("well  {what}: {detail}")),
            Err(sentence) => say(&format!("BAD   {what}: {sentence}")),
        }
    }
    Ok(u8::from(!is_well))
}

async fn findings(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    match settings.database() {
        Ok(database) => {
            let inspected = Db::inspect(&database).await;
            findings.extend(inspected.into_iter().map(|found| Finding("database", found)));
            if let Database::Sqlite(file) = &database {
                findings.push(Finding("folder", folder(file)));
            }
            findings.push(Finding("keys", keys::check(settings, &database)));
            findings.push(Finding("mail", mail(settings, &database)));
        }
        Err(sentence) => findings.push(Finding("database", Err(sentence))),
    }
    findings.push(Finding("time zone", settings.zone().map(|zone| zone.name().to_owned())));
    let tls = tls::check(settings).map(|pair| match pair {
        Some(pair) => pair,
        None if settings.is_overheard() => {
            "none, and others on the network can read along".to_owned()
        }
        None => "none".to_owned(),
    });
    findings.push(Finding("TLS", tls));
    let token = settings.metrics_token();
    let metrics = token.map(|token| match (settings.metrics_listen, token) {
        (Some(address), Some(_)) => format!("http://{address}/metrics, with a token"),
        (Some(address), None) => format!("http://{address}/metrics"),
        (None, Some(_)) => "/metrics, with a token".to_owned(),
        (None, None) => "none".to_owned(),
    });
    findings.push(Finding("metrics", metrics));
    findings
}

/// Where mail goes. Nobody is connected to, and no folder is made.
fn mail(settings: &Settings, database: &Database) -> Result<String, String> {
    let post = Post::open(settings, database)?;
    let from = &post.from().email;
    let Some(outbox) = post.outbox() else { return Ok(format!("by SMTP, from {from}")) };
    // The folder is made with the first mail, and with it those above it.
    let there = outbox.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    writable(there.unwrap_or(Path::new(".")))?;
    Ok(format!("files in {}, from {from}", outbox.display()))
}

/// Whether files can be written beside the database: its log.
fn folder(file: &Path) -> Result<String, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    writable(folder.unwrap_or(Path::new(".")))
}

fn writable(folder: &Path) -> Result<String, String> {
    let place = folder.display();
    tempfile::NamedTempFile::new_in(folder)
        .map(|_| format!("{place} can be written to"))
        .map_err(|error| format!("{place} can't be written to: {error}"))
}
