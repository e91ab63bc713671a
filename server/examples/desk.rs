//! Fills a desk with invented records and measures how soon the server answers over HTTP. Asserts
//! nothing; an empty or missing database is filled first, one that this program has filled before is
//! measured as it is.
//!
//! `cargo run --release -p server --example desk -- --database-url sqlite:desk.sqlite`

#![expect(clippy::print_stdout, reason = "the report is what it is for")]

use std::{
    error::Error,
    net::SocketAddr,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use clap::Parser;
use serde_json::{Value, json};
use server::{
    api::http::connections,
    app::App,
    config::Settings,
    domain::{
        accounts::users::{self, NewAccount},
        upgrade,
    },
    sample,
};
use shared::account::Role;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Fills a desk and measures the server.
#[derive(Parser)]
struct Options {
    /// Patients.
    #[arg(long, default_value_t = 100_000)]
    patients: usize,
    /// Assignments.
    #[arg(long, default_value_t = 200_000)]
    assignments: usize,
    /// Doctors.
    #[arg(long, default_value_t = 2_000)]
    doctors: usize,
    /// Requests of each kind.
    #[arg(long, default_value_t = 50)]
    rounds: usize,
    /// `sqlite:PATH` or `postgres://…`. The default is a temporary SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Measure only requests whose name contains this text.
    #[arg(long, default_value = "")]
    only: String,
}

/// The accounts: the front desk, a member who owns nearly everything, and one who owns a little.
const STAFF: &str = "staff@example.com";
const OWNER: &str = "owner@example.com";
const SMALL: &str = "small@example.com";
const PASSWORD: &str = "a long walk by the sea";
/// Patients of the one who owns a little.
const FEW: usize = 20;
/// Days over which the patients have come.
const DAYS: usize = 60;

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let thrown_away = format!("sqlite:{}", folder.path().join("desk.sqlite").display());
    let url = options.database_url.clone().unwrap_or(thrown_away);
    let settings = Settings {
        database_url: Some(url.clone()),
        jwt_secret: Some("a secret for measurements, of no use elsewhere".to_owned()),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Settings::defaults()
    };
    let app = upgrade::open(settings.clone()).await?;
    if users::is_setup_needed(&app).await? {
        let since = Instant::now();
        fill(&app, &options).await?;
        app.close().await;
        assign(&url, &options).await?;
        println!("filled in {:.0} s", since.elapsed().as_secs_f64());
    } else {
        app.close().await;
    }
    let listener = connections::listen(settings.listen)?;
    let address = listener.local_addr()?;
    let app = upgrade::open(Settings { listen: address, ..settings }).await?;
    let serving = app.clone();
    tokio::spawn(async move {
        connections::serve(&serving, listener, std::future::pending::<()>()).await
    });
    let desk = Desk { base: format!("http://{address}"), http: reqwest::Client::new() };
    measure(&desk, &options).await?;
    app.close().await;
    Ok(())
}

/// Accounts, patients and doctors, in the way in which imports bring them in.
async fn fill(app: &App, options: &Options) -> Outcome<()> {
    let account = |email: &str| NewAccount {
        email: Some(email.to_owned()),
        password: PASSWORD.to_owned(),
        ..NewAccount::default()
    };
    users::create(app, account(sample::ADMIN), Role::Admin).await?;
    users::create(app, account(STAFF), Role::Staff).await?;
    users::create(app, account(OWNER), Role::Member).await?;
    users::create(app, account(SMALL), Role::Member).await?;
    let (owner, small) = (users::act_as(app, OWNER).await?, users::act_as(app, SMALL).await?);
    sample::enter(app, &owner, sample::doctors(options.doctors)).await?;
    app.clock().advance(-TimeDelta::days(i64::try_from(DAYS)?));
    let people = sample::people(options.patients, app.clock().today());
    let mut people: Vec<_> = people.collect();
    let few = people.split_off(people.len().saturating_sub(FEW));
    for some in people.chunks(people.len().div_ceil(DAYS).max(1)) {
        app.clock().advance(TimeDelta::days(1));
        sample::register(app, &owner, some.iter().cloned()).await?;
    }
    Ok(sample::register(app, &small, few.into_iter()).await?)
}

