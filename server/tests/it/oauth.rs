//! Tokens with OAuth 2.0 (RFC 6749): the same logins in another form.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Backend, Client, PASSWORD, Server, on_both},
    mail::sql,
};

on_both! {
    a_form_gets_valid_tokens_and_can_refresh_them,
    a_wrong_password_and_an_unknown_user_get_the_same_oauth_error,
    extra_parameters_of_oauth_clients_are_ignored,
    bad_requests_have_the_codes_of_oauth_in_a_problem_document,
    guesses_count_on_every_route,
    an_unconfirmed_address_gets_no_tokens_if_confirmation_is_required,
}

const TOKEN: &str = "/api/auth/oauth/token";
const FORM: &str = "application/x-www-form-urlencoded";

async fn send(client: &Client, form: &str) -> Answer {
    client.post_raw(TOKEN, FORM, form.as_bytes().to_vec()).await
}

/// The form of a login.
fn password_form(username: &str, password: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "password").append_pair("username", username);
    form.append_pair("password", password).finish()
}

/// Checks that an answer is a refusal with this code, in the forms of RFC 6749 (section 5.2) and
/// of a problem document. Returns its sentence.
#[track_caller]
fn refused(answer: &Answer, code: &str) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(answer.body["error"], code, "{}", answer.text);
    assert_eq!(answer.body["type"], format!("/problems/{code}"));
    assert_eq!(answer.body["error_description"], answer.body["detail"]);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body["detail"].as_str().unwrap().to_owned()
}

async fn a_form_gets_valid_tokens_and_can_refresh_them(backend: Backend) {
    let server = Server::start(backend).await;
    let ana = server.member("ana@example.com").await;
    ana.patch("/api/auth/profile", json!({"username": "ana.g"})).await.expect_status(200);
    for name in ["ana@example.com", "ANA.G"] {
        let answer = send(&server.nobody(), &password_form(name, PASSWORD)).await;
        let answer = answer.expect_status(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        let tokens = answer.body;
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 3600);
        let client = server.nobody().with_token(tokens["access_token"].as_str().unwrap());
        client.get("/api/auth/profile").await.expect_status(200);
        // The device is known at the next login, as after any other login.
        let form = password_form(name, PASSWORD) + "&device=" + tokens["device"].as_str().unwrap();
        send(&server.nobody(), &form).await.expect_status(200);

        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
        let next = send(&server.nobody(), &form).await.expect_status(200).body;
        assert_ne!(next["refresh_token"], tokens["refresh_token"]);
        assert!(next["device"].is_null(), "{next}");
        let client = server.nobody().with_token(next["access_token"].as_str().unwrap());
        client.post("/api/auth/logout", json!({})).await.expect_status(204);
        let sentence = refused(&send(&server.nobody(), &form).await, "invalid_grant");
        assert_eq!(sentence, "the session is over");
    }
    let logins = "SELECT count(*) FROM audit_log WHERE action = 'auth.login'";
    assert_eq!(sql(&server.place, logins).await, 5);
}

async fn a_wrong_password_and_an_unknown_user_get_the_same_oauth_error(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let mut answers = Vec::new();
    for name in ["ana@example.com", "nobody@example.com"] {
        let answer = send(&server.nobody(), &password_form(name, "not the password")).await;
        refused(&answer, "invalid_grant");
        let mut body = answer.body;
        body["request_id"] = Value::Null;
        answers.push(body);
    }
    assert_eq!(answers[0], answers[1]);
    let failed = "SELECT count(*) FROM audit_log WHERE action = 'auth.login_failed'";
    assert_eq!(sql(&server.place, failed).await, 2);
}

async fn extra_parameters_of_oauth_clients_are_ignored(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let form = password_form("ana@example.com", PASSWORD);
    for added in [
        "",
        "&scope=",
        "&client_id=&client_secret=",
        "&client_id=swagger&client_secret=s3cret&audience=frontdesk",
        "&scope=&refresh_token=&device=",
    ] {
        send(&server.nobody(), &format!("{form}{added}")).await.expect_status(200);
    }
    // Swagger UI sends client credentials in this header, even if it has none.
    for credentials in ["Basic Og==", "Basic c3dhZ2dlcjpzM2NyZXQ=", "Bearer of nothing"] {
        let request = server.nobody().request(Method::POST, TOKEN);
        let request = request.header("authorization", credentials);
        let request = request.header("content-type", format!("{FORM}; charset=UTF-8"));
        server.nobody().send(request.body(form.clone())).await.expect_status(200);
    }
}

