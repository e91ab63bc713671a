//! The quick search.

use serde_json::{Value, json};
use shared::account::Role;

use crate::{
    harness::{Answer, Backend, Client, Server, on_both},
    patients::dump,
};

on_both! {
    every_kind_of_text_is_recognised_and_the_match_named,
    a_mistyped_record_number_is_reported,
    an_id_finds_the_records_that_have_it,
    only_what_the_caller_may_see_is_found,
    the_best_twenty_come_first,
    looking_up_a_record_number_is_noted,
    an_empty_text_finds_those_whom_the_caller_has_opened_or_written_last,
    recent_patients_are_few_and_only_those_that_the_caller_may_still_see,
    a_linked_account_sees_its_recent_patients_as_long_as_the_link_lasts,
    what_a_program_opens_is_recent_for_its_owner,
    a_result_tells_which_of_its_parts_match,
    people_of_other_spelling_follow_where_few_are_found,
    nobody_is_found_by_another_spelling_who_may_not_be_seen,
}

async fn typed(client: &Client, text: &str) -> Answer {
    let request = client.request(reqwest::Method::GET, "/api/lookup").query(&[("q", text)]);
    client.send(request).await
}

async fn found(client: &Client, text: &str) -> Value {
    typed(client, text).await.expect_status(200).body
}

/// The label and the reason of every result.
fn lines(found: &Value) -> Vec<(&str, &str)> {
    let results = found["results"].as_array().unwrap().iter();
    results.map(|it| (it["label"].as_str().unwrap(), it["why"].as_str().unwrap())).collect()
}

async fn furnish(client: &Client) {
    client
        .patient(json!({
            "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25",
            "phone_number": "+1 (555) 123-4567", "email": "Jose.G@Example.com",
            "identifiers": [{"system": "insurance", "value": "AB-123 45"}],
        }))
        .await;
    client.patient(json!({"last_name": "Boston"})).await;
    let doctor = json!({
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "license_number": "MD-123456", "email": "sarah@example.com", "city": "Boston",
        "phone_number": "+1 555 987 6543", "clinic_name": "Heart Care",
    });
    client.post("/api/doctors", doctor).await.expect_status(201);
}

