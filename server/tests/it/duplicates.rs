//! People who are likely to be registered already.

use reqwest::Method;
use serde_json::{Value, json};
use server::config::DuplicateCheck;
use shared::account::Role;

use crate::harness::{Answer, Backend, Client, Server, on_both};

on_both! {
    likely_duplicates_are_found_with_a_grade_and_reasons,
    a_likely_duplicate_is_refused_until_it_was_seen,
    patients_who_were_seen_have_to_exist,
    people_who_are_alike_and_nothing_more_are_registered,
    a_registration_tells_of_likely_duplicates_where_it_is_only_advised,
    nobody_learns_of_patients_of_others,
    of_many_registrations_of_one_person_at_once_one_goes_through,
    archived_and_changed_patients_are_compared_as_they_are,
    a_former_name_makes_a_likely_duplicate,
    a_match_has_no_clinical_members,
}

fn ana() -> Value {
    json!({
        "first_name": "Ana", "last_name": "Núñez-Soto", "date_of_birth": "1989-05-25",
        "phone_number": "+1 555 123 4567", "email": "ana@example.com", "gender": "F",
        "identifiers": [{"system": "insurance", "value": "X-1"}],
    })
}

async fn matches(client: &Client, person: Value) -> Vec<Value> {
    let answer = client.post("/api/patients/match", person).await.expect_status(200);
    answer.results().to_vec()
}

/// The grades and the reasons of all matches.
async fn graded(client: &Client, person: Value) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reasons = |it: &Value| it["reasons"].as_array().unwrap().iter().map(text).collect();
    let found = matches(client, person).await;
    found.iter().map(|it| (text(&it["grade"]), reasons(it))).collect()
}

async fn likely_duplicates_are_found_with_a_grade_and_reasons(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(ana()).await;
    for number in 0..150 {
        staff
            .patient(json!({
                "first_name": "Ana", "last_name": format!("Ruiz{number}"),
                "date_of_birth": (1880 + number % 100).to_string(),
            }))
            .await;
    }
    for (person, grade, reasons) in [
        (
            json!({"name": "ana nunez soto", "date_of_birth": "1989-05-25", "phone": "1234567"}),
            "certain",
            vec!["same_name", "same_date_of_birth", "same_phone"],
        ),
        (
            json!({"first_name": "Nunezsoto", "last_name": "ANA", "date_of_birth": "1989-05-25"}),
            "probable",
            vec!["same_name", "same_date_of_birth"],
        ),
        (
            json!({"first_name": "Ana", "last_name": "Muñez Soto", "date_of_birth": "1989-05-25"}),
            "probable",
            vec!["similar_name", "same_date_of_birth"],
        ),
        (
            json!({"first_name": "Ana", "last_name": "Núñez", "date_of_birth": "1989-05",
                   "email": "ANA@example.com"}),
            "probable",
            vec!["similar_name", "fitting_date_of_birth", "same_email"],
        ),
        (
            json!({"first_name": "Ana", "last_name": "Núñez Soto", "date_of_birth": "1998-05-25",
                   "phone_number": "555-1234567"}),
            "probable",
            vec!["same_name", "similar_date_of_birth", "same_phone"],
        ),
        (
            json!({"first_name": "Ana", "last_name": "Ruiz", "date_of_birth": "1989-05-25"}),
            "possible",
            vec!["same_first_name", "same_date_of_birth"],
        ),
        (
            json!({"identifiers": [{"system": "insurance", "value": "X-1"}]}),
            "possible",
            vec!["same_identifier"],
        ),
        (
            json!({"first_name": "Ana", "last_name": "Núñez Soto", "age": 37}),
            "possible",
            vec!["same_name", "fitting_date_of_birth"],
        ),
    ] {
        let found = graded(&staff, person.clone()).await;
        let expected = reasons.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(found, [(grade.to_owned(), expected)], "{person}");
    }
    for person in [
        json!({}),
        json!({"first_name": "Ana"}),
        json!({"phone_number": "+1 555 123 4567"}),
        json!({"first_name": "Ben", "last_name": "Rey", "date_of_birth": "1989-05-25"}),
        json!({"first_name": "Ana", "last_name": "Núñez Soto", "date_of_birth": "1950-01-01"}),
    ] {
        assert_eq!(graded(&staff, person.clone()).await, [], "{person}");
    }
    let wrong = json!({"phone_number": "1", "date_of_birth": "2999", "nickname": "A"});
    let refused = staff.post("/api/patients/match", wrong).await.expect_status(400);
    for field in ["phone_number", "date_of_birth", "nickname"] {
        refused.field_errors(field);
    }
}

