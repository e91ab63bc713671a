//! Rules for every earlier path and every earlier member name.

use reqwest::Method;
use serde_json::{Value, json};
use shared::compatibility::{ASSIGNMENT, DOCTOR, PATHS, PATIENT};

use super::send;
use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    a_member_under_two_names_is_an_error,
    an_error_uses_the_member_name_that_was_sent,
    an_earlier_path_has_its_own_methods_and_allow,
    every_earlier_path_is_in_force,
    other_paths_are_not_rewritten,
    links_of_a_list_keep_the_spelling_of_the_request,
    an_earlier_path_answers_like_the_current_one,
    a_mapping_that_was_read_can_be_sent_back,
}

async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["Ana", "Ben"] {
        staff.patient(json!({"first_name": name})).await;
        let doctor = json!({"last_name": name, "specialization": "Surgery"});
        staff.post("/api/doctors", doctor).await.expect_status(201);
    }
    (server, staff)
}

async fn assign(client: &Client, patient: i64, doctor: i64) -> Value {
    let body = json!({"patient_id": patient, "doctor_id": doctor});
    client.post("/api/mappings", body).await.expect_status(201).body
}

async fn a_member_under_two_names_is_an_error(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for (method, path, body, field) in [
        ("POST", "/api/patients", json!({"name": "A B", "first_name": "A"}), "name"),
        (
            "PUT",
            "/api/patients/1",
            json!({"name": "A", "phone": "12345", "phone_number": "12345"}),
            "phone",
        ),
        (
            "PATCH",
            "/api/patients/1",
            json!({"blood_group": null, "blood_type": "A+"}),
            "blood_group",
        ),
        ("PATCH", "/api/doctors/1", json!({"address": "x", "clinic_address": "x"}), "address"),
        (
            "PATCH",
            "/api/doctors/1/update",
            json!({"experience_years": 1, "years_of_experience": 1}),
            "experience_years",
        ),
        (
            "POST",
            "/api/mappings",
            json!({"patient": 1, "patient_id": 1, "doctor": 1}),
            "patient_id",
        ),
        (
            "POST",
            "/api/assignments",
            json!({"patient": 1, "doctor_id": 1, "doctor": 1}),
            "doctor_id",
        ),
    ] {
        let answer = send(&staff, method, path, &body.to_string()).await.expect_status(400);
        assert!(answer.field_errors(field).contains("is given twice"), "{path}: {}", answer.text);
    }
    let repeated = r#"{"name": "A B", "phone": "12345", "phone": "12345"}"#;
    let answer = send(&staff, "POST", "/api/patients", repeated).await.expect_status(400);
    answer.field_errors("phone");
    assert_eq!(staff.get("/api/patients").await.body["count"], 2);
}

async fn an_error_uses_the_member_name_that_was_sent(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let bad = json!({"name": "", "phone": "1", "blood_group": "C+", "gender": "male"});
    let answer = staff.post("/api/patients", bad).await.expect_status(400);
    for field in ["phone", "blood_group"] {
        answer.field_errors(field);
    }
    let nameless = staff.patch("/api/patients/1", json!({"name": null})).await.expect_status(400);
    assert!(nameless.field_errors("name").contains("is required"), "{}", nameless.text);
    assert_eq!(nameless.body["error_codes"][0]["field"], "name");
    assert!(nameless.body["detail"].as_str().unwrap().starts_with("name: "));
    // The errors that depend on stored records.
    let nobody = json!({"patient_id": 99, "doctor_id": 99});
    let answer = staff.post("/api/mappings", nobody).await.expect_status(400);
    answer.field_errors("patient_id");
    answer.field_errors("doctor_id");
    let nobody = json!({"patient": 99, "doctor_id": 1});
    let answer = staff.post("/api/mappings", nobody).await.expect_status(400);
    answer.field_errors("patient");
    assign(&staff, 1, 1).await;
    let answer = staff.post("/api/mappings", json!({"patient_id": 1, "doctor_id": 1})).await;
    let answer = answer.expect_status(409);
    answer.field_errors("doctor_id");
    assert_eq!(answer.body["existing"]["id"], 1);
    let moved = staff.patch("/api/mappings/1", json!({"patient_id": 2})).await.expect_status(400);
    moved.field_errors("patient_id");
    staff
        .patch("/api/mappings/1", json!({"patient_id": 1, "doctor_id": 1}))
        .await
        .expect_status(200);
    let unknown = staff.post("/api/patients", json!({"name": "A", "doctor_id": 1})).await;
    unknown.expect_status(400).field_errors("doctor_id");
}

