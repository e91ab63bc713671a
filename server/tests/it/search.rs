//! Finding patients: search, filters, orderings and pages.

use serde_json::{Value, json};

use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    every_word_must_match_without_case_or_accents,
    best_matches_come_first,
    a_mistyped_record_number_gets_its_own_error,
    rows_of_a_search_tell_which_of_their_parts_match,
    the_matched_parts_of_a_row_can_be_sent_back,
    filters_restrict_and_combine,
    lists_are_ordered_by_each_of_their_fields,
    pages_and_cursors_return_every_row_once,
    cursors_stay_in_place_when_rows_come_and_go,
}

async fn found(client: &Client, search: &str) -> Vec<String> {
    let request =
        client.request(reqwest::Method::GET, "/api/patients").query(&[("search", search)]);
    let answer = client.send(request).await.expect_status(200);
    answer.names().into_iter().map(str::to_owned).collect()
}

async fn every_word_must_match_without_case_or_accents(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff
        .patient(json!({
            "first_name": "José Eduardo", "last_name": "Gómez", "date_of_birth": "1989-05-25",
            "phone_number": "+1 (555) 123-4567", "email": "Jose.G@Example.com",
            "identifiers": [{"system": "insurance", "value": "AB-123 45"}],
        }))
        .await;
    staff
        .patient(
            json!({"first_name": "Siobhán", "last_name": "O'Brien-Smith", "date_of_birth": "1990"}),
        )
        .await;
    staff.patient(json!({"last_name": "Gomes"})).await;
    let jose = ["José Eduardo Gómez"];
    for search in [
        "gomez jose 1989",
        "GÓMEZ",
        "edu gom",
        "1989-05-25",
        "1989-05 jos",
        "1555123",
        "4567",
        "5551234567",
        "+1 555 123 4567",
        "123-4567",
        "jose.g@example.com",
        "jose.g",
        "ab12345",
        "AB-123",
        "p000001b",
        "P 000-001-B",
        "p000001",
        "  gómez   josé ",
    ] {
        assert_eq!(found(&staff, search).await, jose, "{search}");
    }
    for search in ["o'brien", "obrien", "smith", "siobhan", "brien smith", "Siobha\u{301}n"] {
        assert_eq!(found(&staff, search).await, ["Siobhán O'Brien-Smith"], "{search}");
    }
    for search in ["gomez siobhan", "omez", "567", "%", "_", "\\", "'", "gomez %", "1991"] {
        assert_eq!(found(&staff, search).await, Vec::<String>::new(), "{search}");
    }
    assert_eq!(found(&staff, "").await.len(), 3);
    let many = staff.get(&format!("/api/patients?search={}&cursor=x", "a+".repeat(50))).await;
    let many = many.expect_status(400);
    many.field_errors("search");
    many.field_errors("cursor");
    // A cursor that the server did not issue.
    let forged = "eyJvIjoiTmFtZWZhbHNlIiwiYiI6ZmFsc2UsImsiOnsicmFuayI6MCwidmFsdWUiOiJhXHUwMDAwYiIsImlkIjoxfX0";
    staff
        .get(&format!("/api/patients?cursor={forged}"))
        .await
        .expect_status(400)
        .field_errors("cursor");
}

async fn best_matches_come_first(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["Annabel Able", "Ann Zed", "Anna Ann", "Joann Ann", "Annika Brown"] {
        let (first, last) = name.split_once(' ').unwrap();
        staff.patient(json!({"first_name": first, "last_name": last})).await;
    }
    let expected = ["Anna Ann", "Joann Ann", "Ann Zed", "Annabel Able", "Annika Brown"];
    assert_eq!(found(&staff, "ann").await, expected);
    let mut seen = Vec::new();
    let mut page = staff.get("/api/patients?search=ann&page_size=2").await.expect_status(200);
    loop {
        seen.extend(page.names().into_iter().map(str::to_owned));
        let Some(next) = page.body["next"].as_str() else { break };
        page = staff.get(next).await.expect_status(200);
    }
    assert_eq!(seen, expected);
}

/// The matched parts of every row of a list, each as `field: part`, cut from the row's own value.
async fn matched(client: &Client, path: &str, search: &str) -> Vec<Vec<String>> {
    let request = client.request(reqwest::Method::GET, path).query(&[("search", search)]);
    let answer = client.send(request).await.expect_status(200);
    let part = |row: &Value, part: &Value| {
        let field = part["field"].as_str().unwrap();
        let at = |end: &str| usize::try_from(part[end].as_i64().unwrap()).unwrap();
        let pointer = format!("/{}", field.replace('[', "/").replace("].", "/"));
        let value = row.pointer(&pointer).unwrap().as_str().unwrap();
        let part: String = value.chars().skip(at("from")).take(at("to") - at("from")).collect();
        assert_eq!(part.chars().count(), at("to") - at("from"), "{field} of {row}");
        format!("{field}: {part}")
    };
    let parts = |row: &Value| -> Vec<String> {
        row["matched"].as_array().unwrap().iter().map(|it| part(row, it)).collect()
    };
    answer.results().iter().map(parts).collect()
}

