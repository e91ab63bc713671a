//! The figures that are kept with the records are what counting the records gives.

use reqwest::Method;
use serde_json::{Value, json};
use server::sample;
use shared::account::Role;

use crate::{
    beside::Beside,
    crash::program,
    harness::{Backend, Client, Place, Server, on_both},
    mail::{eventually, sql},
};

on_both! {
    figures_and_dashboards_stay_exact_in_any_order_of_writes,
    figures_stay_exact_under_concurrent_writes,
    check_names_wrong_figures_and_counts_them_anew,
    figures_counted_anew_beside_writes_are_exact,
}

/// The figures that differ from a count of the records.
const WRONG: &str = "SELECT count(*) FROM (SELECT figure, key, sum(number) AS number FROM \
    (SELECT figure, key, number FROM current_figures \
    UNION ALL SELECT figure, key, -number FROM counted_figures) AS both_ways \
    GROUP BY figure, key HAVING sum(number) <> 0) AS wrong";
const STATUSES: [&str; 4] = ["ACTIVE", "ON_HOLD", "COMPLETED", "CANCELLED"];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }

    /// The id of one of the first records.
    fn id(&mut self, limit: usize) -> usize {
        self.below(limit) + 1
    }
}

struct Desk {
    server: Server,
    admin: Client,
    /// A user of each kind of scope: all records, own ones, and those of a link.
    readers: [Client; 4],
}

/// A desk whose patients were inserted many at a time.
async fn desk(backend: Backend) -> Desk {
    let server = Server::start(backend).await;
    let (email, password) = sample::create(&server.app, 30).await.unwrap();
    let login = json!({"email": email, "password": password});
    let session = server.nobody().post("/api/auth/login", login).await.expect_status(200).body;
    let admin = server.nobody().with_token(session["access"].as_str().unwrap());
    let staff = server.staff().await;
    let member = server.member("member@example.com").await;
    let doctor = server.somebody(Role::Doctor, "doctor@example.com").await;
    let patient = server.somebody(Role::Patient, "patient@example.com").await;
    for (path, client) in [("/api/doctors/1/user", &doctor), ("/api/patients/1/user", &patient)] {
        let id = client.get("/api/auth/profile").await.body["id"].clone();
        admin.put(path, json!({"user": id})).await.expect_status(200);
    }
    Desk { server, admin, readers: [staff, member, doctor, patient] }
}

/// Makes one write. It may be refused, for example where the record is archived.
async fn write(client: &Client, dice: &mut Dice) -> u16 {
    let patient = format!("/api/patients/{}", dice.id(40));
    let assignment = format!("/api/assignments/{}", dice.id(60));
    let doctor = format!("/api/doctors/{}", dice.id(8));
    let status = dice.one_of(&STATUSES);
    let (method, path, body) = match dice.below(12) {
        0 => (Method::POST, "/api/patients".to_owned(), json!({"first_name": "New"})),
        1 => (
            Method::POST,
            "/api/doctors".to_owned(),
            json!({"last_name": "New", "specialization": "A"}),
        ),
        2..=4 => {
            let (patient, doctor) = (dice.id(40), dice.id(8));
            let date = dice.one_of(&["1969-12-31", "2026-01-31"]);
            let mut body = json!({"patient": patient, "doctor": doctor, "status": status});
            if dice.below(2) == 0 {
                body["assigned_date"] = json!(date);
            }
            (Method::POST, "/api/assignments".to_owned(), body)
        }
        5 | 6 => (Method::PATCH, assignment, json!({"status": status})),
        7 => (Method::POST, format!("{assignment}/transfer"), json!({"doctor": dice.id(8)})),
        8 => match dice.below(3) {
            0 => (Method::DELETE, assignment, Value::Null),
            1 => (Method::DELETE, format!("{doctor}?end_assignments=true"), Value::Null),
            _ => (Method::DELETE, format!("{doctor}?reassign_to={}", dice.id(8)), Value::Null),
        },
        9 => match dice.below(4) {
            0 => (Method::POST, format!("{patient}/purge"), json!({"reason": "Test"})),
            _ => (Method::POST, format!("{doctor}/restore"), Value::Null),
        },
        10 => (Method::DELETE, patient, Value::Null),
        _ => (Method::POST, format!("{patient}/restore"), Value::Null),
    };
    let is_conditional = method != Method::POST || path.contains("/api/patients/");
    let mut request = client.request(method, &path);
    if is_conditional || path.contains("restore") || path.contains("transfer") {
        request = request.header("if-match", "*");
    }
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = client.send(request).await;
    assert!(answer.status < 500 || answer.status == 503, "{path} {}", answer.text);
    answer.status
}

