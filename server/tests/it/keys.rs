//! Changing the secrets that sign logins, and the `check` command.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use server::config::Settings;

use crate::{
    crash::{program, serve},
    harness::{Backend, Place, Server, on_both},
    users::{NEW_PASSWORD, make, reset},
};

on_both! {
    a_rotation_logs_nobody_out_on_any_instance,
    a_code_outlives_its_secret_even_if_sessions_are_short,
    revoking_all_keys_ends_every_login_on_every_instance,
    check_finds_a_healthy_server_healthy,
}

/// A server with its secrets in a file.
async fn server(backend: Backend) -> Server {
    let place = Arc::new(Place::new(backend).await);
    Server::start_at(place.clone(), with_file(&place)).await
}

fn with_file(place: &Place) -> Settings {
    let jwt_secret_file = Some(place.secret_file());
    Settings { jwt_secret: None, jwt_secret_file, ..place.settings() }
}

/// Runs the program. Returns its exit status and its output.
fn run(place: &Place, args: &[&str]) -> (i32, String) {
    let output = program(place).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn secrets(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.secret_file()).unwrap();
    text.lines().map(str::to_owned).collect()
}

async fn a_rotation_logs_nobody_out_on_any_instance(backend: Backend) {
    let first = server(backend).await;
    let second = Server::start_at(first.place.clone(), with_file(&first.place)).await;
    for server in [&first, &second] {
        server.app.clock().stop();
    }
    let staff = first.staff().await;
    let session = first.session("staff@example.com").await;
    let place = &first.place;
    let before = secrets(place);
    assert_eq!(run(place, &["keys", "rotate"]).0, 0);
    let after = secrets(place);
    assert_eq!(after.len(), before.len() + 1);
    assert!(after[1].starts_with(&before[0]) && !after.contains(&before[0]), "{after:?}");
    let mode = place.secret_file().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The first instance has read the file again and signs with the new secret. The second one
    // would not read it yet, but it meets an unknown key.
    first.app.clock().advance(TimeDelta::seconds(2));
    staff.get("/api/auth/profile").await.expect_status(200);
    let refresh = json!({"refresh": session["refresh"]});
    let renewed = first.nobody().post("/api/auth/token/refresh", refresh).await.expect_status(200);
    let kid = |token: &Value| token.as_str().unwrap().split('.').next().unwrap().to_owned();
    assert_ne!(kid(&renewed.body["access"]), kid(&session["access"]));
    let new = renewed.body["access"].as_str().unwrap();
    second.nobody().with_token(new).get("/api/auth/profile").await.expect_status(200);
    let old = session["access"].as_str().unwrap();
    second.nobody().with_token(old).get("/api/auth/profile").await.expect_status(200);
}

async fn a_code_outlives_its_secret_even_if_sessions_are_short(backend: Backend) {
    let place = Arc::new(Place::new(backend).await);
    let settings = Settings { refresh_token_days: 1, ..with_file(&place) };
    let server = Server::start_at(place.clone(), settings).await;
    let admin = server.admin().await;
    let made = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let rotate = || run(&place, &["keys", "rotate", "--refresh-token-days", "1"]);
    assert_eq!(rotate().0, 0);
    // The next rotation keeps the secrets that it would have kept a while later.
    let retired = secrets(&place);
    let days_ago = Utc::now() - TimeDelta::days(3);
    let (secret, _) = retired[1].rsplit_once(' ').unwrap();
    let written = format!("{}\n{secret} {}\n", retired[0], days_ago.to_rfc3339());
    std::fs::write(place.secret_file(), written).unwrap();
    let (_, said) = rotate();
    assert!(said.contains("verify: 2"), "{said}");
    assert_eq!(secrets(&place).len(), 3, "{said}");
    server.app.clock().advance(TimeDelta::days(3));
    reset(&server.nobody(), &made["code"], NEW_PASSWORD).await.expect_status(204);
}

async fn revoking_all_keys_ends_every_login_on_every_instance(backend: Backend) {
    let first = server(backend).await;
    let second = Server::start_at(first.place.clone(), with_file(&first.place)).await;
    let staff = first.staff().await;
    let session = first.session("staff@example.com").await;
    assert_eq!(run(&first.place, &["keys", "rotate"]).0, 0);
    assert_eq!(run(&first.place, &["keys", "revoke-all"]).0, 0);
    assert_eq!(secrets(&first.place).len(), 1);
    for server in [&first, &second] {
        server.app.clock().advance(TimeDelta::seconds(2));
        let old = server.nobody().with_token(session["access"].as_str().unwrap());
        old.get("/api/auth/profile").await.expect_status(401);
        let refresh = json!({"refresh": session["refresh"]});
        server.nobody().post("/api/auth/token/refresh", refresh).await.expect_status(401);
        let again = server.log_in("staff@example.com").await;
        again.get("/api/auth/profile").await.expect_status(200);
    }
    staff.get("/api/auth/profile").await.expect_status(401);
}

