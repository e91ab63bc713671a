//! The programs that are measured, each started on a copy of the same records.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    Outcome,
    fill::SECRET,
    machine::{Usage, usage},
    report::in_mebibytes,
};

/// How long a program may take to answer for the first time, and to end.
const DEADLINE: Duration = Duration::from_secs(60);

/// Which program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Frontdesk,
    Bare,
    Fastify,
}

impl Kind {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Frontdesk => "Frontdesk",
            Self::Bare => "bare",
            Self::Fastify => "fastify",
        }
    }

    /// Where it has one patient, the list and the search.
    pub(crate) fn paths(self) -> [&'static str; 3] {
        match self {
            Self::Fastify => ["/patients/", "/patients", "/patients/search?q="],
            Self::Frontdesk | Self::Bare => {
                ["/api/patients/", "/api/patients", "/api/patients?search="]
            }
        }
    }
}

/// A running program.
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// The token that it accepts.
    pub(crate) token: String,
    /// From its start to its first answer.
    pub(crate) started_in: Duration,
    /// The database that it serves.
    pub(crate) database: String,
    child: Child,
}

impl Target {
    /// Starts Frontdesk as it ships, but for the options. It has no token yet: that takes a login.
    pub(crate) async fn frontdesk(
        programs: &Path,
        database: &str,
        folder: &Path,
        options: &[String],
    ) -> Outcome<Self> {
        let listen = format!("127.0.0.1:{}", free_port()?);
        let mut command = frontdesk(programs, database, folder);
        command.args(["--listen", &listen]).args(options);
        Self::start(Kind::Frontdesk, command, &listen, "/readyz", database).await
    }

    /// Starts the bare program on `sqlite FILE` or `postgres URL`.
    pub(crate) async fn bare(programs: &Path, database: &str) -> Outcome<Self> {
        let words = match database.strip_prefix("sqlite:") {
            Some(file) => ["sqlite", file],
            None => ["postgres", database],
        };
        let since = Instant::now();
        let mut command = Command::new(programs.join("bare"));
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut line = String::new();
        let output = child.stdout.as_mut().ok_or("the bare program has no output")?;
        timeout(DEADLINE, BufReader::new(output).read_line(&mut line)).await??;
        let (url, token) = line.trim().split_once(' ').ok_or("the bare program did not start")?;
        await_answer(url.trim_start_matches("http://"), "/").await?;
        let (url, token, database) = (url.to_owned(), token.to_owned(), database.to_owned());
        Ok(Self { kind: Kind::Bare, url, token, started_in: since.elapsed(), database, child })
    }

    /// Starts fastify with two processes, of the folder in which it is installed.
    pub(crate) async fn fastify(folder: &Path, file: &Path, token: String) -> Outcome<Self> {
        let port = free_port()?.to_string();
        let mut command = Command::new("node");
        command.arg("server.js").current_dir(folder).env("DB", file).env("PORT", &port);
        command.env("WORKERS", "2").env("SYNC", "FULL").stdin(Stdio::null());
        command.kill_on_drop(true);
        let address = format!("127.0.0.1:{port}");
        let database = format!("sqlite:{}", file.display());
        let target = Self::start(Kind::Fastify, command, &address, "/plaintext", &database).await?;
        Ok(Self { token, ..target })
    }

    async fn start(
        kind: Kind,
        mut command: Command,
        address: &str,
        path: &str,
        database: &str,
    ) -> Outcome<Self> {
        let since = Instant::now();
        let child = command.spawn()?;
        await_answer(address, path).await.map_err(|error| format!("{}: {error}", kind.name()))?;
        let (url, database) = (format!("http://{address}"), database.to_owned());
        Ok(Self { kind, url, token: String::new(), started_in: since.elapsed(), database, child })
    }

    /// Starts a program some times on the same database. The last one stays, with the median of the
    /// times that they took.
    pub(crate) async fn settled(
        times: u64,
        start: impl AsyncFn() -> Outcome<Self>,
    ) -> Outcome<Self> {
        let mut took = Vec::new();
        for _ in 1..times {
            let target = start().await?;
            took.push(target.started_in);
            target.stop().await?;
        }
        let mut last = start().await?;
        took.push(last.started_in);
        took.sort();
        last.started_in = took.get(took.len() / 2).copied().unwrap_or(last.started_in);
        Ok(last)
    }

    /// The part of an address behind the address of this program.
    pub(crate) fn path_of<'a>(&self, address: &'a str) -> Outcome<&'a str> {
        let path = address.strip_prefix(&self.url);
        path.ok_or_else(|| format!("{address} is not at {}", self.url).into())
    }

    /// The resident memory in mebibytes once it was left alone for a while.
    pub(crate) async fn memory_after(&self, pause: Duration) -> Outcome<f64> {
        sleep(pause).await;
        Ok(in_mebibytes(self.usage()?.resident))
    }

    /// What it uses now.
    pub(crate) fn usage(&self) -> Outcome<Usage> {
        usage(self.child.id().ok_or("a measured program has ended")?)
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        drop(self.child.stdin.take());
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            kill_process(pid, Signal::TERM)?;
        }
        timeout(DEADLINE, self.child.wait()).await??;
        Ok(())
    }
}

/// Frontdesk's server with a database. Its log goes into a file of the folder.
pub(crate) fn frontdesk(programs: &Path, database: &str, folder: &Path) -> Command {
    let mut command = Command::new(programs.join("frontdesk-server"));
    command.args(["--database-url", database, "--outbox"]).arg(folder.join("outbox"));
    command.env("FRONTDESK_JWT_SECRET", SECRET).stdin(Stdio::null());
    let log = std::fs::File::create(folder.join("frontdesk.log"));
    command.stderr(log.map_or_else(|_| Stdio::null(), Stdio::from)).kill_on_drop(true);
    command
}

fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Asks until there is an answer.
async fn await_answer(address: &str, path: &str) -> Outcome<()> {
    let ask = async || -> Outcome<bool> {
        let mut stream = TcpStream::connect(address).await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        Ok(stream.read(&mut [0; 64]).await? > 0)
    };
    let until = Instant::now() + DEADLINE;
    while !ask().await.unwrap_or_default() {
        if Instant::now() > until {
            return Err("no answer within a minute".into());
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// The folder of a program's own files, made empty.
pub(crate) fn empty_folder(folder: PathBuf) -> Outcome<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
