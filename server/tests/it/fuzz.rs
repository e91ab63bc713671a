//! Schemathesis against a running server. It makes good and bad requests from the served
//! description and looks for answers that the description does not allow. `scripts/fuzz` installs
//! it and runs these cases. Otherwise they are ignored, because they need it.

use std::process::Stdio;

use serde_json::json;
use shared::account::Role;

use crate::harness::{Backend, Server, on_both};

on_both! {
    #[ignore = "scripts/fuzz installs what it needs and runs it"]
    nobody_is_told_what_the_description_says,
    #[ignore = "scripts/fuzz installs what it needs and runs it"]
    a_member_is_told_what_the_description_says,
    #[ignore = "scripts/fuzz installs what it needs and runs it"]
    staff_are_told_what_the_description_says,
    #[ignore = "scripts/fuzz installs what it needs and runs it"]
    an_administrator_is_told_what_the_description_says,
}

/// Operations that end the session with which the others are tried. They are tried last.
const ENDING: &[&str] = &["log_out", "end_session", "end_user_sessions"];

/// A stream never ends, so a caller with access would wait for ever. `events.rs` has its cases.
const ENDLESS: &str = "listen";

/// These checks can't hold here. A valid body may still contradict stored records, and DELETE
/// archives or ends a record, which can still be read on request.
const EXCLUDED: &str = "positive_data_acceptance,use_after_free";

/// An earlier system reads a patient's assignments at this path. The API serves it but does not
/// describe it, so `Allow` names an undescribed method, which works.
const PARTLY_DESCRIBED: &[&str] = &["replace_mapping", "update_mapping", "delete_mapping"];

/// The settings that only a file can hold.
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/schemathesis.toml");

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

async fn nobody_is_told_what_the_description_says(backend: Backend) {
    fuzz(backend, None).await;
}

async fn a_member_is_told_what_the_description_says(backend: Backend) {
    fuzz(backend, Some(Role::Member)).await;
}

async fn staff_are_told_what_the_description_says(backend: Backend) {
    fuzz(backend, Some(Role::Staff)).await;
}

async fn an_administrator_is_told_what_the_description_says(backend: Backend) {
    fuzz(backend, Some(Role::Admin)).await;
}

async fn fuzz(backend: Backend, role: Option<Role>) {
    let server = Server::start(backend).await;
    // Records of other users, and of the caller.
    let mut clients = vec![server.member("other@example.com").await];
    let mut token = None;
    if let Some(role) = role {
        clients.push(server.somebody(role, "fuzzed@example.com").await);
        let session = server.session("fuzzed@example.com").await;
        token = session["access"].as_str().map(str::to_owned);
    }
    for client in &clients {
        let patient = client.patient(json!({"first_name": "Ana", "age": 30})).await;
        let doctor = json!({"last_name": "Johnson", "specialization": "Cardiology"});
        let doctor = client.post("/api/doctors", doctor).await.expect_status(201).body;
        let assignment = json!({"patient": patient["id"], "doctor": doctor["id"]});
        client.post("/api/assignments", assignment).await.expect_status(201);
    }
    let mut rest = Vec::new();
    for id in ENDING.iter().chain(PARTLY_DESCRIBED) {
        rest.extend(["--exclude-operation-id", id]);
    }
    if token.is_some() {
        rest.extend(["--exclude-operation-id", ENDLESS]);
    }
    let token = token.as_deref();
    run(&server, token, &rest, EXCLUDED).await;
    let but_methods = format!("{EXCLUDED},allow_header_conformance,unsupported_method");
    for (operations, excluded) in [(PARTLY_DESCRIBED, but_methods.as_str()), (ENDING, EXCLUDED)] {
        let these: Vec<&str> =
            operations.iter().flat_map(|id| ["--include-operation-id", id]).collect();
        run(&server, token, &these, excluded).await;
    }
    let alive = server.nobody().get("/readyz").await;
    assert_eq!(alive.status, 200, "the server does not answer any more: {}", alive.text);
}

async fn run(server: &Server, token: Option<&str>, operations: &[&str], excluded: &str) {
    let mut command = tokio::process::Command::new(setting("SCHEMATHESIS", "st"));
    command.args(["--config-file", CONFIG]);
    command.arg("run").arg(format!("http://{}/openapi.json", server.address));
    command.args(["--phases", "examples,coverage,fuzzing,stateful", "--mode", "all"]);
    command.args(["--checks", "all", "--exclude-checks", excluded]);
    command.args(["--seed", &setting("FUZZ_SEED", "1")]);
    command.args(["--max-examples", &setting("FUZZ_EXAMPLES", "20")]);
    command.args(["--continue-on-failure", "--no-color", "--warnings", "off"]);
    command.args(["--suppress-health-check", "all", "--no-shrink"]);
    command.args(operations);
    if let Some(token) = token {
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    }
    // It stores examples of failures in its working folder.
    command.current_dir(server.place.folder.path()).stdin(Stdio::null());
    let output = command.output().await.expect("Schemathesis is not there: run scripts/fuzz");
    let said = String::from_utf8_lossy(&output.stdout);
    let also = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{also}");
    let summary = said.rsplit("SUMMARY").next().unwrap_or_default();
    std::io::Write::write_all(&mut std::io::stdout(), summary.as_bytes()).unwrap();
}
