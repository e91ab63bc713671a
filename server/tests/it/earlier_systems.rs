//! The requests of the five earlier systems, as their documents print them: each with its methods,
//! slashes and bodies, in the order of its testing sequence, on a fresh database.

mod bodies;
mod spellings;

use reqwest::Method;
use serde_json::{Value, json};
use server::config::Directory;

use crate::harness::{Answer, Backend, Client, Server, on_both};
use bodies::{fullstack, indian, nested, reasons, staffed};

on_both! {
    the_fullstack_application_with_pages_is_served_as_its_document_prints,
    the_backend_with_mappings_under_patients_is_served_as_its_document_prints,
    the_backend_whose_doctors_are_kept_by_staff_is_served_as_its_document_prints,
    the_backend_for_indian_institutions_is_served_as_its_document_prints,
    the_backend_with_reasons_for_visits_is_served_as_its_document_prints,
}

/// Sends a body exactly as it is, or none.
async fn send(client: &Client, method: &str, path: &str, body: &str) -> Answer {
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let request = match body {
        "" => request,
        body => request.header("content-type", "application/json").body(body.to_owned()),
    };
    client.send(request).await
}

/// Sends each request and answers the body of the last.
async fn run(client: &Client, requests: &[(&str, &str, &str, u16)]) -> Value {
    let mut last = Value::Null;
    for (method, path, body, status) in requests {
        let answer = send(client, method, path, body).await;
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.text);
        last = answer.body;
    }
    last
}

/// Registers and logs in; answers both sessions and a client with the second.
async fn enter(server: &Server, register: &str, login: &str) -> (Value, Value, Client) {
    let nobody = server.nobody();
    let registered = send(&nobody, "POST", "/api/auth/register/", register).await;
    let registered = registered.expect_status(201).body;
    assert_eq!(registered["message"], "User registered successfully");
    let session = send(&nobody, "POST", "/api/auth/login/", login).await.expect_status(200).body;
    for session in [&registered, &session] {
        for token in ["access", "refresh"] {
            assert!(session[token].as_str().is_some_and(|token| token.len() > 20), "{session}");
            assert_eq!(session[token], session["tokens"][token]);
        }
    }
    let client = nobody.with_token(session["access"].as_str().unwrap());
    (registered, session, client)
}

/// Fails where a member of what was sent did not arrive as it was, under the same name.
#[track_caller]
fn arrived(sent: &str, record: &Value, but: &[&str]) {
    let sent: Value = serde_json::from_str(sent).unwrap();
    for (name, value) in sent.as_object().unwrap() {
        if !but.contains(&name.as_str()) {
            assert_eq!(&record[name], value, "{name} of {record}");
        }
    }
}

#[track_caller]
fn has_members(record: &Value, members: &[&str]) {
    for member in members {
        assert!(!record[member].is_null(), "no {member} in {record}");
    }
}