/// Assignments, all with one statement, without history: each patient gets doctors in turn. Some
/// patients and doctors are in the archive.
async fn assign(url: &str, options: &Options) -> Outcome<()> {
    let Options { patients, assignments, doctors, .. } = options;
    let insert = format!(
        "INSERT INTO assignments (patient_id, doctor_id, patient_owner, status, is_active, \
         assigned_date, ended_at, created_by, changed_by, created_at, updated_at, version) \
         WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers \
         WHERE n + 1 < {assignments}) \
         SELECT p.id, 1 + (p.id * 31 + n / {patients}) % {doctors}, p.created_by, \
         CASE WHEN p.archived_at IS NOT NULL THEN 'CANCELLED' WHEN n % 10 < 5 THEN 'ACTIVE' \
         WHEN n % 10 < 6 THEN 'ON_HOLD' WHEN n % 10 < 9 THEN 'COMPLETED' ELSE 'CANCELLED' END, \
         n % 10 < 6 AND p.archived_at IS NULL, substr(CAST(p.created_at AS TEXT), 1, 10), \
         CASE WHEN n % 10 < 6 AND p.archived_at IS NULL THEN NULL ELSE p.updated_at END, \
         p.created_by, p.created_by, p.created_at, p.updated_at, 1 \
         FROM numbers JOIN patients p ON p.id = 1 + n % {patients}"
    );
    let statements =
        ["UPDATE patients SET archived_at = created_at WHERE id % 100 = 7".to_owned(), insert];
    if let Some(path) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path)?;
        for statement in statements {
            connection.execute_batch(&statement)?;
        }
        return Ok(connection.execute_batch("PRAGMA optimize = 0x10002")?);
    }
    let mut connection = PgConnection::connect(url).await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    // What the server's own housekeeping does within a minute or two.
    connection.execute("VACUUM (ANALYZE)").await?;
    Ok(connection.close().await?)
}

/// The server, as clients see it.
struct Desk {
    base: String,
    http: reqwest::Client,
}

/// What is measured: its name, who asks, and the address.
struct Case<'a> {
    name: String,
    token: &'a str,
    path: String,
}

impl Desk {
    async fn log_in(&self, email: &str) -> Outcome<String> {
        let login = json!({"email": email, "password": PASSWORD});
        let request = self.http.post(format!("{}/api/auth/login", self.base)).json(&login);
        let session: Value = request.send().await?.error_for_status()?.json().await?;
        let token = session.get("access").and_then(Value::as_str);
        Ok(token.ok_or("no token")?.to_owned())
    }

