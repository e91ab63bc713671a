//! Guessing is slowed down, and guesses by others lock nobody out.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::{rate_limits, users};

use crate::{
    devices::log_in_from,
    harness::{Answer, Backend, Client, PASSWORD, Server, on_both},
    mail::sql,
    users::{NEW_PASSWORD, code, make, reset},
};

on_both! {
    nobody_at_the_same_address_keeps_a_known_device_out,
    a_known_device_waits_at_most_five_seconds,
    fifteen_addresses_do_not_keep_the_owner_out_at_another,
    answers_and_delays_do_not_reveal_accounts,
    a_device_is_known_to_one_account_for_thirty_days,
    ending_a_session_remotely_forgets_its_device,
    concurrent_attempts_from_one_device_are_limited,
    a_device_with_a_hundred_failures_counts_as_unknown,
    a_code_lets_its_user_log_in_despite_guesses,
    one_address_with_many_names_gets_one_attempt_a_second,
    guessing_at_a_login_does_not_keep_sessions_from_confirming,
    somebody_at_an_unlocked_desk_is_slowed_down,
    nobody_keeps_others_from_changing_their_address,
    old_counts_are_removed,
}

const HOME: &str = "203.0.113.9";
const AWAY: &str = "198.51.100.7";
const WRONG: &str = "not the password";

/// A server behind a proxy that names the clients' addresses, with a stopped clock.
async fn start(backend: Backend) -> Server {
    let server = Server::start_with(backend, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    server.app.clock().stop();
    server
}

/// Sends a body from an address.
async fn post_from(client: &Client, address: &str, path: &str, body: Value) -> Answer {
    let request = client.request(Method::POST, path).json(&body);
    client.send(request.header("x-forwarded-for", address)).await
}

/// One login attempt: the status, and the seconds to wait.
async fn attempt(
    server: &Server,
    address: &str,
    name: &str,
    password: &str,
    device: &Value,
) -> (u16, i64) {
    let login = json!({"email": name, "password": password, "device": device});
    let answer = post_from(&server.nobody(), address, "/api/auth/login", login).await;
    let wait = answer.headers.get("retry-after").map(|wait| wait.to_str().unwrap().parse());
    (answer.status, wait.map_or(0, Result::unwrap))
}

async fn guess(server: &Server, address: &str, name: &str) -> (u16, i64) {
    attempt(server, address, name, WRONG, &Value::Null).await
}

fn wait(server: &Server, seconds: i64) {
    server.app.clock().advance(TimeDelta::seconds(seconds));
}

/// An account, and the device that registered it.
async fn account(server: &Server, email: &str) -> Value {
    let new = json!({"email": email, "password": PASSWORD, "name": "Ana Gómez"});
    let answer = post_from(&server.nobody(), HOME, "/api/auth/register", new).await;
    answer.expect_status(201).body["device"].clone()
}

async fn nobody_at_the_same_address_keeps_a_known_device_out(backend: Backend) {
    let server = start(backend).await;
    let mut device = account(&server, "ana@example.com").await;
    let mut longest = 0;
    for round in 0..60 {
        // One guesser waits and the other does not; both begin before the owner.
        let (status, after) = guess(&server, HOME, "ana@example.com").await;
        assert!(matches!(status, 401 | 429), "{status}");
        longest = longest.max(after);
        guess(&server, HOME, "ana@example.com").await;
        guess(&server, HOME, &format!("{round}@example.com")).await;
        let login = json!({"email": "ana@example.com", "password": PASSWORD, "device": device});
        let answer = post_from(&server.nobody(), HOME, "/api/auth/login", login).await;
        device = answer.expect_status(200).body["device"].clone();
        wait(&server, after);
    }
    assert_eq!(longest, 60, "the guesser was not slowed down");
}

async fn a_known_device_waits_at_most_five_seconds(backend: Backend) {
    let server = start(backend).await;
    let device = account(&server, "ana@example.com").await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let (status, _) = attempt(&server, HOME, "ana@example.com", WRONG, &device).await;
        assert_eq!(status, 401);
        let (status, after) = attempt(&server, HOME, "ana@example.com", PASSWORD, &device).await;
        if status == 200 {
            // The right password in between clears the wrong attempts.
            continue;
        }
        waits.push(after);
        wait(&server, after);
    }
    assert!(waits.is_empty(), "{waits:?}");
    for _ in 0..20 {
        assert_eq!(attempt(&server, HOME, "ana@example.com", WRONG, &device).await.0, 401);
        let (status, after) = attempt(&server, HOME, "ana@example.com", WRONG, &device).await;
        waits.push(after);
        if status == 429 {
            wait(&server, after);
        }
    }
    assert_eq!(waits.iter().max(), Some(&5), "{waits:?}");
    assert_eq!(attempt(&server, HOME, "ana@example.com", PASSWORD, &device).await.0, 200);
}

