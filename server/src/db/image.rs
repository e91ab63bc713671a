//! Images: copies of a whole database as one SQLite file, from whichever database they are, and databases that are
//! filled from them. Backups, restores and moves are made of these.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, Utc};
use tokio::{
    sync::mpsc::{Receiver, channel},
    task::spawn_blocking,
};

pub(crate) use super::tables::{Contents, Progress};
use super::{Db, Sql, postgres::copy, sqlite::image, tables::Table};
use crate::{beside, config::Database, error::Error};

/// A whole database as one SQLite file that nobody else opens.
pub(crate) struct Image(image::Image);

impl Image {
    /// Copies a database as it is at one moment. Others read and write it meanwhile. The copy has no name; it is on
    /// the disk of the folder.
    ///
    /// Fails with a sentence for the operator.
    pub(crate) async fn of(
        database: &Database,
        folder: &Path,
        progress: Progress,
    ) -> Result<(Self, Contents), String> {
        let folder = folder.to_owned();
        match database {
            Database::Sqlite(source) => {
                let source = source.clone();
                apart(move || {
                    let mut image = image::Image::nameless(&folder)?;
                    let contents = image.copy(&source, &progress)?;
                    Ok((Self(image), contents))
                })
                .await
            }
            Database::Postgres(url) => {
                let image = apart(move || image::Image::nameless(&folder)).await?;
                let mut source = copy::Source::open(url).await?;
                let (image, contents, _) = build(image, &mut source, progress).await?;
                Ok((image, contents))
            }
        }
    }

    /// An image that is still empty, without a name, on the disk of the folder.
    pub(crate) fn nameless(folder: &Path) -> Result<Self, String> {
        image::Image::nameless(folder).map(Self)
    }

    /// An image that is still empty, at a path. It is removed unless it is kept.
    pub(crate) fn at(path: &Path) -> Result<Self, String> {
        image::Image::at(path).map(Self)
    }

    /// The file. Its bytes are written before anything else is done with an empty image.
    pub(crate) fn file(&mut self) -> &mut File {
        self.0.file()
    }

    /// The number of its rows.
    pub(crate) fn contents(&mut self) -> Result<Contents, String> {
        self.0.contents()
    }

    /// What is wrong with its content, in a sentence each.
    pub(crate) fn faults(&mut self) -> Result<Vec<String>, String> {
        self.0.faults()
    }

    /// Applies the migrations that it lacks.
    ///
    /// Fails with a sentence where it was made by a newer or by another program.
    pub(crate) fn migrate(&mut self) -> Result<(), String> {
        self.0.migrate()
    }

    /// Ends all sessions, codes and what is about to be sent, and sets all numbers ahead of those that were
    /// given. The audit log says so.
    pub(crate) fn begin_anew(&mut self, at: DateTime<Utc>) -> Result<(), String> {
        self.0.begin_anew(at)
    }

    /// Makes the SQLite file of a database of it. An existing file is replaced.
    pub(crate) fn keep_as(self, path: &Path) -> Result<(), String> {
        self.0.keep_as(path)
    }

    /// Makes the SQLite file of a database of it, in place of one that has no records.
    pub(crate) fn replace(self, path: &Path) -> Result<(), String> {
        image::end_log(path)?;
        self.keep_as(path)
    }

    /// Fills an empty PostgreSQL database with it, in one transaction.
    ///
    /// Fails with a sentence where the database is not empty.
    pub(crate) async fn fill(self, url: &str, progress: Progress) -> Result<(), String> {
        fill(Source::Image(self.0), url, progress).await
    }
}

/// Copies all records of a database to another, empty one. Each row is compared afterwards.
///
/// Fails with a sentence for the operator. The new database is then as it was.
pub(crate) async fn transfer(
    from: &Database,
    to: &Database,
    progress: Progress,
) -> Result<Contents, String> {
    match (from, to) {
        (Database::Sqlite(path), Database::Postgres(url)) => {
            let path = path.clone();
            let (source, contents) = apart(move || {
                let source = image::Snapshot::of(&path)?;
                let contents = source.contents()?;
                Ok((source, contents))
            })
            .await?;
            fill(Source::Database(source), url, progress).await?;
            Ok(contents)
        }
        (Database::Postgres(url), Database::Sqlite(path)) => {
            let unfinished = beside::path(path, ".unfinished");
            let image = apart(move || image::Image::at(&unfinished)).await?;
            let mut source = copy::Source::open(url).await?;
            let (image, contents, sent) = build(image, &mut source, progress).await?;
            let path = path.clone();
            apart(move || {
                let mut image = image.0;
                let received = hashes(&mut image)?;
                compare(&sent, &received)?;
                image.number_changes()?;
                image.keep_as(&path)
            })
            .await?;
            Ok(contents)
        }
        _ => Err("a database can only be moved from SQLite to PostgreSQL, or back".to_owned()),
    }
}

