//! Load: wrk sends requests of one kind, and says how many were answered and how fast.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::{Outcome, people, target::Target};

/// What wrk sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Get,
    List,
    Search,
    Lookup,
    Dashboard,
    Create,
    Login,
    /// An address that is given.
    Page,
}

impl What {
    /// Its name, for wrk and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Search => "search",
            Self::Lookup => "lookup",
            Self::Dashboard => "dashboard",
            Self::Create => "create",
            Self::Login => "login",
            Self::Page => "page",
        }
    }
}

/// What a run has measured.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Requests with an answer below 400.
    pub(crate) answered: u64,
    /// Requests with an answer of 400 or above.
    pub(crate) refused: u64,
    /// Requests per second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Processor time of the program for each request, in microseconds. PostgreSQL's is not in it.
    pub(crate) cpu: f64,
    /// What went wrong, if anything did.
    pub(crate) fault: Option<String>,
}

/// The files that wrk reads, and what all runs share.
pub(crate) struct Load {
    folder: PathBuf,
    patients: u64,
    runs: u64,
}

impl Load {
    /// Writes the files.
    pub(crate) fn new(folder: &Path, patients: u64) -> Outcome<Self> {
        std::fs::write(folder.join("load.lua"), include_str!("load.lua"))?;
        std::fs::write(folder.join("words"), people::searches().join("\n"))?;
        Ok(Self { folder: folder.to_owned(), patients, runs: 0 })
    }

    /// The number of patients in the databases at first.
    pub(crate) fn patients(&self) -> u64 {
        self.patients
    }

    /// Writes the bodies with which clerks log in.
    pub(crate) fn set_logins(&self, bodies: &[String]) -> Outcome<()> {
        Ok(std::fs::write(self.folder.join("logins"), bodies.join("\n"))?)
    }

    /// The command of a run. No two runs send the same new patients.
    fn command(&mut self, target: &Target, what: What, connections: u64, seconds: u64) -> Command {
        self.runs += 1;
        let threads = connections.min(2);
        let mut command = Command::new("wrk");
        command.args([format!("-t{threads}"), format!("-c{connections}"), format!("-d{seconds}s")]);
        command.args(["--timeout", "10s", "-s"]).arg(self.folder.join("load.lua"));
        command.arg(&target.url).env("WHAT", what.name()).env("TOKEN", &target.token);
        for (name, path) in ["ONE", "LIST", "SEARCH"].into_iter().zip(target.kind.paths()) {
            command.env(name, path);
        }
        command.env("BODY", target.kind.name()).env("PATIENTS", self.patients.to_string());
        command.env("SEED", self.runs.to_string()).env("WORDS", self.folder.join("words"));
        command.env("LOGINS", self.folder.join("logins")).kill_on_drop(true);
        command
    }

    /// Sends requests for some seconds over some connections.
    pub(crate) async fn run(
        &mut self,
        target: &Target,
        what: What,
        connections: u64,
        seconds: u64,
    ) -> Outcome<Sample> {
        let mut command = self.command(target, what, connections, seconds);
        measure(target, what, &mut command).await
    }

    /// Asks for one address for some seconds over some connections.
    pub(crate) async fn run_page(
        &mut self,
        target: &Target,
        path: &str,
        connections: u64,
        seconds: u64,
    ) -> Outcome<Sample> {
        let mut command = self.command(target, What::Page, connections, seconds);
        measure(target, What::Page, command.env("PAGE", path)).await
    }

    /// Sends requests of two kinds at the same time.
    pub(crate) async fn run_both(
        &mut self,
        target: &Target,
        whats: [(What, u64); 2],
        seconds: u64,
    ) -> Outcome<[Sample; 2]> {
        let [first, second] = whats;
        let mut one = self.command(target, first.0, first.1, seconds);
        let mut other = self.command(target, second.0, second.1, seconds);
        let (one, other) =
            tokio::join!(measure(target, first.0, &mut one), measure(target, second.0, &mut other));
        Ok([one?, other?])
    }
}

async fn measure(target: &Target, what: What, command: &mut Command) -> Outcome<Sample> {
    let before = target.usage()?;
    let output = command.output().await.map_err(|error| format!("wrk: {error}: install it"))?;
    let used = target.usage()?.cpu.saturating_sub(before.cpu);
    let said = String::from_utf8_lossy(&output.stdout);
    let figures = said.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_default();
    let figures: Result<Vec<u64>, _> = figures.split(' ').map(str::parse).collect();
    let Ok([requests, duration, p50, p99, _, status, socket]) = figures.as_deref() else {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("wrk has no result for {}: {said}{why}", what.name()).into());
    };
    let (name, kind) = (what.name(), target.kind.name());
    // A slow machine refuses logins on purpose, or does none in a short time.
    let (refused, is_idle) =
        if what == What::Login { (0, false) } else { (*status, *requests == 0) };
    let fault = (refused + socket > 0 || is_idle).then(|| {
        format!("{kind}, {name}: {status} refusals and {socket} broken connections of {requests}")
    });
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let [requests_f, duration, p50, p99, used] =
        [requests, duration, p50, p99, &used].map(|n| *n as f64);
    Ok(Sample {
        answered: requests.saturating_sub(*status),
        refused: *status,
        rate: requests_f / duration * 1e6,
        p50: p50 / 1e3,
        p99: p99 / 1e3,
        cpu: used / requests_f.max(1.0),
        fault,
    })
}