async fn fifteen_addresses_do_not_keep_the_owner_out_at_another(backend: Backend) {
    let server = start(backend).await;
    account(&server, "ana@example.com").await;
    for round in 0..12 {
        for address in 0..15 {
            guess(&server, &format!("192.0.2.{address}"), "ana@example.com").await;
        }
        wait(&server, if round < 6 { 1 } else { 60 });
    }
    // More than a hundred attempts were counted, so each unknown place gets one a minute,
    // beginning at once.
    let owner =
        async |password| attempt(&server, AWAY, "ana@example.com", password, &Value::Null).await;
    assert_eq!(owner(PASSWORD).await, (200, 0));
    assert_eq!(owner(WRONG).await, (401, 0));
    assert_eq!(owner(PASSWORD).await, (429, 60));
    wait(&server, 60);
    assert_eq!(owner(PASSWORD).await, (200, 0));
    // A day later the places have their free attempts again.
    wait(&server, 86_400);
    assert_eq!(owner(WRONG).await, (401, 0));
    assert_eq!(owner(PASSWORD).await, (200, 0));
}

/// The view of a client that waits as told: every status, wait and body, without the parts that
/// always differ.
async fn seen(server: &Server, address: &str, name: &str, device: &Value) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..20 {
        let login = json!({"email": name, "password": WRONG, "device": device});
        let answer = post_from(&server.nobody(), address, "/api/auth/login", login).await;
        let mut body = answer.body.clone();
        body.as_object_mut().unwrap().remove("request_id");
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        seen.push(format!("{} {headers:?} {body}", answer.status));
        if answer.status == 429 {
            wait(server, answer.header("retry-after").parse().unwrap());
        }
    }
    // The next case begins with a new minute for the address.
    wait(server, 61);
    seen
}

async fn answers_and_delays_do_not_reveal_accounts(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    for name in ["ana", "gone"] {
        account(&server, &format!("{name}@example.com")).await;
        assert_eq!(
            attempt(&server, HOME, &format!("{name}@example.com"), PASSWORD, &Value::Null).await.0,
            200
        );
    }
    users::deactivate(&server.app, "gone@example.com").await.unwrap();
    make(&admin, json!({"email": "new@example.com", "username": "new", "role": "member"})).await;
    let names = ["nobody@example.com", "ana@example.com", "gone@example.com", "new", "no-name"];
    for (address, device) in [(HOME, json!(null)), (AWAY, json!(null)), (HOME, json!("garbage"))] {
        let mut all = Vec::new();
        for name in names {
            all.push(seen(&server, address, name, &device).await);
        }
        for (name, seen) in names.iter().zip(&all) {
            assert_eq!(seen, &all[0], "{name} at {address}");
        }
        // Both kinds of answers occur, so the comparison is meaningful.
        assert!(all[0].iter().any(|it| it.starts_with("401")), "{:?}", all[0]);
        assert!(all[0].iter().any(|it| it.starts_with("429")), "{:?}", all[0]);
        wait(&server, 86_400);
    }
    // Beyond a hundred attempts too.
    let mut all = Vec::new();
    for name in &names[..2] {
        for i in 0..101 {
            guess(&server, &format!("192.0.2.{i}"), name).await;
        }
        wait(&server, 61);
        all.push(seen(&server, AWAY, name, &Value::Null).await);
    }
    assert!(all.iter().all(|seen| seen == &all[0]), "{all:#?}");
    assert!(all[0][1].contains("retry-after: 60"), "{:#?}", all[0]);
}

/// Whether a device is known. An unknown one shares the limit of its address, from which others
/// have just guessed.
async fn is_known(server: &Server, name: &str, device: &Value) -> bool {
    while guess(server, HOME, name).await.0 != 429 {}
    match attempt(server, HOME, name, WRONG, device).await.0 {
        401 => true,
        429 => false,
        other => panic!("{other}"),
    }
}

async fn a_device_is_known_to_one_account_for_thirty_days(backend: Backend) {
    let server = start(backend).await;
    let first = account(&server, "ana@example.com").await;
    let other = account(&server, "bob@example.com").await;
    assert!(is_known(&server, "ana@example.com", &first).await);
    assert!(!is_known(&server, "ana@example.com", &other).await, "another account's");
    for garbage in [json!(null), json!("x"), json!(""), json!("é".repeat(500))] {
        assert!(!is_known(&server, "ana@example.com", &garbage).await, "{garbage}");
    }
    // The previous token is known until its successor has been sent, and both share one limit.
    let second = log_in_from(&server, "ana@example.com", &first).await["device"].clone();
    assert!(is_known(&server, "ana@example.com", &first).await);
    for _ in 0..4 {
        assert!(is_known(&server, "ana@example.com", &second).await);
    }
    assert!(!is_known(&server, "ana@example.com", &first).await, "a lane of its own");
    wait(&server, 5);
    log_in_from(&server, "ana@example.com", &second).await;
    assert!(!is_known(&server, "ana@example.com", &first).await, "replaced");
    assert!(is_known(&server, "ana@example.com", &second).await);
    wait(&server, 30 * 86_400 - 10);
    assert!(is_known(&server, "ana@example.com", &second).await);
    wait(&server, 10);
    assert!(!is_known(&server, "ana@example.com", &second).await, "too old");
}

