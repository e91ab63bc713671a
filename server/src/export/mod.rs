//! Exporting records to files that spreadsheets, other programs and `import` read.
//!
//! A file holds all records of a kind in the order of their ids, as they were at one moment: patients and the assignments
//! and visits of patients who are not archived, and doctors. It has no ids, since they mean nothing in another
//! database: a patient is named by the medical record number, a doctor by the licence number, the e-mail
//! address or the name, and an assignment by its time. Everything else that `import` can take is there, so that an
//! import into an empty database and another export give the same bytes.
//!
//! - **CSV** (RFC 4180) is for spreadsheets. It is UTF-8 with a byte order mark, without which they take it for
//!   something else. A cell that a spreadsheet would compute begins with an apostrophe, see [`shared::cell`].
//! - **NDJSON** is for programs: a JSON object on each line, with the members of the API.

mod csv_file;

use std::{
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{
    app::App,
    beside,
    db::{
        assignments::ExportedAssignment, doctors::ExportedDoctor, export::Exported, names::Named,
        patients::ExportedPatient, visits::ExportedVisit,
    },
    error::Error,
    output::{OncePerSecond, content_out, draw_status, print_line},
    services::{
        actor::Origin,
        audit::{self, AuditActor, AuditEvent, PROGRAM, differences},
    },
};
use csv_file::CsvFile;

/// A kind of record to export.
#[derive(Subcommand)]
#[command(after_help = HELP)]
pub enum ExportCommand {
    /// Export the patients who are not archived.
    #[command(after_help = HELP)]
    Patients(ExportOptions),
    /// Export the doctors, archived ones too.
    #[command(after_help = HELP)]
    Doctors(ExportOptions),
    /// Export the assignments of patients who are not archived, ended ones too.
    #[command(after_help = HELP)]
    Assignments(ExportOptions),
    /// Export the visits of patients who are not archived.
    #[command(after_help = HELP)]
    Visits(ExportOptions),
}

/// How records are exported, and where to.
#[derive(Args)]
pub struct ExportOptions {
    /// The file, which must not exist yet. Default: standard output.
    file: Option<PathBuf>,
    /// The format: csv for spreadsheets, ndjson for programs.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

const HELP: &str = "\
Whoever gets hold of the file can read all of it. A new file is readable by its owner only, and gets its name
once it is complete. The audit log says that it was made.

The files go into another database, or another system, in this order: doctors, patients, assignments, visits;
see `frontdesk-server help import`. Accounts, histories and archived patients are in a backup only.";

/// The number of records that are read at once.
const PAGE: i64 = 500;

/// Runs an export.
///
/// Fails with a sentence for the operator. A file is then not there.
pub async fn run(app: &App, command: ExportCommand) -> Result<(), String> {
    match command {
        ExportCommand::Patients(options) => {
            export::<ExportedPatient>(app, Named::Patient, options).await
        }
        ExportCommand::Doctors(options) => {
            export::<ExportedDoctor>(app, Named::Doctor, options).await
        }
        ExportCommand::Assignments(options) => {
            export::<ExportedAssignment>(app, Named::Assignment, options).await
        }
        ExportCommand::Visits(options) => export::<ExportedVisit>(app, Named::Visit, options).await,
    }
}

async fn export<R: Exported>(
    app: &App,
    kind: Named,
    ExportOptions { file, format }: ExportOptions,
) -> Result<(), String> {
    let Some(path) = file else {
        note(app, kind, format).await.map_err(|error| error.to_string())?;
        let written = write::<R>(app, format, content_out(), false).await;
        return match written {
            Ok(_) => Ok(()),
            // A pipe that was closed early, for example by `head`, ends the output and nothing else.
            Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(failure) => Err(failure.sentence("standard output")),
        };
    };
    let shown = path.display().to_string();
    if path.symlink_metadata().is_ok() {
        return Err(format!("{shown} exists already"));
    }
    let failed = |error: io::Error| Failure::Output(error).sentence(&shown);
    let mut partial = NamedTempFile::new_in(beside::folder(&path)).map_err(failed)?;
    note(app, kind, format).await.map_err(|error| error.to_string())?;
    let written = write::<R>(app, format, partial.as_file_mut(), true).await;
    draw_status("");
    let count = written.map_err(|failure| failure.sentence(&shown))?;
    keep(partial, &path).map_err(failed)?;
    print_line(&format!("{shown}: {}.", counted(count, kind)));
    Ok(())
}

/// Gives a complete file its name.
fn keep(partial: NamedTempFile, path: &Path) -> io::Result<()> {
    let file: File = partial.persist_noclobber(path).map_err(|error| error.error)?;
    file.sync_all()?;
    beside::sync_folder(path)
}

fn counted(count: u64, kind: Named) -> String {
    let kind = kind.entity();
    if count == 1 { format!("1 {kind}") } else { format!("{count} {kind}s") }
}

/// Why an export ended early.
enum Failure {
    Database(Error),
    Output(io::Error),
}

impl Failure {
    fn sentence(self, place: &str) -> String {
        match self {
            Self::Database(error) => error.to_string(),
            Self::Output(error) => format!("can't write {place}: {error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Notes in the audit log that records are exported, before the first one is.
async fn note(app: &App, kind: Named, format: Format) -> Result<(), Error> {
    let action = format!("{}.exported", kind.entity());
    let mut event = AuditEvent::new(&action, kind.entity(), None);
    let about = serde_json::json!({"format": format.name()});
    event.changes = differences(&serde_json::json!({}), &about)?;
    let mut tx = app.db().begin().await?;
    let (origin, now) = (Origin::default(), app.clock().now());
    audit::note(&mut tx.conn(), AuditActor::Anonymous(&origin, PROGRAM), now, event).await?;
    tx.commit().await
}

/// Writes all records of a kind as they are at one moment, and returns their number.
async fn write<R: Exported>(
    app: &App,
    format: Format,
    out: impl Write,
    is_shown: bool,
) -> Result<u64, Failure> {
    let mut out = Lines::begin::<R>(format, out)?;
    let mut tx = app.db().snapshot().await.map_err(Failure::Database)?;
    let (mut last, mut count, drawn) = (0, 0_u64, OncePerSecond::default());
    loop {
        let page =
            R::after(&mut tx.conn(), last, PAGE).await.map_err(|e| Failure::Database(e.into()))?;
        let is_last = i64::try_from(page.len()).is_ok_and(|rows| rows < PAGE);
        for (id, record) in page {
            last = id;
            count += 1;
            out.add(&record)?;
        }
        if is_last {
            break;
        }
        if is_shown && drawn.admit().is_some() {
            draw_status(&format!("{count} records"));
        }
    }
    out.end()?;
    tx.commit().await.map_err(Failure::Database)?;
    Ok(count)
}

/// The lines of a file.
enum Lines<W: Write> {
    Csv(Box<CsvFile<W>>),
    Ndjson(BufWriter<W>),
}

impl<W: Write> Lines<W> {
    fn begin<R: Exported>(format: Format, out: W) -> io::Result<Self> {
        match format {
            Format::Csv => Ok(Self::Csv(Box::new(CsvFile::begin(out, R::members())?))),
            Format::Ndjson => Ok(Self::Ndjson(BufWriter::new(out))),
        }
    }

    fn add<R: Exported>(&mut self, record: &R) -> io::Result<()> {
        match self {
            Self::Csv(file) => {
                let Value::Object(members) = serde_json::to_value(record)? else {
                    return Err(io::Error::other("a record is not an object"));
                };
                file.add(&members)
            }
            Self::Ndjson(out) => {
                serde_json::to_writer(&mut *out, record)?;
                out.write_all(b"\n")
            }
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Csv(file) => file.end(),
            Self::Ndjson(mut out) => out.flush(),
        }
    }
}
