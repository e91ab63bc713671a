//! Rules for every kind of record: repeated requests, refusals and cursors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::harness::{Answer, Backend, Client, Server, on_both};

on_both! {
    repeating_a_finished_operation_changes_nothing,
    a_finished_operation_is_confirmed_only_to_those_who_could_undo_it,
    a_refused_write_names_the_cause,
    a_cursor_is_opaque_and_valid_on_every_instance,
    a_foreign_cursor_is_refused,
}

/// A request for the first version.
async fn stale(client: &Client, method: Method, path: &str, body: &Value) -> Answer {
    let request = client.request(method, path).header("if-match", "\"1\"").json(body);
    client.send(request).await
}

async fn writes(admin: &Client, entity: &str) -> (Value, Value) {
    let path = format!("/api/audit?entity={entity}&entity_id=1&page_size=100");
    let audit = admin.get(&path).await.expect_status(200);
    let is_write = |entry: &&Value| entry["version"].is_i64() || entity == "session";
    let count = audit.results().iter().filter(is_write).count();
    let history = match entity {
        "patient" | "doctor" | "assignment" => {
            admin.get(&format!("/api/{entity}s/1/history")).await.expect_status(200).body
        }
        _ => Value::Null,
    };
    (json!(count), history)
}

async fn repeating_a_finished_operation_changes_nothing(backend: Backend) {
    let server = Server::start(backend).await;
    let (admin, staff) = (server.admin().await, server.staff().await);
    admin.patient(json!({"first_name": "Ana"})).await;
    let doctor = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    admin.post("/api/doctors", doctor).await.expect_status(201);
    let assignment = json!({"patient": 1, "doctor": 1});
    admin.post("/api/assignments", assignment).await.expect_status(201);
    let user = server.somebody(Role::Doctor, "johnson@example.com").await;
    let user = user.get("/api/auth/profile").await.expect_status(200).body["id"].clone();
    let user = json!({"user": user});
    let none = json!({});
    for (entity, method, path, body, status) in [
        ("doctor", Method::PUT, "/api/doctors/1/user", &user, 200),
        ("doctor", Method::DELETE, "/api/doctors/1/user", &none, 204),
        ("assignment", Method::DELETE, "/api/assignments/1", &none, 204),
        ("doctor", Method::DELETE, "/api/doctors/1", &none, 204),
        ("doctor", Method::POST, "/api/doctors/1/archive?reassign_to=7", &none, 200),
        ("doctor", Method::POST, "/api/doctors/1/restore", &none, 200),
        ("patient", Method::POST, "/api/patients/1/archive", &none, 200),
        ("patient", Method::DELETE, "/api/patients/1", &none, 204),
        ("patient", Method::POST, "/api/patients/1/restore", &none, 200),
    ] {
        let request = admin.request(method.clone(), path).header("if-match", "*").json(body);
        let first = admin.send(request).await.expect_status(status);
        let before = writes(&admin, entity).await;
        // Another user who has not read the record, and one who has read an old version.
        let other = if path.ends_with("user") { &admin } else { &staff };
        let again = other.send(other.request(method.clone(), path).json(body)).await;
        assert_eq!(again.status, status, "{method} {path}: {}", again.text);
        let late = stale(other, method.clone(), path, body).await.expect_status(status);
        if status == 200 {
            assert_eq!(first.body["version"], late.body["version"], "{method} {path}");
            assert_eq!(first.body["updated_at"], again.body["updated_at"], "{method} {path}");
        }
        assert_eq!(writes(&admin, entity).await, before, "{method} {path}");
    }
}

async fn a_finished_operation_is_confirmed_only_to_those_who_could_undo_it(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    ana.patient(json!({"first_name": "A"})).await;
    let doctor = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    ana.post("/api/doctors", doctor).await.expect_status(201);
    for path in ["/api/patients/1", "/api/doctors/1"] {
        ana.delete(path).await.expect_status(204);
        ana.delete(path).await.expect_status(204);
        ben.delete(path).await.expect_status(404);
        ben.post(&format!("{path}/archive"), json!({})).await.expect_status(404);
        ana.get(path).await.expect_status(404);
    }
}

async fn a_refused_write_names_the_cause(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    staff.patient(json!({"first_name": "Ana"})).await;
    staff.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    let detail = async |client: &Client, version| {
        let answer = client.patch_if("/api/patients/1", version, json!({"city": "X"})).await;
        answer.expect_status(412).body["detail"].as_str().unwrap().to_owned()
    };
    let own = detail(&staff, 1).await;
    assert_eq!(own, "you changed the record yourself in the meantime; nothing was written");
    let others = detail(&admin, 1).await;
    assert!(others.ends_with(" changed the record in the meantime; nothing was written"));
    assert!(!others.starts_with("you"), "{others}");
    for client in [&staff, &admin] {
        let never = detail(client, 3).await;
        assert_eq!(never, "the record never had the version in If-Match; nothing was written");
    }
}

fn cursor_of(address: &Value) -> &str {
    address.as_str().unwrap().split_once("cursor=").unwrap().1
}

async fn a_cursor_is_opaque_and_valid_on_every_instance(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["Gomez", "Hernandez"] {
        staff.patient(json!({"last_name": name})).await;
    }
    let first = staff.get("/api/patients?page_size=1").await.expect_status(200);
    let cursor = cursor_of(&first.body["next"]);
    for from in 0..4 {
        let part = &cursor.as_bytes()[from..];
        let part = &part[..part.len() / 4 * 4];
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(!text.contains("gomez"), "{text}");
    }
    let twin = server.twin().await;
    let there = twin.log_in("staff@example.com").await;
    let path = format!("/api/patients?page_size=1&cursor={cursor}");
    let next = there.get(&path).await.expect_status(200);
    assert_eq!(next.body["results"][0]["last_name"], "Hernandez");
}

async fn a_foreign_cursor_is_refused(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["A", "B"] {
        staff.patient(json!({"last_name": name})).await;
        let doctor = json!({"last_name": name, "specialization": "X"});
        staff.post("/api/doctors", doctor).await.expect_status(201);
    }
    let first = staff.get("/api/patients?page_size=1").await.expect_status(200);
    let cursor = cursor_of(&first.body["next"]).to_owned();
    let mut changed = cursor.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    // The form of cursors before they were encrypted.
    let plain = r#"{"o":"p.sort_name false false","b":false,"k":{"rank":0,"value":"a","id":1}}"#;
    let refused = [
        ("/api/doctors", cursor.clone()),
        ("/api/patients?ordering=-last_name", cursor.clone()),
        ("/api/patients", String::from_utf8(changed).unwrap()),
        ("/api/patients", cursor[..cursor.len() - 2].to_owned()),
        ("/api/patients", URL_SAFE_NO_PAD.encode(plain)),
        ("/api/patients", "€€€".to_owned()),
    ];
    for (path, cursor) in refused {
        let mark = if path.contains('?') { '&' } else { '?' };
        let answer = staff.get(&format!("{path}{mark}cursor={cursor}")).await;
        answer.expect_status(400).field_errors("cursor");
    }
    staff.get(&format!("/api/patients?cursor={cursor}")).await.expect_status(200);
}
