//! Live changes: who receives which events, when, and that no event is lost.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::{
    crash::program,
    harness::{Backend, Client, Server, check, on_both},
    stream::{HANG, Stream},
};

on_both! {
    a_reconnecting_client_receives_each_change_once,
    every_kind_of_write_sends_events_in_order,
    a_user_receives_only_events_of_visible_records,
    a_linked_doctor_receives_events_when_patients_come_and_go,
    an_old_or_unknown_event_id_gets_a_reset,
    old_changes_are_removed_and_newer_ones_stay,
    a_stream_ends_when_its_user_loses_access,
    streams_end_when_the_server_stops,
    one_user_has_only_so_many_streams,
    a_head_request_for_the_stream_ends_at_once,
    an_import_beside_the_server_sends_events,
    lists_can_be_filtered_by_the_time_of_the_last_change,
}

/// Transactions that take their ids before others and commit after them, as slow ones do.
async fn commit_late(
    url: String,
    patient: i64,
    owner: i64,
    started: tokio::sync::oneshot::Sender<()>,
) {
    use sqlx::{Connection, Executor};
    let mut open = Vec::new();
    for version in 0..20 {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        let insert = format!(
            "INSERT INTO changes (event, entity, entity_id, version, patient_id, owner_id, at) \
             VALUES ('patient.updated', 'patient', {patient}, {}, {patient}, {owner}, now())",
            1_000 + version
        );
        connection.execute(sqlx::AssertSqlSafe(insert)).await.unwrap();
        open.push(connection);
    }
    started.send(()).unwrap();
    for mut connection in open.into_iter().rev() {
        tokio::time::sleep(Duration::from_millis(120)).await;
        connection.execute("COMMIT").await.unwrap();
    }
}

/// Registers a patient and changes the record. Returns its id.
async fn write(client: &Client, writes: usize) -> i64 {
    let created = client.patient(json!({"first_name": "Ana"})).await;
    let id = created["id"].as_i64().unwrap();
    for write in 1..writes {
        let change = json!({"medical_history": write.to_string()});
        client.patch(&format!("/api/patients/{id}"), change).await.expect_status(200);
    }
    id
}

async fn a_reconnecting_client_receives_each_change_once(backend: Backend) {
    const WRITERS: usize = 8;
    const WRITES: usize = 125;
    let server = Server::start(backend).await;
    let twin = server.twin().await;
    let staff = server.staff().await;
    let listener = twin.log_in("staff@example.com").await;
    let slow = staff.patient(json!({"first_name": "Slow"})).await;
    let slow = slow["id"].as_i64().unwrap();
    let mut last = Stream::open(&listener, None).await.last;
    let mut expected = BTreeSet::new();
    let late = if backend == Backend::Postgres {
        expected.extend((0..20).map(|version| (slow, 1_000 + version)));
        let (started, is_started) = tokio::sync::oneshot::channel();
        let url = server.place.database_url.clone();
        let late = tokio::spawn(commit_late(url, slow, 1, started));
        is_started.await.unwrap();
        Some(late)
    } else {
        None
    };
    let writing = futures_util::future::join_all((0..WRITERS).map(|_| write(&staff, WRITES)));
    let listening = async {
        let (mut heard, mut order, mut cuts) = (Vec::new(), Vec::new(), 0);
        let total = WRITERS * WRITES + expected.len();
        while heard.len() < total {
            let mut stream = Stream::open(&listener, Some(last)).await;
            // Disconnected after a few events, in the middle of one.
            for _ in 0..(cuts * 7 % 31).min(total - heard.len()) {
                let event = stream.event().await;
                assert_ne!(event.event.as_deref(), Some("reset"));
                order.push(event.id.unwrap());
                heard.push(event.record());
            }
            last = stream.last;
            cuts += 1;
        }
        assert!(cuts > 30, "only {cuts} cuts");
        assert!(order.is_sorted_by(|a, b| a < b), "ids do not rise");
        heard
    };
    let (ids, heard) = futures_util::future::join(writing, listening).await;
    let versions = 1..=i64::try_from(WRITES).unwrap();
    for id in &ids {
        expected.extend(versions.clone().map(|version| (*id, version)));
        let own: Vec<i64> = heard.iter().filter(|(it, _)| it == id).map(|it| it.1).collect();
        assert!(own.is_sorted(), "versions of {id} out of order: {own:?}");
    }
    if let Some(late) = late {
        late.await.unwrap();
    }
    let once: BTreeSet<_> = heard.iter().copied().collect();
    assert_eq!(once.len(), heard.len(), "something was heard twice");
    assert_eq!(once, expected);
}

