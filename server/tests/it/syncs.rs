//! No write is acknowledged before the disk has it, and writes that wait share a sync. A library of
//! a few lines stands in front of the system's calls: it holds up every sync while a file is there,
//! and counts those that are done.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::json;

use crate::{
    crash::{create_admin, serve_with},
    faults::log_in,
    harness::{Backend, Place},
    mail::eventually,
};

const LIBRARY: &str = r#"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *file) {
    int fd = open(getenv(file), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || write(fd, ".", 1) != 1) abort();
    close(fd);
}

static int held_up(long call, int fd) {
    note("SYNCS_BEGUN");
    while (access(getenv("SYNCS_HELD_UP"), F_OK) == 0) usleep(1000);
    int outcome = syscall(call, fd);
    note("SYNCS_DONE");
    return outcome;
}

int fsync(int fd) { return held_up(SYS_fsync, fd); }
int fdatasync(int fd) { return held_up(SYS_fdatasync, fd); }
"#;

/// The files through which the library is told what to do and tells what it did.
struct Syncs {
    library: PathBuf,
    held_up: PathBuf,
    begun: PathBuf,
    done: PathBuf,
}

impl Syncs {
    fn new(folder: &Path) -> Self {
        let [source, library] = ["syncs.c", "syncs.so"].map(|name| folder.join(name));
        std::fs::write(&source, LIBRARY).unwrap();
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
        assert!(compiled.unwrap().success());
        let [held_up, begun, done] = ["held-up", "begun", "done"].map(|name| folder.join(name));
        Self { library, held_up, begun, done }
    }

    fn stand_before(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("SYNCS_HELD_UP", &self.held_up);
        command.env("SYNCS_BEGUN", &self.begun).env("SYNCS_DONE", &self.done);
    }
}

/// How often something was noted in this file.
fn count(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_acknowledged_after_their_sync_and_share_it() {
    const WRITES: usize = 12;
    let place = Place::new(Backend::Sqlite).await;
    let syncs = Syncs::new(place.folder.path());
    create_admin(&place);
    let (server, base) = serve_with(&place, |command| syncs.stand_before(command));
    let admin = log_in(&base).await;
    admin.patient(json!({"first_name": "Ana"})).await;
    let mut shared = 0;
    // How many requests have reached the writer when the sync goes on depends on the machine.
    for round in 0..20 {
        // Those of the round before, for example of its reads, have ended.
        eventually(async || (count(&syncs.begun) == count(&syncs.done)).then_some(())).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        std::fs::write(&syncs.held_up, "").unwrap();
        let (begun, done) = (count(&syncs.begun), count(&syncs.done));
        let writes = (0..WRITES).map(|number| {
            let admin = admin.clone();
            let body = json!({"first_name": format!("Ben {round} {number}")});
            tokio::spawn(async move { admin.post("/api/patients", body).await })
        });
        let writes: Vec<_> = writes.collect();
        eventually(async || (count(&syncs.begun) > begun).then_some(())).await;
        // Reading goes on, which also gives the writes time to be acknowledged wrongly.
        for _ in 0..10 {
            admin.get("/api/patients/1").await.expect_status(200);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert!(writes.iter().all(|write| !write.is_finished()), "acknowledged before its sync");
        assert_eq!(count(&syncs.done), done);
        std::fs::remove_file(&syncs.held_up).unwrap();
        for write in writes {
            write.await.unwrap().expect_status(201);
        }
        shared = WRITES as u64 - (count(&syncs.done) - done).min(WRITES as u64);
        if shared > 0 {
            break;
        }
    }
    assert!(shared > 0, "each write has waited for a sync of its own");
    let listed = admin.get("/api/patients").await.expect_status(200).body;
    assert_eq!(listed["count"].as_u64().unwrap() % WRITES as u64, 1);
    drop(server);
}