/// Whether a database has no records. One that does not exist has none.
pub(crate) async fn is_empty(database: &Database) -> Result<bool, String> {
    match database {
        Database::Sqlite(path) => {
            let path = path.clone();
            apart(move || image::is_empty(&path)).await
        }
        Database::Postgres(url) => copy::is_empty(url).await,
    }
}

/// Whether a SQLite file lacks migrations of this program.
pub(crate) async fn lacks_migrations(database: &Database) -> Result<bool, String> {
    match database {
        Database::Sqlite(path) => {
            let path = path.clone();
            apart(move || image::lacks_migrations(&path)).await
        }
        Database::Postgres(_) => Ok(false),
    }
}

/// The number of connections that servers have to a PostgreSQL database.
pub(crate) async fn servers_on(url: &str) -> Result<i64, String> {
    copy::servers_on(url).await
}

/// The folder of a SQLite file, or that for temporary files.
pub(crate) fn folder_of(database: &Database) -> PathBuf {
    match database {
        Database::Sqlite(path) => beside::folder(path).to_owned(),
        Database::Postgres(_) => std::env::temp_dir(),
    }
}

impl Db {
    /// Where the records were moved, if they were.
    pub(crate) async fn moved_to(&self) -> Result<Option<String>, Error> {
        let mut read = self.read().await?;
        let row = Sql::new("SELECT place FROM moved_to LIMIT 1");
        let row = row.fetch_optional(&mut read.conn()).await?;
        row.map(|row| row.get("place")).transpose()
    }

    /// Notes where the records were moved; `None`: nowhere any more.
    pub(crate) async fn note_move(
        &self,
        place: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        Sql::new("DELETE FROM moved_to").execute(&mut tx.conn()).await?;
        if let Some(place) = place {
            let note = Sql::new("INSERT INTO moved_to (place, moved_at) VALUES ($1, $2)");
            note.arg(place).arg(at).execute(&mut tx.conn()).await?;
        }
        tx.commit().await
    }
}

/// Runs what blocks on a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    spawn_blocking(work).await.map_err(|error| error.to_string())?
}

/// SHA-256 of the rows of each table, in the order of their keys.
type Hashes = Vec<(String, Vec<u8>)>;

fn hashed(table: &Table, context: Context) -> (String, Vec<u8>) {
    (table.name.clone(), context.finish().as_ref().to_vec())
}

/// The hashes of an image's rows.
fn hashes(image: &mut image::Image) -> Result<Hashes, String> {
    let mut hashes = Hashes::new();
    let rows = image.rows()?;
    for table in rows.tables()? {
        let mut context = Context::new(&SHA256);
        rows.read(&table, &mut |lines| {
            context.update(&lines);
            true
        })?;
        hashes.push(hashed(&table, context));
    }
    Ok(hashes)
}

fn compare(sent: &Hashes, received: &Hashes) -> Result<(), String> {
    match sent.iter().find(|of_table| !received.contains(of_table)) {
        None => Ok(()),
        Some((table, _)) => {
            Err(format!("the copy is not what was copied: the rows of {table} differ"))
        }
    }
}

/// What the thread that fills an image is sent.
enum Sent {
    /// Rows of the table with this place.
    Rows(usize, Vec<u8>),
    /// The last numbers of tables, and the last medical record number.
    Numbers(Vec<(String, i64)>, i64),
}