async fn rows_of_a_search_tell_which_of_their_parts_match(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff
        .patient(json!({
            "first_name": "Jose\u{301}", "last_name": "Nu\u{301}ñez-O'Brien",
            "date_of_birth": "1989-05-25", "phone_number": "+1 (555) 123-4567",
            "email": "Nunez@Example.com", "allergies": "Nunez", "city": "Nunez",
            "identifiers": [
                {"system": "nunez", "value": "X-1"}, {"system": "insurance", "value": "(AB) 123"},
            ],
        }))
        .await;
    staff.patient(json!({"first_name": "Straße ﬁn", "last_name": "김민수"})).await;
    for (search, expected) in [
        ("nunez", vec!["last_name: Núñez", "email: Nunez", "full_name: Núñez"]),
        ("BRI jos", vec!["first_name: Jos", "last_name: Bri", "full_name: Jos", "full_name: Bri"]),
        ("núñezo", vec!["last_name: Núñez-O", "full_name: Núñez-O"]),
        ("1989-05", vec!["date_of_birth: 1989-05"]),
        ("123-4567", vec!["phone_number: 123-4567"]),
        ("1 555 12", vec!["phone_number: 1 (555) 12"]),
        ("nunez@ex", vec!["email: Nunez@Ex"]),
        ("ab12", vec!["identifiers[1].value: AB) 12"]),
        ("p000001b", vec!["mrn: P000001B"]),
        ("P0000 x1", vec!["mrn: P0000", "identifiers[0].value: X-1"]),
        (
            "strass fi",
            vec!["first_name: Straß", "first_name: ﬁ", "full_name: Straß", "full_name: ﬁ"],
        ),
        ("김민", vec!["last_name: 김민", "full_name: 김민"]),
    ] {
        for path in ["/api/patients", "/api/patients?clinical=false", "/api/patients?ordering=id"] {
            let rows = matched(&staff, path, search).await;
            let row = rows.iter().find(|row| row.concat() == expected.concat());
            assert!(row.is_some(), "{search} at {path}: {rows:?}, not {expected:?}");
        }
    }
    let doctor = json!({
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "license_number": "MD-123456", "clinic_name": "Heart Care", "city": "Boston",
        "clinic_address": "Heart street",
    });
    staff.post("/api/doctors", doctor).await.expect_status(201);
    for (search, expected) in [
        ("john", vec!["last_name: John", "full_name: John"]),
        ("card md12", vec!["specialization: Card", "license_number: MD-12"]),
        ("hea bos", vec!["clinic_name: Hea", "city: Bos"]),
    ] {
        assert_eq!(matched(&staff, "/api/doctors", search).await, [expected], "{search}");
    }
    // Members see the parts of their own patients.
    let member = server.member("m@example.com").await;
    member.patient(json!({"first_name": "Nunez"})).await;
    let own = [["first_name: Nunez", "full_name: Nunez"]];
    assert_eq!(matched(&member, "/api/patients", "nunez").await, own);
}

async fn the_matched_parts_of_a_row_can_be_sent_back(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let new = staff.patient(json!({"first_name": "Ana"})).await;
    let doctor = json!({"last_name": "Ana", "specialization": "Surgery"});
    let doctor = staff.post("/api/doctors", doctor).await.expect_status(201).body;
    for (path, created) in [("/api/patients", new), ("/api/doctors", doctor)] {
        assert!(created.get("matched").is_none());
        for unsearched in ["", "?search=", "/1"] {
            let answer = staff.get(&format!("{path}{unsearched}")).await.expect_status(200);
            assert!(!answer.text.contains("matched"), "{}", answer.text);
        }
        let row = staff.get(&format!("{path}?search=ana")).await.results()[0].clone();
        assert_eq!(row["matched"].as_array().unwrap().len(), 2);
        let sent = staff.put(&format!("{path}/1"), row.clone()).await.expect_status(200);
        assert_eq!(sent.body, staff.get(&format!("{path}/1")).await.body);
        assert_eq!((&sent.body["version"], sent.body.get("matched")), (&json!(1), None));
        staff.post(path, row).await.expect_status(400).field_errors("matched");
    }
}

async fn a_mistyped_record_number_gets_its_own_error(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let answer = staff.get("/api/patients?search=P000001C").await.expect_status(400);
    assert!(answer.field_errors("search").contains("mistyped"));
    let second = staff.get("/api/patients?search=P000001C&page=2").await.expect_status(400);
    assert!(second.field_errors("search").contains("mistyped"));
    // Where something has what was typed, its pages end as those of every list do.
    let like_one =
        json!({"first_name": "Eva", "identifiers": [{"system": "passport", "value": "P000001C"}]});
    staff.patient(like_one).await;
    assert_eq!(staff.get("/api/patients?search=P000001C").await.names(), ["Eva"]);
    staff.get("/api/patients?search=P000001C&page=2").await.expect_status(404);
}