async fn every_kind_of_write_sends_events_in_order(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    admin.patient(json!({"first_name": "Before"})).await;
    let mut stream = Stream::open(&admin, None).await;
    let ana = admin.patient(json!({"first_name": "Ana"})).await;
    let path = format!("/api/patients/{}", ana["id"]);
    admin.patch(&path, json!({"city": "Boston"})).await.expect_status(200);
    // Nothing changes, so there is no event.
    admin.patch(&path, json!({"city": "Boston"})).await.expect_status(200);
    admin.patch(&path, json!({"age": 400})).await.expect_status(400);
    admin.get(&path).await.expect_status(200);
    admin.delete(&path).await.expect_status(204);
    admin.post(&format!("{path}/restore"), json!({})).await.expect_status(200);
    admin.post(&format!("{path}/purge"), json!({"reason": "Asked for"})).await.expect_status(204);
    let events = ["created", "updated", "archived", "restored", "purged"];
    let expected: Vec<String> =
        (1..).zip(events).map(|(v, it)| format!("patient.{it} 2 v{v}")).collect();
    assert_eq!(stream.lines(5).await, expected);
}

async fn a_user_receives_only_events_of_visible_records(backend: Backend) {
    let server = Server::start(backend).await;
    let (admin, ana, ben) = (
        server.admin().await,
        server.member("ana@example.com").await,
        server.member("ben@example.com").await,
    );
    let mut all = Stream::open(&admin, None).await;
    let mut anas = Stream::open(&ana, None).await;
    let mut bens = Stream::open(&ben, None).await;
    let from = bens.last;
    ana.patient(json!({"first_name": "One"})).await;
    ben.patient(json!({"first_name": "Two"})).await;
    ana.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    let reason = json!({"reason": "Asked for"});
    let purge = admin.request(Method::POST, "/api/patients/1/purge").header("if-match", "*");
    admin.send(purge.json(&reason)).await.expect_status(204);
    ben.patch("/api/patients/2", json!({"city": "Boston"})).await.expect_status(200);
    let of_ana = ["patient.created 1 v1", "patient.updated 1 v2", "patient.purged 1 v3"];
    let of_ben = ["patient.created 2 v1", "patient.updated 2 v2"];
    assert_eq!(anas.lines(3).await, of_ana);
    assert_eq!(bens.lines(2).await, of_ben);
    let everything = [of_ana[0], of_ben[0], of_ana[1], of_ana[2], of_ben[1]];
    assert_eq!(all.lines(5).await, everything);
    // The same later, from a stored position.
    assert_eq!(Stream::open(&ana, Some(from)).await.lines(3).await, of_ana);
    assert_eq!(Stream::open(&ben, Some(from)).await.lines(2).await, of_ben);
    assert_eq!(Stream::open(&admin, Some(from)).await.lines(5).await, everything);
    let refused = server.nobody().get("/api/events").await.expect_status(401);
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
}