async fn ending_a_session_remotely_forgets_its_device(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let mut device = account(&server, "ana@example.com").await;
    let name = "ana@example.com";
    let here = log_in_from(&server, name, &Value::Null).await;
    let id = here["user"]["id"].clone();
    let me = server.nobody().with_token(here["access"].as_str().unwrap());
    let mine = here["device"].clone();
    // A logout keeps the device.
    let there = log_in_from(&server, name, &device).await;
    device = there["device"].clone();
    let other = server.nobody().with_token(there["access"].as_str().unwrap());
    other.post("/api/auth/logout", json!({})).await.expect_status(204);
    assert!(is_known(&server, name, &device).await);
    // Ending the session from another device forgets it.
    device = log_in_from(&server, name, &device).await["device"].clone();
    let sessions = me.get("/api/auth/sessions").await.expect_status(200);
    let other = sessions.results().iter().find(|it| it["is_current"] == false).unwrap();
    let path = format!("/api/auth/sessions/{}", other["id"]);
    me.delete(&path).await.expect_status(204);
    assert!(!is_known(&server, name, &device).await);
    assert!(is_known(&server, name, &mine).await, "the own one");
    // A change of the password forgets all devices but the caller's own.
    device = log_in_from(&server, name, &Value::Null).await["device"].clone();
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    me.post("/api/auth/password", change).await.expect_status(204);
    assert!(!is_known(&server, name, &device).await);
    assert!(is_known(&server, name, &mine).await, "the own one");
    // A password that is set with a code or on the command line forgets all devices.
    let issued = code(&admin, &id).await;
    reset(&server.nobody(), &issued["code"], PASSWORD).await.expect_status(204);
    assert!(!is_known(&server, name, &mine).await);
    device = log_in_from(&server, name, &issued["code"]).await["device"].clone();
    assert!(is_known(&server, name, &device).await);
    users::set_password(&server.app, name, NEW_PASSWORD).await.unwrap();
    assert!(!is_known(&server, name, &device).await);
    users::set_password(&server.app, name, PASSWORD).await.unwrap();
    // So does an administrator who ends the sessions or deactivates the account.
    wait(&server, 60);
    device = log_in_from(&server, name, &Value::Null).await["device"].clone();
    admin.delete(&format!("/api/users/{id}/sessions")).await.expect_status(204);
    assert!(!is_known(&server, name, &device).await);
    wait(&server, 60);
    device = log_in_from(&server, name, &Value::Null).await["device"].clone();
    users::deactivate(&server.app, name).await.unwrap();
    assert!(!is_known(&server, name, &device).await);
}

async fn concurrent_attempts_from_one_device_are_limited(backend: Backend) {
    let server = start(backend).await;
    let device = account(&server, "ana@example.com").await;
    let guesses = (0..50).map(|_| attempt(&server, HOME, "ana@example.com", WRONG, &device));
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|(status, _)| *status != 429).count();
    assert_eq!(looked_at, 5, "{answers:?}");
}

async fn a_device_with_a_hundred_failures_counts_as_unknown(backend: Backend) {
    let server = start(backend).await;
    let device = account(&server, "ana@example.com").await;
    let mut looked_at = 0;
    while looked_at < 100 {
        let (status, after) = attempt(&server, HOME, "ana@example.com", WRONG, &device).await;
        assert!(after <= 5, "{after}");
        match status {
            401 => looked_at += 1,
            _ => wait(&server, after),
        }
    }
    assert!(!is_known(&server, "ana@example.com", &device).await);
    wait(&server, 86_401);
    assert!(is_known(&server, "ana@example.com", &device).await);
}

