//! The long versions of the fault tests: a full disk, a failing disk, a failover between two
//! servers, thousands of clients that disconnect. `scripts/chaos` installs what they need and runs
//! them; the short versions are in `faults.rs`. The printed lines are for the reader.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use sqlx::Connection;

use crate::{
    crash::{Running, create_admin, serve, serve_with},
    faults::{hang_up_often, log_in, until},
    harness::{Backend, Place, Server},
    postgres,
    proxy::Proxy,
};

/// Runs a program and fails unless it succeeds.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}

/// A small disk in memory, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn new(folder: &Path, size: &str) -> Self {
        std::fs::create_dir(folder).unwrap();
        let options = format!("size={size},mode=0700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "disk"]).arg(folder));
        Self(folder.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn end(mut child: Running) {
    assert!(child.try_wait().unwrap().is_none(), "the server has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a disk: scripts/chaos"]
async fn a_disk_that_is_full_repeatedly() {
    let mut place = Place::new(Backend::Sqlite).await;
    let disk = Disk::new(&place.folder.path().join("disk"), "12m");
    place.database_url = format!("sqlite:{}", disk.0.join("desk.sqlite").display());
    create_admin(&place);
    let (child, base) = serve(&place);
    let admin = log_in(&base).await;
    let ballast = disk.0.join("ballast");
    admin.patient(json!({"first_name": "Ana"})).await;
    let mut written = 1;
    for round in 0..10 {
        // Fills the disk almost completely, then registers patients until one is refused.
        let free = rustix::fs::statvfs(&disk.0).unwrap();
        let rest = 64 * 1024;
        let length = (free.f_bavail * free.f_frsize).saturating_sub(rest);
        std::fs::write(&ballast, vec![1; usize::try_from(length).unwrap()]).unwrap();
        let refused = loop {
            let answer = admin.post("/api/patients", json!({"first_name": "Ana"})).await;
            if answer.status != 201 {
                break answer;
            }
            written += 1;
        };
        refused.expect_status(507);
        for _ in 0..20 {
            admin.get("/api/patients/1").await.expect_status(200);
            admin.get("/readyz").await.expect_status(200);
        }
        std::fs::remove_file(&ballast).unwrap();
        let began = Instant::now();
        until(&admin, Method::POST, "/api/patients", 201, &[507]).await;
        written += 1;
        println!("round {round}: writing again {:?} after there is room", began.elapsed());
    }
    let mut found = 0;
    let mut next = Some("/api/patients?page_size=100&ordering=id".to_owned());
    while let Some(page) = next {
        let page = admin.get(&page).await.expect_status(200).body;
        found += page["results"].as_array().unwrap().len();
        next = page["next"].as_str().map(str::to_owned);
    }
    println!("{written} patients were acknowledged, {found} are there");
    assert_eq!(found, written);
    end(child);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs libfiu: scripts/chaos"]
async fn a_disk_that_fails_at_writing_syncing_and_reading() {
    let place = Place::new(Backend::Sqlite).await;
    create_admin(&place);
    let control = place.folder.path().join("faults");
    let (child, base) = serve_with(&place, |command| {
        command.env("FIU_CTRL_FIFO", &control);
        let libraries = ["/usr/lib/fiu/fiu_run_preload.so", "/usr/lib/fiu/fiu_posix_preload.so"];
        command.env("LD_PRELOAD", libraries.join(" "));
    });
    let tell = |order: String| {
        let mut command = Command::new("fiu-ctrl");
        command.arg("-f").arg(&control).args(["-c", &order]).arg(child.id().to_string());
        run(command.stdin(Stdio::null()));
    };
    let admin = log_in(&base).await;
    admin.patient(json!({"first_name": "Ana"})).await;
    for fault in ["sync/fsync", "rw/pwrite", "rw/pread", "sync/fsync"] {
        // 5 is EIO.
        tell(format!("enable name=posix/io/{fault},failinfo=5"));
        for _ in 0..10 {
            let answer = admin.post("/api/patients", json!({"first_name": "Ben"})).await;
            answer.expect_status(503).header("retry-after");
            if fault != "rw/pread" {
                admin.get("/api/patients/1").await.expect_status(200);
            }
        }
        admin.get("/readyz").await.expect_status(503);
        tell(format!("disable name=posix/io/{fault}"));
        let began = Instant::now();
        until(&admin, Method::POST, "/api/patients", 201, &[503]).await;
        println!("{fault}: writing again {:?} after the fault", began.elapsed());
        until(&admin, Method::GET, "/readyz", 200, &[503]).await;
        println!("{fault}: ready again {:?} after the fault", began.elapsed());
    }
    let sound = crate::crash::program(&place).arg("check").output().unwrap();
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(said.contains("integrity_check finds nothing wrong"), "{said}");
    end(child);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while: scripts/chaos"]
async fn a_failover_to_another_postgres() {
    let (first, second) = tokio::task::spawn_blocking(postgres::start_pair).await.unwrap();
    let proxy = Proxy::to(first.address()).await;
    let mut url = url::Url::parse(&first.url).unwrap();
    url.set_port(Some(proxy.address.port())).unwrap();
    let place = Arc::new(Place::at(url.to_string()));
    let server = Server::start_at(place.clone(), place.settings()).await;
    let staff = server.staff().await;
    let before = staff.patient(json!({"first_name": "Ana"})).await;
    first.wait_for_standby().await;
    // The old primary refuses writes, like one that was cut off from the cluster.
    first.make_read_only(true).await;
    until(&staff, Method::POST, "/api/patients", 503, &[201]).await;
    let refused = staff.post("/api/patients", json!({"first_name": "Ben"})).await;
    refused.expect_status(503);
    second.promote();
    let began = Instant::now();
    // A proxy in front of both servers does the same: new connections go to the new primary, open
    // ones stay with the old one.
    proxy.lead_to(second.address());
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    println!("read-only primary: writing again {:?} after the address leads on", began.elapsed());
    staff.get(&format!("/api/patients/{}", before["id"])).await.expect_status(200);
    until(&staff, Method::GET, "/readyz", 200, &[503]).await;
    // The new primary is stopped without notice and started again.
    second.stop();
    let asked = Instant::now();
    staff.get("/api/patients/1").await.expect_status(503);
    println!("stopped: refused after {:?}", asked.elapsed());
    staff.get("/readyz").await.expect_status(503);
    second.start();
    let began = Instant::now();
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    println!("stopped: writing again {:?} after it is back", began.elapsed());
    sqlx::PgConnection::connect(&second.url).await.unwrap().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while: scripts/chaos"]
async fn thousands_of_clients_hang_up() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let began = Instant::now();
        hang_up_often(backend, 400).await;
        println!("{backend:?}: 4800 requests were given up in {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