async fn a_linked_doctor_receives_events_when_patients_come_and_go(backend: Backend) {
    let server = Server::start(backend).await;
    let (admin, doctor) =
        (server.admin().await, server.somebody(Role::Doctor, "johnson@example.com").await);
    for name in ["Ana", "Ben"] {
        admin.patient(json!({"first_name": name})).await;
    }
    for name in ["Johnson", "Other"] {
        let body = json!({"last_name": name, "specialization": "Cardiology"});
        admin.post("/api/doctors", body).await.expect_status(201);
    }
    let user = doctor.get("/api/auth/profile").await.body["id"].clone();
    admin.put("/api/doctors/1/user", json!({"user": user})).await.expect_status(200);
    let mut stream = Stream::open(&doctor, None).await;
    for (patient, doctor) in [(1, 2), (1, 1), (2, 1)] {
        let body = json!({"patient": patient, "doctor": doctor});
        admin.post("/api/assignments", body).await.expect_status(201);
    }
    admin.delete("/api/assignments/2").await.expect_status(204);
    admin.delete("/api/patients/2").await.expect_status(204);
    let expected = [
        "assignment.created 2 v1",
        "assignment.created 3 v1",
        "assignment.ended 2 v2",
        "assignment.ended 3 v2",
    ];
    let mut heard = stream.lines(4).await;
    // If the change is read while the patient is still assigned, the other doctor gets an event
    // too.
    heard.retain(|line| line != "assignment.created 1 v1");
    if heard.len() < expected.len() {
        heard.extend(stream.lines(expected.len() - heard.len()).await);
    }
    assert_eq!(heard, expected);
}

async fn an_old_or_unknown_event_id_gets_a_reset(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for _ in 0..3 {
        staff.patient(json!({"first_name": "Ana"})).await;
    }
    for unknown in ["4", "99999999999999999999", "-1", "abc", "", "+1", "1.0"] {
        let mut stream = Stream::open_at(&staff, Some(unknown)).await;
        let event = stream.event().await;
        assert_eq!(event.event.as_deref(), Some("reset"), "{unknown}");
        assert_eq!(stream.last, 3, "{unknown}");
    }
    server.app.clock().advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    let staff = server.log_in("staff@example.com").await;
    let seen = Stream::open(&staff, Some(1)).await.lines(2).await;
    assert_eq!(seen, ["patient.created 2 v1", "patient.created 3 v1"]);
    server.app.clock().advance(TimeDelta::minutes(2));
    let staff = server.log_in("staff@example.com").await;
    let mut stream = Stream::open(&staff, Some(1)).await;
    assert_eq!(stream.event().await.event.as_deref(), Some("reset"));
    // The stream continues after the reset. A client that has missed nothing gets no reset.
    let mut current = Stream::open(&staff, Some(3)).await;
    staff.patient(json!({"first_name": "Ana"})).await;
    assert_eq!(stream.lines(1).await, ["patient.created 4 v1"]);
    assert_eq!(current.lines(1).await, ["patient.created 4 v1"]);
    assert_eq!(Stream::open(&staff, Some(3)).await.lines(1).await, ["patient.created 4 v1"]);
}

async fn old_changes_are_removed_and_newer_ones_stay(backend: Backend) {
    let server = Server::start(backend).await;
    let place = server.place.folder.path().join("people.csv");
    std::fs::write(&place, people(1_200)).unwrap();
    let admin = server.admin().await;
    let start = Stream::open(&admin, None).await.last;
    import(&server);
    server.app.clock().advance(TimeDelta::days(7) + TimeDelta::hours(2));
    let admin = server.log_in("admin@example.com").await;
    admin.patient(json!({"first_name": "Later"})).await;
    server.app.feed().tidy(server.app.clock().now()).await.unwrap();
    for removed in [start, 700, 1_199] {
        let mut stream = Stream::open(&admin, Some(removed)).await;
        assert_eq!(stream.event().await.event.as_deref(), Some("reset"), "{removed}");
        assert_eq!(stream.last, 1_201);
    }
    let mut stream = Stream::open(&admin, Some(1_200)).await;
    assert_eq!(stream.lines(1).await, ["patient.created 1201 v1"]);
    // The numbers continue after everything is removed.
    server.app.clock().advance(TimeDelta::days(8));
    server.app.feed().tidy(server.app.clock().now()).await.unwrap();
    let admin = server.log_in("admin@example.com").await;
    let mut stream = Stream::open(&admin, Some(1_201)).await;
    admin.patient(json!({"first_name": "Last"})).await;
    assert_eq!(stream.event().await.id, Some(1_202));
}

