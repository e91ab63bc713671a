//! What is clinical of a patient, withheld from those who do not want to see it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Backend, Client, Server, on_both},
    patients::dump,
};

on_both! {
    a_record_without_what_is_clinical_names_what_it_withholds,
    lists_lookup_and_dashboard_withhold,
    writes_withhold_where_they_are_told_to,
    what_was_withheld_can_be_sent_back_and_loses_nothing,
    a_body_can_withhold_only_what_can_be_withheld,
}

const WITHHELD: [&str; 2] = ["allergies", "medical_history"];

async fn ana(client: &Client) -> Value {
    let ana = json!({
        "first_name": "Ana", "allergies": "Penicillin", "medical_history": "Asthma",
        "emergency_contact": "Eva",
    });
    client.patient(ana).await
}

/// Fails unless a patient comes without what is clinical.
fn check_withheld(patient: &Value, has_allergies: bool) {
    assert_eq!(patient["withheld"], json!(WITHHELD), "{patient}");
    assert_eq!(patient["has_allergies"], has_allergies, "{patient}");
    for member in WITHHELD {
        assert_eq!(patient[member], Value::Null, "{patient}");
    }
}

async fn a_record_without_what_is_clinical_names_what_it_withholds(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    ana(&staff).await;
    staff.patient(json!({"first_name": "Eva", "medical_history": "Measles"})).await;
    let whole = staff.get("/api/patients/1?clinical=true").await.expect_status(200);
    assert_eq!((&whole.body["withheld"], &whole.body["has_allergies"]), (&json!([]), &json!(true)));
    assert_eq!(whole.body["allergies"], "Penicillin");
    let part = staff.get("/api/patients/1?clinical=false").await.expect_status(200);
    check_withheld(&part.body, true);
    assert_eq!(part.body["emergency_contact"], "Eva");
    assert_eq!(part.body["permissions"], whole.body["permissions"]);
    check_withheld(&staff.get("/api/patients/2?clinical=false").await.body, false);
    let (whole, part) = (whole.header("etag"), part.header("etag"));
    assert!(whole != part && part.starts_with("\"1-"), "{whole} {part}");
    for (path, tag, status) in [
        ("/api/patients/1?clinical=false", part, 304),
        ("/api/patients/1?clinical=false", whole, 200),
        ("/api/patients/1", whole, 304),
        ("/api/patients/1", part, 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let request = staff.request(method, path).header("if-none-match", tag);
            staff.send(request).await.expect_status(status);
        }
    }
    let bad = staff.get("/api/patients/1?clinical=no").await.expect_status(400);
    bad.field_errors("clinical");
    server.app.reads().flush().await;
    assert_eq!(dump(&server).await.matches("patient.read").count(), 11);
}

async fn lists_lookup_and_dashboard_withhold(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    ana(&staff).await;
    let rows = staff.get("/api/patients").await.expect_status(200);
    assert_eq!(rows.results()[0]["allergies"], "Penicillin");
    assert_eq!(rows.results()[0]["withheld"], json!([]));
    for path in ["/api/patients?clinical=false", "/api/patients?clinical=false&search=ana"] {
        let rows = staff.get(path).await.expect_status(200);
        check_withheld(&rows.results()[0], true);
    }
    for typed in ["ana", "%231", "P000001B"] {
        let found = staff.get(&format!("/api/lookup?q={typed}")).await.expect_status(200);
        check_withheld(&found.body["results"][0]["record"], true);
    }
    let dashboard = staff.get("/api/dashboard").await.expect_status(200);
    check_withheld(&dashboard.body["recent_patients"][0], true);
}