async fn an_earlier_path_has_its_own_methods_and_allow(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for (method, path, allow) in [
        ("PUT", "/api/mappings", "GET, HEAD, POST"),
        ("POST", "/api/mappings/1/", "DELETE, GET, HEAD, PATCH, PUT"),
        ("POST", "/api/mappings/patient/1", "GET, HEAD"),
        ("GET", "/api/mappings/1/update/", "PATCH, PUT"),
        ("GET", "/api/mappings/delete/1", "DELETE"),
        ("DELETE", "/api/patients/mappings", "GET, HEAD, POST"),
        ("PUT", "/api/patients/mappings/", "GET, HEAD, POST"),
        ("DELETE", "/api/patients/mappings/1", "GET, HEAD"),
        ("POST", "/api/patients/mappings/delete/1", "DELETE"),
        ("GET", "/api/doctors/create", "POST"),
        ("DELETE", "/api/doctors/create/", "POST"),
        ("GET", "/api/doctors/1/update", "PATCH, PUT"),
        ("HEAD", "/api/doctors/1/delete", "DELETE"),
        ("GET", "/api/doctors/1/delete", "DELETE"),
        ("TRACE", "/api/mappings", "GET, HEAD, POST"),
    ] {
        let request = staff.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert_eq!(answer.headers()["allow"], allow, "{method} {path}");
    }
    let refused = staff.get("/api/doctors/create").await.expect_status(405);
    assert_eq!(refused.body["error"], "method_not_allowed");
}

async fn every_earlier_path_is_in_force(backend: Backend) {
    let (server, staff) = desk(backend).await;
    for (methods, earlier, _) in PATHS {
        for method in *methods {
            for slash in ["", "/"] {
                let path = format!("{}{slash}", earlier.replace("{id}", "99"));
                let stranger = send(&server.nobody(), method, &path, "").await;
                assert_eq!(stranger.status, 401, "{method} {path}");
                // The operation exists, and complains about the id or the body.
                let answer = send(&staff, method, &path, "{}").await;
                let expected: &[u16] = match (*method, earlier.contains("{id}")) {
                    (_, true) => &[404],
                    ("POST", _) => &[400],
                    _ => &[200],
                };
                assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.text);
                if *method == "GET" {
                    let head = staff.request(Method::HEAD, &path).send().await.unwrap();
                    assert_eq!(head.status().as_u16(), answer.status, "{path}");
                }
            }
        }
    }
}

