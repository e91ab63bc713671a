//! Visits: the patients who come to the clinic on a day.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::{
    harness::{Answer, Backend, Client, Server, on_both},
    stream::Stream,
};

on_both! {
    a_patient_arrives_and_the_visit_is_read_back,
    every_status_is_reached_from_every_other_with_its_times,
    fifty_visits_of_one_patient_at_once_make_one,
    fifty_patients_at_once_get_the_numbers_from_one_to_fifty,
    no_number_is_given_twice_also_after_a_purge,
    everything_wrong_with_a_visit_is_named_at_once,
    an_assignment_sets_the_doctor,
    the_front_desk_corrects_the_patient_while_the_visit_is_open,
    a_visit_is_opened_again_where_no_other_one_is_open,
    a_linked_doctor_changes_the_own_visits_and_others_read_theirs,
    a_stale_change_of_a_visit_is_refused,
    urgent_visits_come_first_and_lists_are_filtered,
    lists_of_visits_come_in_pages,
    archiving_ends_an_open_visit_and_restoring_leaves_it_so,
    archiving_while_a_visit_is_changed_leaves_none_open,
    purging_erases_visits,
    a_purged_patient_is_in_no_answer_about_a_corrected_visit,
    the_dashboard_counts_the_visits_of_today,
    those_who_may_see_a_visit_hear_of_it,
    a_visit_that_is_sent_again_is_entered_once,
    days_change_at_the_clinics_midnight,
}

async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for (first, last) in [("Ana", "Gómez"), ("Ben", "Okri"), ("Cem", "Ay")] {
        staff.patient(json!({"first_name": first, "last_name": last})).await;
    }
    for name in ["Johnson", "Patel"] {
        let body = json!({"last_name": name, "specialization": "Cardiology"});
        staff.post("/api/doctors", body).await.expect_status(201);
    }
    (server, staff)
}

async fn arrive(client: &Client, body: Value) -> Value {
    client.post("/api/visits", body).await.expect_status(201).body
}

async fn change(client: &Client, id: i64, body: Value) -> Answer {
    let request = client.request(Method::PATCH, &format!("/api/visits/{id}"));
    client.send(request.header("if-match", "*").json(&body)).await
}

async fn a_patient_arrives_and_the_visit_is_read_back(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let sent = json!({"patient": 1, "doctor": 2, "reason": "Fever\nand cough", "is_urgent": true});
    let created = staff.post("/api/visits", sent.clone()).await.expect_status(201);
    assert_eq!(created.header("location"), "/api/visits/1");
    let today = server.app.clock().today().to_string();
    let expected = json!({
        "patient": 1, "doctor": 2, "assignment": null, "reason": "Fever\nand cough",
        "is_urgent": true, "status": "WAITING", "number": 1, "day": today,
        "patient_name": "Ana Gómez", "mrn": "P000001B", "doctor_name": "Patel", "called_at": null,
        "started_at": null, "ended_at": null, "created_by_username": "staff", "version": 1,
        "permissions": ["update", "correct_patient", "history"],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&created.body[name], value, "{name}");
    }
    assert_eq!(created.body["arrived_at"], created.body["created_at"]);
    let read = staff.get("/api/visits/1").await.expect_status(200);
    assert_eq!(read.body, created.body);
    assert_eq!(read.header("etag"), created.header("etag"));
    // What was read can be sent back, and changes nothing.
    let same = staff.patch("/api/visits/1", read.body.clone()).await.expect_status(200);
    assert_eq!(same.body, read.body);
    let cleared = json!({"doctor": null, "reason": null, "is_urgent": false});
    let cleared = staff.patch("/api/visits/1", cleared).await.expect_status(200).body;
    assert_eq!((&cleared["doctor"], &cleared["doctor_name"]), (&Value::Null, &Value::Null));
    assert_eq!((&cleared["reason"], &cleared["version"]), (&Value::Null, &json!(2)));
    let history = staff.get("/api/visits/1/history").await.expect_status(200);
    let actions: Vec<_> = history.results().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["visit.updated", "visit.created"]);
    let changes = history.results()[0]["changes"].as_array().unwrap();
    let fields: BTreeSet<_> = changes.iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(fields, BTreeSet::from(["doctor", "is_urgent", "reason"]));
}

