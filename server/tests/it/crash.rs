//! Acknowledged writes survive, however the process ends.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    ops::{Deref, DerefMut},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use serde_json::json;
use tokio::sync::Mutex;

use crate::{
    harness::{Backend, PASSWORD, Place, on_both},
    stream::HANG,
};

on_both! { kill_9_in_the_middle_of_writing_loses_no_acknowledged_write }

pub(crate) fn program(place: &Place) -> Command {
    program_by(place, &[])
}

/// The program, started by another program that gets its path as the last argument.
pub(crate) fn program_by(place: &Place, starter: &[&str]) -> Command {
    let mut words = starter.to_vec();
    words.push(env!("CARGO_BIN_EXE_frontdesk-server"));
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command.current_dir(place.folder.path()).env_clear();
    command.env("FRONTDESK_DATABASE_URL", &place.database_url);
    command.env("FRONTDESK_JWT_SECRET_FILE", place.secret_file());
    command.env("FRONTDESK_OUTBOX", place.folder.path().join("outbox"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running program, which ends with the test even if the test fails.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if the program has ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

/// Starts the program and waits for the log line with its address.
pub(crate) fn serve(place: &Place) -> (Running, String) {
    serve_with(place, |_| {})
}

/// Like [`serve`], with a change to the command.
pub(crate) fn serve_with(place: &Place, set: impl FnOnce(&mut Command)) -> (Running, String) {
    let mut command = program(place);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    set(&mut command);
    let (child, base, _) = serve_logging(&mut command);
    (child, base)
}

/// Starts a serving command and waits for the log line with its address. Also returns the remaining
/// lines of its log.
pub(crate) fn serve_logging(command: &mut Command) -> (Running, String, mpsc::Receiver<String>) {
    let mut child = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server ended").unwrap();
        if let Some((_, rest)) = line.split_once("serving address=") {
            break rest.split_whitespace().next().unwrap().to_owned();
        }
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if event["message"] == "serving" {
            break event["address"].as_str().unwrap().to_owned();
        }
    };
    let (log, rest) = mpsc::channel();
    // The log is always read to its end, because the program would block on a full pipe.
    std::thread::spawn(move || lines.for_each(|line| drop(log.send(line.unwrap()))));
    (child, format!("http://{address}"), rest)
}

pub(crate) fn create_admin(place: &Place) {
    use std::io::Write;
    let mut create = program(place)
        .args([
            "user",
            "create",
            "--email",
            "admin@example.com",
            "--role",
            "admin",
            "--password-stdin",
        ])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    create.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    let output = create.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) async fn log_in(http: &reqwest::Client, base: &str) -> String {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let answer = http.post(format!("{base}/api/auth/login")).json(&body).send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    answer["access"].as_str().unwrap().to_owned()
}

async fn kill_9_in_the_middle_of_writing_loses_no_acknowledged_write(backend: Backend) {
    let place = Place::new(backend).await;
    create_admin(&place);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..5 {
        let (mut child, base) = serve(&place);
        let token = log_in(&http, &base).await;
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (http, base, token) = (http.clone(), base.clone(), token.clone());
                let acknowledged = Arc::clone(&acknowledged);
                tokio::spawn(async move {
                    for i in 0.. {
                        let body = json!({"first_name": format!("R{round}W{writer}N{i}")});
                        let request = http.post(format!("{base}/api/patients")).json(&body);
                        let Ok(answer) = request.bearer_auth(&token).send().await else { break };
                        if answer.status() != 201 {
                            break;
                        }
                        let Ok(patient) = answer.json::<serde_json::Value>().await else { break };
                        acknowledged.lock().await.insert(patient["id"].as_i64().unwrap());
                    }
                })
            })
            .collect();
        // In the middle of writing, after a different number of writes each time.
        let goal = acknowledged.lock().await.len() + 10 + 7 * round;
        let written = async {
            while acknowledged.lock().await.len() < goal {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(HANG, written).await.expect("nothing is written");
        child.kill().unwrap();
        child.wait().unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let (mut child, base) = serve(&place);
    let token = log_in(&http, &base).await;
    let mut stored = BTreeSet::new();
    let mut next = Some(format!("{base}/api/patients?page_size=100&ordering=id"));
    while let Some(address) = next {
        let answer = http.get(address).bearer_auth(&token).send().await.unwrap();
        let page: serde_json::Value = answer.json().await.unwrap();
        for patient in page["results"].as_array().unwrap() {
            stored.insert(patient["id"].as_i64().unwrap());
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let acknowledged = acknowledged.lock().await;
    assert!(acknowledged.len() > 40, "only {} were written", acknowledged.len());
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{lost:?} of {} were lost", acknowledged.len());
}
