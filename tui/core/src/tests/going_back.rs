//! The footer offers a step back exactly where Esc does something.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, listed, page, people, problem},
};
use crate::{api::Failure, effect::Lane, input::action::Action};

/// Whether the footer offers a step back, and whether Esc changes what is on the screen.
fn offered_and_done(driver: &mut Driver) -> (bool, bool) {
    let before = driver.screen();
    // Footer, help and palette list what is offered.
    let is_offered = driver.app.is_available(Action::Back);
    assert!(is_offered || !before.contains("Esc back"), "{before}");
    driver.keys("<esc>");
    (is_offered, driver.screen() != before)
}

/// Every screen in states from which a step back leads elsewhere, and in states from which it does not.
fn drivers() -> Vec<(&'static str, Driver)> {
    let list = || Driver::with(people(), 5, 160, 24);
    let after = |mut driver: Driver, keys: &str| {
        driver.keys(keys);
        driver
    };
    let mut empty = list();
    empty.keys("<f4>");
    let mut nobody = list();
    nobody.keys("x");
    nobody.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    let mut failed = list();
    failed.keys("<f4>");
    failed.answer(Lane::List, Err(Failure::Offline("connection refused".to_owned())));
    vec![
        ("login", Driver::at_login(160, 24)),
        ("rows", after(list(), "<down>")),
        ("search", list()),
        ("list that loads", empty),
        ("nobody found", nobody),
        ("list that failed", failed),
        ("dashboard", after(list(), "<f7>")),
        ("page", Driver::looking_at(jose(), 160, 24)),
        ("form", after(Driver::looking_at(jose(), 160, 24), "<ctrl-e>")),
        ("new", after(list(), "<ctrl-n>")),
        ("home", after(list(), "<f2>")),
        ("home with a text", after(list(), "<f2>go")),
    ]
}

#[test]
fn esc_is_offered_exactly_where_it_does_something() {
    for (name, mut driver) in drivers() {
        let screen = driver.screen();
        let (is_offered, is_done) = offered_and_done(&mut driver);
        assert_eq!(is_offered, is_done, "{name}:\n{screen}\n{}", driver.screen());
    }
}

#[test]
fn esc_hides_an_error_wherever_one_stands() {
    for keys in ["<f2>", "<f7>", "<f3>"] {
        let mut driver = Driver::looking_at(jose(), 160, 24);
        driver.keys("<ctrl-x><tab><enter>");
        driver.keys(keys);
        driver.refuse(Lane::Save, problem(Kind::Forbidden, &[]));
        driver.shows("Esc hides");
        driver.keys("<esc>");
        driver.hides("Esc hides");
    }
}

#[test]
fn everything_that_is_wrong_with_a_field_can_be_read() {
    let long = "must be a number that the insurance has given to the patient, as it stands on the \
                card, without the letters in front of it and without the check digit at its end; \
                the last word is here";
    for (width, height) in [(40, 24), (80, 24)] {
        let mut driver = Driver::looking_at(jose(), width, height);
        driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
        driver.refuse(Lane::Save, problem(Kind::Validation, &[("first_name", long)]));
        let screen = driver.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(screen.contains("the last word is here"), "{}", driver.screen());
    }
}

#[test]
fn an_error_that_is_cut_says_where_all_of_it_stands() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    let long = "is not what this clinic takes, and ".repeat(9) + "so on to the very end";
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("clinic", &long)]));
    driver.hides("the very end");
    driver.shows("… F12 shows all, Esc hides");
    driver.keys("<f12>");
    driver.shows("the very end");
    driver.keys("<esc><esc>");
    driver.hides("Esc hides");
}

#[test]
fn all_rules_that_a_field_breaks_are_told() {
    let mut driver = Driver::with(people(), 5, 80, 30);
    driver.keys("<ctrl-n>Ana<backtab>insurance<enter>passport<ctrl-s>");
    driver.shows("! line 1, value: is required; line 2, value: is required");
    let mut driver = Driver::looking_at(jose(), 80, 30);
    driver.keys("<ctrl-e><backtab><end><enter>passport: 7<ctrl-s>");
    let errors = [("identifiers[0].value", "is known"), ("identifiers[1].system", "is too long")];
    driver.refuse(Lane::Save, problem(Kind::Validation, &errors));
    driver.shows("! line 1, value: is known; line 2, system: is too long");
}
