//! Importing records from files.
//!
//! Patients come from a CSV file in UTF-8. Its header decides between two formats:
//!
//! - **Synthea's** `patients.csv`, unchanged, is recognised by `Id`, `BIRTHDATE`, `FIRST`, `LAST`
//!   and `GENDER`. The digits after names are removed, `MIDDLE` is appended to the first name, and
//!   `DEATHDATE` is the date of death. `Id` becomes the identifier `synthea`, `SSN` becomes `ssn`,
//!   and `PASSPORT` becomes `passport`. All other columns are ignored. Among them are `PREFIX`,
//!   `SUFFIX` and `MAIDEN`, because they are not part of the patient's current name, and `DRIVERS`,
//!   because Synthea gives the same driver's licence to several people.
//! - **Frontdesk's own format** has columns with the member names of the API (`first_name`,
//!   `date_of_birth` …, in any case and order), `identifiers` as `system:value|system:value`, and
//!   `source_id`, the record's id in the system that it comes from, which is stored as an
//!   identifier of the system that `--source` names. An unknown column is an error, so that a typo
//!   never loses data.
//!
//! An empty cell has no value. Every row is checked by the rules for requests. A bad row is
//! reported with all its errors, and the other rows are imported. A row is *already there* where a
//! patient, archived or not, has its source id or, in a file without source ids, all its
//! identifiers. Importing a file a second time therefore adds nothing. The other cells of such a
//! row are not compared: an import never changes a patient.
//!
//! Every other row is compared with the patients whom the owner may see, as a registration is, and with the rows
//! before it (a dry run: with the hundred thousand rows before it). A likely duplicate is reported. It is left out, imported all the same, or ends the import.
//!
//! A row with a medical record number, as exports have, keeps it if it is free. It is already there where a patient has
//! the number and the name or the date of birth; it is refused where it is somebody else's number. Such rows are imported
//! though they are likely duplicates, because the numbers tell the people apart.
//!
//! A file that begins with `{` is NDJSON: an object with the same members on each line.
//!
//! Doctors are imported in the same way, from Synthea's `providers.csv` (recognised by `Id`, `NAME`
//! and `SPECIALITY`) or from columns with the member names of the API. A doctor has no identifiers,
//! so Synthea's ids are not stored, and neither are `ORGANIZATION` and `GENDER`. A row is already
//! there where a doctor, archived or not, has the same licence number; without a licence number,
//! the same e-mail address; without an e-mail address, the same names, specialization, address,
//! city and postal code.
//!
//! Assignments and visits name their patient by the number and their doctor by the licence number, the e-mail address or
//! the name. They are already there where the patient was assigned, or arrived, at the same time.

mod assignments;
mod doctors;
mod header;
mod lines;
mod patients;
mod report;
mod row;
mod rows;
mod run;
mod visits;

use std::{
    fmt::Debug,
    fs::File,
    hash::Hash,
    io::{BufRead, BufReader},
    path::PathBuf,
    sync::Arc,
};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use csv::{ByteRecord, ReaderBuilder};
use shared::{
    FieldErrors,
    doctor::DoctorInput,
    patient::{IDENTIFIER_MAX, PatientInput},
    read::Reader,
    text::{Lines, clean},
};

use crate::{
    app::App,
    domain::{
        accounts::users,
        batches::Pieces,
        records::patients::{OnDuplicate, Registration},
    },
    error::Error,
    output::{print_json, print_line},
    services::actor::Actor,
};
use assignments::Assignments;
use doctors::Doctors;
use header::{Format, Header, Layout};
use lines::{BoundedRows, PlainLines, next_row};
use patients::Patients;
use report::{Report, Screen};
use row::RowReader;
use rows::{CsvRows, ObjectRows};
use run::Run;
use visits::Visits;

/// A kind of record to import.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Import patients from a CSV file.
    #[command(after_help = patients_help())]
    Patients(PatientsFile),
    /// Import doctors from a CSV file.
    #[command(after_help = doctors_help())]
    Doctors(RecordsFile),
    /// Import assignments of patients to doctors from a CSV file.
    #[command(after_help = assignments_help())]
    Assignments(RecordsFile),
    /// Import visits from a CSV file.
    #[command(after_help = visits_help())]
    Visits(RecordsFile),
}

