//! One's own account, password, sessions and API tokens, and where the API is.

use serde_json::json;
use shared::{
    Kind, SessionId,
    account::{ApiToken, LoginSession, TokenScope},
    id::ApiTokenId,
};

use super::{
    accounts::{as_admin, rows, signed_in_as},
    driver::Driver,
    fixtures::{listed, page, people, problem, user},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane},
    layers::Layer,
    msg::Msg,
    resource::{RecordKind, Secret},
    screens::Screen,
};

pub(super) const TOKEN: &str = "fdt_uI7Wm0nSx5Tg0kq1yZ2C6b3R8v9D4eF7hJ1LpQwXsYo";

fn at_desk() -> Driver {
    let mut driver = signed_in_as(user(1, "ana"), 80, 24);
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver
}

pub(super) fn session(id: i64, program: &str, is_current: bool) -> LoginSession {
    let at = |text: &str| text.parse().unwrap();
    LoginSession {
        id: SessionId(id),
        created_at: at("2026-11-20T07:00:00Z"),
        last_used_at: at("2026-11-20T08:30:00Z"),
        expires_at: at("2026-11-27T08:30:00Z"),
        address: "192.0.2.7".to_owned(),
        user_agent: Some(program.to_owned()),
        is_current,
    }
}

pub(super) fn sessions() -> Reply {
    rows(vec![
        session(3, "frontdesk/0.1.0", true).into(),
        session(4, "frontdesk/0.1.0", false).into(),
        session(5, "curl/8.5", false).into(),
    ])
}

pub(super) fn token(id: i64, name: &str) -> ApiToken {
    ApiToken {
        id: ApiTokenId(id),
        name: name.to_owned(),
        scopes: vec![TokenScope::Read],
        created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
        last_used_at: None,
        expires_at: Some("2027-12-31T23:59:59Z".parse().unwrap()),
    }
}

/// At one's own sessions.
pub(super) fn at_sessions(width: u16, height: u16) -> Driver {
    let mut driver = as_admin(width, height);
    driver.keys("<ctrl-p>my sessions<enter>");
    driver.answer(Lane::List, Ok(sessions()));
    driver
}

#[test]
fn ones_own_account_is_shown_and_changed() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>my account<enter>");
    let Call::Read { kind: RecordKind::User, .. } = driver.call(Lane::Record) else { panic!() };
    assert_eq!(RecordKind::User.one(1), "/api/auth/profile");
    driver.answer(Lane::Record, Ok(Reply::Record(user(1, "ana").into())));
    driver.shows("create patient, create");
    driver.hides("History");
    driver.keys("<ctrl-e>ana@example.org<tab>a long password<tab><tab>Anna<ctrl-s>");
    let Call::Change { kind: RecordKind::User, version: 1, body, .. } = driver.call(Lane::Save)
    else {
        panic!()
    };
    let sent = json!({"email": "ana@example.org", "current_password": "a long password",
        "first_name": "anaAnna"});
    assert_eq!(*body, sent);
    let mut changed = user(1, "ana");
    (changed.version, changed.email) = (2, Some("ana@example.org".to_owned()));
    changed.username = Some("anna".to_owned());
    driver.answer(Lane::Save, Ok(Reply::Record(changed.into())));
    driver.shows("  anna\n");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn a_password_is_in_no_conflict_and_comes_back_by_no_undo() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>my account<enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(user(1, "ana").into())));
    driver.keys("<ctrl-e>ana@example.org<tab>a long password<ctrl-s>");
    let mut stale = problem(Kind::Stale, &[]);
    let mut theirs = user(1, "ana");
    (theirs.version, theirs.phone) = (2, Some("+1 555 000 0000".to_owned()));
    stale.extra.insert("current".into(), serde_json::to_value(theirs).unwrap());
    driver.refuse(Lane::Save, stale);
    assert!(matches!(driver.app.layers(), [Layer::Conflict(_)]));
    driver.hides("a long password");
    driver.hides("Password");
}

#[test]
fn a_password_is_changed_with_the_old_one_and_typed_twice() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>my password<enter>");
    driver.keys("a long password<tab>short<tab>other<ctrl-s>");
    driver.shows("must have at least 15 characters");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-u>a longer password<tab><ctrl-u>a longer password<ctrl-s>");
    let Call::ChangePassword(change) = driver.call(Lane::Save) else { panic!() };
    assert_eq!(
        (change.current_password.as_str(), change.new_password.as_str()),
        ("a long password", "a longer password")
    );
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("current_password", "is wrong")]));
    driver.shows("is wrong");
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Ok(Reply::Done));
    driver.shows("The password was changed.");
    assert!(!matches!(driver.app.screen(), Screen::Password(_)));
    assert!(!driver.app.has_unsaved());
}

#[test]
fn a_lost_answer_to_a_new_password_is_said() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>my password<enter>");
    driver.keys("a long password<tab>a longer password<tab>a longer password<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Unknown("it broke".to_owned())));
    driver.shows("The password may or may not");
}

#[test]
fn a_code_sets_a_password_before_anybody_is_logged_in() {
    let mut driver = Driver::at_login(80, 24);
    driver.shows("Ctrl-E sets one");
    driver.keys("<ctrl-e>4jx7 2m9c<tab>a long password<tab>a long password<enter>");
    let Call::ResetPassword(reset) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(reset.token, "4jx7 2m9c");
    driver.refuse(Lane::Account, problem(Kind::Validation, &[("token", "is wrong or has ended")]));
    driver.shows("is wrong or has ended");
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Account, Ok(Reply::Done));
    assert!(matches!(driver.app.screen(), Screen::Login(_)));
    driver.shows("The password is set.");
}

