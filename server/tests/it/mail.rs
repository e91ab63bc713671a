//! Mail, and the codes in it.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::{
    desk::{self, DeskOptions, Opened},
    domain::accounts::users,
};
use shared::account::Role;

use crate::{
    beside::Beside,
    harness::{Backend, PASSWORD, Place, Server, on_both},
};

on_both! {
    registering_mails_a_code_that_confirms_the_address_once,
    an_expired_code_is_invalid,
    a_code_for_an_older_address_is_void,
    a_newer_code_replaces_the_previous_one,
    a_mailed_code_sets_a_password_once_and_confirms_the_address,
    requests_for_mail_reveal_nothing_about_accounts,
    an_address_gets_only_a_few_mails,
    nobody_logs_in_before_a_required_confirmation,
    the_mail_of_a_server_that_died_is_sent_by_the_next,
    mail_is_sent_before_the_server_stops,
    a_name_in_any_script_is_mailed_only_to_a_confirmed_address,
}

/// Waits for an effect that does not belong to a request.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it never happened")
}

/// Executes a statement beside the server. Returns the selected number.
pub(crate) async fn sql(place: &Place, statement: &'static str) -> i64 {
    Beside::connect(&place.database_url).await.number(statement).await
}

pub(crate) const WAITING: &str = "SELECT count(*) FROM outgoing_mail WHERE state = 'waiting'";

/// Waits until the queue is empty.
pub(crate) async fn all_done(server: &Server) {
    eventually(async || (sql(&server.place, WAITING).await == 0).then_some(())).await;
}

/// The mails in the outbox, oldest first.
fn outbox(server: &Server) -> Vec<String> {
    let folder = server.place.folder.path().join("outbox");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    files.sort_by_key(|path| path.metadata().unwrap().modified().unwrap());
    files.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The mails, as soon as there are this many.
pub(crate) async fn mails(server: &Server, count: usize) -> Vec<String> {
    let mails = eventually(async || {
        let mails = outbox(server);
        (mails.len() >= count).then_some(mails)
    });
    let mails = mails.await;
    assert_eq!(mails.len(), count);
    mails
}

/// The code in a mail.
pub(crate) fn code(mail: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix("    "));
    line.unwrap_or_else(|| panic!("no code in {mail}")).trim().to_owned()
}

/// A header of a mail.
pub(crate) fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(header, _)| *header == name).map(|(_, value)| value);
    let value = found.next().unwrap_or_else(|| panic!("no {name} in {mail}"));
    assert_eq!(found.next(), None, "two of {name}");
    value
}

pub(crate) async fn register(server: &Server, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD, "name": "Ana Gómez"});
    server.nobody().post("/api/auth/register", body).await.expect_status(201).body
}

pub(crate) async fn send_code(server: &Server, code: &str) -> crate::harness::Answer {
    server.nobody().post("/api/auth/verify-email", json!({"token": code})).await
}

async fn registering_mails_a_code_that_confirms_the_address_once(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.public_url = Some("https://desk.clinic.example/".parse().unwrap());
    })
    .await;
    let session = register(&server, "ana@example.com").await;
    assert_eq!(session["user"]["email_verified"], false);
    let mail = &mails(&server, 1).await[0];
    assert_eq!(header(mail, "To"), "ana@example.com");
    assert_eq!(header(mail, "From"), "Frontdesk <frontdesk@desk.clinic.example>");
    assert_eq!(header(mail, "Subject"), "Frontdesk: confirm your e-mail address");
    assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
    assert!(header(mail, "Message-ID").ends_with("@desk.clinic.example>"));
    assert!(header(mail, "Date").ends_with("+0000"), "{mail}");
    assert!(mail.contains("Server: https://desk.clinic.example/"));
    let folder = server.place.folder.path().join("outbox");
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for file in std::fs::read_dir(&folder).unwrap().flatten() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    send_code(&server, "0123-4567-89AB-CDEF-GH10").await.expect_status(400).field_errors("token");
    // As a user types it.
    let typed = code(mail).to_lowercase().replace('-', " ");
    send_code(&server, &typed).await.expect_status(204);
    send_code(&server, &code(mail)).await.expect_status(400).field_errors("token");
    let refused = "SELECT count(*) FROM audit_log WHERE action = 'auth.code_refused'";
    assert_eq!(sql(&server.place, refused).await, 2);
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let profile = me.get("/api/auth/profile").await.expect_status(200).body;
    assert_eq!((&profile["email_verified"], &profile["version"]), (&json!(true), &json!(2)));
    // Nothing is left to confirm.
    let again = json!({"email": "ana@example.com"});
    server.nobody().post("/api/auth/verify-email/resend", again).await.expect_status(202);
    all_done(&server).await;
    assert_eq!(outbox(&server).len(), 1);
}

