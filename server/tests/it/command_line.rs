//! The server's command line, as an operator meets it.

use std::{io::Write, net::TcpListener, os::unix::fs::PermissionsExt, process::Stdio};

use crate::{
    crash::{create_admin, program, serve},
    harness::{Backend, PASSWORD, Place, on_both},
};

on_both! {
    accounts_are_kept_beside_a_running_server,
    a_server_stops_cleanly_at_sigterm,
    a_database_that_is_newer_than_the_program_is_refused,
}

/// Runs the program; answers its exit status, output and complaint.
fn run(place: &Place, args: &[&str], stdin: &str) -> (i32, String, String) {
    let mut child = program(place).args(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn refused(place: &Place, args: &[&str], sentence: &str) {
    let (status, _, complaint) = run(place, args, "");
    assert_eq!(status, 1, "{args:?}: {complaint}");
    assert!(complaint.contains(sentence), "{args:?}: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "more than a sentence: {complaint}");
}

async fn accounts_are_kept_beside_a_running_server(backend: Backend) {
    let place = Place::new(backend).await;
    let (mut child, _) = serve(&place);
    create_admin(&place);
    let (status, list, _) = run(&place, &["user", "list"], "");
    assert_eq!((status, list.lines().count()), (0, 1));
    assert!(list.contains("admin@example.com"));
    let json: serde_json::Value =
        serde_json::from_str(&run(&place, &["user", "list", "--json"], "").1).unwrap();
    assert_eq!(json[0]["role"], "admin");
    let create =
        ["user", "create", "--email", "x@example.com", "--role", "staff", "--password-stdin"];
    let (status, _, complaint) = run(&place, &create, "short");
    assert_eq!(status, 1);
    assert!(complaint.contains("at least 15 characters"), "{complaint}");
    assert_eq!(run(&place, &create, PASSWORD).0, 0);
    assert!(run(&place, &create, PASSWORD).2.contains("already"));
    assert_eq!(run(&place, &["user", "set-role", "x@example.com", "admin"], "").0, 0);
    assert_eq!(run(&place, &["user", "deactivate", "admin@example.com"], "").0, 0);
    refused(&place, &["user", "deactivate", "x@example.com"], "last active administrator");
    refused(&place, &["user", "set-role", "nobody@example.com", "admin"], "no such user");
    let set = ["user", "set-password", "x@example.com", "--password-stdin"];
    assert_eq!(run(&place, &set, "a longer walk by the sea\n").0, 0);
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn a_server_stops_cleanly_at_sigterm(backend: Backend) {
    let place = Place::new(backend).await;
    let (mut child, _) = serve(&place);
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
    if backend == Backend::Sqlite {
        let log = place.folder.path().join("desk.sqlite-wal");
        assert!(!log.exists(), "the write-ahead log was not written into the file");
    }
}

async fn a_database_that_is_newer_than_the_program_is_refused(backend: Backend) {
    let place = Place::new(backend).await;
    assert_eq!(run(&place, &["migrate"], "").0, 0);
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
        execution_time) VALUES (9999, 'later', true, '', 0)";
    use sqlx::{Connection, Executor};
    match place.database_url.strip_prefix("sqlite:") {
        Some(path) => {
            let url = format!("sqlite:{path}");
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            connection.execute(later).await.unwrap();
        }
        None => {
            let mut connection = sqlx::PgConnection::connect(&place.database_url).await.unwrap();
            connection.execute(later).await.unwrap();
        }
    }
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], "newer than this program");
}

#[tokio::test]
async fn what_can_not_work_is_one_plain_sentence() {
    let place = Place::new(Backend::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&place, &["serve", "--listen", &address], "the port is taken");
    refused(&place, &["--smtp-url", "http://u:hunter2@mail.example.com"], "the SMTP URL has to be");
    refused(&place, &["--smtp-url", "smtp://h?tls=no"], "?tls=required or ?tls=none");
    refused(&place, &["--mail-from", "nobody"], "\"nobody\" is no e-mail address");
    refused(&place, &["--database-url", "mysql://x/y"], "unknown scheme \"mysql\"");
    refused(&place, &["--database-url", "sqlite:/proc/nowhere/a.sqlite"], "can't");
    refused(
        &place,
        &["--database-url", "postgres://u@127.0.0.1:1/d"],
        "can't connect to PostgreSQL",
    );
    let folder = place.folder.path();
    std::fs::write(folder.join("no.sqlite"), "this is not a database, it is a letter\n".repeat(99))
        .unwrap();
    let url = format!("sqlite:{}", folder.join("no.sqlite").display());
    refused(&place, &["--database-url", &url], "can't open the database");
    std::fs::set_permissions(place.secret_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], "can be read by others");
}

#[tokio::test]
async fn postgresql_needs_a_given_secret() {
    let place = Place::new(Backend::Postgres).await;
    let output =
        program(&place).env_remove("FRONTDESK_JWT_SECRET_FILE").arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("--jwt-secret-file"), "{complaint}");
}

#[tokio::test]
async fn a_misspelt_setting_is_not_ignored() {
    let place = Place::new(Backend::Sqlite).await;
    let output = program(&place).env("FRONTDESK_LISTN", "x").arg("migrate").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("did you mean FRONTDESK_LISTEN?"), "{complaint}");
    std::fs::write(place.folder.path().join(".env"), "FRONTDESK_REGISTRATIN=open\n").unwrap();
    let (status, _, complaint) = run(&place, &["migrate"], "");
    assert_eq!(status, 1);
    assert!(complaint.contains("FRONTDESK_REGISTRATION"), "{complaint}");
    std::fs::remove_file(place.folder.path().join(".env")).unwrap();
    assert_eq!(run(&place, &["--listen", "nonsense"], "").0, 2);
}

#[tokio::test]
async fn settings_come_from_flag_then_variable_then_file() {
    let place = Place::new(Backend::Sqlite).await;
    let file = "FRONTDESK_DATABASE_URL=sqlite:from-file.sqlite\n";
    std::fs::write(place.folder.path().join(".env"), file).unwrap();
    let exists = |name: &str| place.folder.path().join(name).exists();
    let migrate = |variable: Option<&str>, flag: Option<&str>| {
        let mut command = program(&place);
        command.env_remove("FRONTDESK_DATABASE_URL").arg("migrate");
        variable.map(|url| command.env("FRONTDESK_DATABASE_URL", url));
        flag.map(|url| command.args(["--database-url", url]));
        assert!(command.status().unwrap().success());
    };
    migrate(Some("sqlite:from-variable.sqlite"), Some("sqlite:from-flag.sqlite"));
    assert!(exists("from-flag.sqlite") && !exists("from-variable.sqlite"));
    migrate(Some("sqlite:from-variable.sqlite"), None);
    assert!(exists("from-variable.sqlite") && !exists("from-file.sqlite"));
    migrate(None, None);
    assert!(exists("from-file.sqlite"));
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_told_where_the_first_is() {
    let place = Place::new(Backend::Sqlite).await;
    let (mut child, base) = serve(&place);
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], &base);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_key_is_made_beside_the_file_for_its_owner_alone() {
    let place = Place::new(Backend::Sqlite).await;
    let status = program(&place).env_remove("FRONTDESK_JWT_SECRET_FILE").arg("migrate").status();
    assert!(status.unwrap().success());
    for name in ["desk.sqlite", "desk.sqlite.keys", "desk.sqlite.lock"] {
        let mode = place.folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_description_is_printed() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_frontdesk-server"))
        .arg("openapi")
        .output()
        .unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, server::api::openapi::document());
}