/// A file with records, and the options of its import.
#[derive(Args)]
pub struct RecordsFile {
    /// The file: CSV in UTF-8 with a header, or NDJSON.
    file: PathBuf,
    /// Check the file and report, but write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The user who will own the records: an e-mail address or username. Default: the first
    /// administrator.
    #[arg(long, value_name = "E-MAIL")]
    owner: Option<String>,
    /// Print the report as JSON, including the bad rows.
    #[arg(long)]
    json: bool,
}

/// A file with patients, and the options of its import.
#[derive(Args)]
pub struct PatientsFile {
    #[command(flatten)]
    records: RecordsFile,
    /// The system of the file's source ids. Default: `synthea` for Synthea's format, else `source`.
    #[arg(long, value_name = "NAME", value_parser = source)]
    source: Option<String>,
    /// What becomes of a row whose patient is likely to be registered already.
    #[arg(long, value_enum, default_value_t = OnDuplicate::Skip)]
    duplicates: OnDuplicate,
}

/// A kind of record that can be imported.
trait Subject: 'static {
    /// The columns of its files.
    const LAYOUT: &'static Layout;
    /// A record that has passed the rules.
    type State: Debug + Send;
    /// The key by which an import recognises a record that is already there.
    type Key: Clone + Debug + Eq + Hash + Send;
    /// The keys and values that a dry run would have written so far.
    type Claimed: Default;

    /// Takes the members of a row. Errors in single members stay in the reader.
    ///
    /// Fails with the errors that concern several members together.
    fn read(reader: &mut Reader, today: NaiveDate) -> Result<Self::State, FieldErrors>;

    /// The keys of a record. `source` is the system of the file's source ids.
    fn key(state: &Self::State, source: &str) -> Vec<Self::Key>;

    /// For each row, whether a record with its keys is stored or claimed.
    async fn already_there(
        app: &App,
        keys: &[&[Self::Key]],
        claimed: &Self::Claimed,
    ) -> Result<Vec<bool>, Error>;

    /// What would become of each record, up to the last one, beside those that are stored or claimed. The
    /// values of the good ones are claimed.
    async fn check(
        app: &App,
        actor: &Actor,
        states: &[Self::State],
        claimed: &mut Self::Claimed,
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error>;

    /// Registers records. A record that conflicts with stored values is refused, and the others are
    /// written, up to the last one.
    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        states: &[Self::State],
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error>;
}

/// What became of records, of which none is a likely duplicate.
fn outcomes(verdicts: Vec<Result<(), FieldErrors>>) -> Vec<Registration> {
    let outcome = |verdict| match verdict {
        Ok(()) => Registration::Done(None),
        Err(errors) => Registration::Refused(errors),
    };
    verdicts.into_iter().map(outcome).collect()
}

/// The names of columns, in lines of the help.
fn listed(members: &[&str]) -> String {
    let lines: Vec<String> = members.chunks(6).map(|line| line.join(", ")).collect();
    format!("  {}", lines.join(",\n  "))
}

fn patients_help() -> String {
    let is_plain = |member: &&&str| **member != "identifiers";
    let plain: Vec<&str> = PatientInput::MEMBERS.iter().filter(is_plain).copied().collect();
    format!(
        "\
The header decides the format: Synthea's patients.csv, unchanged, or columns with these names:
{},
  identifiers   system:value; several are separated by |
  source_id     the record's id in the system it comes from; stored as an identifier
  mrn           the medical record number, if it is to be kept; new ones are higher
  date_of_birth_estimated, former_names, former_mrns, created_at   as `export patients` writes them
A record needs first_name or last_name. A row is skipped if a patient, archived or not, already
has its mrn and the same name or date of birth (without mrn: its source_id, or without that: all its
identifiers), so a file can be imported again.

A row whose patient is likely to be registered already, or likely to be the one of an earlier row, is
reported on standard error; --duplicates says what becomes of it. {END}",
        listed(&plain)
    )
}

