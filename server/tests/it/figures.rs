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
    changes_of_figures_that_were_added_up_take_no_room,
    check_names_wrong_figures_and_counts_them_anew,
    figures_counted_anew_beside_writes_are_exact,
    counting_anew_waits_for_no_writer,
    a_second_recount_waits_for_the_first_one,
    figures_of_an_older_schema_are_not_counted_anew,
    figures_that_cannot_be_read_are_one_finding_among_the_others,
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
    let (method, path, body) = match dice.below(13) {
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
        11 if dice.below(3) == 0 => {
            let other = dice.id(40);
            let version =
                client.get(&format!("/api/patients/{other}")).await.body["version"].clone();
            let merging = json!({"other": other, "other_version": version});
            (Method::POST, format!("{patient}/merge"), merging)
        }
        11 => (Method::POST, format!("{patient}/unmerge"), json!({"other": dice.id(40)})),
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

async fn changes_of_figures_that_were_added_up_take_no_room(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // Its triggers write the figures themselves.
    }
    let desk = desk(backend).await;
    let place = &desk.server.place;
    let many = "WITH new AS (INSERT INTO figure_changes (figure, key, number) \
        SELECT 'patients', 0, n % 2 * 2 - 1 FROM generate_series(1, 30000) AS n RETURNING 1) \
        SELECT count(*) FROM new";
    assert_eq!(sql(place, many).await, 30_000);
    desk.admin.patient(json!({"first_name": "Ana"})).await;
    // PostgreSQL's own vacuum would come after a minute.
    let room = "SELECT pg_relation_size('figure_changes')";
    eventually(async || (sql(place, room).await < 200_000).then_some(())).await;
    assert_eq!(sql(place, WRONG).await, 0);
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

/// Makes a figure wrong by this number.
async fn spoil(place: &Place, figure: &str, key: i64, number: i64) {
    let spoil = format!(
        "INSERT INTO figures (figure, key, number) VALUES ('{figure}', {key}, {number}) \
         ON CONFLICT (figure, key) DO UPDATE SET number = figures.number + {number}"
    );
    Beside::connect(&place.database_url).await.execute(&spoil).await;
}

async fn check_names_wrong_figures_and_counts_them_anew(backend: Backend) {
    let desk = desk(backend).await;
    let place = &desk.server.place;
    let (status, said) = check(place, &[]).await;
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("ok    database: the kept figures are what counting"), "{said}");

    // One is too high, one is too low, and one counts what does not exist.
    for (figure, key, number) in [("patients", 0, 7), ("registered", 5, -2), ("active", 999, 1)] {
        spoil(place, figure, key, number).await;
    }
    let (status, said) = check(place, &[]).await;
    assert_eq!(status, Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("BAD")).expect(&said);
    let wrong = "active doctor 999: kept 1, counted 0; patients: kept 37, counted 30; \
        registered 1970-01-01 01:15 UTC: kept -2, counted 0";
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
    let place = &desk.server.place;
    for round in 0..4 {
        spoil(place, "patients", 0, 100).await;
        spoil(place, "assigned", 20_000, -3).await;
        let writes = (0..4).map(|seed| {
            let mut dice = Dice(round * 100 + seed);
            let client = desk.admin.clone();
            async move {
                for _ in 0..15 {
                    write(&client, &mut dice).await;
                }
            }
        });
        // Two at once: each figure gets what it lacks from one of them.
        let recount = async || check(place, &["--recount"]).await;
        let (_, one, other) =
            tokio::join!(futures_util::future::join_all(writes), recount(), recount());
        assert_eq!((one.0, other.0), (Some(0), Some(0)), "{} {}", one.1, other.1);
        let found = |said: &str| said.contains("assigned 2024-10-04: kept -3, counted 0");
        assert!(found(&one.1) != found(&other.1), "{} {}", one.1, other.1);
        assert_eq!(sql(place, WRONG).await, 0, "round {round}");
    }
    compare(&desk, &desk.readers[0]).await;
}