    async fn get(&self, token: &str, path: &str) -> Outcome<Value> {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let answer = self.http.get(url).bearer_auth(token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// The address of a page that lies far behind the first.
    async fn deep(&self, token: &str, path: &str) -> Outcome<String> {
        let mut address = path.to_owned();
        for _ in 0..100 {
            let page = self.get(token, &address).await?;
            match page.get("next").and_then(Value::as_str) {
                Some(next) => address = next.to_owned(),
                None => break,
            }
        }
        Ok(address)
    }

    async fn time(&self, case: &Case<'_>, rounds: usize) -> Outcome<(Vec<Duration>, Value)> {
        let mut times = Vec::with_capacity(rounds);
        let mut last = Value::Null;
        for round in 0..rounds + 3 {
            let since = Instant::now();
            last = self.get(case.token, &case.path).await?;
            // The first ones find nothing prepared.
            if round >= 3 {
                times.push(since.elapsed());
            }
        }
        times.sort_unstable();
        Ok((times, last))
    }
}

async fn measure(desk: &Desk, options: &Options) -> Outcome<()> {
    let tokens = [desk.log_in(STAFF).await?, desk.log_in(OWNER).await?, desk.log_in(SMALL).await?];
    let people = ["staff", "owner", "small"];
    let wanted = |name: &str| name.contains(&options.only);
    println!("{:<58} {:>7} {:>8} {:>8} {:>8}", "ms", "rows", "min", "median", "p95");
    for (token, who) in tokens.iter().zip(people) {
        let mut cases: Vec<Case<'_>> = Vec::new();
        // Who owns a little has no such page.
        for path in PATHS.iter().filter(|path| who != "small" || !path.contains("?page=")) {
            cases.push(Case { name: format!("{who} {path}"), token, path: (*path).to_owned() });
        }
        for kind in ["patients", "doctors", "assignments"] {
            let list = desk.get(token, &format!("/api/{kind}?page_size=1")).await?;
            let Some(id) = list.pointer("/results/0/id").and_then(Value::as_i64) else { continue };
            let mut paths = vec![format!("/api/{kind}/{id}")];
            // The front desk entered the doctors, so nobody else reads what was done with them.
            if who == "staff" || kind != "doctors" {
                paths.push(format!("/api/{kind}/{id}/history"));
            }
            for path in paths {
                cases.push(Case { name: format!("{who} {path}"), token, path });
            }
        }
        for path in DEEP.iter().filter(|path| wanted(&format!("{who} {path} deep"))) {
            let (name, path) = (format!("{who} {path} deep"), desk.deep(token, path).await?);
            cases.push(Case { name, token, path });
        }
        for case in cases.iter().filter(|case| wanted(&case.name)) {
            let (times, last) = desk.time(case, options.rounds).await?;
            let ms = |part: usize| {
                let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
                times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
            };
            let rows = last.get("results").and_then(Value::as_array).map_or(1, Vec::len);
            let (min, median, p95) = (ms(0), ms(50), ms(95));
            println!("{:<58} {rows:>7} {min:>8.1} {median:>8.1} {p95:>8.1}", case.name);
        }
    }
    Ok(())
}

/// Every kind of reading.
const PATHS: &[&str] = &[
    "/api/dashboard",
    "/api/patients",
    "/api/patients?page_size=100",
    "/api/patients?ordering=-last_name",
    "/api/patients?ordering=first_name",
    "/api/patients?ordering=date_of_birth",
    "/api/patients?ordering=-created_at",
    "/api/patients?ordering=-updated_at",
    "/api/patients?ordering=-id",
    "/api/patients?page=500",
    "/api/patients?gender=F",
    "/api/patients?blood_type=AB-",
    "/api/patients?city=Chicopee",
    "/api/patients?doctor=7",
    "/api/patients?born_from=1989-05-01&born_to=1989-05-31",
    "/api/patients?search=gomez%20jose",
    "/api/patients?search=a",
    "/api/doctors",
    "/api/doctors?ordering=specialization",
    "/api/doctors?ordering=-created_at",
    "/api/doctors?specialization=cardiology",
    "/api/doctors?search=cardio",
    "/api/doctors/specializations",
    "/api/assignments",
    "/api/assignments?is_active=false",
    "/api/assignments?status=COMPLETED",
    "/api/assignments?ordering=-assigned_date",
    "/api/assignments?ordering=created_at",
    "/api/assignments?ordering=-updated_at",
    "/api/assignments?assigned_from=2026-01-01",
    "/api/assignments?doctor=7",
    "/api/assignments?search=gomez",
    "/api/lookup?q=",
    "/api/lookup?q=P000001B",
    "/api/lookup?q=gomez%201989",
    "/api/lookup?q=4567",
    "/api/lookup?q=%231",
    "/api/lookup?q=a",
    "/api/auth/profile",
];

/// Lists whose far pages are read.
const DEEP: &[&str] = &["/api/patients?page_size=100", "/api/assignments?page_size=100"];
