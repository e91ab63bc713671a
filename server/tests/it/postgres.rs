//! A temporary PostgreSQL for the tests: `TEST_DATABASE_URL` if it is set, otherwise a cluster
//! that the installed programs create in a temporary folder.

use std::{
    net::SocketAddr,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

const MISSING: &str = "the tests need PostgreSQL: install it (apt-get install postgresql), \
    or set TEST_DATABASE_URL to a server on which databases may be created";

/// The URL of the server, without a database.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => url,
        Err(_) => Cluster::make().url,
    })
}

/// Creates a database, empty or as a copy of the named template, and returns its URL.
pub(crate) async fn database(template: Option<&str>) -> String {
    use sqlx::{Connection, Executor};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("frontdesk_test_{}_{number}", std::process::id());
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(server).await.expect(MISSING);
    let template = template.unwrap_or("template1");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"));
    connection.execute(create).await.unwrap();
    connection.close().await.unwrap();
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(&name);
    url.to_string()
}

/// The name of the database at a URL.
pub(crate) fn name(url: &str) -> String {
    url::Url::parse(url).unwrap().path().trim_start_matches('/').to_owned()
}

/// The URL of the database of a server behind a proxy.
pub(crate) fn direct(server_behind: &crate::harness::Server) -> String {
    let mut url = url::Url::parse(server()).unwrap();
    url.set_path(url::Url::parse(&server_behind.place.database_url).unwrap().path());
    url.to_string()
}

/// The folder of PostgreSQL's programs: on the path, or where Debian installs them.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    let has_all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "pg_basebackup"].iter().all(|name| folder.join(name).exists())
    };
    folders.into_iter().find(has_all).expect(MISSING)
}

/// The ids of another user if the tests run as root, because PostgreSQL refuses to run as root.
fn other_user() -> Option<(u32, u32)> {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    if !is_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut parts = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((parts.next()??, parts.next()??))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("no user to run PostgreSQL as"))
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    if let Some((uid, gid)) = other_user() {
        command.uid(uid).gid(gid);
    }
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a primary and a standby.
pub(crate) fn start_pair() -> (Cluster, Cluster) {
    let first = Cluster::make();
    let second = first.follow();
    (first, second)
}

/// A separate cluster, which is removed when this process ends.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    pub(crate) url: String,
}

impl Cluster {
    /// A new and empty cluster.
    pub(crate) fn make() -> Self {
        let cluster = Self::new();
        let mut initdb = command(&cluster.programs.join("initdb"));
        initdb.arg("-D").arg(cluster.data()).args(["-U", "frontdesk", "-A", "trust", "-E", "UTF8"]);
        // Not the collation "C", on purpose: nothing may depend on the server's default.
        initdb.args(["--no-sync", "--locale-provider=icu", "--icu-locale=en"]);
        run(initdb);
        cluster.start();
        cluster
    }

    /// A standby of this cluster.
    fn follow(&self) -> Self {
        let standby = Self::new();
        let mut copy = command(&self.programs.join("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-U", "frontdesk", "-R", "-X", "stream", "-c", "fast"]);
        copy.args(["-p", &self.port.to_string()]).arg("-D").arg(standby.data());
        run(copy);
        standby.start();
        standby
    }

    fn new() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("frontdesk-pg-").tempdir().unwrap().keep();
        if let Some((uid, gid)) = other_user() {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let port = free_port();
        let url = format!("postgres://frontdesk@127.0.0.1:{port}/postgres");
        let cluster = Self { programs, folder, port, url };
        stop_with_us(&cluster.programs, &cluster.folder, &cluster.data());
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, words: &[&str]) {
        let mut control = command(&self.programs.join("pg_ctl"));
        // pg_ctl passes its streams on to the server, so this must not wait for their end.
        control.stderr(Stdio::null());
        control.arg("-D").arg(self.data()).args(["-w", "-t", "60", "-s"]);
        control.arg("-l").arg(self.folder.join("log")).args(words);
        let folder = &self.folder;
        assert!(control.status().unwrap().success(), "pg_ctl {words:?}: see {folder:?}/log");
    }

    pub(crate) fn start(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} \
             -c max_connections=400 -c fsync=off -c full_page_writes=off",
            self.port,
            self.folder.display()
        );
        self.control(&["-o", &options, "start"]);
    }

    pub(crate) fn stop(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    pub(crate) fn promote(&self) {
        self.control(&["promote"]);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Executes statements as an operator does.
    pub(crate) async fn tell(&self, statements: &[&str]) {
        use sqlx::{Connection, Executor};
        let mut operator = sqlx::PgConnection::connect(&self.url).await.unwrap();
        for statement in statements {
            operator.execute(sqlx::AssertSqlSafe((*statement).to_owned())).await.unwrap();
        }
        operator.close().await.unwrap();
    }

    /// Makes the server read-only, or writable again.
    pub(crate) async fn make_read_only(&self, is_read_only: bool) {
        self.tell(&[
            "SET default_transaction_read_only = off",
            &format!("ALTER SYSTEM SET default_transaction_read_only = {is_read_only}"),
            "SELECT pg_reload_conf()",
        ])
        .await;
    }

    /// Waits until the standby has everything that was committed here.
    pub(crate) async fn wait_for_standby(&self) {
        use sqlx::Connection;
        let mut operator = sqlx::PgConnection::connect(&self.url).await.unwrap();
        let behind = "SELECT count(*) FROM pg_stat_replication \
            WHERE replay_lsn >= pg_current_wal_lsn()";
        for _ in 0..100 {
            let level: i64 = sqlx::query_scalar(behind).fetch_one(&mut operator).await.unwrap();
            if level == 1 {
                return operator.close().await.unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the standby does not follow");
    }
}

/// Starts a shell that waits until this process ends in any way, then stops the cluster and
/// removes its folder.
fn stop_with_us(programs: &Path, folder: &Path, data: &Path) {
    let mut watch = command(Path::new("/bin/sh"));
    watch.stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    watch.args([
        "-c",
        "cat >/dev/null; \"$1\" -D \"$2\" -s -m immediate stop; rm -rf \"$3\"",
        "sh",
    ]);
    watch.arg(programs.join("pg_ctl")).arg(data).arg(folder);
    let child = watch.spawn().unwrap();
    // Kept open until the process ends.
    std::mem::forget(child);
}
