//! How long backups, proofs, restores and moves take, how much memory, and what a backup costs those who write
//! meanwhile.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use tokio::{process::Command, time::sleep};

use crate::{
    Engine, Outcome,
    check::{Checker, count},
    cluster::Cluster,
    course::{Course, Findings},
    fill, goals,
    load::{Load, Sample, What},
    machine::usage_alone,
    report::{Goal, Table, in_mebibytes, judged, memory, milliseconds, part, ratio, seconds},
    rounds::median,
    say,
    target::{Target, empty_folder, frontdesk},
};

/// Patients whose audit events are written at once.
const AT_ONCE: u64 = 5_000;
/// How often a command's memory is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What a command has taken.
#[derive(Clone, Copy)]
struct Taken {
    seconds: f64,
    /// The most memory that was resident, in mebibytes.
    peak: f64,
}

impl Taken {
    /// The row of a table.
    fn row(self, what: &str, of_copying: Option<(f64, Option<Goal>)>) -> Vec<String> {
        let speed = match of_copying {
            Some((copying, goal)) => judged(Some(copying / self.seconds), goal, ratio),
            None => String::new(),
        };
        vec![
            what.to_owned(),
            seconds(Some(self.seconds)),
            speed,
            judged(Some(self.peak), Some(goals::COPYING_MEMORY), memory),
        ]
    }
}

/// The median of several runs, and the highest peak.
fn usual(all: &[Taken]) -> Taken {
    let time = median(all.iter().map(|it| it.seconds).collect());
    let peak = all.iter().map(|it| it.peak).fold(0.0, f64::max);
    Taken { seconds: time.unwrap_or_default(), peak }
}

