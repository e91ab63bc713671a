//! Bad input gets one clear problem, the same on both databases.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Client, Server};

/// A server with one record of each kind.
async fn desk(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let doctor = json!({"last_name": "Johnson", "specialization": "Cardiology"});
    staff.post("/api/doctors", doctor).await.expect_status(201);
    let assignment = json!({"patient": 1, "doctor": 1});
    staff.post("/api/assignments", assignment).await.expect_status(201);
    (server, staff)
}

fn bodies() -> Vec<(&'static str, Vec<u8>, u16)> {
    let json = "application/json";
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let nested = |open: &str, close: &str| {
        format!("{{\"first_name\":{}1{}}}", open.repeat(10_000), close.repeat(10_000)).into_bytes()
    };
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (json, b"\xef\xbb\xbf{\"first_name\":\"A\"}".to_vec(), 400),
        (json, utf_16("{\"first_name\":\"A\"}"), 400),
        ("application/json; charset=utf-16", utf_16("{}"), 415),
        (json, text(r#"{"first_name":"\ud800"}"#), 400),
        (json, text(r#"{"first_name":"\udc00\ud800"}"#), 400),
        (json, text(r#"{"first_name":"a\u0000b","last_name":"\u0000"}"#), 400),
        (json, text(r#"{"first_name\u0000":"a"}"#), 400),
        (json, text(r#"{"first_name":NaN}"#), 400),
        (json, text(r#"{"first_name":"A","age":NaN}"#), 400),
        (json, text(r#"{"first_name":"A","age":-Infinity}"#), 400),
        (json, text(r#"{"first_name":"A","age":1e400}"#), 400),
        (json, text(r#"{"first_name":"A","age":9007199254740993}"#), 400),
        (json, text(r#"{"first_name":"A","age":18446744073709551616}"#), 400),
        (json, text(r#"{"first_name":"A","age":30.5,"gender":1,"email":[],"city":{}}"#), 400),
        (json, nested("[", "]"), 400),
        (json, nested("{\"a\":", "}"), 400),
        (json, text(r#"{"first_name":"A","phone":"12345","phone_number":"12345"}"#), 400),
        (json, text(r#"{"first_name":"A","created_by":2,"version":7,"role":"admin"}"#), 400),
        (json, vec![b' '; 300_000], 413),
        ("text/json", text("{}"), 415),
    ]
}

/// The document without the parts that differ between requests.
fn told(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_bodies_get_the_same_errors_on_both_databases() {
    let (_sqlite, near) = desk(Backend::Sqlite).await;
    let (_postgres, far) = desk(Backend::Postgres).await;
    for (content_type, body, status) in bodies() {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let path = "/api/patients";
        let one = near.post_raw(path, content_type, body.clone()).await;
        let other = far.post_raw(path, content_type, body).await;
        assert_eq!(one.status, status, "{shown:?}: {}", one.text);
        assert_eq!(told(&one), told(&other), "{shown:?}");
        assert!(one.text.len() < 4_000, "{shown:?} is told at length: {}", one.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_members_get_the_same_errors_on_both_databases() {
    let (_sqlite, near) = desk(Backend::Sqlite).await;
    let (_postgres, far) = desk(Backend::Postgres).await;
    for (path, body, status) in [
        ("/api/assignments", json!({"patient": 9_007_199_254_740_993_i64, "doctor": 2}), 400),
        ("/api/assignments", json!({"patient": i64::MAX, "doctor": i64::MAX}), 400),
        ("/api/assignments", json!({"patient": u64::MAX, "doctor": -1}), 400),
        ("/api/assignments", json!({"patient": 1.0, "doctor": "1"}), 400),
        ("/api/assignments", json!({"patient": 1, "doctor": 1}), 409),
        (
            "/api/doctors",
            json!({"last_name": "A", "specialization": "B", "consultation_fee": "1,5"}),
            400,
        ),
        (
            "/api/doctors",
            json!({"last_name": "A", "specialization": "B", "consultation_fee": 1e300}),
            400,
        ),
        ("/api/doctors", json!({"specialization": "B", "years_of_experience": 81}), 400),
        ("/api/patients", json!({"first_name": "A", "date_of_birth": "2026-02-30"}), 400),
        ("/api/patients", json!({"first_name": "A", "date_of_birth": "0000"}), 400),
        ("/api/patients", json!({"first_name": "A\u{202e}B", "city": "\u{e0041}"}), 400),
    ] {
        let one = near.post(path, body.clone()).await;
        let other = far.post(path, body.clone()).await;
        assert_eq!(one.status, status, "{body}: {}", one.text);
        let without_times = |answer: &Answer| {
            let mut told = told(answer);
            if let Some(existing) = told["existing"].as_object_mut() {
                existing.retain(|name, _| !name.ends_with("_at"));
            }
            told
        };
        assert_eq!(without_times(&one), without_times(&other), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_urls_and_headers_get_the_same_errors_on_both_databases() {
    let (_sqlite, near) = desk(Backend::Sqlite).await;
    let (_postgres, far) = desk(Backend::Postgres).await;
    let long = format!("/api/patients?search={}", "x".repeat(50_000));
    for (path, name, value) in [
        ("/api/patients?page_size=0", "accept", "*/*"),
        ("/api/doctors?page_size=0&page=0&ordering=x&cursor=%00", "accept", "*/*"),
        ("/api/assignments?status=&patient=0&is_active=1", "accept", "*/*"),
        ("/api/patients?search=%00&gender=%00&cursor=e30", "accept", "*/*"),
        ("/api/patients?updated_from=yesterday&updated_to=2026-13-01T00:00:00Z", "accept", "*/*"),
        (long.as_str(), "accept", "*/*"),
        ("/api/patients/9223372036854775808", "accept", "*/*"),
        ("/api/patients/%F0%9F%92%A9", "accept", "*/*"),
        ("/api/patients/1%00", "accept", "*/*"),
        ("/api/patients", "host", "evil.example"),
        ("/api/patients", "host", "localhost.evil.example:80"),
        ("/api/patients", "host", "127.0.0.1@evil.example"),
    ] {
        let send = async |client: &Client| {
            client.send(client.request(Method::GET, path).header(name, value)).await
        };
        let (one, other) = (send(&near).await, send(&far).await);
        assert_eq!(one.status, 400, "{path}: {}", one.text);
        assert_eq!(told(&one), told(&other), "{path}");
        assert!(one.text.len() < 4_000, "{path} is told at length");
    }
}
