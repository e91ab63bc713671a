//! Accounts and sessions.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use chrono::TimeDelta;
use serde_json::json;
use server::{domain::accounts::users, error::Error};
use shared::account::Role;
use sqlx::Connection;

use crate::{
    harness::{Backend, PASSWORD, Server, closed, on_both},
    mail::{eventually, sql},
};

on_both! {
    concurrent_guesses_are_limited,
    no_session_begins_with_a_password_that_was_just_changed,
    concurrent_logins_succeed_while_their_hash_is_renewed,
    concurrent_requests_create_one_first_administrator,
    a_full_name_must_match_its_parts,
    sessions_come_in_pages,
    changes_on_the_command_line_are_not_silently_overwritten,
    registering_logs_in_and_answers_in_every_earlier_format,
    every_error_in_a_registration_is_reported_at_once,
    an_email_is_unique_regardless_of_case,
    closed_registration_is_403,
    nobody_can_register_as_staff,
    logging_in_takes_email_or_username_in_either_member,
    a_wrong_password_and_an_unknown_user_get_the_same_answer,
    guessing_is_slowed_down_but_the_delay_is_not_extended,
    a_refresh_token_works_once_and_its_successor_is_repeated_for_ten_seconds,
    an_old_refresh_token_ends_the_session,
    logging_out_ends_both_tokens,
    a_new_password_ends_all_other_sessions,
    deactivation_and_roles_reach_another_instance_within_two_seconds,
    the_profile_is_changed_and_its_role_is_not,
    changing_the_email_needs_the_password,
    sessions_are_listed_and_ended,
    forged_and_stale_tokens_are_refused,
    the_last_admin_stays,
}

fn registration(email: &str) -> serde_json::Value {
    json!({"email": email, "password": PASSWORD, "password_confirm": PASSWORD, "name": "Ana María Gómez"})
}

async fn registering_logs_in_and_answers_in_every_earlier_format(backend: Backend) {
    let server = Server::start(backend).await;
    let answer = server.nobody().post("/api/auth/register/", registration("ana@example.com")).await;
    let answer = answer.expect_status(201);
    assert_eq!(answer.header("location"), "/api/auth/profile");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = &answer.body;
    assert_eq!(body["message"], "User registered successfully");
    assert_eq!(body["tokens"]["access"], body["access"]);
    assert_eq!(body["tokens"]["refresh"], body["refresh"]);
    let user = &body["user"];
    assert_eq!(user["first_name"], "Ana María");
    assert_eq!(user["last_name"], "Gómez");
    assert_eq!(user["role"], "member");
    assert_eq!(user["username"], json!(null));
    let me = server.nobody().with_token(body["access"].as_str().unwrap());
    assert_eq!(me.get("/api/auth/profile").await.expect_status(200).body["id"], user["id"]);
}

async fn every_error_in_a_registration_is_reported_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let bad = json!({
        "email": "no address", "password": "short", "username": "a@b", "role": "admin",
        "phone": "1", "is_staff": true, "passwrod": "x",
    });
    let answer = server.nobody().post("/api/auth/register", bad).await.expect_status(400);
    for field in ["email", "password", "username", "role", "phone", "is_staff", "passwrod"] {
        answer.field_errors(field);
    }
    assert!(answer.field_errors("passwrod").contains("did you mean password?"));
    for (password, reason) in [
        ("1234567", "at least 8"),
        ("password", "too easy to guess"),
        ("abcabcabcabc", "too easy to guess"),
        ("ana@example.com", "your own"),
        ("Ana Gómez", "your own"),
    ] {
        let body = json!({"email": "ana@example.com", "name": "Ana Gómez", "password": password});
        let answer = server.nobody().post("/api/auth/register", body).await.expect_status(400);
        assert!(answer.field_errors("password").contains(reason), "{}", answer.text);
    }
    let mut differs = registration("ana@example.com");
    differs["password_confirm"] = json!("something else");
    let answer = server.nobody().post("/api/auth/register", differs).await.expect_status(400);
    answer.field_errors("password_confirm");
}

async fn an_email_is_unique_regardless_of_case(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    let mut first = registration("ana@example.com");
    first["username"] = json!("ana");
    nobody.post("/api/auth/register", first).await.expect_status(201);
    let mut second = registration("ANA@example.com");
    second["username"] = json!("Ana");
    let answer = nobody.post("/api/auth/register", second).await.expect_status(409);
    answer.field_errors("email");
    answer.field_errors("username");
}

