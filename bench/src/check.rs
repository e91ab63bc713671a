//! Whether the programs answer rightly: figures of wrong answers are worth nothing.

use reqwest::Client;
use serde_json::{Value, json};
use shared::{Mrn, patient::PatientFields, text::fold_word};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{
    Outcome, fill, people,
    people::person,
    target::{Kind, Target},
};

/// The client of the checks.
pub(crate) struct Checker {
    http: Client,
    patients: u64,
    /// Everything that was wrong.
    pub(crate) faults: Vec<String>,
}

impl Checker {
    /// A client for databases with so many patients.
    pub(crate) fn new(patients: u64) -> Self {
        Self { http: Client::new(), patients, faults: Vec::new() }
    }

    /// Asks a program for something at a path.
    pub(crate) async fn get(&self, target: &Target, path: &str) -> Outcome<Value> {
        let request = self.http.get(format!("{}{path}", target.url)).bearer_auth(&target.token);
        let response = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    /// Sends a document to a path of Frontdesk, and returns the answer.
    pub(crate) async fn post(&self, target: &Target, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.http.post(format!("{}{path}", target.url)).bearer_auth(&target.token);
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let response = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    /// Notes what is not as it has to be.
    pub(crate) fn expect(&mut self, is_right: bool, otherwise: impl FnOnce() -> String) {
        if !is_right {
            self.faults.push(otherwise());
        }
    }

    /// Logs in to Frontdesk, and returns the answer.
    async fn log_in(&self, target: &Target, email: &str) -> Outcome<Value> {
        let body = json!({"email": email, "password": fill::PASSWORD}).to_string();
        let request = self.http.post(format!("{}/api/auth/login", target.url)).body(body);
        let request = request.header("Content-Type", "application/json");
        let response = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    /// Logs somebody in to Frontdesk, and returns the token.
    pub(crate) async fn token(&self, target: &Target, email: &str) -> Outcome<String> {
        let answer = self.log_in(target, email).await?;
        let token = answer.get("access").and_then(Value::as_str);
        Ok(token.ok_or("a login without a token")?.to_owned())
    }

    /// Gives Frontdesk the token of the front desk.
    pub(crate) async fn admit(&self, target: &mut Target) -> Outcome<()> {
        target.token = self.token(target, fill::DESK).await?;
        Ok(())
    }

    /// Logs every clerk in, and returns the bodies with which they log in again, each from a device
    /// that the server knows.
    pub(crate) async fn clerks(&self, target: &Target) -> Outcome<Vec<String>> {
        let mut bodies = Vec::new();
        for email in (1..=fill::CLERKS).map(fill::clerk) {
            let answer = self.log_in(target, &email).await?;
            let device = answer.get("device").ok_or("a login without a device token")?;
            let body = json!({"email": email, "password": fill::PASSWORD, "device": device});
            bodies.push(body.to_string());
        }
        Ok(bodies)
    }

    /// Checks what the program answers about the people in its database, and what its searches find.
    pub(crate) async fn answers(&mut self, target: &Target) -> Outcome<()> {
        self.people(target).await?;
        let [_, _, search] = target.kind.paths();
        for start in people::searches().iter().take(12) {
            let page = self.get(target, &format!("{search}{start}")).await?;
            let found = rows(&page).iter().all(|row| has_name(row, start));
            let is_right = found && !rows(&page).is_empty() && rows(&page).len() <= 20;
            self.expect(is_right, || format!("{}: {start} finds {page}", target.kind.name()));
        }
        if target.kind == Kind::Frontdesk {
            self.lookup(target).await?;
        }
        Ok(())
    }

    /// Checks what the program answers about the people in its database, without a search.
    async fn people(&mut self, target: &Target) -> Outcome<()> {
        let [one, list, _] = target.kind.paths();
        for step in 0..20 {
            let number = 1 + (self.patients - 1) * step / 19;
            let found = self.get(target, &format!("{one}{number}")).await?;
            let is_right = is_person(&found, number, &person(number));
            self.expect(is_right, || format!("{}: {number} is {found}", target.kind.name()));
        }
        let page = self.get(target, list).await?;
        self.expect(rows(&page).len() == 20, || format!("{}: a list: {page}", target.kind.name()));
        Ok(())
    }

    async fn lookup(&mut self, target: &Target) -> Outcome<()> {
        let number = self.patients / 2;
        let mrn = Mrn::from_sequence(i64::try_from(number)?);
        let found = self.get(target, &format!("/api/lookup?q={}", mrn.as_str())).await?;
        let is_right = found.pointer("/results/0/id") == Some(&json!(number));
        self.expect(is_right, || format!("{} finds {found}", mrn.as_str()));
        Ok(())
    }

    /// Checks that two programs list the same patients.
    pub(crate) async fn agree(&mut self, targets: &[Target]) -> Outcome<()> {
        let mut lists = Vec::new();
        for target in targets.iter().filter(|target| target.kind != Kind::Fastify) {
            let page = self.get(target, target.kind.paths()[1]).await?;
            lists.push(rows(&page).iter().map(|row| row.get("id").cloned()).collect::<Vec<_>>());
        }
        let is_right = lists.windows(2).all(|pair| pair.first() == pair.last());
        self.expect(is_right, || format!("the lists differ: {lists:?}"));
        Ok(())
    }

    /// Checks that exactly the created patients were added. Of each run, requests whose answers wrk did
    /// not wait for may have been added too.
    pub(crate) async fn count(
        &mut self,
        target: &Target,
        created: u64,
        unanswered: u64,
    ) -> Outcome<()> {
        let least = self.patients + created;
        let count = count(&target.database).await?;
        let is_right = (least..=least + unanswered).contains(&count);
        let name = target.kind.name();
        self.expect(is_right, || {
            format!("{name}: {count} patients, at least {least} were there or answered with 201")
        });
        if target.kind == Kind::Frontdesk {
            let dashboard = self.get(target, "/api/dashboard").await?;
            let is_right = dashboard.pointer("/patients/total") == Some(&json!(count));
            self.expect(is_right, || format!("{count} patients, and the dashboard: {dashboard}"));
        }
        Ok(())
    }
}

/// The patients in a database.
pub(crate) async fn count(database: &str) -> Outcome<u64> {
    let sql = "SELECT count(*) FROM patients";
    let count: i64 = match database.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::connect(file).await?;
            sqlx::query_scalar(sql).fetch_one(&mut conn).await?
        }
        None => {
            let mut conn = PgConnection::connect(database).await?;
            sqlx::query_scalar(sql).fetch_one(&mut conn).await?
        }
    };
    Ok(u64::try_from(count)?)
}

/// The rows of a page.
pub(crate) fn rows(page: &Value) -> &[Value] {
    page.get("results").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(record: &'a Value, member: &str) -> &'a str {
    record.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn is_person(found: &Value, number: u64, fields: &PatientFields) -> bool {
    let names =
        [fields.first_name.as_deref(), fields.last_name.as_deref(), fields.email.as_deref()];
    found.get("id") == Some(&json!(number))
        && names == ["first_name", "last_name", "email"].map(|member| Some(text(found, member)))
}

fn has_name(row: &Value, start: &str) -> bool {
    ["last_name", "first_name"].iter().any(|it| fold_word(text(row, it)).starts_with(start))
}
