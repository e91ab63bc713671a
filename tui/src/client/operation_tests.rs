//! Accounts and operations on records, against a tiny server.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::{
    Kind,
    account::{PasswordChange, PasswordReset},
};
use tui_core::{
    api::{Call, Failure, Reply},
    input::action::Action,
    key::IdempotencyKey,
    resource::RecordKind,
    session::SessionHandle,
};

use super::{
    Client, Handles,
    fake::{Does, Fake, Seen, problem, session, user},
};
use crate::devices::DeviceFile;

fn desk(does: impl Fn(&Seen) -> Does + Send + 'static) -> Fake {
    Fake::start(move |seen| match seen.line.as_str() {
        "POST /api/auth/login" => Does::Answers(200, session("a1", "r1")),
        _ => does(seen),
    })
}

async fn at(fake: &Fake) -> (Arc<Client>, Option<SessionHandle>) {
    let nowhere = DeviceFile::default().at("");
    let client = Client::new(fake.url.clone(), None, &Handles::default(), nowhere).unwrap();
    let (identifier, password) = ("ana".to_owned(), "a long password".to_owned());
    let login = Call::Login(shared::account::Login { identifier, password, device: None });
    let Ok(Reply::SignedIn(session)) = client.send(&login, None).await else { panic!() };
    let handle = session.handle();
    (client, Some(handle))
}

fn account() -> Value {
    let mut account = user();
    account["has_password"] = true.into();
    account
}

fn run(kind: RecordKind, action: Action, ids: &[i64], version: Option<i64>) -> Call {
    let operation = kind.table().operation(action).unwrap();
    Call::Run { operation, kind, ids: ids.to_vec(), version }
}

/// The requests after the login: line, If-Match, body.
fn sent(fake: &Fake) -> Vec<(String, Option<String>, String)> {
    let after = fake.seen().into_iter().skip(1);
    after
        .map(|seen| (seen.line.clone(), seen.header("if-match").map(str::to_owned), seen.body))
        .collect()
}

#[tokio::test]
async fn each_operation_on_an_account_is_its_request() {
    let fake = desk(|seen| match seen.line.as_str() {
        "POST /api/users/7/code" => Does::Answers(
            200,
            json!({"code": "4JX7-2M9C", "expires_at": "2026-11-20T09:00:00.000000Z"}),
        ),
        "PATCH /api/users/7" => Does::Answers(200, account()),
        _ => Does::Says(204, ""),
    });
    let (client, session) = at(&fake).await;
    let account = RecordKind::Account;
    for (action, version) in [
        (Action::Archive, Some(4)),
        (Action::Restore, Some(4)),
        (Action::IssueCode, None),
        (Action::EndSessions, None),
    ] {
        let reply = client.send(&run(account, action, &[7], version), session).await;
        match (action, reply) {
            (Action::Archive | Action::EndSessions, Ok(Reply::Done)) => {}
            (Action::Restore, Ok(Reply::Record(_))) => {}
            (Action::IssueCode, Ok(Reply::Issued(code))) => assert_eq!(code.reveal(), "4JX7-2M9C"),
            other => panic!("{other:?}"),
        }
    }
    let version = Some("\"4\"".to_owned());
    let line = |line: &str, version: &Option<String>, body: &str| {
        (line.to_owned(), version.clone(), body.to_owned())
    };
    assert_eq!(
        sent(&fake),
        [
            line("DELETE /api/users/7", &version, ""),
            line("PATCH /api/users/7", &version, r#"{"is_active":true}"#),
            line("POST /api/users/7/code", &None, ""),
            line("DELETE /api/users/7/sessions", &None, ""),
        ]
    );
}

#[tokio::test]
async fn several_records_are_done_one_after_the_other_up_to_the_first_failure() {
    let fake = desk(|seen| match seen.line.as_str() {
        "DELETE /api/auth/sessions/5" => problem(Kind::NotFound, "gone"),
        _ => Does::Says(204, ""),
    });
    let (client, session) = at(&fake).await;
    let call = run(RecordKind::LoginSession, Action::Archive, &[4, 5, 6], None);
    assert!(matches!(client.send(&call, session).await, Err(Failure::Problem(_))));
    let lines: Vec<String> = sent(&fake).into_iter().map(|(line, ..)| line).collect();
    assert_eq!(lines, ["DELETE /api/auth/sessions/4", "DELETE /api/auth/sessions/5"]);
}

#[tokio::test]
async fn a_new_account_and_a_new_token_come_with_their_secrets() {
    let fake = desk(|seen| match seen.line.as_str() {
        "POST /api/users" => Does::Answers(
            201,
            json!({"user": account(), "code": "4JX7-2M9C",
                "expires_at": "2026-11-27T09:00:00.000000Z"}),
        ),
        _ => Does::Answers(
            201,
            json!({"id": 2, "name": "export", "scopes": ["read"],
                "created_at": "2026-11-20T09:00:00.000000Z", "last_used_at": null,
                "expires_at": null, "token": "fdt_x"}),
        ),
    });
    let (client, session) = at(&fake).await;
    for (kind, secret) in [(RecordKind::Account, "4JX7-2M9C"), (RecordKind::ApiToken, "fdt_x")] {
        let key = IdempotencyKey::new(1, 2);
        let reply = client
            .send(&Call::Create { kind, body: json!({}), key, about: String::new() }, session)
            .await;
        let Ok(Reply::Created(record, given)) = reply else { panic!("{reply:?}") };
        assert_eq!((record.kind(), given.reveal()), (kind, secret));
        assert!(!format!("{given:?}").contains(secret));
    }
}

#[tokio::test]
async fn passwords_are_changed_in_a_session_and_set_by_a_code_without_one() {
    let fake = desk(|_| Does::Says(204, ""));
    let (client, session) = at(&fake).await;
    let change = PasswordChange {
        current_password: "a long password".to_owned(),
        new_password: "a longer password".to_owned(),
    };
    let reply = client.send(&Call::ChangePassword(change), session).await;
    assert_eq!(reply, Ok(Reply::Done));
    let (token, new_password) = ("4jx7".to_owned(), "a longer password".to_owned());
    let reset = Call::ResetPassword(PasswordReset { token, new_password });
    assert_eq!(client.send(&reset, None).await, Ok(Reply::Done));
    let seen = fake.seen();
    assert_eq!(seen[1].line, "POST /api/auth/password");
    assert_eq!(
        seen[1].body,
        r#"{"current_password":"a long password","new_password":"a longer password"}"#
    );
    assert!(seen[1].header("authorization").is_some());
    assert_eq!(seen[2].line, "POST /api/auth/password/reset");
    assert!(seen[2].header("authorization").is_none());
}

#[tokio::test]
async fn ones_own_account_is_at_one_path_whatever_its_number() {
    let fake = desk(|_| Does::Answers(200, user()));
    let (client, session) = at(&fake).await;
    let kind = RecordKind::User;
    let read = Call::Read { kind, id: 1, is_archived: false };
    assert!(matches!(client.send(&read, session).await, Ok(Reply::Record(_))));
    let change = Call::Change {
        kind,
        id: 1,
        version: 3,
        body: json!({"phone": null}),
        about: String::new(),
    };
    assert!(matches!(client.send(&change, session).await, Ok(Reply::Record(_))));
    assert_eq!(
        sent(&fake)[1],
        (
            "PATCH /api/auth/profile".to_owned(),
            Some("\"3\"".to_owned()),
            r#"{"phone":null}"#.to_owned()
        )
    );
}
