//! The requests of the five earlier systems as their documents print them, with methods, slashes
//! and bodies, in the order of each testing sequence, on a fresh database.

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

/// Sends a request, written as `GET /api/patients/ 200` with the expected status.
async fn ask(client: &Client, line: &str, body: &str) -> Value {
    let [method, path, status] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let answer = send(client, method, path, body).await;
    assert_eq!(answer.status.to_string(), status, "{line}: {}", answer.text);
    answer.body
}

/// Sends requests without bodies.
async fn ask_all(client: &Client, lines: &[&str]) {
    for line in lines {
        ask(client, line, "").await;
    }
}

/// Registers and logs in. Returns both sessions and a client with the second one.
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

/// Fails unless every sent member comes back unchanged under the same name.
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
    let profile = ask(&john, "GET /api/auth/profile/ 200", "").await;
    assert_eq!(profile["id"], session["user"]["id"]);
    let refresh = json!({"refresh": session["refresh"]}).to_string();
    let tokens = ask(&server.nobody(), "POST /api/auth/token/refresh/ 200", &refresh).await;
    let john = john.with_token(tokens["access"].as_str().unwrap());

    let patient = ask(&john, "POST /api/patients/ 201", fullstack::PATIENT).await;
    arrived(fullstack::PATIENT, &patient, &[]);
    let list = ask(&john, "GET /api/patients/ 200", "").await;
    assert_eq!(
        (&list["count"], &list["next"], &list["previous"]),
        (&json!(1), &json!(null), &json!(null))
    );
    has_members(&list["results"][0], fullstack::PATIENT_MEMBERS);
    assert_eq!(list["results"][0]["full_name"], "Jane Smith");
    assert_eq!(list["results"][0]["created_by_username"], "johndoe");
    ask(&john, "GET /api/patients/1/ 200", "").await;
    ask(&john, "PUT /api/patients/1/ 200", fullstack::PATIENT).await;

    let doctor = ask(&john, "POST /api/doctors/create/ 201", fullstack::DOCTOR).await;
    arrived(fullstack::DOCTOR, &doctor, &["consultation_fee"]);
    assert_eq!(doctor["consultation_fee"], "200.00");
    let moved = fullstack::DOCTOR.replace("Boston", "Chicopee");
    ask_all(&john, &["GET /api/doctors/ 200", "GET /api/doctors/1/ 200"]).await;
    ask(&john, "PUT /api/doctors/1/update/ 200", &moved).await;
    ask(&john, "PATCH /api/doctors/1/update/ 200", r#"{"is_available": false}"#).await;
    let doctor = ask(&john, "GET /api/doctors/1/ 200", "").await;
    assert_eq!((&doctor["city"], &doctor["is_available"]), (&json!("Chicopee"), &json!(false)));

    let mapping = ask(&john, "POST /api/mappings/ 201", fullstack::MAPPING).await;
    arrived(fullstack::MAPPING, &mapping, &[]);
    assert_eq!(ask(&john, "GET /api/mappings/ 200", "").await["results"][0]["id"], 1);
    let doctors = ask(&john, "GET /api/mappings/patient/1/ 200", "").await;
    assert_eq!(doctors["results"][0]["doctor"], 1);
    let held = fullstack::MAPPING.replace("ACTIVE", "ON_HOLD");
    ask(&john, "PUT /api/mappings/1/update/ 200", &held).await;
    let mapping =
        ask(&john, "PATCH /api/mappings/1/update/ 200", r#"{"notes": "Postponed"}"#).await;
    assert_eq!((&mapping["status"], &mapping["notes"]), (&json!("ON_HOLD"), &json!("Postponed")));

    let bad = send(&john, "POST", "/api/mappings/", r#"{"patient": 9, "doctor": 1}"#).await;
    assert_eq!(bad.body["status_code"], 400);
    has_members(&bad.body, &["error", "message"]);
    ask_all(
        &john,
        &[
            "DELETE /api/mappings/1/ 204",
            "DELETE /api/doctors/1/delete/ 204",
            "DELETE /api/patients/1/ 204",
            "GET /api/doctors/1/ 404",
            "GET /api/patients/1/ 404",
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

    let doctor = ask(&john, "POST /api/doctors/ 201", nested::DOCTOR).await;
    arrived(nested::DOCTOR, &doctor, &["phone"]);
    assert_eq!(doctor["phone_number"], "+1234567890");
    let patient = ask(&john, "POST /api/patients/ 201", nested::PATIENT).await;
    arrived(nested::PATIENT, &patient, &["gender"]);
    assert_eq!(patient["gender"], "F");
    assert_eq!(patient["created_by"], user["id"]);
    has_members(&patient, &["id", "created_at"]);
    let mapping = ask(&john, "POST /api/patients/mappings/ 201", nested::MAPPING).await;
    arrived(nested::MAPPING, &mapping, &[]);
    assert_eq!(mapping["patient_name"], "Alice Smith");
    assert_eq!(mapping["doctor_name"], "Dr. Sarah Johnson");
    has_members(&mapping, &["id", "assigned_at"]);

    ask(&john, "GET /api/patients/1/ 200", "").await;
    let patient = ask(&john, "PUT /api/patients/1/ 200", nested::PATIENT_UPDATE).await;
    arrived(nested::PATIENT_UPDATE, &patient, &["gender"]);
    let list = ask(&john, "GET /api/patients/ 200", "").await;
    assert_eq!(list["results"][0]["full_name"], "Alice Johnson");
    ask(&john, "GET /api/doctors/1/ 200", "").await;
    let doctor = ask(&john, "PUT /api/doctors/1/ 200", nested::DOCTOR_UPDATE).await;
    arrived(nested::DOCTOR_UPDATE, &doctor, &["phone"]);
    let list = ask(&john, "GET /api/doctors/ 200", "").await;
    has_members(&list["results"][0], &["id", "specialization", "email", "created_at"]);
    for path in ["/api/patients/mappings/", "/api/patients/mappings/1/"] {
        let list = ask(&john, &format!("GET {path} 200"), "").await;
        assert_eq!(list["results"][0]["doctor_name"], "Dr. Sarah Smith", "{path}");
    }

    let old = nested::PATIENT.replace("30", "151").replace("Female", "Invalid");
    let refused = send(&john, "POST", "/api/patients/", &old).await.expect_status(400);
    refused.field_errors("age");
    refused.field_errors("gender");
    let stranger = send(&server.nobody(), "GET", "/api/patients/mappings/", "").await;
    has_members(&stranger.expect_status(401).body, &["detail"]);
    ask(&john, "POST /api/patients/mappings/ 409", nested::MAPPING).await;
    ask_all(
        &john,
        &[
            "DELETE /api/patients/mappings/delete/1/ 204",
            "DELETE /api/patients/1/ 204",
            "DELETE /api/doctors/1/ 204",
            "GET /api/patients/mappings/1/ 404",
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
    ask(&user, "POST /api/patients/ 201", patient).await;
    ask_all(&user, &["GET /api/patients/ 200", "GET /api/patients/1/ 200"]).await;
    ask(&user, "PUT /api/patients/1/ 200", patient).await;
    ask(&user, "POST /api/doctors/ 403", doctor).await;
    ask(&staff, "POST /api/doctors/ 201", doctor).await;
    ask(&staff, "PUT /api/doctors/1/ 200", doctor).await;
    ask_all(&user, &["GET /api/doctors/ 200", "GET /api/doctors/1/ 200"]).await;
    ask(&user, "PUT /api/doctors/1/ 403", doctor).await;
    ask(&user, "DELETE /api/doctors/1/ 403", "").await;

    let mapping = ask(&user, "POST /api/mappings/ 201", staffed::MAPPING).await;
    assert_eq!((&mapping["patient"], &mapping["doctor"]), (&json!(1), &json!(1)));
    for path in ["/api/mappings/", "/api/mappings/1/"] {
        let list = ask(&user, &format!("GET {path} 200"), "").await;
        assert_eq!((&list["count"], &list["results"][0]["id"]), (&json!(1), &json!(1)), "{path}");
    }
    ask(&user, "DELETE /api/mappings/delete/1/ 204", "").await;
    assert_eq!(ask(&user, "GET /api/mappings/ 200", "").await["count"], 0);
    ask(&user, "DELETE /api/patients/1/ 204", "").await;
    ask(&staff, "DELETE /api/doctors/1/ 204", "").await;
    ask(&server.nobody(), "POST /api/auth/register/ 409", staffed::REGISTER).await;
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
    ask(&server.nobody(), "POST /api/auth/login/ 200", &shouted).await;
    let doctor = ask(&server.nobody(), "POST /api/auth/register/ 201", &doctor).await;
    assert_eq!(doctor["user"]["role"], "doctor");

    let patient = ask(&rahul, "POST /api/patients/ 201", indian::PATIENT).await;
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
    let doctor = ask(&rahul, "POST /api/doctors/ 201", indian::DOCTOR).await;
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
    let mapping = ask(&rahul, "POST /api/mappings/ 201", indian::MAPPING).await;
    arrived(indian::MAPPING, &mapping, &[]);

    let (married, older) =
        (indian::PATIENT.replace("Sharma", "Rao"), indian::DOCTOR.replace(": 8", ": 9"));
    ask_all(&rahul, &["GET /api/patients/ 200", "GET /api/patients/1/ 200"]).await;
    ask(&rahul, "PUT /api/patients/1/ 200", indian::PATIENT).await;
    let patient = ask(&rahul, "PUT /api/patients/1/ 200", &married).await;
    assert_eq!(patient["full_name"], "Arjun Rao");
    ask_all(&rahul, &["GET /api/doctors/ 200", "GET /api/doctors/1/ 200"]).await;
    ask(&rahul, "PUT /api/doctors/1/ 200", indian::DOCTOR).await;
    let doctor = ask(&rahul, "PUT /api/doctors/1/ 200", &older).await;
    assert_eq!(doctor["years_of_experience"], 9);
    for path in ["/api/mappings/", "/api/mappings/1/"] {
        let list = ask(&rahul, &format!("GET {path} 200"), "").await;
        assert_eq!(list["results"][0]["doctor_name"], "Dr. Priya Patel", "{path}");
    }
    ask(&rahul, "DELETE /api/mappings/1/ 204", "").await;
    let ended = ask(&rahul, "GET /api/assignments/1 200", "").await;
    assert_eq!(ended["is_active"], false);
    ask_all(&rahul, &["DELETE /api/patients/1/ 204", "DELETE /api/doctors/1/ 204"]).await;
}

async fn the_backend_with_reasons_for_visits_is_served_as_its_document_prints(backend: Backend) {
    let server = Server::start(backend).await;
    let (registered, session, user) = enter(&server, reasons::REGISTER, reasons::LOGIN).await;
    for session in [&registered, &session] {
        arrived(reasons::REGISTER, &session["user"], &["password"]);
    }
    assert_eq!(session["message"], "Login successful");

    let patient = ask(&user, "POST /api/patients/ 201", reasons::PATIENT).await;
    arrived(reasons::PATIENT, &patient, &[]);
    let doctor = ask(&user, "POST /api/doctors/ 201", reasons::DOCTOR).await;
    arrived(reasons::DOCTOR, &doctor, &[]);
    let mapping = ask(&user, "POST /api/mappings/ 201", reasons::MAPPING).await;
    arrived(reasons::MAPPING, &mapping, &[]);
    has_members(&mapping, &["assigned_by", "created_at", "updated_at"]);
    let moved = reasons::PATIENT.replace("123 Main St", "7 Side St");
    ask_all(&user, &["GET /api/patients/ 200", "GET /api/doctors/ 200"]).await;
    ask(&user, "PUT /api/patients/1/ 200", &moved).await;
    ask(&user, "PUT /api/doctors/1/ 200", reasons::DOCTOR).await;
    let patient = ask(&user, "GET /api/patients/1/ 200", "").await;
    let doctor = ask(&user, "GET /api/doctors/1/ 200", "").await;
    arrived(&moved, &patient, &[]);
    arrived(reasons::DOCTOR, &doctor, &[]);
    for path in ["/api/mappings/", "/api/mappings/patient/1/"] {
        let list = ask(&user, &format!("GET {path} 200"), "").await;
        assert_eq!(list["results"][0]["reason_for_visit"], "Regular checkup", "{path}");
    }
    let refresh = json!({"refresh": session["refresh"]}).to_string();
    let tokens = ask(&server.nobody(), "POST /api/auth/token/refresh/ 200", &refresh).await;
    has_members(&tokens, &["access", "refresh"]);
    ask_all(
        &user,
        &[
            "DELETE /api/mappings/1/ 204",
            "DELETE /api/patients/1/ 204",
            "DELETE /api/doctors/1/ 204",
        ],
    )
    .await;

    let (_, _, tester) = enter(&server, reasons::CURL_REGISTER, reasons::CURL_LOGIN).await;
    let patient = ask(&tester, "POST /api/patients/ 201", reasons::CURL_PATIENT).await;
    arrived(reasons::CURL_PATIENT, &patient, &[]);
}
