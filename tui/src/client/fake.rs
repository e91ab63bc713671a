//! A tiny server, for the client's tests: one answer per connection, as a function of the request.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};
use url::Url;

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// `GET /api/meta`
    pub(crate) line: String,
    /// The header lines, in lower case up to the colon.
    pub(crate) headers: Vec<String>,
    /// The body.
    pub(crate) body: String,
}

impl Seen {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.headers.iter().find_map(|line| line.strip_prefix(start.as_str()))
    }
}

/// What the server does with a request.
pub(crate) enum Does {
    /// Answers.
    Answers(u16, Value),
    /// Answers with something that is no JSON.
    Says(u16, &'static str),
    /// Answers with the seconds before which it takes no other attempt.
    PutsOff(u16, Value, u64),
    /// Hangs up without a word.
    HangsUp,
}

/// The server.
pub(crate) struct Fake {
    /// Its address.
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Starts one.
    pub(crate) fn start(does: impl Fn(&Seen) -> Does + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let Some(request) = read(&mut reader) else { continue };
                log.lock().unwrap().push(request.clone());
                let (status, body, more) = match does(&request) {
                    Does::Answers(status, body) => (status, body.to_string(), String::new()),
                    Does::PutsOff(status, body, after) => {
                        (status, body.to_string(), format!("retry-after: {after}\r\n"))
                    }
                    Does::Says(status, text) => (status, text.to_owned(), String::new()),
                    Does::HangsUp => continue,
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{more}connection: close\r\n\r\n"
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, seen }
    }

    /// The requests that came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Their first lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

fn read(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        let name = name.to_lowercase();
        if name == "content-length" {
            length = value.parse().unwrap();
        }
        headers.push(format!("{name}: {value}"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { line, headers, body: String::from_utf8(body).unwrap() })
}

/// A user as the server sends one.
pub(crate) fn user() -> Value {
    json!({
        "id": 1, "username": null, "email": "ana@example.com", "first_name": "Ana",
        "last_name": null, "name": "Ana", "phone": null, "role": "admin", "is_active": true,
        "is_staff": true, "email_verified": false, "created_at": "2026-11-20T08:30:00.000000Z",
        "updated_at": "2026-11-20T08:30:00.000000Z", "version": 1
    })
}

/// A session as the server sends one.
pub(crate) fn session(access: &str, refresh: &str) -> Value {
    json!({
        "message": "Login successful", "user": user(),
        "tokens": {"access": access, "refresh": refresh}, "access": access, "refresh": refresh,
        "token_type": "Bearer", "expires_in": 3600
    })
}

/// The next tokens as the server sends them.
pub(crate) fn refreshed(access: &str, refresh: &str) -> Value {
    json!({"access": access, "refresh": refresh, "token_type": "Bearer", "expires_in": 3600})
}

/// An empty page.
pub(crate) fn no_rows() -> Value {
    json!({"count": 0, "next": null, "previous": null, "results": []})
}

/// A problem.
pub(crate) fn problem(kind: shared::Kind, detail: &str) -> Does {
    let problem = shared::Problem::new(kind, detail);
    Does::Answers(kind.status(), serde_json::to_value(problem).unwrap())
}
