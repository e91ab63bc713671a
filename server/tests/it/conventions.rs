//! Conventions of every route.

use reqwest::Method;
use serde_json::{Value, json};

use shared::account::Role;

use crate::harness::{Backend, Server, example, on_both};

on_both! {
    the_examples_of_the_description_work,
    a_trailing_slash_is_optional_and_head_answers_as_get,
    a_wrong_method_is_405_with_allow,
    every_error_is_a_problem_document,
    the_callers_request_id_is_kept_if_it_can_stand_in_a_log,
    an_unknown_host_is_refused,
    bad_query_parameters_are_400,
    bodies_are_json_and_bounded,
    every_operation_refuses_unknown_query_parameters,
    every_operation_but_the_open_ones_needs_a_login,
    answers_carry_tags_and_unchanged_ones_are_304,
    text_is_normalised_and_dangerous_characters_are_refused_everywhere,
    the_pages_around_the_api_come_from_the_server_itself,
    liveness_readiness_and_meta_need_no_login,
}

async fn a_trailing_slash_is_optional_and_head_answers_as_get(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    for path in ["/api/patients", "/api/patients/", "/api/patients/1", "/api/patients/1/"] {
        let get = staff.get(path).await.expect_status(200);
        let head = staff.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.headers().get("etag"), get.headers.get("etag"));
        assert_eq!(head.headers()["content-length"], get.text.len().to_string().as_str());
        assert_eq!(head.text().await.unwrap(), "");
    }
    staff.post("/api/patients/", json!({"first_name": "Ana"})).await.expect_status(201);
}