async fn writes_withhold_where_they_are_told_to(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    let new = json!({"first_name": "Ana", "allergies": "Penicillin"});
    for _ in 0..2 {
        let request = staff.request(Method::POST, "/api/patients?clinical=false");
        let created = staff.send(request.header("idempotency-key", "1").json(&new)).await;
        check_withheld(&created.expect_status(201).body, true);
    }
    // The whole answer is not kept where a part was answered; a part of a whole one is answered.
    for (clinical, is_withheld) in [(true, false), (false, true), (true, false)] {
        let path = format!("/api/patients?clinical={clinical}");
        let request = staff.request(Method::POST, &path).header("idempotency-key", "2").json(&new);
        let created = staff.send(request).await.expect_status(201).body;
        assert_eq!(created["allergies"].is_null(), is_withheld, "{clinical}");
    }
    let send = async |client: &Client, method: Method, action: &str, body: Value, tag: &str| {
        let path = format!("/api/patients/1{action}?clinical=false");
        client.send(client.request(method, &path).header("if-match", tag).json(&body)).await
    };
    let change = json!({"first_name": "Ana", "allergies": "Nuts"});
    for (method, action, body) in [
        (Method::PATCH, "", json!({"allergies": "Pollen"})),
        (Method::PUT, "", change),
        (Method::POST, "/archive", json!({})),
        (Method::POST, "/restore", json!({})),
    ] {
        let answer = send(&staff, method, action, body, "*").await.expect_status(200);
        check_withheld(&answer.body, true);
    }
    for (method, action, body) in [
        (Method::PATCH, "", json!({"city": "Boston"})),
        (Method::PUT, "", json!({"first_name": "Eva"})),
        (Method::POST, "/archive", json!({})),
        (Method::POST, "/purge", json!({"reason": "a trial"})),
        (Method::DELETE, "", json!({})),
    ] {
        let refused = send(&admin, method, action, body, "\"1\"").await.expect_status(412);
        check_withheld(&refused.body["current"], true);
        assert!(!refused.text.contains("Nuts"), "{}", refused.text);
    }
    assert_eq!(staff.get("/api/patients/1").await.body["allergies"], "Nuts");
}

async fn what_was_withheld_can_be_sent_back_and_loses_nothing(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let whole = ana(&staff).await;
    let mut read = staff.get("/api/patients/1?clinical=false").await.expect_status(200).body;
    let same = staff.put("/api/patients/1", read.clone()).await.expect_status(200);
    assert_eq!(same.body, whole);
    read["city"] = json!("Boston");
    for values in [Value::Null, json!("None"), json!(7), json!("x".repeat(20_000))] {
        for member in WITHHELD {
            read[member] = values.clone();
        }
        let written = staff.put("/api/patients/1", read.clone()).await.expect_status(200);
        let patched = staff.patch("/api/patients/1", read.clone()).await.expect_status(200);
        for answer in [&written, &patched] {
            assert_eq!(answer.body["city"], "Boston");
            for member in WITHHELD {
                assert_eq!(answer.body[member], whole[member]);
            }
        }
    }
    // Only what is named stays: the other member is replaced.
    read["withheld"] = json!(["medical_history"]);
    read["allergies"] = Value::Null;
    let written = staff.put("/api/patients/1", read).await.expect_status(200).body;
    assert_eq!((&written["allergies"], &written["has_allergies"]), (&Value::Null, &json!(false)));
    assert_eq!(written["medical_history"], "Asthma");
    let plain = json!({"first_name": "Ana", "withheld": []});
    let written = staff.put("/api/patients/1", plain).await.expect_status(200).body;
    assert_eq!(written["medical_history"], Value::Null);
}

async fn a_body_can_withhold_only_what_can_be_withheld(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    ana(&staff).await;
    for (withheld, code) in [
        (json!(["allergies", "city"]), "not_one_of"),
        (json!([7]), "not_one_of"),
        (json!("allergies"), "wrong_type"),
    ] {
        let body = json!({"first_name": "Ana", "withheld": withheld, "gender": "X"});
        for answer in [
            staff.put("/api/patients/1", body.clone()).await,
            staff.patch("/api/patients/1", body).await,
        ] {
            let answer = answer.expect_status(400);
            answer.field_errors("withheld");
            answer.field_errors("gender");
            let codes = answer.body["error_codes"].as_array().unwrap();
            assert!(codes.iter().any(|it| it["field"] == "withheld" && it["code"] == code));
        }
    }
    let new = json!({"first_name": "Eva", "withheld": ["allergies"], "has_allergies": true});
    let refused = staff.post("/api/patients", new).await.expect_status(400);
    refused.field_errors("withheld");
    refused.field_errors("has_allergies");
    let doctor = json!({"first_name": "Eva", "specialization": "Surgery"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    let change = json!({"withheld": []});
    staff.patch("/api/doctors/1", change).await.expect_status(400).field_errors("withheld");
    let kept = staff.get("/api/patients/1").await.body;
    assert_eq!((&kept["version"], &kept["allergies"]), (&json!(1), &json!("Penicillin")));
}
