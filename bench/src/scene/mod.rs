//! The scene that a clinic knows: clerks at their terminals, beside a running import.
//!
//! The real client runs in pseudo-terminals. Clerks type from a script, at the pace of people. While some of
//! them wait for a save, the server is killed and started again. What the terminals have shown as saved has
//! to be there then.

mod api;
mod clerk;
mod clinic;
mod database;
mod desk;
mod figures;
mod import;
mod ledger;
mod moment;
mod play;
#[expect(dead_code, reason = "the client's tests use the rest of it")]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a terminal that fails ends its clerk")]
#[expect(clippy::indexing_slicing, reason = "it reads no more than there is room for")]
#[path = "../../../tui/tests/it/pty.rs"]
mod pty;
mod usage;

use std::path::Path;

use fastrand::Rng;

use self::{
    api::Api,
    clinic::{ADMIN, Answers, Clinic, PASSWORD},
    database::Database,
    desk::Stop,
    ledger::Found,
    play::{Played, play},
};
use crate::{Outcome, course::Findings};

/// The source of all that is drawn by lot.
const SEED: u64 = 0x5CE4_E020;
/// How many programs run at the same time: no terminal waits for another.
const PLACES: usize = 1_000;
/// A clerk deals with at most one person in so many seconds.
const PER_PERSON: u64 = 3;
/// What the scene is played with.
pub(crate) struct Stage<'a> {
    /// The folder of the programs `frontdesk-server` and `frontdesk`.
    pub(crate) programs: &'a Path,
    /// A filled SQLite database that no process has open. It is copied, never changed.
    pub(crate) database: &'a Path,
    /// An empty folder for the files of the scene.
    pub(crate) folder: &'a Path,
    /// The number of patients in the database.
    pub(crate) patients: u64,
    /// The number of terminals.
    pub(crate) terminals: usize,
    /// How long the clerks work.
    pub(crate) seconds: u64,
}

/// Plays the scene. Returns what was measured, and everything that was lost or answered wrongly.
pub(crate) fn run(stage: &Stage) -> Outcome<Findings> {
    let mut lot = Rng::with_seed(SEED);
    let clinic = Clinic::found(stage)?;
    let mut database = Database::open(&clinic.database())?;
    let last_patient = database.last_patient()?;
    let each = usize::try_from(stage.seconds / PER_PERSON + 1)?;
    let people = database.people(each * stage.terminals, &mut lot)?;
    drop(database);
    clinic.create_user(ADMIN, "Scene Admin", "admin")?;
    for number in 0..stage.terminals {
        clinic.create_user(&email(number), &format!("Clerk {}", number + 1), "staff")?;
    }
    let mut server = clinic.serve("server.log")?;
    let Played { clerks, mut figures } =
        play(stage, &clinic, &mut server, people.chunks(each), &mut lot)?;
    let (mut ledgers, mut wrong) = (Vec::new(), Vec::new());
    for clerk in clerks {
        ledgers.push(clerk.ledger);
        figures.times.extend(clerk.times);
        wrong.extend(match clerk.stop {
            Stop::Killed => None,
            Stop::Wrong(sentence) => Some(sentence),
        });
    }
    let answers = Answers::read(&server.log)?;
    figures.answers = answers.all;

    let mut again = clinic.serve("server-again.log")?;
    figures.restart = again.start;
    figures.found = ledger::compare(&Api::log_in(&again.url, ADMIN, PASSWORD)?, &ledgers)?;
    again.stop()?;
    let mut database = Database::open(&clinic.database())?;
    let new = i64::try_from(figures.found.newcomers.saved + figures.found.newcomers.open_found)?;
    figures.imported = database.patients_above(last_patient)? - new;
    wrong.append(&mut figures.found.wrong);
    wrong.extend(database.faults(last_patient)?);
    wrong.extend(unkept(&answers, &figures.found));
    Ok((figures.tables(stage, wrong.is_empty()), wrong))
}

/// Compares the 2xx of the log with what is there, and names every refusal and failure.
fn unkept(answers: &Answers, found: &Found) -> Vec<String> {
    let pairs = [
        ("new patients", answers.patients, found.newcomers),
        ("visits", answers.visits, found.visits),
        ("changes of patients", answers.changes, found.phones),
    ];
    let lost = pairs.into_iter().filter_map(|(what, answered, kept)| {
        let there = kept.saved + kept.open_found;
        // The log has a line of an answer before the answer is sent.
        (!(kept.saved..=there).contains(&answered)).then(|| {
            let saved = kept.saved;
            format!("{what}: {saved} shown as saved, {answered} answered with 2xx, {there} there")
        })
    });
    lost.chain(answers.bad.iter().map(|line| format!("an answer of the server: {line}"))).collect()
}

/// The address with which a clerk logs in.
fn email(number: usize) -> String {
    format!("terminal{}@example.com", number + 1)
}
