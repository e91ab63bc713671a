//! The first start: a look around, and then a desk of one's own.

use super::{
    person::{become_administrator, quit, start},
    pty::{Home, key},
};

#[test]
fn a_look_around_keeps_nothing_and_leads_to_a_desk_of_ones_own() {
    let home = Home::new();
    let mut program = start(&home);
    program.wait_for("› Look around");
    program.keys(key::ENTER);
    program.wait_for("sample desk (invented people)");
    program.wait_for("In the clinic now");
    program.keys(key::F3);
    program.wait_for("of 500");
    assert!(!home.data().exists(), "the local desk has no invented people");
    program.keys(&key::ctrl('p'));
    program.keys("set up");
    program.wait_for("›set up the desk");
    program.keys(key::ENTER);
    become_administrator(&mut program);
    program.wait_for("local desk at");
    quit(program);
    assert!(home.data().exists());
}