async fn a_code_lets_its_user_log_in_despite_guesses(backend: Backend) {
    let server = start(backend).await;
    let admin = server.admin().await;
    let made = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let guessed = async |with_codes: bool| {
        while guess(&server, HOME, "ines").await.0 != 429 {}
        for _ in 0..if with_codes { 70 } else { 0 } {
            let bad = json!({"token": "0000-0000-0000-0000-0000", "new_password": NEW_PASSWORD});
            post_from(&server.nobody(), HOME, "/api/auth/password/reset", bad).await;
        }
    };
    guessed(true).await;
    let bad = json!({"token": "0000-0000-0000-0000-0000", "new_password": NEW_PASSWORD});
    let bad = post_from(&server.nobody(), HOME, "/api/auth/password/reset", bad).await;
    bad.expect_status(429).header("retry-after");
    let good = json!({"token": made["code"], "new_password": NEW_PASSWORD});
    let good = post_from(&server.nobody(), HOME, "/api/auth/password/reset", good).await;
    good.expect_status(204);
    // The guesser continues at once.
    guessed(false).await;
    let login = async |device: &Value| attempt(&server, HOME, "ines", NEW_PASSWORD, device).await.0;
    assert_eq!(login(&Value::Null).await, 429);
    let spoken = made["code"].as_str().unwrap().to_lowercase().replace('-', " ");
    assert_eq!(login(&json!(spoken)).await, 200);
    assert_eq!(login(&made["code"]).await, 200);
    wait(&server, 3_600);
    guessed(false).await;
    assert_eq!(login(&made["code"]).await, 429, "an hour is over");
    // Without a device, the owner also gets in, because the guesser is slower.
    let id = &made["user"]["id"];
    let next = code(&admin, id).await;
    guessed(false).await;
    let good = json!({"token": next["code"], "new_password": NEW_PASSWORD});
    post_from(&server.nobody(), HOME, "/api/auth/password/reset", good).await.expect_status(204);
    assert_eq!(login(&Value::Null).await, 200);
}

async fn one_address_with_many_names_gets_one_attempt_a_second(backend: Backend) {
    let server = start(backend).await;
    let device = account(&server, "ana@example.com").await;
    let mut looked_at = 0;
    for second in 0..5 {
        for i in 0..if second == 0 { 70 } else { 5 } {
            let (status, after) = guess(&server, HOME, &format!("{second}-{i}@example.com")).await;
            looked_at += i64::from(status == 401);
            assert!(after <= 1, "{after}");
        }
        assert_eq!(looked_at, 60 + second);
        // Known devices are not affected, nor is any other address.
        assert_eq!(attempt(&server, HOME, "ana@example.com", PASSWORD, &device).await.0, 200);
        assert_eq!(guess(&server, AWAY, &format!("{second}@example.com")).await.0, 401);
        wait(&server, 1);
    }
}

async fn guessing_at_a_login_does_not_keep_sessions_from_confirming(backend: Backend) {
    let server = start(backend).await;
    account(&server, "ana@example.com").await;
    let session = log_in_from(&server, "ana@example.com", &Value::Null).await;
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    for _ in 0..200 {
        guess(&server, HOME, "ana@example.com").await;
        guess(&server, AWAY, "ana@example.com").await;
        wait(&server, 1);
    }
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let changed = post_from(&me, HOME, "/api/auth/password", change).await;
    changed.expect_status(204);
}

async fn somebody_at_an_unlocked_desk_is_slowed_down(backend: Backend) {
    let server = start(backend).await;
    let device = account(&server, "ana@example.com").await;
    let session = log_in_from(&server, "ana@example.com", &device).await;
    let me = server.nobody().with_token(session["access"].as_str().unwrap());
    let change = json!({"current_password": WRONG, "new_password": NEW_PASSWORD});
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(me.post("/api/auth/password", change.clone()).await.status);
    }
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429, 429]);
    // None of that counts against the owner's login.
    let device = &session["device"];
    assert_eq!(attempt(&server, HOME, "ana@example.com", PASSWORD, device).await.0, 200);
}

async fn nobody_keeps_others_from_changing_their_address(backend: Backend) {
    let server = start(backend).await;
    let me = server.member("ana@example.com").await;
    for _ in 0..5 {
        let asked = json!({"email": "new@example.com"});
        server.nobody().post("/api/auth/password/forgot", asked).await.expect_status(202);
    }
    let change = json!({"email": "new@example.com", "current_password": PASSWORD});
    me.patch("/api/auth/profile", change).await.expect_status(200);
}

async fn old_counts_are_removed(backend: Backend) {
    let server = start(backend).await;
    let count = "SELECT count(*) FROM login_failures";
    for i in 0..10 {
        guess(&server, HOME, &format!("{i}@example.com")).await;
    }
    assert_eq!(sql(&server.place, count).await, 21);
    wait(&server, 2 * 86_400 - 1);
    rate_limits::tidy(&server.app).await.unwrap();
    assert_eq!(sql(&server.place, count).await, 21);
    guess(&server, AWAY, "0@example.com").await;
    wait(&server, 2);
    rate_limits::tidy(&server.app).await.unwrap();
    assert_eq!(sql(&server.place, count).await, 3);
}
