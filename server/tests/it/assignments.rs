//! Assignments of patients to doctors.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    a_patient_is_assigned_and_the_assignment_read_back,
    missing_and_invisible_records_get_the_same_error,
    fifty_identical_concurrent_assignments_create_one,
    an_ended_assignment_can_be_reactivated,
    a_second_active_assignment_is_refused_even_on_reactivation,
    an_assignment_that_was_read_can_be_sent_back,
    the_patient_and_the_doctor_of_an_assignment_can_not_change,
    a_transfer_completes_one_assignment_and_creates_another,
    archiving_a_patient_ends_assignments_and_restoring_brings_them_back,
    assignments_are_filtered_and_ordered,
    members_assign_their_own_patients_only,
    purging_a_patient_erases_the_assignments_too,
    the_history_of_an_assignment_has_every_change,
    patients_are_listed_by_doctor,
    an_assignment_skipped_at_one_restore_stays_ended_at_the_next,
    crossing_transfers_and_assignments_do_not_deadlock,
    no_archived_doctor_keeps_a_patient_in_any_order,
    a_search_of_assignments_matches_only_names,
    bad_members_and_ids_of_nobody_are_named_at_once,
}

async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for (first, last) in [("Ana", "Gómez"), ("Ben", "Okri")] {
        staff.patient(json!({"first_name": first, "last_name": last})).await;
    }
    for (name, what) in [("Johnson", "Cardiology"), ("Patel", "Surgery"), ("Weiß", "Oncology")] {
        let body = json!({"last_name": name, "specialization": what});
        staff.post("/api/doctors", body).await.expect_status(201);
    }
    (server, staff)
}

async fn assign(client: &Client, patient: i64, doctor: i64) -> Value {
    let body = json!({"patient": patient, "doctor": doctor});
    client.post("/api/assignments", body).await.expect_status(201).body
}

async fn a_patient_is_assigned_and_the_assignment_read_back(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let sent = json!({
        "patient": 1, "doctor": 1, "status": "ON_HOLD", "reason_for_visit": "Checkup\nagain",
        "notes": "Mornings", "assigned_date": "2026-01-31",
    });
    let created = staff.post("/api/assignments", sent.clone()).await.expect_status(201);
    assert_eq!(created.header("location"), "/api/assignments/1");
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&created.body[name], value, "{name}");
    }
    assert_eq!(created.body["patient_name"], "Ana Gómez");
    assert_eq!(created.body["mrn"], "P000001B");
    assert_eq!(created.body["doctor_name"], "Johnson");
    assert_eq!(created.body["specialization"], "Cardiology");
    assert_eq!(created.body["is_active"], true);
    assert_eq!(created.body["assigned_by_username"], "staff");
    assert_eq!(created.body["ended_at"], Value::Null);
    let all = json!(["update", "end", "transfer", "history"]);
    assert_eq!(created.body["permissions"], all);
    assert_eq!(staff.get("/api/assignments/1").await.expect_status(200).body, created.body);
    let today = server.app.clock().today().to_string();
    assert_eq!(assign(&staff, 2, 1).await["assigned_date"], today);
    let off = json!({"patient": 2, "doctor": 2, "is_active": false});
    let off = staff.post("/api/assignments", off).await.expect_status(201).body;
    assert_eq!(off["status"], "CANCELLED");
    assert!(off["ended_at"].is_string());
}

