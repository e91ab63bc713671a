//! Accounts that are linked to doctors and patients.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    a_linked_doctor_reads_assigned_patients_but_changes_none,
    a_linked_patient_reads_their_own_record_and_doctors,
    only_an_administrator_links_accounts_with_the_right_role,
    an_account_can_be_unlinked_from_an_archived_record,
    restoring_again_changes_nothing,
}

async fn put(client: &Client, path: &str, user: Value) -> crate::harness::Answer {
    let request = client.request(Method::PUT, path).header("if-match", "*");
    client.send(request.json(&json!({"user": user}))).await
}

async fn unlink(client: &Client, path: &str) {
    let request = client.request(Method::DELETE, path).header("if-match", "*");
    client.send(request).await.expect_status(204);
}

async fn id_of(client: &Client) -> Value {
    client.get("/api/auth/profile").await.expect_status(200).body["id"].clone()
}

async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for name in ["Ana", "Ben"] {
        admin.patient(json!({"first_name": name})).await;
    }
    let doctor = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    admin.post("/api/doctors", doctor).await.expect_status(201);
    let assignment = json!({"patient": 1, "doctor": 1});
    admin.post("/api/assignments", assignment).await.expect_status(201);
    (server, admin)
}

async fn a_linked_doctor_reads_assigned_patients_but_changes_none(backend: Backend) {
    let (server, admin) = desk(backend).await;
    let doctor = server.somebody(Role::Doctor, "johnson@example.com").await;
    doctor.get("/api/patients/1").await.expect_status(404);
    let linked = put(&admin, "/api/doctors/1/user", id_of(&doctor).await).await.expect_status(200);
    assert_eq!(linked.body["linked_user"], id_of(&doctor).await);
    let read = doctor.get("/api/patients/1").await.expect_status(200);
    assert_eq!(read.body["permissions"], json!([]));
    doctor.get("/api/patients/2").await.expect_status(404);
    assert_eq!(doctor.get("/api/patients").await.names(), ["Ana"]);
    assert_eq!(doctor.get("/api/patients?search=ana").await.names(), ["Ana"]);
    assert_eq!(doctor.get("/api/doctors/1/patients").await.body["count"], 1);
    doctor.get("/api/assignments/1").await.expect_status(200);
    for (method, path, body) in [
        (Method::PATCH, "/api/patients/1", json!({"city": "X"})),
        (Method::DELETE, "/api/patients/1", json!({})),
        (Method::PATCH, "/api/assignments/1", json!({"notes": "X"})),
        (Method::DELETE, "/api/assignments/1", Value::Null),
        (Method::POST, "/api/assignments/1/transfer", json!({"doctor": 1})),
    ] {
        let request = doctor.request(method, path).header("if-match", "*");
        let request = if body.is_null() { request } else { request.json(&body) };
        doctor.send(request).await.expect_status(403);
    }
    doctor.get("/api/patients/1/history").await.expect_status(403);
    doctor.get("/api/assignments/1/history").await.expect_status(403);
    let assign = json!({"patient": 1, "doctor": 1});
    doctor.post("/api/assignments", assign).await.expect_status(403);
    // They keep the patients that they have registered.
    let own = doctor.patient(json!({"first_name": "Own"})).await;
    doctor
        .patch(&format!("/api/patients/{}", own["id"]), json!({"city": "X"}))
        .await
        .expect_status(200);
    assert_eq!(doctor.get("/api/patients").await.names(), ["Ana", "Own"]);
    admin.delete("/api/assignments/1").await.expect_status(204);
    doctor.get("/api/patients/1").await.expect_status(404);
    let again = json!({"patient": 2, "doctor": 1});
    admin.post("/api/assignments", again).await.expect_status(201);
    doctor.get("/api/patients/2").await.expect_status(200);
    unlink(&admin, "/api/doctors/1/user").await;
    unlink(&admin, "/api/doctors/1/user").await;
    doctor.get("/api/patients/2").await.expect_status(404);
}

