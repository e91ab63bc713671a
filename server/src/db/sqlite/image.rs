//! Images: copies of a database as one SQLite file that nobody else opens. A backup holds one, a restore puts
//! one in place, and a move is a copy of one.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

use chrono::{DateTime, Utc};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Statement,
    backup::{Backup, StepResult},
    types::{Value, ValueRef},
};
use tempfile::TempPath;

use super::{
    super::{
        figures, migrate,
        tables::{
            Contents, HAVE_RECORDS, Progress, Table,
            lines::{NULL, push_text, values},
        },
    },
    applied,
    failure::SqliteError,
    migrations, missing,
    statement::stored,
    unreadable,
};
use crate::{beside, digest::sha256};

/// The settings of a connection to an image. Nobody else sees the file, and it is thrown away after any failure:
/// it needs neither a journal nor syncs. Its owner syncs it before giving it a name.
const SETTINGS: &str = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; \
                        PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;";
/// Pages that are copied between two reports of progress: 16 MiB.
const PAGES_AT_ONCE: i32 = 4_096;
/// The place in the header of a file where its two version numbers stand, and the numbers of a file without a
/// write-ahead log (sqlite.org/fileformat2, 1.3).
const VERSIONS_AT: u64 = 18;
const WITHOUT_LOG: [u8; 2] = [1, 1];
/// The tables that every database has for itself.
const OWN_TABLES: [&str; 3] = ["_sqlx_migrations", "moved_to", "write_trial"];
/// How long the first read of a source waits while another process restores its log.
const PATIENCE: Duration = Duration::from_secs(10);

/// A SQLite file that nobody else opens. It goes with its owner, unless it is kept.
pub(in crate::db) struct Image {
    /// `None` once it is only a file.
    conn: Option<Connection>,
    is_set_up: bool,
    file: File,
    /// `None` where the file has no name any more: whatever ends the process, nothing of it stays.
    path: Option<TempPath>,
}

