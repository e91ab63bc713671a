//! Links of accounts to doctors and patients.

use shared::{Kind, UserId, account::Role, doctor::DoctorPermission};

use super::{
    accounts::{account, as_admin, record, rows, run},
    driver::Driver,
    fixtures::{doctor, jose, problem},
};
use crate::{
    api::{Call, Reply, Verb},
    effect::Lane,
    resource::RecordKind,
};

/// Looking at a doctor, as an administrator who may link accounts.
fn at_doctor(linked: Option<i64>) -> Driver {
    let mut driver = as_admin(80, 24);
    driver.keys("<f4>");
    let mut otto = doctor(3, "Otto", "Soto");
    otto.permissions = Some(vec![DoctorPermission::Link]);
    otto.linked_user = linked.map(UserId);
    driver.answer(Lane::List, Ok(rows(vec![otto.clone().into()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(otto.into())));
    driver
}

#[test]
fn an_account_is_picked_for_a_doctor_and_linked_after_a_question() {
    let mut driver = at_doctor(None);
    driver.keys("<ctrl-p>unlink");
    driver.hides("End the link");
    driver.keys("<esc><ctrl-p>link account<enter>");
    let Call::List { kind: RecordKind::Account, query } = driver.call(Lane::Pick) else { panic!() };
    for pair in [("role", "doctor"), ("is_active", "true")] {
        assert!(query.iter().any(|(n, v)| (*n, v.as_str()) == pair), "{pair:?} in {query:?}");
    }
    let account = record(account(8, "Otto", Role::Doctor));
    driver.answer(Lane::Pick, Ok(rows(vec![account])));
    driver.keys("<down><enter>");
    driver.shows("Link this account?");
    driver.shows("Otto Soto, otto");
    driver.shows("› Don't link ‹");
    driver.keys("<right><enter>");
    let Call::Do { verb: Verb::Link(8), kind: RecordKind::Doctor, id: 3, .. } =
        driver.call(Lane::Save)
    else {
        panic!()
    };
    let taken = problem(Kind::Conflict, &[("user", "is already linked to another record")]);
    driver.refuse(Lane::Save, taken);
    driver.shows("! ");
}

#[test]
fn a_link_is_shown_and_ended_after_a_question() {
    let mut driver = at_doctor(Some(8));
    driver.shows("#8");
    driver.keys("<ctrl-p>unlink<enter>");
    driver.shows("Unlink the account?");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-p>unlink<enter><right><enter>");
    assert_eq!(run(&driver), ("unlink account", vec![3], Some(doctor(3, "O", "S").version)));
    let reads = driver.asked(Lane::Record);
    driver.answer(Lane::Save, Ok(Reply::Done));
    assert_eq!(driver.asked(Lane::Record), reads + 1);
}

#[test]
fn who_may_not_link_accounts_is_not_offered_to() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>link account");
    driver.hides("Link an account, which");
}
