//! Concurrent requests to one account: a decision that another request has overtaken is made
//! again.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::{
    beside::Beside,
    harness::{Answer, Backend, Client, PASSWORD, Server, on_both},
    mail::{eventually, sql},
    users::{NEW_PASSWORD, make},
};

on_both! {
    one_of_several_concurrent_password_changes_across_sessions_succeeds,
    one_of_several_concurrent_password_changes_in_a_session_succeeds,
    a_new_password_is_set_even_if_a_login_rehashes_the_old_one,
    an_ended_session_creates_nothing,
    a_demoted_administrator_creates_nothing,
    an_email_is_not_changed_back_without_the_password,
    no_refresh_and_no_login_survives_a_deactivation,
}

/// A connection that blocks other writes to accounts.
struct Held(Beside);

impl Held {
    async fn new(server: &Server) -> Self {
        let mut held = Beside::connect(&server.place.database_url).await;
        let lock = match held {
            Beside::Sqlite(_) => "BEGIN IMMEDIATE",
            Beside::Postgres(_) => "BEGIN; SELECT id FROM users ORDER BY id FOR UPDATE",
        };
        held.execute(lock).await;
        Self(held)
    }

    /// Writes something and releases the other writers.
    async fn finish(mut self, statement: &'static str) {
        self.0.execute(statement).await;
        self.0.execute("COMMIT").await;
    }
}