async fn a_stream_ends_when_its_user_loses_access(backend: Backend) {
    let server = Server::start(backend).await;
    let twin = server.twin().await;
    server.admin().await;
    for (email, end) in [
        ("logout@example.com", "logout"),
        ("inactive@example.com", "deactivation"),
        ("promoted@example.com", "role"),
        ("late@example.com", "expiry"),
    ] {
        let somebody = server.member(email).await;
        let mut stream = Stream::open(&somebody, None).await;
        somebody.patient(json!({"first_name": "Ana"})).await;
        stream.event().await;
        // Through another instance if possible.
        let mut elsewhere = somebody.clone();
        elsewhere.base = twin.nobody().base;
        match end {
            "logout" => {
                elsewhere.post("/api/auth/logout", json!({})).await.expect_status(204);
            }
            "deactivation" => drop(users::deactivate(&twin.app, email).await.unwrap()),
            "role" => drop(users::set_role(&twin.app, email, Role::Staff).await.unwrap()),
            _ => server.app.clock().advance(TimeDelta::hours(2)),
        }
        stream.end().await;
    }
}

async fn streams_end_when_the_server_stops(backend: Backend) {
    let mut server = Server::start(backend).await;
    let twin = server.twin().await;
    let staff = server.staff().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(Stream::open(&staff, None).await);
    }
    let last = streams[0].last;
    server.stop();
    for stream in streams {
        stream.end().await;
    }
    // Another stream continues from the same position.
    let elsewhere = twin.log_in("staff@example.com").await;
    elsewhere.patient(json!({"first_name": "Ana"})).await;
    let mut stream = Stream::open(&elsewhere, Some(last)).await;
    assert_eq!(stream.lines(1).await, ["patient.created 1 v1"]);
}

async fn one_user_has_only_so_many_streams(backend: Backend) {
    let server = Server::start(backend).await;
    let (ana, ben) =
        (server.member("ana@example.com").await, server.member("ben@example.com").await);
    let staff = server.staff().await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(Stream::open(&staff, None).await);
    }
    staff.get("/api/events").await.expect_status(503).header("retry-after");
    for _ in 0..5 {
        streams.push(Stream::open(&ana, None).await);
    }
    ana.get("/api/events").await.expect_status(503).header("retry-after");
    Stream::open(&ben, None).await;
    ana.patient(json!({"first_name": "Ana"})).await;
    for stream in &mut streams {
        assert_eq!(stream.lines(1).await, ["patient.created 1 v1"]);
    }
    drop(streams);
    // The server notices at its next message at the latest.
    let is_free = async {
        loop {
            let request = ana.request(Method::GET, "/api/events");
            if request.send().await.unwrap().status() == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HANG, is_free).await.expect("the places of dropped streams stay taken");
}

async fn a_head_request_for_the_stream_ends_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let old = reqwest::Client::builder().no_proxy().http1_only().build().unwrap();
    let new = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    for http in [old, new] {
        let request = staff.request(Method::HEAD, "/api/events").build().unwrap();
        let head = tokio::time::timeout(HANG, http.execute(request)).await.unwrap().unwrap();
        assert_eq!(
            (head.status().as_u16(), &head.headers()["content-type"] == "text/event-stream"),
            (200, true)
        );
        let body = tokio::time::timeout(HANG, head.bytes()).await.expect("it goes on").unwrap();
        assert!(body.is_empty());
        // A finite answer to HEAD states its length and has no body.
        let request = staff.request(Method::HEAD, "/api/patients").build().unwrap();
        let head = http.execute(request).await.unwrap();
        let get = staff.get("/api/patients").await;
        assert_eq!(head.headers()["content-length"], get.text.len().to_string().as_str());
        assert!(head.bytes().await.unwrap().is_empty());
        // The same client can then open a stream.
        let request = staff.request(Method::GET, "/api/events").build().unwrap();
        let mut chunks = http.execute(request).await.unwrap().bytes_stream();
        assert!(chunks.next().await.unwrap().unwrap().starts_with(b"retry: "));
        let request = staff.request(Method::GET, "/api/events?after=1").build().unwrap();
        let refused = http.execute(request).await.unwrap();
        let (status, headers) = (refused.status(), refused.headers().clone());
        let body: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
        assert_eq!(status, 400);
        check(&Method::GET, "/api/events", status, &headers, &body);
    }
}

