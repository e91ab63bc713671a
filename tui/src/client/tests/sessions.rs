//! Several sessions at one server, and one at several.

use super::*;

/// Logs ana in with the tokens `a-ana`, `r-ana`, and bob with his.
fn desk_of_two(does: impl Fn(&Seen) -> Does + Send + 'static) -> Fake {
    Fake::start(move |seen| {
        let name = if seen.body.contains("bob@") { "bob" } else { "ana" };
        match seen.line.as_str() {
            "POST /api/auth/login" => {
                Does::Answers(200, session(&format!("a-{name}"), &format!("r-{name}")))
            }
            _ => does(seen),
        }
    })
}

async fn begin(client: &Arc<Client>, name: &str) -> Option<SessionHandle> {
    let Ok(Reply::SignedIn(session)) = client.send(&login_of(name), None).await else { panic!() };
    Some(session.handle())
}

#[tokio::test]
async fn work_in_one_session_never_carries_the_token_of_another() {
    let fake = desk_of_two(|seen| match (seen.line.as_str(), bearer(seen)) {
        ("POST /api/auth/token/refresh", _) => problem(Kind::Unauthenticated, "it is over"),
        (_, "Bearer a-bob") => problem(Kind::Unauthenticated, "it is over"),
        _ => Does::Answers(200, no_rows()),
    });
    let client = client(&fake);
    let bob = begin(&client, "bob").await;
    let write = change();
    assert_eq!(client.send(&write, bob).await, Err(Failure::Expired));
    let ana = begin(&client, "ana").await;
    assert_ne!(bob, ana);
    let before = fake.lines().len();
    assert_eq!(client.send(&write, bob).await, Err(Failure::Expired));
    assert_eq!(client.send(&write, None).await, Err(Failure::Expired));
    assert_eq!(fake.lines().len(), before, "nothing was sent in anybody's name");
    assert!(client.send(&list(PatientFilter::default()), ana).await.is_ok());
    let writes = fake.seen().into_iter().filter(|seen| seen.line.starts_with("PATCH"));
    let tokens: Vec<String> = writes.map(|seen| bearer(&seen).to_owned()).collect();
    assert_eq!(tokens, ["Bearer a-bob"]);
}

#[tokio::test]
async fn a_refresh_in_one_session_changes_nothing_in_another() {
    let fake = desk_of_two(|seen| match (seen.line.as_str(), bearer(seen)) {
        ("POST /api/auth/token/refresh", _) if seen.body.contains("r-bob") => {
            Does::Answers(200, refreshed("a2-bob", "r2-bob"))
        }
        (_, "Bearer a-bob") => problem(Kind::Unauthenticated, "the token has ended"),
        _ => Does::Answers(200, no_rows()),
    });
    let client = client(&fake);
    let (bob, ana) = (begin(&client, "bob").await, begin(&client, "ana").await);
    let call = list(PatientFilter::default());
    let (of_bob, of_ana) = tokio::join!(client.send(&call, bob), client.send(&call, ana));
    assert!(of_bob.is_ok() && of_ana.is_ok(), "{of_bob:?}, {of_ana:?}");
    client.send(&call, ana).await.unwrap();
    client.send(&call, bob).await.unwrap();
    let seen = fake.seen();
    let last: Vec<&str> = seen[seen.len() - 2..].iter().map(bearer).collect();
    assert_eq!(last, ["Bearer a-ana", "Bearer a2-bob"]);
}

#[tokio::test]
async fn ending_a_session_ends_that_one_alone() {
    let fake = desk_of_two(|_| Does::Answers(200, no_rows()));
    let client = client(&fake);
    let (bob, ana) = (begin(&client, "bob").await, begin(&client, "ana").await);
    client.end_session(ana.unwrap()).await;
    let out = fake.seen().pop().unwrap();
    assert_eq!((out.line.as_str(), bearer(&out)), ("POST /api/auth/logout", "Bearer a-ana"));
    let call = list(PatientFilter::default());
    assert_eq!(client.send(&call, ana).await, Err(Failure::Expired));
    assert!(client.send(&call, bob).await.is_ok());
}

#[tokio::test]
async fn a_session_is_unknown_at_another_server() {
    let handles = Handles::default();
    let (here, there) = (desk(|_| Does::HangsUp), desk(|_| Does::Answers(200, no_rows())));
    let [here, there] = [&here, &there]
        .map(|fake| Client::new(fake.url.clone(), None, &handles, nowhere()).unwrap());
    let session = log_in(&here).await;
    let call = list(PatientFilter::default());
    assert_eq!(there.send(&call, session).await, Err(Failure::Expired));
    assert_ne!(log_in(&there).await, session);
}
