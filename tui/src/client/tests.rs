//! The client against a tiny server.

mod put_off;
mod reads;
mod sessions;

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use shared::{Kind, account::Login, patient::PatientFilter};
use tui_core::{
    api::{Call, Failure, Reply, Verb},
    key::IdempotencyKey,
    resource::RecordKind,
    session::SessionHandle,
};

use crate::devices::{DeviceFile, Devices};

use super::{
    Client, Handles,
    fake::{Does, Fake, Seen, no_rows, problem, refreshed, session, user},
};

fn client(fake: &Fake) -> Arc<Client> {
    Client::new(fake.url.clone(), None, &Handles::default(), nowhere()).unwrap()
}

/// No device tokens.
fn nowhere() -> Devices {
    DeviceFile::default().at("")
}

/// Logs in; the session's handle.
async fn log_in(client: &Arc<Client>) -> Option<SessionHandle> {
    match client.send(&login(), None).await {
        Ok(Reply::SignedIn(session)) => Some(session.handle()),
        other => panic!("{other:?}"),
    }
}

fn login() -> Call {
    let identifier = "ana@example.com".to_owned();
    Call::Login(Login { identifier, password: "a long password".to_owned(), device: None })
}

fn login_of(name: &str) -> Call {
    let identifier = format!("{name}@example.com");
    Call::Login(Login { identifier, password: "a long password".to_owned(), device: None })
}

fn list(filter: PatientFilter) -> Call {
    Call::List { kind: RecordKind::Patient, query: filter.pairs() }
}

fn list_at(address: String) -> Call {
    Call::ListAt { kind: RecordKind::Patient, address }
}

fn change() -> Call {
    let (body, about) = (json!({}), String::new());
    Call::Change { kind: RecordKind::Patient, id: 7, version: 3, body, about }
}

fn bearer(seen: &Seen) -> &str {
    seen.header("authorization").unwrap_or_default()
}

/// Answers logins with the pair `a1`, `r1` and everything else by `does`.
fn desk(does: impl Fn(&Seen) -> Does + Send + 'static) -> Fake {
    Fake::start(move |seen| match seen.line.as_str() {
        "POST /api/auth/login" => Does::Answers(200, session("a1", "r1")),
        _ => does(seen),
    })
}

/// Takes the pair `a1` once for old and gives `a2` for it.
fn desk_with_old_tokens() -> Fake {
    desk(|seen| match (seen.line.as_str(), bearer(seen)) {
        ("POST /api/auth/token/refresh", _) => Does::Answers(200, refreshed("a2", "r2")),
        (_, "Bearer a2") => Does::Answers(200, no_rows()),
        _ => problem(Kind::Unauthenticated, "the token has ended"),
    })
}

#[tokio::test]
async fn an_ended_token_is_refreshed_once_and_the_request_repeated() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    let session = log_in(&client).await;
    let filter = PatientFilter { search: Some("gómez 1989".to_owned()), ..Default::default() };
    let reply = client.send(&list(filter), session).await;
    assert!(matches!(reply, Ok(Reply::Page(_))), "{reply:?}");
    let list = "GET /api/patients?search=g%C3%B3mez+1989";
    assert_eq!(fake.lines(), ["POST /api/auth/login", list, "POST /api/auth/token/refresh", list]);
    assert_eq!(fake.seen()[2].body, r#"{"refresh":"r1"}"#);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_refresh() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    let session = log_in(&client).await;
    let call = list(PatientFilter::default());
    let (one, two, three) = tokio::join!(
        client.send(&call, session),
        client.send(&call, session),
        client.send(&call, session)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let refreshes = fake.lines().iter().filter(|line| line.ends_with("refresh")).count();
    assert_eq!(refreshes, 1);
}

#[tokio::test]
async fn a_write_is_repeated_after_a_refresh_because_nothing_was_done() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    let session = log_in(&client).await;
    let call = change();
    let reply = client.send(&call, session).await;
    assert!(matches!(reply, Err(Failure::Garbled(_))), "an empty page is no patient: {reply:?}");
    let seen = fake.seen();
    assert_eq!(seen.len(), 4);
    for write in [&seen[1], &seen[3]] {
        assert_eq!(write.line, "PATCH /api/patients/7");
        assert_eq!(write.header("if-match"), Some("\"3\""));
        assert_eq!(write.body, "{}");
    }
}

