//! The quick search.

use serde_json::{Value, json};

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
    looking_up_a_record_number_notes_a_read,
    a_result_tells_which_of_its_parts_match,
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
        ("  ", "", vec![]),
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

async fn looking_up_a_record_number_notes_a_read(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    furnish(&staff).await;
    let readings = async || {
        server.app.reads().flush().await;
        dump(&server).await.matches("patient.read").count()
    };
    found(&staff, "ana").await;
    found(&staff, "P0000").await;
    assert_eq!(readings().await, 0);
    found(&staff, "#1").await;
    assert_eq!(readings().await, 1);
    found(&staff, "p-000001-b").await;
    assert_eq!(readings().await, 2);
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
