//! Patients.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::{
    beside::Beside,
    harness::{Answer, Backend, Client, Server, on_both},
};

on_both! {
    rules_are_checked_even_if_other_members_are_invalid,
    repeated_members_inside_an_identifier_are_found,
    if_match_any_is_always_accepted,
    a_patient_is_registered_with_everything_and_read_back,
    every_bad_field_is_reported_at_once,
    an_age_replaces_an_unknown_date_of_birth,
    a_replacement_clears_and_a_patch_keeps_absent_members,
    what_was_read_can_be_sent_back,
    a_stale_write_is_refused_and_shows_the_current_record,
    without_if_match_only_the_last_writer_may_write,
    members_see_their_own_patients_and_no_others,
    archiving_hides_a_patient_and_restoring_shows_it,
    identifiers_are_unique_among_the_records_that_are_not_archived,
    purging_is_for_admins_and_leaves_no_value_behind,
    the_history_shows_who_changed_what,
    a_change_that_changes_nothing_is_no_change,
    reading_a_record_is_noted,
    permissions_match_what_the_caller_may_do,
    a_language_is_a_tag_in_the_usual_case,
}

async fn a_patient_is_registered_with_everything_and_read_back(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let sent = json!({
        "first_name": "José Eduardo", "last_name": "Gómez", "date_of_birth": "1989-05-25",
        "gender": "Male", "email": "jose@example.com", "phone_number": "+1 (555) 123-4567",
        "address": "427 Balistreri Way\nUnit 19", "city": "Chicopee", "state": "MA",
        "zip_code": "01013", "blood_type": "o+", "allergies": "Penicillin",
        "medical_history": "Asthma", "preferred_language": "PT-br", "emergency_contact": "Ana, 555 765 4321",
        "identifiers": [{"system": "insurance", "value": "X1"}, {"system": "synthea", "value": "1d60"}],
        "age": 37,
    });
    let created = staff.patient(sent.clone()).await;
    assert_eq!(created["mrn"], "P000001B");
    assert_eq!(created["full_name"], "José Eduardo Gómez");
    assert_eq!(created["gender"], "M");
    assert_eq!(created["blood_type"], "O+");
    assert_eq!(created["preferred_language"], "pt-BR");
    assert_eq!(created["date_of_birth_estimated"], false);
    assert_eq!(created["created_by_username"], "staff");
    for member in ["first_name", "email", "phone_number", "address", "identifiers", "date_of_birth"]
    {
        assert_eq!(created[member], sent[member], "{member}");
    }
    let read = staff.get("/api/patients/1").await.expect_status(200);
    assert_eq!(read.body, created);
    assert_eq!(staff.patient(json!({"last_name": "Nilam"})).await["mrn"], "P000002C");
}

async fn every_bad_field_is_reported_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let bad = json!({
        "date_of_birth": "1989-13", "gender": "Q", "email": "x", "phone_number": "12",
        "blood_type": "C+", "age": -1, "deceased_on": "soon", "first_name": 7,
        "last_name": "x".repeat(101), "identifiers": [{"system": ""}, 5], "frist_name": "A",
        "medical_history": "x".repeat(10_001), "id": 5, "full_name": "A",
    });
    let answer = staff.post("/api/patients", bad).await.expect_status(400);
    for field in [
        "date_of_birth",
        "gender",
        "email",
        "phone_number",
        "blood_type",
        "age",
        "deceased_on",
        "first_name",
        "last_name",
        "identifiers[0].system",
        "identifiers[0].value",
        "identifiers[1]",
        "frist_name",
        "medical_history",
        "id",
        "full_name",
    ] {
        answer.field_errors(field);
    }
    let nameless = staff.post("/api/patients", json!({"first_name": " "})).await.expect_status(400);
    nameless.field_errors("first_name");
    assert_eq!(staff.get("/api/patients").await.body["count"], 0);
}

async fn an_age_replaces_an_unknown_date_of_birth(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let guess =
        staff.patient(json!({"first_name": "Alice", "last_name": "Smith", "age": 30})).await;
    assert_eq!(guess["age"], 30);
    assert_eq!(guess["date_of_birth_estimated"], true);
    let older = staff.put("/api/patients/1", json!({"first_name": "Alice", "age": 31})).await;
    assert_eq!(older.expect_status(200).body["age"], 31);
    let known = staff.patch("/api/patients/1", json!({"date_of_birth": "1990-05"})).await;
    assert_eq!(known.expect_status(200).body["date_of_birth_estimated"], false);
    staff.patch("/api/patients/1", json!({"age": 3})).await.expect_status(400).field_errors("age");
    let unknown = staff.patch("/api/patients/1", json!({"date_of_birth": null})).await;
    assert_eq!(unknown.expect_status(200).body["age"], Value::Null);
    let future =
        json!({"first_name": "A", "date_of_birth": "2999-01-01", "deceased_on": "2999-01-01"});
    let answer = staff.post("/api/patients", future).await.expect_status(400);
    answer.field_errors("date_of_birth");
    answer.field_errors("deceased_on");
}