#[tokio::test]
async fn a_session_that_is_over_is_said_to_be() {
    let fake = desk(|_| problem(Kind::Unauthenticated, "the session has ended"));
    let client = client(&fake);
    let session = log_in(&client).await;
    assert_eq!(client.send(&Call::Profile, session).await, Err(Failure::Expired));
    assert_eq!(fake.lines().len(), 3, "{:?}", fake.lines());
    // Without tokens nothing is asked at all.
    assert_eq!(client.send(&Call::Profile, session).await, Err(Failure::Expired));
    assert_eq!(fake.lines().len(), 3);
}

#[tokio::test]
async fn a_refused_login_is_a_problem_and_not_an_ended_session() {
    let fake = Fake::start(|_| problem(Kind::Unauthenticated, "wrong e-mail or password"));
    let answer = client(&fake).send(&login(), None).await;
    let Err(Failure::Problem(problem)) = answer else { panic!("{answer:?}") };
    assert_eq!(problem.detail, "wrong e-mail or password");
    assert_eq!(fake.lines(), ["POST /api/auth/login"]);
}

#[tokio::test]
async fn logging_out_forgets_the_tokens_whatever_the_answer() {
    let fake = desk(|_| Does::HangsUp);
    let client = client(&fake);
    let session = log_in(&client).await;
    client.end_session(session.unwrap()).await;
    assert_eq!(fake.seen()[1].body, r#"{"refresh":"r1"}"#);
    assert_eq!(client.send(&Call::Profile, session).await, Err(Failure::Expired));
}

#[tokio::test]
async fn each_login_sends_the_device_token_of_the_last_one_with_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let count = AtomicUsize::new(0);
    let fake = Fake::start(move |seen| {
        if seen.body.contains("wrong") {
            return problem(Kind::Unauthenticated, "wrong e-mail or password");
        }
        let mut answer = session("a1", "r1");
        if seen.body.contains("bob@") {
            (answer["user"]["id"], answer["user"]["email"]) = (json!(2), json!("bob@example.com"));
        }
        answer["device"] = json!(format!("device {}", count.fetch_add(1, Ordering::Relaxed)));
        Does::Answers(200, answer)
    });
    let start = || {
        let devices = DeviceFile::in_folder(Some(folder.path())).at("https://a.example");
        Client::new(fake.url.clone(), None, &Handles::default(), devices).unwrap()
    };
    let Call::Login(mut wrong) = login() else { panic!() };
    wrong.password = "wrong".to_owned();
    let wrong = Call::Login(wrong);
    let client = start();
    client.send(&login(), None).await.unwrap();
    client.send(&login(), None).await.unwrap();
    assert!(client.send(&wrong, None).await.is_err());
    start().send(&login_of("bob"), None).await.unwrap();
    start().send(&login(), None).await.unwrap();
    let bodies = fake.seen().into_iter().map(|seen| seen.body);
    let sent: Vec<Option<String>> = bodies
        .map(|body| {
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            body.get("device").map(|device| device.as_str().unwrap().to_owned())
        })
        .collect();
    let known = |number: usize| Some(format!("device {number}"));
    // A refused login changes nothing, and another account has no token yet.
    assert_eq!(sent, [None, known(0), known(1), None, known(1)]);
}

#[tokio::test]
async fn a_write_without_an_answer_may_have_been_done_and_is_not_repeated() {
    let fake = desk(|_| Does::HangsUp);
    let client = client(&fake);
    let session = log_in(&client).await;
    let key = IdempotencyKey::new(1, 2);
    let write =
        Call::Create { kind: RecordKind::Patient, body: json!({}), key, about: String::new() };
    let answer = client.send(&write, session).await;
    assert!(matches!(answer, Err(Failure::Unknown(_))), "{answer:?}");
    assert_eq!(fake.lines(), ["POST /api/auth/login", "POST /api/patients"]);
    let answer = client.send(&Call::Profile, session).await;
    assert!(matches!(answer, Err(Failure::Offline(_))), "{answer:?}");
}

