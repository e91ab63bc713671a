//! Every account has a name or a username by which it is shown.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::{
    harness::{Backend, PASSWORD, Server, on_both},
    mail::sql,
};

on_both! {
    an_account_without_a_name_gets_its_username_from_its_address,
    concurrent_registrations_get_different_usernames,
    every_account_keeps_a_name_or_a_username,
    accounts_of_earlier_versions_get_a_username_once,
}

async fn register(server: &Server, body: Value) -> Value {
    let mut body = body;
    body["password"] = json!(PASSWORD);
    server.nobody().post("/api/auth/register", body).await.expect_status(201).body["user"].clone()
}

async fn an_account_without_a_name_gets_its_username_from_its_address(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = register(&server, json!({"email": "Ana@example.com"})).await;
    assert_eq!(ana["username"], "Ana");
    for n in 2..=11 {
        let other = register(&server, json!({"email": format!("ana@{n}.example.com")})).await;
        assert_eq!(other["username"], format!("ana{n}"));
    }
    // An account with a username or a name stays as it is.
    let named = register(&server, json!({"email": "eva@example.com", "name": "Eva Soto"})).await;
    assert_eq!((&named["username"], &named["name"]), (&Value::Null, &json!("Eva Soto")));
    let named = register(&server, json!({"email": "ana@example.org", "username": "ana.b"})).await;
    assert_eq!(named["username"], "ana.b");
    // The same for administrators and the command line.
    let admin = server.admin().await;
    let new = json!({"email": "ana@example.net", "role": "member"});
    let made = admin.post("/api/users", new).await.expect_status(201).body;
    assert_eq!(made["user"]["username"], "ana12");
    let account = users::read_account("ana@example.info", "", PASSWORD.to_owned(), Role::Staff);
    let made = users::create(&server.app, account.unwrap(), Role::Staff).await.unwrap();
    assert_eq!(made.username.as_deref(), Some("ana13"));
    // Others see it, and it works for logging in.
    let login = json!({"username": "ANA7", "password": PASSWORD});
    let session = server.nobody().post("/api/auth/login", login).await.expect_status(200).body;
    let client = server.nobody().with_token(session["access"].as_str().unwrap());
    let patient = client.patient(json!({"first_name": "Luis"})).await;
    assert_eq!(patient["created_by_username"], "ana7");
}

async fn concurrent_registrations_get_different_usernames(backend: Backend) {
    let server = Server::start(backend).await;
    let registering = (0..8).map(|n| {
        let nobody = server.nobody();
        tokio::spawn(async move {
            let body = json!({"email": format!("ana@{n}.example.com"), "password": PASSWORD});
            nobody.post("/api/auth/register", body).await.expect_status(201).body
        })
    });
    let mut usernames = BTreeSet::new();
    for registered in registering.collect::<Vec<_>>() {
        let user = registered.await.unwrap()["user"].clone();
        usernames.insert(user["username"].as_str().unwrap().to_owned());
    }
    assert_eq!(usernames.len(), 8, "{usernames:?}");
    assert!(usernames.contains("ana"), "{usernames:?}");
}

async fn every_account_keeps_a_name_or_a_username(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let new = json!({"email": "ana@example.com", "role": "member"});
    let made = admin.post("/api/users", new).await.expect_status(201).body;
    let path = format!("/api/users/{}", made["user"]["id"]);
    let refused = admin.patch(&path, json!({"username": null})).await.expect_status(400);
    assert_eq!(refused.field_errors("username"), r#"["is required if there is no name"]"#);
    // With a name, the username may be removed, but then the name must stay.
    let named = json!({"username": null, "name": "Ana Gómez"});
    admin.patch(&path, named).await.expect_status(200);
    let refused = admin.patch(&path, json!({"first_name": "", "last_name": null})).await;
    refused.expect_status(400).field_errors("username");

    let eva = server.member("eva@example.com").await;
    let profile = eva.get("/api/auth/profile").await.body;
    assert_eq!((&profile["username"], &profile["name"]), (&Value::Null, &json!("eva")));
    let path = "/api/auth/profile";
    eva.patch(path, json!({"name": null})).await.expect_status(200);
    eva.patch(path, json!({"first_name": null})).await.expect_status(400).field_errors("username");
    eva.put(path, json!({"email": "eva@example.com"})).await.expect_status(400);
    let put = json!({"email": "eva@example.com", "username": "eva"});
    eva.put(path, put).await.expect_status(200);
    assert_eq!(eva.get(path).await.body["name"], "");
}

async fn accounts_of_earlier_versions_get_a_username_once(backend: Backend) {
    let server = Server::start(backend).await;
    let eva = server.member("eva@example.com").await;
    eva.patch("/api/auth/profile", json!({"username": "ANA"})).await.expect_status(200);
    for email in ["ana@example.com", "Ana@example.org", "luis@example.com"] {
        server.member(email).await;
    }
    users::deactivate(&server.app, "luis@example.com").await.unwrap();
    let forget = "UPDATE users SET first_name = NULL, last_name = NULL, username = NULL, \
        username_key = NULL, sort_name = '' WHERE email <> 'eva@example.com'";
    sql(&server.place, forget).await;
    let entries = "SELECT count(*) FROM audit_log WHERE actor_name = 'frontdesk-server' \
        AND action = 'user.updated'";
    for _ in 0..2 {
        let server = server.twin().await;
        let names: Vec<_> = users::list(&server.app).await.unwrap();
        let names: Vec<_> = names.iter().map(shared::account::User::label).collect();
        assert_eq!(names, ["ANA", "ana2", "Ana3", "luis"]);
        assert_eq!(sql(&server.place, entries).await, 3);
    }
    let admin = server.admin().await;
    let found = admin.get("/api/users?search=ana3&ordering=last_name").await.expect_status(200);
    assert_eq!(found.results()[0]["email"], "Ana@example.org");
    assert_eq!(found.results()[0]["version"], 2);
}