async fn every_kind_of_text_is_recognised_and_the_match_named(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let jose = "José Gómez, 1989-05-25, P000001B";
    let sarah = "Sarah Johnson, Cardiology, MD-123456";
    for (text, read_as, expected) in [
        ("p 000-001 b", "mrn identifier", vec![(jose, "mrn")]),
        ("1989-05-25", "date_of_birth", vec![(jose, "date_of_birth")]),
        ("1989", "date_of_birth phone identifier", vec![(jose, "date_of_birth")]),
        ("4567", "date_of_birth phone identifier", vec![(jose, "phone")]),
        ("+1 555 123 4567", "phone identifier", vec![(jose, "phone")]),
        ("1555", "date_of_birth phone identifier", vec![(jose, "phone"), (sarah, "phone")]),
        ("jose.g@example.com", "email", vec![(jose, "email")]),
        ("SARAH@", "email", vec![(sarah, "email")]),
        ("ab12345", "identifier name", vec![(jose, "identifier")]),
        ("md123456", "identifier name", vec![(sarah, "license")]),
        ("gomez", "name", vec![(jose, "name")]),
        ("1989-05 gom", "date_of_birth name", vec![(jose, "name")]),
        ("cardio", "name", vec![(sarah, "specialization")]),
        ("heart", "name", vec![(sarah, "clinic")]),
        ("johnson cardio", "name", vec![(sarah, "name")]),
        ("boston", "name", vec![("Boston, P000002C", "name"), (sarah, "city")]),
        ("gomez 1990", "date_of_birth phone identifier name", vec![]),
        ("nobody", "name", vec![]),
        ("%", "name", vec![]),
        ("  ", "", vec![("Boston, P000002C", "recent"), (jose, "recent")]),
    ] {
        let found = found(&staff, text).await;
        assert_eq!(lines(&found), expected, "{text}");
        let tried: Vec<_> =
            found["read_as"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert_eq!(tried.join(" "), read_as, "{text}");
    }
    let both = found(&staff, "1555").await;
    let lists = ["/api/patients?search=1555&clinical=false", "/api/doctors?search=1555"];
    for (path, result) in lists.iter().zip(both["results"].as_array().unwrap()) {
        let mut row = staff.get(path).await.results()[0].clone();
        let matched = row.as_object_mut().unwrap().remove("matched");
        assert_eq!((&result["record"], result.get("matched")), (&row, matched.as_ref()));
    }
    let kinds: Vec<_> = both["results"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["patient", "doctor"]);
}

async fn a_mistyped_record_number_is_reported(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let answer = typed(&staff, "P000001C").await.expect_status(400);
    assert!(answer.field_errors("q").contains("mistyped"), "{}", answer.text);
    assert_eq!(answer.body["error_codes"][0]["code"], "mistyped_mrn");
    // A number from elsewhere can look like a record number.
    staff
        .patient(json!({
            "first_name": "Ana", "identifiers": [{"system": "passport", "value": "P000001C"}],
        }))
        .await;
    let found = found(&staff, "P000001C").await;
    assert_eq!(lines(&found), [("Ana, P000003D", "identifier")]);
    for bad in ["#", "#x", "#-1", "#1 2", &"a ".repeat(13), &"x".repeat(201)] {
        typed(&staff, bad).await.expect_status(400).field_errors("q");
    }
    staff.get("/api/lookup").await.expect_status(400).field_errors("q");
    staff.get("/api/lookup?q=a&limit=5").await.expect_status(400).field_errors("limit");
    server.nobody().get("/api/lookup?q=a").await.expect_status(401);
}

async fn an_id_finds_the_records_that_have_it(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let both = found(&staff, "#1").await;
    assert_eq!(both["read_as"], json!(["id"]));
    let labels = ["José Gómez, 1989-05-25, P000001B", "Sarah Johnson, Cardiology, MD-123456"];
    assert_eq!(lines(&both), labels.map(|label| (label, "id")));
    assert_eq!(lines(&found(&staff, "# 2").await), [("Boston, P000002C", "id")]);
    assert_eq!(lines(&found(&staff, "#77").await), []);
}

async fn only_what_the_caller_may_see_is_found(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("m@example.com").await);
    furnish(&staff).await;
    member.patient(json!({"first_name": "José", "last_name": "Own"})).await;
    assert_eq!(lines(&found(&member, "jose").await), [("José Own, P000003D", "name")]);
    assert_eq!(lines(&found(&member, "#1").await).len(), 1, "the doctor alone");
    assert_eq!(lines(&found(&member, "sarah").await).len(), 1);
    // Archived records are not found either.
    staff.delete("/api/patients/1").await.expect_status(204);
    staff.delete("/api/doctors/1").await.expect_status(204);
    for text in ["gomez", "#1", "sarah", "P000001B"] {
        assert_eq!(lines(&found(&staff, text).await), [], "{text}");
    }
}

