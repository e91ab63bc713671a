//! Whole tables as lines: reading them from one snapshot, and filling empty ones in one transaction.

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Connection, Row as _,
    postgres::{PgConnection, PgCopyIn},
    raw_sql,
};

use super::{
    super::tables::{HAVE_RECORDS, Table, lines::push_time},
    connect, inspect, open, reason,
};
use crate::finding::State;

/// The size of a piece of lines, about.
const PIECE: usize = 256 * 1024;

fn failed(error: sqlx::Error) -> String {
    format!("PostgreSQL can't be copied: {}", reason(&error))
}

async fn run(conn: &mut PgConnection, text: String) -> Result<(), String> {
    raw_sql(AssertSqlSafe(text)).execute(conn).await.map(drop).map_err(failed)
}

/// A database as it is at one moment.
pub(in crate::db) struct Source(PgConnection);

impl Source {
    /// Connects, and takes the snapshot.
    ///
    /// Fails with a sentence where the tables are not those of this program.
    pub(in crate::db) async fn open(url: &str) -> Result<Self, String> {
        let (_, migrated) = inspect(url).await?;
        if migrated.state != State::Good {
            return Err(migrated.detail);
        }
        let (mut conn, _, _) = connect(url).await?;
        run(&mut conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned()).await?;
        Ok(Self(conn))
    }

    /// The rows of a table in the order of its key.
    pub(in crate::db) async fn rows(&mut self, table: &Table) -> Result<Rows<'_>, String> {
        rows(&mut self.0, table).await
    }

    /// The last number that each table has given to a row, and the last medical record number.
    pub(in crate::db) async fn numbers(
        &mut self,
        tables: &[Table],
    ) -> Result<(Vec<(String, i64)>, i64), String> {
        let mut of_tables = Vec::new();
        for (table, sequence) in sequences(&mut self.0, tables).await? {
            if let last @ 1.. = last(&mut self.0, &sequence).await? {
                of_tables.push((table, last));
            }
        }
        Ok((of_tables, last(&mut self.0, "mrn").await?))
    }
}

/// Whether a database has no records.
pub(in crate::db) async fn is_empty(url: &str) -> Result<bool, String> {
    let (_, migrated) = inspect(url).await?;
    match migrated.state {
        State::Warning => return Ok(true),
        State::Bad => return Err(migrated.detail),
        State::Good => {}
    }
    let (mut conn, _, _) = connect(url).await?;
    has_no_records(&mut conn).await
}

/// The number of connections that servers have to the database.
pub(in crate::db) async fn servers_on(url: &str) -> Result<i64, String> {
    let (mut conn, _, _) = connect(url).await?;
    let ask = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'frontdesk' AND pid <> pg_backend_pid()";
    sqlx::query_scalar(ask).fetch_one(&mut conn).await.map_err(failed)
}

async fn has_no_records(conn: &mut PgConnection) -> Result<bool, String> {
    let each = HAVE_RECORDS.map(|table| format!("EXISTS (SELECT 1 FROM {table})"));
    let ask = AssertSqlSafe(format!("SELECT {}", each.join(" OR ")));
    let has: bool = sqlx::query_scalar(ask).fetch_one(conn).await.map_err(failed)?;
    Ok(!has)
}

/// The sequences that number the rows of tables.
async fn sequences(
    conn: &mut PgConnection,
    tables: &[Table],
) -> Result<Vec<(String, String)>, String> {
    let mut sequences = Vec::new();
    for table in tables.iter().filter(|table| table.key.as_slice() == ["id"]) {
        let ask = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, 'id')").bind(&table.name);
        let name: Option<String> = ask.fetch_one(&mut *conn).await.map_err(failed)?;
        sequences.extend(name.map(|name| (table.name.clone(), name)));
    }
    Ok(sequences)
}

/// The last number of a sequence; 0 where it has given none.
async fn last(conn: &mut PgConnection, sequence: &str) -> Result<i64, String> {
    let ask = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
    sqlx::query_scalar(AssertSqlSafe(ask)).fetch_one(conn).await.map_err(failed)
}

/// The rows of a table as lines.
pub(in crate::db) struct Rows<'c> {
    stream: BoxStream<'c, Result<Bytes, sqlx::Error>>,
    /// Whether each column is a time.
    times: Vec<bool>,
    /// What has arrived of a line that has no end yet.
    rest: Vec<u8>,
}

async fn rows<'c>(conn: &'c mut PgConnection, table: &Table) -> Result<Rows<'c>, String> {
    let ask = "SELECT column_name::text, data_type::text FROM information_schema.columns \
               WHERE table_schema = current_schema() AND table_name = $1";
    let kinds = sqlx::query(ask).bind(&table.name).fetch_all(&mut *conn).await.map_err(failed)?;
    let kinds = kinds.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let kinds: Vec<(String, String)> = kinds.collect::<Result<_, _>>().map_err(failed)?;
    let (mut columns, mut times) = (Vec::new(), Vec::new());
    for (name, _) in &table.columns {
        let kind = kinds.iter().find(|(column, _)| column == name).map(|(_, kind)| kind.as_str());
        let kind = kind.ok_or_else(|| format!("{} has no column {name}", table.name))?;
        columns.push(match kind {
            "boolean" => format!("{name}::int"),
            "timestamp with time zone" => {
                format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')")
            }
            _ => name.clone(),
        });
        times.push(kind == "timestamp with time zone");
    }
    let from = match table.name.as_str() {
        "figures" => {
            "(SELECT figure, key, sum(number)::bigint AS number FROM current_figures GROUP BY figure, key) AS f"
        }
        name => name,
    };
    let order = match table.key.as_slice() {
        [] => String::new(),
        key => format!(" ORDER BY {}", key.join(", ")),
    };
    let copy = format!("COPY (SELECT {} FROM {from}{order}) TO STDOUT", columns.join(", "));
    let stream = conn.copy_out_raw(&copy).await.map_err(failed)?;
    Ok(Rows { stream, times, rest: Vec::new() })
}