async fn a_replacement_clears_and_a_patch_keeps_absent_members(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana", "city": "Boston", "email": "a@example.com"})).await;
    let patched = staff.patch("/api/patients/1", json!({"email": null, "state": "MA"})).await;
    let patched = patched.expect_status(200).body;
    assert_eq!(patched["city"], "Boston");
    assert_eq!(patched["email"], Value::Null);
    assert_eq!(patched["version"], 2);
    let replaced = staff.put("/api/patients/1", json!({"last_name": "Gómez"})).await;
    let replaced = replaced.expect_status(200).body;
    assert_eq!((&replaced["first_name"], &replaced["city"]), (&Value::Null, &Value::Null));
    staff.put("/api/patients/1", json!({})).await.expect_status(400).field_errors("first_name");
}

async fn what_was_read_can_be_sent_back(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff
        .patient(
            json!({"first_name": "Ana", "age": 30, "identifiers": [{"system": "a", "value": "b"}]}),
        )
        .await;
    let read = staff.get("/api/patients/1").await.body;
    let same = staff.put("/api/patients/1", read.clone()).await.expect_status(200);
    assert_eq!(same.body, read);
    let mut foreign = read;
    foreign["id"] = json!(2);
    foreign["created_by"] = json!(99);
    foreign["mrn"] = json!("P000002C");
    let answer = staff.put("/api/patients/1", foreign.clone()).await.expect_status(400);
    for member in ["id", "created_by", "mrn"] {
        answer.field_errors(member);
    }
    // Other errors hide none of these.
    foreign["phone"] = json!("none");
    let answer = staff.put("/api/patients/1", foreign).await.expect_status(400);
    for member in ["id", "created_by", "mrn", "phone"] {
        answer.field_errors(member);
    }
}

async fn write(
    client: &Client,
    method: Method,
    path: &str,
    tag: Option<&str>,
    body: Value,
) -> Answer {
    let mut request = client.request(method, path).json(&body);
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    client.send(request).await
}

async fn a_stale_write_is_refused_and_shows_the_current_record(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let admin = server.admin().await;
    let created = staff.post("/api/patients", json!({"first_name": "Ana"})).await;
    let tag = created.header("etag").to_owned();
    write(&admin, Method::PATCH, "/api/patients/1", Some(&tag), json!({"city": "Boston"}))
        .await
        .expect_status(200);
    for (method, path, body) in [
        (Method::PUT, "/api/patients/1", json!({"first_name": "B"})),
        (Method::PATCH, "/api/patients/1", json!({"first_name": "B"})),
        (Method::DELETE, "/api/patients/1", json!({})),
        (Method::POST, "/api/patients/1/archive", json!({})),
    ] {
        let answer = write(&staff, method, path, Some(&tag), body).await.expect_status(412);
        assert_eq!(answer.body["current"]["city"], "Boston");
        assert_eq!(answer.body["current"]["version"], 2);
        assert_eq!(answer.body["changed_by"], "admin");
        assert!(answer.body["changed_at"].is_string());
    }
    assert_eq!(staff.get("/api/patients/1").await.body["first_name"], "Ana");
    let current = staff.get("/api/patients/1").await.header("etag").to_owned();
    for (tag, status) in [
        ("7", 400),
        ("\"x\"", 400),
        ("\"1\"", 412),
        ("\"1\", \"9\"", 412),
        ("\"2-0000\"", 200),
        ("W/\"3\"", 200),
        (current.as_str(), 412),
        ("*", 200),
        ("\"5\"", 200),
    ] {
        let city = json!({"city": format!("City {}", tag.len())});
        let answer = write(&staff, Method::PATCH, "/api/patients/1", Some(tag), city).await;
        assert_eq!(answer.status, status, "{tag}: {}", answer.text);
    }
}

async fn without_if_match_only_the_last_writer_may_write(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let admin = server.admin().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    staff.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    admin.patch("/api/patients/1", json!({"city": "Salem"})).await.expect_status(428);
    admin.delete("/api/patients/1").await.expect_status(428);
    admin.patch_if("/api/patients/1", 2, json!({"city": "Salem"})).await.expect_status(200);
    staff.patch("/api/patients/1", json!({"city": "Lynn"})).await.expect_status(428);
    assert_eq!(staff.get("/api/patients/1").await.body["city"], "Salem");
    admin.patch("/api/patients/1", json!({"city": "Lynn"})).await.expect_status(200);
}

