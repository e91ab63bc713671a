//! The directory of doctors.

use reqwest::Method;
use serde_json::{Value, json};
use server::config::Directory;

use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    a_doctor_is_added_with_every_member_and_read_back,
    every_bad_field_of_a_doctor_is_reported_at_once,
    email_and_licence_are_unique_among_the_doctors_that_are_not_archived,
    everybody_reads_every_doctor_and_changes_own_ones,
    the_directory_can_be_limited_to_the_front_desk,
    doctors_are_searched_filtered_and_ordered,
    specialisations_are_counted_without_case,
    archiving_a_doctor_with_patients_needs_a_decision_about_them,
    patients_can_be_reassigned_to_another_doctor,
    nobody_ends_assignments_of_others_patients,
    an_archived_doctor_is_hidden_and_can_be_restored,
    replacing_a_doctor_clears_everything_but_availability,
    a_stale_change_of_a_doctor_is_refused,
    the_history_of_a_doctor_requires_the_right_to_change_it,
}

fn sarah() -> Value {
    json!({
        "first_name": "Dr. Sarah", "last_name": "Johnson", "email": "sarah@example.com",
        "phone_number": "+1987654321", "specialization": "CARDIOLOGY",
        "license_number": "MD123456", "years_of_experience": 10, "qualification": "MD, FACC",
        "clinic_name": "Heart Care Clinic", "clinic_address": "456 Medical Center Dr",
        "city": "Boston", "state": "MA", "zip_code": "02101", "consultation_fee": 200.00,
        "is_available": true, "availability": "Mon-Fri 9AM-5PM",
    })
}

async fn doctor(client: &Client, name: &str, specialization: &str) -> i64 {
    let body = json!({"last_name": name, "specialization": specialization});
    client.post("/api/doctors", body).await.expect_status(201).body["id"].as_i64().unwrap()
}

async fn assign(client: &Client, patient: i64, doctor: i64) -> i64 {
    let body = json!({"patient": patient, "doctor": doctor});
    client.post("/api/assignments", body).await.expect_status(201).body["id"].as_i64().unwrap()
}

async fn a_doctor_is_added_with_every_member_and_read_back(backend: Backend) {
    let server = Server::start(backend).await;
    let member = server.member("ana@example.com").await;
    let created = member.post("/api/doctors", sarah()).await.expect_status(201);
    assert_eq!(created.header("location"), "/api/doctors/1");
    assert!(created.header("etag").starts_with("\"1-"));
    for (name, value) in sarah().as_object().unwrap() {
        let expected = if name == "consultation_fee" { json!("200.00") } else { value.clone() };
        assert_eq!(created.body[name], expected, "{name}");
    }
    assert_eq!(created.body["full_name"], "Dr. Sarah Johnson");
    assert_eq!(created.body["active_patients"], 0);
    assert_eq!(created.body["linked_user"], Value::Null);
    assert_eq!(created.body["permissions"], json!(["update", "archive", "history"]));
    assert_eq!(member.get("/api/doctors/1").await.expect_status(200).body, created.body);
    let least = json!({"first_name": "Cher", "specialization": "Surgery"});
    let least = member.post("/api/doctors", least).await.expect_status(201).body;
    assert_eq!((&least["is_available"], &least["last_name"]), (&json!(true), &Value::Null));
    let back = member.put("/api/doctors/1", created.body.clone()).await.expect_status(200);
    assert_eq!(back.body["version"], 1);
}

async fn every_bad_field_of_a_doctor_is_reported_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let bad = json!({
        "email": "x", "phone_number": "1", "years_of_experience": 81, "consultation_fee": "1.234",
        "is_available": null, "clinic_name": "x".repeat(201), "id": 1, "active_patients": 3,
        "licence_number": "x",
    });
    let answer = staff.post("/api/doctors", bad.clone()).await.expect_status(400);
    for (field, _) in bad.as_object().unwrap() {
        answer.field_errors(field);
    }
    answer.field_errors("first_name");
    answer.field_errors("specialization");
    let fee =
        |fee: Value| json!({"last_name": "A", "specialization": "B", "consultation_fee": fee});
    for (sent, stored) in [
        (json!("99999999.99"), "99999999.99"),
        (json!(99_999_999.99), "99999999.99"),
        (json!(0.1), "0.10"),
        (json!("1500"), "1500.00"),
    ] {
        let created = staff.post("/api/doctors", fee(sent)).await.expect_status(201);
        assert_eq!(created.body["consultation_fee"], stored);
    }
    for refused in [json!(-1), json!("100000000"), json!(0.001), json!("1e-3"), json!(true)] {
        staff.post("/api/doctors", fee(refused)).await.expect_status(400);
    }
}

