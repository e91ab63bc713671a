//! `/metrics`.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Backend, PASSWORD, Server, on_both};

on_both! {
    requests_are_counted_by_route_and_never_by_address,
    failed_logins_and_waiting_mail_are_counted,
}

const TOKEN: &str = "metrics-0123456789abcdef";

/// The value in a line.
#[track_caller]
fn value(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|other| other.strip_prefix(line)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {line} in {text}")).parse().unwrap()
}

async fn requests_are_counted_by_route_and_never_by_address(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.metrics_token = Some(TOKEN.to_owned());
    })
    .await;
    let staff = server.staff().await;
    for name in ["Zacharias", "Ana", "Bo"] {
        staff.patient(json!({"first_name": name})).await;
    }
    for path in [
        "/api/patients/1",
        "/api/patients/2/",
        "/api/patients/3",
        "/api/patients?search=Zacharias",
        "/api/patients/777777",
        "/nowhere/at/all/888888",
        "/login",
    ] {
        staff.get(path).await;
    }
    for method in ["PROPFIND", "INVENTED"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        staff.send(staff.request(method, "/api/patients")).await.expect_status(405);
    }
    let metrics = server.nobody().with_token(TOKEN).get("/metrics").await.expect_status(200);
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let text = metrics.text;
    let of = |method: &str, route: &str, status: u16| {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        value(&text, &format!("frontdesk_requests_total{{{labels}}}"))
    };
    assert_eq!(of("GET", "/api/patients/{id}", 200), 3.0);
    assert_eq!(of("GET", "/api/patients/{id}", 404), 1.0);
    assert_eq!(of("GET", "/api/patients", 200), 1.0);
    assert_eq!(of("POST", "/api/patients", 201), 3.0);
    assert_eq!(of("GET", "other", 404), 1.0);
    assert_eq!(of("GET", "other", 308), 1.0);
    assert_eq!(of("other", "/api/patients", 405), 2.0);
    let labels = "method=\"GET\",route=\"/api/patients/{id}\"";
    let took = |what: &str| format!("frontdesk_request_duration_seconds_{what}{{{labels}}}");
    assert_eq!(value(&text, &took("count")), 4.0);
    assert!(value(&text, &took("sum")) > 0.0);
    assert!(value(&text, "frontdesk_connections") >= 1.0);
    assert_eq!(value(&text, "frontdesk_password_hashes"), 0.0);
    assert_eq!(value(&text, "frontdesk_password_hashes_waiting"), 0.0);
    let pool = if backend == Backend::Sqlite { "readers" } else { "all" };
    let connections = |state: &str| {
        value(
            &text,
            &format!("frontdesk_database_connections{{pool=\"{pool}\",state=\"{state}\"}}"),
        )
    };
    assert!(connections("busy") + connections("idle") >= 1.0);
    assert!(connections("busy") + connections("idle") <= connections("max"));
    assert!(value(&text, "frontdesk_database_statements_total") >= 3.0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(value(&text, &format!("frontdesk_build{{version=\"{version}\"}}")), 1.0);
    let now = server.app.clock().now().timestamp() as f64;
    let age = now - value(&text, "process_start_time_seconds");
    assert!((0.0..3600.0).contains(&age), "{age}");
    assert!(text.ends_with("# EOF\n"));
    for secret in
        ["777777", "888888", "nowhere", "Zacharias", "INVENTED", "staff@", PASSWORD, TOKEN]
    {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

async fn failed_logins_and_waiting_mail_are_counted(backend: Backend) {
    // Nothing listens there.
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start_with(backend, |settings| {
        settings.metrics_token = Some(TOKEN.to_owned());
        settings.smtp_url = Some(format!("smtp://{away}"));
    })
    .await;
    let count = async |name: &str| {
        let text = server.nobody().with_token(TOKEN).get("/metrics").await.expect_status(200).text;
        value(&text, name)
    };
    assert_eq!(count("frontdesk_failed_logins_total").await, 0.0);
    let account = json!({"email": "ana@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/register", account.clone()).await.expect_status(201);
    for (email, password) in
        [("ana@example.com", "not the password"), ("nobody@example.com", PASSWORD)]
    {
        let wrong = json!({"email": email, "password": password});
        server.nobody().post("/api/auth/login", wrong).await.expect_status(401);
    }
    server.nobody().post("/api/auth/login", account).await.expect_status(200);
    assert_eq!(count("frontdesk_failed_logins_total").await, 2.0);
    crate::mail::eventually(async || (count("frontdesk_mail_waiting").await == 1.0).then_some(()))
        .await;
}

#[tokio::test]
async fn without_a_token_or_an_address_there_are_no_metrics() {
    let server = Server::start(Backend::Sqlite).await;
    let admin = server.admin().await;
    admin.get("/metrics").await.expect_status(404);
}

#[tokio::test]
async fn only_the_token_opens_the_metrics() {
    let server = Server::start_with(Backend::Sqlite, |settings| {
        settings.metrics_token = Some(TOKEN.to_owned());
    })
    .await;
    let admin = server.admin().await;
    for client in [
        server.nobody(),
        admin,
        server.nobody().with_token(&TOKEN[1..]),
        server.nobody().with_token(&format!("{TOKEN}0")),
        server.nobody().with_token(""),
    ] {
        let refused = client.get("/metrics").await.expect_status(401);
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    let known = server.nobody().with_token(TOKEN);
    known.get("/metrics/").await.expect_status(200);
    known.get("/api/patients").await.expect_status(401);
    let refused = known.post("/metrics", json!({})).await.expect_status(405);
    assert_eq!(refused.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn metrics_can_have_an_address_of_their_own() {
    for token in [None, Some(TOKEN.to_owned())] {
        // A port that was free a moment ago, on a loopback address that no other test uses.
        let free = std::net::TcpListener::bind("127.0.0.7:0").unwrap().local_addr().unwrap();
        let mut server = Server::start_with(Backend::Sqlite, |settings| {
            settings.metrics_listen = Some(free);
            settings.metrics_token = token.clone();
        })
        .await;
        server.nobody().with_token(TOKEN).get("/metrics").await.expect_status(404);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |method: Method, path: &str, token: Option<&str>| {
            let request = http.request(method, format!("http://{free}{path}"));
            // A collector may use any name for the server.
            let request = request.header("host", "collector.example");
            let request = match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let (status, text) = ask(Method::GET, "/metrics", token.as_deref()).await;
        assert_eq!(status, 200, "{text}");
        assert_eq!(value(&text, "process_start_time_seconds").fract(), 0.0);
        if token.is_some() {
            assert_eq!(ask(Method::GET, "/metrics", None).await.0, 401);
        }
        assert_eq!(ask(Method::POST, "/metrics", token.as_deref()).await.0, 405);
        for path in ["/", "/api/meta", "/docs", "/metrics/x"] {
            assert_eq!(ask(Method::GET, path, token.as_deref()).await.0, 404, "{path}");
        }
        server.stop();
    }
}
