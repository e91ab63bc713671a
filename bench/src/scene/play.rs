//! The clerks at work, until the server is killed.

use std::{
    path::PathBuf,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use super::{
    Stage,
    clerk::Clerk,
    clinic::{Clinic, PASSWORD, Server},
    desk::{Desk, Pace, Step, Stop},
    email,
    figures::Figures,
    import::Import,
    ledger::{Found, Ledger, Person},
    moment::Moment,
    usage::Processes,
};
use crate::Outcome;

/// How quickly people type and think, in milliseconds, and how long they wait for an answer.
const PACE: Pace =
    Pace { letter: (50, 130), thought: (300, 1_200), patience: Duration::from_secs(60) };
/// How long the next save is waited for, so that the server is killed during one.
const NEXT_SAVE: Duration = Duration::from_secs(5);
/// The server is killed at most so many microseconds after a clerk has pressed the key.
const AFTER_KEY: u64 = 5_000;

/// What is known when the server has been killed.
pub(super) struct Played {
    pub(super) clerks: Vec<Done>,
    pub(super) figures: Figures,
}

/// What is left of a clerk.
pub(super) struct Done {
    pub(super) ledger: Ledger,
    pub(super) times: Vec<(Step, Duration)>,
    pub(super) stop: Stop,
}

/// Where a clerk sits down.
struct Seat<'a> {
    client: PathBuf,
    url: String,
    number: usize,
    people: &'a [Person],
    moment: &'a Moment,
    lot: Rng,
}

impl Seat<'_> {
    /// Sits down, says so with the id of the client's process, and works from the moment the gate opens.
    fn work(self, ready: Sender<u32>, gate: &Receiver<()>) -> Done {
        let Self { client, url, number, people, moment, lot } = self;
        let login = email(number);
        let desk = Desk::open(&client, &url, (&login, PASSWORD), PACE, moment, lot);
        let desk = match desk {
            Ok(desk) => desk,
            Err(stop) => return Done { ledger: Ledger::default(), times: Vec::new(), stop },
        };
        // Both fail where the scene has been given up, and then the clerk stops at the first key.
        let _ = ready.send(desk.process());
        drop(ready);
        let _ = gate.recv();
        let mut clerk = Clerk::new(desk, number, people.to_vec());
        let stop = clerk.works();
        Done { ledger: clerk.ledger, times: clerk.desk.times, stop }
    }
}

/// Lets the clerks work beside an import, and kills the server and the import.
pub(super) fn play<'a>(
    stage: &Stage,
    clinic: &Clinic,
    server: &mut Server,
    people: impl Iterator<Item = &'a [Person]>,
    lot: &mut Rng,
) -> Outcome<Played> {
    let moment = Moment::default();
    let program = std::path::absolute(stage.programs.join("frontdesk"))?;
    thread::scope(|scope| {
        let (ready, are_ready) = mpsc::channel();
        let (mut gates, mut clerks) = (Vec::new(), Vec::new());
        for (number, people) in people.enumerate() {
            let (gate, is_open) = mpsc::channel();
            gates.push(gate);
            let (client, url) = (program.clone(), server.url.clone());
            let seat = Seat { client, url, number, people, moment: &moment, lot: lot.fork() };
            let ready = ready.clone();
            clerks.push(scope.spawn(move || seat.work(ready, &is_open)));
        }
        drop(ready);
        let clients: Vec<u32> = are_ready.iter().collect();
        let watched = watch(stage, clinic, server, clients, &moment, gates, lot);
        // Also where the scene was given up: nobody begins anything.
        moment.end();
        let clerks: Vec<_> = clerks
            .into_iter()
            .map(|clerk| {
                clerk.join().unwrap_or_else(|_| {
                    let stop = Stop::Wrong("the terminal of a clerk has failed".to_owned());
                    Done { ledger: Ledger::default(), times: Vec::new(), stop }
                })
            })
            .collect();
        // A terminal is gone where its clerk has waited in vain.
        let figures = watched.map_err(|error| {
            let wrong = clerks.iter().filter_map(|clerk| match &clerk.stop {
                Stop::Killed => None,
                Stop::Wrong(sentence) => Some(sentence.as_str()),
            });
            wrong.fold(error.to_string(), |all, one| format!("{all}\n{one}"))
        })?;
        Ok(Played { clerks, figures })
    })
}

/// Opens the gates, lets the clerks work for the time of the scene, and kills the server while one of them
/// saves something.
fn watch(
    stage: &Stage,
    clinic: &Clinic,
    server: &mut Server,
    clients: Vec<u32>,
    moment: &Moment,
    gates: Vec<Sender<()>>,
    lot: &mut Rng,
) -> Outcome<Figures> {
    let import = Import::start(clinic, lot.u64(..))?;
    let processes = Processes { server: server.process(), import: import.process(), clients };
    let (before, since) = (processes.used()?, Instant::now());
    drop(gates);
    moment.rest(Duration::from_secs(stage.seconds));
    let (after, took) = (processes.used()?, since.elapsed());
    moment.wait(NEXT_SAVE);
    moment.rest(Duration::from_micros(lot.u64(..AFTER_KEY)));
    let on_their_way = moment.writes();
    moment.end();
    server.kill()?;
    import.kill()?;
    Ok(Figures {
        times: Vec::new(),
        took,
        before,
        after,
        answers: 0,
        on_their_way,
        restart: Duration::ZERO,
        imported: 0,
        found: Found::default(),
    })
}