async fn a_wrong_method_is_405_with_allow(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for (method, path, allow) in [
        ("DELETE", "/api/patients", "GET, HEAD, POST"),
        ("POST", "/api/patients/7", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "/api/auth/login/", "POST"),
        ("PUT", "/api/meta", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("PROPFIND", "/api/patients", "GET, HEAD, POST"),
        ("TRACE", "/api/patients/7", "DELETE, GET, HEAD, PATCH, PUT"),
    ] {
        let request = staff.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        let answer = staff.send(request).await.expect_status(405);
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

async fn every_error_is_a_problem_document(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let missing = staff.get("/api/nothing").await.expect_status(404);
    assert_eq!(missing.body["error"], "not_found");
    let bad = staff.post("/api/patients", json!({"first_name": "A", "age": 151})).await;
    let body = bad.expect_status(400).body;
    assert_eq!(body["type"], "/problems/validation");
    assert_eq!(body["title"], "Invalid input");
    assert_eq!(body["detail"], "age: must be between 0 and 150");
    assert_eq!(body["message"], body["detail"]);
    assert_eq!((&body["error"], &body["status_code"]), (&json!("validation"), &json!(400)));
    assert_eq!(body["errors"], json!({"age": ["must be between 0 and 150"]}));
    let code = json!({"field": "age", "code": "out_of_range", "params": {"min": 0, "max": 150}});
    assert_eq!(body["error_codes"], json!([code]));
    for kind in ["validation", "stale", "not_found"] {
        let page = server.nobody().get(&format!("/problems/{kind}")).await.expect_status(200);
        assert!(page.header("content-type").starts_with("text/html"));
    }
    server.nobody().get("/problems/nonsense").await.expect_status(404);
}

async fn the_callers_request_id_is_kept_if_it_can_stand_in_a_log(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    for (id, is_kept) in [
        ("Desk-1.2026_11", true),
        ("short", false),
        ("has spaces in it", false),
        ("semi;colon;semi", false),
    ] {
        let request = nobody.request(Method::GET, "/api/meta").header("x-request-id", id);
        let answer = nobody.send(request).await.expect_status(200);
        assert_eq!(answer.header("x-request-id") == id, is_kept, "{id}");
    }
}

async fn an_unknown_host_is_refused(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.allowed_hosts = vec!["desk.clinic.example".to_owned()];
    })
    .await;
    let staff = server.staff().await;
    for _ in 0..3 {
        staff.patient(json!({"first_name": "Ana"})).await;
    }
    let with_host = async |host: &str| {
        let request = staff.request(Method::GET, "/api/patients?page_size=1").header("host", host);
        staff.send(request).await
    };
    let refused = with_host("evil.example").await.expect_status(400);
    refused.field_errors("Host");
    assert!(refused.text.contains("--allowed-hosts"), "{}", refused.text);
    with_host("localhost.evil.example").await.expect_status(400);
    for host in ["localhost", "LOCALHOST", "127.0.0.1:9", "DESK.clinic.example:8000", "[::1]"] {
        let answer = with_host(host).await.expect_status(200);
        let next = answer.body["next"].as_str().unwrap();
        assert!(
            next.starts_with(&format!("http://{host}/api/patients?page_size=1&cursor=")),
            "{next}"
        );
    }
}

async fn bad_query_parameters_are_400(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for path in [
        "/api/patients/0",
        "/api/patients/-1",
        "/api/patients/x",
        "/api/patients/1.5",
        "/api/patients/9223372036854775808",
        "/api/patients/%ff",
        "/api/patients?search=%ff",
        "/api/patients?page=0",
        "/api/patients?page=x",
        "/api/patients?page_size=0",
        "/api/patients?page_size=101",
        "/api/patients?page_size=1e9",
        "/api/patients?page=501",
        "/api/patients?cursor=abc",
        "/api/patients?cursor=abc&page=2",
        "/api/patients?page=1&page=2",
        "/api/patients?gender=Q",
        "/api/patients?born_from=yesterday",
        "/api/patients?ordering=password",
        "/api/patients?archived=maybe",
        "/api/patients?search=%00",
        &format!("/api/patients?search={}", "x".repeat(9_000)),
    ] {
        let answer = staff.get(path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    }
    let all =
        staff.get("/api/patients?page=0&page_size=0&lmit=5&gender=Q").await.expect_status(400);
    for field in ["page", "page_size", "lmit", "gender"] {
        all.field_errors(field);
    }
    staff.get("/api/patients?page=2").await.expect_status(404);
    staff.get("/api/patients/9223372036854775807").await.expect_status(404);
}

async fn bodies_are_json_and_bounded(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let json = "application/json";
    for (content_type, body, status) in [
        ("text/plain", b"{}".to_vec(), 415),
        ("application/x-www-form-urlencoded", b"first_name=A".to_vec(), 415),
        ("application/json; charset=utf-16", b"{}".to_vec(), 415),
        (json, b"".to_vec(), 400),
        (json, b"{".to_vec(), 400),
        (json, b"[]".to_vec(), 400),
        (json, b"\xef\xbb\xbf{}".to_vec(), 400),
        (json, b"{\x00}".to_vec(), 400),
        (json, "{\"first_name\":\"A\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(), 400),
        (json, b"{\"first_name\":\"\xff\"}".to_vec(), 400),
        (json, b"{\"first_name\":\"\\ud800\"}".to_vec(), 400),
        (json, b"{\"first_name\":\"a\\u0000b\"}".to_vec(), 400),
        (json, b"{\"first_name\":NaN}".to_vec(), 400),
        (json, b"{\"first_name\":7}".to_vec(), 400),
        (json, b"{\"first_name\":\"A\",\"first_name\":\"B\"}".to_vec(), 400),
        (json, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(), 400),
        (json, format!("{{{}\"z\":1}}", "\"a\":1,".repeat(30_000)).into_bytes(), 400),
        (json, format!("{{\"{}\":1}}", "n".repeat(250_000)).into_bytes(), 400),
        (json, vec![b' '; 256 * 1024 + 1], 413),
        ("application/json; charset=utf-8", b"{\"first_name\":\"A\"}".to_vec(), 201),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = staff.post_raw("/api/patients", content_type, body).await;
        assert_eq!(answer.status, status, "{content_type} {shown:?}: {}", answer.text);
    }
    let long = vec![b' '; 8 * 1024 + 1];
    server.nobody().post_raw("/api/auth/login", json, long.clone()).await.expect_status(413);
    // Without a length, in chunks.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    tokio::spawn(async move {
        for _ in 0..300 {
            if sender.send(vec![b' '; 1024]).await.is_err() {
                break;
            }
        }
    });
    let chunks = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (Ok::<_, std::io::Error>(chunk), receiver))
    });
    let request = staff.request(Method::POST, "/api/patients").header("content-type", json);
    let answer = staff.send(request.body(reqwest::Body::wrap_stream(chunks))).await;
    answer.expect_status(413);
}

/// Every described operation, with an id where the path has one.
fn operations() -> Vec<(Method, String, Value)> {
    let document = server::api::openapi::document();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((method, path.replace("{id}", "1"), operation.clone()));
        }
    }
    assert!(operations.len() > 20);
    operations
}

fn is_open(operation: &Value) -> bool {
    operation["security"].as_array().is_none_or(Vec::is_empty)
}

async fn every_operation_refuses_unknown_query_parameters(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for (method, path, operation) in operations() {
        let request = admin.request(method.clone(), &format!("{path}?nonsense=1"));
        let answer = admin.send(request).await;
        assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text);
        answer.field_errors("nonsense");
        let described = operation["parameters"].as_array().into_iter().flatten();
        for parameter in described.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let example = ["\u{0}", "x\u{0}"].map(|bad| format!("{name}={bad}")).join("&");
            let request = admin.request(method.clone(), &format!("{path}?{example}"));
            let answer = admin.send(request).await.expect_status(400);
            assert!(!answer.field_errors(name).contains("not known"), "{method} {path} {name}");
        }
    }
}

