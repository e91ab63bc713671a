//! Devices from which a user has logged in before.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    harness::{Backend, PASSWORD, Server, on_both},
    mail::sql,
};

on_both! {
    every_login_replaces_the_device_token,
    old_tokens_of_a_device_are_removed,
}

/// Logs in from a device.
pub(crate) async fn log_in_from(server: &Server, email: &str, device: &Value) -> Value {
    let login = json!({"email": email, "password": PASSWORD, "device": device});
    server.nobody().post("/api/auth/login", login).await.expect_status(200).body
}

async fn every_login_replaces_the_device_token(backend: Backend) {
    let server = Server::start(backend).await;
    let new = json!({"email": "ana@example.com", "password": PASSWORD, "device": "nobody's"});
    let registered = server.nobody().post("/api/auth/register", new).await.expect_status(201);
    let mut known = vec![registered.body["device"].clone()];
    for _ in 0..3 {
        let next = log_in_from(&server, "ana@example.com", known.last().unwrap()).await;
        known.push(next["device"].clone());
    }
    for device in [json!(null), json!("nobody's"), json!("x".repeat(2_000))] {
        known.push(log_in_from(&server, "ana@example.com", &device).await["device"].clone());
    }
    let texts: std::collections::HashSet<&str> =
        known.iter().map(|device| device.as_str().unwrap()).collect();
    assert_eq!(texts.len(), known.len(), "{known:?}");
    assert!(texts.iter().all(|text| text.len() == 43), "{known:?}");
    for wrong in [json!(7), json!("x".repeat(2_001))] {
        let login = json!({"email": "ana@example.com", "password": PASSWORD, "device": wrong});
        let refused = server.nobody().post("/api/auth/login", login).await.expect_status(400);
        refused.field_errors("device");
    }
    // Four devices: the first one, and those without a known token.
    let devices = "SELECT count(DISTINCT device) FROM device_tokens";
    assert_eq!(sql(&server.place, devices).await, 4);
}

async fn old_tokens_of_a_device_are_removed(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let count = "SELECT count(*) FROM device_tokens";
    let first = log_in_from(&server, "ana@example.com", &json!(null)).await["device"].clone();
    let before = sql(&server.place, count).await;
    // The answer was lost, so the client still has the previous token.
    let lost = log_in_from(&server, "ana@example.com", &first).await["device"].clone();
    let second = log_in_from(&server, "ana@example.com", &first).await["device"].clone();
    assert!(lost != second && sql(&server.place, count).await == before + 2);
    // The successor has arrived, so earlier tokens are no longer valid.
    log_in_from(&server, "ana@example.com", &second).await;
    assert_eq!(sql(&server.place, count).await, before + 1);
    server.app.clock().advance(TimeDelta::days(30));
    server::domain::accounts::devices::tidy(&server.app).await.unwrap();
    assert_eq!(sql(&server.place, count).await, 0);
}