impl Rows<'_> {
    /// The next piece of whole lines; `None` behind the last one.
    pub(in crate::db) async fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
        while piece.len() < PIECE {
            let Some(bytes) = self.stream.next().await else { break };
            self.rest.extend_from_slice(&bytes.map_err(failed)?);
            let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let (lines, rest) = self.rest.split_at(end + 1);
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                push_line(&mut piece, line, &self.times);
            }
            self.rest = rest.to_vec();
        }
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}

fn push_line(piece: &mut Vec<u8>, line: &[u8], times: &[bool]) {
    if !times.contains(&true) {
        return piece.extend(line);
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    for (place, (value, is_time)) in line.split(|byte| *byte == b'\t').zip(times).enumerate() {
        if place > 0 {
            piece.push(b'\t');
        }
        match is_time {
            true => push_time(piece, value),
            false => piece.extend(value),
        }
    }
    piece.push(b'\n');
}

/// An empty database that is being filled, in one transaction.
pub(in crate::db) struct Target {
    conn: PgConnection,
    /// What makes indexes and constraints again that slow down filling.
    later: Vec<String>,
    tables: Vec<Table>,
}

impl Target {
    /// Connects, applies the migrations and begins.
    ///
    /// Fails with a sentence where the database has records.
    pub(in crate::db) async fn open(url: &str, tables: &[Table]) -> Result<Self, String> {
        open(url).await?.close().await;
        let (mut conn, _, place) = connect(url).await?;
        // Nobody else begins to fill it, or to register in it, meanwhile.
        run(&mut conn, "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE".to_owned()).await?;
        if !has_no_records(&mut conn).await? {
            return Err(format!("the database at {place} is not empty: create a new one"));
        }
        let mut target = Self { conn, later: Vec::new(), tables: tables.to_vec() };
        target.lay_aside().await?;
        Ok(target)
    }

    /// Removes for the time of filling what would slow it down or act on each row.
    async fn lay_aside(&mut self) -> Result<(), String> {
        let foreign = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), \
             format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
             FROM pg_constraint WHERE contype = 'f' AND connamespace = to_regnamespace(current_schema()) \
             ORDER BY oid";
        let indexes = "SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid) \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
             WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind = 'r' \
             AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY indexrelid";
        let mut constraints = Vec::new();
        for (ask, is_index) in [(foreign, false), (indexes, true)] {
            let found = sqlx::query(ask).fetch_all(&mut self.conn).await.map_err(failed)?;
            for row in found {
                let (drop, make): (String, String) =
                    (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
                run(&mut self.conn, drop).await?;
                // Constraints are checked with the indexes.
                if is_index { self.later.push(make) } else { constraints.push(make) }
            }
        }
        self.later.extend(constraints);
        let tables: Vec<_> = self.tables.iter().map(|table| table.name.clone()).collect();
        for table in &tables {
            run(&mut self.conn, format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await?;
            self.later.push(format!("ALTER TABLE {table} ENABLE TRIGGER USER"));
            // What the migrations have written; the image has its own.
            run(&mut self.conn, format!("DELETE FROM {table}")).await?;
        }
        run(&mut self.conn, "DELETE FROM figure_changes".to_owned()).await
    }

    /// Begins to fill a table.
    pub(in crate::db) async fn insert(&mut self, table: &Table) -> Result<Filling<'_>, String> {
        let copy = format!("COPY {} ({}) FROM STDIN", table.name, table.listed());
        self.conn.copy_in_raw(&copy).await.map(Filling).map_err(failed)
    }

    /// The rows of a table, as [`Source::rows`] has them.
    pub(in crate::db) async fn rows(&mut self, table: &Table) -> Result<Rows<'_>, String> {
        rows(&mut self.conn, table).await
    }

    /// Makes what was laid aside, sets the numbers and updates the statistics.
    pub(in crate::db) async fn finish(
        &mut self,
        of_tables: &[(String, i64)],
        last_mrn: i64,
    ) -> Result<(), String> {
        for text in std::mem::take(&mut self.later) {
            run(&mut self.conn, text).await?;
        }
        let mut numbers = vec![("mrn".to_owned(), last_mrn)];
        for (table, sequence) in sequences(&mut self.conn, &self.tables).await? {
            let last = of_tables.iter().find(|(name, _)| *name == table).map(|(_, last)| *last);
            numbers.extend(last.map(|last| (sequence, last)));
        }
        for (sequence, last) in numbers.into_iter().filter(|(_, last)| *last > 0) {
            let set =
                sqlx::query("SELECT setval($1::text::regclass, $2)").bind(sequence).bind(last);
            set.execute(&mut self.conn).await.map_err(failed)?;
        }
        run(&mut self.conn, "ANALYZE".to_owned()).await
    }

    /// Commits.
    pub(in crate::db) async fn commit(mut self) -> Result<(), String> {
        run(&mut self.conn, "COMMIT".to_owned()).await?;
        self.conn.close().await.map_err(failed)
    }
}

/// A table that is being filled.
pub(in crate::db) struct Filling<'c>(PgCopyIn<&'c mut PgConnection>);

impl Filling<'_> {
    /// Adds rows.
    pub(in crate::db) async fn send(&mut self, lines: Vec<u8>) -> Result<(), String> {
        self.0.send(lines).await.map(drop).map_err(failed)
    }

    /// Ends the table.
    pub(in crate::db) async fn finish(self) -> Result<(), String> {
        self.0.finish().await.map(drop).map_err(failed)
    }
}