async fn filters_restrict_and_combine(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let admin = server.admin().await;
    for body in [
        json!({"first_name": "A", "gender": "F", "city": "São Paulo", "blood_type": "A+", "date_of_birth": "1990-06-15"}),
        json!({"first_name": "B", "gender": "M", "city": "sao paulo", "date_of_birth": "1990"}),
        json!({"first_name": "C", "gender": "F", "city": "Rio", "date_of_birth": "1991-01"}),
    ] {
        staff.patient(body).await;
    }
    admin.patient(json!({"first_name": "D"})).await;
    for (query, expected) in [
        ("gender=F", vec!["A", "C"]),
        ("gender=female", vec!["A", "C"]),
        ("city=SAO+PAULO", vec!["A", "B"]),
        ("blood_type=A%2B", vec!["A"]),
        ("created_by=2", vec!["D"]),
        ("born_from=1990-07-01", vec!["B", "C"]),
        ("born_to=1990-03-01", vec!["B"]),
        ("born_from=1990-06-15&born_to=1990-06-15", vec!["A", "B"]),
        ("gender=F&city=rio", vec!["C"]),
        ("search=1990&gender=M", vec!["B"]),
    ] {
        let answer = staff.get(&format!("/api/patients?{query}")).await.expect_status(200);
        assert_eq!(answer.names(), expected, "{query}");
        assert_eq!(answer.body["count"], json!(expected.len()));
    }
}

async fn lists_are_ordered_by_each_of_their_fields(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for body in [
        json!({"first_name": "Zoe", "last_name": "adams", "date_of_birth": "1990"}),
        json!({"first_name": "Émile", "last_name": "Zola"}),
        json!({"first_name": "Ana", "last_name": "Ärzte", "date_of_birth": "1989-05-25"}),
        json!({"first_name": "Bo"}),
    ] {
        staff.patient(body).await;
    }
    staff.patch("/api/patients/2", json!({"city": "Paris"})).await.expect_status(200);
    for (ordering, ids) in [
        ("last_name", [1, 3, 4, 2]),
        ("first_name", [3, 4, 2, 1]),
        ("date_of_birth", [2, 4, 3, 1]),
        ("created_at", [1, 2, 3, 4]),
        ("updated_at", [1, 3, 4, 2]),
        ("id", [1, 2, 3, 4]),
    ] {
        for (ordering, ids) in [
            (ordering.to_owned(), ids.to_vec()),
            (format!("-{ordering}"), ids.into_iter().rev().collect()),
        ] {
            let (mut seen, mut back) = (Vec::new(), Vec::new());
            let address = format!("/api/patients?ordering={ordering}&page_size=1");
            let mut page = staff.get(&address).await.expect_status(200);
            let id = |page: &crate::harness::Answer| page.results()[0]["id"].as_i64().unwrap();
            loop {
                seen.push(id(&page));
                let Some(next) = page.body["next"].as_str() else { break };
                page = staff.get(next).await.expect_status(200);
            }
            loop {
                back.push(id(&page));
                let Some(previous) = page.body["previous"].as_str() else { break };
                page = staff.get(previous).await.expect_status(200);
            }
            back.reverse();
            assert_eq!(seen, ids, "{ordering}");
            assert_eq!(back, ids, "{ordering} backwards");
        }
    }
}

async fn pages_and_cursors_return_every_row_once(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for i in 0..45 {
        staff.patient(json!({"first_name": format!("Person {:02}", i % 7)})).await;
    }
    let first = staff.get("/api/patients").await.expect_status(200);
    assert_eq!((first.results().len(), &first.body["count"]), (20, &json!(45)));
    assert_eq!(first.body["previous"], Value::Null);
    let second = staff.get("/api/patients?page=2").await.expect_status(200);
    let following = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(second.body["results"], following.body["results"]);
    let third = staff.get("/api/patients?page=3").await.expect_status(200);
    assert_eq!((third.results().len(), &third.body["next"]), (5, &Value::Null));
    let back = staff.get(third.body["previous"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(back.body["results"], second.body["results"]);
    staff.get("/api/patients?page=4").await.expect_status(404);
    let other = first.body["next"].as_str().unwrap().replace("?", "?ordering=-id&");
    staff.get(&other).await.expect_status(400).field_errors("cursor");
}

async fn cursors_stay_in_place_when_rows_come_and_go(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["B", "C", "D", "E"] {
        staff.patient(json!({"first_name": name})).await;
    }
    let first = staff.get("/api/patients?page_size=2").await.expect_status(200);
    assert_eq!(first.names(), ["B", "C"]);
    staff.patient(json!({"first_name": "A"})).await;
    staff.delete("/api/patients/2").await.expect_status(204);
    let next = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(next.names(), ["D", "E"]);
}
