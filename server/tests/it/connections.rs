//! Slow and silent clients.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use server::{api::http::connections::Limits, config::Settings};
use tokio::net::TcpSocket;

use crate::harness::{Backend, Place, Server};

/// Longer than any step of these tests takes.
const HANG: Duration = Duration::from_secs(30);

/// The state of a connection after a while: closed by the server, or still open.
fn is_closed_within(mut stream: TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time.min(Duration::from_millis(50)))).unwrap();
    let (until, mut buffer) = (Instant::now() + time, [0; 1024]);
    while Instant::now() < until {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
    }
    false
}

#[test]
fn clients_have_ten_seconds_for_a_head_and_a_body_and_more_for_the_rest() {
    let Limits { head, body, idle, unread, drain, is_loopback_apart } = Limits::default();
    let seconds = [head, body, idle, unread, drain].map(|time| time.as_secs_f32());
    assert_eq!(seconds, [10.0, 10.0, 60.0, 30.0, 20.0]);
    assert!(is_loopback_apart);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn silent_and_slow_sockets_are_closed_while_others_are_served() {
    let (time, ever) = (Duration::from_secs(1), Duration::from_secs(3_600));
    let place = Arc::new(Place::migrated(Backend::Sqlite).await);
    let limits = Limits { head: time, body: time, idle: ever, unread: ever, ..Limits::default() };
    let server = Server::start_within(place.clone(), place.settings(), limits).await;
    let address = server.address;
    let sockets = |begin: &'static str| {
        let open = move |_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(begin.as_bytes()).unwrap();
            stream
        };
        tokio::task::spawn_blocking(move || (0..100).map(open).collect::<Vec<TcpStream>>())
    };
    let silent = sockets("").await.unwrap();
    let half = sockets("GET /api/meta HT").await.unwrap();
    let bodies = sockets(
        "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{",
    )
    .await
    .unwrap();
    let drip = sockets("GET /api/meta HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.unwrap();
    let dripping = std::thread::spawn(move || {
        let (until, mut drip) = (Instant::now() + HANG, drip);
        while !drip.is_empty() && Instant::now() < until {
            drip.retain_mut(|stream| stream.write_all(b"x").is_ok());
            std::thread::sleep(time / 10);
        }
        drip.len()
    });
    let quiet = std::thread::spawn(move || {
        let all = silent.into_iter().chain(half).chain(bodies);
        all.filter(|stream| !is_closed_within(stream.try_clone().unwrap(), HANG)).count()
    });
    while !dripping.is_finished() || !quiet.is_finished() {
        let served = tokio::time::timeout(HANG, server.nobody().get("/api/meta")).await;
        served.expect("others wait").expect_status(200);
        tokio::time::sleep(time / 10).await;
    }
    assert_eq!((dripping.join().unwrap(), quiet.join().unwrap()), (0, 0), "sockets stay open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let server = Server::start_with(Backend::Sqlite, |settings| settings.max_connections = 2).await;
    let hold = || begin_request(server.address);
    let (first, second) = (hold(), hold());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let nobody = server.nobody();
    let mut waiting = tokio::spawn(async move { nobody.get("/healthz").await.status });
    let early = tokio::time::timeout(Duration::from_millis(500), &mut waiting).await;
    assert!(early.is_err(), "a third connection was served beside two");
    drop((first, second));
    assert_eq!(waiting.await.unwrap(), 200);
}

/// A connection with a running request, whose body does not arrive.
pub(crate) fn begin_request(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// A server without deadlines for silent clients.
async fn patient_server(set: impl FnOnce(&mut Settings), limits: Limits) -> Server {
    let place = Arc::new(Place::migrated(Backend::Sqlite).await);
    let mut settings = place.settings();
    set(&mut settings);
    let ever = Duration::from_secs(3_600);
    Server::start_within(place, settings, Limits { head: ever, idle: ever, ..limits }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quietest_connection_gives_way_when_all_places_are_taken() {
    let set = |settings: &mut Settings| settings.max_connections = 4;
    let server = patient_server(set, Limits::default()).await;
    let address = server.address;
    let running = begin_request(address);
    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nho").unwrap();
    let mut answered = TcpStream::connect(address).unwrap();
    answered.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 15];
    answered.read_exact(&mut first).unwrap();
    let silent = TcpStream::connect(address).unwrap();
    for left in (0..3).rev() {
        let next = TcpStream::connect(address).unwrap();
        let served = tokio::time::timeout(HANG, server.nobody().get("/healthz")).await;
        served.expect("nobody gives way").expect_status(200);
        drop(next);
        if left == 2 {
            // Later connections are still open, and the one with a request stays open to the end.
            assert!(is_closed_within(half.try_clone().unwrap(), HANG));
            assert!(!is_closed_within(running.try_clone().unwrap(), Duration::from_millis(300)));
        }
    }
    for quiet in [answered, silent] {
        let _ = is_closed_within(quiet, Duration::from_millis(10));
    }
    assert!(!is_closed_within(running, Duration::from_millis(300)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_only_so_many_connections() {
    let set = |settings: &mut Settings| settings.max_connections_per_address = 3;
    let limits = Limits { is_loopback_apart: false, ..Limits::default() };
    let server = patient_server(set, limits).await;
    let from = |from: [u8; 4]| connect_from(from, server.address);
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(from([127, 0, 0, 2]).await);
    }
    assert!(is_closed_within(from([127, 0, 0, 2]).await, HANG));
    for other in [[127, 0, 0, 3], [127, 0, 0, 4]] {
        for _ in 0..3 {
            kept.push(from(other).await);
        }
    }
    for stream in &kept {
        let is_closed = is_closed_within(stream.try_clone().unwrap(), Duration::from_millis(10));
        assert!(!is_closed, "an address has fewer connections than it may");
    }
    server.nobody().get("/healthz").await.expect_status(200);
    drop(kept.remove(0));
    // The server notices the end a moment later.
    let started = Instant::now();
    loop {
        let mut again = from([127, 0, 0, 2]).await;
        let _ = again.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut first = [0; 15];
        if again.read_exact(&mut first).is_ok() {
            break;
        }
        assert!(started.elapsed() < HANG, "the place is not given back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_machine_and_proxies_have_more_connections() {
    let set = |settings: &mut Settings| settings.max_connections_per_address = 1;
    let here = patient_server(set, Limits::default()).await;
    let set = |settings: &mut Settings| {
        settings.max_connections_per_address = 1;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let limits = Limits { is_loopback_apart: false, ..Limits::default() };
    for server in [here, patient_server(set, limits).await] {
        let _kept: Vec<_> = (0..9).map(|_| TcpStream::connect(server.address).unwrap()).collect();
        server.nobody().get("/healthz").await.expect_status(200);
    }
}

/// A connection from another address of this machine.
async fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream = socket.connect(to).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_run_when_the_server_stops_get_their_answer() {
    let mut server = Server::start(Backend::Sqlite).await;
    let address = server.address;
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
        content-type: application/json\r\ncontent-length: 2\r\n\r\n";
    let begin = move |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // The operation sends this when it asks for the body.
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    };
    let running = tokio::task::spawn_blocking(move || (0..8).map(begin).collect::<Vec<_>>());
    let running = running.await.unwrap();
    server.stop();
    server.app.drained().await;
    let finish = |mut stream: TcpStream| {
        stream.write_all(b"{}").unwrap();
        read_answer(&mut stream)
    };
    let answers = running.into_iter().map(finish).collect::<Vec<String>>();
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let after = TcpStream::connect(address);
    assert!(after.is_err() || is_closed_within(after.unwrap(), HANG));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_no_answer_is_disconnected() {
    let limits = Limits { unread: Duration::from_millis(200), ..Limits::default() };
    let server = patient_server(|_| {}, limits).await;
    let address = server.address;
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "GET /docs/swagger-ui.js HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(40);
    stream.write_all(request.as_bytes()).unwrap();
    let cut = "frontdesk_connections_cut_total{reason=\"unread\"} 1";
    let is_cut = async {
        while !server.app.metrics().text(&server.app.levels()).unwrap().contains(cut) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HANG, is_cut).await.expect("the connection is kept");
    let mut answers = Vec::new();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // Closed by a reset or by an end, after the data in the system's buffers.
    let _ = stream.read_to_end(&mut answers);
    let script = server.nobody().get("/docs/swagger-ui.js").await.text;
    assert!(answers.len() < 30 * script.len(), "all {} bytes were kept for it", answers.len());
}

/// Sends bytes and returns everything that comes back until the server closes the connection.
fn until_closed(address: SocketAddr, says: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(says).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Ok(_) => {}
        // The server has closed the connection with unread data.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_head_gets_a_bare_refusal_and_closes_the_connection() {
    let server = Server::start(Backend::Sqlite).await;
    let address = server.address;
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    let good = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (says, status) in [
        ("GET / HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nhost: a\u{1}b\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/3.7\r\nhost: localhost\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(70_000)), "431"),
        // On a connection that has been used before.
        (format!("{good}GET / HTTP/1.1\r\nbad header\r\n\r\n"), "400"),
    ] {
        let shown = says.chars().take(60).collect::<String>();
        let heard = tokio::task::spawn_blocking(move || until_closed(address, says.as_bytes()));
        let heard = heard.await.unwrap();
        let answer = heard.rfind("HTTP/1.1 ").map_or("", |start| &heard[start..]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {heard}");
        assert!(answer.ends_with("\r\n\r\n"), "{shown:?} got a body: {heard}");
    }
    server.nobody().get("/healthz").await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_before_the_end_of_the_body_keeps_the_connection_usable() {
    let server = Server::start(Backend::Sqlite).await;
    let address = server.address;
    let serve_requests = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let body = format!("{{\"first_name\":\"{}\"}}", "a".repeat(50_000));
        for (method, path, status) in [
            ("POST", "/api/nope", "404"),
            ("PUT", "/api/patients", "405"),
            ("POST", "/api/patients", "401"),
            ("POST", "/api/auth/login", "413"),
        ]
        .repeat(10)
        {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n",
                body.len()
            );
            // In pieces: the answer is known before the last one is sent.
            stream.write_all(head.as_bytes()).unwrap();
            for piece in body.as_bytes().chunks(5_000) {
                stream.write_all(piece).unwrap();
            }
            let answer = read_answer(&mut stream);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        }
    };
    tokio::task::spawn_blocking(serve_requests).await.unwrap();
}

/// Reads one answer with a length from a connection that stays open.
fn read_answer(stream: &mut TcpStream) -> String {
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if body.len() >= length {
                return text;
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the connection ended: {text:?}");
        answer.extend_from_slice(&buffer[..count]);
    }
}