/// Fills an empty image with the rows of PostgreSQL.
async fn build(
    mut image: image::Image,
    source: &mut copy::Source,
    progress: Progress,
) -> Result<(Image, Contents, Hashes), String> {
    let (mut image, later, tables) = apart(move || {
        let later = image.make_tables()?;
        let tables = image.rows()?.tables()?;
        Ok((image, later, tables))
    })
    .await?;
    let (sender, mut receiver) = channel(4);
    let of_thread = tables.clone();
    let thread = spawn_blocking(move || {
        let mut is_complete = false;
        while let Some(sent) = receiver.blocking_recv() {
            match sent {
                Sent::Rows(place, lines) => {
                    let table = of_thread.get(place).ok_or("a table is not known")?;
                    image.insert(table, &lines)?;
                }
                Sent::Numbers(of_tables, last_mrn) => {
                    image.set_numbers(&of_tables, last_mrn)?;
                    is_complete = true;
                }
            }
        }
        if !is_complete {
            return Err("the copy has no end".to_owned());
        }
        let contents = image.finish(&later)?;
        Ok((image, contents))
    });
    let read = async {
        let mut hashes = Hashes::new();
        for (place, table) in tables.iter().enumerate() {
            let mut context = Context::new(&SHA256);
            let mut rows = source.rows(table).await?;
            while let Some(lines) = rows.next().await? {
                context.update(&lines);
                if sender.send(Sent::Rows(place, lines)).await.is_err() {
                    // The thread has failed, and says why.
                    return Ok(hashes);
                }
            }
            hashes.push(hashed(table, context));
            progress(part(place + 1), part(tables.len()));
        }
        let (of_tables, last_mrn) = source.numbers(&tables).await?;
        drop(sender.send(Sent::Numbers(of_tables, last_mrn)).await);
        Ok::<_, String>(hashes)
    };
    let read = read.await;
    drop(sender);
    let filled = thread.await.map_err(|error| error.to_string())?;
    let hashes = read?;
    let (image, contents) = filled?;
    Ok((Image(image), contents, hashes))
}

fn part(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Where the rows for PostgreSQL come from.
enum Source {
    Image(image::Image),
    Database(image::Snapshot),
}

impl Source {
    fn rows(&mut self) -> Result<image::Rows<'_>, String> {
        match self {
            Self::Image(image) => image.rows(),
            Self::Database(snapshot) => Ok(snapshot.rows()),
        }
    }
}

/// Fills an empty PostgreSQL database.
async fn fill(mut source: Source, url: &str, progress: Progress) -> Result<(), String> {
    let (mut source, tables, numbers) = apart(move || {
        let rows = source.rows()?;
        let (tables, numbers) = (rows.tables()?, rows.numbers()?);
        Ok((source, tables, numbers))
    })
    .await?;
    let mut target = copy::Target::open(url, &tables).await?;
    let (sender, receiver) = channel(4);
    let of_thread = tables.clone();
    let thread = spawn_blocking(move || {
        let rows = source.rows()?;
        let mut hashes = Hashes::new();
        for (place, table) in of_thread.iter().enumerate() {
            let mut context = Context::new(&SHA256);
            rows.read(table, &mut |lines| {
                context.update(&lines);
                sender.blocking_send((place, Some(lines))).is_ok()
            })?;
            hashes.push(hashed(table, context));
            if sender.blocking_send((place, None)).is_err() {
                break;
            }
        }
        Ok::<_, String>(hashes)
    });
    let filled = receive(&mut target, &tables, receiver, &progress).await;
    let sent = thread.await.map_err(|error| error.to_string())?;
    filled?;
    let sent = sent?;
    target.finish(&numbers.0, numbers.1).await?;
    let mut received = Hashes::new();
    for table in &tables {
        let mut context = Context::new(&SHA256);
        let mut rows = target.rows(table).await?;
        while let Some(lines) = rows.next().await? {
            context.update(&lines);
        }
        received.push(hashed(table, context));
    }
    compare(&sent, &received)?;
    target.commit().await
}

/// Writes the rows that a thread reads. `None` is the end of a table.
async fn receive(
    target: &mut copy::Target,
    tables: &[Table],
    mut receiver: Receiver<(usize, Option<Vec<u8>>)>,
    progress: &Progress,
) -> Result<(), String> {
    for (place, table) in tables.iter().enumerate() {
        let mut rows = target.insert(table).await?;
        loop {
            match receiver.recv().await {
                Some((of, Some(lines))) if of == place => rows.send(lines).await?,
                Some((of, None)) if of == place => break,
                // The thread has failed, and says why. The transaction is not committed.
                _ => return Ok(()),
            }
        }
        rows.finish().await?;
        progress(part(place + 1), part(tables.len()));
    }
    Ok(())
}