async fn every_operation_but_the_open_ones_needs_a_login(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    let mut open = Vec::new();
    for (method, path, operation) in operations() {
        let request = nobody.request(method.clone(), &format!("{path}?nonsense=1"));
        let answer = nobody.send(request.body("{")).await;
        if is_open(&operation) {
            open.push(path);
        } else {
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    open.sort();
    let expected = [
        "/api/auth/login",
        "/api/auth/oauth/token",
        "/api/auth/password/forgot",
        "/api/auth/password/reset",
        "/api/auth/register",
        "/api/auth/token/refresh",
        "/api/auth/verify-email",
        "/api/auth/verify-email/resend",
        "/api/meta",
        "/healthz",
        "/readyz",
    ];
    assert_eq!(open, expected);
}

async fn answers_carry_tags_and_unchanged_ones_are_304(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let created = staff.post("/api/patients", json!({"first_name": "Ana", "age": 30})).await;
    assert!(created.header("etag").starts_with("\"1-"));
    assert_eq!(created.header("location"), "/api/patients/1");
    let read = staff.get("/api/patients/1").await;
    assert_eq!(read.header("cache-control"), "private, no-cache");
    assert_eq!(read.header("vary"), "Authorization");
    let tag = read.header("etag").to_owned();
    let again = async |tag: &str| {
        let request = staff.request(Method::GET, "/api/patients/1").header("if-none-match", tag);
        staff.send(request).await
    };
    let unchanged = again(&tag).await.expect_status(304);
    assert_eq!(unchanged.header("etag"), tag);
    again(&format!("\"x\", W/{tag}")).await.expect_status(304);
    again("*").await.expect_status(304);
    again("\"1-0\"").await.expect_status(200);
    // The age changes, but the record does not.
    server.app.clock().advance(chrono::TimeDelta::days(366));
    let login = server.log_in("staff@example.com").await;
    let later = login.get("/api/patients/1").await.expect_status(200);
    assert_eq!(later.body["age"], 31);
    assert_ne!(later.header("etag"), tag);
    assert!(later.header("etag").starts_with("\"1-"));
}

async fn text_is_normalised_and_dangerous_characters_are_refused_everywhere(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let created = staff
        .patient(
            json!({"first_name": " Jose\u{301} ", "address": "a\r\nb", "medical_history": "x\ty"}),
        )
        .await;
    assert_eq!(created["first_name"], "José");
    assert_eq!(created["address"], "a\nb");
    assert_eq!(created["medical_history"], "x\ty");
    for (i, name) in
        ["முருகன்", "محمد", "נֹעַם", "李小龍", "O'Brien", "नरेन्द्र‍", "👩‍⚕️"].iter().enumerate()
    {
        let created = staff.patient(json!({"first_name": name})).await;
        let read = staff.get(&format!("/api/patients/{}", created["id"])).await;
        assert_eq!(read.body["first_name"], *name, "{i}");
    }
    let fields = [
        "first_name",
        "last_name",
        "address",
        "city",
        "state",
        "zip_code",
        "allergies",
        "medical_history",
        "preferred_language",
        "emergency_contact",
        "phone_number",
        "email",
        "gender",
    ];
    for bad in [
        "a\u{0}b",
        "a\u{1b}[31m",
        "a\u{7f}b",
        "a\u{9b}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{e0041}b",
    ] {
        let body: Value = fields.iter().map(|field| ((*field).to_owned(), json!(bad))).collect();
        let answer = staff.post("/api/patients", body).await.expect_status(400);
        for field in fields {
            answer.field_errors(field);
        }
    }
}

async fn the_pages_around_the_api_come_from_the_server_itself(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    for path in [
        "/",
        "/problems",
        "/problems/stale",
        "/style.css",
        "/favicon.ico",
        "/docs",
        "/docs/swagger-ui.js",
        "/docs/swagger-ui.css",
        "/docs/start.js",
    ] {
        let page = nobody.get(path).await.expect_status(200);
        assert!(!page.text.is_empty());
        if page.header("content-type").starts_with("text/html") {
            for loaded in ["href=\"http", "src=\"http", "href=\"//", "src=\"//", "url("] {
                assert!(!page.text.contains(loaded), "{path} loads {loaded}");
            }
            assert!(page.header("content-security-policy").contains("default-src 'none'"));
        }
    }
    for path in ["/swagger", "/redoc/"] {
        assert_eq!(nobody.get(path).await.expect_status(308).header("location"), "/docs");
    }
    nobody.get("/docs/other.js").await.expect_status(404);
    let described = nobody.get("/openapi.json").await.expect_status(200);
    assert_eq!(described.body, server::api::openapi::document());
}

async fn liveness_readiness_and_meta_need_no_login(backend: Backend) {
    let mut server = Server::start(backend).await;
    let nobody = server.nobody();
    nobody.get("/healthz").await.expect_status(200);
    nobody.get("/readyz").await.expect_status(200);
    assert_eq!(nobody.get("/api/meta").await.body["is_setup_needed"], true);
    server.admin().await;
    let meta = nobody.get("/api/meta").await.expect_status(200);
    assert_eq!(meta.body["is_setup_needed"], false);
    assert_eq!(meta.body["name"], "Frontdesk");
    server.app.drain();
    nobody.get("/healthz").await.expect_status(200);
    let refused = nobody.get("/readyz").await.expect_status(503);
    refused.header("retry-after");
    nobody.get("/api/meta").await.expect_status(503);
    server.stop();
}

async fn the_examples_of_the_description_work(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let (document, mut examples) = (server::api::openapi::document(), Vec::new());
    for (method, path, operation) in operations() {
        let example = example(&document, &operation);
        if example.is_object() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            examples.push((id, method, path, example));
        }
    }
    let place = |id: &str| examples.iter().position(|(example, ..)| example == id).unwrap();
    let order = [
        "register",
        "verify_email",
        "log_in",
        "refresh_tokens",
        "resend_verification",
        "forget_password",
        "replace_profile",
        "update_profile",
        "create_patient",
        "match_patients",
        "replace_patient",
        "update_patient",
        "archive_patient",
        "restore_patient",
        "link_patient_user",
        "create_doctor",
        "replace_doctor",
        "update_doctor",
        "link_doctor_user",
        "create_assignment",
        "replace_assignment",
        "update_assignment",
        "create_visit",
        "update_visit",
        "replace_mapping",
        "update_mapping",
        "transfer_assignment",
        "create_mapping",
        "archive_doctor",
        "restore_doctor",
        "delete_doctor",
        "merge_patients",
        "unmerge_patients",
        "dismiss_duplicates",
        "delete_patient",
        "purge_patient",
        "create_token",
        "change_password",
        "log_out",
        "create_user",
        "update_user",
        "reset_password",
    ];
    assert_eq!(
        order.len(),
        examples.len(),
        "{:?}",
        examples.iter().map(|it| &it.0).collect::<Vec<_>>()
    );
    let (mut caller, mut refresh) = (server.nobody(), Value::Null);
    for id in order {
        let (_, method, path, example) = &examples[place(id)];
        if id == "link_patient_user" {
            server.somebody(Role::Doctor, "doctor@example.com").await;
            server.somebody(Role::Patient, "patient@example.com").await;
        }
        if id == "transfer_assignment" {
            let second = json!({"last_name": "Second", "specialization": "Surgery"});
            caller.post("/api/doctors", second).await.expect_status(201);
        }
        if id == "archive_doctor" {
            caller.delete("/api/mappings/3").await.expect_status(204);
        }
        let is_for_admins = ["purge_patient", "create_user", "update_user"].contains(&id)
            || id.ends_with("_visit")
            || id.contains("merge_patients")
            || id == "dismiss_duplicates"
            || id.starts_with("link_");
        let client = if is_for_admins { &admin } else { &caller };
        let mut example = example.clone();
        if id == "refresh_tokens" {
            example["refresh"] = refresh.clone();
        }
        if id == "verify_email" {
            let mails = crate::mail::mails(&server, 1).await;
            example["token"] = json!(crate::mail::code(&mails[0]));
        }
        if id == "link_patient_user" {
            example["user"] = json!(4);
        }
        if id == "reset_password" {
            // A code works once, so the one in the example is not valid.
            let issued = admin.post("/api/users/2/code", json!({})).await.expect_status(200);
            example["token"] = issued.body["code"].clone();
        }
        if id == "merge_patients" {
            for number in 2..10 {
                caller.patient(json!({"first_name": format!("Other{number}")})).await;
            }
            let path = "/api/patients/9";
            caller.patch(path, json!({"city": "Boston"})).await.expect_status(200);
        }
        let request = client.request(method.clone(), path).header("if-match", "*").json(&example);
        let answer = client.send(request).await;
        assert!(answer.status < 300, "{id}: {}", answer.text);
        if id == "log_in" {
            caller = server.nobody().with_token(answer.body["access"].as_str().unwrap());
            refresh = answer.body["refresh"].clone();
        }
    }
}
