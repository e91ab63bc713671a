//! Two users at one terminal, and what a server does behind it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
};

use serde_json::{Value, json};

use super::{
    between::{Between, Fate},
    desk::served_at,
    person::{EMAIL, PASSWORD, log_in, quit, register, set_up, start, start_at, to_patients},
    pty::{Home, Program, key},
};

pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const BOBS_PASSWORD: &str = "seven slow blue ferries";

/// Asks the server at an address; answers the body.
pub(crate) fn ask(url: &str, method: &str, path: &str, token: &str, body: Option<Value>) -> Value {
    let address = url.trim_start_matches("http://");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: \
         Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}

/// A token of the administrator.
pub(crate) fn token(url: &str) -> String {
    let login = json!({"email": EMAIL, "password": PASSWORD});
    let session = ask(url, "POST", "/api/auth/login", "", Some(login));
    session["access"].as_str().unwrap().to_owned()
}

/// An account for bob at the front desk.
pub(crate) fn make_bob(url: &str, admin: &str) -> i64 {
    let new = json!({"email": BOB, "role": "staff"});
    let made = ask(url, "POST", "/api/users", admin, Some(new));
    let reset = json!({"token": made["code"], "new_password": BOBS_PASSWORD});
    ask(url, "POST", "/api/auth/password/reset", "", Some(reset));
    made["user"]["id"].as_i64().unwrap()
}

#[track_caller]
pub(crate) fn log_in_as(program: &mut Program, email: &str, password: &str) {
    program.keys(email);
    program.keys(key::TAB);
    program.keys(password);
    program.keys(key::ENTER);
}

#[test]
fn what_bob_has_typed_is_saved_by_bob_or_by_nobody() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    register(&mut first, "José", "Gómez", "1989-05-25");
    let url = served_at(&home);
    let admin = token(&url);
    let bob = make_bob(&url, &admin);

    let mut program = start(&home);
    program.wait_for("Log in to local desk");
    log_in_as(&mut program, BOB, BOBS_PASSWORD);
    to_patients(&mut program);
    program.wait_for("1 of 1");
    program.keys(&key::ctrl('e'));
    program.wait_for("Edit patient");
    program.keys(" María");
    ask(&url, "DELETE", &format!("/api/users/{bob}/sessions"), &admin, None);
    program.keys(&key::ctrl('s'));
    program.wait_for("Log in again");

    program.keys(key::BACKTAB);
    program.keys(&key::ctrl('u'));
    log_in_as(&mut program, EMAIL, PASSWORD);
    program.wait_for("on under your name");
    program.keys(key::ENTER);
    program.wait_for("Log in again");
    program.keys(key::ESC);
    program.wait_without("Log in again");
    program.keys(&key::ctrl('s'));
    program.wait_for("Log in again");
    let patient = &ask(&url, "GET", "/api/patients", &admin, None)["results"][0];
    assert_eq!(patient["first_name"], "José", "nothing was saved");

    program.keys(BOBS_PASSWORD);
    program.keys(key::ENTER);
    program.wait_for("Send it now?");
    program.keys(key::TAB);
    program.keys(key::ENTER);
    program.wait_for("Saved: José María Gómez");
    let path = format!("/api/patients/{}/history", patient["id"]);
    let history = ask(&url, "GET", &path, &admin, None);
    assert_eq!(history["results"][0]["actor"], json!(bob));
    quit(program);
    quit(first);
}

#[test]
fn saving_again_after_a_lost_answer_registers_one_patient() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);

    let away = Home::new();
    let between = Between::new(&url);
    between.let_next("POST /api/patients HTTP", Fate::Unanswered(Box::new(|| {})));
    let mut program = start_at(&away, &between.url());
    log_in_as(&mut program, EMAIL, PASSWORD);
    to_patients(&mut program);
    program.wait_for("No patients yet.");
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    program.keys("Ana\tGomez");
    program.keys(&key::ctrl('s'));
    program.wait_for("Was it saved?");
    // More is typed before it is sent again.
    program.keys(key::ESC);
    program.wait_without("Was it saved?");
    program.keys("-Ruiz");
    program.keys(&key::ctrl('s'));
    program.wait_for("Was it saved?");
    program.keys(key::BACKTAB);
    program.keys(key::ENTER);
    program.wait_for("Registered: Ana Gomez");
    program.keys(&key::ctrl('s'));
    program.wait_for("Saved: Ana Gomez-Ruiz");
    let patients = ask(&url, "GET", "/api/patients", &token(&url), None);
    assert_eq!(patients["count"], 1, "{patients}");
    assert_eq!(patients["results"][0]["full_name"], "Ana Gomez-Ruiz");
    quit(program);
    quit(first);
}

#[test]
fn the_device_token_is_kept_for_its_owner_alone_and_replaced_at_each_login() {
    let home = Home::new();
    let file = home.settings().join("devices.json");
    let mut program = start(&home);
    set_up(&mut program);
    quit(program);
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut program = start(&home);
    log_in(&mut program, PASSWORD);
    program.wait_for("No patients yet.");
    quit(program);
    let second = fs::read_to_string(&file).unwrap();
    assert_ne!(first, second);
    let tokens: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(tokens.as_array().unwrap().len(), 1, "one account, one token");
}
