//! Everything around the API: pages of other origins, proxies in front, pages for people.

use reqwest::Method;
use serde_json::json;
use shared::Kind;

use crate::harness::{Answer, Backend, Client, PASSWORD, Server};

const PAGE: &str = "https://app.example";

async fn server_for(origins: &[&str]) -> Server {
    Server::start_with(Backend::Sqlite, |settings| {
        settings.cors_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    })
    .await
}

async fn ask_as(client: &Client, origin: &str, method: Method, path: &str) -> Answer {
    client.send(client.request(method, path).header("origin", origin)).await
}

async fn preflight(client: &Client, origin: &str, path: &str) -> Answer {
    let request = client.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", "PATCH");
    client.send(request.header("access-control-request-headers", "if-match")).await
}

fn has_no_cors(answer: &Answer) -> bool {
    !answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
}

#[tokio::test]
async fn a_preflight_from_an_allowed_origin_is_answered() {
    let server = server_for(&["http://other.example:5173", PAGE]).await;
    let nobody = server.nobody();
    for path in ["/api/patients/1", "/api/auth/login/", "/nowhere"] {
        let answer = preflight(&nobody, PAGE, path).await.expect_status(204);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        let methods = answer.header("access-control-allow-methods");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(methods.split(", ").any(|allowed| allowed == method), "{methods}");
        }
        let headers = answer.header("access-control-allow-headers").to_lowercase();
        for header in [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "x-request-id",
            "last-event-id",
        ] {
            assert!(headers.split(", ").any(|allowed| allowed == header), "{header}: {headers}");
        }
        assert!(answer.header("access-control-max-age").parse::<u32>().unwrap() > 0);
        assert!(answer.header("vary").contains("Origin"));
        assert!(answer.headers.get("access-control-allow-credentials").is_none());
        assert_eq!(answer.text, "");
    }
}

#[tokio::test]
async fn an_allowed_page_may_read_answers_and_errors() {
    let server = server_for(&[PAGE]).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    for (client, method, path, status) in [
        (&staff, Method::GET, "/api/patients/1", 200),
        (&staff, Method::GET, "/api/patients/9", 404),
        (&staff, Method::GET, "/api/patients?page=0", 400),
        (&staff, Method::DELETE, "/api/patients", 405),
        (&server.nobody(), Method::GET, "/api/patients/1", 401),
    ] {
        let answer = ask_as(client, PAGE, method, path).await.expect_status(status);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{path}");
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for header in ["etag", "idempotency-replayed", "location", "retry-after", "x-request-id"] {
            assert!(exposed.split(", ").any(|name| name == header), "{exposed}");
        }
        assert!(answer.header("vary").contains("Origin"));
    }
    let read = ask_as(&staff, PAGE, Method::GET, "/api/patients/1").await;
    assert_eq!(read.header("vary"), "Authorization, Origin");
    let request = staff.request(Method::GET, "/api/patients/1").header("origin", PAGE);
    let known = request.header("if-none-match", read.header("etag"));
    let unchanged = staff.send(known).await.expect_status(304);
    assert_eq!(unchanged.header("access-control-allow-origin"), PAGE);
    assert_eq!(unchanged.header("vary"), "Authorization, Origin");
    server.app.drain();
    let refused = ask_as(&staff, PAGE, Method::GET, "/api/patients/1").await.expect_status(503);
    assert_eq!(refused.header("access-control-allow-origin"), PAGE);
}

#[tokio::test]
async fn any_other_origin_gets_no_permission() {
    let server = server_for(&[PAGE]).await;
    let nobody = server.nobody();
    for origin in [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://APP.example",
        "null",
        "*",
        "",
    ] {
        let answer = preflight(&nobody, origin, "/api/patients/1").await.expect_status(405);
        assert!(has_no_cors(&answer), "{origin}: {answer:?}");
        let answer = ask_as(&nobody, origin, Method::GET, "/api/meta").await.expect_status(200);
        assert!(has_no_cors(&answer), "{origin}: {answer:?}");
        assert!(answer.header("vary").contains("Origin"));
    }
    let plain = nobody.request(Method::OPTIONS, "/api/patients").header("origin", PAGE);
    let answer = nobody.send(plain).await.expect_status(405);
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
}

#[tokio::test]
async fn without_the_setting_other_origins_get_no_permission() {
    let server = Server::start(Backend::Sqlite).await;
    let nobody = server.nobody();
    let answer = preflight(&nobody, PAGE, "/api/patients/1").await.expect_status(405);
    assert!(has_no_cors(&answer) && answer.headers.get("vary").is_none());
    assert!(has_no_cors(&ask_as(&nobody, PAGE, Method::GET, "/api/meta").await));
}