async fn other_paths_are_not_rewritten(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    for (method, path, status) in [
        ("GET", "/api/mappings/1/history", 404),
        ("GET", "/api/mappings/patient/1/2", 404),
        ("POST", "/api/mappings/1/transfer", 404),
        ("GET", "/api/mapping", 404),
        ("GET", "/api/mappings//1", 404),
        ("DELETE", "/api/patients/1/delete", 404),
        ("POST", "/api/patients/create", 405),
        ("PUT", "/api/doctors/update/1", 404),
        ("POST", "/api/doctors/1/create", 404),
        ("GET", "/api/mappings/x", 400),
        ("GET", "/api/mappings/0", 400),
        ("DELETE", "/api/mappings/delete", 400),
        ("PUT", "/api/doctors/x/update", 400),
        ("GET", "/api/patients/mappings/x", 400),
        ("GET", "/api/mappings?nonsense=1", 400),
        ("GET", "/api/doctors/specializations", 200),
        ("GET", "/api/doctors/1", 200),
        ("GET", "/api/patients/1/doctors", 200),
    ] {
        let answer = send(&staff, method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    // The same words as at the current path.
    for (earlier, today) in [
        ("/api/mappings/x", "/api/patients/x/doctors"),
        ("/api/mappings/99", "/api/patients/99/doctors"),
        ("/api/patients/mappings?page=0", "/api/assignments?page=0"),
    ] {
        let (earlier, today) = (staff.get(earlier).await, staff.get(today).await);
        assert_eq!(earlier.status, today.status);
        assert_eq!(earlier.body["errors"], today.body["errors"]);
        assert_eq!(earlier.body["detail"], today.body["detail"]);
    }
}

async fn links_of_a_list_keep_the_spelling_of_the_request(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    assign(&staff, 1, 1).await;
    assign(&staff, 1, 2).await;
    for path in [
        "/api/mappings",
        "/api/mappings/1",
        "/api/mappings/patient/1",
        "/api/patients/mappings",
        "/api/patients/mappings/1",
    ] {
        let first = staff.get(&format!("{path}/?page_size=1")).await.expect_status(200);
        assert_eq!(first.body["count"], 2);
        let next = first.body["next"].as_str().unwrap();
        assert!(next.starts_with(&format!("{}{path}?page_size=1&cursor=", staff.base)), "{next}");
        let second = staff.get(next).await.expect_status(200);
        assert_ne!(second.results()[0]["id"], first.results()[0]["id"]);
        let back = staff.get(second.body["previous"].as_str().unwrap()).await.expect_status(200);
        assert_eq!(back.results(), first.results());
    }
}

async fn an_earlier_path_answers_like_the_current_one(backend: Backend) {
    let (server, staff) = desk(backend).await;
    let body = json!({"patient_id": 1, "doctor_id": 1, "notes": "Mornings"});
    let post = |path: &str| {
        let request = staff.request(Method::POST, path).header("idempotency-key", "once");
        staff.send(request.json(&body))
    };
    let created = post("/api/mappings").await.expect_status(201);
    assert_eq!(created.header("location"), "/api/assignments/1");
    let read = staff.get("/api/assignments/1").await.expect_status(200);
    assert_eq!((&read.body, read.header("etag")), (&created.body, created.header("etag")));
    // The same request under every spelling of the path.
    for path in ["/api/assignments", "/api/patients/mappings/"] {
        assert_eq!(post(path).await.expect_status(201).body, created.body, "{path}");
    }
    let (earlier, today) = (staff.get("/api/mappings").await, staff.get("/api/assignments").await);
    assert_eq!(earlier.body, today.body);
    // Nobody silently overwrites somebody else, and nobody sees more.
    let admin = server.admin().await;
    for (method, path) in [
        ("PATCH", "/api/mappings/1"),
        ("PUT", "/api/mappings/1/update"),
        ("DELETE", "/api/mappings/delete/1"),
    ] {
        send(&admin, method, path, r#"{"notes": "x"}"#).await.expect_status(428);
    }
    let member = server.member("member@example.com").await;
    member.get("/api/mappings/1").await.expect_status(404);
    assert_eq!(member.get("/api/patients/mappings").await.body["count"], 0);
}

async fn a_mapping_that_was_read_can_be_sent_back(backend: Backend) {
    let (_server, staff) = desk(backend).await;
    let created = assign(&staff, 1, 1).await;
    let listed = staff.get("/api/mappings").await.expect_status(200).body["results"][0].clone();
    for mut body in [created, listed] {
        body["notes"] = json!("Afternoons");
        let answer = staff.put("/api/mappings/1/", body).await.expect_status(200);
        assert_eq!(answer.body["notes"], "Afternoons");
    }
}

#[test]
fn the_page_for_earlier_clients_lists_every_path_and_member() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COMPATIBILITY.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (methods, earlier, today) in PATHS {
        let is_row = |line: &&str| {
            let line = line.replace("{patient_id}", "{id}");
            line.starts_with(&format!("| `{} {earlier}` |", methods.join(", ")))
                && line.contains(&format!("{today}` |"))
        };
        assert!(page.lines().any(|line| is_row(&line)), "{methods:?} {earlier}");
    }
    for (earlier, today) in [PATIENT, DOCTOR, ASSIGNMENT].concat() {
        let names = [&[earlier], today].concat();
        let is_row = |line: &str| {
            line.starts_with("| ") && names.iter().all(|name| line.contains(&format!("`{name}`")))
        };
        assert!(page.lines().any(is_row), "{earlier}");
    }
}
