//! The client against a tiny server.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use shared::{
    Kind,
    account::Login,
    id::PatientId,
    patient::{NewPatient, PatientFilter, PatientPatch},
};
use tui_core::api::{Call, Failure, Reply};

use super::{
    Client,
    fake::{Does, Fake, Seen, no_rows, problem, refreshed, session, user},
};

fn client(fake: &Fake) -> Arc<Client> {
    Client::new(fake.url.clone(), None).unwrap()
}

fn login() -> Call {
    let identifier = "ana@example.com".to_owned();
    Call::Login(Login { identifier, password: "a long password".to_owned(), device: None })
}

fn id(number: i64) -> PatientId {
    serde_json::from_value(json!(number)).unwrap()
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
    client.send(&login()).await.unwrap();
    let filter = PatientFilter { search: Some("gómez 1989".to_owned()), ..Default::default() };
    let reply = client.send(&Call::Patients(filter)).await;
    assert!(matches!(reply, Ok(Reply::Patients(_))), "{reply:?}");
    let list = "GET /api/patients?search=g%C3%B3mez+1989";
    assert_eq!(fake.lines(), ["POST /api/auth/login", list, "POST /api/auth/token/refresh", list]);
    assert_eq!(fake.seen()[2].body, r#"{"refresh":"r1"}"#);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_refresh() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    let call = Call::Patients(PatientFilter::default());
    let (one, two, three) =
        tokio::join!(client.send(&call), client.send(&call), client.send(&call));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let refreshes = fake.lines().iter().filter(|line| line.ends_with("refresh")).count();
    assert_eq!(refreshes, 1);
}

#[tokio::test]
async fn a_write_is_repeated_after_a_refresh_because_nothing_was_done() {
    let fake = desk_with_old_tokens();
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    let call = Call::UpdatePatient { id: id(7), version: 3, patch: Box::<PatientPatch>::default() };
    let reply = client.send(&call).await;
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
    client.send(&login()).await.unwrap();
    assert_eq!(client.send(&Call::Profile).await, Err(Failure::Expired));
    assert_eq!(fake.lines().len(), 3, "{:?}", fake.lines());
    // Without tokens nothing is asked at all.
    assert_eq!(client.send(&Call::Profile).await, Err(Failure::Expired));
    assert_eq!(fake.lines().len(), 3);
}

#[tokio::test]
async fn a_refused_login_is_a_problem_and_not_an_ended_session() {
    let fake = Fake::start(|_| problem(Kind::Unauthenticated, "wrong e-mail or password"));
    let answer = client(&fake).send(&login()).await;
    let Err(Failure::Problem(problem)) = answer else { panic!("{answer:?}") };
    assert_eq!(problem.detail, "wrong e-mail or password");
    assert_eq!(fake.lines(), ["POST /api/auth/login"]);
}

#[tokio::test]
async fn logging_out_forgets_the_tokens_whatever_the_answer() {
    let fake = desk(|_| Does::HangsUp);
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    assert_eq!(client.send(&Call::Logout).await, Ok(Reply::Done));
    assert_eq!(fake.seen()[1].body, r#"{"refresh":"r1"}"#);
    assert_eq!(client.send(&Call::Profile).await, Err(Failure::Expired));
}

#[tokio::test]
async fn a_write_without_an_answer_may_have_been_done_and_is_not_repeated() {
    let fake = desk(|_| Does::HangsUp);
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    let write = Call::CreatePatient(Box::<NewPatient>::default());
    let answer = client.send(&write).await;
    assert!(matches!(answer, Err(Failure::Unknown(_))), "{answer:?}");
    assert_eq!(fake.lines(), ["POST /api/auth/login", "POST /api/patients"]);
    let answer = client.send(&Call::Profile).await;
    assert!(matches!(answer, Err(Failure::Offline(_))), "{answer:?}");
}

#[tokio::test]
async fn a_gateway_that_gave_up_leaves_a_write_unknown() {
    let fake = desk(|_| Does::Says(504, "<html>gateway timeout</html>"));
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    let write = Call::RestorePatient { id: id(7), version: 3 };
    assert!(matches!(client.send(&write).await, Err(Failure::Unknown(_))));
    assert!(matches!(client.send(&Call::Profile).await, Err(Failure::Offline(_))));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(url.parse().unwrap(), None).unwrap();
    let answer = client.send(&login()).await;
    let Err(Failure::Offline(sentence)) = answer else { panic!("{answer:?}") };
    assert!(sentence.contains("nothing answers at 127.0.0.1:"), "{sentence}");
}

#[tokio::test]
async fn an_answer_that_is_something_else_is_garbled() {
    let fake = Fake::start(|_| Does::Says(200, "<html>"));
    let answer = client(&fake).send(&Call::Meta).await;
    assert!(matches!(answer, Err(Failure::Garbled(_))), "{answer:?}");
    let fake = Fake::start(|_| Does::Says(302, ""));
    let answer = client(&fake).send(&Call::Meta).await;
    assert!(matches!(answer, Err(Failure::Garbled(_))), "{answer:?}");
    assert_eq!(fake.lines().len(), 1);
}

#[tokio::test]
async fn only_the_servers_own_pages_are_followed() {
    let fake = desk(|_| Does::Answers(200, no_rows()));
    let client = client(&fake);
    client.send(&login()).await.unwrap();
    let foreign = Call::PatientsAt("http://elsewhere.example/api/patients?cursor=x".to_owned());
    assert!(matches!(client.send(&foreign).await, Err(Failure::Garbled(_))));
    assert_eq!(fake.lines().len(), 1);
    let own = fake.url.join("/api/patients?cursor=a%2Bb").unwrap();
    assert!(client.send(&Call::PatientsAt(own.to_string())).await.is_ok());
    assert_eq!(fake.lines()[1], "GET /api/patients?cursor=a%2Bb");
}

#[tokio::test]
async fn a_desk_that_moved_still_knows_the_pages_it_gave() {
    let old = desk(|_| Does::HangsUp);
    let new = desk(|_| Does::Answers(200, no_rows()));
    let client = client(&old);
    client.send(&login()).await.unwrap();
    client.follow_to(new.url.clone());
    let page = old.url.join("/api/patients?cursor=x").unwrap();
    assert!(client.send(&Call::PatientsAt(page.to_string())).await.is_ok());
    assert_eq!(new.lines(), ["GET /api/patients?cursor=x"]);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let fake = Fake::start(|_| Does::Answers(200, json!("x".repeat(9 * 1024 * 1024))));
    let answer = client(&fake).send(&Call::Meta).await;
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
    client.send(&login()).await.unwrap();
    assert!(matches!(client.send(&Call::Profile).await, Ok(Reply::User(_))));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let agent = fake.seen()[1].header("user-agent").unwrap().to_owned();
    assert_eq!(agent, concat!("frontdesk/", env!("CARGO_PKG_VERSION")));
}