async fn members_see_their_own_patients_and_no_others(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    let bob = server.somebody(Role::Doctor, "bob@example.com").await;
    let staff = server.staff().await;
    ana.patient(json!({"first_name": "One"})).await;
    bob.patient(json!({"first_name": "Two"})).await;
    assert_eq!(ana.get("/api/patients").await.names(), ["One"]);
    assert_eq!(bob.get("/api/patients").await.names(), ["Two"]);
    assert_eq!(staff.get("/api/patients").await.body["count"], 2);
    assert_eq!(ana.get("/api/patients?created_by=2&search=two").await.body["count"], 0);
    let change = json!({"first_name": "X"});
    for answer in [
        ana.get("/api/patients/2").await,
        ana.put("/api/patients/2", change.clone()).await,
        ana.patch_if("/api/patients/2", 1, change.clone()).await,
        ana.delete("/api/patients/2").await,
        ana.post("/api/patients/2/archive", json!({})).await,
        ana.post("/api/patients/2/restore", json!({})).await,
        ana.post("/api/patients/2/purge", json!({"reason": "x"})).await,
        ana.get("/api/patients/2/history").await,
        ana.get("/api/patients/99").await,
    ] {
        answer.expect_status(404);
    }
    ana.get("/api/patients?archived=true").await.expect_status(403);
}

async fn archiving_hides_a_patient_and_restoring_shows_it(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    let staff = server.staff().await;
    ana.patient(json!({"first_name": "One"})).await;
    ana.patient(json!({"first_name": "Two"})).await;
    ana.delete("/api/patients/1").await.expect_status(204);
    let archived = ana.post("/api/patients/2/archive", json!({"reason": "Moved away"})).await;
    let archived = archived.expect_status(200).body;
    assert!(archived["archived_at"].is_string());
    assert_eq!(archived["permissions"], json!(["restore", "history"]));
    for path in ["/api/patients/1", "/api/patients/2"] {
        ana.get(path).await.expect_status(404);
        ana.patch(path, json!({"city": "X"})).await.expect_status(404);
        ana.delete(path).await.expect_status(204);
        ana.get(&format!("{path}?archived=true")).await.expect_status(200);
    }
    assert_eq!(ana.get("/api/patients").await.body["count"], 0);
    assert_eq!(staff.get("/api/patients?search=two").await.body["count"], 0);
    assert_eq!(staff.get("/api/patients?archived=true&search=two").await.names(), ["Two"]);
    let restored = ana.post("/api/patients/2/restore", json!({})).await.expect_status(200).body;
    assert_eq!(restored["archived_at"], Value::Null);
    assert_eq!(restored["version"], 3);
    ana.get("/api/patients/2?archived=true").await.expect_status(404);
    // A repetition, as after a lost answer, changes nothing.
    let again = ana.post("/api/patients/2/restore", json!({})).await.expect_status(200).body;
    assert_eq!(again, restored);
    assert_eq!(ana.get("/api/patients").await.names(), ["Two"]);
    let history = ana.get("/api/patients/2/history").await;
    let actions: Vec<&str> =
        history.results().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["patient.restored", "patient.archived", "patient.created"]);
    assert_eq!(history.results()[1]["reason"], "Moved away");
}

async fn identifiers_are_unique_among_the_records_that_are_not_archived(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let with = |value: &str| {
        json!({
            "first_name": "A",
            "identifiers": [{"system": "insurance", "value": "free"}, {"system": "ssn", "value": value}],
        })
    };
    let mut first = with("1");
    first["identifiers"][0]["value"] = json!("taken");
    staff.patient(first.clone()).await;
    first["identifiers"][1]["value"] = json!("1");
    let answer = staff.post("/api/patients", first.clone()).await.expect_status(409);
    answer.field_errors("identifiers[0]");
    answer.field_errors("identifiers[1]");
    staff.patient(with("2")).await;
    let moved = staff.patch("/api/patients/2", json!({"identifiers": first["identifiers"]})).await;
    moved.expect_status(409).field_errors("identifiers[0]");
    staff.delete("/api/patients/1").await.expect_status(204);
    let moved = staff.patch("/api/patients/2", json!({"identifiers": first["identifiers"]})).await;
    moved.expect_status(200);
    let back = staff.post("/api/patients/1/restore", json!({})).await.expect_status(409);
    back.field_errors("identifiers[0]");
    let twice = json!({"first_name": "A", "identifiers": [{"system": "a", "value": "b"}, {"system": "a", "value": "b"}]});
    staff.post("/api/patients", twice).await.expect_status(400).field_errors("identifiers[1]");
}