async fn email_and_licence_are_unique_among_the_doctors_that_are_not_archived(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.post("/api/doctors", sarah()).await.expect_status(201);
    let mut other = sarah();
    other["email"] = json!("SARAH@Example.com");
    other["license_number"] = json!("md123456");
    let refused = staff.post("/api/doctors", other.clone()).await.expect_status(409);
    refused.field_errors("email");
    refused.field_errors("license_number");
    staff.delete("/api/doctors/1").await.expect_status(204);
    staff.post("/api/doctors", other).await.expect_status(201);
    let refused = staff.post("/api/doctors/1/restore", json!({})).await.expect_status(409);
    refused.field_errors("email");
    let free = json!({"email": null, "license_number": null});
    staff.patch("/api/doctors/2", free).await.expect_status(200);
    staff.post("/api/doctors/1/restore", json!({})).await.expect_status(200);
    let taken = json!({"email": "sarah@example.com"});
    staff.patch("/api/doctors/2", taken).await.expect_status(409).field_errors("email");
}

async fn everybody_reads_every_doctor_and_changes_own_ones(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    let id = doctor(&ana, "Own", "Surgery").await;
    let path = format!("/api/doctors/{id}");
    let seen = ben.get(&path).await.expect_status(200);
    assert_eq!(seen.body["permissions"], json!([]));
    let change = json!({"city": "Boston"});
    for request in [
        ben.request(Method::PATCH, &path).json(&change),
        ben.request(Method::PUT, &path).json(&seen.body),
        ben.request(Method::DELETE, &path),
        ben.request(Method::POST, &format!("{path}/archive")),
    ] {
        ben.send(request.header("if-match", "*")).await.expect_status(403);
    }
    ana.patch(&path, change).await.expect_status(200);
    let staff = server.staff().await;
    staff.patch_if(&path, 2, json!({"city": "Salem"})).await.expect_status(200);
    ana.patch(&path, json!({"city": "Lynn"})).await.expect_status(428);
}

async fn the_directory_can_be_limited_to_the_front_desk(backend: Backend) {
    let server =
        Server::start_with(backend, |settings| settings.doctor_directory = Directory::Staff).await;
    let (member, staff) = (server.member("ana@example.com").await, server.staff().await);
    member.post("/api/doctors", sarah()).await.expect_status(403);
    staff.post("/api/doctors", sarah()).await.expect_status(201);
    member.get("/api/doctors").await.expect_status(200);
    member.get("/api/doctors/1").await.expect_status(200);
    member.patch_if("/api/doctors/1", 1, json!({"city": "X"})).await.expect_status(403);
    member.delete("/api/doctors/1").await.expect_status(403);
    let may = |profile: &Value| profile["permissions"].to_string().contains("create_doctor");
    assert!(!may(&member.get("/api/auth/profile").await.body));
    assert!(may(&staff.get("/api/auth/profile").await.body));
}

