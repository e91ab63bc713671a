//! Repeated requests with an `Idempotency-Key`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Client, Server, on_both};

on_both! {
    twenty_parallel_requests_with_one_key_create_one_record,
    another_body_or_address_under_the_same_key_is_refused,
    a_failed_request_stores_no_answer,
    a_key_belongs_to_its_user_and_expires_after_a_day,
    every_creating_operation_takes_a_key,
    purging_erases_stored_answers,
    a_stored_answer_contains_no_code,
    expired_answers_of_absent_users_are_removed,
    a_stored_answer_is_refused_if_the_record_is_no_longer_visible,
}

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let request = client.request(Method::POST, path).header("idempotency-key", key);
    client.send(request.json(body)).await
}

async fn twenty_parallel_requests_with_one_key_create_one_record(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let body = json!({"first_name": "Ana"});
    let attempts = (0..20).map(|_| post(&staff, "/api/patients", "key-1", &body));
    let answers = futures_util::future::join_all(attempts).await;
    let first = &answers[0];
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.text, first.text);
        assert_eq!(answer.header("location"), first.header("location"));
        assert_eq!(answer.header("etag"), first.header("etag"));
    }
    let replayed = |answer: &Answer| answer.headers.contains_key("idempotency-replayed");
    assert_eq!(answers.iter().filter(|answer| !replayed(answer)).count(), 1);
    staff.post("/api/patients", json!({"first_name": "Eva"})).await.expect_status(201);
    let again = post(&staff, "/api/patients", "key-1", &body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = post(&staff, "/api/patients", "key-1", &json!({"first_name": "Ben"})).await;
    assert!(!replayed(&other.expect_status(422)));
    assert_eq!(staff.get("/api/patients").await.body["count"], 2);
    staff.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    assert_eq!(post(&staff, "/api/patients", "key-1", &body).await.text, first.text);
}

async fn another_body_or_address_under_the_same_key_is_refused(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let ana = json!({"first_name": "Ana", "specialization": "X"});
    post(&staff, "/api/doctors", "key-1", &ana).await.expect_status(201);
    let ben = json!({"first_name": "Ben", "specialization": "X"});
    let refused = post(&staff, "/api/doctors", "key-1", &ben).await.expect_status(422);
    assert_eq!(refused.body["error"], "idempotency_key_reused");
    post(&staff, "/api/patients", "key-1", &json!({"first_name": "Ana"})).await.expect_status(422);
    for bad in ["", " ", &"x".repeat(256)] {
        let refused = post(&staff, "/api/doctors", bad, &ben).await.expect_status(400);
        refused.field_errors("Idempotency-Key");
    }
    let request = staff.request(Method::POST, "/api/doctors").header("idempotency-key", "a");
    let twice = staff.send(request.header("idempotency-key", "b").json(&ben)).await;
    twice.expect_status(400).field_errors("Idempotency-Key");
    assert_eq!(staff.get("/api/doctors").await.body["count"], 1);
}

async fn a_failed_request_stores_no_answer(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let body = json!({"patient": 1, "doctor": 1});
    post(&staff, "/api/assignments", "key-1", &body).await.expect_status(400);
    staff.patient(json!({"first_name": "Ana"})).await;
    let doctor = json!({"last_name": "J", "specialization": "X"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    post(&staff, "/api/assignments", "key-1", &body).await.expect_status(201);
}

async fn a_key_belongs_to_its_user_and_expires_after_a_day(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("ana@example.com").await);
    let body = json!({"first_name": "Ana"});
    post(&staff, "/api/patients", "key-1", &body).await.expect_status(201);
    let own = post(&member, "/api/patients", "key-1", &body).await.expect_status(201);
    assert_eq!(own.body["id"], 2);
    server.app.clock().advance(chrono::TimeDelta::hours(25));
    let staff = server.log_in("staff@example.com").await;
    let later = post(&staff, "/api/patients", "key-1", &body).await.expect_status(201);
    assert_eq!(later.body["id"], 3);
}

async fn every_creating_operation_takes_a_key(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let second = json!({"last_name": "Second", "specialization": "X"});
    admin.post("/api/doctors", second).await.expect_status(201);
    for (path, body) in [
        ("/api/patients", json!({"first_name": "Ana"})),
        ("/api/doctors", json!({"last_name": "J", "specialization": "X"})),
        ("/api/assignments", json!({"patient": 1, "doctor": 1})),
        ("/api/assignments/1/transfer", json!({"doctor": 2})),
        ("/api/visits", json!({"patient": 1})),
        ("/api/users", json!({"email": "new@example.com", "role": "member"})),
    ] {
        let first = post(&admin, path, path, &body).await.expect_status(201);
        let again = post(&admin, path, path, &body).await.expect_status(201);
        assert_eq!(first.text, again.text, "{path}");
        assert_eq!(first.header("location"), again.header("location"));
        assert!(!first.headers.contains_key("idempotency-replayed"), "{path}");
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
    }
}

async fn purging_erases_stored_answers(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let body = json!({"first_name": "Ana"});
    post(&admin, "/api/patients", "key-1", &body).await.expect_status(201);
    let purge = json!({"reason": "Asked for"});
    admin.post("/api/patients/1/purge", purge).await.expect_status(204);
    let new = post(&admin, "/api/patients", "key-1", &body).await.expect_status(201);
    assert_eq!(new.body["id"], 2);
}

async fn a_stored_answer_contains_no_code(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let body = json!({"email": "new@example.com", "role": "member"});
    let first = post(&admin, "/api/users", "key-1", &body).await.expect_status(201);
    let again = post(&admin, "/api/users", "key-1", &body).await.expect_status(201);
    assert_eq!(first.body["code"], again.body["code"]);
    let reset = json!({"token": first.body["code"], "new_password": crate::harness::PASSWORD});
    server.nobody().post("/api/auth/password/reset", reset).await.expect_status(204);
    // The code is void, so nothing can show it any more.
    let refused = post(&admin, "/api/users", "key-1", &body).await.expect_status(409);
    refused.field_errors("code");
}

async fn expired_answers_of_absent_users_are_removed(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let body = json!({"first_name": "Ana"});
    let first = post(&staff, "/api/patients", "key-1", &body).await.expect_status(201);
    server::domain::idempotency::tidy(&server.app).await.unwrap();
    assert_eq!(post(&staff, "/api/patients", "key-1", &body).await.text, first.text);
    server.app.clock().advance(chrono::TimeDelta::hours(25));
    server::domain::idempotency::tidy(&server.app).await.unwrap();
    // Nothing is left of it, even if the clock is set back.
    server.app.clock().advance(chrono::TimeDelta::hours(-25));
    let new = post(&staff, "/api/patients", "key-1", &body).await.expect_status(201);
    assert_eq!(new.body["id"], 2);
}

async fn a_stored_answer_is_refused_if_the_record_is_no_longer_visible(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("ana@example.com").await);
    member.patient(json!({"first_name": "Hers"})).await;
    let doctor = json!({"last_name": "J", "specialization": "X"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    let body = json!({"patient": 1, "doctor": 1, "notes": "private"});
    post(&staff, "/api/assignments", "key-1", &body).await.expect_status(201);
    server::domain::accounts::users::set_role(
        &server.app,
        "staff@example.com",
        shared::account::Role::Member,
    )
    .await
    .unwrap();
    post(&staff, "/api/assignments", "key-1", &body).await.expect_status(404);
}