async fn the_fullstack_application_with_pages_is_served_as_its_document_prints(backend: Backend) {
    let server = Server::start(backend).await;
    let (registered, session, john) = enter(&server, fullstack::REGISTER, fullstack::LOGIN).await;
    arrived(fullstack::REGISTER, &registered["user"], &["password", "password_confirm"]);
    assert_eq!(session["message"], "Login successful");
    arrived(fullstack::LOGIN, &session["user"], &["password"]);
    let profile = run(&john, &[("GET", "/api/auth/profile/", "", 200)]).await;
    assert_eq!(profile["id"], session["user"]["id"]);
    let refresh = json!({"refresh": session["refresh"]}).to_string();
    let tokens =
        run(&server.nobody(), &[("POST", "/api/auth/token/refresh/", &refresh, 200)]).await;
    let john = john.with_token(tokens["access"].as_str().unwrap());

    let patient = run(&john, &[("POST", "/api/patients/", fullstack::PATIENT, 201)]).await;
    arrived(fullstack::PATIENT, &patient, &[]);
    let list = run(&john, &[("GET", "/api/patients/", "", 200)]).await;
    assert_eq!(
        (&list["count"], &list["next"], &list["previous"]),
        (&json!(1), &json!(null), &json!(null))
    );
    has_members(&list["results"][0], fullstack::PATIENT_MEMBERS);
    assert_eq!(list["results"][0]["full_name"], "Jane Smith");
    assert_eq!(list["results"][0]["created_by_username"], "johndoe");
    run(
        &john,
        &[
            ("GET", "/api/patients/1/", "", 200),
            ("PUT", "/api/patients/1/", fullstack::PATIENT, 200),
        ],
    )
    .await;

    let doctor = run(&john, &[("POST", "/api/doctors/create/", fullstack::DOCTOR, 201)]).await;
    arrived(fullstack::DOCTOR, &doctor, &["consultation_fee"]);
    assert_eq!(doctor["consultation_fee"], "200.00");
    let moved = fullstack::DOCTOR.replace("Boston", "Chicopee");
    let doctor = run(
        &john,
        &[
            ("GET", "/api/doctors/", "", 200),
            ("GET", "/api/doctors/1/", "", 200),
            ("PUT", "/api/doctors/1/update/", &moved, 200),
            ("PATCH", "/api/doctors/1/update/", r#"{"is_available": false}"#, 200),
            ("GET", "/api/doctors/1/", "", 200),
        ],
    )
    .await;
    assert_eq!((&doctor["city"], &doctor["is_available"]), (&json!("Chicopee"), &json!(false)));

    let mapping = run(&john, &[("POST", "/api/mappings/", fullstack::MAPPING, 201)]).await;
    arrived(fullstack::MAPPING, &mapping, &[]);
    assert_eq!(run(&john, &[("GET", "/api/mappings/", "", 200)]).await["results"][0]["id"], 1);
    let doctors = run(&john, &[("GET", "/api/mappings/patient/1/", "", 200)]).await;
    assert_eq!(doctors["results"][0]["doctor"], 1);
    let held = fullstack::MAPPING.replace("ACTIVE", "ON_HOLD");
    let mapping = run(
        &john,
        &[
            ("PUT", "/api/mappings/1/update/", &held, 200),
            ("PATCH", "/api/mappings/1/update/", r#"{"notes": "Postponed"}"#, 200),
        ],
    )
    .await;
    assert_eq!((&mapping["status"], &mapping["notes"]), (&json!("ON_HOLD"), &json!("Postponed")));

    let bad = send(&john, "POST", "/api/mappings/", r#"{"patient": 9, "doctor": 1}"#).await;
    assert_eq!(bad.body["status_code"], 400);
    has_members(&bad.body, &["error", "message"]);
    run(
        &john,
        &[
            ("DELETE", "/api/mappings/1/", "", 204),
            ("DELETE", "/api/doctors/1/delete/", "", 204),
            ("DELETE", "/api/patients/1/", "", 204),
            ("GET", "/api/doctors/1/", "", 404),
            ("GET", "/api/patients/1/", "", 404),
        ],
    )
    .await;
}

async fn the_backend_with_mappings_under_patients_is_served_as_its_document_prints(
    backend: Backend,
) {
    let server = Server::start(backend).await;
    let (registered, session, john) = enter(&server, nested::REGISTER, nested::LOGIN).await;
    let user = &registered["user"];
    assert_eq!((&user["first_name"], &user["last_name"]), (&json!("John"), &json!("Doe")));
    has_members(&session, &["refresh", "access"]);

    let doctor = run(&john, &[("POST", "/api/doctors/", nested::DOCTOR, 201)]).await;
    arrived(nested::DOCTOR, &doctor, &["phone"]);
    assert_eq!(doctor["phone_number"], "+1234567890");
    let patient = run(&john, &[("POST", "/api/patients/", nested::PATIENT, 201)]).await;
    arrived(nested::PATIENT, &patient, &["gender"]);
    assert_eq!(patient["gender"], "F");
    assert_eq!(patient["created_by"], user["id"]);
    has_members(&patient, &["id", "created_at"]);
    let mapping = run(&john, &[("POST", "/api/patients/mappings/", nested::MAPPING, 201)]).await;
    arrived(nested::MAPPING, &mapping, &[]);
    assert_eq!(mapping["patient_name"], "Alice Smith");
    assert_eq!(mapping["doctor_name"], "Dr. Sarah Johnson");
    has_members(&mapping, &["id", "assigned_at"]);

    let patient = run(
        &john,
        &[
            ("GET", "/api/patients/1/", "", 200),
            ("PUT", "/api/patients/1/", nested::PATIENT_UPDATE, 200),
        ],
    )
    .await;
    arrived(nested::PATIENT_UPDATE, &patient, &["gender"]);
    let list = run(&john, &[("GET", "/api/patients/", "", 200)]).await;
    assert_eq!(list["results"][0]["full_name"], "Alice Johnson");
    let doctor = run(
        &john,
        &[
            ("GET", "/api/doctors/1/", "", 200),
            ("PUT", "/api/doctors/1/", nested::DOCTOR_UPDATE, 200),
        ],
    )
    .await;
    arrived(nested::DOCTOR_UPDATE, &doctor, &["phone"]);
    let list = run(&john, &[("GET", "/api/doctors/", "", 200)]).await;
    has_members(&list["results"][0], &["id", "specialization", "email", "created_at"]);
    for path in ["/api/patients/mappings/", "/api/patients/mappings/1/"] {
        let list = run(&john, &[("GET", path, "", 200)]).await;
        assert_eq!(list["results"][0]["doctor_name"], "Dr. Sarah Smith", "{path}");
    }

    let old = nested::PATIENT.replace("30", "151").replace("Female", "Invalid");
    let refused = send(&john, "POST", "/api/patients/", &old).await.expect_status(400);
    refused.complaints("age");
    refused.complaints("gender");
    let stranger = send(&server.nobody(), "GET", "/api/patients/mappings/", "").await;
    has_members(&stranger.expect_status(401).body, &["detail"]);
    run(
        &john,
        &[
            ("POST", "/api/patients/mappings/", nested::MAPPING, 409),
            ("DELETE", "/api/patients/mappings/delete/1/", "", 204),
            ("DELETE", "/api/patients/1/", "", 204),
            ("DELETE", "/api/doctors/1/", "", 204),
            ("GET", "/api/patients/mappings/1/", "", 404),
        ],
    )
    .await;
}

async fn the_backend_whose_doctors_are_kept_by_staff_is_served_as_its_document_prints(
    backend: Backend,
) {
    let set = |settings: &mut server::config::Settings| {
        settings.doctor_directory = Directory::Staff;
    };
    let server = Server::start_with(backend, set).await;
    let staff = server.staff().await;
    let (registered, _, user) = enter(&server, staffed::REGISTER, staffed::LOGIN).await;
    assert_eq!(registered["user"]["name"], "Your Name");

    let patient = r#"{"first_name": "Alice", "last_name": "Smith"}"#;
    let doctor =
        r#"{"first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology"}"#;
    run(
        &user,
        &[
            ("POST", "/api/patients/", patient, 201),
            ("GET", "/api/patients/", "", 200),
            ("GET", "/api/patients/1/", "", 200),
            ("PUT", "/api/patients/1/", patient, 200),
            ("POST", "/api/doctors/", doctor, 403),
        ],
    )
    .await;
    run(&staff, &[("POST", "/api/doctors/", doctor, 201), ("PUT", "/api/doctors/1/", doctor, 200)])
        .await;
    run(
        &user,
        &[
            ("GET", "/api/doctors/", "", 200),
            ("GET", "/api/doctors/1/", "", 200),
            ("PUT", "/api/doctors/1/", doctor, 403),
            ("DELETE", "/api/doctors/1/", "", 403),
        ],
    )
    .await;

    let mapping = run(&user, &[("POST", "/api/mappings/", staffed::MAPPING, 201)]).await;
    assert_eq!((&mapping["patient"], &mapping["doctor"]), (&json!(1), &json!(1)));
    for path in ["/api/mappings/", "/api/mappings/1/"] {
        let list = run(&user, &[("GET", path, "", 200)]).await;
        assert_eq!((&list["count"], &list["results"][0]["id"]), (&json!(1), &json!(1)), "{path}");
    }
    run(&user, &[("DELETE", "/api/mappings/delete/1/", "", 204)]).await;
    assert_eq!(run(&user, &[("GET", "/api/mappings/", "", 200)]).await["count"], 0);
    run(&user, &[("DELETE", "/api/patients/1/", "", 204)]).await;
    run(&staff, &[("DELETE", "/api/doctors/1/", "", 204)]).await;
    run(&server.nobody(), &[("POST", "/api/auth/register/", staffed::REGISTER, 409)]).await;
}

async fn the_backend_for_indian_institutions_is_served_as_its_document_prints(backend: Backend) {
    let server = Server::start(backend).await;
    let (registered, _, rahul) = enter(&server, indian::REGISTER, indian::LOGIN).await;
    arrived(indian::REGISTER, &registered["user"], &["password"]);
    let shouted = indian::LOGIN.replace("rahul.kumar@gmail.com", "Rahul.KUMAR@Gmail.com");
    let doctor = indian::REGISTER
        .replace("\"patient\"", "\"doctor\"")
        .replace("rahul_kumar", "priya")
        .replace("rahul.kumar", "priya");
    let doctor = run(
        &server.nobody(),
        &[
            ("POST", "/api/auth/login/", &shouted, 200),
            ("POST", "/api/auth/register/", &doctor, 201),
        ],
    )
    .await;
    assert_eq!(doctor["user"]["role"], "doctor");

    let patient = run(&rahul, &[("POST", "/api/patients/", indian::PATIENT, 201)]).await;
    arrived(indian::PATIENT, &patient, &["name", "phone", "gender", "blood_group"]);
    for (member, value) in [
        ("first_name", "Arjun"),
        ("last_name", "Sharma"),
        ("phone_number", "8765432109"),
        ("gender", "M"),
        ("blood_type", "B+"),
    ] {
        assert_eq!(patient[member], value, "{member}");
    }
    let doctor = run(&rahul, &[("POST", "/api/doctors/", indian::DOCTOR, 201)]).await;
    arrived(indian::DOCTOR, &doctor, &["name", "phone", "experience_years", "address"]);
    for (member, value) in [
        ("first_name", json!("Dr. Priya")),
        ("last_name", json!("Patel")),
        ("phone_number", json!("7654321098")),
        ("years_of_experience", json!(8)),
        ("clinic_address", json!("AIIMS Hospital, New Delhi")),
    ] {
        assert_eq!(doctor[member], value, "{member}");
    }
    let mapping = run(&rahul, &[("POST", "/api/mappings/", indian::MAPPING, 201)]).await;
    arrived(indian::MAPPING, &mapping, &[]);

    let (married, older) =
        (indian::PATIENT.replace("Sharma", "Rao"), indian::DOCTOR.replace(": 8", ": 9"));
    let patient = run(
        &rahul,
        &[
            ("GET", "/api/patients/", "", 200),
            ("GET", "/api/patients/1/", "", 200),
            ("PUT", "/api/patients/1/", indian::PATIENT, 200),
            ("PUT", "/api/patients/1/", &married, 200),
        ],
    )
    .await;
    assert_eq!(patient["full_name"], "Arjun Rao");
    let doctor = run(
        &rahul,
        &[
            ("GET", "/api/doctors/", "", 200),
            ("GET", "/api/doctors/1/", "", 200),
            ("PUT", "/api/doctors/1/", indian::DOCTOR, 200),
            ("PUT", "/api/doctors/1/", &older, 200),
        ],
    )
    .await;
    assert_eq!(doctor["years_of_experience"], 9);
    for path in ["/api/mappings/", "/api/mappings/1/"] {
        let list = run(&rahul, &[("GET", path, "", 200)]).await;
        assert_eq!(list["results"][0]["doctor_name"], "Dr. Priya Patel", "{path}");
    }
    run(&rahul, &[("DELETE", "/api/mappings/1/", "", 204)]).await;
    let ended = run(&rahul, &[("GET", "/api/assignments/1", "", 200)]).await;
    assert_eq!(ended["is_active"], false);
    run(&rahul, &[("DELETE", "/api/patients/1/", "", 204), ("DELETE", "/api/doctors/1/", "", 204)])
        .await;
}

async fn the_backend_with_reasons_for_visits_is_served_as_its_document_prints(backend: Backend) {
    let server = Server::start(backend).await;
    let (registered, session, user) = enter(&server, reasons::REGISTER, reasons::LOGIN).await;
    for session in [&registered, &session] {
        arrived(reasons::REGISTER, &session["user"], &["password"]);
    }
    assert_eq!(session["message"], "Login successful");

    let patient = run(&user, &[("POST", "/api/patients/", reasons::PATIENT, 201)]).await;
    arrived(reasons::PATIENT, &patient, &[]);
    let doctor = run(&user, &[("POST", "/api/doctors/", reasons::DOCTOR, 201)]).await;
    arrived(reasons::DOCTOR, &doctor, &[]);
    let mapping = run(&user, &[("POST", "/api/mappings/", reasons::MAPPING, 201)]).await;
    arrived(reasons::MAPPING, &mapping, &[]);
    has_members(&mapping, &["assigned_by", "created_at", "updated_at"]);
    let moved = reasons::PATIENT.replace("123 Main St", "7 Side St");
    let (patient, doctor) = (
        run(
            &user,
            &[
                ("GET", "/api/patients/", "", 200),
                ("PUT", "/api/patients/1/", &moved, 200),
                ("GET", "/api/patients/1/", "", 200),
            ],
        )
        .await,
        run(
            &user,
            &[
                ("GET", "/api/doctors/", "", 200),
                ("PUT", "/api/doctors/1/", reasons::DOCTOR, 200),
                ("GET", "/api/doctors/1/", "", 200),
            ],
        )
        .await,
    );
    arrived(&moved, &patient, &[]);
    arrived(reasons::DOCTOR, &doctor, &[]);
    for path in ["/api/mappings/", "/api/mappings/patient/1/"] {
        let list = run(&user, &[("GET", path, "", 200)]).await;
        assert_eq!(list["results"][0]["reason_for_visit"], "Regular checkup", "{path}");
    }
    let refresh = json!({"refresh": session["refresh"]}).to_string();
    let refresh = ("POST", "/api/auth/token/refresh/", refresh.as_str(), 200);
    has_members(&run(&server.nobody(), &[refresh]).await, &["access", "refresh"]);
    run(
        &user,
        &[
            ("DELETE", "/api/mappings/1/", "", 204),
            ("DELETE", "/api/patients/1/", "", 204),
            ("DELETE", "/api/doctors/1/", "", 204),
        ],
    )
    .await;

    let (_, _, tester) = enter(&server, reasons::CURL_REGISTER, reasons::CURL_LOGIN).await;
    let patient = run(&tester, &[("POST", "/api/patients/", reasons::CURL_PATIENT, 201)]).await;
    arrived(reasons::CURL_PATIENT, &patient, &[]);
}
