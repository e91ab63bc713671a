//! API tokens.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::harness::{Backend, Client, PASSWORD, Server, on_both};

on_both! {
    a_token_is_shown_once_and_works_as_bearer,
    every_error_in_a_new_token_is_reported_at_once,
    a_scope_permits_its_methods_only,
    a_token_has_no_more_rights_than_its_user,
    a_token_can_not_extend_its_own_access,
    revoked_expired_and_foreign_tokens_are_refused,
    tokens_come_in_pages_up_to_a_limit,
    the_audit_log_names_the_token,
}

async fn token(client: &Client, scopes: Value) -> Value {
    let body = json!({"name": "Nightly export", "scopes": scopes});
    client.post("/api/auth/tokens", body).await.expect_status(201).body
}

fn program(server: &Server, token: &Value) -> Client {
    server.nobody().with_token(token["token"].as_str().unwrap())
}

async fn a_token_is_shown_once_and_works_as_bearer(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    let expires = server.app.clock().now() + TimeDelta::days(30);
    let body = json!({"name": " Export ", "scopes": ["write", "read"], "expires_at": expires});
    let answer = ana.post("/api/auth/tokens", body).await.expect_status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = &answer.body;
    assert_eq!(answer.header("location"), format!("/api/auth/tokens/{}", made["id"]));
    assert_eq!((&made["name"], &made["scopes"]), (&json!("Export"), &json!(["read", "write"])));
    assert_eq!((&made["expires_at"], &made["last_used_at"]), (&json!(expires), &json!(null)));
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("fdt_") && secret.len() == 47, "{secret}");
    let program = program(&server, made);
    let patient = program.patient(json!({"first_name": "Ana"})).await;
    assert_eq!(patient["created_by_username"], "ana");
    assert_eq!(
        program.get("/api/auth/profile").await.expect_status(200).body["id"],
        patient["created_by"]
    );
    let list = loop {
        let list = ana.get("/api/auth/tokens").await.expect_status(200);
        // The last use is stored in a task of its own.
        if !list.results()[0]["last_used_at"].is_null() {
            break list;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(list.results().len(), 1);
    assert_eq!(list.results()[0]["scopes"], json!(["read", "write"]));
    assert!(!list.text.contains(secret) && list.results()[0]["token"].is_null());
    let dump = crate::audit::fetch(&server, "SELECT hash FROM api_tokens").await;
    assert!(!dump[0].contains(&secret[4..]), "the secret is stored");
}

async fn every_error_in_a_new_token_is_reported_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    let none = ana.post("/api/auth/tokens", json!({"scope": "read"})).await.expect_status(400);
    for field in ["name", "scopes", "scope"] {
        none.field_errors(field);
    }
    for scopes in [json!([]), json!(["admin"]), json!("read"), json!(["read", "read"]), json!([1])]
    {
        let body = json!({"name": "x", "scopes": scopes});
        ana.post("/api/auth/tokens", body).await.expect_status(400).field_errors("scopes");
    }
    let now = server.app.clock().now();
    for expires in
        [json!(now), json!(now + TimeDelta::days(6 * 366)), json!("2026-11-20"), json!(5)]
    {
        let body = json!({"name": "x", "scopes": ["read"], "expires_at": expires});
        ana.post("/api/auth/tokens", body).await.expect_status(400).field_errors("expires_at");
    }
}

