//! Accounts, as administrators manage them and the front desk sees them.

use serde_json::json;
use shared::{
    Kind, Page, UserId,
    account::{Account, BriefUser, Role, SessionPermission, User, UserPermission, VisibleUser},
};

use super::{
    driver::Driver,
    fixtures::{listed, page, problem, user},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane},
    layers::Layer,
    resource::{Method, Record, RecordKind, Secret},
    screens::Screen,
    session::{Session, SessionHandle},
};

pub(super) const CODE: &str = "4JX7-2M9C-T0VQ-8KRE-W35N";

pub(super) fn admin() -> User {
    let mut admin = user(1, "ana");
    admin.role = Role::Admin;
    admin.permissions = Some(vec![
        SessionPermission::CreatePatient,
        SessionPermission::ReadAllPatients,
        SessionPermission::ReadUsers,
        SessionPermission::ManageUsers,
        SessionPermission::ReadAudit,
    ]);
    admin
}

/// An account as a single record is answered to an administrator.
pub(super) fn account(id: i64, name: &str, role: Role) -> Account {
    let mut user = user(id, name);
    user.first_name = Some(name.to_owned());
    user.last_name = Some("Soto".to_owned());
    user.name = format!("{name} Soto");
    user.username = Some(name.to_lowercase());
    user.email = Some(format!("{}@example.com", name.to_lowercase()));
    user.role = role;
    user.version = 4;
    let mut account = Account::of(user, true);
    account.permissions = Some(vec![
        UserPermission::Update,
        UserPermission::Deactivate,
        UserPermission::IssueCode,
        UserPermission::EndSessions,
    ]);
    account
}

pub(super) fn record(account: Account) -> Record {
    VisibleUser::Account(Box::new(account)).into()
}

pub(super) fn accounts() -> Reply {
    let mut off = account(8, "Otto", Role::Doctor);
    off.is_active = false;
    let mut new = account(9, "Ulla", Role::Member);
    new.has_password = false;
    let all = [account(7, "Ines", Role::Staff), off, new];
    let results: Vec<Record> = all
        .into_iter()
        .map(|mut account| {
            account.permissions = None;
            record(account)
        })
        .collect();
    rows(results)
}

pub(super) fn rows(results: Vec<Record>) -> Reply {
    let count = results.len() as i64;
    Reply::Page(Box::new(Page { count, count_capped: false, next: None, previous: None, results }))
}

/// Logged in as an administrator.
pub(super) fn as_admin(width: u16, height: u16) -> Driver {
    signed_in_as(admin(), width, height)
}

pub(super) fn signed_in_as(user: User, width: u16, height: u16) -> Driver {
    let mut driver = Driver::at_login(width, height);
    driver.keys("ana<tab>a long password<enter>");
    let session = Session::new(SessionHandle::new(1), user);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
    driver
}

/// At the list of accounts.
pub(super) fn at_accounts(width: u16, height: u16) -> Driver {
    let mut driver = as_admin(width, height);
    driver.keys("<f8>");
    driver.answer(Lane::List, Ok(accounts()));
    driver
}

/// Looking at an account.
pub(super) fn at_account(account: Account, width: u16, height: u16) -> Driver {
    let mut driver = at_accounts(width, height);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(record(account))));
    driver
}

pub(super) fn run(driver: &Driver) -> (&'static str, Vec<i64>, Option<i64>) {
    let Call::Run { operation, ids, version, .. } = driver.call(Lane::Save) else { panic!() };
    (operation.label, ids.clone(), *version)
}

#[test]
fn an_administrator_lists_and_opens_accounts() {
    let mut driver = at_accounts(80, 24);
    driver.shows("Ines Soto");
    driver.shows("Otto Soto · inactive");
    driver.shows("Ulla Soto · new");
    driver.keys("<down><enter>");
    let Call::Read { kind: RecordKind::Account, id: 7, .. } = driver.call(Lane::Record) else {
        panic!()
    };
    driver.answer(Lane::Record, Ok(Reply::Record(record(account(7, "Ines", Role::Staff)))));
    driver.shows("front desk");
    driver.shows("ines@example.com");
    assert_eq!(driver.asked(Lane::History), 0, "accounts have no history of their own");
}

