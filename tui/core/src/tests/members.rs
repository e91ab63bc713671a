//! What an account sees that does not see the patients of others, and the role of a new account.

use shared::account::{Role, SessionPermission};

use super::{
    accounts::{at_accounts, signed_in_as},
    driver::Driver,
    fixtures::{lookup, records, user, visits},
};
use crate::{api::Call, effect::Lane};

fn as_member() -> Driver {
    let mut mia = user(7, "mia");
    (mia.role, mia.is_staff) = (Role::Member, false);
    mia.permissions = Some(vec![SessionPermission::CreatePatient]);
    signed_in_as(mia, 80, 24)
}

#[test]
fn today_says_that_a_member_sees_only_own_patients() {
    let mut driver = as_member();
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.answer(Lane::List, Ok(visits(Vec::new())));
    driver.shows("Own patients in the clinic");
    driver.shows("Nobody. This account does not show those of others.");
    driver.hides("In the clinic now");
}

#[test]
fn lists_say_that_a_member_sees_only_own_records() {
    let none = || Ok(records(Vec::<shared::patient::Patient>::new()));
    for (key, said) in [
        ("<f3>", "No patients of your own. This account does not show those of others."),
        ("<f5>", "No active assignments of your own patients. This account shows no others."),
        ("<f6>", "None of your own patients has arrived today. This account shows no others."),
    ] {
        let mut driver = as_member();
        driver.keys(key);
        driver.answer(Lane::List, none());
        driver.shows(said);
        driver.hides("first patient");
    }
    let mut driver = as_member();
    driver.keys("<f4>");
    driver.answer(Lane::List, none());
    driver.shows("No doctors yet.");
}

#[test]
fn a_new_account_is_one_of_the_front_desk_and_the_help_explains_the_roles() {
    let mut driver = at_accounts(80, 24);
    driver.keys("<ctrl-n>");
    driver.keys("zoe@example.com<ctrl-s>");
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(body["role"], "staff");
    let mut driver = at_accounts(80, 24);
    driver.keys("<ctrl-n><tab><tab><f1>");
    driver.shows("The front desk sees and changes all patients");
    driver.shows("Members and patients see only their own");
}