async fn every_status_is_reached_from_every_other_with_its_times(backend: Backend) {
    const STATUSES: [&str; 5] = ["WAITING", "CALLED", "IN_ROOM", "DONE", "LEFT"];
    let (server, staff) = desk(backend).await;
    server.app.clock().stop();
    // What is stamped beforehand, in the order of the times.
    let ways: [(&str, &[&str]); 5] = [
        ("WAITING", &[]),
        ("CALLED", &["CALLED"]),
        ("IN_ROOM", &["CALLED", "IN_ROOM"]),
        ("DONE", &["CALLED", "IN_ROOM", "DONE"]),
        ("LEFT", &["CALLED", "LEFT"]),
    ];
    // By the status before and the one after: `s` a time stays, `n` it is now, `-` there is none.
    let table = [
        ["---", "n--", "-n-", "--n", "--n"],
        ["---", "s--", "sn-", "s-n", "s-n"],
        ["---", "s--", "ss-", "ssn", "ssn"],
        ["---", "s--", "ss-", "sss", "sss"],
        ["---", "s--", "sn-", "s-s", "s-s"],
    ];
    let tick = || server.app.clock().advance(TimeDelta::seconds(1));
    for (row, (from, way)) in ways.iter().enumerate() {
        for (column, to) in STATUSES.iter().enumerate() {
            let what = format!("{from} to {to}");
            let mut before = arrive(&staff, json!({"patient": 1})).await;
            let id = before["id"].as_i64().unwrap();
            for status in *way {
                tick();
                before =
                    change(&staff, id, json!({"status": status})).await.expect_status(200).body;
            }
            assert_eq!(before["status"], *from);
            tick();
            let after = change(&staff, id, json!({"status": to})).await.expect_status(200).body;
            assert_eq!(
                (&after["status"], &after["arrived_at"]),
                (&json!(to), &before["arrived_at"])
            );
            let now = server.app.clock().now();
            let times = ["called_at", "started_at", "ended_at"];
            let shown: String = times
                .into_iter()
                .map(|name| match (&after[name], &before[name]) {
                    (Value::Null, _) => '-',
                    (after, before) if after == before => 's',
                    (after, _) => {
                        let at: DateTime<Utc> = after.as_str().unwrap().parse().unwrap();
                        assert_eq!(at, now, "{what} {name}");
                        'n'
                    }
                })
                .collect();
            assert_eq!(shown, table[row][column], "{what}");
            change(&staff, id, json!({"status": "LEFT"})).await.expect_status(200);
        }
    }
    // A visit may begin with another status, which stamps its time alone.
    let seen = arrive(&staff, json!({"patient": 2, "status": "in_room"})).await;
    assert_eq!((&seen["called_at"], &seen["started_at"]), (&Value::Null, &seen["created_at"]));
}

async fn fifty_visits_of_one_patient_at_once_make_one(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let attempts = (0..50).map(|_| staff.post("/api/visits", json!({"patient": 1})));
    let answers = futures_util::future::join_all(attempts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 409).collect();
    assert_eq!((made, refused.len()), (1, 49));
    for answer in refused {
        assert_eq!(
            (&answer.body["existing"]["id"], &answer.body["existing"]["number"]),
            (&json!(1), &json!(1))
        );
        answer.field_errors("patient");
        assert_eq!(answer.body["error_codes"][0]["code"], "already_open");
    }
    assert_eq!(staff.get("/api/visits").await.body["count"], 1);
}

async fn fifty_patients_at_once_get_the_numbers_from_one_to_fifty(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for place in 4..=50 {
        staff.patient(json!({"first_name": format!("P{place}")})).await;
    }
    let attempts = (1..=50).map(|patient| staff.post("/api/visits", json!({"patient": patient})));
    let answers = futures_util::future::join_all(attempts).await;
    let numbers =
        answers.into_iter().map(|it| it.expect_status(201).body["number"].as_i64().unwrap());
    assert_eq!(numbers.collect::<BTreeSet<_>>(), (1..=50).collect());
    let listed = staff.get("/api/visits?page_size=100").await.expect_status(200);
    let listed: Vec<_> = listed.results().iter().map(|it| it["number"].as_i64().unwrap()).collect();
    assert_eq!(listed, (1..=50).collect::<Vec<_>>());
}