async fn missing_and_invisible_records_get_the_same_error(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let member = server.member("ana@example.com").await;
    let refused = async |client: &Client, body: Value| {
        client.post("/api/assignments", body).await.expect_status(400)
    };
    let absent = refused(&staff, json!({"patient": 99, "doctor": 98})).await;
    absent.field_errors("doctor");
    let hidden = refused(&member, json!({"patient": 1, "doctor": 98})).await;
    assert_eq!(hidden.field_errors("patient"), absent.field_errors("patient"));
    let bad = json!({
        "patient": "1", "doctor": 0, "status": "GONE", "assigned_date": "2026-02-30",
        "notes": "x".repeat(10_001), "note": "x", "assigned_by": 1,
    });
    let answer = refused(&staff, bad.clone()).await;
    for (field, _) in bad.as_object().unwrap() {
        answer.field_errors(field);
    }
    let answer = refused(&staff, json!({})).await;
    answer.field_errors("patient");
    answer.field_errors("doctor");
    let both = json!({"patient": 1, "doctor": 1, "status": "ACTIVE", "is_active": false});
    refused(&staff, both).await.field_errors("is_active");
}

async fn fifty_identical_concurrent_assignments_create_one(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let body = json!({"patient": 1, "doctor": 1});
    let attempts = (0..50).map(|_| staff.post("/api/assignments", body.clone()));
    let answers = futures_util::future::join_all(attempts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 409).collect();
    assert_eq!((made, refused.len()), (1, 49));
    for answer in refused {
        assert_eq!(answer.body["existing"]["id"], 1);
        assert_eq!(answer.body["existing"]["mrn"], "P000001B");
        answer.field_errors("doctor");
    }
    let kept = staff.get("/api/assignments").await.body;
    assert_eq!(kept["count"], 1);
    assert_eq!(kept["results"][0]["mrn"], "P000001B");
}

async fn an_ended_assignment_can_be_reactivated(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    staff.delete("/api/assignments/1").await.expect_status(204);
    let ended = staff.get("/api/assignments/1").await.expect_status(200).body;
    assert_eq!((&ended["status"], &ended["version"]), (&json!("CANCELLED"), &json!(2)));
    assert!(ended["ended_at"].is_string());
    staff.delete("/api/assignments/1").await.expect_status(204);
    assert_eq!(staff.get("/api/assignments/1").await.body, ended);
    let again = staff.patch("/api/assignments/1", json!({"is_active": true})).await;
    let again = again.expect_status(200).body;
    assert_eq!((&again["status"], &again["ended_at"]), (&json!("ACTIVE"), &Value::Null));
    let done = staff.patch("/api/assignments/1", json!({"status": "completed"})).await;
    assert_eq!(done.expect_status(200).body["status"], "COMPLETED");
    staff.delete("/api/assignments/1").await.expect_status(204);
    assert_eq!(staff.get("/api/assignments/1").await.body["status"], "COMPLETED");
    let off = staff.patch("/api/assignments/1", json!({"is_active": false})).await;
    assert_eq!(off.expect_status(200).body["status"], "COMPLETED");
}

async fn a_second_active_assignment_is_refused_even_on_reactivation(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    staff.delete("/api/assignments/1").await.expect_status(204);
    assert_eq!(assign(&staff, 1, 1).await["id"], 2);
    let refused = staff.patch("/api/assignments/1", json!({"status": "ON_HOLD"})).await;
    assert_eq!(refused.expect_status(409).body["existing"]["id"], 2);
    let past = json!({"patient": 1, "doctor": 1, "status": "COMPLETED"});
    staff.post("/api/assignments", past).await.expect_status(201);
}

async fn an_assignment_that_was_read_can_be_sent_back(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let mut read = assign(&staff, 1, 1).await;
    let same = staff.put("/api/assignments/1", read.clone()).await.expect_status(200);
    assert_eq!(same.body["version"], 1);
    read["status"] = json!("COMPLETED");
    let done = staff.put("/api/assignments/1", read).await.expect_status(200).body;
    assert_eq!((&done["status"], &done["is_active"]), (&json!("COMPLETED"), &json!(false)));
    let kept = staff.put("/api/assignments/1", json!({"notes": "N"})).await.expect_status(200).body;
    assert_eq!(
        (&kept["status"], &kept["assigned_date"]),
        (&done["status"], &done["assigned_date"])
    );
    let cleared = staff.patch("/api/assignments/1", json!({"notes": null})).await;
    assert_eq!(cleared.expect_status(200).body["notes"], Value::Null);
    for never in ["status", "assigned_date"] {
        let refused = staff.patch("/api/assignments/1", json!({never: null})).await;
        refused.expect_status(400).field_errors(never);
    }
}

