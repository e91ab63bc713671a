//! The server's command line, as an operator meets it.

use std::{
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Child, Stdio},
    time::Duration,
};

use crate::{
    beside::Beside,
    connections::begin_request,
    crash::{create_admin, log_in, program, program_by, serve, serve_logging},
    harness::{Backend, PASSWORD, Place, on_both},
};

on_both! {
    accounts_can_be_managed_beside_a_running_server,
    a_server_stops_cleanly_at_sigterm,
    a_server_with_an_announced_stop_is_not_ready_but_still_serves,
    a_database_that_is_newer_than_the_program_is_refused,
    text_from_others_does_not_act_on_a_terminal,
}

/// Runs the program. Returns its exit status, standard output and standard error.
fn run(place: &Place, args: &[&str], stdin: &str) -> (i32, String, String) {
    let mut child = program(place).args(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn refused(place: &Place, args: &[&str], sentence: &str) {
    ends_with_a_sentence(place, args, 1, sentence);
}

#[track_caller]
fn misused(place: &Place, args: &[&str], sentence: &str) {
    ends_with_a_sentence(place, args, 2, sentence);
}

#[track_caller]
fn ends_with_a_sentence(place: &Place, args: &[&str], expected: i32, sentence: &str) {
    let (status, _, error) = run(place, args, "");
    assert_eq!(status, expected, "{args:?}: {error}");
    assert!(error.contains(sentence), "{args:?}: {error}");
    assert_eq!(error.lines().count(), 1, "more than a sentence: {error}");
}

async fn accounts_can_be_managed_beside_a_running_server(backend: Backend) {
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
    let (status, _, error) = run(&place, &create, "short");
    assert_eq!(status, 1);
    assert!(error.contains("at least 15 characters"), "{error}");
    let (status, _, error) = run(&place, &create, "securepassword123");
    assert_eq!(status, 1);
    assert!(error.contains("password: is too easy to guess"), "{error}");
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
    tell_to_stop(&child);
    assert!(child.wait().unwrap().success());
    if backend == Backend::Sqlite {
        let log = place.folder.path().join("desk.sqlite-wal");
        assert!(!log.exists(), "the write-ahead log was not written into the file");
    }
}

fn tell_to_stop(child: &Child) {
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
}

async fn a_server_with_an_announced_stop_is_not_ready_but_still_serves(backend: Backend) {
    let place = Place::new(backend).await;
    for (delay, signals) in [("300", 2), ("1", 1)] {
        let mut command = program(&place);
        command.env("FRONTDESK_SHUTDOWN_DELAY", delay);
        let (mut child, base, _log) =
            serve_logging(command.args(["serve", "--listen", "127.0.0.1:0"]));
        // Each on its own connection.
        let get = async |path: &str| {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            http.get(format!("{base}{path}")).send().await
        };
        assert_eq!(get("/readyz").await.unwrap().status(), 200);
        tell_to_stop(&child);
        if signals == 2 {
            let unready = loop {
                let answer = get("/readyz").await.unwrap();
                if answer.status() != 200 {
                    break answer;
                }
            };
            assert_eq!(unready.status(), 503);
            assert!(unready.headers().contains_key("retry-after"));
            let problem: serde_json::Value = unready.json().await.unwrap();
            assert_eq!(problem["error"], "unavailable");
            for path in ["/healthz", "/api/meta", "/openapi.json"] {
                assert_eq!(get(path).await.unwrap().status(), 200, "{path}");
            }
            assert_eq!(get("/readyz/").await.unwrap().status(), 503);
            assert!(child.try_wait().unwrap().is_none());
            tell_to_stop(&child);
        }
        assert!(child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn running_out_of_files_is_logged_once_a_second() {
    let place = Place::new(Backend::Sqlite).await;
    create_admin(&place);
    let limited = "ulimit -n 64; exec \"$0\" serve --listen 127.0.0.1:0";
    let (mut child, base, log) =
        serve_logging(&mut program_by(&place, &["/bin/sh", "-c", limited]));
    let address = base.strip_prefix("http://").unwrap().parse().unwrap();
    // Running requests, so that none gives way.
    let open: Vec<_> = (0..100).map(|_| begin_request(address)).collect();
    std::thread::sleep(Duration::from_secs(4));
    let lines: Vec<String> = log.try_iter().filter(|line| line.contains("accepted")).collect();
    assert!((2..=5).contains(&lines.len()), "{lines:#?}");
    assert!(lines[1].contains("left_out="), "{lines:#?}");
    assert!(!lines[1].contains("left_out=0"), "{lines:#?}");
    drop(open);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{base}/readyz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Writes directly to the database.
async fn execute(place: &Place, statement: &'static str) {
    Beside::connect(&place.database_url).await.execute(statement).await;
}

async fn a_database_that_is_newer_than_the_program_is_refused(backend: Backend) {
    let place = Place::new(backend).await;
    assert_eq!(run(&place, &["migrate"], "").0, 0);
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
        execution_time) VALUES (9999, 'later', true, '', 0)";
    execute(&place, later).await;
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], "newer than this program");
}

/// A text that would act on a terminal, and its displayed form.
const HOSTILE: &str = "a\u{1b}[2J\u{7}\u{9b}2J\u{202e}\nb";
const SHOWN: &str = "a␛[2J␇‹U+009B›2J‹U+202E›↵b";

#[track_caller]
fn acts_on_no_terminal(printed: &str) {
    let acts = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(printed.chars().find(acts), None, "{printed:?}");
}

async fn text_from_others_does_not_act_on_a_terminal(backend: Backend) {
    let place = Place::new(backend).await;
    create_admin(&place);
    // From a version that accepted such names, or written by another program.
    let rename = "UPDATE users SET email = 'a' || char(27) || '[2J' || char(7) || char(155) || '2J' \
        || char(8238) || char(10) || 'b'";
    let rename_there = "UPDATE users SET email = 'a' || chr(27) || '[2J' || chr(7) || chr(155) || \
        '2J' || chr(8238) || chr(10) || 'b'";
    let rename = if backend == Backend::Sqlite { rename } else { rename_there };
    execute(&place, rename).await;
    let (_, list, _) = run(&place, &["user", "list"], "");
    acts_on_no_terminal(&list);
    assert!(list.contains(SHOWN) && list.lines().count() == 1, "{list:?}");
    let (_, json, _) = run(&place, &["user", "list", "--json"], "");
    acts_on_no_terminal(&json);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["email"], HOSTILE);
    let file = format!("people{HOSTILE}.csv");
    let rows = format!("first_name,date_of_birth\n{HOSTILE:?},\n\u{1b}[2J,\nAna,\u{9b}2J\n");
    std::fs::write(place.folder.path().join(&file), rows).unwrap();
    let (status, _, field_errors) = run(&place, &["import", "patients", &file], "");
    acts_on_no_terminal(&field_errors);
    assert_eq!((status, field_errors.lines().count()), (1, 2), "{field_errors}");
    assert!(field_errors.lines().all(|line| line.starts_with(&format!("people{SHOWN}.csv:"))));
    let (_, report, _) = run(&place, &["import", "patients", &file, "--json"], "");
    acts_on_no_terminal(&report);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["file"], file);
    std::fs::write(place.folder.path().join("bad.csv"), "first_name,\u{9b}2J\u{1b}[2J\nA,B\n")
        .unwrap();
    refused(&place, &["import", "patients", "bad.csv"], "‹U+009B›2j␛[2j");
    refused(&place, &["import", "patients", HOSTILE], SHOWN);
    let (status, _, error) = run(&place, &["--listen", HOSTILE], "");
    acts_on_no_terminal(&error);
    assert_eq!(status, 2);
    assert!(error.contains("Usage: ") || error.contains("--help"), "{error}");
}

#[tokio::test]
async fn a_log_event_is_always_one_line() {
    let place = Place::new(Backend::Sqlite).await;
    create_admin(&place);
    let file = place.folder.path().join(HOSTILE);
    std::fs::rename(place.secret_file(), &file).unwrap();
    for format in ["text", "json"] {
        let mut command = program(&place);
        command.env("FRONTDESK_JWT_SECRET_FILE", &file);
        let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", format];
        let (mut child, base, log) = serve_logging(command.args(args));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let token = log_in(&http, &base).await;
        let away = place.folder.path().join("away");
        std::fs::rename(&file, &away).unwrap();
        // The file is checked at intervals, when a token is issued or verified.
        let mut looks = 0..150;
        let line = loop {
            looks.next().expect("nobody misses the file");
            let look = http.get(format!("{base}/api/auth/profile")).bearer_auth(&token);
            assert_eq!(look.send().await.unwrap().status(), 200);
            if let Some(line) =
                log.try_iter().find(|line| line.contains("the key file was not reloaded"))
            {
                break line;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        acts_on_no_terminal(&line);
        match format {
            "json" => {
                let event: serde_json::Value = serde_json::from_str(&line).unwrap();
                assert!(event["message"].as_str().unwrap().contains(HOSTILE), "{line}");
            }
            _ => assert!(line.contains("2J‹U+202E›↵b"), "{line}"),
        }
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::rename(&away, &file).unwrap();
    }
}

#[tokio::test]
async fn the_log_has_numbers_and_the_user_of_a_request_and_no_probes() {
    let place = Place::new(Backend::Sqlite).await;
    create_admin(&place);
    let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
    let (mut child, base, log) = serve_logging(program(&place).args(args));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = log_in(&http, &base).await;
    for path in ["/healthz", "/readyz/", "/metrics", "/api/auth/profile"] {
        http.get(format!("{base}{path}")).bearer_auth(&token).send().await.unwrap();
    }
    let mut lines = Vec::new();
    loop {
        let line = log.recv_timeout(Duration::from_secs(60)).expect("the request is not logged");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if event["target"] == "access" {
            lines.push(event.clone());
        }
        if event["path"] == "/api/auth/profile" {
            break;
        }
    }
    let [login, profile] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((&login["path"], login.get("user")), (&"/api/auth/login".into(), None));
    assert!(profile["ms"].is_u64() && profile["status"] == 200, "{profile}");
    assert_eq!(profile["user"], 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn an_impossible_start_is_reported_in_one_sentence() {
    let place = Place::new(Backend::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&place, &["serve", "--listen", &address], "the port is taken");
    let free = "127.0.0.1:0";
    misused(
        &place,
        &["--smtp-url", "http://u:hunter2@mail.example.com"],
        "the SMTP URL must look like",
    );
    misused(&place, &["--smtp-url", "smtp://h?tls=no"], "?tls=required or ?tls=none");
    misused(&place, &["--mail-from", "nobody"], "\"nobody\" is not an e-mail address");
    misused(&place, &["--database-url", "mysql://x/y"], "unknown scheme \"mysql\"");
    refused(
        &place,
        &["--listen", free, "--database-url", "sqlite:/proc/nowhere/a.sqlite"],
        "can't",
    );
    refused(
        &place,
        &["--listen", free, "--database-url", "postgres://u@127.0.0.1:1/d"],
        "can't connect to PostgreSQL",
    );
    let folder = place.folder.path();
    std::fs::write(folder.join("no.sqlite"), "this is not a database, it is a letter\n".repeat(99))
        .unwrap();
    let url = format!("sqlite:{}", folder.join("no.sqlite").display());
    refused(&place, &["--listen", free, "--database-url", &url], "can't open the database");
    std::fs::set_permissions(place.secret_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&place, &["serve", "--listen", free], "can be read by others");
}

#[tokio::test]
async fn postgresql_needs_a_given_secret() {
    let place = Place::new(Backend::Postgres).await;
    let output =
        program(&place).env_remove("FRONTDESK_JWT_SECRET_FILE").arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--jwt-secret-file"), "{error}");
}

#[tokio::test]
async fn a_misspelt_setting_is_not_ignored() {
    let place = Place::new(Backend::Sqlite).await;
    for (name, meant) in
        [("FRONTDESK_LISTN", "FRONTDESK_LISTEN"), ("FRONTDESK_DB_URL", "FRONTDESK_DATABASE_URL")]
    {
        let output = program(&place).env(name, "x").arg("migrate").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        let sentence =
            format!("the environment sets {name}, which is not a setting; did you mean {meant}?");
        assert!(error.contains(&sentence), "{error}");
    }
}

#[tokio::test]
async fn a_bad_line_of_the_env_file_is_named() {
    let place = Place::new(Backend::Sqlite).await;
    let with = |text: &str| {
        std::fs::write(place.folder.path().join(".env"), text).unwrap();
        let (status, _, error) = run(&place, &["migrate"], "");
        assert_eq!(status, 2, "{error}");
        error
    };
    let error = with("# ours\n\nFRONTDESK_REGISTRATIN=open\n");
    assert!(error.contains("line 3 of the .env file sets FRONTDESK_REGISTRATIN"), "{error}");
    let error = with("FRONTDESK_REGISTRATION=open\nhunter2 is no line\n");
    assert!(error.contains("line 2 of the .env file is not NAME=value"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let error = with("\nexport FRONTDESK_LISTEN=nonsense\n");
    assert!(error.contains("FRONTDESK_LISTEN in line 2 of the .env file"), "{error}");
    let (_, _, error) = run(&place, &["migrate", "--listen", "other"], "");
    assert!(!error.contains(".env"), "{error}");
}

#[tokio::test]
async fn variables_of_a_container_platform_are_not_settings() {
    let place = Place::new(Backend::Sqlite).await;
    let output = program(&place)
        .env("FRONTDESK_SERVICE_HOST", "10.0.0.1")
        .env("FRONTDESK_SERVICE_PORT_HTTP", "8000")
        .env("FRONTDESK_PORT", "tcp://10.0.0.1:8000")
        .env("FRONTDESK_PORT_8000_TCP_ADDR", "10.0.0.1")
        .arg("migrate")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_invalid_value_is_refused_with_an_example() {
    let place = Place::new(Backend::Sqlite).await;
    for (flag, value, example) in [
        ("--listen", "8000", "127.0.0.1:8000"),
        ("--listen", "no-such-host.invalid:8000", "is not known"),
        ("--public-url", "desk.example", "https://desk.example"),
        ("--time-zone", "Madrid", "did you mean Europe/Madrid?"),
        ("--cors-origins", "desk.example", "https://desk.example:8443"),
        ("--trusted-proxies", "proxy", "10.0.0.0/8"),
    ] {
        let (status, _, error) = run(&place, &[flag, value], "");
        assert_eq!(status, 2, "{error}");
        assert!(error.contains(example), "{error}");
    }
    let (mut child, base, _) =
        serve_logging(program(&place).args(["serve", "--listen", "localhost:0"]));
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_help_of_a_command_has_the_settings_that_it_needs() {
    let place = Place::new(Backend::Sqlite).await;
    let help = |args: &[&str]| {
        let (status, help, _) = run(&place, args, "");
        assert_eq!(status, 0);
        help
    };
    let create = help(&["user", "create", "--help"]);
    assert!(create.lines().count() < 50, "{create}");
    assert!(create.contains("--database-url") && create.contains("--password-stdin"), "{create}");
    assert!(!create.contains("--smtp-url"), "{create}");
    assert!(help(&["import", "patients", "--help"]).contains("--time-zone"));
    for whole in [&["--help"][..], &["serve", "--help"]] {
        let whole = help(whole);
        for variable in ["FRONTDESK_SMTP_URL", "FRONTDESK_JWT_SECRET ", "FRONTDESK_METRICS_TOKEN "]
        {
            let text = whole.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(variable), "{variable} is missing: {whole}");
        }
    }
    // Options that the help leaves out are accepted all the same.
    assert_eq!(run(&place, &["user", "list", "--smtp-url", "smtps://mail.example"], "").0, 0);
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
async fn a_second_server_on_one_file_is_refused_with_the_address_of_the_first() {
    let place = Place::new(Backend::Sqlite).await;
    let (mut child, base) = serve(&place);
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], &base);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_key_file_is_created_beside_the_database_for_its_owner() {
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