/// Starts a request, and writes something before the request writes.
async fn overtaken(
    server: &Server,
    client: &Client,
    (method, path, body): (Method, &str, Value),
    statement: &'static str,
) -> Answer {
    let held = Held::new(server).await;
    let request = client.request(method, path).header("if-match", "*");
    let request = if body.is_null() { request } else { request.json(&body) };
    let client = client.clone();
    let answer = tokio::spawn(async move { client.send(request).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually(async || match &held.0 {
        Beside::Sqlite(_) => {
            let pools = server.app.levels().pools;
            pools.iter().any(|pool| pool.name == "writer" && pool.busy > 0).then_some(())
        }
        Beside::Postgres(_) => (sql(&server.place, waiting).await == 1).then_some(()),
    })
    .await;
    held.finish(statement).await;
    answer.await.unwrap()
}

/// Changes a password, and repeats the request while the server is busy.
async fn change(client: &Client, new: String) -> (u16, String) {
    let body = json!({"current_password": PASSWORD, "new_password": new});
    loop {
        let answer = client.post("/api/auth/password", body.clone()).await;
        if answer.status != 503 {
            return (answer.status, new);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Whether a password is valid.
async fn logs_in(server: &Server, password: &str) -> bool {
    server.app.clock().advance(TimeDelta::minutes(2));
    let login = json!({"email": "ana@example.com", "password": password});
    server.nobody().post("/api/auth/login", login).await.status == 200
}

async fn one_wins(server: &Server, clients: &[Client], losers: &[u16]) {
    let changes = clients
        .iter()
        .enumerate()
        .map(|(i, client)| change(client, format!("{NEW_PASSWORD} number {i}")));
    let answers = futures_util::future::join_all(changes).await;
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 204).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let lost = |(status, _): &&(u16, String)| !losers.contains(status) && *status != 204;
    assert!(answers.iter().find(lost).is_none(), "{answers:?}");
    for (status, password) in &answers {
        assert_eq!(logs_in(server, password).await, *status == 204, "{password} {answers:?}");
    }
    assert!(!logs_in(server, PASSWORD).await);
    let changed = "SELECT count(*) FROM audit_log WHERE action = 'user.password_changed'";
    assert_eq!(sql(&server.place, changed).await, 1);
}

async fn one_of_several_concurrent_password_changes_across_sessions_succeeds(backend: Backend) {
    for number in [2, 10] {
        let server = Server::start(backend).await;
        let mut clients = vec![server.member("ana@example.com").await];
        while clients.len() < number {
            clients.push(server.log_in("ana@example.com").await);
        }
        // For the others, the session is over or the current password no longer matches.
        one_wins(&server, &clients, &[401, 400]).await;
        let mut running = 0;
        for client in &clients {
            running += i32::from(client.get("/api/auth/profile").await.status == 200);
        }
        assert_eq!(running, 1);
    }
}

async fn one_of_several_concurrent_password_changes_in_a_session_succeeds(backend: Backend) {
    for number in [2, 10] {
        let server = Server::start(backend).await;
        let client = server.member("ana@example.com").await;
        one_wins(&server, &vec![client.clone(); number], &[400, 429]).await;
        client.get("/api/auth/profile").await.expect_status(200);
    }
}

async fn a_new_password_is_set_even_if_a_login_rehashes_the_old_one(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    server.member("bob@example.com").await;
    // Stores another hash of the same password, as a login does that finds an outdated hash.
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let rehash = "UPDATE users SET password_hash = \
        (SELECT password_hash FROM users WHERE email = 'bob@example.com') \
        WHERE email = 'ana@example.com'";
    let changing = (Method::POST, "/api/auth/password", body);
    overtaken(&server, &me, changing, rehash).await.expect_status(204);
    assert!(logs_in(&server, NEW_PASSWORD).await && !logs_in(&server, PASSWORD).await);
}

/// Requests whose effect outlasts the session, by any user and by administrators.
fn lasting() -> Vec<(Method, &'static str, Value)> {
    let token = json!({"name": "export", "scopes": ["read"]});
    vec![
        (Method::POST, "/api/auth/tokens", token),
        (Method::PATCH, "/api/auth/profile", json!({"username": "other"})),
    ]
}

fn administering() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, "/api/users", json!({"username": "ines", "role": "admin"})),
        (Method::POST, "/api/users/2/code", Value::Null),
        (Method::PATCH, "/api/users/2", json!({"role": "admin"})),
        (Method::PATCH, "/api/users/2", json!({"phone": "555-1234"})),
        (Method::DELETE, "/api/users/2", Value::Null),
        (Method::DELETE, "/api/users/2/sessions", Value::Null),
    ]
}

/// The contents of the account tables.
async fn written(server: &Server) -> [i64; 5] {
    let mut counts = [0; 5];
    for (i, table) in [
        "SELECT count(*) FROM users",
        "SELECT count(*) FROM api_tokens",
        "SELECT count(*) FROM account_codes",
        "SELECT CAST(sum(version) AS BIGINT) FROM users",
        "SELECT count(*) FROM audit_log WHERE action LIKE 'user.%' OR action LIKE 'api_token.%'",
    ]
    .into_iter()
    .enumerate()
    {
        counts[i] = sql(&server.place, table).await;
    }
    counts
}

async fn an_ended_session_creates_nothing(backend: Backend) {
    let server = Server::start(backend).await;
    let end = "UPDATE sessions SET ended_at = created_at WHERE user_id = 1";
    server.admin().await;
    server.member("ana@example.com").await;
    for request in lasting().into_iter().chain(administering()) {
        let admin = server.log_in("admin@example.com").await;
        let before = written(&server).await;
        let name = format!("{request:?}");
        let answer = overtaken(&server, &admin, request, end).await;
        assert_eq!(answer.status, 401, "{name} {}", answer.text);
        assert_eq!(written(&server).await, before, "{name}");
    }
}

async fn a_demoted_administrator_creates_nothing(backend: Backend) {
    let server = Server::start(backend).await;
    server.somebody(Role::Admin, "boss@example.com").await;
    server.member("ana@example.com").await;
    server.somebody(Role::Admin, "admin@example.com").await;
    let demote = "UPDATE users SET role = 'staff' WHERE email = 'admin@example.com'";
    for request in administering() {
        users::set_role(&server.app, "admin@example.com", Role::Admin).await.unwrap();
        let admin = server.log_in("admin@example.com").await;
        let before = written(&server).await;
        let name = format!("{request:?}");
        let answer = overtaken(&server, &admin, request, demote).await;
        assert_eq!(answer.status, 403, "{name} {}", answer.text);
        assert_eq!(written(&server).await, before, "{name}");
    }
}

async fn an_email_is_not_changed_back_without_the_password(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    // The request names the current address when it begins, so no password is required. By the
    // time of its write it would be a change.
    let change = "UPDATE users SET email = 'new@example.com', email_key = 'new@example.com', \
        version = version + 1, changed_by = id";
    let body = json!({"email": "ana@example.com", "phone": "555-1234"});
    let answer = overtaken(&server, &me, (Method::PATCH, "/api/auth/profile", body), change).await;
    assert_eq!(answer.expect_status(412).body["current"]["email"], "new@example.com");
    let profile = me.get("/api/auth/profile").await.expect_status(200).body;
    assert_eq!((&profile["email"], &profile["phone"]), (&json!("new@example.com"), &json!(null)));
    // The same with a password that was right when it was checked.
    let other =
        "UPDATE users SET password_hash = 'another', version = version + 1, changed_by = id";
    let body = json!({"email": "newer@example.com", "current_password": PASSWORD});
    let held = (Method::PATCH, "/api/auth/profile", body);
    if backend == Backend::Postgres {
        // On SQLite the only writer is blocked, and the attempt itself must be counted first.
        overtaken(&server, &me, held, other).await.expect_status(412);
    }
}

async fn no_refresh_and_no_login_survives_a_deactivation(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let made = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let code = json!({"token": made["code"], "new_password": PASSWORD});
    server.nobody().post("/api/auth/password/reset", code).await.expect_status(204);
    let login = json!({"username": "ines", "password": PASSWORD});
    for _ in 0..4 {
        let session = server.nobody().post("/api/auth/login", login.clone()).await;
        let refresh = json!({"refresh": session.expect_status(200).body["refresh"]});
        let path = format!("/api/users/{}", made["user"]["id"]);
        let (a, b) = (server.nobody(), server.nobody());
        let away = admin.request(Method::DELETE, &path).header("if-match", "*");
        let (in_, on, gone) = tokio::join!(
            a.post("/api/auth/login", login.clone()),
            b.post("/api/auth/token/refresh", refresh),
            admin.send(away),
        );
        gone.expect_status(204);
        for answer in [in_, on] {
            if answer.status == 200 {
                let access = answer.body["access"].as_str().unwrap();
                let me = server.nobody().with_token(access);
                me.get("/api/auth/profile").await.expect_status(401);
            }
        }
        let back = admin.request(Method::PATCH, &path).header("if-match", "*");
        admin.send(back.json(&json!({"is_active": true}))).await.expect_status(200);
    }
}