/// Compares the dashboard of a user with what lists of single records count.
async fn compare(desk: &Desk, reader: &Client) {
    let figures = reader.get("/api/dashboard").await.expect_status(200).body;
    let count = async |path: &str| reader.get(path).await.expect_status(200).body["count"].clone();
    // With a filter that every record fits, so that the records are counted.
    assert_eq!(
        figures["patients"]["total"],
        count("/api/patients?updated_from=2000-01-01T00:00:00Z").await
    );
    let all = &figures["patients"]["by_day"];
    assert_eq!(all[29]["count"], figures["patients"]["total"]);
    let (mut active, mut today) = (0, 0);
    let day = desk.server.app.clock().today();
    for status in STATUSES {
        let path = format!("/api/assignments?status={status}");
        let listed = count(&path).await;
        assert_eq!(figures["assignments"]["by_status"][status], listed, "{status}");
        active +=
            if status == "ACTIVE" || status == "ON_HOLD" { listed.as_i64().unwrap() } else { 0 };
        let on_day = format!("{path}&assigned_from={day}&assigned_to={day}");
        today += count(&on_day).await.as_i64().unwrap();
    }
    assert_eq!(figures["assignments"]["active"], active);
    assert_eq!(figures["assignments"]["today"], today);
    for busy in figures["assignments"]["busiest_doctors"].as_array().unwrap() {
        let path = format!("/api/assignments?doctor={}", busy["doctor"]);
        assert_eq!(busy["active"], count(&path).await, "{path}");
    }
    // Lists whose length is kept agree with their rows.
    for path in ["/api/patients", "/api/assignments", "/api/assignments?is_active=false"] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let rows = reader.get(&format!("{path}{sign}page_size=100")).await.expect_status(200);
        let short = reader.get(&format!("{path}{sign}page_size=1")).await.expect_status(200);
        assert_eq!(short.body["count"], rows.results().len(), "{path}");
    }
}

async fn figures_and_dashboards_stay_exact_in_any_order_of_writes(backend: Backend) {
    let desk = desk(backend).await;
    assert_eq!(sql(&desk.server.place, WRONG).await, 0, "after inserting many at a time");
    let (mut dice, mut done) = (Dice(7), 0);
    for round in 0..6 {
        for _ in 0..40 {
            let member = &desk.readers[1];
            let client = if dice.below(4) == 0 { member } else { &desk.admin };
            done += usize::from(write(client, &mut dice).await < 300);
        }
        assert_eq!(sql(&desk.server.place, WRONG).await, 0, "round {round}");
        for reader in &desk.readers {
            compare(&desk, reader).await;
        }
    }
    assert!(done > 100, "only {done} writes took effect");
    if backend == Backend::Postgres {
        let waiting = "SELECT count(*) FROM figure_changes";
        eventually(async || (sql(&desk.server.place, waiting).await == 0).then_some(())).await;
        assert_eq!(sql(&desk.server.place, WRONG).await, 0, "after adding up");
        compare(&desk, &desk.readers[0]).await;
    }
}

async fn figures_stay_exact_under_concurrent_writes(backend: Backend) {
    let desk = desk(backend).await;
    for round in 0..5 {
        // Archiving patients and doctors, transfers and changes of the same few assignments at once.
        let writes = (0..8).map(|place| {
            let mut dice = Dice(round * 100 + place);
            let client = desk.admin.clone();
            async move {
                for _ in 0..10 {
                    write(&client, &mut dice).await;
                }
            }
        });
        futures_util::future::join_all(writes).await;
        assert_eq!(sql(&desk.server.place, WRONG).await, 0, "round {round}");
    }
    compare(&desk, &desk.readers[0]).await;
}

/// Runs `check` with an argument. Returns its exit status and its lines.
async fn check(place: &Place, arguments: &'static [&'static str]) -> (Option<i32>, String) {
    let mut program = program(place);
    program.arg("check").args(arguments);
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said + &errors)
}

async fn check_names_wrong_figures_and_counts_them_anew(backend: Backend) {
    let desk = desk(backend).await;
    let place = &desk.server.place;
    let (status, said) = check(place, &[]).await;
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("ok    database: the kept figures are what counting"), "{said}");

    // One is too high, one is too low, and one counts what does not exist.
    let mut beside = Beside::connect(&place.database_url).await;
    for (figure, key, number) in [("patients", 0, 7), ("registered", 5, -2), ("active", 999, 1)] {
        let spoil = format!(
            "INSERT INTO figures (figure, key, number) VALUES ('{figure}', {key}, {number}) \
             ON CONFLICT (figure, key) DO UPDATE SET number = figures.number + {number}"
        );
        beside.execute(&spoil).await;
    }
    let (status, said) = check(place, &[]).await;
    assert_eq!(status, Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("BAD")).expect(&said);
    let wrong = "active, key 999: kept 1, counted 0; patients, key 0: kept 37, counted 30; \
        registered, key 5: kept -2, counted 0";
    assert!(line.contains("check --recount") && line.ends_with(wrong), "{line}");
    assert_eq!(said.lines().filter(|line| line.starts_with("BAD")).count(), 1, "{said}");
    assert_eq!(sql(place, WRONG).await, 3, "check has changed something");

    let (status, said) = check(place, &["--recount"]).await;
    assert_eq!(status, Some(0), "{said}");
    assert!(said.starts_with("ok    figures: counted anew") && said.contains(wrong), "{said}");
    assert_eq!(sql(place, WRONG).await, 0);
    compare(&desk, &desk.admin).await;
    let (status, said) = check(place, &["--recount"]).await;
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("none was wrong"), "{said}");
}

async fn figures_counted_anew_beside_writes_are_exact(backend: Backend) {
    let desk = desk(backend).await;
    for round in 0..4 {
        let writes = (0..4).map(|place| {
            let mut dice = Dice(round * 100 + place);
            let client = desk.admin.clone();
            async move {
                for _ in 0..15 {
                    write(&client, &mut dice).await;
                }
            }
        });
        let recount = check(&desk.server.place, &["--recount"]);
        let (_, (status, said)) = tokio::join!(futures_util::future::join_all(writes), recount);
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(sql(&desk.server.place, WRONG).await, 0, "round {round}");
    }
    compare(&desk, &desk.readers[0]).await;
}