async fn purging_is_for_admins_and_leaves_no_value_behind(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let admin = server.admin().await;
    staff.patient(json!({"first_name": "Geheim", "phone_number": "555 1234"})).await;
    staff.patch("/api/patients/1", json!({"last_name": "Niss"})).await.expect_status(200);
    staff.post("/api/patients/1/purge", json!({"reason": "x"})).await.expect_status(403);
    let purge = |reason: Value| {
        admin
            .request(Method::POST, "/api/patients/1/purge")
            .header("if-match", "*")
            .json(&json!({"reason": reason}))
    };
    admin.send(purge(Value::Null)).await.expect_status(400).field_errors("reason");
    admin.send(purge(json!("asked for"))).await.expect_status(204);
    for path in ["/api/patients/1", "/api/patients/1?archived=true", "/api/patients/1/history"] {
        admin.get(path).await.expect_status(404);
    }
    assert_eq!(admin.get("/api/patients?search=geheim").await.body["count"], 0);
    server.app.reads().flush().await;
    let dump = dump(&server).await;
    assert!(dump.contains("patient.purged") && dump.contains("asked for"));
    assert!(!dump.contains("Geheim") && !dump.contains("geheim") && !dump.contains("Niss"));
    // The number is not reused.
    assert_eq!(staff.patient(json!({"first_name": "Next"})).await["mrn"], "P000002C");
    if let Some(file) = server.place.database_url.clone().strip_prefix("sqlite:") {
        // Nor is it left in an unused part of the file.
        let mut server = server;
        server.stop();
        server.app.close().await;
        let bytes = std::fs::read(file).unwrap();
        for erased in ["Geheim", "geheim", "Niss"] {
            let is_there = bytes.windows(erased.len()).any(|part| part == erased.as_bytes());
            assert!(!is_there, "{erased} is still in the file");
        }
    }
}

/// All text in the database.
pub(crate) async fn dump(server: &Server) -> String {
    let url = &server.place.database_url;
    let tables = ["patients", "patient_terms", "patient_identifiers", "audit_log", "audit_values"];
    let mut connection = Beside::connect(url).await;
    let mut dump = String::new();
    for table in tables {
        for row in connection.rows(&format!("SELECT * FROM {table}")).await {
            for text in row.into_iter().flatten() {
                dump.push_str(&text);
                dump.push('\n');
            }
        }
    }
    dump
}

async fn the_history_shows_who_changed_what(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let admin = server.admin().await;
    staff.patient(json!({"first_name": "Ana", "age": 30})).await;
    let request = admin.request(Method::PATCH, "/api/patients/1").header("if-match", "\"1\"");
    let request = request
        .header("x-request-id", "from-the-desk")
        .json(&json!({"city": "Boston", "first_name": null, "last_name": "Gómez"}));
    admin.send(request).await.expect_status(200);
    let history = staff.get("/api/patients/1/history").await.expect_status(200);
    assert_eq!(history.body["count"], 2);
    let newest = &history.results()[0];
    assert_eq!(newest["actor_username"], "admin");
    assert_eq!(newest["address"], "127.0.0.1");
    assert_eq!(newest["request_id"], "from-the-desk");
    assert_eq!(newest["version"], 2);
    let mut changes = newest["changes"].as_array().unwrap().clone();
    changes.sort_by_key(|change| change["field"].as_str().unwrap().to_owned());
    let change =
        |field: &str, old: Value, new: Value| json!({"field": field, "old": old, "new": new});
    assert_eq!(
        changes,
        [
            change("city", Value::Null, json!("Boston")),
            change("first_name", json!("Ana"), Value::Null),
            change("last_name", Value::Null, json!("Gómez")),
        ]
    );
    for i in 0..25 {
        admin
            .patch("/api/patients/1", json!({"city": format!("City {i}")}))
            .await
            .expect_status(200);
    }
    let mut seen = Vec::new();
    let mut page = staff.get("/api/patients/1/history?page_size=10").await.expect_status(200);
    loop {
        seen.extend(page.results().iter().map(|entry| entry["version"].as_i64().unwrap()));
        let Some(next) = page.body["next"].as_str() else { break };
        page = staff.get(next).await.expect_status(200);
    }
    assert_eq!(seen, (1..=27).rev().collect::<Vec<_>>());
    let previous = page.body["previous"].as_str().unwrap();
    let before = staff.get(previous).await.expect_status(200);
    assert_eq!(before.results().last().unwrap()["version"], 8);
}

