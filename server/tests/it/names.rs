//! The names beside the ids in histories and in the audit log.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::harness::{Answer, Backend, Client, Server, on_both};

on_both! {
    a_history_names_the_people_whose_ids_changed,
    a_history_names_nobody_whom_the_caller_may_not_read,
    the_audit_log_names_its_records,
    the_names_follow_the_records_and_a_purge_removes_them,
    only_those_who_may_see_users_read_the_name_of_a_linked_account,
}

async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for (first, last) in [("Ana", "Gómez"), ("Ben", "Okri")] {
        staff.patient(json!({"first_name": first, "last_name": last})).await;
    }
    for name in ["Johnson", "Patel"] {
        let body = json!({"last_name": name, "specialization": "Cardiology"});
        staff.post("/api/doctors", body).await.expect_status(201);
    }
    (server, staff)
}

async fn change(client: &Client, path: &str, body: Value) -> Value {
    let request = client.request(Method::PATCH, path).header("if-match", "*");
    client.send(request.json(&body)).await.expect_status(200).body
}

async fn history(client: &Client, path: &str) -> Answer {
    client.get(&format!("{path}/history")).await.expect_status(200)
}

fn name(entity: &str, id: i64, name: &str) -> Value {
    json!({"entity": entity, "id": id, "name": name})
}

async fn a_history_names_the_people_whose_ids_changed(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let body = json!({"patient": 1, "doctor": 1});
    staff.post("/api/assignments", body).await.expect_status(201);
    let first = history(&staff, "/api/assignments/1").await;
    let both = json!([name("patient", 1, "Ana Gómez"), name("doctor", 1, "Johnson")]);
    assert_eq!(first.results()[0]["names"], both);
    let body = json!({"patient": 1, "assignment": 1});
    staff.post("/api/visits", body).await.expect_status(201);
    change(&staff, "/api/visits/1", json!({"patient": 2})).await;
    change(&staff, "/api/visits/1", json!({"doctor": 2})).await;
    change(&staff, "/api/visits/1", json!({"is_urgent": true})).await;
    let visit = history(&staff, "/api/visits/1").await;
    let [urgent, other_doctor, corrected, made] = visit.results() else { panic!("{}", visit.text) };
    assert_eq!(urgent["names"], json!([]));
    let doctors = json!([name("doctor", 1, "Johnson"), name("doctor", 2, "Patel")]);
    assert_eq!(other_doctor["names"], doctors);
    let assignment = name("assignment", 1, "Ana Gómez, Johnson");
    let people = [name("patient", 1, "Ana Gómez"), name("patient", 2, "Ben Okri")];
    assert_eq!(corrected["names"], json!([people[0], people[1], assignment]));
    assert_eq!(made["names"], json!([people[0], name("doctor", 1, "Johnson"), assignment]));
}

async fn a_history_names_nobody_whom_the_caller_may_not_read(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let member = server.member("member@example.com").await;
    member.patient(json!({"first_name": "Own"})).await;
    // The visit was entered for a patient of somebody else, with an assignment of that patient.
    staff.post("/api/assignments", json!({"patient": 1, "doctor": 1})).await.expect_status(201);
    staff.post("/api/visits", json!({"patient": 1, "assignment": 1})).await.expect_status(201);
    change(&staff, "/api/visits/1", json!({"patient": 3})).await;
    let seen = history(&member, "/api/visits/1").await;
    let [corrected, made] = seen.results() else { panic!("{}", seen.text) };
    assert_eq!(corrected["names"], json!([name("patient", 3, "Own")]));
    assert_eq!(made["names"], json!([name("doctor", 1, "Johnson")]));
    assert!(!seen.text.contains("Ana"), "{}", seen.text);
    assert!(history(&staff, "/api/visits/1").await.text.contains("Ana Gómez"));
}

async fn the_audit_log_names_its_records(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    staff.post("/api/assignments", json!({"patient": 1, "doctor": 1})).await.expect_status(201);
    staff.post("/api/visits", json!({"patient": 2, "doctor": 2})).await.expect_status(201);
    admin.get("/api/audit").await.expect_status(200);
    server.app.reads().flush().await;
    let id = staff.get("/api/auth/profile").await.body["id"].as_i64().unwrap();
    for (query, expected) in [
        ("entity=patient&entity_id=1".to_owned(), json!([name("patient", 1, "Ana Gómez")])),
        ("action=doctor.created".to_owned(), json!([name("doctor", 2, "Patel")])),
        (
            "entity=assignment".to_owned(),
            json!([
                name("patient", 1, "Ana Gómez"),
                name("doctor", 1, "Johnson"),
                name("assignment", 1, "Ana Gómez, Johnson"),
            ]),
        ),
        (
            "entity=visit".to_owned(),
            json!([
                name("patient", 2, "Ben Okri"),
                name("doctor", 2, "Patel"),
                name("visit", 1, "Ben Okri"),
            ]),
        ),
        (format!("entity=user&entity_id={id}"), json!([name("user", id, "staff")])),
        ("entity=audit".to_owned(), json!([])),
    ] {
        let answer = admin.get(&format!("/api/audit?{query}")).await.expect_status(200);
        assert_eq!(answer.results()[0]["names"], expected, "{query}: {}", answer.text);
    }
}

async fn the_names_follow_the_records_and_a_purge_removes_them(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    staff.post("/api/visits", json!({"patient": 1})).await.expect_status(201);
    change(&staff, "/api/visits/1", json!({"patient": 2})).await;
    change(&staff, "/api/patients/1", json!({"last_name": "Ruiz"})).await;
    let archive = staff.request(Method::POST, "/api/patients/1/archive").header("if-match", "*");
    staff.send(archive.json(&json!({"reason": "Moved away"}))).await.expect_status(200);
    let named = json!([name("patient", 1, "Ana Ruiz"), name("patient", 2, "Ben Okri")]);
    assert_eq!(history(&staff, "/api/visits/1").await.results()[0]["names"], named);
    let purge = admin.request(Method::POST, "/api/patients/1/purge").header("if-match", "*");
    admin.send(purge.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
    let seen = history(&staff, "/api/visits/1").await;
    assert!(!seen.text.contains("Ana") && !seen.text.contains("Ruiz"), "{}", seen.text);
    let log = admin.get("/api/audit?entity=patient&entity_id=1").await.expect_status(200);
    for entry in log.results() {
        assert_eq!(entry["names"], json!([]), "{entry}");
    }
}

async fn only_those_who_may_see_users_read_the_name_of_a_linked_account(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let member = server.member("member@example.com").await;
    member.patient(json!({"first_name": "Own"})).await;
    let account = server.somebody(Role::Patient, "ana@example.com").await;
    let id = account.get("/api/auth/profile").await.body["id"].as_i64().unwrap();
    let link = admin.request(Method::PUT, "/api/patients/1/user").header("if-match", "*");
    admin.send(link.json(&json!({"user": id}))).await.expect_status(200);
    let names = history(&admin, "/api/patients/1").await.results()[0]["names"].clone();
    assert_eq!(names, json!([name("user", id, "ana")]));
    let names = history(&member, "/api/patients/1").await.results()[0]["names"].clone();
    assert_eq!(names, json!([]));
}
