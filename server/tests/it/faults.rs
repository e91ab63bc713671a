//! Faults of the database's storage and network, and clients that disconnect. No effect of a fault
//! may outlast it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    audit::fetch,
    beside::Beside,
    crash::{create_admin, serve},
    harness::{Backend, Client, PASSWORD, Place, Server, on_both},
    postgres,
    proxy::Proxy,
};

on_both! {
    a_dropped_request_leaves_no_open_transaction_and_no_stale_snapshot,
}

/// The longest time in which the server must notice that a fault has ended: ten times what it takes
/// on an idle machine.
const RECOVERY: Duration = Duration::from_secs(20);

/// Repeats a request until it gets this status. Every other status must be one of `meanwhile`.
pub(crate) async fn until(
    client: &Client,
    method: Method,
    path: &str,
    status: u16,
    meanwhile: &[u16],
) {
    let began = Instant::now();
    loop {
        let mut request = client.request(method.clone(), path);
        if method == Method::POST {
            request = request.json(&json!({"first_name": "Ana", "last_name": "After"}));
        }
        let answer = client.send(request).await;
        if answer.status == status {
            return;
        }
        assert!(meanwhile.contains(&answer.status), "{method} {path}: {}", answer.text);
        assert!(began.elapsed() < RECOVERY, "{method} {path}: still {}", answer.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) async fn log_in(base: &str) -> Client {
    let nobody = Client::at(base);
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let answer = nobody.post("/api/auth/login", body).await.expect_status(200);
    nobody.with_token(answer.body["access"].as_str().unwrap())
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// Limits the size of the files that a process writes.
fn limit_files(process: u32, length: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(process).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: length, maximum: None }).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_allows_reads_and_later_writes() {
    let place = Place::new(Backend::Sqlite).await;
    create_admin(&place);
    let (mut child, base) = serve(&place);
    let admin = log_in(&base).await;
    let first = admin.patient(json!({"first_name": "Ana"})).await;
    let file = place.folder.path().join("desk.sqlite");
    let log = place.folder.path().join("desk.sqlite-wal");
    limit_files(child.id(), Some(length(&file).max(length(&log)) + 20_000));

    let (mut written, mut refused) = (1, None);
    for _ in 0..2_000 {
        let answer = admin.post("/api/patients", json!({"first_name": "Ana"})).await;
        if answer.status == 201 {
            written += 1;
        } else {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the limit was never met").expect_status(507);
    assert_eq!(refused.body["error"], "storage_full");
    refused.header("retry-after");
    // A change and a login write less than a new patient, so a few of each still find room.
    let mut version = first["version"].clone();
    for change in 0.. {
        let answer = admin.patch("/api/patients/1", json!({"city": change.to_string()})).await;
        if answer.status == 507 {
            break;
        }
        version = answer.expect_status(200).body["version"].clone();
        assert!(change < 20, "changes find room where patients find none");
    }
    for _ in 0..3 {
        let answer = admin.post("/api/patients", json!({"first_name": "Ana"})).await;
        answer.expect_status(507);
        let change = json!({"city": "Lima"});
        admin.patch("/api/patients/1", change).await.expect_status(507);
        let read = admin.get("/api/patients/1").await.expect_status(200).body;
        assert_eq!(read["version"], version);
    }
    let login = json!({"email": "admin@example.com", "password": PASSWORD});
    let mut logins = 0;
    while admin.post("/api/auth/login", login.clone()).await.status == 200 {
        logins += 1;
        assert!(logins < 20, "logins find room where patients find none");
    }
    admin.post("/api/auth/login", login).await.expect_status(507);
    let ready = admin.get("/readyz").await.expect_status(200).body;
    assert_eq!(ready["storage_full"], true);
    let listed = admin.get("/api/patients?page_size=1").await.expect_status(200).body;
    assert_eq!(listed["count"], written);

    limit_files(child.id(), None);
    until(&admin, Method::POST, "/api/patients", 201, &[507]).await;
    log_in(&base).await;
    let began = Instant::now();
    while admin.get("/readyz").await.expect_status(200).body["storage_full"] == true {
        assert!(began.elapsed() < RECOVERY);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Reads that happened without room get their audit events once there is room.
    loop {
        let reads = admin.get("/api/audit?action=patient.read").await.expect_status(200);
        if reads.body["count"] == 3 {
            break;
        }
        assert!(began.elapsed() < RECOVERY, "{}", reads.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(child.try_wait().unwrap().is_none(), "the server has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_causes_503_while_it_lasts() {
    let server = Server::start(Backend::Sqlite).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let mut other = Beside::connect(&server.place.database_url).await;
    other.execute("BEGIN IMMEDIATE").await;
    let refused = staff.post("/api/patients", json!({"first_name": "Ben"})).await;
    refused.expect_status(503).header("retry-after");
    staff.get("/api/patients/1").await.expect_status(200);
    staff.get("/readyz").await.expect_status(503);
    other.execute("ROLLBACK").await;
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    until(&staff, Method::GET, "/readyz", 200, &[503]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_database_file_stops_writes() {
    let server = Server::start(Backend::Sqlite).await;
    let staff = server.staff().await;
    let file = server.place.folder.path().join("desk.sqlite");
    std::fs::copy(&file, file.with_extension("copy")).unwrap();
    // After this the server has to open its writing connection again.
    let mut other = Beside::connect(&server.place.database_url).await;
    other.execute("BEGIN IMMEDIATE").await;
    staff.post("/api/patients", json!({"first_name": "Ben"})).await.expect_status(503);
    other.execute("ROLLBACK").await;
    drop(other);
    std::fs::rename(file.with_extension("copy"), &file).unwrap();
    staff.post("/api/patients", json!({"first_name": "Ben"})).await.expect_status(503);
    staff.get("/readyz").await.expect_status(503);
}

/// Whether a text occurs in a file of the database.
fn is_in_files(folder: &Path, text: &str) -> bool {
    ["desk.sqlite", "desk.sqlite-wal"].iter().any(|name| {
        let content = std::fs::read(folder.join(name)).unwrap_or_default();
        content.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purged_data_remains_neither_in_the_file_nor_in_its_log() {
    const NAME: &str = "Zyxomandria";
    let server = Server::start(Backend::Sqlite).await;
    let admin = server.admin().await;
    let folder = server.place.folder.path();
    let patient = admin.patient(json!({"first_name": NAME, "last_name": "Quux"})).await;
    assert!(is_in_files(folder, NAME));
    let path = format!("/api/patients/{}/purge", patient["id"]);
    admin.post(&path, json!({"reason": "asked for it"})).await.expect_status(204);
    let began = Instant::now();
    while is_in_files(folder, NAME) {
        assert!(began.elapsed() < RECOVERY, "the name is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_an_idle_database_is_empty() {
    let server = Server::start(Backend::Sqlite).await;
    server.staff().await.patient(json!({"first_name": "Ana"})).await;
    let log = server.place.folder.path().join("desk.sqlite-wal");
    assert!(length(&log) > 0);
    let began = Instant::now();
    while length(&log) > 0 {
        assert!(began.elapsed() < RECOVERY * 2, "{} bytes are left in the log", length(&log));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Sends a request and reads the beginning of its answer.
async fn answered(address: std::net::SocketAddr, request: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.unwrap();
    assert!(begin.starts_with(b"HTTP/1.1"), "{begin:?}");
}

/// Sends a request and resets its connection after a while.
async fn hang_up(address: std::net::SocketAddr, request: &str, after: Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_zero_linger().unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(after).await;
}

async fn a_dropped_request_leaves_no_open_transaction_and_no_stale_snapshot(backend: Backend) {
    hang_up_often(backend, 40).await;
}

/// Drops twelve random requests in each round, at random moments, and then checks what other
/// clients see.
pub(crate) async fn hang_up_often(backend: Backend, rounds: usize) {
    const CLIENTS: u64 = 12;
    // Every answer of PostgreSQL is delayed, so that `BEGIN` is interrupted as often as any other
    // statement. An interrupted `BEGIN` is what sqlx would leave open.
    let (server, proxy) = match backend {
        Backend::Sqlite => (Server::start(backend).await, None),
        Backend::Postgres => {
            let (server, proxy) = with_a_proxy().await;
            (server, Some(proxy))
        }
    };
    let delay = |milliseconds| {
        if let Some(proxy) = &proxy {
            proxy.delay_answers(milliseconds);
        }
    };
    let (staff, member) = (server.staff().await, server.member("mia@example.com").await);
    let patient = staff.patient(json!({"first_name": "Ana", "last_name": "Gómez"})).await;
    staff.patient(json!({"first_name": "Eva", "last_name": "Gómez"})).await;
    let session = server.session("staff@example.com").await;
    let token = session["access"].as_str().unwrap();
    let heads = format!("host: localhost\r\nauthorization: Bearer {token}\r\n");
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{heads}\r\n");
    let send = |method: &str, path: &str, body: Value| {
        let body = body.to_string();
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\n{heads}content-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let requests = [
        get("/api/dashboard"),
        get("/api/patients?search=gomez"),
        get("/api/patients/1"),
        get("/api/lookup?q=gomez"),
        get("/api/patients/1/history"),
        get("/api/doctors"),
        get("/api/assignments"),
        get("/api/users"),
        get("/api/auth/sessions"),
        get("/api/meta"),
        send("POST", "/api/patients/2/archive", json!({"reason": "moved"})),
        send("POST", "/api/patients/2/restore", json!({})),
        send("PATCH", "/api/auth/profile", json!({"first_name": "Sue"})),
        send("POST", "/api/patients", json!({"first_name": "Ben"})),
        send("PATCH", "/api/patients/1", json!({"city": "Lima"})),
        send("POST", "/api/auth/login", json!({"email": "nobody@example.com", "password": "x"})),
    ];
    // The time that each request takes, so that every moment of its work is interrupted, however
    // slow the machine is.
    let mut times = Vec::new();
    delay(10);
    for request in &requests {
        let began = Instant::now();
        answered(server.address, request).await;
        times.push(began.elapsed());
    }
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    for _ in 0..rounds {
        let calls: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let which = usize::try_from(roll(requests.len() as u64)).unwrap();
                // Twelve concurrent requests take longer than one alone.
                let longest = u64::try_from(times[which].as_micros()).unwrap() * 4;
                let after = Duration::from_micros(roll(longest.clamp(1_000, 200_000)));
                hang_up(server.address, &requests[which], after)
            })
            .collect();
        futures_util::future::join_all(calls).await;
    }
    delay(0);
    // New writes are visible to every request, and a session that ends now has ended for every
    // request.
    let before = staff.get("/api/dashboard").await.expect_status(200).body;
    let before = before["patients"]["total"].as_i64().unwrap();
    staff.patient(json!({"first_name": "Zoe"})).await;
    member.post("/api/auth/logout", json!({})).await.expect_status(204);
    let looks = (0..60).map(async |_| {
        let seen = staff.get("/api/dashboard").await.expect_status(200).body;
        assert!(seen["patients"]["total"].as_i64().unwrap() > before, "an old picture: {seen}");
        member.get("/api/patients").await.expect_status(401);
    });
    futures_util::future::join_all(looks).await;
    let id = &patient["id"];
    staff.patch_if(&format!("/api/patients/{id}"), i64::MAX, json!({})).await.expect_status(412);
    if backend == Backend::Postgres {
        let idle = "SELECT state || ': ' || query FROM pg_stat_activity \
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let began = Instant::now();
        loop {
            let open = fetch(&server, idle).await;
            if open.is_empty() {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{open:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_postgres_causes_503_until_it_is_writable() {
    let cluster = tokio::task::spawn_blocking(postgres::Cluster::make).await.unwrap();
    let place = Arc::new(Place::at(cluster.url.clone()));
    let server = Server::start_at(place.clone(), place.settings()).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    cluster.make_read_only(true).await;
    let began = Instant::now();
    // The setting reaches the open connections a moment later.
    until(&staff, Method::POST, "/api/patients", 503, &[201]).await;
    let mut refused = 0;
    while refused < 3 || began.elapsed() < Duration::from_secs(2) {
        let answer = staff.post("/api/patients", json!({"first_name": "Ben"})).await;
        answer.expect_status(503).header("retry-after");
        refused += 1;
    }
    staff.get("/readyz").await.expect_status(503);
    cluster.make_read_only(false).await;
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    until(&staff, Method::GET, "/readyz", 200, &[503]).await;
}

/// A server whose connection to PostgreSQL leads through a proxy that can fail.
async fn with_a_proxy() -> (Server, Proxy) {
    let place = Place::new(Backend::Postgres).await;
    let mut url = url::Url::parse(&place.database_url).unwrap();
    let target = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
    let target = tokio::net::lookup_host(target).await.unwrap().next().unwrap();
    let proxy = Proxy::to(target).await;
    url.set_ip_host(proxy.address.ip()).unwrap();
    url.set_port(Some(proxy.address.port())).unwrap();
    let place = Arc::new(Place { database_url: url.to_string(), ..place });
    (Server::start_at(place.clone(), place.settings()).await, proxy)
}

/// Like [`with_a_proxy`], with the maximum number of connections open.
async fn behind_a_proxy() -> (Server, Proxy, Client) {
    let (server, proxy) = with_a_proxy().await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let warm = (0..40).map(|_| staff.get("/api/dashboard"));
    futures_util::future::join_all(warm).await;
    (server, proxy, staff)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_network_has_forgotten_are_all_replaced_at_once() {
    let (_server, proxy, staff) = behind_a_proxy().await;
    for _ in 0..2 {
        // Networks forget connections that are idle. The server's own work after the last request ends
        // within less than two seconds.
        tokio::time::sleep(Duration::from_secs(3)).await;
        proxy.forget();
        // The first request notices the fault for all connections, and is answered too.
        for _ in 0..10 {
            staff.get("/api/patients/1").await.expect_status(200);
        }
        staff.patient(json!({"first_name": "Ben"})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_without_an_answer_time_out() {
    let (server, proxy, staff) = behind_a_proxy().await;
    let mut operator = Beside::connect(&postgres::direct(&server)).await;
    operator.execute("BEGIN; SELECT id FROM patients FOR UPDATE").await;
    // As many requests as there are connections wait for the row when the network drops them.
    let stuck: Vec<_> = (0..16)
        .map(|_| {
            let staff = staff.clone();
            tokio::spawn(
                async move { staff.patch("/api/patients/1", json!({"city": "Lima"})).await },
            )
        })
        .collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let count = operator.number(waiting).await;
        // The others wait behind the first one for the same row.
        if count >= 8 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    proxy.forget();
    operator.execute("ROLLBACK").await;
    until(&staff, Method::GET, "/api/patients/1", 200, &[503]).await;
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    for stuck in stuck {
        assert!(matches!(stuck.await.unwrap().status, 200 | 503));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_service_at_the_address_of_postgres_causes_503() {
    let (_server, proxy, staff) = behind_a_proxy().await;
    proxy.put_something_else(true);
    for _ in 0..3 {
        let answer = staff.post("/api/patients", json!({"first_name": "Ben"})).await;
        answer.expect_status(503).header("retry-after");
        staff.get("/api/patients/1").await.expect_status(503);
    }
    staff.get("/readyz").await.expect_status(503);
    proxy.put_something_else(false);
    until(&staff, Method::POST, "/api/patients", 201, &[503]).await;
    until(&staff, Method::GET, "/readyz", 200, &[503]).await;
}