async fn a_scope_permits_its_methods_only(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    admin.patient(json!({"first_name": "Ana"})).await;
    let reader = program(&server, &token(&admin, json!(["read"])).await);
    let writer = program(&server, &token(&admin, json!(["write"])).await);
    let head = reader.request(Method::HEAD, "/api/patients").send().await.unwrap();
    assert_eq!(head.status(), 200);
    let read = reader.get("/api/patients/1").await.expect_status(200);
    assert_eq!(read.body["permissions"], json!(["history"]));
    let profile = reader.get("/api/auth/profile").await.expect_status(200).body;
    assert_eq!(
        profile["permissions"],
        json!(["read_all_patients", "read_archived_patients", "read_users", "read_audit"])
    );
    for (method, path) in [
        (Method::POST, "/api/patients"),
        (Method::PUT, "/api/patients/1"),
        (Method::PATCH, "/api/patients/1"),
        (Method::DELETE, "/api/patients/1"),
        (Method::POST, "/api/patients/1/purge"),
        (Method::POST, "/api/users"),
        (Method::POST, "/api/auth/logout"),
    ] {
        let request = reader.request(method.clone(), path).json(&json!({"first_name": "B"}));
        let answer = reader.send(request.header("if-match", "*")).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains("scope=\"write\""), "{challenge}");
    }
    writer.patch("/api/patients/1", json!({"city": "Boston"})).await.expect_status(200);
    let refused = writer.get("/api/patients/1").await.expect_status(403);
    assert!(refused.header("www-authenticate").contains("scope=\"read\""));
    // A comparison writes nothing, and tells of patients.
    let person = json!({"name": "Ana", "date_of_birth": "1989"});
    reader.post("/api/patients/match", person.clone()).await.expect_status(200);
    let refused = writer.post("/api/patients/match", person).await.expect_status(403);
    assert!(refused.header("www-authenticate").contains("scope=\"read\""));
    assert_eq!(admin.get("/api/patients/1").await.body["first_name"], "Ana");
}

async fn a_token_has_no_more_rights_than_its_user(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana"})).await;
    let program = program(&server, &token(&staff, json!(["read", "write"])).await);
    program.get("/api/patients/1").await.expect_status(200);
    program.get("/api/audit").await.expect_status(403);
    let purge = program.request(Method::POST, "/api/patients/1/purge");
    program.send(purge.json(&json!({"reason": "x"}))).await.expect_status(403);
    users::set_role(&server.app, "staff@example.com", Role::Member).await.unwrap();
    program.get("/api/users").await.expect_status(403);
    program.get("/api/patients?created_by=99").await.expect_status(200);
    users::deactivate(&server.app, "staff@example.com").await.unwrap();
    program.get("/api/patients").await.expect_status(401);
}

async fn a_token_can_not_extend_its_own_access(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let bob = server.member("bob@example.com").await;
    let bob = bob.get("/api/auth/profile").await.body["id"].clone();
    let made = token(&admin, json!(["read", "write"])).await;
    let program = program(&server, &made);
    let session = admin.get("/api/auth/sessions").await.results()[0]["id"].clone();
    for (method, path, body) in [
        (Method::GET, "/api/auth/tokens".to_owned(), json!(null)),
        (Method::POST, "/api/auth/tokens".to_owned(), json!({"name": "x", "scopes": ["read"]})),
        (Method::DELETE, format!("/api/auth/tokens/{}", made["id"]), json!(null)),
        (
            Method::POST,
            "/api/auth/password".to_owned(),
            json!({"current_password": PASSWORD, "new_password": "a longer walk by the sea"}),
        ),
        (
            Method::PATCH,
            "/api/auth/profile".to_owned(),
            json!({"email": "evil@example.com", "current_password": PASSWORD}),
        ),
        (Method::PUT, "/api/auth/profile".to_owned(), json!({"username": "evil"})),
        (Method::GET, "/api/auth/sessions".to_owned(), json!(null)),
        (Method::DELETE, format!("/api/auth/sessions/{session}"), json!(null)),
        (Method::POST, "/api/auth/logout".to_owned(), json!({})),
        (Method::POST, "/api/users".to_owned(), json!({"username": "evil", "role": "admin"})),
        (Method::PATCH, format!("/api/users/{bob}"), json!({"role": "admin"})),
        (Method::DELETE, format!("/api/users/{bob}"), json!(null)),
        (Method::POST, format!("/api/users/{bob}/code"), json!(null)),
        (Method::DELETE, format!("/api/users/{bob}/sessions"), json!(null)),
    ] {
        let mut request = program.request(method.clone(), &path).header("if-match", "*");
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = program.send(request).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
    }
    let account = program.get(&format!("/api/users/{bob}")).await.expect_status(200).body;
    assert_eq!((&account["version"], &account["permissions"]), (&json!(1), &json!([])));
    admin.get("/api/auth/profile").await.expect_status(200);
}

