//! One person with two records: the work-list, merging, and undoing that.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::{
    beside::Beside,
    harness::{Answer, Backend, Client, Server, on_both},
    mail::{eventually, sql},
};

on_both! {
    a_merge_unites_two_records,
    undoing_a_merge_restores_both_records,
    a_chain_of_merges_is_undone_step_by_step,
    an_estimate_is_restored_when_a_merge_is_undone,
    a_merge_is_not_undone_where_the_values_from_before_no_longer_fit,
    an_assignment_to_an_archived_doctor_stays_ended,
    a_visit_that_was_opened_again_goes_back_before_others_are,
    purging_erases_what_an_undone_merge_has_left,
    names_are_restored_when_a_merge_is_undone,
    what_came_later_stays_when_a_merge_is_undone,
    a_merge_is_not_undone_over_later_changes,
    a_merged_record_leads_to_the_other_one,
    a_merge_obeys_the_rules,
    only_an_administrator_merges_records_of_different_users,
    purging_erases_all_merged_records,
    the_history_shows_merged_records_too,
    any_sequence_of_merges_keeps_every_assignment,
    the_work_list_follows_every_write,
    different_people_leave_the_work_list,
    different_people_of_a_merged_record_stay_different,
    earlier_patients_are_compared_after_an_upgrade,
    only_the_front_desk_sees_the_work_list,
    a_patient_is_found_by_former_names,
}

/// Registers somebody, whatever the others are like.
async fn register(client: &Client, person: Value) -> Value {
    let known = client.get("/api/patients?page_size=100").await;
    let mut person = person;
    person["duplicates_seen"] = known.results().iter().map(|it| it["id"].clone()).collect();
    client.patient(person).await
}

async fn doctors(client: &Client, count: usize) {
    for number in 0..count {
        let body = json!({"last_name": format!("Doctor{number}"), "specialization": "Surgery"});
        client.post("/api/doctors", body).await.expect_status(201);
    }
}

async fn assign(client: &Client, patient: i64, doctor: i64) -> i64 {
    let body = json!({"patient": patient, "doctor": doctor});
    id(&client.post("/api/assignments", body).await.expect_status(201).body)
}

fn id(record: &Value) -> i64 {
    record["id"].as_i64().unwrap()
}

/// Reads a record, archived or not.
async fn record(client: &Client, patient: i64) -> Answer {
    let read = client.get(&format!("/api/patients/{patient}")).await;
    match read.body["id"] == patient {
        true => read,
        false => client.get(&format!("/api/patients/{patient}?archived=true")).await,
    }
}

/// Merges a record into another one, with further members of the body.
async fn merge(client: &Client, into: i64, other: i64, more: Value) -> Answer {
    let version = record(client, other).await.body["version"].as_i64().unwrap_or(1);
    let mut body = json!({"other": other, "other_version": version});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let path = format!("/api/patients/{into}/merge");
    client.send(client.request(Method::POST, &path).header("if-match", "*").json(&body)).await
}

async fn unmerge(client: &Client, from: i64, other: i64) -> Answer {
    let body = json!({"other": other, "reason": "They are twins"});
    client.post(&format!("/api/patients/{from}/unmerge"), body).await
}

/// A record without what every write changes.
fn content(record: &Value) -> Value {
    let mut content = record.clone();
    for name in ["version", "updated_at", "created_by_username", "permissions"] {
        content.as_object_mut().unwrap().remove(name);
    }
    content
}

/// What is about a patient: the record, its assignments and visits.
async fn state(client: &Client, patient: i64) -> Value {
    let record = content(&record(client, patient).await.expect_status(200).body);
    let mut about = vec![record];
    for path in [
        format!("/api/assignments?patient={patient}&is_active=true"),
        format!("/api/assignments?patient={patient}&is_active=false"),
        format!("/api/visits?patient={patient}"),
    ] {
        let listed = client.get(&path).await.expect_status(200);
        about.push(listed.results().iter().map(content).collect());
    }
    json!(about)
}

fn ana() -> Value {
    json!({
        "first_name": "Ana", "last_name": "Ruiz", "date_of_birth": "1989-05-25", "city": "Boston",
        "identifiers": [{"system": "insurance", "value": "X-1"}],
    })
}

fn other_ana() -> Value {
    json!({
        "first_name": "Ana María", "last_name": "Ruiz", "age": 37, "email": "ana@example.com",
        "city": "Salem", "phone_number": "+1 555 123 4567", "allergies": "Penicillin",
        "identifiers": [{"system": "passport", "value": "P-9"}],
    })
}