async fn closed_registration_is_403(backend: Backend) {
    let server = Server::start_with(backend, closed).await;
    let answer = server.nobody().post("/api/auth/register", registration("ana@example.com")).await;
    answer.expect_status(403);
    let meta = server.nobody().get("/api/meta").await.expect_status(200);
    assert_eq!(meta.body["is_registration_open"], false);
}

async fn nobody_can_register_as_staff(backend: Backend) {
    let server = Server::start(backend).await;
    for role in ["staff", "admin", "root"] {
        let mut body = registration("ana@example.com");
        body["role"] = json!(role);
        server.nobody().post("/api/auth/register", body).await.expect_status(400);
    }
    let mut body = registration("doc@example.com");
    body["role"] = json!("doctor");
    let answer = server.nobody().post("/api/auth/register", body).await.expect_status(201);
    assert_eq!(answer.body["user"]["role"], "doctor");
    assert_eq!(answer.body["user"]["is_staff"], false);
}

async fn logging_in_takes_email_or_username_in_either_member(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    let mut body = registration("ana@example.com");
    body["username"] = json!("ana");
    nobody.post("/api/auth/register", body).await.expect_status(201);
    for (member, value) in [
        ("email", "ana@example.com"),
        ("email", "ANA@EXAMPLE.COM"),
        ("email", "ana"),
        ("username", "Ana"),
        ("username", "ana@example.com"),
    ] {
        let body = json!({member: value, "password": PASSWORD});
        let answer = nobody.post("/api/auth/login/", body).await.expect_status(200);
        assert_eq!(answer.body["message"], "Login successful");
        assert_eq!(answer.body["expires_in"], 3600);
    }
    let both = json!({"email": "a@example.com", "username": "b", "password": PASSWORD});
    nobody.post("/api/auth/login", both).await.expect_status(400).field_errors("username");
    let none = nobody.post("/api/auth/login", json!({})).await.expect_status(400);
    none.field_errors("email");
    none.field_errors("password");
}