/// Registers somebody, having seen these patients.
async fn register(client: &Client, person: Value, seen: &[i64]) -> Answer {
    let mut person = person;
    person["identifiers"] = json!([]);
    if !seen.is_empty() {
        person["duplicates_seen"] = json!(seen);
        person["duplicates_reason"] = json!("Her cousin");
    }
    client.post("/api/patients", person).await
}

fn count(answer: &Answer) -> i64 {
    answer.body["count"].as_i64().unwrap()
}

async fn a_likely_duplicate_is_refused_until_it_was_seen(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(ana()).await;
    let refused = register(&staff, ana(), &[]).await.expect_status(409);
    let sentence = refused.field_errors("duplicates_seen");
    assert!(sentence.contains("1 patient who is likely to be the same person"), "{sentence}");
    let code = &refused.body["error_codes"][0];
    assert_eq!((&code["code"], &code["params"]["count"]), (&json!("likely_duplicate"), &json!(1)));
    let duplicates = refused.body["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0]["patient"]["id"], 1);
    assert_eq!(duplicates[0]["grade"], "certain");
    assert_eq!(count(&staff.get("/api/patients").await), 1);

    let second = register(&staff, ana(), &[1]).await.expect_status(201).body;
    assert!(second.get("possible_duplicates").is_none());
    assert!(second.get("duplicates_seen").is_none());
    let history = staff.get("/api/patients/2/history").await.expect_status(200);
    let entry = &history.results()[0];
    assert_eq!(entry["reason"], "Her cousin");
    let changes = entry["changes"].as_array().unwrap();
    let seen = changes.iter().find(|it| it["field"] == "duplicates_seen").unwrap();
    assert_eq!((&seen["old"], &seen["new"]), (&Value::Null, &json!([1])));

    // Each of them has to be seen.
    let refused = register(&staff, ana(), &[1]).await.expect_status(409);
    let duplicates = refused.body["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0]["patient"]["id"], 2);
    register(&staff, ana(), &[2, 1]).await.expect_status(201);
}

async fn patients_who_were_seen_have_to_exist(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, other) = (server.staff().await, server.member("other@example.com").await);
    staff.patient(ana()).await;
    let refused = register(&staff, ana(), &[1, 77]).await.expect_status(400);
    assert!(refused.field_errors("duplicates_seen[1]").contains("existing patient"));
    // Nobody finds out in this way whom others have.
    let refused = register(&other, ana(), &[1]).await.expect_status(400);
    assert!(refused.field_errors("duplicates_seen[0]").contains("existing patient"));
    for bad in [json!(1), json!(["1"]), json!([0]), json!((1..=101).collect::<Vec<_>>())] {
        let mut person = ana();
        person["duplicates_seen"] = bad.clone();
        let refused = staff.post("/api/patients", person).await.expect_status(400);
        refused.field_errors("duplicates_seen");
    }
    // Whoever was archived after having been seen was seen.
    staff.delete("/api/patients/1").await.expect_status(204);
    register(&staff, ana(), &[1]).await.expect_status(201);
    // A reason is kept, whether there was somebody to be seen or not.
    let alone = json!({"first_name": "Zoë", "duplicates_reason": "Her cousin came before"});
    let id = staff.patient(alone).await["id"].clone();
    let history = staff.get(&format!("/api/patients/{id}/history")).await;
    assert_eq!(history.results()[0]["reason"], "Her cousin came before");
}

async fn people_who_are_alike_and_nothing_more_are_registered(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for person in [
        json!({"first_name": "Ben", "last_name": "Okri", "date_of_birth": "2015-03-01",
               "phone_number": "555 123 4567"}),
        json!({"first_name": "Tom", "last_name": "Okri", "date_of_birth": "2015-03-01",
               "phone_number": "555 123 4567"}),
        json!({"first_name": "Ben", "last_name": "Okri", "date_of_birth": "1980-11-20",
               "phone_number": "555 123 4567"}),
        json!({"first_name": "Ben", "last_name": "Okri"}),
        json!({"first_name": "Ben", "last_name": "Okri"}),
    ] {
        staff.patient(person).await;
    }
}

async fn a_registration_tells_of_likely_duplicates_where_it_is_only_advised(backend: Backend) {
    let advise = |settings: &mut server::config::Settings| {
        settings.duplicate_check = DuplicateCheck::Advise;
    };
    let server = Server::start_with(backend, advise).await;
    let staff = server.staff().await;
    let first = staff.patient(ana()).await;
    assert!(first.get("possible_duplicates").is_none());
    let request = |key: &str| {
        let mut person = ana();
        person["identifiers"] = json!([]);
        let request = staff.request(Method::POST, "/api/patients").header("idempotency-key", key);
        staff.send(request.json(&person))
    };
    let second = request("once").await.expect_status(201).body;
    let likely = second["possible_duplicates"].as_array().unwrap();
    assert_eq!(likely.len(), 1);
    assert_eq!(likely[0]["patient"]["id"], 1);
    assert_eq!(likely[0]["grade"], "certain");
    // The stored answer does not hold records of others, who may be erased.
    let again = request("once").await.expect_status(201).body;
    assert_eq!(again["id"], second["id"]);
    assert!(again.get("possible_duplicates").is_none());
    let seen = register(&staff, ana(), &[1, 2]).await.expect_status(201).body;
    assert!(seen.get("possible_duplicates").is_none());
}

async fn nobody_learns_of_patients_of_others(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, owner) = (server.staff().await, server.member("owner@example.com").await);
    staff.patient(ana()).await;
    assert_eq!(matches(&owner, ana()).await, Vec::<Value>::new());
    let own = register(&owner, ana(), &[]).await.expect_status(201).body;
    assert_eq!(own["id"], 2);
    let refused = register(&owner, ana(), &[]).await.expect_status(409);
    let duplicates = refused.body["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0]["patient"]["id"], 2);
    // A refusal for the identifier says that it is taken, and not by whom.
    let taken = owner.post("/api/patients", ana()).await.expect_status(409);
    assert!(taken.body.get("duplicates").is_none());
    taken.field_errors("identifiers[0]");
    for role in [Role::Doctor, Role::Patient] {
        let somebody = server.somebody(role, &format!("{role}@example.com")).await;
        assert_eq!(matches(&somebody, ana()).await, Vec::<Value>::new());
    }
}

async fn of_many_registrations_of_one_person_at_once_one_goes_through(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let attempts = (0..20).map(|_| register(&staff, ana(), &[]));
    let answers = futures_util::future::join_all(attempts).await;
    let registered = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((registered, refused), (1, 19));
}

async fn archived_and_changed_patients_are_compared_as_they_are(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(ana()).await;
    let person = json!({"name": "Ana Núñez Soto", "date_of_birth": "1989-05-25"});
    assert_eq!(matches(&staff, person.clone()).await.len(), 1);
    staff.delete("/api/patients/1").await.expect_status(204);
    assert_eq!(matches(&staff, person.clone()).await.len(), 0);
    staff.post("/api/patients/1/restore", json!({})).await.expect_status(200);
    assert_eq!(matches(&staff, person.clone()).await.len(), 1);
    let change = json!({"first_name": "Eva", "last_name": "Rey"});
    staff.patch("/api/patients/1", change).await.expect_status(200);
    let reasons = json!(["former_name", "same_date_of_birth"]);
    assert_eq!(matches(&staff, person).await[0]["reasons"], reasons);
    let person = json!({"name": "Eva Rey", "date_of_birth": "1989-05-25"});
    let reasons = json!(["same_name", "same_date_of_birth"]);
    assert_eq!(matches(&staff, person).await[0]["reasons"], reasons);
}

async fn a_former_name_makes_a_likely_duplicate(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(ana()).await;
    staff.patch("/api/patients/1", json!({"last_name": "Rey"})).await.expect_status(200);
    let again = json!({
        "first_name": "Ana", "last_name": "Núñez-Soto", "date_of_birth": "1989-05-25",
    });
    let refused = register(&staff, again.clone(), &[]).await.expect_status(409);
    let reasons = json!(["former_name", "same_date_of_birth"]);
    assert_eq!(refused.body["duplicates"][0]["reasons"], reasons);
    assert_eq!(refused.body["duplicates"][0]["grade"], "probable");
    register(&staff, again, &[1]).await.expect_status(201);
    // The work-list says so too.
    let pairs = staff.get("/api/duplicates").await.expect_status(200);
    assert_eq!(pairs.body["results"][0]["reasons"], reasons);
}

async fn a_match_has_no_clinical_members(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let mut person = ana();
    person["allergies"] = json!("Penicillin");
    staff.patient(person).await;
    let found = matches(&staff, ana()).await;
    let refused = register(&staff, ana(), &[]).await.expect_status(409);
    for patient in [&found[0]["patient"], &refused.body["duplicates"][0]["patient"]] {
        assert_eq!(patient["allergies"], Value::Null);
        assert_eq!(patient["withheld"], json!(["allergies", "medical_history"]));
        assert_eq!(patient["has_allergies"], true);
    }
}