/// Two records of one person. Both have an active assignment to the first doctor, and the other one has two more and
/// a visit.
async fn desk(backend: Backend) -> (Server, Client, [i64; 2]) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    doctors(&staff, 3).await;
    let one = id(&register(&staff, ana()).await);
    let other = id(&register(&staff, other_ana()).await);
    (server, staff, [one, other])
}

async fn busy_desk(backend: Backend) -> (Server, Client, [i64; 2]) {
    let (server, staff, [one, other]) = desk(backend).await;
    assign(&staff, other, 1).await;
    assign(&staff, one, 1).await;
    assign(&staff, other, 2).await;
    let ended = assign(&staff, other, 3).await;
    staff.delete(&format!("/api/assignments/{ended}")).await.expect_status(204);
    for patient in [other, one] {
        let visit = json!({"patient": patient, "doctor": 1});
        staff.post("/api/visits", visit).await.expect_status(201);
    }
    (server, staff, [one, other])
}

async fn a_merge_unites_two_records(backend: Backend) {
    let (_server, staff, [one, other]) = busy_desk(backend).await;
    let more = json!({"fields": {"city": "other", "first_name": "this"}, "reason": "Twice"});
    let merged = merge(&staff, one, other, more).await.expect_status(200).body;
    for (member, value) in [
        ("first_name", json!("Ana")),
        ("city", json!("Salem")),
        ("email", json!("ana@example.com")),
        ("allergies", json!("Penicillin")),
        ("date_of_birth", json!("1989-05-25")),
        ("date_of_birth_estimated", json!(false)),
        ("former_names", json!(["Ana María Ruiz"])),
        ("version", json!(2)),
    ] {
        assert_eq!(merged[member], value, "{member}");
    }
    let systems = merged["identifiers"].as_array().unwrap().iter().map(|it| &it["system"]);
    assert_eq!(systems.collect::<Vec<_>>(), ["insurance", "passport"]);
    let active = staff.get(&format!("/api/assignments?patient={one}")).await;
    let mut active: Vec<_> = active.results().iter().map(id).collect();
    active.sort_unstable();
    assert_eq!(active, [1, 3], "the older one of two stays");
    let ended = staff.get(&format!("/api/assignments?patient={one}&is_active=false")).await;
    let ended: Vec<_> = ended.results().iter().map(|it| (id(it), &it["status"])).collect();
    assert_eq!(ended, [(4, &json!("CANCELLED")), (2, &json!("CANCELLED"))]);
    let visits = staff.get("/api/visits").await;
    let visits: Vec<_> =
        visits.results().iter().map(|it| (it["patient"].clone(), it["status"].clone())).collect();
    assert_eq!(visits, [(json!(one), json!("WAITING")), (json!(one), json!("LEFT"))]);
    let archived = staff.get(&format!("/api/patients/{other}?archived=true")).await.body;
    assert_eq!(archived["merged_into"], one);
    assert_ne!(archived["archived_at"], Value::Null);
    assert_eq!(staff.get("/api/patients").await.body["count"], 1);
}

async fn undoing_a_merge_restores_both_records(backend: Backend) {
    let (server, staff, [one, other]) = busy_desk(backend).await;
    let before = [state(&staff, one).await, state(&staff, other).await];
    let more = json!({"fields": {"last_name": "other", "city": "other", "email": "this"}});
    merge(&staff, one, other, more).await.expect_status(200);
    assert_ne!(state(&staff, one).await, before[0]);
    unmerge(&staff, one, other).await.expect_status(200);
    assert_eq!([state(&staff, one).await, state(&staff, other).await], before);
    assert_eq!(staff.get("/api/patients?search=x-1").await.names(), ["Ana Ruiz"]);
    assert_eq!(staff.get("/api/patients?search=p-9").await.names(), ["Ana María Ruiz"]);
    for (event, count) in [
        ("patient.merged", "SELECT count(*) FROM changes WHERE event = 'patient.merged'"),
        ("patient.unmerged", "SELECT count(*) FROM changes WHERE event = 'patient.unmerged'"),
    ] {
        assert_eq!(sql(&server.place, count).await, 2, "{event}");
    }
    assert_eq!(staff.get("/api/duplicates").await.body["count"], 0, "they are different people");
    unmerge(&staff, one, other).await.expect_status(409);
}