async fn a_linked_patient_reads_their_own_record_and_doctors(backend: Backend) {
    let (server, admin) = desk(backend).await;
    let patient = server.somebody(Role::Patient, "ana@example.com").await;
    let linked =
        put(&admin, "/api/patients/1/user", id_of(&patient).await).await.expect_status(200);
    assert_eq!(linked.body["linked_user"], id_of(&patient).await);
    patient.get("/api/patients/1").await.expect_status(200);
    patient.get("/api/patients/2").await.expect_status(404);
    assert_eq!(patient.get("/api/patients/1/doctors").await.body["count"], 1);
    assert_eq!(patient.get("/api/assignments").await.body["count"], 1);
    let request = patient.request(Method::PATCH, "/api/patients/1").header("if-match", "*");
    patient.send(request.json(&json!({"city": "X"}))).await.expect_status(403);
    let request = patient.request(Method::GET, "/api/patients/1?archived=true");
    patient.send(request).await.expect_status(404);
    unlink(&admin, "/api/patients/1/user").await;
    patient.get("/api/patients/1").await.expect_status(404);
    let history = admin.get("/api/patients/1/history").await.expect_status(200);
    assert_eq!(history.results()[0]["action"], "patient.linked");
}

async fn only_an_administrator_links_accounts_with_the_right_role(backend: Backend) {
    let (server, admin) = desk(backend).await;
    let staff = server.staff().await;
    let doctor = server.somebody(Role::Doctor, "johnson@example.com").await;
    let id = id_of(&doctor).await;
    put(&staff, "/api/doctors/1/user", id.clone()).await.expect_status(403);
    put(&admin, "/api/patients/1/user", id.clone()).await.expect_status(400).field_errors("user");
    put(&admin, "/api/doctors/1/user", json!(999)).await.expect_status(400).field_errors("user");
    put(&admin, "/api/doctors/1/user", json!("7")).await.expect_status(400).field_errors("user");
    put(&admin, "/api/doctors/9/user", id.clone()).await.expect_status(404);
    put(&admin, "/api/doctors/1/user", id.clone()).await.expect_status(200);
    let second = json!({"last_name": "B", "specialization": "X"});
    admin.post("/api/doctors", second).await.expect_status(201);
    put(&admin, "/api/doctors/2/user", id).await.expect_status(409).field_errors("user");
}

async fn an_account_can_be_unlinked_from_an_archived_record(backend: Backend) {
    let (server, admin) = desk(backend).await;
    let id = id_of(&server.somebody(Role::Doctor, "johnson@example.com").await).await;
    put(&admin, "/api/doctors/1/user", id.clone()).await.expect_status(200);
    admin.delete("/api/doctors/1?end_assignments=true").await.expect_status(204);
    let second = json!({"last_name": "Johnson", "specialization": "X"});
    admin.post("/api/doctors", second).await.expect_status(201);
    put(&admin, "/api/doctors/2/user", id.clone()).await.expect_status(409);
    let archived = admin.get("/api/doctors/1?archived=true").await.expect_status(200);
    assert_eq!(archived.body["permissions"], json!(["restore", "history", "link"]));
    put(&admin, "/api/doctors/1/user", id.clone()).await.expect_status(404);
    unlink(&admin, "/api/doctors/1/user").await;
    put(&admin, "/api/doctors/2/user", id).await.expect_status(200);
}

async fn restoring_again_changes_nothing(backend: Backend) {
    let (_server, admin) = desk(backend).await;
    for path in ["/api/patients/2", "/api/doctors/1"] {
        admin
            .delete(&format!(
                "{path}?{}",
                if path.contains("doc") { "end_assignments=true" } else { "" }
            ))
            .await
            .expect_status(204);
        let once = admin.post(&format!("{path}/restore"), json!({})).await.expect_status(200).body;
        let again = admin.post(&format!("{path}/restore"), json!({})).await.expect_status(200).body;
        assert_eq!(once, again, "{path}");
    }
}