async fn the_best_twenty_come_first(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for number in 0..25 {
        staff.patient(json!({"first_name": format!("Annabel{number:02}")})).await;
    }
    let doctor = json!({"last_name": "Ann", "specialization": "Surgery"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    staff.patient(json!({"first_name": "Ann"})).await;
    let found = found(&staff, "ann").await;
    let lines = lines(&found);
    assert_eq!(lines.len(), 20);
    let first: Vec<_> =
        lines[..3].iter().map(|(label, _)| label.split(',').next().unwrap()).collect();
    assert_eq!(first, ["Ann", "Ann", "Annabel00"]);
    assert_eq!(found["results"][1]["kind"], "doctor");
}

async fn looking_up_a_record_number_is_noted(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let readings = async || {
        server.app.reads().flush().await;
        dump(&server).await.matches("patient.looked_up").count()
    };
    found(&staff, "ana").await;
    found(&staff, "P0000").await;
    assert_eq!(readings().await, 0);
    found(&staff, "#1").await;
    assert_eq!(readings().await, 1);
    found(&staff, "p-000001-b").await;
    assert_eq!(readings().await, 2);
}

/// The first names of the recent patients.
async fn recent(client: &Client) -> Vec<String> {
    let found = found(client, "").await;
    assert_eq!(found["read_as"], json!([]));
    let name = |it: &Value| {
        assert_eq!((&it["kind"], &it["why"]), (&json!("patient"), &json!("recent")), "{it}");
        assert!(it.get("matched").is_none() && it["record"].get("matched").is_none(), "{it}");
        assert_eq!(it["record"]["withheld"], json!(["allergies", "medical_history"]), "{it}");
        assert_eq!(it["id"], it["record"]["id"]);
        it["record"]["first_name"].as_str().unwrap().to_owned()
    };
    found["results"].as_array().unwrap().iter().map(name).collect()
}

async fn an_empty_text_finds_those_whom_the_caller_has_opened_or_written_last(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    assert_eq!(recent(&staff).await, [""; 0]);
    for name in ["Ana", "Ben", "Cem"] {
        admin.patient(json!({"first_name": name, "allergies": "Nuts"})).await;
    }
    let doctor = json!({"last_name": "Ann", "specialization": "Surgery"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    staff.get("/api/doctors/1").await.expect_status(200);
    staff.get("/api/patients").await.expect_status(200);
    for text in ["ana", "#1", "P000001B"] {
        assert_eq!(found(&staff, text).await["results"][0]["kind"], "patient");
    }
    for _ in 0..2 {
        assert_eq!(recent(&staff).await, [""; 0], "nobody was opened");
        server.app.reads().flush().await;
    }
    // An opened patient is the first at once, though its audit event is written later.
    staff.get("/api/patients/1").await.expect_status(200);
    assert_eq!(recent(&staff).await, ["Ana"]);
    let change = json!({"city": "Boston"});
    let change = staff.request(reqwest::Method::PATCH, "/api/patients/2").json(&change);
    staff.send(change.header("if-match", "*")).await.expect_status(200);
    assert_eq!(recent(&staff).await, ["Ben", "Ana"]);
    let visit = json!({"patient": 3, "reason": "Fever"});
    staff.post("/api/visits", visit).await.expect_status(201);
    assert_eq!(recent(&staff).await, ["Cem", "Ben", "Ana"]);
    let assignment = json!({"patient": 1, "doctor": 1});
    staff.post("/api/assignments", assignment).await.expect_status(201);
    assert_eq!(recent(&staff).await, ["Ana", "Cem", "Ben"]);
    staff.get("/api/patients/2/history").await.expect_status(200);
    assert_eq!(recent(&staff).await, ["Ben", "Ana", "Cem"]);
    staff.get("/api/patients/3").await.expect_status(200);
    staff.get("/api/patients/9").await.expect_status(404);
    for _ in 0..2 {
        assert_eq!(recent(&staff).await, ["Cem", "Ben", "Ana"]);
        server.app.reads().flush().await;
    }
    // A visit that was entered for a wrong patient is one of the right patient.
    staff.patch("/api/visits/1", json!({"patient": 2})).await.expect_status(200);
    assert_eq!(recent(&staff).await, ["Ben", "Cem", "Ana"]);
    assert_eq!(recent(&admin).await, ["Cem", "Ben", "Ana"], "everybody has their own");
    let count = dump(&server).await.matches("patient.").count();
    recent(&staff).await;
    server.app.reads().flush().await;
    assert_eq!(dump(&server).await.matches("patient.").count(), count, "it is no read");
}

async fn recent_patients_are_few_and_only_those_that_the_caller_may_still_see(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    let names: Vec<String> = (1..=23).map(|number| format!("Nr{number:02}")).collect();
    for name in &names {
        staff.patient(json!({"first_name": name})).await;
    }
    let newest: Vec<String> = names.iter().rev().cloned().collect();
    assert_eq!(recent(&staff).await, newest[..20]);
    staff.delete("/api/patients/23").await.expect_status(204);
    let purge = admin.request(reqwest::Method::POST, "/api/patients/22/purge");
    let purge = purge.header("if-match", "*").json(&json!({"reason": "a trial"}));
    admin.send(purge).await.expect_status(204);
    assert_eq!(recent(&staff).await, newest[2..22]);
    let typed = typed(&admin, "").await;
    assert!(!typed.text.contains("Nr22"), "{}", typed.text);
    staff.post("/api/patients/23/restore", json!({})).await.expect_status(200);
    assert_eq!(recent(&staff).await[..2], [newest[0].as_str(), newest[2].as_str()]);
}

async fn a_linked_account_sees_its_recent_patients_as_long_as_the_link_lasts(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for name in ["Ana", "Ben"] {
        admin.patient(json!({"first_name": name})).await;
    }
    let body = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    admin.post("/api/doctors", body).await.expect_status(201);
    for patient in [1, 2] {
        let body = json!({"patient": patient, "doctor": 1});
        admin.post("/api/assignments", body).await.expect_status(201);
    }
    let doctor = server.somebody(Role::Doctor, "johnson@example.com").await;
    let user = doctor.get("/api/auth/profile").await.body["id"].clone();
    let link = admin.request(reqwest::Method::PUT, "/api/doctors/1/user");
    admin.send(link.header("if-match", "*").json(&json!({"user": user}))).await.expect_status(200);
    doctor.patient(json!({"first_name": "Own"})).await;
    for id in [1, 2] {
        doctor.get(&format!("/api/patients/{id}")).await.expect_status(200);
    }
    assert_eq!(recent(&doctor).await, ["Ben", "Ana", "Own"]);
    admin.delete("/api/assignments/2").await.expect_status(204);
    assert_eq!(recent(&doctor).await, ["Ana", "Own"]);
    let unlink = admin.request(reqwest::Method::DELETE, "/api/doctors/1/user");
    admin.send(unlink.header("if-match", "*")).await.expect_status(204);
    assert_eq!(recent(&doctor).await, ["Own"]);
}

async fn what_a_program_opens_is_recent_for_its_owner(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    admin.patient(json!({"first_name": "Ana"})).await;
    let body = json!({"name": "Nightly export", "scopes": ["read"]});
    let token = staff.post("/api/auth/tokens", body).await.expect_status(201).body;
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    program.get("/api/patients/1").await.expect_status(200);
    for client in [&program, &staff] {
        assert_eq!(recent(client).await, ["Ana"]);
    }
}

async fn a_result_tells_which_of_its_parts_match(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let part = |field: &str, from: i64, to: i64| json!({"field": field, "from": from, "to": to});
    for (text, expected) in [
        ("p 000-001 b", vec![part("mrn", 0, 8)]),
        ("#1", vec![part("id", 0, 1)]),
        (
            "1989-05 gom",
            vec![part("last_name", 0, 3), part("date_of_birth", 0, 7), part("full_name", 5, 8)],
        ),
        ("jose.g@", vec![part("email", 0, 7)]),
        ("ab12345", vec![part("identifiers[0].value", 0, 9)]),
        ("4567", vec![part("phone_number", 13, 17)]),
        (
            "heart sar",
            vec![part("first_name", 0, 3), part("clinic_name", 0, 5), part("full_name", 0, 3)],
        ),
        ("md-1", vec![part("license_number", 0, 4)]),
        ("cardio", vec![part("specialization", 0, 6)]),
        ("joh bos", vec![part("last_name", 0, 3), part("city", 0, 3), part("full_name", 6, 9)]),
    ] {
        let found = found(&staff, text).await;
        assert_eq!(found["results"][0]["matched"], json!(expected), "{text}");
        assert!(found["results"][0]["record"].get("matched").is_none(), "{text}");
    }
}

/// Many people, so that all are found by the index.
async fn crowd(client: &Client) {
    for number in 0..120 {
        let (last_name, born) = (format!("Rey{number}"), (1900 + number).to_string());
        client.patient(json!({"last_name": last_name, "date_of_birth": born})).await;
    }
}

/// The names and the reasons of the results.
async fn named(client: &Client, text: &str) -> Vec<(String, String)> {
    let found = found(client, text).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let results = found["results"].as_array().unwrap().iter();
    results.map(|it| (text(&it["record"]["full_name"]), text(&it["why"]))).collect()
}

async fn people_of_other_spelling_follow_where_few_are_found(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    crowd(&staff).await;
    for (first_name, last_name, born) in [
        ("Ana María", "González-Soto", "1989-05-04"),
        ("Ana", "Gonzales", "1970-01-02"),
        ("Berta", "González", "1955-12-31"),
    ] {
        let person =
            json!({"first_name": first_name, "last_name": last_name, "date_of_birth": born});
        staff.patient(person).await;
    }
    let of = |names: &[(&str, &str)]| {
        let own = |(name, why): &(&str, &str)| ((*name).to_owned(), (*why).to_owned());
        names.iter().map(own).collect::<Vec<_>>()
    };
    let (ana, other) = ("Ana María González-Soto", "Ana Gonzales");
    // A typing error, behind the first letters and in them, in any order.
    for typed in ["gonzalez ana", "Ana González"] {
        let expected = of(&[(ana, "name"), (other, "similar")]);
        assert_eq!(named(&staff, typed).await, expected, "{typed}");
    }
    assert_eq!(named(&staff, "ana gonzalet").await, of(&[(ana, "similar"), (other, "similar")]));
    for typed in [
        "ana gonzalex 1989-05-04",
        "Gnozalez Ana 1989-05-04",
        "ana gonzalez 1989-04-05",
        "anna rey maria 1989-05-04",
        "ana de la torre 1989-05",
    ] {
        let expected = match typed {
            "anna rey maria 1989-05-04" | "ana de la torre 1989-05" => Vec::new(),
            _ => of(&[(ana, "similar")]),
        };
        assert_eq!(named(&staff, typed).await, expected, "{typed}");
    }
    // Another last name beside the same date of birth.
    assert_eq!(named(&staff, "ana torre 1989-05-04").await, of(&[(ana, "similar")]));
    let found = found(&staff, "ana torre 1989-05-04").await;
    assert_eq!(found["results"][0].get("matched"), None);
    assert_eq!(found["results"][0]["record"]["withheld"], json!(["allergies", "medical_history"]));
    for typed in ["ana torre", "ana torre 1989-05-14", "4567", "a@example.com", "go"] {
        let all = named(&staff, typed).await;
        assert!(all.iter().all(|(_, why)| why != "similar"), "{typed}: {all:?}");
    }
    // Where there are five, nobody else follows.
    for number in 0..3 {
        staff
            .patient(json!({"first_name": "Ana", "last_name": format!("González {number}")}))
            .await;
    }
    let whys = |found: Vec<(String, String)>| found.into_iter().map(|(_, why)| why);
    assert_eq!(whys(named(&staff, "gonzalez").await).filter(|why| why == "similar").count(), 0);
}

async fn nobody_is_found_by_another_spelling_who_may_not_be_seen(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, owner) = (server.staff().await, server.member("owner@example.com").await);
    crowd(&owner).await;
    staff.patient(json!({"first_name": "Ana", "last_name": "González"})).await;
    assert_eq!(named(&owner, "ana gonzales").await, []);
    assert_eq!(named(&staff, "ana gonzales").await.len(), 1);
    staff.delete("/api/patients/121").await.expect_status(204);
    assert_eq!(named(&staff, "ana gonzales").await, []);
}