impl Course<'_> {
    /// Times backups of a database, and what is made of them.
    pub(crate) async fn backups_alone(&self, engine: Engine) -> Outcome<Findings> {
        let run = empty_folder(self.folder.join("run"))?;
        let source = self.with_audit(&run).await?;
        let findings = match engine {
            Engine::Sqlite => self.backups_of_file(&source, &run).await?,
            Engine::Postgres => self.backups_of_server(&source, &run).await?,
        };
        std::fs::remove_dir_all(run)?;
        Ok(findings)
    }

    /// A copy of the filled SQLite file in which the registration of each patient is an audit event.
    async fn with_audit(&self, run: &Path) -> Outcome<PathBuf> {
        let filled = fill::sqlite(self.folder, fill::VARIED, self.patients).await?;
        let path = run.join("source.sqlite");
        std::fs::copy(filled, &path)?;
        say("Adding an audit event for each patient");
        let mut conn = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await?;
        conn.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").await?;
        let last: i64 =
            sqlx::query_scalar("SELECT max(id) FROM audit_log").fetch_one(&mut conn).await?;
        let text = "SELECT id, created_at, first_name, last_name, date_of_birth, city, phone_number FROM patients \
                    WHERE id > ?1 ORDER BY id LIMIT ?2";
        let mut after = 0_i64;
        loop {
            let ask = sqlx::query(text).bind(after).bind(i64::try_from(AT_ONCE)?);
            let rows = ask.fetch_all(&mut conn).await?;
            let Some(newest) = rows.last() else { break };
            after = newest.try_get(0)?;
            let events = rows.iter().map(|row| event(row, last)).collect::<Outcome<Vec<_>>>()?;
            let events = serde_json::to_string(&events)?;
            for insert in [
                "INSERT INTO audit_log (id, at, actor_name, actor_role, action, entity, entity_id, version, values_hash) \
                 SELECT value ->> 0, value ->> 1, 'desk', 'staff', 'patient.created', 'patient', value ->> 2, 1, \
                 value ->> 3 FROM json_each(?1)",
                "INSERT INTO audit_values (audit_id, salt, content) \
                 SELECT value ->> 0, value ->> 4, value ->> 5 FROM json_each(?1)",
            ] {
                sqlx::query(insert).bind(&events).execute(&mut conn).await?;
            }
        }
        conn.execute("PRAGMA journal_mode = WAL").await?;
        conn.close().await?;
        Ok(path)
    }

    async fn backups_of_file(&self, source: &Path, run: &Path) -> Outcome<Findings> {
        let database = format!("sqlite:{}", source.display());
        let (backup, copy) = (run.join("it.sqlite.zst"), run.join("copy.sqlite"));
        let (mut copies, mut backups) = (Vec::new(), Vec::new());
        for _ in 0..self.extent.rounds {
            let since = Instant::now();
            std::fs::copy(source, &copy)?;
            std::fs::File::open(&copy)?.sync_all()?;
            copies.push(Taken { seconds: since.elapsed().as_secs_f64(), peak: 0.0 });
            std::fs::remove_file(&copy)?;
            let _ = std::fs::remove_file(&backup);
            backups.push(self.taken(run, &database, &["backup", &shown(&backup)]).await?);
        }
        let copying = usual(&copies).seconds;
        let verify = self.taken(run, &database, &["restore", "--verify", &shown(&backup)]).await?;
        let restored = format!("sqlite:{}", run.join("restored.sqlite").display());
        let restore = self.taken(run, &restored, &["restore", &shown(&backup)]).await?;
        let mut faults = Vec::new();
        if count(&restored).await? != self.patients {
            faults.push("a restored database has lost patients".to_owned());
        }
        let rows = vec![
            vec![
                "copying the file".to_owned(),
                seconds(Some(copying)),
                String::new(),
                String::new(),
            ],
            usual(&backups).row("backup", Some((copying, Some(goals::OF_COPYING)))),
            verify.row("restore --verify", None),
            restore.row("restore", None),
        ];
        let size = [source, &backup].map(|file| Ok(file.metadata()?.len())).into_iter();
        let size = size.collect::<Outcome<Vec<u64>>>()?;
        let sizes: Vec<_> = size.iter().map(|bytes| memory(Some(in_mebibytes(*bytes)))).collect();
        let mut table = self.table(Engine::Sqlite, rows);
        table.notes = vec![
            format!("Sizes of the file and of the backup: {}.", sizes.join(", ")),
            "Copying is that of the file and its sync, in turn with the backups.".to_owned(),
        ];
        let beside = self.beside_backups(&database, run, &mut faults).await?;
        Ok((vec![table, beside], faults))
    }

    async fn backups_of_server(&self, source: &Path, run: &Path) -> Outcome<Findings> {
        let cluster = Cluster::start(&self.folder.join("postgres"))?;
        let file = format!("sqlite:{}", source.display());
        let (backup, back) = (run.join("it.sqlite.zst"), run.join("back.sqlite"));
        let names = ["restored", "moved"];
        let mut operator = PgConnection::connect(&cluster.url("postgres")).await?;
        for name in names {
            let drop = format!("DROP DATABASE IF EXISTS {name}");
            operator.execute(AssertSqlSafe(drop)).await?;
            operator.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        }
        let [restored, moved] = names.map(|name| cluster.url(name));
        let first = run.join("first.sqlite.zst");
        self.taken(run, &file, &["backup", &shown(&first)]).await?;
        let restore = self.taken(run, &restored, &["restore", &shown(&first)]).await?;
        let there = self.taken(run, &file, &["move", "--to", &moved]).await?;
        let taken = self.taken(run, &moved, &["backup", &shown(&backup)]).await?;
        let to = format!("sqlite:{}", back.display());
        let again = self.taken(run, &moved, &["move", "--to", &to]).await?;
        let mut faults = Vec::new();
        for database in [&restored, &to] {
            if count(database).await? != self.patients {
                faults.push("a copied database has lost patients".to_owned());
            }
        }
        for name in names {
            operator.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await?;
        }
        let rows = vec![
            restore.row("restore", None),
            taken.row("backup", None),
            there.row("move from SQLite", None),
            again.row("move to SQLite", None),
        ];
        Ok((vec![self.table(Engine::Postgres, rows)], faults))
    }

    fn table(&self, engine: Engine, rows: Vec<Vec<String>>) -> Table {
        let head = ["", "time", "speed of copying", "most resident"].map(str::to_owned).to_vec();
        Table { title: format!("{}: backups", self.title(engine)), head, rows, notes: Vec::new() }
    }

    /// Creates patients alone, and while one backup follows the other.
    async fn beside_backups(
        &self,
        database: &str,
        run: &Path,
        faults: &mut Vec<String>,
    ) -> Outcome<Table> {
        let folder = empty_folder(run.join("server"))?;
        let mut target = Target::frontdesk(self.programs, database, &folder, &[]).await?;
        Checker::new(self.patients).admit(&mut target).await?;
        let mut load = Load::new(&folder, self.patients)?;
        let (connections, time) = (self.extent.fewest(), self.extent.seconds);
        let [mut alone, mut beside]: [Vec<Sample>; 2] = Default::default();
        for _ in 0..self.extent.rounds {
            alone.push(load.run(&target, What::Create, connections, time).await?);
            let backup = run.join("beside.sqlite.zst");
            tokio::select! {
                sample = load.run(&target, What::Create, connections, time) => beside.push(sample?),
                failed = self.backups_without_end(run, database, &backup) => return Err(failed),
            }
        }
        target.stop().await?;
        faults.extend(alone.iter().chain(&beside).filter_map(|sample| sample.fault.clone()));
        let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
            median(samples.iter().map(figure).collect())
        };
        let (before, during) = (of(&alone, |it| it.p99), of(&beside, |it| it.p99));
        let rates =
            [&alone, &beside].map(|samples| crate::report::number(of(samples, |it| it.rate)));
        let [alone_rate, beside_rate] = rates;
        let row = vec![
            alone_rate,
            milliseconds(before),
            beside_rate,
            milliseconds(during),
            judged(part(during, before), Some(goals::BESIDE_BACKUP), ratio),
        ];
        Ok(Table {
            title: format!(
                "{}: create over {connections} connections, beside one backup after the other",
                self.title(Engine::Sqlite)
            ),
            head: [
                "alone: create/s",
                "p99 ms",
                "meanwhile: create/s",
                "p99 ms",
                "p99 of that alone",
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: vec![row],
            notes: Vec::new(),
        })
    }

    /// Makes one backup after the other. Returns why that has ended.
    async fn backups_without_end(
        &self,
        run: &Path,
        database: &str,
        backup: &Path,
    ) -> Box<dyn std::error::Error + Send + Sync> {
        loop {
            let _ = std::fs::remove_file(backup);
            if let Err(error) = self.taken(run, database, &["backup", &shown(backup)]).await {
                return error;
            }
        }
    }

    /// Runs a command of Frontdesk on a database.
    async fn taken(&self, folder: &Path, database: &str, args: &[&str]) -> Outcome<Taken> {
        let mut command: Command = frontdesk(self.programs, database, folder);
        command.args(args).stdout(std::process::Stdio::null());
        say(&format!("Running {}", args.join(" ")));
        let since = Instant::now();
        let mut child = command.spawn()?;
        let pid = child.id().ok_or("a command has ended at once")?;
        let mut peak = 0;
        loop {
            tokio::select! {
                status = child.wait() => {
                    if !status?.success() {
                        let log = std::fs::read_to_string(folder.join("frontdesk.log"))?;
                        return Err(format!("{} failed: {log}", args.join(" ")).into());
                    }
                    let seconds = since.elapsed().as_secs_f64();
                    return Ok(Taken { seconds, peak: in_mebibytes(peak) });
                }
                () = sleep(LOOK) => {
                    // One that has just ended uses nothing any more.
                    peak = peak.max(usage_alone(pid).unwrap_or_default().peak);
                }
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The audit event of a registration: id, time, patient, hash, salt and content.
fn event(row: &sqlx::sqlite::SqliteRow, last: i64) -> Outcome<Value> {
    let (id, at): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let mut changes = Vec::new();
    for (place, field) in
        ["first_name", "last_name", "date_of_birth", "city", "phone_number"].iter().enumerate()
    {
        let new: Option<String> = row.try_get(place + 2)?;
        changes.push(json!({"field": field, "old": null, "new": new}));
    }
    let content = json!({"changes": changes}).to_string();
    let salt = format!("{id:022}");
    let hash = digest(&SHA256, format!("{salt}\n{content}").as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!([last + id, at, id, hash, salt, content]))
}