async fn the_patient_and_the_doctor_of_an_assignment_can_not_change(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    let other = json!({"patient": 2, "doctor": 2, "assigned_by": 9});
    let refused = staff.patch("/api/assignments/1", other).await.expect_status(400);
    for field in ["patient", "doctor", "assigned_by"] {
        refused.field_errors(field);
    }
    let same = json!({"patient": 1, "doctor": 1, "notes": "N"});
    staff.patch("/api/assignments/1", same).await.expect_status(200);
}

async fn a_transfer_completes_one_assignment_and_creates_another(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let body = json!({"patient": 1, "doctor": 1, "reason_for_visit": "Pain", "notes": "N"});
    staff.post("/api/assignments", body).await.expect_status(201);
    let path = "/api/assignments/1/transfer";
    staff.post(path, json!({"doctor": 1})).await.expect_status(400).field_errors("doctor");
    staff.post(path, json!({"doctor": 77})).await.expect_status(400).field_errors("doctor");
    staff.post(path, json!({})).await.expect_status(400).field_errors("doctor");
    assign(&staff, 1, 3).await;
    let refused = staff.post(path, json!({"doctor": 3})).await.expect_status(409);
    assert_eq!(refused.body["existing"]["id"], 2);
    assert_eq!(staff.get("/api/assignments/1").await.body["is_active"], true);
    let opened = staff.post(path, json!({"doctor": 2})).await.expect_status(201);
    assert_eq!(opened.header("location"), "/api/assignments/3");
    assert_eq!(opened.body["doctor_name"], "Patel");
    assert_eq!(opened.body["reason_for_visit"], "Pain");
    assert_eq!(opened.body["notes"], Value::Null);
    assert_eq!(staff.get("/api/assignments/1").await.body["status"], "COMPLETED");
    staff.post(path, json!({"doctor": 3})).await.expect_status(409).field_errors("status");
    let next = json!({"doctor": 1, "reason_for_visit": "Second opinion"});
    let next = staff.post("/api/assignments/3/transfer", next).await.expect_status(201).body;
    assert_eq!(next["reason_for_visit"], "Second opinion");
}

async fn archiving_a_patient_ends_assignments_and_restoring_brings_them_back(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for doctor in [1, 2, 3] {
        assign(&staff, 1, doctor).await;
    }
    staff.patch("/api/assignments/1", json!({"status": "ON_HOLD"})).await.expect_status(200);
    staff.delete("/api/assignments/2").await.expect_status(204);
    staff.delete("/api/patients/1").await.expect_status(204);
    staff.get("/api/assignments/1").await.expect_status(404);
    for query in ["", "?is_active=false", "?status=CANCELLED", "?patient=1"] {
        let listed = staff.get(&format!("/api/assignments{query}")).await.expect_status(200);
        assert_eq!(listed.body["count"], 0, "{query}");
    }
    staff.get("/api/patients/1/doctors").await.expect_status(404);
    assert_eq!(staff.get("/api/doctors/1").await.body["active_patients"], 0);
    // A doctor who is archived in the meantime is not restored with the patient.
    staff.delete("/api/doctors/3").await.expect_status(204);
    staff.post("/api/patients/1/restore", json!({})).await.expect_status(200);
    let status = async |id: i64| {
        staff.get(&format!("/api/assignments/{id}")).await.expect_status(200).body["status"].clone()
    };
    assert_eq!(status(1).await, "ON_HOLD");
    assert_eq!(status(2).await, "CANCELLED");
    assert_eq!(status(3).await, "CANCELLED");
    assert_eq!(staff.get("/api/patients/1/doctors").await.body["count"], 1);
}