#[test]
fn the_front_desk_sees_names_and_roles_and_can_change_nothing() {
    let mut staff = user(2, "bea");
    staff.permissions = Some(vec![SessionPermission::ReadUsers]);
    let mut driver = signed_in_as(staff, 80, 24);
    driver.keys("<f8>");
    let json = json!({"count": 1, "next": null, "previous": null, "results": [
        {"id": 7, "username": "ines", "name": "Ines Soto", "role": "staff"}
    ]});
    let page = RecordKind::Account.page(json.to_string().as_bytes()).unwrap();
    driver.answer(Lane::List, Ok(Reply::Page(Box::new(page))));
    driver.shows("Ines Soto");
    driver.shows("front desk");
    driver.hides("Ctrl-N");
    driver.keys("<ctrl-t>");
    driver.shows("Role");
    driver.hides("Active");
    driver.keys("<esc><ctrl-n>");
    driver.shows("Your account may not do this");
    driver.keys("<down><enter>");
    let brief = BriefUser {
        id: UserId(7),
        username: Some("ines".to_owned()),
        name: "Ines Soto".to_owned(),
        role: Role::Staff,
    };
    let brief = VisibleUser::Brief { user: brief, version: 0 };
    driver.answer(Lane::Record, Ok(Reply::Record(brief.into())));
    driver.hides("deactivate");
    driver.keys("<ctrl-x>");
    assert!(driver.app.layers().is_empty());
    driver.shows("Your account may not do this");
}

#[test]
fn a_session_that_may_not_see_accounts_is_told_so() {
    let mut driver = signed_in_as(user(2, "bea"), 80, 24);
    driver.keys("<f8>");
    assert_eq!(driver.asked(Lane::List), 1, "the patients");
    driver.shows("Your account may not see this: accounts.");
    driver.keys("<ctrl-p>accounts");
    driver.hides("Go to the accounts.");
}

#[test]
fn the_filters_and_orders_of_accounts_are_sent() {
    let mut driver = at_accounts(80, 24);
    driver.keys("<ctrl-t>front<tab>n<ctrl-s>");
    driver.keys("<ctrl-o><down><down><enter>");
    let Call::List { kind: RecordKind::Account, query } = driver.call(Lane::List) else { panic!() };
    for pair in [("role", "staff"), ("is_active", "false"), ("ordering", "-created_at")] {
        assert!(query.iter().any(|(n, v)| (*n, v.as_str()) == pair), "{pair:?} in {query:?}");
    }
    driver.shows("front desk · deactivated");
}

#[test]
fn a_new_account_shows_its_code_once_and_says_it_nowhere_else() {
    let mut driver = at_accounts(80, 24);
    driver.keys("<ctrl-n>ines@example.com<tab><tab>front<tab>Ines<tab>Soto<ctrl-s>");
    let Call::Create { kind: RecordKind::Account, body, .. } = driver.call(Lane::Save) else {
        panic!()
    };
    let sent = json!({"email": "ines@example.com", "role": "staff", "first_name": "Ines",
        "last_name": "Soto"});
    assert_eq!(*body, sent);
    let until = "2026-11-27T09:00:00Z".parse().unwrap();
    let secret = Secret::new(CODE.to_owned(), Some(until));
    let reply = Reply::Created(record(account(7, "Ines", Role::Staff)), secret);
    assert!(!format!("{reply:?}").contains("4JX7"), "a code is in no debug form");
    driver.answer(Lane::Save, Ok(reply));
    driver.shows(CODE);
    driver.shows("Valid until 2026-11-27 10:00.");
    driver.keys("<enter>");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Copy(text) if text == CODE)));
    driver.keys("<esc>");
    driver.hides("4JX7");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)), "the new account is shown");
    driver.keys("<f12>");
    driver.hides("4JX7");
    assert!(!format!("{:?}", driver.app.notices()).contains("4JX7"));
}

#[test]
fn an_account_needs_an_address_or_a_username() {
    let mut driver = at_accounts(80, 24);
    driver.keys("<ctrl-n><tab><tab>front<ctrl-s>");
    driver.shows("is required if there is no username");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_change_of_an_account_sends_what_differs_under_the_version_that_was_read() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-e><tab><tab>doc<tab><tab><tab>+1 555 765 4321<ctrl-s>");
    let Call::Change { kind: RecordKind::Account, id: 7, version: 4, body, .. } =
        driver.call(Lane::Save)
    else {
        panic!()
    };
    assert_eq!(*body, json!({"role": "doctor", "phone": "+1 555 765 4321"}));
    let last = problem(Kind::Conflict, &[("role", "can't be changed")]);
    driver.refuse(Lane::Save, last);
    driver.shows("can't be changed");
}

