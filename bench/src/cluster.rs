//! PostgreSQL for a measurement: a server of its own on a free port, with the settings with which
//! PostgreSQL comes. It ends with this process; its databases are kept in a folder.

use std::{
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::Outcome;

/// A running server.
pub(crate) struct Cluster {
    port: u16,
    /// A shell that stops the server once its standard input has ended.
    watch: Child,
    input: Option<ChildStdin>,
}

impl Cluster {
    /// Starts a server whose data is kept in a folder, which is made if it is missing.
    pub(crate) fn start(folder: &Path) -> Outcome<Self> {
        let programs = programs()?;
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            std::fs::create_dir_all(folder)?;
            if let Some((uid, gid)) = other_user()? {
                std::os::unix::fs::chown(folder, Some(uid), Some(gid))?;
            }
            let mut initdb = command(&programs.join("initdb"))?;
            initdb.arg("-D").arg(&data).args(["-U", "frontdesk", "-A", "trust", "-E", "UTF8"]);
            run(initdb.args(["--locale-provider=icu", "--icu-locale=en"]))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut control = command(&programs.join("pg_ctl"))?;
        // pg_ctl passes its streams on to the server, so this must not wait for their end.
        control.stderr(Stdio::null()).arg("-D").arg(&data).args(["-w", "-t", "60", "-s", "-l"]);
        control.arg(folder.join("log")).arg("-o").arg(format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
             -c max_connections=200"
        ));
        run(control.arg("start"))?;
        let mut watch = command(Path::new("/bin/sh"))?;
        watch.stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        watch.args(["-c", "cat >/dev/null; \"$1\" -D \"$2\" -s -w -m fast stop", "sh"]);
        let mut watch = watch.arg(programs.join("pg_ctl")).arg(data).spawn()?;
        let input = watch.stdin.take();
        Ok(Self { port, watch, input })
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://frontdesk@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.input.take());
        // The server stops in any case; waiting only keeps the next one from finding its files in use.
        let _ = self.watch.wait();
    }
}

/// The folder of PostgreSQL's programs: on the path, or where Debian installs them.
fn programs() -> Outcome<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the path is no setting of Frontdesk's")]
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    let mut folders = std::env::split_paths(&on_path).chain(debian.into_iter().rev());
    let has_both =
        |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|it| folder.join(it).exists());
    folders
        .find(has_both)
        .ok_or_else(|| "install PostgreSQL, or leave it out: --only sqlite".into())
}

/// The ids of another user where this program runs as root, as whom PostgreSQL refuses to run.
fn other_user() -> Outcome<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    };
    let found = find("postgres").or_else(|| find("nobody"));
    found.map(Some).ok_or_else(|| "there is no user to run PostgreSQL as".into())
}

fn command(program: &Path) -> Outcome<Command> {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    if let Some((uid, gid)) = other_user()? {
        command.uid(uid).gid(gid);
    }
    Ok(command)
}

fn run(command: &mut Command) -> Outcome<()> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?} failed: {said}").into()) }
}