async fn behind(proxies: &[&str]) -> Server {
    Server::start_with(Backend::Sqlite, |settings| {
        settings.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        settings.allowed_hosts = vec!["desk.example".to_owned()];
    })
    .await
}

/// Logs in as the front desk with the headers that a proxy adds. Returns the origin of the session
/// and the URL of the next page of patients.
async fn seen(server: &Server, headers: &[(&str, &str)]) -> (String, String) {
    let nobody = server.nobody();
    let login = json!({"email": "staff@example.com", "password": PASSWORD});
    let mut request = nobody.request(Method::POST, "/api/auth/login").json(&login);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let session = nobody.send(request).await.expect_status(200).body;
    let client = nobody.with_token(session["access"].as_str().unwrap());
    let sessions = client.get("/api/auth/sessions?page_size=100").await.expect_status(200);
    let current = sessions.results().iter().find(|session| session["is_current"] == true).unwrap();
    let mut request = client.request(Method::GET, "/api/patients?page_size=1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let list = client.send(request).await.expect_status(200);
    let next = list.body["next"].as_str().unwrap().split("/api/").next().unwrap().to_owned();
    (current["address"].as_str().unwrap().to_owned(), next)
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed() {
    let headers = [
        ("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.7.7.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "desk.example"),
    ];
    for (proxies, address, base) in [
        (&["127.0.0.1/32", "10.0.0.0/8"][..], "203.0.113.9", "https://desk.example"),
        (&["127.0.0.1/32"], "10.7.7.7", "https://desk.example"),
        (&["10.0.0.0/8"], "127.0.0.1", "http://127.0.0.1"),
        (&[], "127.0.0.1", "http://127.0.0.1"),
    ] {
        let server = behind(proxies).await;
        let staff = server.staff().await;
        for _ in 0..2 {
            staff.patient(json!({"first_name": "Ana"})).await;
        }
        let (seen_address, seen_base) = seen(&server, &headers).await;
        assert_eq!(seen_address, address, "{proxies:?}");
        assert!(seen_base.starts_with(base), "{proxies:?}: {seen_base}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_can_not_name_a_foreign_host() {
    let server = behind(&["127.0.0.1/32"]).await;
    let nobody = server.nobody();
    for (host, status) in [("desk.example:443", 200), ("evil.example", 400)] {
        let request = nobody.request(Method::GET, "/api/meta").header("x-forwarded-host", host);
        nobody.send(request).await.expect_status(status);
    }
    let server = behind(&[]).await;
    let nobody = server.nobody();
    let request =
        nobody.request(Method::GET, "/api/meta").header("x-forwarded-host", "evil.example");
    nobody.send(request).await.expect_status(200);
}

#[tokio::test]
async fn guessing_is_slowed_down_by_the_clients_address_and_not_the_proxys() {
    let server = behind(&["127.0.0.1/32"]).await;
    server.app.clock().stop();
    let nobody = server.nobody();
    let guess = async |address: &str| {
        let login = json!({"email": "ana@example.com", "password": "not hers at all"});
        let request = nobody.request(Method::POST, "/api/auth/login").json(&login);
        nobody.send(request.header("x-forwarded-for", address)).await.status
    };
    let mut first = Vec::new();
    for _ in 0..6 {
        first.push(guess("203.0.113.9").await);
    }
    assert_eq!(first, [401, 401, 401, 401, 401, 429]);
    assert_eq!(guess("203.0.113.10").await, 401);
    assert_eq!(guess("6.6.6.6, 203.0.113.9").await, 429, "the client's own word was believed");
}

#[tokio::test]
async fn pages_of_an_earlier_web_site_redirect() {
    let server = Server::start(Backend::Sqlite).await;
    let nobody = server.nobody();
    let old = [
        "register",
        "login",
        "profile",
        "dashboard",
        "patients",
        "doctors",
        "assignments",
        "admin",
    ];
    let old = old.iter().map(|page| (*page, "/")).chain([("api-test", "/docs")]);
    for (page, target) in old {
        for path in [format!("/{page}"), format!("/{page}/"), format!("/{page}/?next=x")] {
            for method in [Method::GET, Method::HEAD] {
                let answer = nobody.send(nobody.request(method, &path)).await.expect_status(308);
                assert_eq!(answer.header("location"), target, "{path}");
            }
        }
        let answer = nobody.post(&format!("/{page}/"), json!({})).await.expect_status(405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    nobody.get("/patients/1").await.expect_status(404);
    nobody.get("/api/patients").await.expect_status(401);
    let landing = nobody.get("/").await.expect_status(200);
    let command = format!("frontdesk --server http://{}", server.address);
    assert!(landing.text.contains(&command), "{}", landing.text);
}

#[tokio::test]
async fn every_kind_of_problem_has_a_page_and_every_link_works() {
    let server = Server::start(Backend::Sqlite).await;
    let nobody = server.nobody();
    let mut pages = vec!["/".to_owned(), "/docs".to_owned(), "/problems".to_owned()];
    pages.extend(Kind::ALL.iter().map(|kind| shared::paths::problem(kind.code())));
    let mut links = Vec::new();
    for path in &pages {
        let page = nobody.get(path).await.expect_status(200);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        let addresses = ["href=\"", "src=\""].map(|start| page.text.split(start).skip(1));
        for rest in addresses.into_iter().flatten() {
            links.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    links.retain(|link| !link.starts_with("data:"));
    links.sort();
    links.dedup();
    for expected in [
        "/docs",
        "/openapi.json",
        "/openapi.yaml",
        "/problems",
        "/healthz",
        "/readyz",
        "/favicon.svg",
        "/style.css",
    ] {
        assert!(links.iter().any(|link| link == expected), "no link to {expected}: {links:?}");
    }
    for link in links {
        nobody.get(&link).await.expect_status(200);
    }
    for kind in Kind::ALL {
        let page = nobody.get(&shared::paths::problem(kind.code())).await;
        assert!(page.text.contains(kind.title()) && page.text.contains(kind.code()));
        assert!(page.text.contains(&kind.status().to_string()));
    }
}

#[tokio::test]
async fn the_description_is_served_as_yaml_too() {
    let server = Server::start(Backend::Sqlite).await;
    let answer = server.nobody().get("/openapi.yaml").await.expect_status(200);
    assert_eq!(answer.header("content-type"), "application/yaml");
    let read: serde_json::Value = serde_saphyr::from_str(&answer.text).unwrap();
    assert_eq!(read, server::api::openapi::document());
    let request = server.nobody().request(Method::GET, "/openapi.yaml");
    let known = request.header("if-none-match", answer.header("etag"));
    server.nobody().send(known).await.expect_status(304);
}

#[tokio::test]
async fn the_page_of_problems_lists_every_kind_and_every_code_with_its_parameters() {
    let server = Server::start(Backend::Sqlite).await;
    let page = server.nobody().get("/problems").await.expect_status(200);
    for kind in Kind::ALL {
        let link = format!("href=\"{}\"", shared::paths::problem(kind.code()));
        assert!(page.text.contains(&link) && page.text.contains(kind.title()), "{kind:?}");
    }
    for code in shared::error_codes::ALL {
        let row = page.text.split(&format!("<tr id=\"{}\">", code.name)).nth(1);
        let row = row.unwrap_or_else(|| panic!("{} is missing", code.name));
        let row = row.split("</tr>").next().unwrap();
        for (param, _) in code.params {
            assert!(row.contains(&format!("<code>{param}</code>")), "{row}");
        }
    }
    let one = server.nobody().get("/problems/validation").await.expect_status(200);
    assert!(one.text.contains("<code>errors</code>") && !one.text.contains('`'), "{}", one.text);
}

#[tokio::test]
async fn big_assets_are_compressed_if_the_client_accepts_it() {
    use std::io::Read;
    let server = Server::start(Backend::Sqlite).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str, encoding: &str, tag: &str| {
        let request = http.get(format!("http://{}{path}", server.address));
        let request = request.header("accept-encoding", encoding).header("if-none-match", tag);
        request.send().await.unwrap()
    };
    for path in ["/docs/swagger-ui.js", "/docs/swagger-ui.css", "/openapi.json", "/openapi.yaml"] {
        let plain = get(path, "identity", "").await;
        let gzipped = get(path, "gzip, br", "").await;
        assert_eq!(plain.headers().get("content-encoding"), None);
        assert_eq!(gzipped.headers()["content-encoding"], "gzip");
        for answer in [&plain, &gzipped] {
            assert_eq!(answer.headers()["vary"], "Accept-Encoding");
        }
        let tag = gzipped.headers()["etag"].to_str().unwrap().to_owned();
        assert_ne!(tag, plain.headers()["etag"].to_str().unwrap());
        let unchanged = get(path, "gzip", &tag).await;
        assert_eq!(
            (unchanged.status(), &unchanged.headers()["vary"]),
            (304.try_into().unwrap(), &"Accept-Encoding".parse().unwrap())
        );
        let (plain, gzipped) = (plain.bytes().await.unwrap(), gzipped.bytes().await.unwrap());
        assert!(gzipped.len() * 3 < plain.len(), "{path}: {} of {}", gzipped.len(), plain.len());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzipped[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == plain, "{path} is another file");
    }
}