#[test]
fn every_operation_asks_and_keeps_things_by_default() {
    for (open, title) in [
        ("<ctrl-x>", "Deactivate this account?"),
        ("<ctrl-p>new code<enter>", "Create a one-time code?"),
        ("<ctrl-p>end sessions<enter>", "End all sessions of this account?"),
    ] {
        let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
        driver.keys(open);
        driver.shows(title);
        driver.shows("Ines Soto, ines");
        driver.shows("› Cancel ‹");
        driver.keys("<enter>");
        assert!(driver.app.layers().is_empty());
        assert_eq!(driver.asked(Lane::Save), 0, "{title}");
    }
}

#[test]
fn an_account_is_deactivated_read_again_and_activated() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-x><right><enter>");
    assert_eq!(run(&driver), ("deactivate", vec![7], Some(4)));
    let (lists, reads) = (driver.asked(Lane::List), driver.asked(Lane::Record));
    driver.answer(Lane::Save, Ok(Reply::Done));
    driver.shows("Deactivated.");
    assert_eq!(driver.asked(Lane::Record), reads + 1, "the page is read again");
    assert_eq!(driver.asked(Lane::List), lists + 1, "the list below too");
    let mut off = account(7, "Ines", Role::Staff);
    (off.is_active, off.version) = (false, 5);
    off.permissions = Some(vec![UserPermission::Update, UserPermission::EndSessions]);
    driver.answer(Lane::Record, Ok(Reply::Record(record(off))));
    driver.shows("DEACTIVATED");
    driver.hides("Ctrl-X deactivate");
    driver.shows("Ctrl-K activate");
    driver.keys("<ctrl-k><right><enter>");
    assert_eq!(run(&driver), ("activate", vec![7], Some(5)));
    let Call::Run { operation, .. } = driver.call(Lane::Save) else { panic!() };
    let Method::Patch(body) = operation.request.method else { panic!() };
    assert_eq!(body(), json!({"is_active": true}));
    driver.answer(Lane::Save, Ok(Reply::Record(record(account(7, "Ines", Role::Staff)))));
    driver.shows("Activated.");
    driver.hides("DEACTIVATED");
}

#[test]
fn a_new_code_is_shown_with_the_account_to_which_it_belongs() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-p>new code<enter><right><enter>");
    assert_eq!(run(&driver), ("new code", vec![7], None));
    driver.answer(Lane::Save, Ok(Reply::Issued(Secret::new(CODE.to_owned(), None))));
    driver.shows(CODE);
    driver.shows("Ines Soto, ines");
    driver.keys("<esc>");
    driver.hides("4JX7");
}

#[test]
fn an_account_that_somebody_else_changed_is_shown_before_it_is_deactivated() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-x><right><enter>");
    let mut stale = problem(Kind::Stale, &[]);
    let mut current = account(7, "Inez", Role::Doctor);
    current.version = 6;
    stale.extra.insert("current".into(), serde_json::to_value(current).unwrap());
    driver.refuse(Lane::Save, stale);
    driver.shows("Inez Soto");
    driver.shows("Somebody else has changed the record");
}

#[test]
fn a_lost_answer_to_an_operation_is_said_and_the_account_read_again() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-x><right><enter>");
    let reads = driver.asked(Lane::Record);
    driver.answer(Lane::Save, Err(Failure::Unknown("the connection broke".to_owned())));
    driver.shows("may not have been saved");
    assert_eq!(driver.asked(Lane::Record), reads + 1);
}

#[test]
fn an_operation_that_the_end_of_the_session_stopped_is_asked_for_again() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-x><right><enter>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    let session = Session::new(SessionHandle::new(2), admin());
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
    driver.shows("The account was not deactivated");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
}

#[test]
fn nobody_deactivates_by_typing() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("deactivate new code<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn patients_have_no_operations_of_accounts() {
    let mut driver = as_admin(80, 24);
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(listed(page(super::fixtures::people(), 5))));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(super::fixtures::one(super::fixtures::jose())));
    driver.keys("<ctrl-p>new code");
    driver.hides("Create a one-time code");
}