async fn an_expired_code_is_invalid(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    register(&server, "ana@example.com").await;
    let code = code(&mails(&server, 1).await[0]);
    server.app.clock().advance(TimeDelta::days(3));
    send_code(&server, &code).await.expect_status(400).field_errors("token");
    let again = json!({"email": "ANA@example.com"});
    server.nobody().post("/api/auth/verify-email/resend", again).await.expect_status(202);
    let newest = mails(&server, 2).await.pop().unwrap();
    assert_eq!(header(&newest, "To"), "ana@example.com");
    server.app.clock().advance(TimeDelta::days(3) - TimeDelta::seconds(1));
    send_code(&server, &self::code(&newest)).await.expect_status(204);
}

async fn a_code_for_an_older_address_is_void(backend: Backend) {
    let server = Server::start(backend).await;
    let session = register(&server, "ana@example.com").await;
    let old = code(&mails(&server, 1).await[0]);
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let change = json!({"email": "new@example.com", "current_password": PASSWORD});
    me.patch("/api/auth/profile", change).await.expect_status(200);
    let mail = mails(&server, 2).await.pop().unwrap();
    assert_eq!(header(&mail, "To"), "new@example.com");
    send_code(&server, &old).await.expect_status(400).field_errors("token");
    assert_eq!(me.get("/api/auth/profile").await.body["email_verified"], false);
    send_code(&server, &code(&mail)).await.expect_status(204);
    assert_eq!(me.get("/api/auth/profile").await.body["email_verified"], true);
    let back = json!({"email": "ana@example.com", "current_password": PASSWORD});
    let back = me.patch_if("/api/auth/profile", 3, back).await.expect_status(200);
    assert_eq!(back.body["email_verified"], false);
}

async fn a_newer_code_replaces_the_previous_one(backend: Backend) {
    let server = Server::start(backend).await;
    register(&server, "ana@example.com").await;
    let first = code(&mails(&server, 1).await[0]);
    let again = json!({"email": "ana@example.com"});
    server.nobody().post("/api/auth/verify-email/resend", again).await.expect_status(202);
    let second = code(&mails(&server, 2).await[1]);
    send_code(&server, &first).await.expect_status(400);
    send_code(&server, &second).await.expect_status(204);
}