#[tokio::test]
async fn what_is_created_carries_its_key_at_every_try() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    let session = log_in(&client).await;
    let key = IdempotencyKey::new(0xabc, 2);
    let call =
        Call::Create { kind: RecordKind::Patient, body: json!({}), key, about: String::new() };
    for _ in 0..2 {
        let _ = client.send(&call, session).await;
    }
    let seen = fake.seen();
    let tries: Vec<&Seen> = seen.iter().filter(|s| s.line == "POST /api/patients").collect();
    assert_eq!(tries.len(), 3, "with the old token, with the next, and again");
    for one in tries {
        assert_eq!(one.header("idempotency-key"), Some("00000000000000000000000000000abc-2"));
    }
}

#[tokio::test]
async fn a_gateway_that_gave_up_leaves_a_write_unknown() {
    let fake = desk(|_| Does::Says(504, "<html>gateway timeout</html>"));
    let client = client(&fake);
    let session = log_in(&client).await;
    let write = Call::Do {
        verb: Verb::Restore,
        kind: RecordKind::Patient,
        id: 7,
        version: 3,
        reason: None,
        about: String::new(),
    };
    assert!(matches!(client.send(&write, session).await, Err(Failure::Unknown(_))));
    assert!(matches!(client.send(&Call::Profile, session).await, Err(Failure::Offline(_))));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(url.parse().unwrap(), None, &Handles::default(), nowhere()).unwrap();
    let answer = client.send(&login(), None).await;
    let Err(Failure::Offline(sentence)) = answer else { panic!("{answer:?}") };
    assert!(sentence.contains("nothing answers at 127.0.0.1:"), "{sentence}");
}

#[tokio::test]
async fn an_answer_that_is_something_else_is_garbled() {
    let fake = Fake::start(|_| Does::Says(200, "<html>"));
    let answer = client(&fake).send(&Call::Meta, None).await;
    assert!(matches!(answer, Err(Failure::Garbled(_))), "{answer:?}");
    let fake = Fake::start(|_| Does::Says(302, ""));
    let answer = client(&fake).send(&Call::Meta, None).await;
    assert!(matches!(answer, Err(Failure::Garbled(_))), "{answer:?}");
    assert_eq!(fake.lines().len(), 1);
}

#[tokio::test]
async fn only_the_servers_own_pages_are_followed() {
    let fake = desk(|_| Does::Answers(200, no_rows()));
    let client = client(&fake);
    let session = log_in(&client).await;
    let foreign = list_at("http://elsewhere.example/api/patients?cursor=x".to_owned());
    assert!(matches!(client.send(&foreign, session).await, Err(Failure::Garbled(_))));
    assert_eq!(fake.lines().len(), 1);
    let own = fake.url.join("/api/patients?cursor=a%2Bb").unwrap();
    assert!(client.send(&list_at(own.to_string()), session).await.is_ok());
    assert_eq!(fake.lines()[1], "GET /api/patients?cursor=a%2Bb");
}

#[tokio::test]
async fn a_desk_that_moved_still_knows_the_pages_it_gave() {
    let old = desk(|_| Does::HangsUp);
    let new = desk(|_| Does::Answers(200, no_rows()));
    let client = client(&old);
    let session = log_in(&client).await;
    client.follow_to(new.url.clone());
    let page = old.url.join("/api/patients?cursor=x").unwrap();
    assert!(client.send(&list_at(page.to_string()), session).await.is_ok());
    assert_eq!(new.lines(), ["GET /api/patients?cursor=x"]);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let fake = Fake::start(|_| Does::Answers(200, json!("x".repeat(9 * 1024 * 1024))));
    let answer = client(&fake).send(&Call::Meta, None).await;
    let Err(Failure::Garbled(sentence)) = answer else { panic!("{answer:?}") };
    assert!(sentence.contains("longer"), "{sentence}");
}

#[tokio::test]
async fn the_profile_is_a_user() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let fake = desk(move |seen| {
        counted.fetch_add(1, Ordering::Relaxed);
        assert_eq!(bearer(seen), "Bearer a1");
        Does::Answers(200, user())
    });
    let client = client(&fake);
    let session = log_in(&client).await;
    assert!(matches!(client.send(&Call::Profile, session).await, Ok(Reply::User(_))));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let agent = fake.seen()[1].header("user-agent").unwrap().to_owned();
    assert_eq!(agent, concat!("frontdesk/", env!("CARGO_PKG_VERSION")));
}