async fn bad_requests_have_the_codes_of_oauth_in_a_problem_document(backend: Backend) {
    let server = Server::start(backend).await;
    let nobody = server.nobody();
    for (form, code, field) in [
        ("", "invalid_request", "grant_type"),
        ("grant_type=", "invalid_request", "grant_type"),
        ("grant_type=password&username=a", "invalid_request", "password"),
        ("grant_type=password&password=a&username=", "invalid_request", "username"),
        ("grant_type=refresh_token", "invalid_request", "refresh_token"),
        ("grant_type=password&username=a&username=b&password=c", "invalid_request", "username"),
        ("grant_type=password&grant_type=password", "invalid_request", "grant_type"),
        ("grant_type=password&username=%ff&password=c", "invalid_request", "body"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type", "grant_type"),
        ("grant_type=password&username=a&password=b&scope=read", "invalid_scope", "scope"),
    ] {
        let answer = send(&nobody, form).await;
        let sentence = refused(&answer, code);
        let field_errors = answer.field_errors(field);
        assert!(sentence.contains(&format!("{field}: ")), "{form}: {sentence} {field_errors}");
        let codes = answer.body["error_codes"].as_array().unwrap();
        assert!(codes.iter().any(|code| code["field"] == field), "{codes:?}");
    }
    let long = password_form("ana@example.com", &"a".repeat(129));
    let long = send(&nobody, &long).await;
    refused(&long, "invalid_request");
    assert!(long.field_errors("password").contains("at most 128"));

    let login = json!({"grant_type": "password", "username": "ana", "password": PASSWORD});
    let answer = nobody.post(TOKEN, login).await.expect_status(415);
    assert_eq!(answer.body["error"], "unsupported_media_type");
    assert!(answer.body["detail"].as_str().unwrap().contains(FORM), "{}", answer.text);
    send(&nobody, &password_form("ana", &"a".repeat(8_200))).await.expect_status(413);
    nobody.get(TOKEN).await.expect_status(405);
    for code in ["invalid_request", "invalid_grant", "unsupported_grant_type", "invalid_scope"] {
        assert_eq!(nobody.get(&format!("/problems/{code}")).await.status, 200, "{code}");
    }
    let long =
        format!("grant_type=password&username=a&password=b&refresh_token={}", "x".repeat(5_000));
    let answer = send(&nobody, &long).await.expect_status(400);
    assert_eq!(answer.body["error"], "invalid_request");
    answer.field_errors("refresh_token");
}

async fn guesses_count_on_every_route(backend: Backend) {
    let server = Server::start(backend).await;
    server.app.clock().stop();
    server.member("ana@example.com").await;
    let wrong = "not the password";
    for _ in 0..3 {
        refused(
            &send(&server.nobody(), &password_form("ana@example.com", wrong)).await,
            "invalid_grant",
        );
        let login = json!({"email": "ana@example.com", "password": wrong});
        let answer = server.nobody().post("/api/auth/login", login).await;
        assert!([401, 429].contains(&answer.status), "{}", answer.text);
    }
    let answer = send(&server.nobody(), &password_form("ana@example.com", PASSWORD)).await;
    let answer = answer.expect_status(429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(answer.body["error"], "too_many_requests");
}

async fn an_unconfirmed_address_gets_no_tokens_if_confirmation_is_required(backend: Backend) {
    let server =
        Server::start_with(backend, |settings| settings.require_verified_email = true).await;
    let new = json!({"email": "ana@example.com", "password": PASSWORD, "name": "Ana"});
    server.nobody().post("/api/auth/register", new).await.expect_status(201);
    let answer = send(&server.nobody(), &password_form("ana@example.com", PASSWORD)).await;
    assert!(refused(&answer, "invalid_grant").contains("confirm"), "{}", answer.text);
}
