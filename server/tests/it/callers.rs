//! What a server knows about the callers of the last moment.

use reqwest::Method;
use serde_json::json;
use server::domain::accounts::users;
use shared::account::Role;

use crate::harness::{Backend, Client, PASSWORD, Server, on_both};

on_both! {
    a_request_of_a_busy_client_reads_nothing_but_its_answer,
    what_this_server_ends_is_refused_at_once,
    a_role_that_this_server_changes_counts_at_once,
}

/// The fewest statements that one of several requests has sent. A request may read the session
/// again, and background work sends statements of its own.
async fn fewest(server: &Server, client: &Client, path: &str) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..50 {
        let before = server.app.db().statements();
        client.get(path).await.expect_status(200);
        fewest = fewest.min(server.app.db().statements() - before);
    }
    fewest
}

async fn a_request_of_a_busy_client_reads_nothing_but_its_answer(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let token = json!({"name": "reader", "scopes": ["read"]});
    let token = staff.post("/api/auth/tokens", token).await.expect_status(201).body;
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    staff.patient(json!({"first_name": "Ana"})).await;
    for client in [&staff, &program] {
        assert_eq!(fewest(&server, client, "/api/patients/1").await, 1);
    }
}

async fn is_known(client: &Client) -> bool {
    client.get("/api/patients").await.status == 200
}

async fn what_this_server_ends_is_refused_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let here = server.member("ana@example.com").await;
    let id = here.get("/api/auth/profile").await.body["id"].clone();
    for end in ["logout", "session", "sessions", "password", "token", "deactivation"] {
        let here = server.log_in("ana@example.com").await;
        let gone = match end {
            "token" => {
                let new = json!({"name": "reader", "scopes": ["read"]});
                let token = here.post("/api/auth/tokens", new).await.expect_status(201).body;
                server.nobody().with_token(token["token"].as_str().unwrap())
            }
            _ => server.log_in("ana@example.com").await,
        };
        assert!(is_known(&gone).await && is_known(&gone).await, "{end}");
        let done = match end {
            "logout" => gone.send(gone.request(Method::POST, "/api/auth/logout")).await,
            "session" => {
                let sessions = gone.get("/api/auth/sessions").await.expect_status(200);
                let own = sessions.results().iter().find(|session| session["is_current"] == true);
                here.delete(&format!("/api/auth/sessions/{}", own.unwrap()["id"])).await
            }
            "sessions" => admin.delete(&format!("/api/users/{id}/sessions")).await,
            "password" => {
                let change = json!({"current_password": PASSWORD, "new_password": PASSWORD});
                here.post("/api/auth/password", change).await
            }
            "token" => here.delete("/api/auth/tokens/1").await,
            _ => {
                let request = admin.request(Method::DELETE, &format!("/api/users/{id}"));
                admin.send(request.header("if-match", "*")).await
            }
        };
        done.expect_status(204);
        assert!(!is_known(&gone).await, "{end}");
    }
}

async fn a_role_that_this_server_changes_counts_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let client = server.member("ana@example.com").await;
    for (role, status) in [(Role::Staff, 200), (Role::Member, 403), (Role::Admin, 200)] {
        client.get("/api/patients").await.expect_status(200);
        users::set_role(&server.app, "ana@example.com", role).await.unwrap();
        client.get("/api/users").await.expect_status(status);
    }
}