impl Image {
    /// An empty image without a name, on the disk of a folder.
    pub(in crate::db) fn nameless(folder: &Path) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| {
            format!("can't make a temporary file in {}: {error}", folder.display())
        };
        sweep(folder);
        let (file, path) = tempfile::Builder::new()
            .prefix(NAMELESS)
            .tempfile_in(folder)
            .map_err(|error| failed(&error))?
            .into_parts();
        file.lock().map_err(|error| failed(&error))?;
        let conn = open(&path).map_err(|error| failed(&error))?;
        // An open file outlives its name on Unix.
        let path = if cfg!(unix) {
            path.close().map_err(|error| failed(&error))?;
            None
        } else {
            Some(path)
        };
        Ok(Self { conn: Some(conn), is_set_up: false, file, path })
    }

    /// An empty image at a path, where it replaces what an earlier one has left.
    pub(in crate::db) fn at(path: &Path) -> Result<Self, String> {
        let failed =
            |error: &dyn std::fmt::Display| format!("can't create {}: {error}", path.display());
        let file = beside::private().read(true).truncate(true).open(path);
        let file = file.map_err(|error| failed(&error))?;
        let conn = open(path).map_err(|error| failed(&error))?;
        let path = TempPath::try_from_path(path).map_err(|error| failed(&error))?;
        Ok(Self { conn: Some(conn), is_set_up: false, file, path: Some(path) })
    }

    /// The file, for its bytes. They are written before anything is asked of the image.
    pub(in crate::db) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The connection to the image.
    fn conn(&mut self) -> Result<&mut Connection, SqliteError> {
        let closed = || std::io::Error::other("the copy is only a file");
        let conn = self.conn.as_mut().ok_or_else(closed)?;
        if !self.is_set_up {
            conn.execute_batch(SETTINGS)?;
            self.is_set_up = true;
        }
        Ok(conn)
    }

    /// Copies a database as it is at one moment, beside its readers and writers. Afterwards the image is only a
    /// file.
    pub(in crate::db) fn copy(
        &mut self,
        source: &Path,
        progress: &Progress,
    ) -> Result<Contents, String> {
        let unread = |error: SqliteError| {
            format!("the database {} can't be copied: {error}", source.display())
        };
        let from = snapshot(source).map_err(|error| unread(error.into()))?;
        let into = self.conn().map_err(unread)?;
        copy_pages(&from, into, progress).map_err(|error| unread(error.into()))?;
        // This connection would go on with the log of which the first page tells.
        self.conn = None;
        // The copy has no log, unlike its source, so it is complete without another file.
        let has_no_log = |file: &mut File| {
            file.seek(SeekFrom::Start(VERSIONS_AT))?;
            file.write_all(&WITHOUT_LOG)
        };
        has_no_log(&mut self.file).map_err(|error| unread(error.into()))?;
        contents(&from).map_err(|error| unread(error.into()))
    }

    /// Makes the tables, without the indexes and triggers that slow down filling them. They are returned.
    pub(in crate::db) fn make_tables(&mut self) -> Result<Later, String> {
        let conn = self.conn().map_err(failed)?;
        migrations::run(conn)?;
        let later = || -> rusqlite::Result<Later> {
            let listed = "SELECT type, name, sql FROM sqlite_schema \
                          WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, rowid";
            let mut listed = conn.prepare(listed)?;
            let mut rows = listed.query([])?;
            let mut later = Vec::new();
            while let Some(row) = rows.next()? {
                let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
                later.push((kind, name, row.get::<_, String>(2)?));
            }
            Ok(Later(later))
        };
        let later = later().map_err(|error| failed(error.into()))?;
        let drops = later.0.iter().map(|(kind, name, _)| format!("DROP {kind} {name};"));
        // What the migrations write is what the source has, too.
        let names = table_names(conn).map_err(|error| failed(error.into()))?;
        let deletes = names.iter().map(|name| format!("DELETE FROM {name};"));
        let all: String = drops.chain(deletes).collect();
        conn.execute_batch(&(all + "BEGIN")).map_err(|error| failed(error.into()))?;
        Ok(later)
    }

    /// Inserts rows that are given as lines.
    pub(in crate::db) fn insert(&mut self, table: &Table, lines: &[u8]) -> Result<(), String> {
        let conn = self.conn().map_err(failed)?;
        let mut insert = conn.prepare_cached(&insert_text(table)).map_err(|e| failed(e.into()))?;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            insert_line(&mut insert, table, line)?;
        }
        Ok(())
    }

    /// Sets the last number that a table has given to a row, and the last medical record number.
    pub(in crate::db) fn set_numbers(
        &mut self,
        of_tables: &[(String, i64)],
        last_mrn: i64,
    ) -> Result<(), String> {
        let conn = self.conn().map_err(failed)?;
        let set = || -> rusqlite::Result<()> {
            conn.execute("DELETE FROM sqlite_sequence", [])?;
            for (table, last) in of_tables {
                conn.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                    (table, last),
                )?;
            }
            conn.execute("INSERT INTO sequences (name, last) VALUES ('mrn', ?1)", [last_mrn])?;
            Ok(())
        };
        set().map_err(|error| failed(error.into()))
    }

    /// Ends the filling of the tables: makes what was left for later.
    pub(in crate::db) fn finish(&mut self, later: &Later) -> Result<Contents, String> {
        let conn = self.conn().map_err(failed)?;
        let finish = || -> rusqlite::Result<Contents> {
            for (_, _, sql) in &later.0 {
                conn.execute_batch(sql)?;
            }
            conn.execute_batch("COMMIT; PRAGMA analysis_limit = 400; ANALYZE")?;
            contents(conn)
        };
        finish().map_err(|error| failed(error.into()))
    }

    /// Applies missing migrations.
    ///
    /// Fails with a sentence where the image is of a newer program or of another one.
    pub(in crate::db) fn migrate(&mut self) -> Result<(), String> {
        migrations::run(self.conn().map_err(failed)?)
    }

    /// The number of its rows.
    pub(in crate::db) fn contents(&mut self) -> Result<Contents, String> {
        contents(self.conn().map_err(failed)?).map_err(|error| failed(error.into()))
    }

    /// The faults of its content: what SQLite finds, rows that refer to nothing, audit values that are not what was
    /// sealed, and figures that are not what counting gives.
    pub(in crate::db) fn faults(&mut self) -> Result<Vec<String>, String> {
        let conn = self.conn().map_err(failed)?;
        let find = || -> rusqlite::Result<Vec<String>> {
            let mut faults: Vec<String> = texts(conn, "PRAGMA integrity_check")?;
            faults.retain(|fault| fault != "ok");
            if !faults.is_empty() {
                return Ok(faults);
            }
            let orphans =
                conn.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
            if orphans > 0 {
                faults.push(format!("{orphans} rows refer to nothing"));
            }
            faults.extend(audit_faults(conn)?);
            let wrong = conn.prepare(figures::WRONG)?.query_map([], |_| Ok(()))?.count();
            if wrong > 0 {
                faults
                    .push(format!("{wrong} kept figures are not what counting the records gives"));
            }
            Ok(faults)
        };
        find().map_err(|error| failed(error.into()))
    }

    /// Makes a database of the image that goes on where the lost one has ended: nobody is logged in, no code is
    /// valid, and no number is given a second time, not even one that was given after the backup.
    pub(in crate::db) fn begin_anew(&mut self, at: DateTime<Utc>) -> Result<(), String> {
        let (conn, now) = (self.conn().map_err(failed)?, at.timestamp_micros());
        let begin = || -> rusqlite::Result<()> {
            conn.execute_batch(END_LOGINS)?;
            conn.execute("UPDATE feed SET last = max(last + ?1, ?2)", (FEED_AHEAD, now))?;
            conn.execute("UPDATE sequences SET last = last + ?1", [MRNS_AHEAD])?;
            // A table that has never had a row may have had some since.
            let numbered = "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema \
                            WHERE type = 'table' AND sql LIKE '% AUTOINCREMENT%' \
                            AND name NOT IN (SELECT name FROM sqlite_sequence)";
            conn.execute(numbered, [])?;
            conn.execute("UPDATE sqlite_sequence SET seq = seq + ?1", [IDS_AHEAD])?;
            conn.execute(
                "INSERT INTO audit_log (at, actor_name, action, entity) VALUES (?1, ?2, ?3, ?4)",
                (stored(at), "frontdesk-server", "database.restored", "database"),
            )?;
            Ok(())
        };
        begin().map_err(|error| failed(error.into()))
    }

    /// Its rows.
    pub(in crate::db) fn rows(&mut self) -> Result<Rows<'_>, String> {
        self.conn().map(|conn| Rows(conn)).map_err(failed)
    }

    /// Numbers the changes that PostgreSQL had not numbered yet. SQLite numbers each when it is written.
    pub(in crate::db) fn number_changes(&mut self) -> Result<(), String> {
        let conn = self.conn().map_err(failed)?;
        let number = || -> rusqlite::Result<()> {
            let waiting = conn
                .prepare("SELECT id FROM changes WHERE seq IS NULL ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            for id in waiting {
                conn.execute_batch("UPDATE feed SET last = last + 1")?;
                conn.execute(
                    "UPDATE changes SET seq = (SELECT last FROM feed) WHERE id = ?1",
                    [id],
                )?;
            }
            Ok(())
        };
        number().map_err(|error| failed(error.into()))
    }

    /// Gives the file its final name, once it is on the disk. A file of that name is replaced in the same moment.
    pub(in crate::db) fn keep_as(self, path: &Path) -> Result<(), String> {
        let Self { conn, file, path: own, .. } = self;
        let failed =
            |error: &dyn std::fmt::Display| format!("can't create {}: {error}", path.display());
        if let Some(conn) = conn {
            conn.close().map_err(|(_, error)| failed(&SqliteError::from(error)))?;
        }
        let own = own.ok_or_else(|| failed(&"the image has no name"))?;
        file.sync_all().map_err(|error| failed(&error))?;
        own.persist(path).map_err(|error| failed(&error))?;
        beside::sync_folder(path).map_err(|error| failed(&error))
    }
}