async fn assignments_are_filtered_and_ordered(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for (patient, doctor, status, date) in [
        (1, 1, "ACTIVE", "2026-01-01"),
        (1, 2, "ON_HOLD", "2026-03-01"),
        (2, 1, "COMPLETED", "2026-02-01"),
        (2, 3, "ACTIVE", "2025-12-31"),
    ] {
        let body = json!({
            "patient": patient, "doctor": doctor, "status": status, "assigned_date": date,
        });
        staff.post("/api/assignments", body).await.expect_status(201);
    }
    for (path, expected) in [
        ("/api/assignments", vec![4, 2, 1]),
        ("/api/assignments?is_active=false", vec![3]),
        ("/api/assignments?status=completed", vec![3]),
        ("/api/assignments?status=ACTIVE&is_active=true", vec![4, 1]),
        ("/api/assignments?status=ACTIVE&is_active=false", vec![]),
        ("/api/assignments?patient=1", vec![2, 1]),
        ("/api/assignments?doctor=1&ordering=id", vec![1]),
        ("/api/assignments?assigned_from=2026-01-01&assigned_to=2026-02-28", vec![1]),
        ("/api/assignments?ordering=assigned_date", vec![4, 1, 2]),
        ("/api/assignments?ordering=-assigned_date&page_size=1", vec![2]),
        ("/api/assignments?search=gomez", vec![2, 1]),
        ("/api/assignments?search=okri+weiss", vec![4]),
        ("/api/assignments?search=patel", vec![2]),
        ("/api/patients/1/doctors", vec![2, 1]),
        ("/api/patients/2/doctors?status=COMPLETED", vec![3]),
        ("/api/doctors/1/patients", vec![1]),
        ("/api/doctors/1/patients?is_active=false", vec![3]),
    ] {
        let listed = staff.get(path).await.expect_status(200);
        let ids: Vec<i64> = listed.results().iter().map(|it| it["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, expected, "{path}");
    }
    let first = staff.get("/api/assignments?ordering=-assigned_date&page_size=2").await;
    let next = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(next.results()[0]["id"], 4);
    staff.get("/api/patients/99/doctors").await.expect_status(404);
    staff.get("/api/doctors/99/patients").await.expect_status(404);
    staff.get("/api/assignments?status=GONE").await.expect_status(400).field_errors("status");
}

async fn members_assign_their_own_patients_only(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    let patient = ana.patient(json!({"first_name": "Hers"})).await["id"].as_i64().unwrap();
    let own = assign(&ana, patient, 1).await;
    assign(&staff, 1, 1).await;
    let path = format!("/api/assignments/{}", own["id"]);
    ben.get(&path).await.expect_status(404);
    ben.get(&format!("{path}/history")).await.expect_status(404);
    for request in [
        ben.request(Method::PATCH, &path).json(&json!({"notes": "x"})),
        ben.request(Method::DELETE, &path),
        ben.request(Method::POST, &format!("{path}/transfer")).json(&json!({"doctor": 2})),
    ] {
        ben.send(request.header("if-match", "*")).await.expect_status(404);
    }
    assert_eq!(ana.get("/api/assignments").await.body["count"], 1);
    assert_eq!(ben.get("/api/assignments").await.body["count"], 0);
    assert_eq!(ana.get("/api/doctors/1/patients").await.body["count"], 1);
    assert_eq!(staff.get("/api/doctors/1/patients").await.body["count"], 2);
    ana.patch(&path, json!({"notes": "hers"})).await.expect_status(200);
    staff.patch_if(&path, 2, json!({"notes": "theirs"})).await.expect_status(200);
    ana.delete(&path).await.expect_status(428);
}

async fn purging_a_patient_erases_the_assignments_too(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    let body = json!({"patient": 1, "doctor": 1, "notes": "a very private note"});
    staff.post("/api/assignments", body).await.expect_status(201);
    let request = admin.request(Method::POST, "/api/patients/1/purge").header("if-match", "*");
    admin.send(request.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
    staff.get("/api/assignments/1").await.expect_status(404);
    assert_eq!(staff.get("/api/doctors/1").await.body["active_patients"], 0);
}

async fn the_history_of_an_assignment_has_every_change(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    staff.patch("/api/assignments/1", json!({"notes": "N"})).await.expect_status(200);
    staff.delete("/api/assignments/1").await.expect_status(204);
    staff.patch("/api/assignments/1", json!({"is_active": true})).await.expect_status(200);
    staff.post("/api/assignments/1/transfer", json!({"doctor": 2})).await.expect_status(201);
    let history = staff.get("/api/assignments/1/history").await.expect_status(200);
    let actions: Vec<&str> =
        history.results().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = [
        "assignment.transferred",
        "assignment.reopened",
        "assignment.ended",
        "assignment.updated",
        "assignment.created",
    ];
    assert_eq!(actions, expected);
    assert_eq!(
        history.results()[3]["changes"],
        json!([{"field": "notes", "old": null, "new": "N"}])
    );
    let created = history.results()[4]["changes"].to_string();
    assert!(created.contains("\"patient\"") && created.contains("\"doctor\""), "{created}");
}

async fn patients_are_listed_by_doctor(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 2, 1).await;
    assign(&staff, 1, 2).await;
    assert_eq!(staff.get("/api/patients?doctor=1").await.expect_status(200).names(), ["Ben Okri"]);
    staff.delete("/api/assignments/1").await.expect_status(204);
    assert_eq!(staff.get("/api/patients?doctor=1").await.body["count"], 0);
    staff.get("/api/patients?doctor=x").await.expect_status(400).field_errors("doctor");
}

async fn an_assignment_skipped_at_one_restore_stays_ended_at_the_next(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    let archive = async |path: &str| staff.delete(path).await.expect_status(204);
    let restore = async |path: &str| {
        staff.post(&format!("{path}/restore"), json!({})).await.expect_status(200)
    };
    archive("/api/patients/1").await;
    archive("/api/doctors/1").await;
    // Left out, because the doctor does not exist.
    restore("/api/patients/1").await;
    restore("/api/doctors/1").await;
    assert_eq!(staff.get("/api/assignments/1").await.body["status"], "CANCELLED");
    assign(&staff, 1, 1).await;
    archive("/api/patients/1").await;
    restore("/api/patients/1").await;
    assert_eq!(staff.get("/api/assignments/1").await.body["status"], "CANCELLED");
    assert_eq!(staff.get("/api/assignments/2").await.body["status"], "ACTIVE");
}

async fn crossing_transfers_and_assignments_do_not_deadlock(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for round in 0..10 {
        let one = assign(&staff, 1, 1).await["id"].clone();
        let other = assign(&staff, 2, 2).await["id"].clone();
        let transfer = async |id: &Value, doctor: i64| {
            let path = format!("/api/assignments/{id}/transfer");
            staff.post(&path, json!({"doctor": doctor})).await.status
        };
        let assigned = async |patient: i64, doctor: i64| {
            let body = json!({"patient": patient, "doctor": doctor});
            staff.post("/api/assignments", body).await.status
        };
        let statuses = futures_util::join!(
            transfer(&one, 2),
            transfer(&other, 1),
            assigned(1, 2),
            assigned(2, 1),
            transfer(&one, 3),
        );
        let (a, b, c, d, e) = statuses;
        for status in [a, b, c, d, e] {
            assert!(matches!(status, 201 | 409), "round {round}: {statuses:?}");
        }
        for row in staff.get("/api/assignments?page_size=100").await.results() {
            staff.delete(&format!("/api/assignments/{}", row["id"])).await.expect_status(204);
        }
    }
}

async fn no_archived_doctor_keeps_a_patient_in_any_order(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for round in 0..10 {
        assign(&staff, 1, 1).await;
        staff.delete("/api/patients/1").await.expect_status(204);
        let (restored, archived) = futures_util::join!(
            staff.post("/api/patients/1/restore", json!({})),
            staff.delete("/api/doctors/1"),
        );
        restored.expect_status(200);
        let active = staff.get("/api/assignments?doctor=1").await.body["count"].clone();
        match archived.status {
            204 => {
                assert_eq!(active, 0, "round {round}");
                staff.post("/api/doctors/1/restore", json!({})).await.expect_status(200);
            }
            409 => assert_eq!(active, 1, "round {round}"),
            other => panic!("round {round}: {other} {}", archived.text),
        }
        for row in staff.get("/api/assignments?doctor=1").await.results() {
            staff.delete(&format!("/api/assignments/{}", row["id"])).await.expect_status(204);
        }
    }
}

async fn a_search_of_assignments_matches_only_names(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let there = json!({"city": "Patelville", "clinic_name": "Okri House"});
    staff.patch("/api/doctors/1", there).await.expect_status(200);
    staff
        .patch("/api/patients/1", json!({"email": "johnson@example.com"}))
        .await
        .expect_status(200);
    assign(&staff, 1, 1).await;
    for (search, count) in [
        ("cardiology", 0),
        ("patelville", 0),
        ("okri", 0),
        ("gomez", 1),
        ("john", 1),
        ("P000001B", 0),
    ] {
        let found = staff.get(&format!("/api/assignments?search={search}")).await;
        assert_eq!(found.expect_status(200).body["count"], count, "{search}");
    }
}

async fn bad_members_and_ids_of_nobody_are_named_at_once(backend: Backend) {
    let (server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    let member = server.member("m@example.com").await;
    let bad = json!({"patient": 99, "doctor": 98, "status": "GONE", "nots": "x"});
    let unlike = json!({"patient": 99, "doctor": 98, "status": "ACTIVE", "is_active": false});
    for (client, sent) in [(&staff, &bad), (&staff, &unlike), (&member, &bad)] {
        let answer = client.post("/api/assignments", sent.clone()).await.expect_status(400);
        let codes = answer.body["error_codes"].as_array().unwrap();
        for member in ["patient", "doctor"] {
            let is_named = |it: &Value| it["field"] == member && it["code"] == "no_such_record";
            assert!(codes.iter().any(is_named), "{member}: {}", answer.text);
        }
        assert_eq!(codes.len(), if sent == &bad { 4 } else { 3 }, "{}", answer.text);
    }
    // A patient of somebody else is the same as nobody; what is there and what can't be an id is not
    // looked up.
    let hidden = json!({"patient": 1, "doctor": 1, "status": "GONE"});
    let answer = member.post("/api/assignments", hidden).await.expect_status(400);
    answer.field_errors("patient");
    assert_eq!(answer.body["error_codes"].as_array().unwrap().len(), 2, "{}", answer.text);
    let no_id = json!({"patient": "x", "doctor": 98, "status": "GONE"});
    let answer = staff.post("/api/assignments", no_id).await.expect_status(400);
    assert!(answer.field_errors("patient").contains("positive whole number"));
    answer.field_errors("doctor");
    for method in [Method::PUT, Method::PATCH] {
        let send = async |client: &Client, id: i64| {
            let request = client.request(method.clone(), &format!("/api/assignments/{id}"));
            client.send(request.json(&bad)).await.expect_status(400)
        };
        let answer = send(&staff, 1).await;
        for member in ["patient", "doctor", "status", "nots"] {
            answer.field_errors(member);
        }
        for answer in [send(&staff, 7).await, send(&member, 1).await] {
            let codes = answer.body["error_codes"].as_array().unwrap();
            assert_eq!(codes.len(), 2, "{}", answer.text);
        }
    }
    let bad = json!({"doctor": 98, "reason_for_visit": 7});
    let answer = staff.post("/api/assignments/1/transfer", bad).await.expect_status(400);
    answer.field_errors("doctor");
    answer.field_errors("reason_for_visit");
    assert_eq!(staff.get("/api/assignments/1").await.body["version"], 1);
}