#[test]
fn a_session_is_ended_after_a_question_and_the_list_is_read_again() {
    let mut driver = at_sessions(80, 24);
    driver.shows("frontdesk/0.1.0 · here");
    driver.keys("<down><down><enter>");
    driver.shows("curl/8.5");
    driver.keys("<ctrl-x>");
    driver.shows("End this session?");
    driver.keys("<right><enter>");
    let Call::Run { ids, version: None, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(ids, &[5]);
    let lists = driver.asked(Lane::List);
    driver.answer(Lane::Save, Ok(Reply::Done));
    assert!(matches!(driver.app.screen(), Screen::List(_)), "the page of what is gone is closed");
    assert_eq!(driver.asked(Lane::List), lists + 1);
}

#[test]
fn the_session_in_use_is_not_ended_here() {
    let mut driver = at_sessions(80, 24);
    driver.keys("<enter>");
    driver.shows("the session that you use now");
    driver.hides("Ctrl-X");
    driver.keys("<ctrl-x>");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn all_other_sessions_are_ended_at_once() {
    let mut driver = at_sessions(80, 24);
    driver.keys("<ctrl-p>end the others<enter>");
    driver.shows("2 in all.");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0, "Cancel is the default");
    driver.keys("<ctrl-p>end the others<enter><right><enter>");
    let Call::Run { ids, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(ids, &[4, 5]);
    driver.answer(Lane::Save, Ok(Reply::Done));
    driver.answer(Lane::List, Ok(rows(vec![session(3, "frontdesk/0.1.0", true).into()])));
    driver.keys("<ctrl-p>end the others");
    driver.hides("End all your sessions but this one.");
}

#[test]
fn a_token_is_created_shown_once_and_revoked() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>api tokens<enter>");
    driver.answer(Lane::List, Ok(rows(Vec::new())));
    driver.shows("No API tokens yet.");
    driver.keys("<ctrl-n>nightly export<tab>read and<tab>2027-12-31<ctrl-s>");
    let Call::Create { kind: RecordKind::ApiToken, body, .. } = driver.call(Lane::Save) else {
        panic!()
    };
    let sent = json!({"name": "nightly export", "scopes": ["read", "write"],
        "expires_at": "2027-12-31T23:59:59Z"});
    assert_eq!(*body, sent);
    let secret = Secret::new(TOKEN.to_owned(), None);
    driver.answer(Lane::Save, Ok(Reply::Created(token(2, "nightly export").into(), secret)));
    driver.shows(TOKEN);
    driver.shows("Authorization:");
    driver.keys("<ctrl-y>");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Copy(text) if text == TOKEN)));
    driver.keys("<esc>");
    driver.hides("fdt_");
    driver.keys("<ctrl-x><right><enter>");
    driver.answer(Lane::Save, Ok(Reply::Done));
    driver.shows("Revoked.");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    assert!(!format!("{:?}", driver.app.notices()).contains("fdt_"));
}

#[test]
fn a_token_does_not_end_in_the_past_and_is_not_changed() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>api tokens<enter>");
    driver.answer(Lane::List, Ok(rows(vec![token(2, "nightly export").into()])));
    driver.keys("<ctrl-n>x<tab><tab>2020-01-01<ctrl-s>");
    driver.shows("must not be in the past");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<esc><esc><right><enter><ctrl-e>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
}

#[test]
fn a_secret_of_one_user_is_not_seen_by_the_next() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>api tokens<enter>");
    driver.answer(Lane::List, Ok(rows(Vec::new())));
    driver.keys("<ctrl-n>x<ctrl-s>");
    let secret = Secret::new(TOKEN.to_owned(), None);
    driver.answer(Lane::Save, Ok(Reply::Created(token(2, "x").into(), secret)));
    driver.keys("<ctrl-r>");
    driver.send(Msg::Desk(crate::msg::Desk::Ready {
        label: "another desk".to_owned(),
        is_ephemeral: false,
        session: None,
    }));
    driver.hides("fdt_");
}

#[test]
fn the_list_of_actions_says_where_the_api_is() {
    let mut driver = at_desk();
    driver.keys("<ctrl-p>swagger<esc>");
    driver.keys("<ctrl-p>addresses of the api");
    driver.hides("Show the addresses of the API");
    driver.keys("<esc>");
    driver.send(Msg::Server("http://127.0.0.1:8000".to_owned()));
    driver.keys("<ctrl-p>addresses of the api<enter>");
    driver.shows("http://127.0.0.1:8000/docs");
    driver.shows("http://127.0.0.1:8000/openapi.json");
    driver.keys("<down><enter>");
    let address = "http://127.0.0.1:8000/docs";
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Copy(text) if text == address)));
    driver.keys("<esc>");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn what_is_typed_stays_below_ones_own_account() {
    let mut driver = at_desk();
    driver.keys("<ctrl-n>Ana<ctrl-p>my sessions<enter>");
    driver.answer(Lane::List, Ok(sessions()));
    driver.keys("<esc>");
    driver.shows("New patient");
    driver.shows("Ana");
    assert!(driver.app.has_unsaved());
}