/// A database as it is at one moment.
pub(in crate::db) struct Snapshot(Connection);

impl Snapshot {
    /// The database in a file, beside its readers and writers.
    pub(in crate::db) fn of(path: &Path) -> Result<Self, String> {
        snapshot(path).map(Self).map_err(|error| unreadable(path, error))
    }

    /// What it holds.
    pub(in crate::db) fn contents(&self) -> Result<Contents, String> {
        contents(&self.0).map_err(|error| failed(error.into()))
    }

    /// Its rows.
    pub(in crate::db) fn rows(&self) -> Rows<'_> {
        Rows(&self.0)
    }
}

/// The rows of an image or of a database.
pub(in crate::db) struct Rows<'c>(&'c Connection);

impl Rows<'_> {
    /// The tables, each behind those that it refers to.
    pub(in crate::db) fn tables(&self) -> Result<Vec<Table>, String> {
        tables(self.0).map_err(|error| failed(error.into()))
    }

    /// Hands over the rows of a table as lines, in the order of the key, in pieces of whole lines.
    pub(in crate::db) fn read(
        &self,
        table: &Table,
        take: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<(), String> {
        read(self.0, table, take).map_err(|error| failed(error.into()))
    }

    /// The last number that each table has given to a row, and the last medical record number.
    pub(in crate::db) fn numbers(&self) -> Result<(Vec<(String, i64)>, i64), String> {
        numbers(self.0).map_err(|error| failed(error.into()))
    }
}