async fn a_mailed_code_sets_a_password_once_and_confirms_the_address(backend: Backend) {
    let server =
        Server::start_with(backend, |settings| settings.require_verified_email = true).await;
    register(&server, "ana@example.com").await;
    let confirming = code(&mails(&server, 1).await[0]);
    let forget = async |email: &str, count: usize| {
        let asked = json!({"email": email});
        server.nobody().post("/api/auth/password/forgot", asked).await.expect_status(202);
        code(&mails(&server, count).await[count - 1])
    };
    let reset = async |code: &str, password: &str| {
        let body = json!({"token": code, "new_password": password});
        server.nobody().post("/api/auth/password/reset", body).await
    };
    let first = forget("ana@example.com", 2).await;
    reset(&confirming, PASSWORD).await.expect_status(400).field_errors("token");
    server.app.clock().advance(TimeDelta::hours(1));
    reset(&first, "a longer walk by the sea").await.expect_status(400).field_errors("token");
    let second = forget("ana@example.com", 3).await;
    reset(&second, "qwertyuiop").await.expect_status(400).field_errors("new_password");
    reset(&second, "a longer walk by the sea").await.expect_status(204);
    reset(&second, PASSWORD).await.expect_status(400).field_errors("token");
    let old = json!({"email": "ana@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/login", old).await.expect_status(401);
    let new = json!({"email": "ana@example.com", "password": "a longer walk by the sea"});
    let session = server.nobody().post("/api/auth/login", new).await.expect_status(200).body;
    assert_eq!(session["user"]["email_verified"], true);
    // A code belongs to the address to which it was mailed.
    let third = forget("ana@example.com", 4).await;
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let change = json!({
        "email": "new@example.com", "current_password": "a longer walk by the sea",
    });
    me.patch("/api/auth/profile", change).await.expect_status(200);
    reset(&third, PASSWORD).await.expect_status(400).field_errors("token");
}

async fn requests_for_mail_reveal_nothing_about_accounts(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    server.member("gone@example.com").await;
    users::deactivate(&server.app, "gone@example.com").await.unwrap();
    let mut answers = Vec::new();
    for path in ["/api/auth/password/forgot", "/api/auth/verify-email/resend"] {
        for email in ["ana@example.com", "gone@example.com", "nobody@example.com"] {
            let mut answer = server.nobody().post(path, json!({"email": email})).await;
            for own in ["x-request-id", "date"] {
                answer.headers.remove(own);
            }
            answers.push((answer.status, answer.headers, answer.text));
        }
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!((answers[0].0, answers[0].2.as_str()), (202, ""));
    all_done(&server).await;
    // Accounts that the operator has created are confirmed.
    let mails = outbox(&server);
    assert_eq!(mails.len(), 1);
    assert_eq!(header(&mails[0], "Subject"), "Frontdesk: set a new password");
    assert_eq!(sql(&server.place, "SELECT count(*) FROM outgoing_mail").await, 1);
    let bad = json!({"email": "nobody", "name": "x"});
    let bad = server.nobody().post("/api/auth/password/forgot", bad).await.expect_status(400);
    bad.field_errors("email");
    bad.field_errors("name");
}

async fn an_address_gets_only_a_few_mails(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let ask = async |email: &str| {
        server.nobody().post("/api/auth/password/forgot", json!({"email": email})).await
    };
    for _ in 0..20 {
        ask("ana@example.com").await.expect_status(202);
    }
    all_done(&server).await;
    let first = outbox(&server).len();
    assert!((3..=4).contains(&first), "{first} mails");
    server.app.clock().advance(TimeDelta::hours(1));
    ask("ana@example.com").await.expect_status(202);
    mails(&server, first + 1).await;
    // An address that requests mail for many others is limited.
    server.app.clock().advance(TimeDelta::hours(2));
    let mut refused = None;
    for i in 0..70 {
        let answer = ask(&format!("{i}@example.com")).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("nobody was held up").header("retry-after");
}

async fn nobody_logs_in_before_a_required_confirmation(backend: Backend) {
    let server =
        Server::start_with(backend, |settings| settings.require_verified_email = true).await;
    let meta = server.nobody().get("/api/meta").await.expect_status(200).body;
    assert_eq!(meta["is_verified_email_required"], true);
    let registered = register(&server, "ana@example.com").await;
    let members: Vec<&String> = registered.as_object().unwrap().keys().collect();
    assert_eq!(members, ["message", "user"]);
    let log_in = async |password: &str| {
        let login = json!({"email": "ana@example.com", "password": password});
        server.nobody().post("/api/auth/login", login).await
    };
    log_in("something else").await.expect_status(401);
    let refused = log_in(PASSWORD).await.expect_status(403).body;
    assert_eq!(refused["error"], "email_unverified");
    send_code(&server, &code(&mails(&server, 1).await[0])).await.expect_status(204);
    let session = log_in(PASSWORD).await.expect_status(200).body;
    // A session continues after a change of address, but the next login requires the new address
    // to be confirmed.
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let change = json!({"email": "new@example.com", "current_password": PASSWORD});
    me.patch("/api/auth/profile", change).await.expect_status(200);
    me.get("/api/auth/profile").await.expect_status(200);
    let login = json!({"email": "new@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/login", login).await.expect_status(403);
    // An administrator's entry counts as confirmed.
    let admin = server.admin().await;
    let made = json!({"email": "doc@example.com", "role": "doctor"});
    let made = admin.post("/api/users", made).await.expect_status(201).body;
    let reset = json!({"token": made["code"], "new_password": PASSWORD});
    server.nobody().post("/api/auth/password/reset", reset).await.expect_status(204);
    server.log_in("doc@example.com").await;
}

async fn the_mail_of_a_server_that_died_is_sent_by_the_next(backend: Backend) {
    let server = Server::start(backend).await;
    // The state after a server has died while it was sending.
    let claimed = match backend {
        Backend::Sqlite => {
            "INSERT INTO outgoing_mail (letter, recipient, message_id, state, created_at, due_at, \
             claim, attempts) VALUES ('verification', 'ana@example.com', 'left', 'waiting', \
             strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), \
             strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now', '+300 seconds'), 'dead', 1)"
        }
        Backend::Postgres => {
            "INSERT INTO outgoing_mail (letter, recipient, message_id, state, created_at, due_at, \
             claim, attempts) VALUES ('verification', 'ana@example.com', 'left', 'waiting', \
             now(), now() + interval '300 seconds', 'dead', 1)"
        }
    };
    register(&server, "ana@example.com").await;
    mails(&server, 1).await;
    sql(&server.place, claimed).await;
    server.member("bob@example.com").await;
    let ask = json!({"email": "bob@example.com"});
    server.nobody().post("/api/auth/password/forgot", ask).await.expect_status(202);
    mails(&server, 2).await;
    eventually(async || (sql(&server.place, WAITING).await <= 1).then_some(())).await;
    assert_eq!(outbox(&server).len(), 2, "it was taken away from its sender");
    server.app.clock().advance(TimeDelta::minutes(5));
    server.app.mail().wake();
    let mail = mails(&server, 3).await.pop().unwrap();
    assert!(header(&mail, "Message-ID").starts_with("<left@"));
}

async fn mail_is_sent_before_the_server_stops(backend: Backend) {
    let server = Server::start(backend).await;
    for i in 0..5 {
        register(&server, &format!("{i}@example.com")).await;
    }
    server.app.close().await;
    assert_eq!(outbox(&server).len(), 5);
}

async fn a_name_in_any_script_is_mailed_only_to_a_confirmed_address(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.mail_from = Some("Práctica Gómez <desk@clinic.example>".to_owned());
    })
    .await;
    let account =
        users::read_account("jose@example.com", "José Gómez", PASSWORD.to_owned(), Role::Member);
    users::create(&server.app, account.unwrap(), Role::Member).await.unwrap();
    register(&server, "ana@exämple.org").await;
    mails(&server, 1).await;
    let ask = json!({"email": "jose@example.com"});
    server.nobody().post("/api/auth/password/forgot", ask).await.expect_status(202);
    let mails = mails(&server, 2).await;
    assert_eq!(header(&mails[0], "To"), "ana@xn--exmple-cua.org");
    assert!(mails[0].is_ascii() && mails[1].is_ascii());
    let to = header(&mails[1], "To");
    assert!(to.starts_with("=?utf-8?b?") && to.ends_with("<jose@example.com>"), "{to}");
    assert!(header(&mails[1], "From").ends_with("<desk@clinic.example>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_desk_puts_its_mail_beside_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().to_owned());
    let options = DeskOptions { data, is_registration_open: true, ..DeskOptions::default() };
    let Opened::Here(desk) = desk::open(options).await.unwrap() else { panic!("is open already") };
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.post(format!("{}/api/auth/register", desk.url())).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 201);
    desk.close().await;
    let files = std::fs::read_dir(folder.path().join("outbox")).unwrap();
    assert_eq!(files.count(), 1);
}