#[tokio::test]
async fn a_damaged_key_file_does_not_affect_a_running_server() {
    let server = server(Backend::Sqlite).await;
    let staff = server.staff().await;
    let file = server.place.secret_file();
    let good = std::fs::read_to_string(&file).unwrap();
    for bad in ["", "short\n", &good.replace(&good[..8], "changeme")] {
        std::fs::write(&file, bad).unwrap();
        server.app.clock().advance(TimeDelta::seconds(2));
        staff.get("/api/auth/profile").await.expect_status(200);
        let (status, said) = run(&server.place, &["keys", "rotate"]);
        assert_eq!(status, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bad);
    }
    std::fs::remove_file(&file).unwrap();
    server.app.clock().advance(TimeDelta::seconds(2));
    staff.get("/api/auth/profile").await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_at_the_same_time_lose_no_secret() {
    let place = Arc::new(Place::new(Backend::Sqlite).await);
    place.secret_file();
    let rotations = (0..6).map(|_| {
        let place = Arc::clone(&place);
        tokio::task::spawn_blocking(move || run(&place, &["keys", "rotate"]))
    });
    for rotation in rotations.collect::<Vec<_>>() {
        let (status, said) = rotation.await.unwrap();
        assert_eq!(status, 0, "{said}");
    }
    assert_eq!(secrets(&place).len(), 7);
}

#[tokio::test]
async fn only_a_secret_in_a_file_can_be_rotated() {
    let place = Place::new(Backend::Sqlite).await;
    for command in ["rotate", "revoke-all"] {
        let mut program = program(&place);
        program.env_remove("FRONTDESK_JWT_SECRET_FILE");
        program.env("FRONTDESK_JWT_SECRET", "tests-sign-with-this-0123456789abcdef");
        let output = program.args(["keys", command]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("only a key file can be rotated"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

fn checked(place: &Place, args: &[&str]) -> (i32, Vec<Value>) {
    let (status, said) = run(place, &[&["check", "--json"], args].concat());
    let found: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    (status, found.as_array().unwrap().clone())
}

/// The bad findings, by name.
fn faults(found: &[Value]) -> Vec<(&str, &str)> {
    sentences(found.iter().filter(|finding| finding["is_well"] == false))
}

/// The warnings, by name.
fn warnings(found: &[Value]) -> Vec<(&str, &str)> {
    sentences(found.iter().filter(|finding| finding["is_warning"] == true))
}

fn sentences<'a>(findings: impl Iterator<Item = &'a Value>) -> Vec<(&'a str, &'a str)> {
    findings.map(|it| (it["what"].as_str().unwrap(), it["detail"].as_str().unwrap())).collect()
}

async fn check_finds_a_healthy_server_healthy(backend: Backend) {
    let place = Place::new(backend).await;
    let (status, found) = checked(&place, &[]);
    assert_eq!((status, faults(&found)), (0, Vec::new()));
    let [("database", sentence)] = warnings(&found)[..] else { panic!("{found:?}") };
    assert!(sentence.contains("yet: serve and migrate create"), "{sentence}");
    let (mut child, _) = serve(&place);
    let (status, found) = checked(&place, &[]);
    assert_eq!((status, faults(&found), warnings(&found)), (0, Vec::new(), Vec::new()));
    let (status, said) = run(&place, &["check"]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said.lines().count(), found.len());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn check_names_everything_that_is_wrong() {
    let place = Place::new(Backend::Sqlite).await;
    assert_eq!(run(&place, &["migrate"]).0, 0);
    std::fs::set_permissions(place.secret_file(), PermissionsExt::from_mode(0o644)).unwrap();
    let (status, found) = checked(&place, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    assert_eq!(status, 1);
    let bad = faults(&found);
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert!(bad[0].0 == "keys" && bad[0].1.contains("can be read by others"));
    assert!(bad[1].0 == "TLS" && bad[1].1.contains("cert.pem"));
    let outbox = place.folder.path().join("desk.sqlite").join("outbox");
    let outbox = outbox.to_str().unwrap();
    for (wrong, expected) in [
        (["--smtp-url", "smtp://ana:password@mail.example.com?tls=maybe"], "?tls=required"),
        (["--mail-from", "nobody"], "is not an e-mail address"),
        (["--outbox", outbox], "desk.sqlite"),
    ] {
        let (status, found) = checked(&place, &wrong);
        assert_eq!(status, 1);
        let bad = faults(&found);
        let [_, ("mail", sentence)] = bad[..] else { panic!("{bad:?}") };
        assert!(sentence.contains(expected) && !sentence.contains("password"), "{sentence}");
    }
    // A damaged page in the middle of the file.
    let file = place.folder.path().join("desk.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let (status, found) = checked(&place, &[]);
    assert_eq!(status, 1);
    assert!(faults(&found).iter().any(|(what, _)| *what == "database"), "{found:?}");
}

#[tokio::test]
async fn check_before_the_first_start_on_sqlite_finds_nothing_wrong() {
    let place = Place::new(Backend::Sqlite).await;
    let mut command = program(&place);
    command.env_remove("FRONTDESK_JWT_SECRET_FILE").env("FRONTDESK_DATABASE_URL", "sqlite:a/b.db");
    for argument in ["check", "--recount"] {
        let output = command.arg(argument).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("WARN  database: the database a/b.db does not exist yet"), "{said}");
        assert!(!said.contains("BAD"), "{said}");
        assert!(!place.folder.path().join("a").exists(), "check has made a folder");
    }
}

#[tokio::test]
async fn check_names_the_hosts_and_the_end_of_the_certificate() {
    let place = Place::new(Backend::Sqlite).await;
    assert_eq!(run(&place, &["migrate"]).0, 0);
    crate::tls::write_certificate(place.folder.path());
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let (status, said) = run(&place, &[&["check"][..], &tls].concat());
    assert_eq!(status, 0, "{said}");
    let line = said.lines().find(|line| line.starts_with("ok    TLS: ")).expect(&said);
    assert!(line.contains("is for localhost, 127.0.0.1 and expires on 4096-01-01"), "{line}");
    let elsewhere = ["check", "--public-url", "https://desk.example"];
    let (status, said) = run(&place, &[&elsewhere[..], &tls].concat());
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("WARN  TLS: ") && said.contains("not for desk.example"), "{said}");
}

#[tokio::test]
async fn a_secret_that_is_mounted_for_a_group_is_used_with_a_warning() {
    let place = Place::new(Backend::Sqlite).await;
    // As container platforms mount it: a link, readable by the group.
    let file = place.secret_file();
    let mounted = place.folder.path().join("mounted");
    std::fs::rename(&file, &mounted).unwrap();
    std::os::unix::fs::symlink("mounted", &file).unwrap();
    std::fs::set_permissions(&mounted, PermissionsExt::from_mode(0o440)).unwrap();
    assert_eq!(run(&place, &["migrate"]).0, 0);
    let (status, found) = checked(&place, &[]);
    let [("keys", sentence)] = warnings(&found)[..] else { panic!("{found:?}") };
    assert_eq!((status, faults(&found)), (0, Vec::new()));
    assert!(sentence.contains("can be read by its whole group"), "{sentence}");
    let (mut child, _) = serve(&place);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(run(&place, &["keys", "rotate"]).0, 0);
    assert!(file.is_symlink(), "the link was replaced by a file");
    assert_eq!(std::fs::read_to_string(mounted).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_missing_postgresql_database_is_named_without_a_source_location() {
    let mut place = Place::new(Backend::Postgres).await;
    let mut url: reqwest::Url = place.database_url.parse().unwrap();
    url.set_path("nowhere");
    place.database_url = url.to_string();
    for command in ["check", "migrate"] {
        let (status, said) = run(&place, &[command]);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains("has no database \"nowhere\": create it first"), "{said}");
        assert!(!said.contains(" at line "), "{said}");
    }
    url.set_username("nobody").unwrap();
    place.database_url = url.into();
    let (_, said) = run(&place, &["migrate"]);
    assert!(said.contains("\"nobody\"") && !said.contains(" at line "), "{said}");
}

#[tokio::test]
async fn completions_know_every_command_for_every_shell() {
    let place = Place::new(Backend::Sqlite).await;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, script) = run(&place, &["completions", shell]);
        assert_eq!(status, 0);
        for word in ["frontdesk-server", "migrate", "revoke-all", "tls-cert"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(run(&place, &["completions", "tcsh"]).0, 2);
}