fn doctors_help() -> String {
    format!(
        "\
The header decides the format: Synthea's providers.csv, unchanged, or columns with these names:
{},
  created_at, archived_at   as `export doctors` writes them
A record needs specialization, and first_name or last_name; is_available is true or false. A row
is skipped if a doctor, archived or not, already has its license_number, so a file can be imported
again. Rows without license_number are recognised by email, and rows without email by names,
specialization, address, city and postal code. {END}",
        listed(DoctorInput::MEMBERS)
    )
}

/// How a row names its patient and its doctor.
const NAMES: &str = "\
  mrn           the patient's medical record number
  patient_first_name, patient_last_name   if set, they must be the patient's
  doctor_license_number; without it doctor_email; without both doctor_first_name, doctor_last_name and
                doctor_specialization: the doctor, of whom the directory must have one";

fn assignments_help() -> String {
    format!(
        "\
The columns have these names:
{NAMES}
  status        ACTIVE, ON_HOLD, COMPLETED or CANCELLED; default: ACTIVE
  reason_for_visit, notes, assigned_date   default of the last: today
  assigned_at, ended_at   the times, like 2026-11-20T08:30:00Z
Import patients and doctors first. A row is skipped if the patient was assigned to the doctor at its
assigned_at (without it: on its assigned_date) already, so a file can be imported again. {END}"
    )
}

fn visits_help() -> String {
    format!(
        "\
The columns have these names:
  day, arrived_at   required, like 2026-11-20 and 2026-11-20T08:30:00Z
  number        the number on that day; default: the next one
{NAMES}
  assigned_at   the time of the assignment to which the visit belongs
  reason, is_urgent
  status        WAITING, CALLED, IN_ROOM, DONE or LEFT; default: DONE
  called_at, started_at, ended_at   the times that belong to the status
Import patients, doctors and assignments first. A row is skipped if the patient arrived at that time
already, so a file can be imported again. {END}"
    )
}

/// The end of all texts.
const END: &str = "\
A file that begins with { is NDJSON: an object with these members on each line. Bad rows
are reported on standard error as FILE:LINE: COLUMN: ERROR, and the other rows are imported. Other
users can work during an import. A row may have at most 1 MiB.

Exit status: 0 if every row was imported or is there already; 1 if a row is bad or was left out, or
the import failed; 2 on wrong usage.";

fn source(text: &str) -> Result<String, String> {
    let name = clean(text, Lines::One, IDENTIFIER_MAX).map_err(|error| error.message)?;
    if name.is_empty() { Err("must not be empty".to_owned()) } else { Ok(name) }
}

/// Runs an import and returns the exit status.
///
/// Fails with a sentence where the import can't begin or can't continue.
pub async fn run(app: &App, command: ImportCommand) -> Result<u8, String> {
    match command {
        ImportCommand::Patients(PatientsFile { records, source, duplicates }) => {
            import::<Patients>(app, records, source, duplicates).await
        }
        ImportCommand::Doctors(records) => {
            import::<Doctors>(app, records, None, OnDuplicate::Create).await
        }
        ImportCommand::Assignments(records) => {
            import::<Assignments>(app, records, None, OnDuplicate::Create).await
        }
        ImportCommand::Visits(records) => {
            import::<Visits>(app, records, None, OnDuplicate::Create).await
        }
    }
}

