//! Reading the audit log.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::{
    beside::Beside,
    harness::{Answer, Backend, Client, Server, on_both},
    mail::eventually,
};

on_both! {
    only_administrators_read_the_log,
    an_entry_says_who_what_when_and_from_where,
    filters_restrict_and_combine,
    pages_return_every_entry_once,
    reading_the_log_is_noted_once_a_request,
    a_moment_of_many_reads_is_noted_in_their_order,
    every_combination_of_filters_uses_an_index,
}

/// Executes statements directly on the database.
pub(crate) async fn execute(server: &Server, statements: &[&str]) {
    for statement in statements {
        fetch(server, statement).await;
    }
}

/// The first column of a statement's result, read directly from the database.
pub(crate) async fn fetch(server: &Server, statement: &str) -> Vec<String> {
    let mut connection = Beside::connect(&server.place.database_url).await;
    // The text of a plan is in the last column.
    let is_sqlite = matches!(connection, Beside::Sqlite(_));
    let rows = connection.rows(statement).await.into_iter();
    let text = |row: Vec<Option<String>>| match is_sqlite {
        true => row.into_iter().next_back().flatten(),
        false => row.into_iter().next().flatten(),
    };
    rows.map(|row| text(row).unwrap()).collect()
}

async fn log(admin: &Client, query: &str) -> Answer {
    admin.get(&format!("/api/audit?{query}")).await.expect_status(200)
}

