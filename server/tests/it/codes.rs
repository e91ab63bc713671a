//! One-time codes, and setting a password with them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    harness::{Backend, PASSWORD, Server, on_both},
    users::{NEW_PASSWORD, actions, code, events, make, patch_any, reset},
};

on_both! {
    a_code_works_for_one_of_many_concurrent_requests,
    a_newer_code_ends_the_older_one,
    a_code_is_valid_for_the_stated_time,
    ten_failed_attempts_void_a_code,
    wrong_expired_and_used_codes_get_the_same_answer,
    guessing_codes_is_slowed_down,
    a_new_password_obeys_the_rules_of_its_role,
    a_password_reset_ends_everything_that_the_old_password_began,
    a_new_email_address_voids_codes,
}

async fn a_code_works_for_one_of_many_concurrent_requests(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let made = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let attempts = (0..20).map(|i| {
        let (nobody, code) = (server.nobody(), made["code"].clone());
        async move {
            let password = format!("{NEW_PASSWORD} {i}");
            loop {
                let answer = reset(&nobody, &code, &password).await;
                // A slow machine may refuse some hashes, so this retries as the client is told to.
                if answer.status != 503 {
                    return (answer.status, password);
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        }
    });
    let mut answers = futures_util::future::join_all(attempts).await;
    answers.sort_unstable();
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    let mut expected = vec![400; 19];
    expected.insert(0, 204);
    assert_eq!(statuses, expected);
    let login = json!({"username": "ines", "password": answers[0].1});
    server.nobody().post("/api/auth/login", login).await.expect_status(200);
    let events = events(&admin, &made["user"]["id"]).await;
    let resets = actions(&events).iter().filter(|action| **action == "user.password_reset").count();
    assert_eq!(resets, 1);
}

async fn a_newer_code_ends_the_older_one(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let made = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let newer = code(&admin, &made["user"]["id"]).await;
    assert_ne!(newer["code"], made["code"]);
    reset(&server.nobody(), &made["code"], NEW_PASSWORD).await.expect_status(400);
    reset(&server.nobody(), &newer["code"], NEW_PASSWORD).await.expect_status(204);
}

async fn a_code_is_valid_for_the_stated_time(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let admin = server.admin().await;
    let now = server.app.clock().now();
    let first = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let expires = |issued: &Value| {
        issued["expires_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    };
    assert_eq!(expires(&first), now + TimeDelta::days(7));
    server.member("ana@example.com").await;
    let id = admin.get("/api/users?search=ana").await.results()[0]["id"].clone();
    let next = code(&admin, &id).await;
    assert_eq!(expires(&next), now + TimeDelta::minutes(30));
    server.app.clock().advance(TimeDelta::minutes(30));
    reset(&server.nobody(), &next["code"], NEW_PASSWORD).await.expect_status(400);
    server.app.clock().advance(TimeDelta::days(7) - TimeDelta::minutes(30) - TimeDelta::seconds(1));
    reset(&server.nobody(), &first["code"], NEW_PASSWORD).await.expect_status(204);
}

/// The code with another last character.
fn mistyped(code: &Value) -> Value {
    let code = code.as_str().unwrap();
    let last = if code.ends_with('7') { "8" } else { "7" };
    json!(format!("{}{last}", &code[..code.len() - 1]))
}

async fn ten_failed_attempts_void_a_code(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ten = make(&admin, json!({"username": "ines", "role": "member"})).await;
    let nine = make(&admin, json!({"username": "rosa", "role": "member"})).await;
    for (made, tries) in [(&ten, 10), (&nine, 9)] {
        for _ in 0..tries {
            let wrong = mistyped(&made["code"]);
            reset(&server.nobody(), &wrong, NEW_PASSWORD).await.expect_status(400);
        }
    }
    reset(&server.nobody(), &ten["code"], NEW_PASSWORD).await.expect_status(400);
    reset(&server.nobody(), &nine["code"], NEW_PASSWORD).await.expect_status(204);
    let events = events(&admin, &ten["user"]["id"]).await;
    let refused = actions(&events).iter().filter(|action| **action == "auth.code_refused").count();
    assert_eq!(refused, 11);
}

async fn wrong_expired_and_used_codes_get_the_same_answer(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let admin = server.admin().await;
    server.member("ana@example.com").await;
    let id = admin.get("/api/users?search=ana").await.results()[0]["id"].clone();
    let expired = code(&admin, &id).await["code"].clone();
    server.app.clock().advance(TimeDelta::minutes(31));
    let used = make(&admin, json!({"username": "ines", "role": "member"})).await["code"].clone();
    reset(&server.nobody(), &used, NEW_PASSWORD).await.expect_status(204);
    let wrong = json!("0000-0000-0000-0000-0000");
    let mut answers = Vec::new();
    for sent in [wrong, expired, used, json!("nonsense"), json!("é")] {
        let mut body = reset(&server.nobody(), &sent, NEW_PASSWORD).await.expect_status(400).body;
        body.as_object_mut().unwrap().remove("request_id");
        answers.push(body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(answers[0]["error_codes"][0]["field"], "token");
    let both = reset(&server.nobody(), &json!("nonsense"), "short").await.expect_status(400);
    both.field_errors("token");
    both.field_errors("new_password");
    let none = server.nobody().post("/api/auth/password/reset", json!({})).await;
    let none = none.expect_status(400);
    none.field_errors("token");
    none.field_errors("new_password");
}

async fn guessing_codes_is_slowed_down(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    let mut statuses = Vec::new();
    for _ in 0..70 {
        let guess = json!("0000-0000-0000-0000-0000");
        statuses.push(reset(&server.nobody(), &guess, NEW_PASSWORD).await.status);
    }
    let looked_at = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!(looked_at, 60, "{statuses:?}");
    let refused = reset(&server.nobody(), &json!("x"), NEW_PASSWORD).await.expect_status(429);
    refused.header("retry-after");
}

async fn a_new_password_obeys_the_rules_of_its_role(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let body =
        json!({"email": "ines.soto@example.com", "role": "staff", "name": "Inés María Soto"});
    let made = make(&admin, body).await;
    for bad in ["14 characters.", "ines.soto@example.com", "INÉS MARÍA SOTO", "12345678"] {
        let answer = reset(&server.nobody(), &made["code"], bad).await.expect_status(400);
        answer.field_errors("new_password");
        assert!(answer.body["errors"]["token"].is_null(), "{}", answer.text);
    }
    // The code is still valid.
    reset(&server.nobody(), &made["code"], "15 characters..").await.expect_status(204);
    // A user who becomes staff keeps the password, but the next one must be long.
    let member = make(&admin, json!({"username": "rosa", "role": "member"})).await;
    let (id, short) = (&member["user"]["id"], "10 letters");
    reset(&server.nobody(), &member["code"], short).await.expect_status(204);
    let path = format!("/api/users/{id}");
    patch_any(&admin, &path, json!({"role": "staff"})).await.expect_status(200);
    let login = json!({"username": "rosa", "password": short});
    let session = server.nobody().post("/api/auth/login", login).await.expect_status(200).body;
    let rosa = server.nobody().with_token(session["access"].as_str().unwrap());
    let change = json!({"current_password": short, "new_password": "14 characters."});
    rosa.post("/api/auth/password", change).await.expect_status(400).field_errors("new_password");
}

async fn a_password_reset_ends_everything_that_the_old_password_began(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ana = server.member("ana@example.com").await;
    let session = server.session("ana@example.com").await;
    let id = session["user"]["id"].clone();
    let token = json!({"name": "export", "scopes": ["read"]});
    let token = ana.post("/api/auth/tokens", token).await.expect_status(201).body;
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    let issued = code(&admin, &id).await;
    // A code alone changes nothing.
    ana.get("/api/auth/profile").await.expect_status(200);
    reset(&server.nobody(), &issued["code"], NEW_PASSWORD).await.expect_status(204);
    ana.get("/api/auth/profile").await.expect_status(401);
    program.get("/api/patients").await.expect_status(401);
    let refresh = json!({"refresh": session["refresh"]});
    server.nobody().post("/api/auth/token/refresh", refresh).await.expect_status(401);
    let old = json!({"email": "ana@example.com", "password": PASSWORD});
    server.nobody().post("/api/auth/login", old).await.expect_status(401);
    // Changing one's own password voids codes, but not API tokens.
    let login = json!({"email": "ana@example.com", "password": NEW_PASSWORD});
    let session = server.nobody().post("/api/auth/login", login).await.expect_status(200).body;
    let ana = server.nobody().with_token(session["access"].as_str().unwrap());
    let token = json!({"name": "export", "scopes": ["read"]});
    let token = ana.post("/api/auth/tokens", token).await.expect_status(201).body;
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    let issued = code(&admin, &id).await;
    let change = json!({"current_password": NEW_PASSWORD, "new_password": PASSWORD});
    ana.post("/api/auth/password", change).await.expect_status(204);
    program.get("/api/patients").await.expect_status(200);
    reset(&server.nobody(), &issued["code"], NEW_PASSWORD).await.expect_status(400);
}

async fn a_new_email_address_voids_codes(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let body = json!({"email": "ines@exmaple.com", "role": "member"});
    let made = make(&admin, body).await;
    let id = &made["user"]["id"];
    let path = format!("/api/users/{id}");
    let fixed = admin.patch(&path, json!({"email": "ines@example.com"})).await.expect_status(200);
    assert_eq!(fixed.body["email_verified"], true);
    reset(&server.nobody(), &made["code"], NEW_PASSWORD).await.expect_status(400);
    let next = code(&admin, id).await;
    reset(&server.nobody(), &next["code"], NEW_PASSWORD).await.expect_status(204);
}
