//! The fields of a form: what they accept, how they are edited, and what is said beside them.

use shared::{Kind, doctor::DoctorInput, patient::PatientInput};

use super::{
    driver::Driver,
    fixtures::{input, jose, people, problem},
    looks::look,
};
use crate::{
    api::Call,
    date::DateOrder,
    effect::Lane,
    form::{Form, help},
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// The form that is shown.
fn form(driver: &Driver) -> &Form {
    match driver.app.screen() {
        Screen::Form(state) => &state.form,
        _ => panic!("it is not the form"),
    }
}

fn new_patient() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>");
    driver
}

/// Moves the focus to the field of this name.
fn go_to(driver: &mut Driver, name: &str) {
    while form(driver).focused().unwrap().name != name {
        driver.keys("<tab>");
    }
}

fn help(name: &str) -> String {
    let mut driver = new_patient();
    go_to(&mut driver, name);
    driver.keys("<f1>");
    driver.screen()
}

#[test]
fn the_help_of_a_field_says_its_forms_and_its_limits() {
    insta::assert_snapshot!("help_of_a_date", help("date_of_birth"));
    insta::assert_snapshot!("help_of_a_choice", help("gender"));
    for (name, words) in [
        ("first_name", "At most 100 characters."),
        ("age", "A whole number from 0 to 150."),
        ("phone_number", "5 to 15 digits in any spelling"),
        ("email", "like ana@example.com"),
        ("deceased_on", "It must not be in the future."),
        ("identifiers", "insurance: X123456789"),
        ("allergies", "Enter starts a new line. Tab goes to the next field."),
    ] {
        let screen = help(name);
        assert!(screen.contains(words), "{name}: {screen}");
    }
}

#[test]
fn the_help_of_a_field_fits_a_small_terminal_and_scrolls() {
    let mut driver = Driver::with(people(), 5, 40, 12);
    driver.keys("<ctrl-n><tab><tab><f1>");
    driver.shows("A date: 1989-07-03");
    driver.hides("must not be more than 150");
    driver.keys("<end>");
    driver.shows("must not be more than 150");
    insta::assert_snapshot!("help_of_a_date_narrow", look(&driver));
    driver.keys("<esc>");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn the_help_asked_twice_lists_the_keys() {
    let mut driver = new_patient();
    driver.keys("<f1>");
    driver.hides("Save the form.");
    driver.keys("<f1>");
    driver.shows("Save the form.");
    driver.keys("<esc>");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn the_help_of_a_field_begins_with_what_is_wrong() {
    let mut driver = new_patient();
    driver.keys("<tab><tab>19x<tab><backtab><f1>");
    driver.shows("│ ! Enter a date, like");
}

#[test]
fn every_field_of_every_form_is_explained() {
    use RecordKind::{Account, ApiToken, Assignment, Doctor, Patient, User, Visit};
    for kind in [Patient, Doctor, Assignment, Visit, Account, User, ApiToken] {
        for field in kind.fields(None) {
            let about = help::about(&field, DateOrder::DayFirst);
            assert!(!about.is_empty(), "{kind:?}: {}", field.name);
        }
    }
}

#[test]
fn every_member_that_the_server_refuses_lands_on_a_field() {
    for (kind, members) in
        [(RecordKind::Patient, PatientInput::MEMBERS), (RecordKind::Doctor, DoctorInput::MEMBERS)]
    {
        for member in members {
            let mut form = Form::new(kind.fields(None));
            let refused = problem(Kind::Validation, &[(member, "is refused")]);
            assert_eq!(form.refuse(&refused.errors), Vec::<String>::new(), "{member}");
            let field = form.focused().unwrap();
            assert_eq!(form.fault(field), Some("is refused"), "{member}");
        }
    }
}

#[test]
fn faults_of_several_parts_are_all_said_with_their_lines() {
    let mut driver = Driver::with(people(), 5, 80, 30);
    driver.keys("<ctrl-n>Ana<backtab>passport: 1<enter><enter>tax: 2<ctrl-s>");
    let errors = [("identifiers[0].value", "is known"), ("identifiers[1].system", "is shut")];
    driver.refuse(Lane::Save, problem(Kind::Validation, &errors));
    driver.shows("! line 1, value: is known; line 3, system: is shut");
}

#[test]
fn a_fault_is_readable_in_full_however_long_it_is() {
    let mut driver = Driver::looking_at(jose(), 40, 30);
    driver.keys("<ctrl-e>x<ctrl-s>");
    let long = format!("{} the end", "is refused for a reason ".repeat(8));
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("first_name", &long)]));
    driver.shows("the end");
}

#[test]
fn a_typed_fault_changes_with_every_letter() {
    let mut driver = new_patient();
    go_to(&mut driver, "phone_number");
    driver.keys("12<tab><backtab>");
    driver.shows("! must be a phone number");
    driver.keys("345");
    driver.hides("! must be a phone number");
    driver.keys("<bs>");
    driver.shows("! must be a phone number");
}

#[test]
fn enter_leaves_an_address_and_its_paste_is_one_line() {
    let mut driver = new_patient();
    driver.keys("Ana");
    go_to(&mut driver, "address");
    driver.send(Msg::Paste("1 Long Street\r\nFlat 2\n".to_owned()));
    assert_eq!(form(&driver).value("address"), "1 Long Street Flat 2");
    driver.keys("<enter>");
    assert_eq!(form(&driver).focused().unwrap().name, "city");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<backtab><ctrl-z>");
    assert_eq!(form(&driver).value("address"), "");
    driver.keys("<ctrl-y><ctrl-s>");
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(input(body).address.value().unwrap(), "1 Long Street Flat 2");
}

#[test]
fn enter_goes_on_in_every_field_but_notes_and_never_saves() {
    let mut driver = new_patient();
    driver.keys("Ana");
    for _ in 0..20 {
        let before = form(&driver).focused().unwrap().clone();
        driver.keys("<enter>");
        let is_next = form(&driver).focused().unwrap().name != before.name;
        assert_eq!(is_next, !before.is_multiline(), "{}", before.name);
        if !is_next {
            driver.keys("<tab>");
        }
    }
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn an_address_of_two_lines_stays_as_it_is() {
    let mut patient = jose();
    patient.fields.address = Some("1 Long Street\nFlat 2".to_owned());
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-e>");
    driver.shows("Flat 2");
    go_to(&mut driver, "address");
    driver.keys("<enter><ctrl-s>");
    driver.shows("Nothing was changed");
}

#[test]
fn choices_are_undone_and_redone_one_by_one() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>");
    go_to(&mut driver, "gender");
    driver.keys("female<tab><backtab><right>");
    assert_eq!(form(&driver).value("gender"), "M");
    driver.keys("<right>");
    assert_eq!(form(&driver).value("gender"), "O");
    driver.keys("<ctrl-z>");
    assert_eq!(form(&driver).value("gender"), "M");
    driver.keys("<ctrl-z>");
    assert_eq!(form(&driver).value("gender"), "F");
    driver.keys("<ctrl-z><ctrl-z>");
    assert_eq!(form(&driver).value("gender"), "M", "as it was opened");
    assert!(!driver.app.has_unsaved());
    driver.keys("<ctrl-y>");
    assert_eq!(form(&driver).value("gender"), "F");
    driver.keys("<ctrl-y><ctrl-y><ctrl-y>");
    assert_eq!(form(&driver).value("gender"), "O");
}