async fn a_wrong_password_and_an_unknown_user_get_the_same_answer(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let mut answers = Vec::new();
    for email in ["ana@example.com", "nobody@example.com"] {
        let body = json!({"email": email, "password": "something else"});
        let answer = server.nobody().post("/api/auth/login", body).await.expect_status(401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        answers.push(answer.body["detail"].clone());
    }
    assert_eq!(answers[0], answers[1]);
}

async fn guessing_is_slowed_down_but_the_delay_is_not_extended(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let wrong = json!({"email": "ana@example.com", "password": "something else"});
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(server.nobody().post("/api/auth/login", wrong.clone()).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    let answer = server.nobody().post("/api/auth/login", wrong).await.expect_status(429);
    let after: i64 = answer.header("retry-after").parse().unwrap();
    assert_eq!(after, 1, "refused attempts pushed it away");
    server.app.clock().advance(TimeDelta::seconds(after));
    server.log_in("ana@example.com").await;
}

async fn a_refresh_token_works_once_and_its_successor_is_repeated_for_ten_seconds(
    backend: Backend,
) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let first = server.session("ana@example.com").await;
    let sent = json!({"refresh": first["refresh"]});
    server.app.clock().advance(TimeDelta::seconds(1));
    let refresh = || server.nobody();
    let second = refresh().post("/api/auth/token/refresh/", sent.clone()).await.expect_status(200);
    assert_ne!(second.body["refresh"], first["refresh"]);
    server.app.clock().advance(TimeDelta::seconds(9));
    let again = refresh().post("/api/auth/token/refresh", sent.clone()).await.expect_status(200);
    assert_eq!(again.body["refresh"], second.body["refresh"]);
    let access = second.body["access"].as_str().unwrap();
    refresh().with_token(access).get("/api/auth/profile").await.expect_status(200);
}

async fn an_old_refresh_token_ends_the_session(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let first = server.session("ana@example.com").await;
    let sent = json!({"refresh": first["refresh"]});
    let refresh = async || server.nobody().post("/api/auth/token/refresh", sent.clone()).await;
    let second = refresh().await.expect_status(200);
    server.app.clock().advance(TimeDelta::seconds(11));
    refresh().await.expect_status(401);
    let second = json!({"refresh": second.body["refresh"]});
    server.nobody().post("/api/auth/token/refresh", second).await.expect_status(401);
    let access = first["access"].as_str().unwrap();
    server.nobody().with_token(access).get("/api/auth/profile").await.expect_status(401);
}

async fn logging_out_ends_both_tokens(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let session = server.session("ana@example.com").await;
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let others = json!({"refresh": "not.a.token"});
    me.post("/api/auth/logout", others).await.expect_status(400).field_errors("refresh");
    me.post("/api/auth/logout", json!({"refresh": session["refresh"]})).await.expect_status(204);
    me.get("/api/auth/profile").await.expect_status(401);
    let sent = json!({"refresh": session["refresh"]});
    server.nobody().post("/api/auth/token/refresh", sent).await.expect_status(401);
    let again = server.log_in("ana@example.com").await;
    again.send(again.request(reqwest::Method::POST, "/api/auth/logout/")).await.expect_status(204);
}

async fn a_new_password_ends_all_other_sessions(backend: Backend) {
    let server = Server::start(backend).await;
    let here = server.member("ana@example.com").await;
    let there = server.log_in("ana@example.com").await;
    let change =
        |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let wrong = here.post("/api/auth/password", change("wrong", "a longer walk by the sea")).await;
    wrong.expect_status(400).field_errors("current_password");
    let weak = here.post("/api/auth/password", change(PASSWORD, "qwertyuiop")).await;
    assert!(weak.expect_status(400).field_errors("new_password").contains("too easy to guess"));
    let good = here.post("/api/auth/password", change(PASSWORD, "a longer walk by the sea")).await;
    good.expect_status(204);
    here.get("/api/auth/profile").await.expect_status(200);
    there.get("/api/auth/profile").await.expect_status(401);
    let old = json!({"email": "ana@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/login", old).await.expect_status(401);
}

/// The time within which a change to an account takes effect on every instance.
const REACH: std::time::Duration = std::time::Duration::from_secs(2);

async fn deactivation_and_roles_reach_another_instance_within_two_seconds(backend: Backend) {
    let server = Server::start(backend).await;
    let twin = if backend == Backend::Postgres { server.twin().await } else { server.twin_app() };
    let member = server.member("ana@example.com").await;
    let mut elsewhere = member.clone();
    elsewhere.base = twin.nobody().base;
    let profile = elsewhere.get("/api/auth/profile").await.expect_status(200);
    assert_eq!(profile.body["role"], "member");
    users::set_role(&server.app, "ana@example.com", Role::Staff).await.unwrap();
    tokio::time::sleep(REACH).await;
    let profile = elsewhere.get("/api/auth/profile").await.expect_status(200);
    assert_eq!(profile.body["role"], "staff");
    users::deactivate(&server.app, "ana@example.com").await.unwrap();
    tokio::time::sleep(REACH).await;
    elsewhere.get("/api/auth/profile").await.expect_status(401);
    let login = json!({"email": "ana@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/login", login).await.expect_status(401);
}

impl Server {
    /// On SQLite one process serves a file, so the other instance is the same one.
    fn twin_app(&self) -> Self {
        Self { app: self.app.clone(), address: self.address, place: self.place.clone(), stop: None }
    }
}

async fn the_profile_is_changed_and_its_role_is_not(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    let before = me.get("/api/auth/profile/").await.expect_status(200);
    assert_eq!(before.body["permissions"], json!(["create_doctor", "create_patient"]));
    let changed =
        me.patch("/api/auth/profile", json!({"name": "Ana Gómez", "phone": "555-1234"})).await;
    let changed = changed.expect_status(200).body;
    assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Ana"), &json!("Gómez")));
    assert_eq!(changed["version"], 2);
    me.put("/api/auth/profile", changed.clone()).await.expect_status(200);
    for (member, value) in [("role", json!("admin")), ("is_staff", json!(true)), ("id", json!(99))]
    {
        let answer = me.patch("/api/auth/profile", json!({member: value})).await;
        answer.expect_status(400).field_errors(member);
    }
    let mut replaced = changed;
    replaced.as_object_mut().unwrap().remove("phone");
    let replaced = me.put("/api/auth/profile", replaced).await.expect_status(200);
    assert_eq!(replaced.body["phone"], json!(null));
    let stale = me.request(reqwest::Method::PATCH, "/api/auth/profile").header("if-match", "\"1\"");
    let stale = me.send(stale.json(&json!({"phone": null}))).await.expect_status(412);
    assert_eq!(stale.body["current"]["version"], 3);
}

async fn changing_the_email_needs_the_password(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    server.member("bob@example.com").await;
    let to = |email: &str| json!({"email": email, "current_password": PASSWORD});
    let bare = me.patch("/api/auth/profile", json!({"email": "new@example.com"})).await;
    bare.expect_status(400).field_errors("current_password");
    let mut wrong = to("new@example.com");
    wrong["current_password"] = json!("wrong");
    me.patch("/api/auth/profile", wrong).await.expect_status(400).field_errors("current_password");
    me.patch("/api/auth/profile", to("BOB@example.com"))
        .await
        .expect_status(409)
        .field_errors("email");
    let done = me.patch("/api/auth/profile", to("new@example.com")).await.expect_status(200);
    assert_eq!(done.body["email_verified"], false);
    server.log_in("new@example.com").await;
}

async fn sessions_are_listed_and_ended(backend: Backend) {
    let server = Server::start(backend).await;
    let here = server.member("ana@example.com").await;
    let there = server.log_in("ana@example.com").await;
    let stranger = server.member("bob@example.com").await;
    let list = here.get("/api/auth/sessions").await.expect_status(200);
    assert_eq!(list.body["count"], 2);
    let other = list.results().iter().find(|session| session["is_current"] == false).unwrap();
    assert_eq!(other["address"], "127.0.0.1");
    let path = format!("/api/auth/sessions/{}", other["id"]);
    stranger.delete(&path).await.expect_status(404);
    here.delete(&path).await.expect_status(204);
    there.get("/api/auth/profile").await.expect_status(401);
    here.delete("/api/auth/sessions/0").await.expect_status(400).field_errors("id");
}

async fn forged_and_stale_tokens_are_refused(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let session = server.session("ana@example.com").await;
    let access = session["access"].as_str().unwrap();
    let refresh = session["refresh"].as_str().unwrap();
    let parts: Vec<&str> = access.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let forged = [
        String::new(),
        "x".to_owned(),
        refresh.to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
        refresh.split('.').take(2).chain([parts[2]]).collect::<Vec<_>>().join("."),
    ];
    for token in forged {
        let answer = server.nobody().with_token(&token).get("/api/auth/profile").await;
        answer.expect_status(401);
        let sent = json!({"refresh": if token.is_empty() { access } else { token.as_str() }});
        if token != refresh {
            server.nobody().post("/api/auth/token/refresh", sent).await.expect_status(401);
        }
    }
    let me = server.nobody().with_token(access);
    server.app.clock().advance(TimeDelta::minutes(60) + TimeDelta::seconds(25));
    me.get("/api/auth/profile").await.expect_status(200);
    server.app.clock().advance(TimeDelta::seconds(10));
    me.get("/api/auth/profile").await.expect_status(401);
    server.app.clock().advance(TimeDelta::days(8));
    let sent = json!({"refresh": refresh});
    server.nobody().post("/api/auth/token/refresh", sent).await.expect_status(401);
}

async fn the_last_admin_stays(backend: Backend) {
    let server = Server::start(backend).await;
    server.admin().await;
    assert!(users::set_role(&server.app, "admin@example.com", Role::Staff).await.is_err());
    assert!(users::deactivate(&server.app, "admin@example.com").await.is_err());
    server.somebody(Role::Admin, "second@example.com").await;
    let one = users::set_role(&server.app, "admin@example.com", Role::Staff);
    let other = users::deactivate(&server.app, "second@example.com");
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

async fn concurrent_guesses_are_limited(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    server.app.clock().stop();
    let guesses = (0..60).map(|_| {
        let nobody = server.nobody();
        let body = json!({"email": "ana@example.com", "password": "something else"});
        async move { nobody.post("/api/auth/login", body).await.status }
    });
    let statuses = futures_util::future::join_all(guesses).await;
    let looked_at = statuses.iter().filter(|status| **status != 429).count();
    assert_eq!(looked_at, 5, "{statuses:?}");
}

async fn no_session_begins_with_a_password_that_was_just_changed(backend: Backend) {
    let server = Server::start_in_earnest(backend).await;
    let me = server.member("ana@example.com").await;
    let logins: Vec<_> = (0..4)
        .map(|_| {
            let nobody = server.nobody();
            let body = json!({"email": "ana@example.com", "password": PASSWORD});
            tokio::spawn(async move { nobody.post("/api/auth/login", body).await })
        })
        .collect();
    let change = json!({"current_password": PASSWORD, "new_password": "a longer walk by the sea"});
    me.post("/api/auth/password", change).await.expect_status(204);
    for login in logins {
        let answer = login.await.unwrap();
        if answer.status == 200 {
            let token = answer.body["access"].as_str().unwrap();
            let other = server.nobody().with_token(token);
            other.get("/api/auth/profile").await.expect_status(401);
        }
    }
    me.get("/api/auth/profile").await.expect_status(200);
}

/// A hash of the tests' password with the parameters of an earlier version.
fn weak_hash() -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let (salt, mut output) = (b"somesaltsomesalt", [0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(PASSWORD.as_bytes(), salt, &mut output).unwrap();
    let [salt, output] = [&salt[..], &output[..]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m=8,t=1,p=1${salt}${output}")
}

async fn concurrent_logins_succeed_while_their_hash_is_renewed(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let weaken = format!("UPDATE users SET password_hash = '{}'", weak_hash());
    sql(&server.place, weaken.leak()).await;
    let logins: Vec<_> = (0..4)
        .map(|_| {
            let nobody = server.nobody();
            let body = json!({"email": "ana@example.com", "password": PASSWORD});
            tokio::spawn(async move { nobody.post("/api/auth/login", body).await })
        })
        .collect();
    for login in logins {
        login.await.unwrap().expect_status(200);
    }
    let weak = "SELECT count(*) FROM users WHERE password_hash LIKE '%m=8%'";
    assert_eq!(sql(&server.place, weak).await, 0);
    let wrong = json!({"email": "ana@example.com", "password": "something else"});
    server.nobody().post("/api/auth/login", wrong).await.expect_status(401);
}

async fn concurrent_requests_create_one_first_administrator(backend: Backend) {
    let server = Server::start(backend).await;
    let hold = "BEGIN; LOCK TABLE audit_log IN EXCLUSIVE MODE";
    let holding = match backend {
        Backend::Sqlite => None,
        Backend::Postgres => {
            let url = &server.place.database_url;
            let mut holding = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(hold).execute(&mut holding).await.unwrap();
            Some(holding)
        }
    };
    let makings: Vec<_> = (0..8)
        .map(|i| {
            let (app, email) = (server.app.clone(), format!("{i}@example.com"));
            let role = Role::Admin;
            let account = users::read_account(&email, "", PASSWORD.to_owned(), role).unwrap();
            tokio::spawn(async move { users::create_first_admin(&app, account).await })
        })
        .collect();
    if let Some(holding) = holding {
        // No request can finish before all of them have begun.
        let waiting = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually(async || (sql(&server.place, waiting).await == 8).then_some(())).await;
        holding.close().await.unwrap();
    }
    let mut made = 0;
    for making in makings {
        match making.await.unwrap() {
            Ok(user) => made += i64::from(user.role == Role::Admin),
            Err(error) => assert!(matches!(error, Error::Conflict(_)), "{error}"),
        }
    }
    let admins = "SELECT count(*) FROM users WHERE role = 'admin'";
    assert_eq!((made, sql(&server.place, admins).await), (1, 1));
}

async fn a_full_name_must_match_its_parts(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    let named = json!({"name": "Ana Gómez", "email": "ana@example.com"});
    let mut read = me.put("/api/auth/profile", named).await.expect_status(200).body;
    read["name"] = json!("Anna Gómez");
    me.put("/api/auth/profile", read.clone()).await.expect_status(400).field_errors("name");
    read["first_name"] = json!("Anna");
    me.put("/api/auth/profile", read).await.expect_status(200);
    let alone = json!({"name": "Only Name", "first_name": null, "last_name": null});
    me.patch("/api/auth/profile", alone).await.expect_status(400).field_errors("name");
    let long = json!({"name": "x".repeat(150)});
    me.patch("/api/auth/profile", long.clone()).await.expect_status(400).field_errors("name");
    let mut new = registration("bob@example.com");
    new["name"] = long["name"].clone();
    server.nobody().post("/api/auth/register", new).await.expect_status(400).field_errors("name");
}

async fn sessions_come_in_pages(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    for _ in 0..4 {
        server.log_in("ana@example.com").await;
    }
    let first = me.get("/api/auth/sessions?page_size=2").await.expect_status(200);
    assert_eq!((first.results().len(), &first.body["count"]), (2, &json!(5)));
    let next = me.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    let last = me.get(next.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!((last.results().len(), &last.results()[0]["is_current"]), (1, &json!(true)));
    assert_eq!(last.body["next"], json!(null));
}

async fn changes_on_the_command_line_are_not_silently_overwritten(backend: Backend) {
    let server = Server::start(backend).await;
    let me = server.member("ana@example.com").await;
    me.patch("/api/auth/profile", json!({"phone": "555-1234"})).await.expect_status(200);
    users::set_role(&server.app, "ana@example.com", Role::Doctor).await.unwrap();
    me.patch("/api/auth/profile", json!({"phone": "555-9999"})).await.expect_status(428);
    let stale = me.patch_if("/api/auth/profile", 2, json!({"phone": "555-9999"})).await;
    assert_eq!(stale.expect_status(412).body["changed_by"], "frontdesk-server");
    me.patch_if("/api/auth/profile", 3, json!({"phone": "555-9999"})).await.expect_status(200);
}
