//! The server's program as a process of its own, over a database that outlives it.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::pty::DEADLINE;

/// The address where any free port is meant.
const ANY_PORT: &str = "127.0.0.1:0";
/// How often a start is tried whose port another program has at the moment.
const TRIES: usize = 200;

/// A server that can die and be started again.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    /// Host and port, the same after every start.
    address: String,
    child: Child,
}

impl Server {
    /// Starts one over an empty database, at a free port.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (child, address) = serve(folder.path(), ANY_PORT).unwrap();
        Self { folder, address, child }
    }

    /// The URL for clients.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Creates an account, as an operator does on the server's own machine.
    pub(crate) fn create_user(&self, email: &str, name: &str, role: &str, password: &str) {
        let words = ["user", "create", "--email", email, "--name", name, "--role", role];
        let mut create = program(self.folder.path(), &[&words[..], &["--password-stdin"]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        create.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = create.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Lets it do nothing more. What is sent to it waits.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
        // A thread of it may go on for a moment. The system tells its parent when all have stopped.
        let pid = Pid::from_child(&self.child);
        let stopped = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        assert!(stopped.is_some_and(|(_, status)| status.stopped()), "it has ended");
    }

    /// Waits until a server that was frozen has so many connections with requests that it has not read.
    pub(crate) fn is_asked_on(&self, connections: usize) {
        let port = self.address.rsplit(':').next().unwrap().parse::<u16>().unwrap();
        let end = Instant::now() + DEADLINE;
        while unread(port) < connections {
            assert!(
                Instant::now() < end,
                "waited in vain for requests on {connections} connections"
            );
            // The system tells nobody that bytes lie in the queue of a process that does not read.
            thread::yield_now();
        }
    }

    /// Kills it: nothing that it was doing comes to an end.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Starts it again over the same database, at the same port.
    pub(crate) fn start_again(&mut self) {
        let mut said = String::new();
        for _ in 0..TRIES {
            match serve(self.folder.path(), &self.address) {
                Ok((child, _)) => {
                    self.child = child;
                    return;
                }
                Err(why) if why.contains("the port is taken") => said = why,
                Err(why) => panic!("{why}"),
            }
        }
        panic!("{said}");
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it was killed already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How many connections to a local port hold bytes that nobody has read, by the system's table of them.
fn unread(port: u16) -> usize {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().skip(1).filter(|row| {
        let mut words = row.split_whitespace();
        let is_there = words.nth(1).is_some_and(|local| local.ends_with(&format!(":{port:04X}")));
        let (state, queues) = (words.nth(1), words.next());
        let received = queues.and_then(|queues| queues.split_once(':')).map(|(_, bytes)| bytes);
        is_there && state == Some("01") && received.is_some_and(|bytes| bytes != "00000000")
    });
    rows.count()
}

/// Starts serving; answers the process and its address, or the log of a process that has ended.
fn serve(folder: &Path, listen: &str) -> Result<(Child, String), String> {
    let mut command = program(folder, &["serve", "--listen", listen]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some((_, rest)) = line.split_once("serving address=") {
            let address = rest.split_whitespace().next().unwrap().to_owned();
            // The log is read to its end: the program would wait at a full pipe.
            thread::spawn(move || lines.for_each(drop));
            return Ok((child, address));
        }
        writeln!(log, "{line}").unwrap();
    }
    child.wait().unwrap();
    Err(log)
}

/// The server's program over the database in a folder. Cargo gives the path of a program only to the
/// tests of its own package, so this is the program of the tests, which becomes the server.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "server::becomes_the_server", "--ignored", "--nocapture", "--"]);
    command.args(arguments).current_dir(folder).env_clear();
    let database = folder.join("clinic.sqlite");
    command.env("FRONTDESK_DATABASE_URL", format!("sqlite://{}", database.display()));
    command.env("FRONTDESK_OUTBOX", folder.join("outbox"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[test]
#[ignore = "other cases start it as a process of its own, with the server's arguments after --"]
fn becomes_the_server() {
    let arguments = std::env::args_os().skip_while(|argument| argument != "--").skip(1);
    let name = OsString::from("frontdesk-server");
    let status = server::cli::run(std::iter::once(name).chain(arguments));
    std::process::exit(status.into());
}