async fn a_chain_of_merges_is_undone_step_by_step(backend: Backend) {
    let (_server, staff, [one, other]) = busy_desk(backend).await;
    let third = id(&register(&staff, json!({"first_name": "Eva"})).await);
    let before = [state(&staff, one).await, state(&staff, other).await, state(&staff, third).await];
    merge(&staff, one, other, json!({})).await.expect_status(200);
    merge(&staff, third, one, json!({})).await.expect_status(200);
    unmerge(&staff, third, one).await.expect_status(200);
    unmerge(&staff, one, other).await.expect_status(200);
    let after = [state(&staff, one).await, state(&staff, other).await, state(&staff, third).await];
    assert_eq!(after, before);
}

async fn an_estimate_is_restored_when_a_merge_is_undone(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let born = staff.get(&format!("/api/patients/{other}")).await.body["date_of_birth"].clone();
    let known = json!({"date_of_birth": born});
    staff.patch(&format!("/api/patients/{one}"), known).await.expect_status(200);
    let before = [state(&staff, one).await, state(&staff, other).await];
    let more = json!({"fields": {"date_of_birth": "other"}});
    let merged = merge(&staff, one, other, more).await.expect_status(200).body;
    assert_eq!(merged["date_of_birth_estimated"], true);
    unmerge(&staff, one, other).await.expect_status(200);
    assert_eq!([state(&staff, one).await, state(&staff, other).await], before);
}

async fn a_merge_is_not_undone_where_the_values_from_before_no_longer_fit(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let path = format!("/api/patients/{one}");
    staff.patch(&path, json!({"last_name": null})).await.expect_status(200);
    merge(&staff, one, other, json!({})).await.expect_status(200);
    staff.patch(&path, json!({"first_name": null})).await.expect_status(200);
    let refused = unmerge(&staff, one, other).await.expect_status(409);
    assert_eq!(refused.body["blocking"]["fields"], json!(["first_name"]));
    staff.patch(&path, json!({"first_name": "Ana"})).await.expect_status(200);
    unmerge(&staff, one, other).await.expect_status(200);
}

async fn an_assignment_to_an_archived_doctor_stays_ended(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let first = assign(&staff, one, 1).await;
    let second = assign(&staff, other, 1).await;
    merge(&staff, one, other, json!({})).await.expect_status(200);
    staff.delete(&format!("/api/assignments/{first}")).await.expect_status(204);
    staff.delete("/api/doctors/1").await.expect_status(204);
    unmerge(&staff, one, other).await.expect_status(200);
    let read = staff.get(&format!("/api/assignments/{second}")).await.expect_status(200).body;
    assert_eq!((&read["patient"], &read["status"]), (&json!(other), &json!("CANCELLED")));
}

async fn a_visit_that_was_opened_again_goes_back_before_others_are(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let arrive = async |patient: i64| {
        id(&staff.post("/api/visits", json!({"patient": patient})).await.expect_status(201).body)
    };
    let set = async |visit: i64, status: &str| {
        let path = format!("/api/visits/{visit}");
        staff.patch(&path, json!({"status": status})).await.expect_status(200);
    };
    let own = arrive(one).await;
    let done = arrive(other).await;
    set(done, "DONE").await;
    let waiting = arrive(other).await;
    merge(&staff, one, other, json!({})).await.expect_status(200);
    set(own, "DONE").await;
    set(done, "WAITING").await;
    unmerge(&staff, one, other).await.expect_status(200);
    for (visit, patient, status) in
        [(own, one, "DONE"), (done, other, "WAITING"), (waiting, other, "LEFT")]
    {
        let read = staff.get(&format!("/api/visits/{visit}")).await.expect_status(200).body;
        assert_eq!((&read["patient"], &read["status"]), (&json!(patient), &json!(status)));
    }
}