async fn revoked_expired_and_foreign_tokens_are_refused(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let ana = server.member("ana@example.com").await;
    let bob = server.member("bob@example.com").await;
    let made = token(&ana, json!(["read"])).await;
    let path = format!("/api/auth/tokens/{}", made["id"]);
    let read = ana.get(&path).await.expect_status(200).body;
    assert_eq!((&read["id"], &read["scopes"]), (&made["id"], &json!(["read"])));
    assert!(read["token"].is_null(), "{read}");
    bob.get(&path).await.expect_status(404);
    bob.delete(&path).await.expect_status(404);
    bob.delete("/api/auth/tokens/4711").await.expect_status(404);
    assert_eq!(bob.get("/api/auth/tokens").await.expect_status(200).results().len(), 0);
    program(&server, &made).get("/api/patients").await.expect_status(200);
    ana.delete(&path).await.expect_status(204);
    program(&server, &made).get("/api/patients").await.expect_status(401);
    ana.delete(&path).await.expect_status(204);
    ana.get(&path).await.expect_status(404);
    assert_eq!(ana.get("/api/auth/tokens").await.results().len(), 0);
    let expires = server.app.clock().now() + TimeDelta::minutes(5);
    let body = json!({"name": "x", "scopes": ["read"], "expires_at": expires});
    let brief = ana.post("/api/auth/tokens", body).await.expect_status(201).body;
    server.app.clock().advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    program(&server, &brief).get("/api/patients").await.expect_status(200);
    server.app.clock().advance(TimeDelta::seconds(1));
    let over = program(&server, &brief).get("/api/patients").await.expect_status(401);
    assert!(over.header("www-authenticate").starts_with("Bearer"));
    // Until it is revoked, the list shows why a program no longer works.
    assert_eq!(ana.get("/api/auth/tokens").await.results()[0]["id"], brief["id"]);
    let whole = made["token"].as_str().unwrap();
    for forged in ["fdt_", "fdt_x", &whole[..46], &format!("{whole}x"), &whole.to_uppercase()] {
        server.nobody().with_token(forged).get("/api/patients").await.expect_status(401);
    }
}

async fn tokens_come_in_pages_up_to_a_limit(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    for _ in 0..49 {
        token(&ana, json!(["read"])).await;
    }
    let attempts = (0..5).map(|_| {
        let ana = ana.clone();
        let body = json!({"name": "x", "scopes": ["read"]});
        async move { ana.post("/api/auth/tokens", body).await.status }
    });
    let mut statuses = futures_util::future::join_all(attempts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409]);
    let first = ana.get("/api/auth/tokens?page_size=30").await.expect_status(200);
    assert_eq!((first.results().len(), &first.body["count"]), (30, &json!(50)));
    let second = ana.get(first.body["next"].as_str().unwrap()).await.expect_status(200);
    assert_eq!((second.results().len(), &second.body["next"]), (20, &json!(null)));
    let back = ana.get(second.body["previous"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(back.results(), first.results());
}

async fn the_audit_log_names_the_token(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let made = token(&admin, json!(["read", "write"])).await;
    program(&server, &made).patient(json!({"first_name": "Ana"})).await;
    admin.patient(json!({"first_name": "Rosa"})).await;
    let log = admin.get("/api/audit?action=patient.created").await.expect_status(200);
    let tokens: Vec<&Value> = log.results().iter().map(|entry| &entry["token"]).collect();
    assert_eq!(tokens, [&json!(null), &made["id"]]);
    admin.delete(&format!("/api/auth/tokens/{}", made["id"])).await.expect_status(204);
    let log = admin.get("/api/audit?entity=api_token").await.expect_status(200);
    let actions: Vec<&str> =
        log.results().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["api_token.revoked", "api_token.created"]);
    assert!(!log.text.contains(made["token"].as_str().unwrap()));
}
