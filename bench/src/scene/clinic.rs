//! The server of the scene: a process of its own over a copy of the filled database.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::Stage;
use crate::Outcome;

/// The password of every account of the scene.
pub(super) const PASSWORD: &str = "three quiet green lamps";
/// The administrator's e-mail address. The import is run under this name.
pub(super) const ADMIN: &str = "scene.admin@example.com";
/// How long the server may take to start.
const START: Duration = Duration::from_secs(60);
/// How often its log is looked at until it has started.
const GLANCE: Duration = Duration::from_millis(2);

/// The files of the scene.
pub(super) struct Clinic<'a> {
    stage: &'a Stage<'a>,
}

/// A running server.
pub(super) struct Server {
    child: Child,
    /// Its log.
    pub(super) log: PathBuf,
    /// Where clients find it.
    pub(super) url: String,
    /// The time from its start until it has accepted connections.
    pub(super) start: Duration,
}

impl<'a> Clinic<'a> {
    /// A clinic with a copy of the filled database.
    pub(super) fn found(stage: &'a Stage<'a>) -> Outcome<Self> {
        let clinic = Self { stage };
        fs::copy(stage.database, clinic.database())
            .map_err(|error| format!("{} can't be copied: {error}", stage.database.display()))?;
        Ok(clinic)
    }

    /// The file of the database.
    pub(super) fn database(&self) -> PathBuf {
        self.stage.folder.join("clinic.sqlite")
    }

    /// The server's program with this clinic's settings, and no others.
    pub(super) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.stage.programs.join("frontdesk-server"));
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
        command.env("FRONTDESK_DATABASE_URL", format!("sqlite:{}", self.database().display()));
        command
    }

    /// Creates an account, as an operator does on the server's own machine.
    pub(super) fn create_user(&self, email: &str, name: &str, role: &str) -> Outcome<()> {
        let words = ["user", "create", "--email", email, "--name", name, "--role", role];
        let mut create = self
            .program(&[&words[..], &["--password-stdin"]].concat())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = create.stdin.take() {
            stdin.write_all(PASSWORD.as_bytes())?;
        }
        let output = create.wait_with_output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    /// Starts the server as it ships, at a free port.
    pub(super) fn serve(&self, log: &str) -> Outcome<Server> {
        let log = self.stage.folder.join(log);
        let since = Instant::now();
        let mut serve = self.program(&["serve", "--listen", "127.0.0.1:0"]);
        let child = serve.stderr(File::create(&log)?).spawn()?;
        let mut server = Server { child, log, url: String::new(), start: Duration::ZERO };
        while server.url.is_empty() {
            let said = fs::read_to_string(&server.log)?;
            let address = said
                .split_once("serving address=")
                .and_then(|(_, rest)| rest.split_once(char::is_whitespace));
            if let Some((address, _)) = address {
                server.url = format!("http://{address}");
            } else if since.elapsed() > START || server.child.try_wait()?.is_some() {
                return Err(format!("the server does not start: {said}").into());
            } else {
                thread::park_timeout(GLANCE);
            }
        }
        server.start = since.elapsed();
        Ok(server)
    }
}

impl Server {
    /// The id of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it: nothing that it was doing comes to an end.
    pub(super) fn kill(&mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(&mut self) -> Outcome<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        match self.child.wait()?.success() {
            true => Ok(()),
            false => Err("the server has not ended as it should".into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The answers that a server has given, by its log.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) all: usize,
    /// Patients, visits and changes of patients that it has answered with 2xx.
    pub(super) patients: usize,
    pub(super) visits: usize,
    pub(super) changes: usize,
    /// The lines of refusals and failures.
    pub(super) bad: Vec<String>,
}

impl Answers {
    /// Reads a log.
    pub(super) fn read(log: &Path) -> Outcome<Self> {
        Ok(Self::of(&fs::read_to_string(log)?))
    }

    fn of(log: &str) -> Self {
        let mut answers = Self::default();
        // The server may have been killed in the middle of the last line.
        let (whole, _) = log.rsplit_once('\n').unwrap_or_default();
        for line in whole.lines() {
            let word = |name: &str| {
                let rest = line.split_once(&format!(" {name}="))?.1;
                Some(rest.split_whitespace().next()?.trim_matches('"'))
            };
            let Some(status) = word("status").and_then(|word| word.parse::<u16>().ok()) else {
                continue;
            };
            answers.all += 1;
            match (word("method"), word("path"), status) {
                (.., 400..) => answers.bad.push(line.to_owned()),
                (Some("POST"), Some("/api/patients"), 201) => answers.patients += 1,
                (Some("POST"), Some("/api/visits"), 201) => answers.visits += 1,
                (Some("PATCH" | "PUT"), Some(path), 200) if path.starts_with("/api/patients/") => {
                    answers.changes += 1;
                }
                _ => {}
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_refusals_are_read_from_whole_lines_of_a_log() {
        let line = |method: &str, path: &str, status: u16| {
            format!(
                "2026-11-22T21:37:52.631787Z  INFO access: request_id=\"r\" method={method} \
                 path=\"{path}\" status={status} ms=12 user=2 address=\"127.0.0.1\"\n"
            )
        };
        let refused = line("PATCH", "/api/patients/8", 412);
        let lines = [
            "2026-11-22T21:37:50.000000Z  INFO serving address=127.0.0.1:8000\n".to_owned(),
            line("POST", "/api/patients", 201),
            line("POST", "/api/visits", 201),
            line("POST", "/api/visits", 201),
            line("PATCH", "/api/patients/8", 200),
            line("GET", "/api/patients/8", 200),
            refused.clone(),
            line("POST", "/api/visits", 201).trim_end().to_owned(),
        ];
        let answers = Answers::of(&lines.concat());
        assert_eq!((answers.all, answers.patients, answers.visits, answers.changes), (6, 1, 2, 1));
        assert_eq!(answers.bad, [refused.trim_end()]);
    }
}