fn actions(answer: &Answer) -> Vec<&str> {
    answer.results().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

async fn only_administrators_read_the_log(backend: Backend) {
    let server = Server::start(backend).await;
    for (role, status) in [
        (Role::Member, 403),
        (Role::Patient, 403),
        (Role::Doctor, 403),
        (Role::Staff, 403),
        (Role::Admin, 200),
    ] {
        let client = server.somebody(role, &format!("{role}@example.com")).await;
        client.get("/api/audit").await.expect_status(status);
        client.get("/api/audit?actor=1&from=2026-01-01T00:00:00Z").await.expect_status(status);
    }
    server.nobody().get("/api/audit").await.expect_status(401);
}

async fn an_entry_says_who_what_when_and_from_where(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let staff = server.staff().await;
    let created =
        staff.request(Method::POST, "/api/patients").header("x-request-id", "request-0001");
    let created = created.json(&json!({"first_name": "Ana", "city": "Boston"}));
    staff.send(created).await.expect_status(201);
    staff.post("/api/patients/1/archive", json!({"reason": "Moved away"})).await.expect_status(200);
    let answer = log(&admin, "entity=patient&entity_id=1").await;
    assert_eq!(actions(&answer), ["patient.archived", "patient.created"]);
    let [archived, created] = answer.results() else { panic!("{}", answer.text) };
    assert_eq!((&archived["reason"], &archived["version"]), (&json!("Moved away"), &json!(2)));
    assert_eq!(created["actor_username"], "staff");
    assert_eq!((&created["actor_role"], &created["token"]), (&json!("staff"), &json!(null)));
    assert_eq!(
        (&created["address"], &created["request_id"]),
        (&json!("127.0.0.1"), &json!("request-0001"))
    );
    let city = json!({"field": "city", "old": null, "new": "Boston"});
    assert!(created["changes"].as_array().unwrap().contains(&city), "{created}");
    let purge = admin.request(Method::POST, "/api/patients/1/purge").header("if-match", "*");
    admin.send(purge.json(&json!({"reason": "Asked for"}))).await.expect_status(204);
    let purged = log(&admin, "entity=patient&entity_id=1").await;
    assert_eq!(actions(&purged)[0], "patient.purged");
    assert!(!purged.text.contains("Boston"), "{}", purged.text);
    let wrong = json!({"email": "staff@example.com", "password": "wrong"});
    server.nobody().post("/api/auth/login", wrong).await.expect_status(401);
    let failed = log(&admin, "action=auth.login_failed").await;
    assert_eq!(
        (&failed.results()[0]["actor"], &failed.results()[0]["actor_role"]),
        (&json!(null), &json!(null))
    );
}

async fn filters_restrict_and_combine(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let admin = server.admin().await;
    let staff = server.staff().await;
    let id = staff.get("/api/auth/profile").await.body["id"].clone();
    let mut times = Vec::new();
    for i in 0..3 {
        server.app.clock().advance(chrono::TimeDelta::minutes(10));
        times.push(server.app.clock().now());
        let client = if i == 1 { &admin } else { &staff };
        client.patient(json!({"first_name": "Ana"})).await;
    }
    let count = async |query: &str| log(&admin, query).await.body["count"].as_i64().unwrap();
    let at = |i: usize| times[i].to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    assert_eq!(count("action=patient.created").await, 3);
    assert_eq!(count(&format!("action=patient.created&actor={id}")).await, 2);
    assert_eq!(count(&format!("entity=patient&actor={id}&action=patient.created")).await, 2);
    assert_eq!(count("entity=patient&entity_id=2").await, 1);
    assert_eq!(count(&format!("entity=patient&entity_id=2&actor={id}")).await, 0);
    assert_eq!(count("action=patient").await, 0);
    // `from` includes its moment, `to` does not.
    assert_eq!(count(&format!("entity=patient&from={}&to={}", at(0), at(2))).await, 2);
    assert_eq!(count(&format!("entity=patient&from={}", at(1))).await, 2);
    assert_eq!(count(&format!("entity=patient&to={}", at(0))).await, 0);
    let zoned = times[1].with_timezone(&chrono::FixedOffset::east_opt(3_600).unwrap());
    let zoned = zoned.to_rfc3339_opts(chrono::SecondsFormat::Micros, false).replace('+', "%2B");
    assert_eq!(count(&format!("entity=patient&from={zoned}")).await, 2);
    assert_eq!(count(&format!("entity=patient&from={}&to={}", at(2), at(0))).await, 0);
    for (query, field) in [
        ("entity_id=1", "entity"),
        ("entity=patient&entity_id=0", "entity_id"),
        ("actor=ana", "actor"),
        ("from=2026-11-20", "from"),
        ("to=now", "to"),
        ("cursor=x", "cursor"),
        ("page=501", "page"),
        ("ordering=at", "ordering"),
    ] {
        let answer = admin.get(&format!("/api/audit?{query}")).await.expect_status(400);
        answer.field_errors(field);
    }
}

async fn pages_return_every_entry_once(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let admin = server.admin().await;
    for i in 0..23 {
        // Several events at the same moment.
        server.app.clock().advance(chrono::TimeDelta::seconds(i64::from(i % 4 == 0)));
        admin.patient(json!({"first_name": "Ana"})).await;
    }
    let all = log(&admin, "entity=patient&page_size=100").await.results().to_vec();
    assert_eq!(all.len(), 23);
    let ids: Vec<i64> = all.iter().map(|entry| entry["entity_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=23).rev().collect::<Vec<_>>());
    let (mut rows, mut previous) = (Vec::new(), Value::Null);
    let mut address = "/api/audit?entity=patient&page_size=7".to_owned();
    loop {
        let page = admin.get(&address).await.expect_status(200);
        rows.extend(page.results().to_vec());
        previous =
            if page.body["previous"].is_null() { previous } else { page.body["previous"].clone() };
        let Some(next) = page.body["next"].as_str() else { break };
        address = next.to_owned();
        // New events do not move the pages.
        admin.patient(json!({"first_name": "Later"})).await;
    }
    assert_eq!(rows, all);
    let back = admin.get(previous.as_str().unwrap()).await.expect_status(200);
    assert_eq!(back.results(), &all[14..21]);
    let by_number = log(&admin, "entity=patient&page_size=7&page=2").await;
    assert_eq!(by_number.results().len(), 7);
}

async fn reading_the_log_is_noted_once_a_request(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for _ in 0..3 {
        log(&admin, "entity=user").await;
    }
    server.app.reads().flush().await;
    let read = log(&admin, "action=audit.read").await;
    assert_eq!(read.body["count"], 3, "{}", read.text);
    let entry = &read.results()[0];
    assert_eq!((&entry["entity"], &entry["entity_id"]), (&json!("audit"), &json!(null)));
    assert_eq!(entry["actor_username"], "admin");
    admin.get("/api/audit?page=0").await.expect_status(400);
    server.app.reads().flush().await;
    assert_eq!(log(&admin, "action=audit.read").await.body["count"], 4);
}

/// The plans of the list's queries on many rows. None may scan the whole log.
async fn a_moment_of_many_reads_is_noted_in_their_order(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for name in ["Ana", "Ben", "Cyd"] {
        staff.patient(json!({"first_name": name})).await;
    }
    // More than one statement takes.
    let read: Vec<String> = (0..100).map(|i| (i * i % 3 + 1).to_string()).collect();
    for id in &read {
        staff.get(&format!("/api/patients/{id}")).await.expect_status(200);
    }
    let noted = "SELECT CAST(entity_id AS TEXT) FROM audit_log WHERE action = 'patient.read' \
                 AND entity = 'patient' AND actor_name IS NOT NULL AND values_hash IS NULL ORDER BY id";
    let noted = eventually(async || {
        let noted = fetch(&server, noted).await;
        (noted.len() >= read.len()).then_some(noted)
    });
    assert_eq!(noted.await, read);
}

async fn every_combination_of_filters_uses_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    server.admin().await;
    let is_sqlite = backend == Backend::Sqlite;
    let numbers = match is_sqlite {
        true => "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 20000)",
        false => "WITH g(i) AS (SELECT generate_series(1, 20000))",
    };
    let time = match is_sqlite {
        true => "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1700000000 + i * 60, 'unixepoch')",
        false => "to_timestamp(1700000000 + i * 60)",
    };
    let fill = format!(
        "{numbers} INSERT INTO audit_log (at, actor_id, actor_name, action, entity, entity_id) \
         SELECT {time}, 1, 'a', 'patient.read', 'patient', i % 500 FROM g"
    );
    let fill = if is_sqlite {
        fill.replacen(numbers, "", 1).replacen("SELECT", &format!("{numbers} SELECT"), 1)
    } else {
        fill
    };
    execute(&server, &[fill.as_str(), "ANALYZE"]).await;
    let filters = [
        "actor_id = 1",
        "action = 'patient.read'",
        "entity = 'patient'",
        "entity = 'patient' AND a.entity_id = 7",
        "at >= '2024-01-01T00:00:00+00:00'",
        "at < '2024-01-02T00:00:00+00:00'",
    ];
    for chosen in 0..1_usize << filters.len() {
        let filters = filters.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1);
        let filters: String = filters.map(|(_, filter)| format!(" AND a.{filter}")).collect();
        let explain = if is_sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
        for place in ["", " AND (a.at, a.id) < ('2024-01-01T12:00:00+00:00', 9000)"] {
            let plan = fetch(
                &server,
                &format!(
                    "{explain} SELECT a.id, a.address, v.content FROM audit_log a \
                 LEFT JOIN audit_values v ON v.audit_id = a.id WHERE 1 = 1{filters}{place} \
                 ORDER BY a.at DESC, a.id DESC LIMIT 21"
                ),
            )
            .await
            .join("\n");
            assert!(!plan.contains("Seq Scan on audit_log"), "{filters}\n{plan}");
            assert!(
                plan.contains(if is_sqlite { "USING INDEX" } else { "Index" }),
                "{filters}\n{plan}"
            );
            let is_scan =
                plan.lines().any(|line| line.starts_with("SCAN a") && !line.contains("INDEX"));
            assert!(!is_scan, "{filters}\n{plan}");
            // Only the few events of one record may be sorted.
            let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
            assert!(!sorts || filters.contains("entity_id"), "{filters}\n{plan}");
        }
    }
}
