//! Measures how soon the server answers after its start on an existing SQLite file, and how much
//! memory it holds at rest. Asserts nothing.
//!
//! `cargo build --release -p server && cargo run --release -p server --example startup`

#![expect(clippy::print_stdout, reason = "the report is what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that can't be taken ends here")]
#![expect(clippy::disallowed_methods, reason = "it measures time and waits")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const STARTS: usize = 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut times: Vec<Duration> = Vec::new();
    // The first start makes the tables, and is not counted.
    for round in 0..=STARTS {
        let address = free_address();
        let since = Instant::now();
        let mut server = start(folder.path(), address);
        while !answers(address) {
            std::thread::sleep(Duration::from_micros(200));
        }
        if round > 0 {
            times.push(since.elapsed());
        }
        if round == STARTS {
            std::thread::sleep(Duration::from_secs(2));
            println!("memory at rest: {}", memory(&server));
        }
        server.kill().unwrap();
        server.wait().unwrap();
    }
    times.sort();
    let middle = times.get(times.len() / 2).unwrap();
    println!("start to first answer: median {middle:.1?}, longest {:.1?}", times.last().unwrap());
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn start(folder: &Path, address: SocketAddr) -> Child {
    let example = std::env::current_exe().unwrap();
    let program = example.parent().unwrap().parent().unwrap().join("frontdesk-server");
    Command::new(program)
        .current_dir(folder)
        .args(["--database-url", "sqlite:desk.sqlite", "--listen", &address.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

fn memory(server: &Child) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.trim_start_matches("VmRSS:").trim().to_owned()
}