/// Indexes and triggers that are made after the tables are filled: kind, name and definition.
pub(in crate::db) struct Later(Vec<(String, String, String)>);

/// How far the numbers of a restored database are ahead of those of the backup, so that none that was given after
/// the backup is given again: changes, medical record numbers, ids. Changes go on at the number of
/// microseconds since 1970 at least, as no database makes a million changes a second.
const FEED_AHEAD: i64 = 1_000_000_000;
const MRNS_AHEAD: i64 = 10_000;
const IDS_AHEAD: i64 = 1_000_000;

/// Ends sessions, codes and attempts, and drops what is about to be sent, and the changes that listeners have not
/// heard: their next number is one that they can't have.
const END_LOGINS: &str = "DELETE FROM device_tokens; DELETE FROM sessions; DELETE FROM account_codes; \
     DELETE FROM login_failures; DELETE FROM outgoing_mail; DELETE FROM changes; DELETE FROM moved_to;";

/// Whether a file has no records. One that does not exist has none.
pub(in crate::db) fn is_empty(path: &Path) -> Result<bool, String> {
    if missing(path).is_some() {
        return Ok(true);
    }
    let ask = || -> rusqlite::Result<bool> {
        let conn = open_source(path)?;
        for table in table_names(&conn)? {
            if HAVE_RECORDS.contains(&table.as_str()) {
                let ask = format!("SELECT EXISTS (SELECT 1 FROM {table})");
                if conn.query_row(&ask, [], |row| row.get(0))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    };
    ask().map_err(|error| unreadable(path, error))
}

/// Whether a file lacks migrations of this program. One that does not exist lacks nothing that is worth a copy.
pub(in crate::db) fn lacks_migrations(path: &Path) -> Result<bool, String> {
    if missing(path).is_some() {
        return Ok(false);
    }
    let applied = open_source(path).and_then(|conn| applied(&conn));
    let applied = applied.map_err(|error| unreadable(path, error))?;
    Ok(migrate::sqlite().iter().any(|it| !applied.contains(&it.version)))
}

/// Writes the log of a database into its file and removes it, so that the file can be replaced.
pub(in crate::db) fn end_log(path: &Path) -> Result<(), String> {
    if missing(path).is_some() {
        return Ok(());
    }
    let end = || -> rusqlite::Result<()> {
        let conn = open(path)?;
        conn.busy_timeout(PATIENCE)?;
        conn.execute_batch("PRAGMA journal_mode = DELETE")?;
        conn.close().map_err(|(_, error)| error)
    };
    end().map_err(|error| unreadable(path, error))
}

fn failed(error: SqliteError) -> String {
    format!("the copy of the database can't be used: {error}")
}

/// The beginning of the name that an image has for a moment.
const NAMELESS: &str = ".frontdesk-";

/// Removes the empty files of processes that were killed in that moment. The others are locked.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(NAMELESS);
        let is_left = || {
            let file = File::open(entry.path())?;
            Ok::<_, std::io::Error>(file.metadata()?.len() == 0 && file.try_lock().is_ok())
        };
        if is_ours && is_left().unwrap_or(false) {
            // Somebody else may have removed it.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// A connection to a database that is only read. SQLite may have to undo what a process that was killed has begun,
/// and a connection that can't write can't do that.
fn open_source(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path)?;
    conn.busy_timeout(PATIENCE)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// A connection to a database that sees it as it is now, whatever is written meanwhile.
fn snapshot(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open_source(path)?;
    // A transaction begins with its first read.
    conn.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(conn)
}

/// Copies all pages. The open transaction of the source keeps SQLite from beginning again when somebody writes.
fn copy_pages(
    from: &Connection,
    into: &mut Connection,
    progress: &Progress,
) -> rusqlite::Result<()> {
    let backup = Backup::new(from, into)?;
    loop {
        let step = backup.step(PAGES_AT_ONCE)?;
        let at = backup.progress();
        let all = u64::try_from(at.pagecount).unwrap_or_default();
        progress(all.saturating_sub(u64::try_from(at.remaining).unwrap_or_default()), all);
        match step {
            StepResult::Done => return Ok(()),
            // Only others could be in the way, and nobody else has the copy open.
            StepResult::Busy | StepResult::Locked => return Err(rusqlite::Error::InvalidQuery),
            _ => {}
        }
    }
}

fn texts(conn: &Connection, ask: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare(ask)?.query_map([], |row| row.get(0))?.collect()
}

fn table_names(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                  ORDER BY name";
    let mut names = texts(conn, listed)?;
    names.retain(|name| !OWN_TABLES.contains(&name.as_str()));
    Ok(names)
}

fn contents(conn: &Connection) -> rusqlite::Result<Contents> {
    let mut counts = BTreeMap::new();
    // Search terms follow from the records, and counting them would take longer than all others.
    for name in table_names(conn)?.into_iter().filter(|name| !name.ends_with("_terms")) {
        let ask = format!("SELECT count(*) FROM {name}");
        let count: i64 = conn.query_row(&ask, [], |row| row.get(0))?;
        counts.insert(name, u64::try_from(count).unwrap_or_default());
    }
    let last = conn.query_row("SELECT max(version) FROM _sqlx_migrations", [], |row| row.get(0));
    let schema_version = last.optional()?.flatten().unwrap_or_default();
    Ok(Contents { schema_version, counts })
}

fn tables(conn: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut waiting = Vec::new();
    for name in table_names(conn)? {
        // The medical record numbers are a sequence on PostgreSQL.
        if name == "sequences" {
            continue;
        }
        let (mut columns, mut key) = (Vec::new(), Vec::new());
        let mut listed = conn.prepare(&format!("PRAGMA table_info({name})"))?;
        let mut rows = listed.query([])?;
        while let Some(row) = rows.next()? {
            let (column, kind): (String, String) = (row.get("name")?, row.get("type")?);
            let place: i64 = row.get("pk")?;
            if place > 0 {
                key.push((place, column.clone()));
            }
            columns.push((column, kind == "INTEGER"));
        }
        key.sort();
        let key = key.into_iter().map(|(_, column)| column).collect();
        let refers_to = conn
            .prepare(&format!("PRAGMA foreign_key_list({name})"))?
            .query_map([], |row| row.get("table"))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        waiting.push((Table { name, columns, key }, refers_to));
    }
    let mut sorted: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_known = |name: &String, own: &Table| {
            *name == own.name || sorted.iter().any(|table| table.name == *name)
        };
        let place = waiting.iter().position(|(own, to)| to.iter().all(|name| is_known(name, own)));
        // Tables that referred to one another in a circle could not be filled row by row.
        let Some(place) = place else { return Err(rusqlite::Error::InvalidQuery) };
        sorted.push(waiting.remove(place).0);
    }
    Ok(sorted)
}

fn insert_text(table: &Table) -> String {
    let places: Vec<_> = (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.listed(), places.join(", "))
}

fn insert_line(insert: &mut Statement<'_>, table: &Table, line: &[u8]) -> Result<(), String> {
    let wrong = || format!("a row of {} can't be read", table.name);
    let mut given = 0;
    for (place, value) in (1..).zip(values(line)) {
        let (_, is_int) = table.columns.get(place - 1).ok_or_else(wrong)?;
        let bound = match value? {
            None => insert.raw_bind_parameter(place, Value::Null),
            Some(text) if *is_int => {
                let int: i64 = text.parse().map_err(|_| wrong())?;
                insert.raw_bind_parameter(place, int)
            }
            Some(text) => insert.raw_bind_parameter(place, text.as_ref()),
        };
        bound.map_err(|error| failed(error.into()))?;
        given = place;
    }
    if given != table.columns.len() {
        return Err(wrong());
    }
    insert.raw_execute().map(drop).map_err(|error| failed(error.into()))
}

/// The size of a piece of lines, about.
const PIECE: usize = 256 * 1024;

fn read(
    conn: &Connection,
    table: &Table,
    take: &mut dyn FnMut(Vec<u8>) -> bool,
) -> rusqlite::Result<()> {
    let order = match table.key.as_slice() {
        [] => String::new(),
        key => format!(" ORDER BY {}", key.join(", ")),
    };
    let mut all = conn.prepare(&format!("SELECT {} FROM {}{order}", table.listed(), table.name))?;
    let mut rows = all.query([])?;
    let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
    while let Some(row) = rows.next()? {
        for place in 0..table.columns.len() {
            if place > 0 {
                piece.push(b'\t');
            }
            match row.get_ref(place)? {
                ValueRef::Null => piece.extend(NULL),
                ValueRef::Integer(int) => piece.extend(int.to_string().into_bytes()),
                ValueRef::Text(text) => push_text(&mut piece, text),
                // No table has a column for either: all of them are STRICT.
                other => {
                    return Err(rusqlite::Error::InvalidColumnType(
                        place,
                        table.name.clone(),
                        other.data_type(),
                    ));
                }
            }
        }
        piece.push(b'\n');
        if piece.len() >= PIECE
            && !take(std::mem::replace(&mut piece, Vec::with_capacity(PIECE + PIECE / 4)))
        {
            return Ok(());
        }
    }
    if !piece.is_empty() {
        take(piece);
    }
    Ok(())
}

fn numbers(conn: &Connection) -> rusqlite::Result<(Vec<(String, i64)>, i64)> {
    let of_tables = conn
        .prepare("SELECT name, seq FROM sqlite_sequence ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let last_mrn =
        conn.query_row("SELECT last FROM sequences WHERE name = 'mrn'", [], |row| row.get(0))?;
    Ok((of_tables, last_mrn))
}

/// The audit events whose values are not those that were sealed with them.
fn audit_faults(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut all = conn.prepare(
        "SELECT l.id, l.values_hash, v.salt, v.content FROM audit_values v JOIN audit_log l ON l.id = v.audit_id",
    )?;
    let mut rows = all.query([])?;
    let (mut wrong, mut first) = (0_u64, None);
    while let Some(row) = rows.next()? {
        let hash: Option<String> = row.get(1)?;
        let (salt, content) = (row.get_ref(2)?.as_bytes()?, row.get_ref(3)?.as_bytes()?);
        if hash != Some(sha256(&[salt, b"\n", content])) {
            wrong += 1;
            first = first.or(Some(row.get::<_, i64>(0)?));
        }
    }
    Ok(first
        .map(|id| format!("the values of {wrong} audit events were altered, first of event {id}"))
        .into_iter()
        .collect())
}