async fn doctors_are_searched_filtered_and_ordered(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.post("/api/doctors", sarah()).await.expect_status(201);
    for (first, last, what, years, fee) in [
        ("Åsa", "Öberg", "Dermatology", 3, "80.00"),
        ("José", "Gómez", "Cardiology", 20, "300.00"),
        ("Sarah", "Zimmer", "Surgery", 30, "50.00"),
    ] {
        let body = json!({
            "first_name": first, "last_name": last, "specialization": what, "city": "Salem",
            "years_of_experience": years, "consultation_fee": fee, "is_available": years != 3,
        });
        staff.post("/api/doctors", body).await.expect_status(201);
    }
    for (query, expected) in [
        ("", vec!["José Gómez", "Dr. Sarah Johnson", "Åsa Öberg", "Sarah Zimmer"]),
        ("search=sarah", vec!["Dr. Sarah Johnson", "Sarah Zimmer"]),
        ("search=gomez+cardio", vec!["José Gómez"]),
        ("search=heart+care", vec!["Dr. Sarah Johnson"]),
        ("search=MD1234", vec!["Dr. Sarah Johnson"]),
        ("search=654321", vec!["Dr. Sarah Johnson"]),
        ("search=sarah%40exam", vec!["Dr. Sarah Johnson"]),
        ("specialization=cardiology", vec!["José Gómez", "Dr. Sarah Johnson"]),
        ("city=SALEM&is_available=true", vec!["José Gómez", "Sarah Zimmer"]),
        ("is_available=false", vec!["Åsa Öberg"]),
        ("min_experience=20", vec!["José Gómez", "Sarah Zimmer"]),
        ("max_fee=80", vec!["Åsa Öberg", "Sarah Zimmer"]),
        (
            "ordering=-first_name",
            vec!["Sarah Zimmer", "José Gómez", "Dr. Sarah Johnson", "Åsa Öberg"],
        ),
        ("ordering=specialization&page_size=2", vec!["Dr. Sarah Johnson", "José Gómez"]),
    ] {
        let answer = staff.get(&format!("/api/doctors?{query}")).await.expect_status(200);
        assert_eq!(answer.names(), expected, "{query}");
    }
    let first = staff.get("/api/doctors?ordering=-updated_at&page_size=3").await;
    let next = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!((next.names(), &next.body["count"]), (vec!["Dr. Sarah Johnson"], &json!(4)));
    let before = staff.get(next.body["previous"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(before.names(), first.names());
    staff.get("/api/doctors?ordering=password").await.expect_status(400).field_errors("ordering");
    staff.get("/api/doctors?max_fee=NaN").await.expect_status(400).field_errors("max_fee");
}

async fn specialisations_are_counted_without_case(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for (name, what) in
        [("A", "CARDIOLOGY"), ("B", "Cardiology"), ("C", "Surgery"), ("D", "Surgery"), ("E", "X")]
    {
        doctor(&staff, name, what).await;
    }
    staff.delete("/api/doctors/5").await.expect_status(204);
    let listed = staff.get("/api/doctors/specializations").await.expect_status(200);
    let expected = json!([
        {"specialization": "Cardiology", "count": 2}, {"specialization": "Surgery", "count": 2},
    ]);
    assert_eq!(listed.body["results"], expected);
    let first = staff.get("/api/doctors/specializations?page_size=1").await.expect_status(200);
    let next = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(next.results()[0]["specialization"], "Surgery");
}

async fn archiving_a_doctor_with_patients_needs_a_decision_about_them(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let id = doctor(&staff, "A", "Surgery").await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let assignment = assign(&staff, 1, id).await;
    assert_eq!(staff.get("/api/doctors/1").await.body["active_patients"], 1);
    let refused = staff.delete("/api/doctors/1").await.expect_status(409);
    assert_eq!(refused.body["active_assignments"], 1);
    let both = "/api/doctors/1?end_assignments=true&reassign_to=1";
    staff.delete(both).await.expect_status(400).field_errors("end_assignments");
    staff
        .delete("/api/doctors/1?reassign_to=1")
        .await
        .expect_status(400)
        .field_errors("reassign_to");
    staff
        .delete("/api/doctors/1?reassign_to=99")
        .await
        .expect_status(400)
        .field_errors("reassign_to");
    staff.delete("/api/doctors/1?end_assignments=false").await.expect_status(409);
    staff.delete("/api/doctors/1?end_assignments=true").await.expect_status(204);
    let ended = staff.get(&format!("/api/assignments/{assignment}")).await.expect_status(200).body;
    assert_eq!((&ended["status"], &ended["is_active"]), (&json!("CANCELLED"), &json!(false)));
    assert!(ended["ended_at"].is_string());
    let reopen = json!({"status": "ACTIVE"});
    let refused = staff.patch(&format!("/api/assignments/{assignment}"), reopen).await;
    refused.expect_status(409).field_errors("doctor");
    let new = json!({"patient": 1, "doctor": 1});
    staff.post("/api/assignments", new).await.expect_status(400).field_errors("doctor");
}

async fn patients_can_be_reassigned_to_another_doctor(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let (old, next) = (doctor(&staff, "A", "Surgery").await, doctor(&staff, "B", "Surgery").await);
    for name in ["Ana", "Ben"] {
        staff.patient(json!({"first_name": name})).await;
    }
    for patient in [1, 2] {
        assign(&staff, patient, old).await;
    }
    // Already assigned to the other doctor: stays assigned once.
    assign(&staff, 2, next).await;
    let path = format!("/api/doctors/{old}/archive?reassign_to={next}");
    let archived = staff.post(&path, json!({"reason": "Retired"})).await.expect_status(200);
    assert!(archived.body["archived_at"].is_string());
    assert_eq!(archived.body["active_patients"], 0);
    let there = staff.get(&format!("/api/doctors/{next}/patients")).await.expect_status(200);
    let mut names: Vec<&str> =
        there.results().iter().map(|row| row["patient_name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ana", "Ben"]);
    let ended = staff.get("/api/assignments?is_active=false").await.expect_status(200);
    assert!(ended.results().iter().all(|row| row["status"] == "COMPLETED"));
    assert_eq!(ended.body["count"], 2);
}

async fn nobody_ends_assignments_of_others_patients(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    let id = doctor(&ana, "A", "Surgery").await;
    ana.patient(json!({"first_name": "Hers"})).await;
    ben.patient(json!({"first_name": "His"})).await;
    assign(&ana, 1, id).await;
    assign(&ben, 2, id).await;
    let path = format!("/api/doctors/{id}");
    ana.delete(&path).await.expect_status(409);
    ana.delete(&format!("{path}?end_assignments=true")).await.expect_status(403);
    let other = doctor(&ana, "B", "Surgery").await;
    ana.delete(&format!("{path}?reassign_to={other}")).await.expect_status(403);
    assert_eq!(ben.get("/api/assignments/2").await.body["is_active"], true);
    assert_eq!(ana.get("/api/assignments/1").await.body["is_active"], true);
    ben.delete("/api/assignments/2").await.expect_status(204);
    ana.delete(&format!("{path}?end_assignments=true")).await.expect_status(204);
}

async fn an_archived_doctor_is_hidden_and_can_be_restored(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    let id = doctor(&ana, "A", "Surgery").await;
    let path = format!("/api/doctors/{id}");
    ana.post(&format!("{path}/archive"), json!({"reason": "Left"})).await.expect_status(200);
    ana.get(&path).await.expect_status(404);
    assert_eq!(ana.get("/api/doctors").await.body["count"], 0);
    let shown = ana.get(&format!("{path}?archived=true")).await.expect_status(200);
    assert_eq!(shown.body["permissions"], json!(["restore", "history"]));
    ben.get(&format!("{path}?archived=true")).await.expect_status(404);
    ben.get(&format!("{path}/history")).await.expect_status(404);
    ben.get("/api/doctors?archived=true").await.expect_status(403);
    let staff = server.staff().await;
    assert_eq!(staff.get("/api/doctors?archived=true").await.names(), ["A"]);
    let request = ben.request(Method::POST, &format!("{path}/restore")).header("if-match", "*");
    ben.send(request).await.expect_status(404);
    ana.post(&format!("{path}/restore"), json!({})).await.expect_status(200);
    ana.get(&path).await.expect_status(200);
}

async fn replacing_a_doctor_clears_everything_but_availability(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.post("/api/doctors", sarah()).await.expect_status(201);
    staff.patch("/api/doctors/1", json!({"is_available": false})).await.expect_status(200);
    let least = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    let replaced = staff.put("/api/doctors/1", least).await.expect_status(200).body;
    assert_eq!(replaced["is_available"], false);
    for cleared in ["first_name", "email", "license_number", "consultation_fee", "availability"] {
        assert_eq!(replaced[cleared], Value::Null, "{cleared}");
    }
    let nameless = json!({"specialization": "Cardiology"});
    staff.put("/api/doctors/1", nameless).await.expect_status(400).field_errors("first_name");
    let mut other = json!({"id": 2, "created_by": 9, "linked_user": 4, "version": 99});
    let refused = staff.patch("/api/doctors/1", other.clone()).await.expect_status(400);
    for field in ["id", "created_by", "linked_user"] {
        refused.field_errors(field);
    }
    // Other errors hide none of these.
    other["is_available"] = json!("maybe");
    let refused = staff.patch("/api/doctors/1", other).await.expect_status(400);
    for field in ["id", "created_by", "linked_user", "is_available"] {
        refused.field_errors(field);
    }
}

async fn a_stale_change_of_a_doctor_is_refused(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    doctor(&staff, "A", "Surgery").await;
    admin.patch_if("/api/doctors/1", 1, json!({"city": "Salem"})).await.expect_status(200);
    let stale = staff.patch_if("/api/doctors/1", 1, json!({"city": "Lynn"})).await;
    let stale = stale.expect_status(412);
    assert_eq!(stale.body["current"]["city"], "Salem");
    assert_eq!(stale.body["changed_by"], "admin");
}

async fn the_history_of_a_doctor_requires_the_right_to_change_it(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    doctor(&ana, "A", "Surgery").await;
    ana.patch("/api/doctors/1", json!({"consultation_fee": 12.5})).await.expect_status(200);
    ana.delete("/api/doctors/1").await.expect_status(204);
    let history = ana.get("/api/doctors/1/history").await.expect_status(200);
    let actions: Vec<&Value> = history.results().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["doctor.archived", "doctor.updated", "doctor.created"]);
    let change = json!([{"field": "consultation_fee", "old": null, "new": "12.50"}]);
    assert_eq!(history.results()[1]["changes"], change);
    ana.post("/api/doctors/1/restore", json!({})).await.expect_status(200);
    ben.get("/api/doctors/1/history").await.expect_status(403);
    server.staff().await.get("/api/doctors/1/history").await.expect_status(200);
}
