//! The measurement on one database: copies, programs, checks, rounds, tables.

use std::path::{Path, PathBuf};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use crate::{
    Outcome,
    check::Checker,
    cluster::Cluster,
    fill,
    load::Load,
    report::Table,
    rounds::{Extent, Results},
    say, special,
    target::{Kind, Target, empty_folder},
};

/// The secret that `peers/fastify` has in its source.
const SECRET_OF_FASTIFY: &[u8] = b"perf-secret-perf-secret-perf-secret-32";
/// 2100-01-01.
const FAR: i64 = 4_102_444_800;

/// What a measurement is made with.
pub(crate) struct Course<'a> {
    /// The folder of the programs.
    pub(crate) programs: &'a Path,
    /// The folder of the filled databases.
    pub(crate) folder: &'a Path,
    /// The number of patients.
    pub(crate) patients: u64,
    /// How much is measured.
    pub(crate) extent: Extent,
    /// The folder with `fastify`, where that is measured too.
    pub(crate) peers: Option<PathBuf>,
}

/// A table of everything that was measured, and everything that was wrong.
pub(crate) type Findings = (Vec<Table>, Vec<String>);

impl Course<'_> {
    /// Measures on SQLite.
    pub(crate) async fn on_sqlite(&self) -> Outcome<Findings> {
        let filled = fill::sqlite(self.folder, self.patients).await?;
        let run = empty_folder(self.folder.join("run"))?;
        let copy = |name: &str| -> Outcome<String> {
            let path = run.join(name);
            std::fs::copy(&filled, &path)?;
            Ok(format!("sqlite:{}", path.display()))
        };
        let mut targets = vec![
            Target::frontdesk(self.programs, &copy("frontdesk.sqlite")?, &run).await?,
            Target::bare(self.programs, &copy("bare.sqlite")?).await?,
        ];
        if let Some(peers) = &self.peers {
            let file = run.join("fastify.sqlite");
            fill_fastify(peers, &filled, &file).await?;
            let claims = json!({"sub": "1", "exp": FAR});
            let key = EncodingKey::from_secret(SECRET_OF_FASTIFY);
            let token = encode(&Header::default(), &claims, &key)?;
            let program = install_fastify(peers, &self.folder.join("fastify"))?;
            targets.push(Target::fastify(&program, &file, token).await?);
        }
        let findings = self.measure(targets, &run, "SQLite").await;
        std::fs::remove_dir_all(run)?;
        findings
    }

    /// Measures on PostgreSQL.
    pub(crate) async fn on_postgres(&self) -> Outcome<Findings> {
        let cluster = Cluster::start(&self.folder.join("postgres"))?;
        let filled = fill::postgres(&|name| cluster.url(name), self.patients).await?;
        let run = empty_folder(self.folder.join("run"))?;
        let mut operator = PgConnection::connect(&cluster.url("postgres")).await?;
        let mut tell = async |sql: String| operator.execute(AssertSqlSafe(sql)).await;
        let names = ["run_frontdesk", "run_bare"];
        for name in names {
            tell(format!("DROP DATABASE IF EXISTS {name}")).await?;
            tell(format!("CREATE DATABASE {name} TEMPLATE {filled}")).await?;
        }
        let targets = vec![
            Target::frontdesk(self.programs, &cluster.url(names[0]), &run).await?,
            Target::bare(self.programs, &cluster.url(names[1])).await?,
        ];
        let findings = self.measure(targets, &run, "PostgreSQL").await;
        for name in names {
            tell(format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        std::fs::remove_dir_all(run)?;
        findings
    }

    async fn measure(
        &self,
        mut targets: Vec<Target>,
        run: &Path,
        engine: &str,
    ) -> Outcome<Findings> {
        say(&format!("Measuring on {engine}"));
        let title = format!("{engine}, {} patients", self.patients);
        let mut checker = Checker::new(self.patients);
        let mut load = Load::new(run, self.patients)?;
        let mut resources = Vec::new();
        for target in &mut targets {
            let started = target.started_in.as_secs_f64() * 1e3;
            resources.push((target.kind, started, target.usage()?.resident, 0));
            if target.kind == Kind::Frontdesk {
                let answer = checker.log_in(target, fill::DESK).await?;
                let token = answer.get("access").and_then(|token| token.as_str());
                target.token = token.ok_or("a login without a token")?.to_owned();
                load.set_logins(&checker.clerks(target).await?)?;
            }
        }
        checker.agree(&targets).await?;
        for target in &targets {
            checker.answers(target).await?;
        }
        let mut results = Results::default();
        results.measure(&mut load, &targets, &self.extent).await?;
        for (target, (_, _, _, after)) in targets.iter().zip(&mut resources) {
            *after = target.usage()?.resident;
        }
        let kinds: Vec<_> = targets.iter().map(|target| target.kind).collect();
        let mut tables = vec![results.table(title.clone(), &kinds)];
        tables.push(special::mixed(&mut results, &mut load, &targets, &self.extent, &title).await?);
        for target in &targets {
            let (created, unanswered) = results.created(target.kind);
            checker.count(target, created, unanswered).await?;
        }
        let place = (self.programs, run, title.as_str());
        if let Some(target) = targets.iter().find(|target| target.kind == Kind::Frontdesk) {
            let extent = &self.extent;
            tables.push(special::disturbed(&mut results, &mut load, target, extent, place).await?);
        }
        tables.push(special::resources(&title, &resources));
        for target in targets {
            checker.answers(&target).await?;
            target.stop().await?;
        }
        results.faults.append(&mut checker.faults);
        Ok((tables, results.faults))
    }
}

/// Installs fastify in a folder of its own, unless it is there.
fn install_fastify(peers: &Path, folder: &Path) -> Outcome<PathBuf> {
    if !folder.join("node_modules/better-sqlite3/build").exists() {
        say("Installing fastify");
        std::fs::create_dir_all(folder)?;
        for file in ["package.json", "server.js"] {
            std::fs::write(folder.join(file), std::fs::read(peers.join("fastify").join(file))?)?;
        }
        let mut npm = std::process::Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(folder);
        if !npm.status()?.success() {
            return Err("npm could not install fastify".into());
        }
    }
    Ok(folder.to_owned())
}

/// Makes fastify's database of the same people: its table has no more than they have here.
async fn fill_fastify(peers: &Path, filled: &Path, file: &Path) -> Outcome<()> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let schema = std::fs::read_to_string(peers.join("schema_sqlite.sql"))?;
    let indexes = std::fs::read_to_string(peers.join("index_sqlite.sql"))?;
    let copy = format!(
        "PRAGMA synchronous = OFF; ATTACH '{}' AS filled; \
         INSERT INTO patients SELECT id, 1, first_name, last_name, email, phone_number, date_of_birth, \
         CASE gender WHEN 'F' THEN 'female' ELSE 'male' END, blood_type, address || ', ' || city || \
         ', ' || state || ' ' || zip_code, medical_history, 0, 0 FROM filled.patients ORDER BY id; \
         DETACH filled",
        filled.display()
    );
    for sql in [schema, copy, indexes, "ANALYZE; PRAGMA journal_mode = WAL".to_owned()] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
    }
    Ok(conn.close().await?)
}
