//! Bringing in records from files.
//!
//! Patients come from a CSV file in UTF-8. Its header says which of two formats it is:
//!
//! - **Synthea's** `patients.csv`, as it is: recognised by `Id`, `BIRTHDATE`, `FIRST`, `LAST` and
//!   `GENDER`. The digits that are glued to names go, `MIDDLE` belongs to the given names,
//!   `DEATHDATE` is the date of death; `Id` becomes the identifier `synthea`, `SSN` `ssn`,
//!   `PASSPORT` `passport`. Every other column is ignored: `PREFIX`, `SUFFIX` and `MAIDEN`, since they
//!   are no part of the name that a patient has now, and `DRIVERS`, since Synthea gives the same
//!   driver's licence to several people.
//! - **our own**: columns with the names of the API's members (`first_name`, `date_of_birth` …, in
//!   any case and order), `identifiers` as `system:value|system:value`, and `source_id`, the record's
//!   id where it comes from, which is kept as an identifier of the system that `--source` names. An
//!   unknown column is an error, so that a typo never loses data.
//!
//! An empty cell is no value. Each row passes the rules that a request passes; a bad one is reported
//! with everything that is wrong with it, and the others go in. A row is *already there* where a
//! patient, archived or not, has its source id, or, in a file without such ids, all its identifiers:
//! so a second run brings nothing in twice. What such a row says otherwise is not looked at: an
//! import never changes a patient.
//!
//! Doctors come in the same way, from Synthea's `providers.csv` (recognised by `Id`, `NAME` and
//! `SPECIALITY`) or from columns with the names of the API's members. An entry of the directory has
//! no identifiers, so Synthea's ids are not kept, and neither are `ORGANIZATION` and `GENDER`. A row is
//! already there where a doctor, archived or not, has its licence number; without one its e-mail
//! address; without that its names, specialisation, address, city and postal code.

mod doctors;
mod header;
mod lines;
mod patients;
mod report;
mod row;
mod run;

use std::{fmt::Debug, fs::File, hash::Hash, path::PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use csv::{ByteRecord, ReaderBuilder};
use shared::{
    Faults,
    doctor::DoctorInput,
    patient::{IDENTIFIER_MAX, PatientInput},
    read::Reader,
    text::{Lines, clean},
};

use crate::{
    app::App,
    domain::{access::Actor, users},
    error::Error,
    output::{say, say_json},
};
use doctors::Doctors;
use header::{Format, Header, Layout};
use lines::{BoundedRows, PlainLines, next_row};
use patients::Patients;
use report::{Report, Screen};
use row::RowReader;
use run::Run;

/// What can be brought in.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Bring in patients from a CSV file.
    #[command(after_help = patients_help())]
    Patients(PatientsFile),
    /// Bring in doctors from a CSV file.
    #[command(after_help = doctors_help())]
    Doctors(RecordsFile),
}

/// A file with records, and how it is brought in.
#[derive(Args)]
pub struct RecordsFile {
    /// The file: CSV in UTF-8, with a header.
    file: PathBuf,
    /// Do everything but write.
    #[arg(long)]
    dry_run: bool,
    /// Whose the records are: e-mail address or username. The first administrator's by default.
    #[arg(long, value_name = "E-MAIL")]
    owner: Option<String>,
    /// Print the report as JSON, bad rows included.
    #[arg(long)]
    json: bool,
}

/// A file with patients, and how it is brought in.
#[derive(Args)]
pub struct PatientsFile {
    #[command(flatten)]
    records: RecordsFile,
    /// The system of the file's source ids: `synthea` or `source` by default.
    #[arg(long, value_name = "NAME", value_parser = source)]
    source: Option<String>,
}

/// A kind of records that can be brought in.
trait Subject: 'static {
    /// What its files look like.
    const LAYOUT: &'static Layout;
    /// A record that passes the rules.
    type State: Debug;
    /// By what a row is known again.
    type Key: Clone + Debug + Eq + Hash;
    /// What a dry run would have written.
    type Claimed: Default;

    /// Takes the members of a row; what is wrong with single ones stays in the reader.
    ///
    /// Fails with what is wrong with them together.
    fn read(reader: &mut Reader, today: NaiveDate) -> Result<Self::State, Faults>;

    /// By what a row is known again. `source` is the system of the file's ids.
    fn key(state: &Self::State, source: &str) -> Vec<Self::Key>;

    /// Says of each row whether its record is there already, or is claimed.
    async fn already_there(
        app: &App,
        keys: &[&[Self::Key]],
        claimed: &Self::Claimed,
    ) -> Result<Vec<bool>, Error>;

    /// Says of each record whether registering it would contradict what is stored or claimed; the
    /// good ones are claimed from then on.
    async fn find_taken(
        app: &App,
        states: &[Self::State],
        claimed: &mut Self::Claimed,
    ) -> Result<Vec<Result<(), Faults>>, Error>;

    /// Registers records, each unless it contradicts what is stored.
    async fn register(
        app: &App,
        actor: &Actor,
        states: &[Self::State],
    ) -> Result<Vec<Result<(), Faults>>, Error>;
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
The header says what the file is: Synthea's patients.csv as it is, or columns named
{},
  identifiers   system:value, several separated by |
  source_id     the record's id where it comes from; it is kept as an identifier