async fn a_change_that_changes_nothing_is_no_change(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana", "city": "Boston"})).await;
    let same = staff.patch("/api/patients/1", json!({"city": " Boston "})).await.expect_status(200);
    assert_eq!(same.body["version"], 1);
    assert_eq!(staff.get("/api/patients/1/history").await.body["count"], 1);
}

async fn reading_a_record_is_noted(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    for _ in 0..3 {
        staff.get("/api/patients/1").await.expect_status(200);
    }
    staff.get("/api/patients").await.expect_status(200);
    staff.get("/api/patients/1/history").await.expect_status(200);
    staff.patch_if("/api/patients/1", 7, json!({"city": "Boston"})).await.expect_status(412);
    server.app.reads().flush().await;
    let dump = dump(&server).await;
    assert_eq!(dump.matches("patient.read").count(), 4);
    assert_eq!(dump.matches("patient.history_read").count(), 1);
    assert_eq!(staff.get("/api/patients/1/history").await.body["count"], 1);
}

async fn permissions_match_what_the_caller_may_do(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    staff.patient(json!({"first_name": "Ana"})).await;
    let of =
        async |client: &Client| client.get("/api/patients/1").await.body["permissions"].clone();
    assert_eq!(of(&staff).await, json!(["update", "archive", "history", "assign", "merge"]));
    let all = json!(["update", "archive", "history", "assign", "link", "purge", "merge"]);
    assert_eq!(of(&admin).await, all);
    assert!(staff.get("/api/patients").await.results()[0].get("permissions").is_none());
}

async fn rules_are_checked_even_if_other_members_are_invalid(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let bad = json!({"gender": "x", "date_of_birth": "2999-01-01", "deceased_on": "1999-01-01"});
    let answer = staff.post("/api/patients", bad).await.expect_status(400);
    for field in ["gender", "date_of_birth", "deceased_on", "first_name"] {
        answer.field_errors(field);
    }
    let unread = json!({"first_name": 7, "gender": "M"});
    let answer = staff.post("/api/patients", unread).await.expect_status(400);
    assert_eq!(answer.body["errors"]["first_name"], json!(["must be text"]));
    staff.patient(json!({"first_name": "Ana"})).await;
    let change = json!({"gender": "x", "date_of_birth": "2999"});
    let answer = staff.patch("/api/patients/1", change).await.expect_status(400);
    answer.field_errors("date_of_birth");
    assert!(answer.body["errors"].get("first_name").is_none(), "{}", answer.text);
}

async fn repeated_members_inside_an_identifier_are_found(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let twice =
        br#"{"first_name": "A", "identifiers": [{"system": "a", "system": "b", "value": "x"}]}"#;
    let answer = staff.post_raw("/api/patients", "application/json", twice.to_vec()).await;
    answer.expect_status(400).field_errors("identifiers[0].system");
}

async fn if_match_any_is_always_accepted(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let writes = (0..32).map(|i| {
        let staff = staff.clone();
        async move {
            let body = json!({"city": format!("City {i}")});
            write(&staff, Method::PATCH, "/api/patients/1", Some("*"), body).await.status
        }
    });
    let statuses = futures_util::future::join_all(writes).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
}

async fn a_language_is_a_tag_in_the_usual_case(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana", "preferred_language": "ES"})).await;
    let written = |tag: Value| staff.patch("/api/patients/1", json!({"preferred_language": tag}));
    assert_eq!(written(json!("zh-hant-TW")).await.body["preferred_language"], "zh-Hant-TW");
    let same = written(json!("ZH-Hant-tw")).await.expect_status(200);
    assert_eq!(same.body["version"], 2);
    for bad in ["Spanish", "pt_BR", "e", "es-"] {
        let refused = written(json!(bad)).await.expect_status(400);
        assert_eq!(
            refused.body["detail"],
            "preferred_language: must be a language tag, like es or pt-BR"
        );
        assert_eq!(refused.body["error_codes"][0]["code"], "invalid_language");
    }
    let long = format!("es-x-{}", "abcdefgh-".repeat(4));
    let long = written(json!(long)).await.expect_status(400);
    assert_eq!(long.body["error_codes"][0]["code"], "too_long");
    assert_eq!(
        written(Value::Null).await.expect_status(200).body["preferred_language"],
        Value::Null
    );
    let history = staff.get("/api/patients/1/history").await.expect_status(200);
    let change = &history.results()[0]["changes"][0];
    assert_eq!(change["field"], "preferred_language");
    assert_eq!((&change["old"], &change["new"]), (&json!("zh-Hant-TW"), &Value::Null));
}