async fn import<S: Subject>(
    app: &App,
    options: RecordsFile,
    source: Option<String>,
    on_duplicate: OnDuplicate,
) -> Result<u8, String> {
    let shown = options.file.display();
    let unreadable = |error: &dyn std::fmt::Display| format!("can't read {shown}: {error}");
    let file = File::open(&options.file).map_err(|error| unreadable(&error))?;
    let about = file.metadata().map_err(|error| unreadable(&error))?;
    if about.is_dir() {
        return Err(unreadable(&"it is a folder"));
    }
    let content = Content::begin(file, S::LAYOUT).map_err(|sentence| unreadable(&sentence))?;
    let header = content.header();
    let actor = owner(app, options.owner.as_deref()).await?;
    let default = match header.format {
        Format::Synthea => "synthea",
        Format::Frontdesk | Format::Ndjson => "source",
    };
    let (format, source) = (header.format, source.unwrap_or_else(|| default.to_owned()));
    let today = app.clock().today();
    let report = Report {
        file: options.file.clone(),
        format,
        owner: actor.user.login_name().to_owned(),
        dry_run: options.dry_run,
        read: 0,
        imported: 0,
        already_there: 0,
        likely_duplicates: 0,
        bad: 0,
        without_identifier: 0,
        stopped: None,
        bad_rows: Vec::new(),
        duplicates: Vec::new(),
    };
    let screen = Screen::new(about.len(), options.json);
    app.db().expect_many_writes().await.map_err(|error| error.to_string())?;
    let start = |reader| Run::<S>::new((app, &actor), reader, &screen, report, on_duplicate);
    let (run, done) = match content {
        Content::Table(header, rows) => {
            let reader = Arc::new(RowReader { header, source, today });
            let mut run = start(reader.clone());
            let done = Box::pin(run.all(CsvRows::new(*rows, reader))).await;
            (run, done)
        }
        Content::Objects(header, lines) => {
            let reader = Arc::new(RowReader { header, source, today });
            let mut run = start(reader.clone());
            let done = Box::pin(run.all(ObjectRows::new(lines, reader))).await;
            (run, done)
        }
    };
    // This also follows an import that stopped early, so that its records are found quickly.
    run.analyze().await;
    screen.close();
    finish(run.report, done, options.json)
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A file whose beginning was read.
enum Content {
    /// A CSV file behind its header.
    Table(Header, Box<csv::Reader<BoundedRows<PlainLines<BufReader<File>>>>>),
    /// A file with an object on each line.
    Objects(Header, BufReader<File>),
}

impl Content {
    /// Recognises the format.
    ///
    /// Fails with a sentence where it is not known.
    fn begin(file: File, layout: &Layout) -> Result<Self, String> {
        let mut file = BufReader::new(file);
        let begin = file.fill_buf().map_err(|error| error.to_string())?;
        let unmarked = begin.strip_prefix(MARK).unwrap_or(begin);
        if unmarked.trim_ascii_start().starts_with(b"{") {
            let mark = begin.len() - unmarked.len();
            file.consume(mark);
            return Ok(Self::Objects(Header::of_objects(), file));
        }
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(BoundedRows::new(PlainLines::new(file)));
        let mut record = ByteRecord::new();
        if !next_row(&mut rows, &mut record)? {
            return Err("it is empty".to_owned());
        }
        Ok(Self::Table(Header::read(&record, layout)?, Box::new(rows)))
    }

    fn header(&self) -> &Header {
        match self {
            Self::Table(header, _) | Self::Objects(header, _) => header,
        }
    }
}

/// Prints the report, even if the import stopped early.
fn finish(mut report: Report, done: Result<(), String>, is_json: bool) -> Result<u8, String> {
    let stopped = done.err().map(|why| {
        let kept = if report.dry_run { "" } else { "; the rows imported before remain" };
        format!("the import stopped after {} rows: {why}{kept}", report.read)
    });
    report.stopped = stopped.clone();
    if is_json {
        print_json(&report)?;
    } else {
        report.summary().iter().for_each(|line| print_line(line));
    }
    match stopped {
        Some(sentence) => Err(sentence),
        None => Ok(u8::from(report.read > report.imported + report.already_there)),
    }
}

/// The user who will own the records.
async fn owner(app: &App, named: Option<&str>) -> Result<Actor, String> {
    let Some(name) = named else {
        let first = users::act_as_first_admin(app).await.map_err(|error| error.to_string())?;
        return first.ok_or_else(|| {
            "no administrator exists who could own the records: create one with \
             frontdesk-server user create --role admin, or name a user with --owner"
                .to_owned()
        });
    };
    match users::act_as(app, name).await {
        Ok(actor) if actor.user.is_active => Ok(actor),
        Ok(_) => Err(format!("the account {} is deactivated", header::shown(name))),
        Err(Error::NotFound) => Err(format!("there is no user {}", header::shown(name))),
        Err(error) => Err(error.to_string()),
    }
}