async fn counting_anew_waits_for_no_writer(backend: Backend) {
    let desk = desk(backend).await;
    let place = &desk.server.place;
    let write = "UPDATE assignments SET assigned_date = '2001-02-03' WHERE id = 1";
    let mut beside = Beside::connect(&place.database_url).await;
    match backend {
        Backend::Sqlite => beside.execute(&format!("BEGIN IMMEDIATE; {write}")).await,
        Backend::Postgres => {
            // As VACUUM and ANALYZE hold it.
            let hold = "LOCK TABLE patients IN SHARE UPDATE EXCLUSIVE MODE";
            beside.execute(&format!("BEGIN; {hold}; {write}")).await;
            spoil(place, "patients", 0, 5).await;
        }
    }
    let (status, said) = check(place, &["--recount"]).await;
    assert_eq!(status, Some(0), "{said}");
    let counted = match backend {
        Backend::Sqlite => "none was wrong",
        Backend::Postgres => "patients: kept 35, counted 30",
    };
    assert!(said.contains(counted), "{said}");
    beside.execute("COMMIT").await;
    assert_eq!(sql(place, WRONG).await, 0, "the write was counted twice or not at all");

    if backend == Backend::Sqlite {
        // A write that is committed between counting and adding. Where the machine is so slow that it
        // is committed before counting, the figures are exact too.
        spoil(place, "patients", 0, 5).await;
        beside.execute("BEGIN IMMEDIATE; UPDATE patients SET archived_at = NULL").await;
        beside.execute("UPDATE assignments SET assigned_date = '2002-03-04'").await;
        let commit = async {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            beside.execute("COMMIT").await;
        };
        let ((status, said), ()) = tokio::join!(check(place, &["--recount"]), commit);
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(sql(place, WRONG).await, 0, "{said}");
    }
}

async fn a_second_recount_waits_for_the_first_one(backend: Backend) {
    let place = &Place::migrated(backend).await;
    spoil(place, "patients", 0, 5).await;
    // What the first one holds.
    let mut first = Beside::connect(&place.database_url).await;
    let lock = std::fs::File::create(place.folder.path().join("desk.sqlite.recount.lock")).unwrap();
    match backend {
        Backend::Sqlite => lock.lock().unwrap(),
        Backend::Postgres => first.execute("BEGIN; SELECT pg_advisory_xact_lock(7302012)").await,
    }
    let first = async {
        match backend {
            // Nothing shows that the second one waits.
            Backend::Sqlite => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
            Backend::Postgres => {
                let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND \
                    locktype = 'advisory' AND objid = 7302012";
                eventually(async || (sql(place, waiting).await == 1).then_some(())).await;
            }
        }
        first.execute("UPDATE figures SET number = number - 5 WHERE figure = 'patients'").await;
        match backend {
            Backend::Sqlite => lock.unlock().unwrap(),
            Backend::Postgres => first.execute("COMMIT").await,
        }
    };
    let ((status, said), ()) = tokio::join!(check(place, &["--recount"]), first);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("none was wrong"), "{said}");
    assert_eq!(sql(place, WRONG).await, 0);
}

async fn figures_of_an_older_schema_are_not_counted_anew(backend: Backend) {
    // Before the first start there is nothing to count, and no table is created.
    let empty = Place::new(backend).await;
    for _ in 0..2 {
        let (status, said) = check(&empty, &["--recount"]).await;
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains("yet: serve and migrate create"), "{said}");
        assert!(!said.contains("figures"), "{said}");
    }

    let place = &Place::migrated(backend).await;
    spoil(place, "patients", 0, 5).await;
    let last = "SELECT max(version) FROM _sqlx_migrations";
    let newest = sql(place, last).await;
    let mut beside = Beside::connect(&place.database_url).await;
    beside.execute(&format!("DELETE FROM _sqlx_migrations WHERE version = {newest}")).await;
    let (status, said) = check(place, &["--recount", "--json"]).await;
    assert_eq!(status, Some(1), "{said}");
    let found: Value = serde_json::from_str(&said).expect(&said);
    let refusal = found[0]["detail"].as_str().unwrap();
    assert_eq!(found[0]["what"], "figures", "{said}");
    assert_eq!(found[0]["is_well"], false, "{said}");
    let missing = format!("migration {newest} is missing (run migrate)");
    assert!(refusal.contains(&missing), "{refusal}");
    let things: Vec<_> = found.as_array().unwrap().iter().map(|it| &it["what"]).collect();
    assert!(things.contains(&&json!("keys")) && things.contains(&&json!("metrics")), "{said}");
    assert_eq!(sql(place, last).await, newest - 1, "a migration was applied");
    assert_eq!(sql(place, WRONG).await, 1, "a figure was changed");
}

async fn figures_that_cannot_be_read_are_one_finding_among_the_others(backend: Backend) {
    let place = &Place::migrated(backend).await;
    Beside::connect(&place.database_url).await.execute("DROP VIEW counted_figures").await;
    let (status, said) = check(place, &["--recount"]).await;
    assert_eq!(status, Some(1), "{said}");
    let bad: Vec<_> = said.lines().filter(|line| line.starts_with("BAD")).collect();
    let [recounted, compared] = bad[..] else { panic!("{said}") };
    assert!(recounted.contains("figures: the figures can't be counted anew"), "{recounted}");
    assert!(compared.contains("database: the kept figures can't be compared"), "{compared}");
    assert!(said.contains("migrations are applied") && said.contains("ok    keys"), "{said}");
}