async fn purge(admin: &Client, patient: i64) {
    let path = format!("/api/patients/{patient}/purge");
    let request = admin.request(Method::POST, &path).header("if-match", "*");
    admin.send(request.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
}

async fn no_number_is_given_twice_also_after_a_purge(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    arrive(&staff, json!({"patient": 1})).await;
    arrive(&staff, json!({"patient": 2})).await;
    // What is refused takes no number.
    staff.post("/api/visits", json!({"patient": 2})).await.expect_status(409);
    purge(&admin, 2).await;
    assert_eq!(arrive(&staff, json!({"patient": 3})).await["number"], 3);
}

async fn everything_wrong_with_a_visit_is_named_at_once(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let bad = json!({
        "patient": "1", "doctor": 0, "assignment": 1.5, "status": "GONE", "is_urgent": null,
        "reason": "x".repeat(501), "reasn": "x", "number": 1,
    });
    let refused = staff.post("/api/visits", bad.clone()).await.expect_status(400);
    for (field, _) in bad.as_object().unwrap() {
        refused.field_errors(field);
    }
    staff.post("/api/visits", json!({})).await.expect_status(400).field_errors("patient");
    let refused = staff.post("/api/visits", json!({"reason": 1})).await.expect_status(400);
    assert!(refused.field_errors("patient").contains("required"), "{}", refused.text);
    let absent = json!({"patient": 99, "doctor": 98, "assignment": 97});
    let absent = staff.post("/api/visits", absent).await.expect_status(400);
    for field in ["patient", "doctor", "assignment"] {
        absent.field_errors(field);
    }
    staff.delete("/api/patients/3").await.expect_status(204);
    staff.delete("/api/doctors/2").await.expect_status(204);
    let archived = json!({"patient": 3, "doctor": 2});
    let archived = staff.post("/api/visits", archived).await.expect_status(400);
    for field in ["patient", "doctor"] {
        assert_eq!(archived.field_errors(field), absent.field_errors(field));
    }
    arrive(&staff, json!({"patient": 1})).await;
    for bad in [
        json!({"id": 9, "created_by": 9, "patient": null, "status": "GONE"}),
        json!({"id": 9, "created_by": 9, "patient": null}),
        json!({"patient": 99, "doctor": 98, "assignment": 97, "status": "GONE"}),
        json!({"patient": 3, "doctor": 2, "assignment": 97}),
    ] {
        let refused = staff.patch("/api/visits/1", bad.clone()).await.expect_status(400);
        for (field, _) in bad.as_object().unwrap() {
            refused.field_errors(field);
        }
    }
    let bad = json!({"patient": 99, "doctor": 2, "assignment": 97, "status": "GONE"});
    let refused = staff.post("/api/visits", bad.clone()).await.expect_status(400);
    for (field, _) in bad.as_object().unwrap() {
        refused.field_errors(field);
    }
    // What stays as it was is right.
    let bad = json!({"patient": 1, "doctor": null, "status": "GONE"});
    let refused = staff.patch("/api/visits/1", bad).await.expect_status(400);
    assert_eq!(refused.body["error_codes"].as_array().unwrap().len(), 1, "{}", refused.text);
}

async fn an_assignment_sets_the_doctor(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for (patient, doctor) in [(1, 2), (2, 1), (1, 1)] {
        let body = json!({"patient": patient, "doctor": doctor});
        staff.post("/api/assignments", body).await.expect_status(201);
    }
    // An assignment that has ended will do.
    staff.delete("/api/assignments/1").await.expect_status(204);
    let refused = json!({"patient": 1, "assignment": 1, "doctor": 1});
    let refused = staff.post("/api/visits", refused).await.expect_status(400);
    assert_eq!(refused.body["error_codes"][0]["code"], "disagrees");
    refused.field_errors("doctor");
    let others = staff.post("/api/visits", json!({"patient": 1, "assignment": 2})).await;
    others.expect_status(400).field_errors("assignment");
    let visit = arrive(&staff, json!({"patient": 1, "assignment": 1})).await;
    assert_eq!((&visit["doctor"], &visit["assignment"]), (&json!(2), &json!(1)));
    let other = change(&staff, 1, json!({"assignment": 3})).await.expect_status(200).body;
    assert_eq!((&other["doctor"], &other["assignment"]), (&json!(1), &json!(3)));
    // With another doctor the assignment no longer fits.
    let other = change(&staff, 1, json!({"doctor": 2})).await.expect_status(200).body;
    assert_eq!((&other["doctor"], &other["assignment"]), (&json!(2), &Value::Null));
    let body = json!({"patient": 1, "assignment": 1, "doctor": 2, "status": "CALLED"});
    let same = change(&staff, 1, body).await.expect_status(200).body;
    assert_eq!((&same["doctor"], &same["assignment"]), (&json!(2), &json!(1)));
    // A doctor who is archived meanwhile stays with the visit.
    staff.delete("/api/doctors/2?end_assignments=true").await.expect_status(204);
    let done = change(&staff, 1, json!({"status": "DONE"})).await.expect_status(200).body;
    assert_eq!((&done["doctor"], &done["doctor_name"]), (&json!(2), &json!("Patel")));
}

async fn the_front_desk_corrects_the_patient_while_the_visit_is_open(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    staff.post("/api/assignments", json!({"patient": 1, "doctor": 1})).await.expect_status(201);
    staff.post("/api/assignments", json!({"patient": 3, "doctor": 2})).await.expect_status(201);
    arrive(&staff, json!({"patient": 1, "assignment": 1})).await;
    arrive(&staff, json!({"patient": 2})).await;
    let taken = change(&staff, 1, json!({"patient": 2})).await.expect_status(409);
    assert_eq!(taken.body["existing"]["id"], 2);
    taken.field_errors("patient");
    change(&staff, 1, json!({"patient": 99})).await.expect_status(400).field_errors("patient");
    let wrong = change(&staff, 1, json!({"patient": 3, "assignment": 1})).await;
    wrong.expect_status(400).field_errors("assignment");
    let corrected = change(&staff, 1, json!({"patient": 3})).await.expect_status(200).body;
    assert_eq!((&corrected["patient"], &corrected["mrn"]), (&json!(3), &json!("P000003D")));
    assert_eq!((&corrected["doctor"], &corrected["assignment"]), (&json!(1), &Value::Null));
    let audit = admin.get("/api/audit?action=visit.patient_corrected").await.expect_status(200);
    assert_eq!(audit.body["count"], 1);
    let changes = audit.results()[0]["changes"].as_array().unwrap();
    assert!(changes.contains(&json!({"field": "patient", "old": 1, "new": 3})), "{changes:?}");
    assert!(changes.contains(&json!({"field": "assignment", "old": 1, "new": null})));
    let back = json!({"patient": 1, "assignment": 1});
    let back = change(&staff, 1, back).await.expect_status(200).body;
    assert_eq!((&back["patient"], &back["assignment"]), (&json!(1), &json!(1)));
    // Patient 3 has no visit now, and patient 1 has one.
    arrive(&staff, json!({"patient": 3})).await;
    staff.post("/api/visits", json!({"patient": 1})).await.expect_status(409);
    change(&staff, 1, json!({"status": "DONE"})).await.expect_status(200);
    let refused = change(&staff, 1, json!({"patient": 3})).await.expect_status(409);
    assert_eq!(refused.body["error_codes"][0]["code"], "ended");
    let read = staff.get("/api/visits/1").await.expect_status(200).body;
    assert_eq!(read["permissions"], json!(["update", "history"]));
}

async fn a_visit_is_opened_again_where_no_other_one_is_open(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    arrive(&staff, json!({"patient": 1, "status": "LEFT"})).await;
    let second = arrive(&staff, json!({"patient": 1})).await;
    assert_eq!(second["number"], 2);
    let refused = change(&staff, 1, json!({"status": "WAITING"})).await.expect_status(409);
    assert_eq!(refused.body["existing"]["id"], 2);
    change(&staff, 2, json!({"status": "DONE"})).await.expect_status(200);
    let again = change(&staff, 1, json!({"status": "WAITING"})).await.expect_status(200).body;
    assert_eq!((&again["ended_at"], &again["number"]), (&Value::Null, &json!(1)));
    change(&staff, 1, json!({"status": "LEFT"})).await.expect_status(200);
    let both = [1, 2].map(|id| change(&staff, id, json!({"status": "IN_ROOM"})));
    let mut statuses: Vec<_> =
        futures_util::future::join_all(both).await.iter().map(|it| it.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    // An archived patient does not come.
    staff.delete("/api/patients/1").await.expect_status(204);
    let refused = change(&staff, 1, json!({"status": "WAITING"})).await.expect_status(400);
    refused.field_errors("patient");
    let told = change(&staff, 1, json!({"reason": "Nobody was there"})).await.expect_status(200);
    assert_eq!(told.body["status"], "LEFT");
}

async fn a_linked_doctor_changes_the_own_visits_and_others_read_theirs(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    let doctor = server.somebody(Role::Doctor, "johnson@example.com").await;
    let patient = server.somebody(Role::Patient, "ana@example.com").await;
    let member = server.member("member@example.com").await;
    for (client, path) in [(&doctor, "/api/doctors/1/user"), (&patient, "/api/patients/1/user")] {
        let user = client.get("/api/auth/profile").await.body["id"].clone();
        let request = admin.request(Method::PUT, path).header("if-match", "*");
        admin.send(request.json(&json!({"user": user}))).await.expect_status(200);
    }
    let own = member.patient(json!({"first_name": "Own"})).await["id"].clone();
    let of_doctor = doctor.patient(json!({"first_name": "Registered"})).await["id"].clone();
    // In the doctor's care, but come to see somebody else.
    staff.post("/api/assignments", json!({"patient": 2, "doctor": 1})).await.expect_status(201);
    arrive(&staff, json!({"patient": 1, "doctor": 1})).await;
    arrive(&staff, json!({"patient": 2, "doctor": 2})).await;
    arrive(&staff, json!({"patient": own})).await;
    arrive(&staff, json!({"patient": of_doctor, "doctor": 2})).await;
    for (client, seen) in
        [(&staff, vec![1, 2, 3, 4]), (&doctor, vec![1, 4]), (&patient, vec![1]), (&member, vec![3])]
    {
        let listed = client.get("/api/visits").await.expect_status(200);
        let ids: Vec<_> = listed.results().iter().map(|it| it["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, seen);
        for id in 1..=4 {
            let status = if seen.contains(&id) { 200 } else { 404 };
            let read = client.get(&format!("/api/visits/{id}")).await.expect_status(status);
            let may_change = id == 1 && std::ptr::eq(client, &raw const doctor);
            if status == 200 && !std::ptr::eq(client, &raw const staff) {
                let updates =
                    read.body["permissions"].as_array().unwrap().contains(&json!("update"));
                assert_eq!(updates, may_change, "{id}");
                let changed = change(client, id, json!({"reason": "Pain"})).await;
                changed.expect_status(if may_change { 200 } else { 403 });
            } else if status == 404 {
                change(client, id, json!({"reason": "Pain"})).await.expect_status(404);
                client.get(&format!("/api/visits/{id}/history")).await.expect_status(404);
            }
        }
    }
    for client in [&doctor, &patient, &member] {
        client.post("/api/visits", json!({"patient": own})).await.expect_status(403);
    }
    member.get("/api/visits/3/history").await.expect_status(200);
    patient.get("/api/visits/1/history").await.expect_status(403);
    // The doctor changes how the visit goes, and not who has come to whom.
    let mut read = doctor.get("/api/visits/1").await.expect_status(200).body;
    assert_eq!(read["permissions"], json!(["update"]));
    (read["status"], read["is_urgent"]) = (json!("IN_ROOM"), json!(true));
    let changed = change(&doctor, 1, read).await.expect_status(200).body;
    assert_eq!((&changed["status"], &changed["is_urgent"]), (&json!("IN_ROOM"), &json!(true)));
    for body in [
        json!({"patient": 2}),
        json!({"doctor": 2}),
        json!({"doctor": null}),
        json!({"assignment": 1}),
    ] {
        change(&doctor, 1, body).await.expect_status(403);
    }
    change(&staff, 1, json!({"doctor": 2})).await.expect_status(200);
    doctor.get("/api/visits/1").await.expect_status(404);
}

async fn a_stale_change_of_a_visit_is_refused(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    arrive(&staff, json!({"patient": 1})).await;
    let called = json!({"status": "CALLED"});
    admin.patch("/api/visits/1", called.clone()).await.expect_status(428);
    admin.patch_if("/api/visits/1", 1, called.clone()).await.expect_status(200);
    let stale = staff.patch_if("/api/visits/1", 1, json!({"status": "LEFT"})).await;
    let stale = stale.expect_status(412);
    assert_eq!(stale.body["current"]["status"], "CALLED");
    assert_eq!(stale.body["changed_by"], "admin");
    let same = admin.patch("/api/visits/1", called).await.expect_status(200);
    assert_eq!(same.body["version"], 2);
    let tag = same.header("etag").to_owned();
    let request = admin.request(Method::GET, "/api/visits/1").header("if-none-match", tag);
    admin.send(request).await.expect_status(304);
}

async fn ids(client: &Client, query: &str) -> Vec<i64> {
    let listed = client.get(&format!("/api/visits{query}")).await.expect_status(200);
    listed.results().iter().map(|it| it["id"].as_i64().unwrap()).collect()
}

async fn urgent_visits_come_first_and_lists_are_filtered(backend: Backend) {
    let (server, staff) = desk(backend).await;
    for body in [
        json!({"patient": 1, "doctor": 1}),
        json!({"patient": 2, "doctor": 2, "is_urgent": true}),
        json!({"patient": 3, "status": "DONE"}),
        json!({"patient": 3, "doctor": 2, "is_urgent": true}),
    ] {
        arrive(&staff, body).await;
    }
    let today = server.app.clock().today();
    let (today, before) = (today.to_string(), today.pred_opt().unwrap().to_string());
    for (query, expected) in [
        (String::new(), vec![2, 4, 1, 3]),
        (format!("?day={today}"), vec![2, 4, 1, 3]),
        (format!("?day={before}"), vec![]),
        ("?doctor=2".to_owned(), vec![2, 4]),
        ("?patient=3".to_owned(), vec![4, 3]),
        ("?status=done".to_owned(), vec![3]),
        ("?is_open=true".to_owned(), vec![2, 4, 1]),
        ("?is_open=false".to_owned(), vec![3]),
        ("?updated_from=2020-01-01T00:00:00Z".to_owned(), vec![2, 4, 1, 3]),
        ("?updated_to=2020-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        assert_eq!(ids(&staff, &query).await, expected, "{query}");
    }
    change(&staff, 1, json!({"is_urgent": true})).await.expect_status(200);
    change(&staff, 2, json!({"is_urgent": false})).await.expect_status(200);
    assert_eq!(ids(&staff, "").await, [1, 4, 2, 3]);
    let bad = staff.get("/api/visits?day=2026-02-30&is_open=maybe&ordering=day").await;
    let bad = bad.expect_status(400);
    for field in ["day", "is_open", "ordering"] {
        bad.field_errors(field);
    }
}

async fn lists_of_visits_come_in_pages(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for place in 4..=12 {
        staff.patient(json!({"first_name": format!("P{place}")})).await;
    }
    for patient in 1..=12 {
        arrive(&staff, json!({"patient": patient, "is_urgent": patient % 5 == 0})).await;
    }
    let expected = [5, 10, 1, 2, 3, 4, 6, 7, 8, 9, 11, 12];
    let (mut seen, mut previous) = (Vec::new(), Vec::new());
    let mut next = json!("/api/visits?page_size=5");
    while let Some(address) = next.as_str() {
        let page = staff.get(address).await.expect_status(200);
        assert_eq!(page.body["count"], 12);
        seen.extend(page.results().iter().map(|it| it["number"].as_i64().unwrap()));
        previous.push(page.body["previous"].clone());
        next = page.body["next"].clone();
    }
    assert_eq!((seen.as_slice(), previous.len()), (expected.as_slice(), 3));
    let back = staff.get(previous[2].as_str().unwrap()).await.expect_status(200);
    let back: Vec<_> = back.results().iter().map(|it| it["number"].as_i64().unwrap()).collect();
    assert_eq!(back, expected[5..10]);
    assert_eq!(ids(&staff, "?page=3&page_size=5").await.len(), 2);
}

async fn archiving_ends_an_open_visit_and_restoring_leaves_it_so(backend: Backend) {
    let (server, staff) = desk(backend).await;
    server.admin().await;
    arrive(&staff, json!({"patient": 1, "doctor": 1, "status": "DONE"})).await;
    arrive(&staff, json!({"patient": 1, "doctor": 1, "status": "CALLED"})).await;
    // One that was forgotten the day before ends as well.
    server.app.clock().advance(TimeDelta::days(1));
    let (staff, admin) =
        (server.log_in("staff@example.com").await, server.log_in("admin@example.com").await);
    assert_eq!(arrive(&staff, json!({"patient": 1})).await["number"], 1);
    let request = admin.request(Method::DELETE, "/api/patients/1").header("if-match", "*");
    admin.send(request).await.expect_status(204);
    for (id, version, changed_by) in [(1, 1, "DONE"), (2, 2, "LEFT"), (3, 2, "LEFT")] {
        let visit = staff.get(&format!("/api/visits/{id}")).await.expect_status(200).body;
        assert_eq!((&visit["status"], &visit["version"]), (&json!(changed_by), &json!(version)));
        assert!(visit["ended_at"].is_string());
    }
    assert_eq!(ids(&staff, "").await, [3], "a patient who was there stays in the list");
    let history = staff.get("/api/visits/2/history").await.expect_status(200);
    assert_eq!(history.results()[0]["actor_username"], "admin");
    assert_eq!(
        history.results()[0]["changes"],
        json!([{"field": "status", "old": "CALLED", "new": "LEFT"}])
    );
    let request = admin.request(Method::POST, "/api/patients/1/restore").header("if-match", "*");
    admin.send(request.json(&json!({}))).await.expect_status(200);
    assert_eq!(staff.get("/api/visits/3").await.body["status"], "LEFT");
    assert_eq!(arrive(&staff, json!({"patient": 1})).await["number"], 2);
}

async fn archiving_while_a_visit_is_changed_leaves_none_open(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for round in 0..10 {
        arrive(&staff, json!({"patient": 1, "status": "LEFT"})).await;
        let id = ids(&staff, "?patient=1").await.into_iter().max().unwrap();
        let (archived, opened, arrived, corrected) = futures_util::join!(
            staff.delete("/api/patients/1"),
            change(&staff, id, json!({"status": "WAITING"})),
            staff.post("/api/visits", json!({"patient": 1})),
            staff.post("/api/visits", json!({"patient": 2})),
        );
        archived.expect_status(204);
        corrected.expect_status(201);
        assert!(matches!(opened.status, 200 | 400 | 409), "round {round}: {}", opened.text);
        assert!(matches!(arrived.status, 201 | 400 | 409), "round {round}: {}", arrived.text);
        assert_eq!(ids(&staff, "?patient=1&is_open=true").await, [0; 0], "round {round}");
        staff.post("/api/patients/1/restore", json!({})).await.expect_status(200);
        for id in ids(&staff, "?is_open=true").await {
            change(&staff, id, json!({"status": "DONE"})).await.expect_status(200);
        }
    }
}

async fn purging_erases_visits(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    staff.post("/api/assignments", json!({"patient": 1, "doctor": 1})).await.expect_status(201);
    arrive(&staff, json!({"patient": 1, "assignment": 1, "reason": "a private reason"})).await;
    arrive(&staff, json!({"patient": 2})).await;
    purge(&admin, 1).await;
    staff.get("/api/visits/1").await.expect_status(404);
    assert_eq!(ids(&staff, "").await, [2]);
    let audit = admin.get("/api/audit?entity=visit&entity_id=1").await.expect_status(200);
    assert_eq!((&audit.body["count"], &audit.results()[0]["changes"]), (&json!(1), &json!([])));
    assert!(!audit.text.contains("private"), "{}", audit.text);
}

async fn a_purged_patient_is_in_no_answer_about_a_corrected_visit(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let send = async || {
        let request = staff.request(Method::POST, "/api/visits").header("idempotency-key", "key-1");
        staff.send(request.json(&json!({"patient": 1}))).await
    };
    send().await.expect_status(201);
    change(&staff, 1, json!({"patient": 2})).await.expect_status(200);
    purge(&server.admin().await, 1).await;
    let again = send().await.expect_status(400);
    assert!(!again.text.contains("Ana"), "{}", again.text);
}

async fn figures(client: &Client) -> Value {
    client.get("/api/dashboard").await.expect_status(200).body["visits"].clone()
}

async fn the_dashboard_counts_the_visits_of_today(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let member = server.member("member@example.com").await;
    server.app.clock().stop();
    let none = json!({
        "arrived": 0, "waiting": 0, "called": 0, "in_room": 0, "done": 0, "left": 0,
        "longest_wait_minutes": 0,
    });
    assert_eq!(figures(&staff).await, none);
    let own = member.patient(json!({"first_name": "Own"})).await["id"].clone();
    arrive(&staff, json!({"patient": 1, "status": "DONE"})).await;
    arrive(&staff, json!({"patient": 1, "status": "LEFT"})).await;
    arrive(&staff, json!({"patient": 1, "status": "CALLED"})).await;
    arrive(&staff, json!({"patient": 2})).await;
    server.app.clock().advance(TimeDelta::minutes(5));
    arrive(&staff, json!({"patient": own})).await;
    arrive(&staff, json!({"patient": 3, "status": "IN_ROOM"})).await;
    server.app.clock().advance(TimeDelta::seconds(119));
    let all = figures(&staff).await;
    let expected = json!({
        "arrived": 6, "waiting": 2, "called": 1, "in_room": 1, "done": 1, "left": 1,
        "longest_wait_minutes": 6,
    });
    assert_eq!(all, expected);
    let of_member = figures(&member).await;
    assert_eq!(
        (&of_member["arrived"], &of_member["waiting"], &of_member["longest_wait_minutes"]),
        (&json!(1), &json!(1), &json!(1))
    );
    change(&staff, 4, json!({"status": "CALLED"})).await.expect_status(200);
    assert_eq!(figures(&staff).await["longest_wait_minutes"], 1);
    server.app.clock().advance(TimeDelta::days(1));
    assert_eq!(figures(&server.log_in("staff@example.com").await).await, none);
}

async fn those_who_may_see_a_visit_hear_of_it(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let admin = server.admin().await;
    let doctor = server.somebody(Role::Doctor, "johnson@example.com").await;
    let member = server.member("member@example.com").await;
    let user = doctor.get("/api/auth/profile").await.body["id"].clone();
    admin
        .send(
            admin
                .request(Method::PUT, "/api/doctors/1/user")
                .header("if-match", "*")
                .json(&json!({"user": user})),
        )
        .await
        .expect_status(200);
    staff.post("/api/assignments", json!({"patient": 2, "doctor": 1})).await.expect_status(201);
    let own = member.patient(json!({"first_name": "Own"})).await["id"].clone();
    let mut at_the_desk = Stream::open(&admin, None).await;
    let mut at_the_doctor = Stream::open(&doctor, None).await;
    let mut at_the_member = Stream::open(&member, None).await;
    arrive(&staff, json!({"patient": 1})).await;
    // In the doctor's care, but come to see somebody else.
    arrive(&staff, json!({"patient": 2, "doctor": 2})).await;
    arrive(&staff, json!({"patient": own})).await;
    change(&staff, 1, json!({"doctor": 1})).await.expect_status(200);
    change(&staff, 1, json!({"patient": 3, "status": "CALLED"})).await.expect_status(200);
    change(&staff, 3, json!({"status": "DONE"})).await.expect_status(200);
    assert_eq!(
        at_the_desk.lines(6).await,
        [
            "visit.created 1 v1",
            "visit.created 2 v1",
            "visit.created 3 v1",
            "visit.updated 1 v2",
            "visit.updated 1 v3",
            "visit.updated 3 v2",
        ]
    );
    assert_eq!(at_the_doctor.lines(2).await, ["visit.updated 1 v2", "visit.updated 1 v3"]);
    assert_eq!(at_the_member.lines(2).await, ["visit.created 3 v1", "visit.updated 3 v2"]);
}

async fn a_visit_that_is_sent_again_is_entered_once(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let send = async |body: Value| {
        let request = staff.request(Method::POST, "/api/visits").header("idempotency-key", "key-1");
        staff.send(request.json(&body)).await
    };
    let first = send(json!({"patient": 1})).await.expect_status(201);
    let again = send(json!({"patient": 1})).await.expect_status(201);
    assert_eq!((&first.text, again.header("idempotency-replayed")), (&again.text, "true"));
    send(json!({"patient": 2})).await.expect_status(422);
    assert_eq!(ids(&staff, "").await, [1]);
}

async fn days_change_at_the_clinics_midnight(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.time_zone = Some(chrono_tz::America::New_York);
    })
    .await;
    server.app.clock().stop();
    let move_to = |moment: &str| {
        let moment: DateTime<Utc> = moment.parse().unwrap();
        server.app.clock().advance(moment - server.app.clock().now());
    };
    move_to("2026-11-21T04:59:00Z");
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let evening = arrive(&staff, json!({"patient": 1})).await;
    assert_eq!((&evening["day"], &evening["number"]), (&json!("2026-11-20"), &json!(1)));
    move_to("2026-11-21T05:00:00Z");
    // The visit of the day before is still open, and does not keep the patient from coming today.
    let morning = arrive(&staff, json!({"patient": 1})).await;
    assert_eq!((&morning["day"], &morning["number"]), (&json!("2026-11-21"), &json!(1)));
    assert_eq!(ids(&staff, "").await, [2]);
    assert_eq!(ids(&staff, "?day=2026-11-20").await, [1]);
    assert_eq!(figures(&staff).await["arrived"], 1);
}
