//! Authorization by enumeration: every operation of the description, tried by every kind of
//! caller. An operation without a row in the table fails.
//!
//! 401: not logged in. 404: the caller may not know of the record. 403: the caller may not do
//! this.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::harness::{Backend, Client, PASSWORD, Server, example, on_both};

on_both! {
    everybody_may_do_exactly_what_the_table_says,
}

/// The callers, in this order. Those who change nothing come first.
///
/// `owner` has created the patient, the doctor and the assignment of the operations, and `read`
/// and `write` are API tokens of that account. `doctor` and `patient` are the accounts linked to
/// these records. `gone` was deactivated while logged in.
const WHO: [&str; 10] =
    ["nobody", "doctor", "patient", "gone", "other", "read", "write", "owner", "staff", "admin"];

/// The expected status for each caller.
#[rustfmt::skip]
const TABLE: &[(&str, [u16; 10])] = &[
    // Open to everybody. A token is ignored.
    ("get_meta",                [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_liveness",            [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_readiness",           [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("register",                [201, 201, 201, 201, 201, 201, 201, 201, 201, 201]),
    ("log_in",                  [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("request_tokens",          [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("refresh_tokens",          [401, 401, 401, 401, 401, 401, 401, 401, 401, 401]),
    ("forget_password",         [202, 202, 202, 202, 202, 202, 202, 202, 202, 202]),
    ("reset_password",          [400, 400, 400, 400, 400, 400, 400, 400, 400, 400]),
    ("verify_email",            [400, 400, 400, 400, 400, 400, 400, 400, 400, 400]),
    ("resend_verification",     [202, 202, 202, 202, 202, 202, 202, 202, 202, 202]),
    // The caller's own account. An API token can neither log out nor extend its own access.
    ("get_profile",             [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("replace_profile",         [401, 200, 200, 401, 200, 403, 403, 200, 200, 200]),
    ("update_profile",          [401, 200, 200, 401, 200, 403, 403, 200, 200, 200]),
    ("change_password",         [401, 400, 400, 401, 400, 403, 403, 400, 400, 400]),
    ("log_out",                 [401, 204, 204, 401, 204, 403, 403, 204, 204, 204]),
    ("list_sessions",           [401, 200, 200, 401, 200, 403, 403, 200, 200, 200]),
    ("end_session",             [401, 404, 404, 401, 404, 403, 403, 204, 404, 404]),
    ("list_tokens",             [401, 200, 200, 401, 200, 403, 403, 200, 200, 200]),
    ("create_token",            [401, 201, 201, 401, 201, 403, 403, 201, 201, 201]),
    ("get_token",               [401, 404, 404, 401, 404, 403, 403, 200, 404, 404]),
    ("revoke_token",            [401, 404, 404, 401, 404, 403, 403, 204, 404, 404]),
    // Patients.
    ("list_patients",           [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("create_patient",          [401, 201, 201, 401, 201, 403, 201, 201, 201, 201]),
    ("match_patients",          [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("get_patient",             [401, 200, 200, 401, 404, 200, 403, 200, 200, 200]),
    ("replace_patient",         [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("update_patient",          [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("delete_patient",          [401, 403, 403, 401, 404, 403, 204, 204, 204, 204]),
    ("archive_patient",         [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("restore_patient",         [401, 404, 404, 401, 404, 403, 200, 200, 200, 200]),
    ("purge_patient",           [401, 403, 403, 401, 404, 403, 403, 403, 403, 204]),
    // The patient has an account.
    ("merge_patients",          [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("unmerge_patients",        [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("list_duplicates",         [401, 403, 403, 401, 403, 403, 403, 403, 200, 200]),
    ("dismiss_duplicates",      [401, 403, 403, 401, 403, 403, 403, 403, 204, 204]),
    ("list_patient_history",    [401, 403, 403, 401, 404, 200, 403, 200, 200, 200]),
    ("list_patient_doctors",    [401, 200, 200, 401, 404, 200, 403, 200, 200, 200]),
    ("link_patient_user",       [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("unlink_patient_user",     [401, 403, 403, 401, 403, 403, 403, 403, 403, 204]),
    // Doctors: every user may read all of them.
    ("list_doctors",            [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("list_specializations",    [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("create_doctor",           [401, 201, 201, 401, 201, 403, 201, 201, 201, 201]),
    ("get_doctor",              [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("replace_doctor",          [401, 403, 403, 401, 403, 403, 200, 200, 200, 200]),
    ("update_doctor",           [401, 403, 403, 401, 403, 403, 200, 200, 200, 200]),
    ("delete_doctor",           [401, 403, 403, 401, 403, 403, 204, 204, 204, 204]),
    ("archive_doctor",          [401, 403, 403, 401, 403, 403, 200, 200, 200, 200]),
    ("restore_doctor",          [401, 404, 404, 401, 404, 403, 200, 200, 200, 200]),
    ("list_doctor_patients",    [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("list_doctor_history",     [401, 403, 403, 401, 403, 200, 403, 200, 200, 200]),
    ("link_doctor_user",        [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("unlink_doctor_user",      [401, 403, 403, 401, 403, 403, 403, 403, 403, 204]),
    // Assignments of the caller's own patients. An invisible patient in a body gets a 400.
    ("list_assignments",        [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("create_assignment",       [401, 403, 403, 401, 400, 403, 201, 201, 201, 201]),
    ("get_assignment",          [401, 200, 200, 401, 404, 200, 403, 200, 200, 200]),
    ("replace_assignment",      [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("update_assignment",       [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("delete_assignment",       [401, 403, 403, 401, 404, 403, 204, 204, 204, 204]),
    ("transfer_assignment",     [401, 403, 403, 401, 404, 403, 201, 201, 201, 201]),
    ("list_assignment_history", [401, 403, 403, 401, 404, 200, 403, 200, 200, 200]),
    // Visits: the front desk's. A linked doctor changes those for that doctor; owners read theirs.
    ("list_visits",             [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("create_visit",            [401, 403, 403, 401, 403, 403, 403, 403, 201, 201]),
    ("get_visit",               [401, 200, 200, 401, 404, 200, 403, 200, 200, 200]),
    ("update_visit",            [401, 200, 403, 401, 404, 403, 403, 403, 200, 200]),
    ("list_visit_history",      [401, 403, 403, 401, 404, 200, 403, 200, 200, 200]),
    // The same under the earlier systems' name.
    ("list_mappings",           [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("create_mapping",          [401, 403, 403, 401, 400, 403, 201, 201, 201, 201]),
    ("replace_mapping",         [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("update_mapping",          [401, 403, 403, 401, 404, 403, 200, 200, 200, 200]),
    ("delete_mapping",          [401, 403, 403, 401, 404, 403, 204, 204, 204, 204]),
    // Figures about the visible records.
    ("get_dashboard",           [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("look_up",                 [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    ("listen",                  [401, 200, 200, 401, 200, 200, 403, 200, 200, 200]),
    // Administration.
    ("list_users",              [401, 403, 403, 401, 403, 403, 403, 403, 200, 200]),
    ("create_user",             [401, 403, 403, 401, 403, 403, 403, 403, 403, 201]),
    ("get_user",                [401, 403, 403, 401, 403, 403, 403, 403, 200, 200]),
    ("update_user",             [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("delete_user",             [401, 403, 403, 401, 403, 403, 403, 403, 403, 204]),
    ("create_user_code",        [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
    ("end_user_sessions",       [401, 403, 403, 401, 403, 403, 403, 403, 403, 204]),
    ("list_audit",              [401, 403, 403, 401, 403, 403, 403, 403, 403, 200]),
];

/// The records for the operations.
struct Things {
    patient: i64,
    doctor: i64,
    second_doctor: i64,
    assignment: i64,
    visit: i64,
    session: i64,
    token: i64,
    user: i64,
}

/// A server with all callers.
struct Desk {
    server: Server,
    owner: Client,
    other: Client,
    staff: Client,
    admin: Client,
    gone: Client,
    read: Client,
    write: Client,
    number: i64,
}

fn id_of(record: &Value) -> i64 {
    record["id"].as_i64().unwrap()
}

impl Desk {
    async fn new(backend: Backend) -> Self {
        let server = Server::start(backend).await;
        let owner = server.member("owner@example.com").await;
        let token = async |scope: &str| {
            let body = json!({"name": scope, "scopes": [scope]});
            let made = owner.post("/api/auth/tokens", body).await.expect_status(201).body;
            owner.with_token(made["token"].as_str().unwrap())
        };
        let (read, write) = (token("read").await, token("write").await);
        let gone = server.member("gone@example.com").await;
        users::deactivate(&server.app, "gone@example.com").await.unwrap();
        let other = server.member("other@example.com").await;
        let (staff, admin) = (server.staff().await, server.admin().await);
        Self { server, owner, other, staff, admin, gone, read, write, number: 0 }
    }

    /// A new name.
    fn next(&mut self, what: &str) -> String {
        self.number += 1;
        format!("{what}{}@example.com", self.number)
    }

    async fn things(&mut self) -> Things {
        let owner = self.owner.clone();
        let patient = id_of(&owner.patient(json!({"first_name": "Ana"})).await);
        let mut doctors = Vec::new();
        for name in ["Johnson", "Second"] {
            let body = json!({"last_name": name, "specialization": "Cardiology"});
            doctors.push(id_of(&owner.post("/api/doctors", body).await.expect_status(201).body));
        }
        let body = json!({"patient": patient, "doctor": doctors[0]});
        let assignment = owner.post("/api/assignments", body).await.expect_status(201).body;
        let body = json!({"patient": patient, "doctor": doctors[0]});
        let visit = self.staff.post("/api/visits", body).await.expect_status(201).body;
        let sessions = owner.get("/api/auth/sessions?page_size=100").await.expect_status(200);
        let mut others = sessions.results().iter().filter(|it| it["is_current"] == false);
        let session = match others.next() {
            Some(session) => id_of(session),
            None => {
                self.server.log_in("owner@example.com").await;
                id_of(&owner.get("/api/auth/sessions").await.results()[0])
            }
        };
        for token in owner.get("/api/auth/tokens?page_size=100").await.results() {
            if token["name"] != "read" && token["name"] != "write" {
                let path = format!("/api/auth/tokens/{}", token["id"]);
                owner.delete(&path).await.expect_status(204);
            }
        }
        let body = json!({"name": "to be revoked", "scopes": ["read"]});
        let token = id_of(&owner.post("/api/auth/tokens", body).await.expect_status(201).body);
        let body = json!({"email": self.next("subject"), "role": "member"});
        let user = self.admin.post("/api/users", body).await.expect_status(201).body;
        let user = user["user"]["id"].as_i64().or(user["id"].as_i64()).unwrap();
        Things {
            patient,
            doctor: doctors[0],
            second_doctor: doctors[1],
            assignment: id_of(&assignment),
            visit: id_of(&visit),
            session,
            token,
            user,
        }
    }

    /// The accounts that are linked to the doctor and the patient.
    async fn linked(&mut self, things: &Things) -> [Client; 2] {
        let mut clients = Vec::new();
        for (role, path) in [
            (Role::Doctor, format!("/api/doctors/{}/user", things.doctor)),
            (Role::Patient, format!("/api/patients/{}/user", things.patient)),
        ] {
            let email = self.next("linked");
            let client = self.server.somebody(role, &email).await;
            let profile = client.get("/api/auth/profile").await.expect_status(200);
            let request = self.admin.request(Method::PUT, &path).header("if-match", "*");
            let request = request.json(&json!({"user": id_of(&profile.body)}));
            self.admin.send(request).await.expect_status(200);
            clients.push(client);
        }
        clients.try_into().unwrap_or_else(|_| panic!("two accounts"))
    }

    /// The caller with this name. An operation that may end the session gets a session of its own.
    async fn client(&self, who: &str, [doctor, patient]: &[Client; 2], ends: bool) -> Client {
        let own = match who {
            "nobody" => return self.server.nobody(),
            "doctor" => doctor,
            "patient" => patient,
            "gone" => &self.gone,
            "other" => &self.other,
            "read" => &self.read,
            "write" => &self.write,
            "owner" => &self.owner,
            "staff" => &self.staff,
            _ => &self.admin,
        };
        if !ends || matches!(who, "gone" | "read" | "write") {
            return own.clone();
        }
        let profile = own.get("/api/auth/profile").await.expect_status(200);
        self.server.log_in(profile.body["email"].as_str().unwrap()).await
    }

    /// Restores the state in which the operation is possible.
    async fn prepare(&self, operation: &str, things: &Things) {
        let (admin, what) = match operation {
            "restore_patient" => (&self.admin, format!("/api/patients/{}", things.patient)),
            "restore_doctor" => {
                (&self.admin, format!("/api/doctors/{}?end_assignments=true", things.doctor))
            }
            _ => return,
        };
        let request = admin.request(Method::DELETE, &what).header("if-match", "*");
        admin.send(request).await.expect_status(204);
    }

    /// A valid body for the operation.
    async fn body(&mut self, operation: &str, things: &Things, example: &Value) -> Value {
        match operation {
            "register" => json!({"email": self.next("new"), "password": PASSWORD}),
            "create_patient" => json!({"first_name": "Ana", "last_name": self.next("New")}),
            "create_user" => json!({"email": self.next("new"), "role": "member"}),
            "log_in" => json!({"email": "other@example.com", "password": PASSWORD}),
            "refresh_tokens" => json!({"refresh": "none"}),
            "reset_password" => json!({"token": "AAAA-AAAA", "new_password": PASSWORD}),
            "verify_email" => json!({"token": "AAAA-AAAA"}),
            "forget_password" | "resend_verification" => json!({"email": self.next("unknown")}),
            "change_password" => json!({"current_password": PASSWORD, "new_password": "short"}),
            "update_profile" => json!({"phone": "+1 555 000 1111"}),
            "create_token" => json!({"name": "another", "scopes": ["read"]}),
            "create_assignment" | "create_mapping" => {
                json!({"patient": things.patient, "doctor": things.second_doctor})
            }
            "merge_patients" | "unmerge_patients" | "dismiss_duplicates" => {
                let other = self.next("Other");
                let other = id_of(&self.owner.patient(json!({"first_name": other})).await);
                let merging = json!({"other": other, "other_version": 1});
                if operation == "unmerge_patients" {
                    let path = format!("/api/patients/{}/merge", things.patient);
                    let request = self.admin.request(Method::POST, &path).header("if-match", "*");
                    self.admin.send(request.json(&merging)).await.expect_status(200);
                }
                match operation {
                    "merge_patients" => merging,
                    "unmerge_patients" => json!({"other": other}),
                    _ => json!({"patients": [things.patient, other]}),
                }
            }
            "create_visit" => {
                let patient = self.owner.patient(json!({"first_name": "Eva"})).await;
                json!({"patient": patient["id"]})
            }
            "transfer_assignment" => json!({"doctor": things.second_doctor}),
            "link_doctor_user" => {
                let email = self.next("doctor");
                let doctor = self.server.somebody(Role::Doctor, &email).await;
                json!({"user": id_of(&doctor.get("/api/auth/profile").await.body)})
            }
            "link_patient_user" => {
                let email = self.next("patient");
                let patient = self.server.somebody(Role::Patient, &email).await;
                json!({"user": id_of(&patient.get("/api/auth/profile").await.body)})
            }
            "create_doctor" | "replace_doctor" => {
                json!({"last_name": "Johnson", "specialization": "Cardiology"})
            }
            _ => example.clone(),
        }
    }
}

fn path_of(template: &str, operation: &str, things: &Things) -> String {
    let id = match template.split('/').nth(2).unwrap_or_default() {
        "patients" => things.patient,
        "doctors" => things.doctor,
        "assignments" | "mappings" => things.assignment,
        "visits" => things.visit,
        "users" => things.user,
        _ if template.contains("/tokens/") => things.token,
        _ => things.session,
    };
    let query = match operation {
        "delete_doctor" | "archive_doctor" => "?end_assignments=true",
        "look_up" => "?q=ana",
        _ => "",
    };
    template.replace("{id}", &id.to_string()) + query
}

async fn everybody_may_do_exactly_what_the_table_says(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let document = server::api::openapi::document();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let operation = described["operationId"].as_str().unwrap();
            let row = TABLE.iter().find(|(known, _)| *known == operation);
            let (name, expected) = row.unwrap_or_else(|| panic!("the table misses {operation}"));
            assert!(seen.insert(*name), "{name} is described twice");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let example = example(&document, described);
            let request = (operation, method, template.as_str(), &example);
            wrong.extend(try_everybody(&mut desk, request, expected).await);
        }
    }
    let missing: Vec<_> = TABLE.iter().filter(|(name, _)| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "the description has no {missing:?}");
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
}

async fn try_everybody(
    desk: &mut Desk,
    (operation, method, template, example): (&str, Method, &str, &Value),
    expected: &[u16; 10],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut things = desk.things().await;
    let linked = desk.linked(&things).await;
    desk.prepare(operation, &things).await;
    for (who, expected) in WHO.iter().zip(expected) {
        let client = desk.client(who, &linked, operation == "log_out").await;
        let path = path_of(template, operation, &things);
        let mut request = client.request(method.clone(), &path).header("if-match", "*");
        let mut body = desk.body(operation, &things, example).await;
        if operation == "replace_profile" {
            let profile = client.get("/api/auth/profile").await;
            body = if profile.status == 200 { profile.body } else { body };
        }
        if operation == "request_tokens" {
            let form =
                format!("grant_type=password&username=other@example.com&password={PASSWORD}");
            let media_type = "application/x-www-form-urlencoded";
            request = request.header("content-type", media_type).body(form);
        } else if !body.is_null() {
            request = request.json(&body);
        }
        let (status, text) = if operation == "listen" {
            // The stream never ends, so only its beginning is read.
            (request.send().await.unwrap().status().as_u16(), String::new())
        } else {
            let answer = client.send(request).await;
            (answer.status, answer.text)
        };
        if status != *expected {
            wrong.push(format!("{operation} as {who}: {status} instead of {expected}: {text}"));
        }
        // What the linked doctor may change is still good for those who ask next.
        if status < 300 && method != Method::GET && *who != "doctor" {
            things = desk.things().await;
            desk.prepare(operation, &things).await;
        }
    }
    wrong
}
