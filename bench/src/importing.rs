//! How fast patients are imported, each of whom is compared with those who are there: on SQLite alone, on PostgreSQL
//! beside `COPY` of the rows that the import has written.

use std::{path::Path, process::Stdio, time::Instant};

use futures_util::StreamExt;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tokio::{
    fs,
    io::{AsyncWriteExt, BufWriter},
};

use crate::{
    Engine, Outcome,
    check::count,
    cluster::Cluster,
    course::{Course, Findings},
    disturbed::write_people,
    fill, goals,
    report::{Table, grouped, judged, number, part, ratio},
    rounds::median,
    say,
    target::{empty_folder, frontdesk},
};

/// The tables to which an import adds rows, each after those to which it refers, with the column that tells the new
/// rows.
const TABLES: [(&str, &str); 7] = [
    ("patients", "id"),
    ("patient_identifiers", "patient_id"),
    ("patient_terms", "patient_id"),
    ("audit_log", "id"),
    ("audit_values", "audit_id"),
    ("changes", "id"),
    ("likely_duplicates", "id"),
];

impl Course<'_> {
    /// Times imports of so many rows into copies of the filled database.
    pub(crate) async fn imports_alone(&self, engine: Engine, rows: u64) -> Outcome<Findings> {
        let run = empty_folder(self.folder.join("run"))?;
        let file = run.join("people.csv");
        write_people(&file, self.patients, rows)?;
        let mut rates: [Vec<f64>; 2] = Default::default();
        match engine {
            Engine::Sqlite => {
                let filled = fill::sqlite(self.folder, fill::VARIED, self.patients).await?;
                for _ in 0..self.extent.rounds {
                    let copy = run.join("importing.sqlite");
                    std::fs::copy(&filled, &copy)?;
                    let database = format!("sqlite:{}", copy.display());
                    rates[0].push(self.import(&database, &run, &file, rows).await?);
                    std::fs::remove_file(copy)?;
                }
            }
            Engine::Postgres => {
                let cluster = Cluster::start(&self.folder.join("postgres"))?;
                let filled = fill::postgres(&|name| cluster.url(name), self.patients).await?;
                for _ in 0..self.extent.rounds {
                    let [imported, copied] = ["importing", "copying"];
                    for name in [imported, copied] {
                        renew(&cluster, name, &filled).await?;
                    }
                    let database = cluster.url(imported);
                    rates[0].push(self.import(&database, &run, &file, rows).await?);
                    say("Copying the same rows");
                    rates[1].push(copy(&cluster, [imported, copied], &run, rows).await?);
                    for name in [imported, copied] {
                        tell(&cluster, &format!("DROP DATABASE {name}")).await?;
                    }
                }
            }
        }
        std::fs::remove_dir_all(run)?;
        let [imported, copied] = rates.map(|rates| (!rates.is_empty()).then(|| median(rates)));
        let imported = imported.unwrap_or_default();
        let goal = (engine == Engine::Sqlite).then_some(goals::IMPORTED);
        let mut cells = vec![judged(imported, goal, number)];
        let mut head = vec!["rows/s".to_owned()];
        if let Some(copied) = copied {
            cells.extend([
                number(copied),
                judged(part(imported, copied), Some(goals::OF_COPY), ratio),
            ]);
            head.extend(["COPY: rows/s".to_owned(), "of COPY".to_owned()]);
        }
        let table = Table {
            title: format!(
                "An import of {} patients beside {} on {}",
                grouped(rows),
                grouped(self.patients),
                engine.name()
            ),
            head,
            rows: vec![cells],
            notes: vec![
                "Each is compared with those who are there, and nobody else writes.".to_owned(),
            ],
        };
        Ok((vec![table], Vec::new()))
    }

    /// Imports a file. Returns the rows per second, from the start of the program to its end.
    async fn import(&self, database: &str, folder: &Path, file: &Path, rows: u64) -> Outcome<f64> {
        say("Importing");
        let before = count(database).await?;
        let mut command = frontdesk(self.programs, database, folder);
        command.args(["import", "patients", "--duplicates", "create", "--json"]).arg(file);
        let since = Instant::now();
        let status = command.stdout(Stdio::null()).status().await?;
        let seconds = since.elapsed().as_secs_f64();
        if !status.success() || count(database).await? != before + rows {
            return Err(format!("the import failed: {}", report(folder)?).into());
        }
        Ok(per_second(rows, seconds))
    }
}

fn report(folder: &Path) -> Outcome<String> {
    Ok(std::fs::read_to_string(folder.join("frontdesk.log"))?)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn per_second(rows: u64, seconds: f64) -> f64 {
    rows as f64 / seconds
}

async fn tell(cluster: &Cluster, statement: &str) -> Outcome<()> {
    let mut operator = PgConnection::connect(&cluster.url("postgres")).await?;
    operator.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}

/// Makes a copy of a database anew.
async fn renew(cluster: &Cluster, name: &str, filled: &str) -> Outcome<()> {
    tell(cluster, &format!("DROP DATABASE IF EXISTS {name}")).await?;
    tell(cluster, &format!("CREATE DATABASE {name} TEMPLATE {filled}")).await
}

/// Copies the rows that one database has and the other one has not, with all indexes and checks in place. Returns the
/// patients per second.
async fn copy(
    cluster: &Cluster,
    [from, to]: [&str; 2],
    folder: &Path,
    patients: u64,
) -> Outcome<f64> {
    let mut source = PgConnection::connect(&cluster.url(from)).await?;
    let mut target = PgConnection::connect(&cluster.url(to)).await?;
    let mut files = Vec::new();
    for (table, key) in TABLES {
        let last = format!("SELECT COALESCE(max({key}), 0) AS last FROM {table}");
        let last: i64 = target.fetch_one(AssertSqlSafe(last)).await?.try_get("last")?;
        let path = folder.join(table);
        let mut file = BufWriter::new(fs::File::create(&path).await?);
        let text =
            format!("COPY (SELECT * FROM {table} WHERE {key} > {last} ORDER BY {key}) TO STDOUT");
        let mut rows = source.copy_out_raw(&text).await?;
        while let Some(part) = rows.next().await {
            file.write_all(&part?).await?;
        }
        drop(rows);
        file.flush().await?;
        files.push((format!("COPY {table} FROM STDIN"), path));
    }
    let since = Instant::now();
    target.execute("BEGIN").await?;
    for (text, path) in &files {
        let mut rows = target.copy_in_raw(text).await?;
        rows.read_from(fs::File::open(path).await?).await?;
        rows.finish().await?;
    }
    target.execute("COMMIT").await?;
    Ok(per_second(patients, since.elapsed().as_secs_f64()))
}