fn people(count: usize) -> String {
    let rows = (0..count).map(|row| format!("{row},Person,insurance:{row}\n"));
    "source_id,first_name,identifiers\n".to_owned() + &rows.collect::<String>()
}

/// Imports the prepared file on the command line, beside the server.
fn import(server: &Server) {
    let output =
        program(&server.place).args(["import", "patients", "people.csv"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn an_import_beside_the_server_sends_events(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    std::fs::write(server.place.folder.path().join("people.csv"), people(2_345)).unwrap();
    let mut stream = Stream::open(&admin, None).await;
    let importing = tokio::task::spawn_blocking(move || {
        import(&server);
        server
    });
    let mut heard = BTreeSet::new();
    while heard.len() < 2_345 {
        let event = stream.event().await;
        assert_eq!(event.event.as_deref(), Some("patient.created"));
        assert!(heard.insert(event.record()), "{event:?} twice");
    }
    assert_eq!(heard, (1..=2_345).map(|id| (id, 1)).collect());
    importing.await.unwrap();
}

async fn lists_can_be_filtered_by_the_time_of_the_last_change(backend: Backend) {
    let server = Server::start(backend).await;
    let clock = server.app.clock();
    clock.stop();
    let staff = server.staff().await;
    let mut times = Vec::new();
    for name in ["A", "B", "C"] {
        times.push(staff.patient(json!({"first_name": name})).await["updated_at"].clone());
        clock.advance(TimeDelta::microseconds(1));
    }
    staff.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    let time = |i: usize| times[i].as_str().unwrap();
    let (b, c) = (time(1), time(2));
    let b_elsewhere = chrono::DateTime::parse_from_rfc3339(b).unwrap();
    let b_elsewhere = b_elsewhere.with_timezone(&chrono::FixedOffset::east_opt(7_200).unwrap());
    let b_elsewhere = b_elsewhere.to_rfc3339().replace('+', "%2B");
    for (query, names) in [
        (format!("updated_from={b}"), vec!["B", "C", "A"]),
        (format!("updated_from={b_elsewhere}"), vec!["B", "C", "A"]),
        (format!("updated_from={c}"), vec!["C", "A"]),
        (format!("updated_to={c}"), vec!["B"]),
        (format!("updated_from={b}&updated_to={c}"), vec!["B"]),
        (format!("updated_from={c}&updated_to={b}"), vec![]),
    ] {
        let path = format!("/api/patients?ordering=updated_at&{query}");
        let list = staff.get(&path).await.expect_status(200);
        assert_eq!(list.names(), names, "{query}");
        assert_eq!(list.body["count"], json!(names.len()));
    }
    let paged = format!("/api/patients?ordering=updated_at&updated_from={b}&page_size=2");
    let first = staff.get(&paged).await.expect_status(200);
    let next = staff.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!((first.names(), next.names()), (vec!["B", "C"], vec!["A"]));
    let bad = "/api/patients?updated_from=2026-11-20&updated_to=2026-11-20T08:30:00+02:00";
    let refused = staff.get(bad).await.expect_status(400);
    refused.field_errors("updated_from");
    assert!(refused.field_errors("updated_to").contains("%2B"));
}

/// Longer than the time after which a connection without a request is closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_stream_sends_comments() {
    let server = Server::start(Backend::Sqlite).await;
    let staff = server.staff().await;
    let http = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let request = staff.request(Method::GET, "/api/events").build().unwrap();
    let new = http.execute(request).await.unwrap();
    let mut streams =
        [Stream::open(&staff, None).await, Stream { response: new, read: String::new(), last: -1 }];
    // The position of this stream.
    streams[1].block().await.unwrap();
    for _ in 0..5 {
        for stream in &mut streams {
            let block = stream.block().await.expect("the stream was cut");
            assert!(block.comment.is_some() && !block.is_event(), "{block:?}");
        }
    }
    staff.patient(json!({"first_name": "Ana"})).await;
    for stream in &mut streams {
        assert_eq!(stream.lines(1).await, ["patient.created 1 v1"]);
    }
}
