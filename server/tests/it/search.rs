//! Finding patients: search, filters, orderings and pages.

use reqwest::Method;
use serde_json::{Value, json};
use server::{domain::accounts::users, sample};
use shared::{
    PartialDate, Patch,
    patient::{NewPatient, PatientInput},
    text::{digits, fold_word, name_words},
};

use crate::{
    beside::Beside,
    harness::{Backend, Client, Server, on_both},
    mail::sql,
};

on_both! {
    every_word_must_match_without_case_or_accents,
    best_matches_come_first,
    a_mistyped_record_number_gets_its_own_error,
    rows_of_a_search_tell_which_of_their_parts_match,
    the_matched_parts_of_a_row_can_be_sent_back,
    filters_restrict_and_combine,
    a_search_is_ordered_as_asked_for_whether_few_or_many_match,
    lists_are_ordered_by_each_of_their_fields,
    pages_and_cursors_return_every_row_once,
    cursors_stay_in_place_when_rows_come_and_go,
    a_search_by_pages_by_cursors_and_for_an_owner_has_the_same_rows,
    what_a_change_outdates_is_no_longer_found,
    patients_from_before_the_index_of_terms_are_found,
}

async fn found(client: &Client, search: &str) -> Vec<String> {
    let request = client.request(Method::GET, "/api/patients").query(&[("search", search)]);
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
    staff
        .patient(json!({"first_name": "María José", "last_name": "Núñez-O'Brien de la Cruz"}))
        .await;
    let maria = ["María José Núñez-O'Brien de la Cruz"];
    for search in [
        "o'brien nunez",
        "obrien mar",
        "delacruz",
        "nunezobrien",
        "mariajose de",
        "la cr",
        "jose cruz",
    ] {
        assert_eq!(found(&staff, search).await, maria, "{search}");
    }
    for search in ["gomez siobhan", "omez", "567", "%", "_", "\\", "'", "gomez %", "1991"] {
        assert_eq!(found(&staff, search).await, Vec::<String>::new(), "{search}");
    }
    assert_eq!(found(&staff, "").await.len(), 4);
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
    let request = client.request(Method::GET, path).query(&[("search", search)]);
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

async fn a_search_is_ordered_as_asked_for_whether_few_or_many_match(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let actor = users::act_as(&server.app, "staff@example.com").await.unwrap();
    // Twelve hundred match one word, and every hundredth of them another one too.
    let person = |i: usize| {
        let first_name = Patch::Value(if i.is_multiple_of(100) { "Zoe" } else { "Ana" }.to_owned());
        let last_name = Patch::Value(format!("Mar{:04}", i * 7_919 % 10_000));
        NewPatient::from(PatientInput { first_name, last_name, ..PatientInput::default() })
    };
    sample::register(&server.app, &actor, (0..1_200).map(person)).await.unwrap();
    let id = |row: &Value| row["id"].as_i64().unwrap();
    for (typed, expected) in [
        ("mar", (1..=1_200).collect::<Vec<i64>>()),
        ("mar zoe", (0..12).map(|i| i * 100 + 1).collect()),
    ] {
        for ordering in ["id", "-id", "last_name", "-last_name"] {
            let address = format!("/api/patients?search={typed}&ordering={ordering}&page_size=100");
            let (mut pages, mut back) = (Vec::new(), Vec::new());
            let mut page = staff.get(&address).await.expect_status(200);
            let count = (page.body["count"].clone(), page.body["count_capped"] == true);
            let (number, is_capped) = (json!(expected.len().min(1_000)), expected.len() > 1_000);
            assert_eq!(count, (number, is_capped), "{address}");
            loop {
                pages.push(page.results().to_vec());
                let Some(next) = page.body["next"].as_str() else { break };
                page = staff.get(next).await.expect_status(200);
            }
            loop {
                back.push(page.results().to_vec());
                let Some(previous) = page.body["previous"].as_str() else { break };
                page = staff.get(previous).await.expect_status(200);
            }
            back.reverse();
            let rows = pages.concat();
            assert_eq!(back.concat().len(), rows.len(), "{address}");
            assert!(back.concat().iter().map(id).eq(rows.iter().map(id)), "{address}");
            let ids: Vec<_> = rows.iter().map(id).collect();
            let mut sorted = ids.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected, "{address}");
            let name = |row: &Value| row["last_name"].as_str().unwrap().to_owned();
            let names: Vec<_> = rows.iter().map(name).collect();
            match ordering {
                "last_name" => assert!(names.is_sorted(), "{address}"),
                "-last_name" => assert!(names.iter().rev().is_sorted(), "{address}"),
                "-id" => assert!(ids.iter().rev().is_sorted(), "{address}"),
                _ => assert!(ids.is_sorted(), "{address}"),
            }
            assert!(rows.iter().all(|row| !row["matched"].as_array().unwrap().is_empty()));
        }
    }
    let page = "/api/patients?search=mar&ordering=id&page=12&page_size=100";
    let page = staff.get(page).await.expect_status(200);
    assert!(page.results().iter().map(id).eq(1_101..=1_200));
    staff
        .get("/api/patients?search=mar&ordering=id&page=13&page_size=100")
        .await
        .expect_status(404);
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

/// All ids of a list, from page to page and back again, each with the count that its page tells.
async fn walked(client: &Client, search: &str) -> (Vec<i64>, Vec<i64>) {
    let address = format!("/api/patients?page_size=7&search={search}");
    let mut page = client.get(&address).await.expect_status(200);
    let ids = |page: &crate::harness::Answer| -> Vec<i64> {
        page.results().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let (mut there, mut back) = (Vec::new(), Vec::new());
    loop {
        there.extend(ids(&page));
        let Some(next) = page.body["next"].as_str() else { break };
        page = client.get(next).await.expect_status(200);
    }
    loop {
        let mut part = ids(&page);
        part.extend(back);
        back = part;
        let Some(previous) = page.body["previous"].as_str() else { break };
        page = client.get(previous).await.expect_status(200);
    }
    (there, back)
}

async fn a_search_by_pages_by_cursors_and_for_an_owner_has_the_same_rows(backend: Backend) {
    let server = Server::start(backend).await;
    let member = server.member("member@example.com").await;
    sample::create(&server.app, 400).await.unwrap();
    let staff = server.staff().await;
    let all: Vec<Value> = {
        let mut rows = Vec::new();
        for page in 1..=4 {
            let path = format!("/api/patients?page_size=100&page={page}");
            rows.extend(staff.get(&path).await.expect_status(200).results().to_vec());
        }
        rows
    };
    let own = member.get("/api/auth/profile").await.body["id"].clone();
    let given = format!("UPDATE patients SET created_by = {own}");
    Beside::connect(&server.place.database_url).await.execute(&given).await;
    let matches = |row: &Value, word: &str| {
        let name = row["full_name"].as_str().unwrap();
        let words = name_words(row["first_name"].as_str().unwrap_or_default());
        let last = name_words(row["last_name"].as_str().unwrap_or_default());
        let email = row["email"].as_str().unwrap_or_default().to_lowercase();
        let born = row["date_of_birth"].as_str().unwrap_or_default();
        let phone = digits(row["phone_number"].as_str().unwrap_or_default());
        let identifiers = row["identifiers"].as_array().unwrap().iter();
        let mut identifiers = identifiers.map(|it| fold_word(it["value"].as_str().unwrap()));
        let is_last = (4..=10).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        words.iter().chain(&last).any(|it| it.starts_with(word))
            || email.starts_with(word)
            || (PartialDate::parse(word).is_ok() && born.starts_with(word))
            || (word.len() >= 3 && is_last && phone.starts_with(word))
            || (is_last && phone.ends_with(word))
            || identifiers.any(|it| it.starts_with(word))
            || name.is_empty()
    };
    for search in ["m", "ma", "mar", "a+m", "ma+s", "an+19", "1985", "1985+m", "m+a+s", "m+1985-0"]
    {
        let words: Vec<&str> = search.split('+').collect();
        let mut expected: Vec<i64> = all
            .iter()
            .filter(|row| words.iter().all(|word| matches(row, word)))
            .map(|row| row["id"].as_i64().unwrap())
            .collect();
        let (there, back) = walked(&staff, search).await;
        assert_eq!(there, back, "{search} backwards");
        let (owned, _) = walked(&member, search).await;
        assert_eq!(there, owned, "{search} of an owner");
        let by_page = staff.get(&format!("/api/patients?page_size=7&page=2&search={search}")).await;
        if let Some(second) = there.chunks(7).nth(1) {
            let rows = by_page.expect_status(200).results().to_vec();
            assert_eq!(
                rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>(),
                second
            );
        }
        let page = staff.get(&format!("/api/patients?search={search}")).await.expect_status(200);
        let count = page.body["count"].as_u64().unwrap();
        let is_capped = page.body["count_capped"] == true;
        assert!(
            is_capped || count == expected.len() as u64,
            "{search}: {count} of {}",
            expected.len()
        );
        assert!(!is_capped || words.len() > 1, "{search} has few results");
        let mut found = there.clone();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{search}");
    }
}

/// The entries of the index that belong to no term of their patient, with the terms that have none.
const ASTRAY: &str = "SELECT count(*) FROM patient_terms t WHERE NOT EXISTS (SELECT 1 FROM patients p \
    WHERE p.id = t.patient_id AND p.sort_name = t.sort_name \
    AND (t.term LIKE '-%') = (p.archived_at IS NOT NULL))";

async fn what_a_change_outdates_is_no_longer_found(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ana = json!({"first_name": "Ana", "last_name": "Soto", "email": "ana@example.com"});
    let path = format!("/api/patients/{}", admin.patient(ana).await["id"]);
    let entries = "SELECT count(*) FROM patient_terms";
    let before = sql(&server.place, entries).await;
    admin.patch(&path, json!({"email": "rey@example.com"})).await.expect_status(200);
    assert_eq!(found(&admin, "ana@example.com").await, Vec::<String>::new());
    assert_eq!(sql(&server.place, entries).await, before);
    admin.patch(&path, json!({"last_name": "Rey"})).await.expect_status(200);
    for search in ["rey ana", "rey@example.com rey", "ana", "soto", "ana soto"] {
        assert_eq!(found(&admin, search).await, ["Ana Rey"], "{search}");
    }
    let before = sql(&server.place, entries).await;
    assert_eq!(sql(&server.place, ASTRAY).await, 0);
    admin.post(&format!("{path}/archive"), json!({})).await.expect_status(200);
    assert_eq!(found(&admin, "rey ana").await, Vec::<String>::new());
    let archived = admin.get("/api/patients?archived=true&search=rey+ana").await;
    assert_eq!(archived.expect_status(200).names(), ["Ana Rey"]);
    assert_eq!(sql(&server.place, ASTRAY).await, 0);
    admin.post(&format!("{path}/restore"), json!({})).await.expect_status(200);
    assert_eq!(found(&admin, "rey ana").await, ["Ana Rey"]);
    assert_eq!(sql(&server.place, entries).await, before);
    assert_eq!(sql(&server.place, ASTRAY).await, 0);
    // An earlier version of the program has made other terms.
    let mut beside = Beside::connect(&server.place.database_url).await;
    for change in [
        "DELETE FROM patient_terms",
        "UPDATE patients SET terms = 'nearlier'",
        "INSERT INTO patient_terms (term, sort_name, patient_id, shared) \
         SELECT 'nearlier', sort_name, id, 0 FROM patients",
    ] {
        beside.execute(change).await;
    }
    drop(beside);
    assert_eq!(found(&admin, "earlier").await, ["Ana Rey"]);
    admin.patch(&path, json!({"email": "gil@example.com"})).await.expect_status(200);
    assert_eq!(found(&admin, "earlier").await, Vec::<String>::new());
    assert_eq!(found(&admin, "ana gil@example.com").await, ["Ana Rey"]);
    assert_eq!(sql(&server.place, entries).await, before);
    let purging = json!({"reason": "asked for it"});
    admin.post(&format!("{path}/purge"), purging).await.expect_status(204);
    assert_eq!(sql(&server.place, entries).await, 0);
}

async fn patients_from_before_the_index_of_terms_are_found(backend: Backend) {
    let server = Server::start(backend).await;
    sample::create(&server.app, 30).await.unwrap();
    let staff = server.staff().await;
    let archive = staff.request(Method::POST, "/api/patients/3/archive").header("if-match", "*");
    staff.send(archive.json(&json!({}))).await.expect_status(200);
    let entries = "SELECT count(*) FROM patient_terms";
    let before = sql(&server.place, entries).await;
    let everybody = walked(&staff, "m").await;
    let mut beside = Beside::connect(&server.place.database_url).await;
    for change in [
        "DELETE FROM patient_terms",
        "UPDATE patients SET terms = ''",
        "INSERT INTO terms_to_write (after_id) VALUES (0)",
    ] {
        beside.execute(change).await;
    }
    drop(beside);
    let _twin = server.twin().await;
    assert_eq!(sql(&server.place, entries).await, before);
    assert_eq!(sql(&server.place, ASTRAY).await, 0);
    assert_eq!(sql(&server.place, "SELECT count(*) FROM terms_to_write").await, 0);
    assert_eq!(walked(&staff, "m").await, everybody);
}
