//! A role that an administrator has changed while its user is logged in.

use shared::{Kind, account::Role};

use super::{
    accounts::{admin, as_admin},
    fixtures::problem,
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
};

#[test]
fn a_refusal_asks_again_what_the_user_may_do() {
    let mut driver = as_admin(80, 24);
    driver.keys("<f8>");
    driver.shows("ana (admin)");
    driver.refuse(Lane::List, problem(Kind::Forbidden, &[]));
    assert!(matches!(driver.call(Lane::Account), Call::Profile));
    let mut staff = admin();
    staff.role = Role::Staff;
    staff.permissions = Some(Vec::new());
    driver.answer(Lane::Account, Ok(Reply::User(Box::new(staff))));
    driver.hides("(admin)");
    driver.keys("<f2><ctrl-p>accounts");
    driver.shows("No action matches.");
}

#[test]
fn a_refused_profile_is_not_asked_for_again() {
    let mut driver = as_admin(80, 24);
    driver.keys("<f8>");
    driver.refuse(Lane::List, problem(Kind::Forbidden, &[]));
    let asked = driver.asked(Lane::Account);
    driver.refuse(Lane::Account, problem(Kind::Forbidden, &[]));
    assert_eq!(driver.asked(Lane::Account), asked);
}
