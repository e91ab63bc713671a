//! Stands between a client and its server: loses answers, lets a server die while it is asked, and puts
//! other words into answers.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What happens to a request.
pub(crate) enum Fate {
    /// The server does not get it, and nobody answers. This is done instead.
    Unheard(Box<dyn FnOnce() + Send>),
    /// The server gets it. This is done while the server works on it, and nobody answers.
    Cut(Box<dyn FnOnce() + Send>),
    /// This is done before the server gets it.
    Late(Box<dyn FnOnce() + Send>),
    /// The server does it. Then this is done, and the answer does not arrive.
    Unanswered(Box<dyn FnOnce() + Send>),
}

/// Words that are put in the place of others, in every answer. Both are parts of a JSON text.
type Words = (String, String);

struct Rules {
    server: String,
    /// The beginning of a request, and what happens to the first one that begins so.
    next: Option<(String, Fate)>,
    words: Option<Words>,
}

/// A server as a client sees it.
pub(crate) struct Between {
    address: String,
    rules: Arc<Mutex<Rules>>,
}

impl Between {
    /// Passes everything on to a server.
    pub(crate) fn new(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let rules = Rules { server: host(server), next: None, words: None };
        let rules = Arc::new(Mutex::new(rules));
        let shared = Arc::clone(&rules);
        thread::spawn(move || {
            for client in listener.incoming() {
                let rules = Arc::clone(&shared);
                // A connection that breaks is what clients must live with.
                thread::spawn(move || drop(pass_on(client.unwrap(), &rules)));
            }
        });
        Self { address, rules }
    }

    /// The address for the client.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Passes everything on to another server from now on.
    pub(crate) fn pass_on_to(&self, server: &str) {
        self.rules.lock().unwrap().server = host(server);
    }

    /// Decides about the next request that begins so.
    pub(crate) fn let_next(&self, request: &str, fate: Fate) {
        self.rules.lock().unwrap().next = Some((request.to_owned(), fate));
    }

    /// Puts words in the place of others from now on.
    pub(crate) fn replace(&self, word: &str, by: &str) {
        self.rules.lock().unwrap().words = Some((word.to_owned(), by.to_owned()));
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

/// Passes one request on, and its answer back.
fn pass_on(mut client: TcpStream, rules: &Mutex<Rules>) -> io::Result<()> {
    let head = read_head(&mut client)?;
    let mut body = vec![0; length(&head).unwrap_or(0)];
    client.read_exact(&mut body)?;
    let (server, fate, words) = {
        let mut rules = rules.lock().unwrap();
        let fate = rules.next.take_if(|(request, _)| head.starts_with(request.as_str()));
        (rules.server.clone(), fate.map(|(_, fate)| fate), rules.words.clone())
    };
    let fate = match fate {
        Some(Fate::Unheard(instead)) => {
            instead();
            return Ok(());
        }
        Some(Fate::Late(before)) => {
            before();
            None
        }
        fate => fate,
    };
    let mut there = TcpStream::connect(server)?;
    there.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes())?;
    there.write_all(&body)?;
    if head.starts_with("GET /api/events") {
        io::copy(&mut there, &mut client)?;
        return Ok(());
    }
    if let Some(Fate::Cut(meanwhile)) = fate {
        meanwhile();
        return Ok(());
    }
    let mut answer = Vec::new();
    there.read_to_end(&mut answer)?;
    match (fate, words) {
        (Some(Fate::Unanswered(then)), _) => {
            then();
            Ok(())
        }
        (_, Some(words)) => client.write_all(&reworded(&answer, &words)),
        _ => client.write_all(&answer),
    }
}

fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// The length of a body, where its head has one.
fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    })
}

/// An answer with other words and the length that belongs to them.
fn reworded(answer: &[u8], (word, by): &Words) -> Vec<u8> {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return answer.to_vec() };
    let body = body.replace(word, by);
    let is_length = |line: &&str| line.to_ascii_lowercase().starts_with("content-length");
    let mut head: Vec<&str> = head.lines().filter(|line| !is_length(line)).collect();
    let length = format!("content-length: {}", body.len());
    head.push(&length);
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}