async fn purging_erases_what_an_undone_merge_has_left(backend: Backend) {
    let (server, staff, [one, other]) = desk(backend).await;
    let admin = server.admin().await;
    merge(&staff, one, other, json!({})).await.expect_status(200);
    unmerge(&staff, one, other).await.expect_status(200);
    let path = format!("/api/patients/{other}/purge");
    let request = admin.request(Method::POST, &path).header("if-match", "*");
    admin.send(request.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
    let history = staff.get(&format!("/api/patients/{one}/history")).await.expect_status(200);
    assert_eq!(history.body["count"], 3);
    for word in ["Penicillin", "ana@example.com", "P-9", "twins"] {
        assert!(!history.text.contains(word), "{word}");
    }
    assert!(history.text.contains("X-1"), "the record's own values stay");
}

async fn names_are_restored_when_a_merge_is_undone(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let rename = async |patient: i64, first: &str, last: &str| {
        let name = json!({"first_name": first, "last_name": last});
        staff.patch(&format!("/api/patients/{patient}"), name).await.expect_status(200);
    };
    // The name of the other record is a former one of this record already.
    rename(one, "Ana María", "Ruiz").await;
    rename(one, "Ana", "Soto").await;
    let before = [state(&staff, one).await, state(&staff, other).await];
    let more = json!({"fields": {"first_name": "other", "last_name": "other"}});
    let merged = merge(&staff, one, other, more).await.expect_status(200).body;
    assert_eq!(merged["former_names"], json!(["Ana Soto", "Ana Ruiz"]));
    unmerge(&staff, one, other).await.expect_status(200);
    assert_eq!([state(&staff, one).await, state(&staff, other).await], before);
}

async fn what_came_later_stays_when_a_merge_is_undone(backend: Backend) {
    let (_server, staff, [one, other]) = busy_desk(backend).await;
    merge(&staff, one, other, json!({})).await.expect_status(200);
    let path = format!("/api/patients/{one}");
    staff.patch(&path, json!({"zip_code": "01013", "last_name": "Soto"})).await.expect_status(200);
    let later = assign(&staff, one, 3).await;
    unmerge(&staff, one, other).await.expect_status(200);
    let read = staff.get(&path).await.body;
    assert_eq!(read["zip_code"], "01013");
    assert_eq!(read["email"], Value::Null);
    assert_eq!(read["former_names"], json!(["Ana Ruiz"]));
    let active = staff.get(&format!("/api/assignments?patient={one}")).await;
    let active: Vec<_> = active.results().iter().map(id).collect();
    assert_eq!(active, [later, 2]);
}

async fn a_merge_is_not_undone_over_later_changes(backend: Backend) {
    let (_server, staff, [one, other]) = busy_desk(backend).await;
    merge(&staff, one, other, json!({})).await.expect_status(200);
    staff
        .patch(&format!("/api/patients/{one}"), json!({"email": "new@example.com", "city": "X"}))
        .await
        .expect_status(200);
    staff.patch("/api/assignments/3", json!({"notes": "X"})).await.expect_status(200);
    let refused = unmerge(&staff, one, other).await.expect_status(409);
    refused.field_errors("other");
    let blocking = json!({"fields": ["email"], "assignments": [3], "merges": []});
    assert_eq!(refused.body["blocking"], blocking);
    let third = json!({"first_name": "Eva", "last_name": "Ruiz"});
    let third = id(&register(&staff, third).await);
    merge(&staff, one, third, json!({})).await.expect_status(200);
    let refused = unmerge(&staff, one, other).await.expect_status(409);
    assert_eq!(refused.body["blocking"]["merges"], json!([third]));
    unmerge(&staff, one, third).await.expect_status(200);
    unmerge(&staff, one, third).await.expect_status(409);
}

async fn a_merged_record_leads_to_the_other_one(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    let third = id(&register(&staff, json!({"first_name": "Eva", "last_name": "Rey"})).await);
    let mrn = staff.get(&format!("/api/patients/{other}")).await.body["mrn"].clone();
    let mrn = mrn.as_str().unwrap();
    merge(&staff, one, other, json!({})).await.expect_status(200);
    merge(&staff, third, one, json!({})).await.expect_status(200);
    let led = staff.get(&format!("/api/patients/{other}")).await.expect_status(200);
    assert_eq!(led.header("content-location"), format!("/api/patients/{third}"));
    assert_eq!(id(&led.body), third);
    assert!(led.body["former_mrns"].as_array().unwrap().contains(&json!(mrn)));
    for query in [mrn.to_owned(), format!("%23{other}")] {
        let found = staff.get(&format!("/api/lookup?q={query}")).await.expect_status(200);
        assert_eq!(found.results()[0]["id"], third, "{query}");
    }
    assert_eq!(staff.get(&format!("/api/patients?search={mrn}")).await.body["count"], 1);
    let own = staff.get(&format!("/api/patients/{third}")).await.expect_status(200);
    assert!(!own.headers.contains_key("content-location"));
    for (method, path, body) in [
        (Method::PATCH, "", json!({"city": "X"})),
        (Method::DELETE, "", Value::Null),
        (Method::POST, "/restore", Value::Null),
        (Method::POST, "/merge", json!({"other": third, "other_version": 2})),
    ] {
        let path = format!("/api/patients/{other}{path}");
        let request = staff.request(method, &path).header("if-match", "*");
        let request = if body.is_null() { request } else { request.json(&body) };
        let refused = staff.send(request).await.expect_status(409);
        assert_eq!(refused.body["error_codes"][0]["code"], "merged", "{path}");
        assert_eq!(refused.body["error_codes"][0]["params"]["merged_into"], one);
    }
    unmerge(&staff, third, one).await.expect_status(200);
    unmerge(&staff, one, other).await.expect_status(200);
    assert_eq!(id(&staff.get(&format!("/api/patients/{other}")).await.body), other);
}

async fn a_merge_obeys_the_rules(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    for (more, status, field) in [
        (json!({"other": one}), 400, "other"),
        (json!({"other": 4711}), 400, "other"),
        (json!({"fields": {"age": "other"}}), 400, "fields.age"),
        (json!({"fields": {"city": "both"}}), 400, "fields.city"),
        (json!({"fields": []}), 400, "fields"),
        (json!({"reason": "x".repeat(501)}), 400, "reason"),
        (json!({"because": "x"}), 400, "because"),
    ] {
        let refused = merge(&staff, one, other, more.clone()).await.expect_status(status);
        refused.field_errors(field);
    }
    let stale = merge(&staff, one, other, json!({"other_version": 7})).await.expect_status(412);
    assert_eq!(id(&stale.body["current"]), other);
    let path = format!("/api/patients/{one}/merge");
    let body = json!({"other": other, "other_version": 1});
    let request = staff.request(Method::POST, &path).header("if-match", "\"7\"").json(&body);
    staff.send(request).await.expect_status(412);
    let change = json!({"deceased_on": "1980-01-01", "date_of_birth": "1970"});
    staff.patch(&format!("/api/patients/{other}"), change).await.expect_status(200);
    let refused = merge(&staff, one, other, json!({})).await.expect_status(400);
    refused.field_errors("deceased_on");
    let many: Vec<_> = (0..20).map(|it| json!({"system": "a", "value": it.to_string()})).collect();
    let change = json!({"deceased_on": null, "identifiers": many});
    staff.patch(&format!("/api/patients/{other}"), change).await.expect_status(200);
    merge(&staff, one, other, json!({})).await.expect_status(400).field_errors("identifiers");
    staff.delete(&format!("/api/patients/{other}")).await.expect_status(204);
    merge(&staff, one, other, json!({})).await.expect_status(409).field_errors("other");
    merge(&staff, other, one, json!({})).await.expect_status(409).field_errors("id");
    assert_eq!(staff.get(&format!("/api/patients/{one}")).await.body["version"], 1);
}

async fn only_an_administrator_merges_records_of_different_users(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    let member = server.member("member@example.com").await;
    let one = id(&register(&staff, ana()).await);
    let own = id(&member.patient(json!({"first_name": "Ana", "last_name": "Ruiz"})).await);
    member
        .post(&format!("/api/patients/{own}/merge"), json!({"other": one, "other_version": 1}))
        .await
        .expect_status(403);
    merge(&staff, one, own, json!({})).await.expect_status(403);
    doctors(&staff, 1).await;
    let assignment = assign(&member, own, 1).await;
    merge(&admin, one, own, json!({})).await.expect_status(200);
    member.get(&format!("/api/patients/{own}")).await.expect_status(404);
    member.get(&format!("/api/assignments/{assignment}")).await.expect_status(404);
    assert_eq!(member.get("/api/dashboard").await.body["assignments"]["active"], 0);
    assert_eq!(
        admin.get(&format!("/api/patients/{one}")).await.body["created_by_username"],
        "staff"
    );
    unmerge(&staff, one, own).await.expect_status(403);
    unmerge(&admin, one, own).await.expect_status(200);
    member.get(&format!("/api/assignments/{assignment}")).await.expect_status(200);
    // An account that would lose its record.
    let other = id(&register(&staff, other_ana()).await);
    let account = server.somebody(Role::Patient, "ana@example.com").await;
    let user = account.get("/api/auth/profile").await.body["id"].clone();
    let path = format!("/api/patients/{other}/user");
    let request = admin.request(Method::PUT, &path).header("if-match", "*");
    admin.send(request.json(&json!({"user": user}))).await.expect_status(200);
    merge(&staff, one, other, json!({})).await.expect_status(403);
    // Nor one that would see the values of somebody else.
    merge(&staff, other, one, json!({})).await.expect_status(403);
    let merged = merge(&admin, one, other, json!({})).await.expect_status(200);
    assert_eq!(merged.body["linked_user"], Value::Null);
    account.get(&format!("/api/patients/{other}")).await.expect_status(404);
}

async fn purging_erases_all_merged_records(backend: Backend) {
    let (server, staff, [one, other]) = busy_desk(backend).await;
    let admin = server.admin().await;
    let third = id(&register(&staff, json!({"first_name": "Eva"})).await);
    merge(&staff, one, other, json!({})).await.expect_status(200);
    merge(&staff, third, one, json!({"reason": "One person"})).await.expect_status(200);
    let path = format!("/api/patients/{one}/purge");
    let request = admin.request(Method::POST, &path).header("if-match", "*");
    admin.send(request.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
    for patient in [one, other, third] {
        record(&admin, patient).await.expect_status(404);
    }
    for count in [
        "SELECT count(*) FROM patients",
        "SELECT count(*) FROM assignments",
        "SELECT count(*) FROM visits",
        "SELECT count(*) FROM merges",
        "SELECT count(*) FROM patient_terms",
        "SELECT count(*) FROM patient_identifiers",
    ] {
        assert_eq!(sql(&server.place, count).await, 0, "{count}");
    }
    let values = "SELECT count(*) FROM audit_values v JOIN audit_log a ON a.id = v.audit_id \
        WHERE a.entity <> 'doctor' AND a.action <> 'patient.purged' AND a.entity <> 'user'";
    assert_eq!(sql(&server.place, values).await, 0);
}

async fn the_history_shows_merged_records_too(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    merge(&staff, one, other, json!({"reason": "Twice"})).await.expect_status(200);
    let history = staff.get(&format!("/api/patients/{one}/history")).await.expect_status(200);
    let shown: Vec<_> = history
        .results()
        .iter()
        .map(|it| (it["action"].as_str().unwrap(), it["merged"].as_i64(), it["reason"].clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("patient.merged", None, json!("Twice")),
            ("patient.merged", Some(other), json!("Twice")),
            ("patient.created", Some(other), Value::Null),
            ("patient.created", None, Value::Null),
        ]
    );
    assert_eq!(history.body["count"], 4);
    unmerge(&staff, one, other).await.expect_status(200);
    let history = staff.get(&format!("/api/patients/{one}/history")).await.expect_status(200);
    assert_eq!(history.body["count"], 3);
    assert_eq!(history.results()[0]["action"], "patient.unmerged");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }
}

async fn any_sequence_of_merges_keeps_every_assignment(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    doctors(&admin, 4).await;
    for number in 0..6 {
        register(&admin, json!({"first_name": format!("Patient{number}")})).await;
    }
    let mut dice = Dice(11);
    let (mut made, mut merges, mut undone) = (0, 0, 0);
    let mut merged_now: Vec<(i64, i64)> = Vec::new();
    for step in 0..250 {
        let (one, other) = (dice.below(6) + 1, dice.below(6) + 1);
        match dice.below(6) {
            0 => {
                let (field, value) = [("city", "A"), ("email", "a@example.com"), ("state", "B")]
                    [usize::try_from(dice.below(3)).unwrap()];
                let body = json!({field: value});
                admin.patch(&format!("/api/patients/{one}"), body).await;
            }
            1 | 2 => {
                admin.post("/api/visits", json!({"patient": one})).await;
                let body = json!({"patient": one, "doctor": dice.below(4) + 1});
                made += i64::from(admin.post("/api/assignments", body).await.status == 201);
            }
            3 => {
                let status =
                    ["ON_HOLD", "CANCELLED", "ACTIVE"][usize::try_from(dice.below(3)).unwrap()];
                let path = format!("/api/assignments/{}", dice.below(20) + 1);
                admin.patch(&path, json!({"status": status})).await;
            }
            4 => {
                let current = admin.get("/api/patients?page_size=100").await;
                let is_there = |id: i64| current.results().iter().any(|it| it["id"] == id);
                let is_direct = one != other && is_there(one) && is_there(other);
                let before = match is_direct {
                    true => Some([state(&admin, one).await, state(&admin, other).await]),
                    false => None,
                };
                let merged = merge(&admin, one, other, json!({})).await.status == 200;
                assert_eq!(merged, is_direct, "step {step}");
                merges += i64::from(merged);
                if let Some(before) = before.filter(|_| dice.below(2) == 0) {
                    unmerge(&admin, one, other).await.expect_status(200);
                    let after = [state(&admin, one).await, state(&admin, other).await];
                    assert_eq!(after, before, "step {step}: {one} and {other}");
                    undone += 1;
                } else if merged {
                    merged_now.push((one, other));
                }
            }
            _ => {
                let Some((one, other)) = merged_now.last().copied() else { continue };
                let status = unmerge(&admin, one, other).await.status;
                assert!(status == 200 || status == 409, "step {step}: {status}");
                if status == 200 {
                    merged_now.pop();
                    undone += 1;
                } else {
                    // Something has changed since: the next one is tried.
                    merged_now.rotate_right(1);
                }
            }
        }
        let open = "SELECT count(*) FROM visits v JOIN patients p ON p.id = v.patient_id \
            WHERE v.is_open AND p.archived_at IS NOT NULL";
        assert_eq!(sql(&server.place, open).await, 0, "step {step}");
        // Every assignment is of one record that is not archived.
        let count = "SELECT count(*) FROM assignments a JOIN patients p ON p.id = a.patient_id \
            WHERE p.archived_at IS NULL AND a.patient_owner = p.created_by";
        assert_eq!(sql(&server.place, count).await, made, "step {step}");
        let twice = "SELECT count(*) FROM (SELECT 1 AS one FROM assignments WHERE is_active \
            GROUP BY patient_id, doctor_id HAVING count(*) > 1) AS twice";
        assert_eq!(sql(&server.place, twice).await, 0, "step {step}");
    }
    assert!(made > 10 && merges > 8 && undone > 4, "{made} {merges} {undone}");
}

/// The pairs of the work-list with their grades.
async fn pairs(client: &Client, query: &str) -> Vec<(i64, i64, String)> {
    let listed = client.get(&format!("/api/duplicates{query}")).await.expect_status(200);
    let pair = |it: &Value| {
        let grade = it["grade"].as_str().unwrap().to_owned();
        (id(&it["patients"][0]), id(&it["patients"][1]), grade)
    };
    listed.results().iter().map(pair).collect()
}

async fn the_work_list_follows_every_write(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let member = server.member("member@example.com").await;
    let pair = |one: i64, other: i64, grade: &str| (one, other, grade.to_owned());
    register(&staff, ana()).await;
    let second = json!({"first_name": "Ana", "last_name": "Ruiz", "date_of_birth": "1989-05-25"});
    register(&staff, second.clone()).await;
    assert_eq!(pairs(&staff, "").await, [pair(1, 2, "probable")]);
    // A member sees no patients of others, but the front desk learns of the pair.
    let third = id(&member.patient(second).await);
    assert_eq!(pairs(&staff, "").await.len(), 3);
    assert_eq!(pairs(&staff, &format!("?patient={third}&page_size=1")).await.len(), 1);
    member.delete(&format!("/api/patients/{third}")).await.expect_status(204);
    let both = json!({"phone_number": "+1 555 123 4567"});
    for patient in [1, 2] {
        staff.patch(&format!("/api/patients/{patient}"), both.clone()).await.expect_status(200);
    }
    assert_eq!(pairs(&staff, "?grade=certain").await, [pair(1, 2, "certain")]);
    assert_eq!(pairs(&staff, "?grade=possible").await, []);
    let listed = staff.get("/api/duplicates").await;
    assert_eq!(listed.body["count"], 1);
    let shown = &listed.results()[0];
    assert_eq!(shown["reasons"], json!(["same_name", "same_date_of_birth", "same_phone"]));
    assert_eq!(shown["patients"][0]["withheld"], json!(["allergies", "medical_history"]));
    let other = json!({"first_name": "Bo", "date_of_birth": "1989", "phone_number": null});
    staff.patch("/api/patients/2", other).await.expect_status(200);
    assert_eq!(pairs(&staff, "").await, [pair(1, 2, "possible")]);
    staff.delete("/api/patients/2").await.expect_status(204);
    assert_eq!(pairs(&staff, "").await, []);
    staff.post("/api/patients/2/restore", json!({})).await.expect_status(200);
    assert_eq!(pairs(&staff, "").await, [pair(1, 2, "possible")]);
    merge(&staff, 1, 2, json!({})).await.expect_status(200);
    assert_eq!(pairs(&staff, "").await, []);
}

async fn different_people_leave_the_work_list(backend: Backend) {
    let (_server, staff, [one, other]) = desk(backend).await;
    assert_eq!(pairs(&staff, "").await.len(), 1);
    for (body, field) in [
        (json!({"patients": [one]}), "patients"),
        (json!({"patients": [one, one]}), "patients"),
        (json!({"patients": [one, 4711]}), "patients[1]"),
        (json!({}), "patients"),
    ] {
        let refused = staff.post("/api/duplicates/dismiss", body).await.expect_status(400);
        refused.field_errors(field);
    }
    let body = json!({"patients": [other, one], "reason": "They are sisters"});
    for _ in 0..2 {
        staff.post("/api/duplicates/dismiss", body.clone()).await.expect_status(204);
    }
    assert_eq!(pairs(&staff, "").await, []);
    staff.patch(&format!("/api/patients/{one}"), json!({"city": "X", "gender": "F"})).await;
    assert_eq!(pairs(&staff, "").await, [], "they stay different people");
}

async fn different_people_of_a_merged_record_stay_different(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let person = json!({"first_name": "Ana", "last_name": "Ruiz", "date_of_birth": "1989-05-25"});
    for _ in 0..3 {
        register(&staff, person.clone()).await;
    }
    let listed = async || {
        let mut listed: Vec<_> =
            pairs(&staff, "").await.into_iter().map(|it| (it.0, it.1)).collect();
        listed.sort_unstable();
        listed
    };
    assert_eq!(listed().await, [(1, 2), (1, 3), (2, 3)]);
    let apart = json!({"patients": [2, 3], "reason": "Twins"});
    staff.post("/api/duplicates/dismiss", apart).await.expect_status(204);
    merge(&staff, 1, 2, json!({})).await.expect_status(200);
    assert_eq!(listed().await, []);
    // A change does not bring the pair back.
    staff
        .patch("/api/patients/3", json!({"phone_number": "555 123 4567"}))
        .await
        .expect_status(200);
    assert_eq!(listed().await, []);
    unmerge(&staff, 1, 2).await.expect_status(200);
    assert_eq!(listed().await, [(1, 3)]);
}

async fn earlier_patients_are_compared_after_an_upgrade(backend: Backend) {
    let (server, staff, [one, other]) = desk(backend).await;
    let undone =
        "DELETE FROM likely_duplicates; INSERT INTO duplicates_to_find (after_id) VALUES (0)";
    Beside::connect(&server.place.database_url).await.execute(undone).await;
    assert_eq!(pairs(&staff, "").await, []);
    let twin = server.twin().await;
    let staff = twin.log_in("staff@example.com").await;
    let found = eventually(async || pairs(&staff, "").await.pop()).await;
    assert_eq!((found.0, found.1), (one, other));
    eventually(async || {
        (sql(&server.place, "SELECT count(*) FROM duplicates_to_find").await == 0).then_some(())
    })
    .await;
}

async fn only_the_front_desk_sees_the_work_list(backend: Backend) {
    let server = Server::start(backend).await;
    let member = server.member("member@example.com").await;
    for person in [ana(), ana()] {
        let mut person = person;
        person["identifiers"] = json!([]);
        register(&member, person).await;
    }
    member.get("/api/duplicates").await.expect_status(403);
    member.post("/api/duplicates/dismiss", json!({"patients": [1, 2]})).await.expect_status(403);
    let permissions = member.get("/api/patients/1").await.body["permissions"].clone();
    assert!(!permissions.as_array().unwrap().contains(&json!("merge")));
}

async fn a_patient_is_found_by_former_names(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(ana()).await;
    for name in ["Soto", "RUIZ", "Núñez"] {
        staff.patch("/api/patients/1", json!({"last_name": name})).await.expect_status(200);
    }
    let read = staff.get("/api/patients/1").await.body;
    assert_eq!(read["former_names"], json!(["Ana RUIZ", "Ana Soto"]));
    for (typed, name, parts) in [
        ("soto", Some("Ana Soto"), json!([{"field": "former_name", "from": 4, "to": 8}])),
        (
            "ru 1989",
            Some("Ana RUIZ"),
            json!([
                {"field": "date_of_birth", "from": 0, "to": 4},
                {"field": "former_name", "from": 4, "to": 6},
            ]),
        ),
        (
            "nunez",
            None,
            json!([
                {"field": "last_name", "from": 0, "to": 5}, {"field": "full_name", "from": 4, "to": 9},
            ]),
        ),
    ] {
        let found = staff.get(&format!("/api/patients?search={typed}")).await.expect_status(200);
        let row = &found.results()[0];
        assert_eq!(row["former_name"].as_str(), name, "{typed}");
        assert_eq!(row["matched"], parts, "{typed}");
        assert!(!read.as_object().unwrap().contains_key("former_name"));
    }
    let looked = staff.get("/api/lookup?q=soto").await.expect_status(200);
    assert_eq!(looked.results()[0]["why"], "former_name");
    let name = json!({"first_name": "Ana", "last_name": "Soto"});
    staff.patch("/api/patients/1", name).await.expect_status(200);
    let read = staff.get("/api/patients/1").await.body;
    assert_eq!(read["former_names"], json!(["Ana Núñez", "Ana RUIZ"]));
    // Archived patients are found by them too.
    staff.delete("/api/patients/1").await.expect_status(204);
    assert_eq!(staff.get("/api/patients?search=ruiz").await.body["count"], 0);
    assert_eq!(staff.get("/api/patients?search=ruiz&archived=true").await.body["count"], 1);
}