At least first_name or last_name has to be there. Rows whose source_id (or, without one, whose
identifiers) a patient has already, in the archive or not, are left as they are, so that a file can
be imported again. {END}",
        listed(&plain)
    )
}

fn doctors_help() -> String {
    format!(
        "\
The header says what the file is: Synthea's providers.csv as it is, or columns named
{}
At least first_name or last_name has to be there, and specialization; is_available is true or false.
Rows whose license_number a doctor has already, in the archive or not, are left as they are, so that
a file can be imported again; rows without one are told by their email, and without that by names,
specialisation, address, city and postal code. {END}",
        listed(DoctorInput::MEMBERS)
    )
}

/// How both texts end.
const END: &str = "Bad rows are reported on standard error
as FILE:LINE: COLUMN: what is wrong; the others are imported, in pieces that keep nobody else
waiting. A row has at most 1 MiB.

Exit status: 0 if every row was imported or is there already; 1 if a row is bad or the import could
not be done; 2 on wrong usage.";

fn source(text: &str) -> Result<String, String> {
    let name = clean(text, Lines::One, IDENTIFIER_MAX).map_err(|complaint| complaint.message)?;
    if name.is_empty() { Err("must not be empty".to_owned()) } else { Ok(name) }
}

/// Runs an import; returns the exit status.
///
/// Fails with one sentence where it can't begin, or not go on.
pub async fn run(app: &App, command: ImportCommand) -> Result<u8, String> {
    match command {
        ImportCommand::Patients(PatientsFile { records, source }) => {
            bring_in::<Patients>(app, records, source).await
        }
        ImportCommand::Doctors(records) => bring_in::<Doctors>(app, records, None).await,
    }
}

async fn bring_in<S: Subject>(
    app: &App,
    options: RecordsFile,
    source: Option<String>,
) -> Result<u8, String> {
    let shown = options.file.display();
    let unreadable = |error: &dyn std::fmt::Display| format!("can't read {shown}: {error}");
    let file = File::open(&options.file).map_err(|error| unreadable(&error))?;
    let about = file.metadata().map_err(|error| unreadable(&error))?;
    if about.is_dir() {
        return Err(unreadable(&"it is a folder"));
    }
    let mut rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(BoundedRows::new(PlainLines::new(file)));
    let mut record = ByteRecord::new();
    if !next_row(&mut rows, &mut record).map_err(|sentence| unreadable(&sentence))? {
        return Err(unreadable(&"it is empty"));
    }
    let header = Header::read(&record, S::LAYOUT).map_err(|sentence| unreadable(&sentence))?;
    let actor = owner(app, options.owner.as_deref()).await?;
    let default = match header.format {
        Format::Synthea => "synthea",
        Format::Frontdesk => "source",
    };
    let source = source.as_deref().unwrap_or(default);
    let reader = RowReader { header: &header, source, today: app.clock().today() };
    let report = Report {
        file: options.file.clone(),
        format: header.format,
        owner: actor.user.login_name().to_owned(),
        dry_run: options.dry_run,
        read: 0,
        imported: 0,
        already_there: 0,
        bad: 0,
        without_identifier: 0,
        stopped: None,
        bad_rows: Vec::new(),
    };
    let screen = Screen::new(about.len(), options.json);
    let mut run = Run::<S>::new(app, &actor, reader, &screen, report);
    let done = Box::pin(run.all(&mut rows)).await;
    // Also after an import that stopped: what it has written is to be found quickly.
    run.analyze().await;
    screen.close();
    finish(run.report, done, options.json)
}

/// Prints what was done, also where it could not be finished.
fn finish(mut report: Report, done: Result<(), String>, is_json: bool) -> Result<u8, String> {
    let stopped = done.err().map(|why| {
        let kept = if report.dry_run { "" } else { "; what was imported before stays" };
        format!("the import stopped after {} rows: {why}{kept}", report.read)
    });
    report.stopped = stopped.clone();
    if is_json {
        say_json(&report)?;
    } else {
        report.summary().iter().for_each(|line| say(line));
    }
    match stopped {
        Some(sentence) => Err(sentence),
        None => Ok(u8::from(report.bad > 0)),
    }
}

/// The user whose the records are.
async fn owner(app: &App, named: Option<&str>) -> Result<Actor, String> {
    let Some(name) = named else {
        let first = users::act_as_first_admin(app).await.map_err(|error| error.to_string())?;
        return first.ok_or_else(|| {
            "there is no administrator whose the records could be: make one with \
             frontdesk-server user create --role admin, or say --owner"
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
