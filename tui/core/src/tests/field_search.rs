//! Fields of the record that is shown, found by their names in the palette.

use shared::{doctor::DoctorPermission, patient::PatientPermission};

use super::{
    driver::Driver,
    fixtures::{doctor, jose, one, people, records},
};
use crate::{effect::Lane, screens::Screen};

/// The field that has the focus in the form, and its text.
fn focused(driver: &Driver) -> (&str, &str) {
    let Screen::Form(state) = driver.app.screen() else { panic!("it is not the form") };
    let field = state.form.focused().unwrap();
    (field.name, field.value())
}

#[test]
fn what_is_typed_replaces_the_text_of_the_field() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>phone<enter>7");
    assert_eq!(focused(&driver), ("phone_number", "7"));
    driver.keys("<ctrl-z>");
    assert_eq!(focused(&driver), ("phone_number", "+1 555 123 4567"));
}

#[test]
fn a_text_of_several_lines_is_not_replaced() {
    for (typed, name) in [("allergies", "allergies"), ("address", "address")] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys(&format!("<ctrl-p>{typed}<enter>!"));
        let (field, text) = focused(&driver);
        assert_eq!(field, name);
        assert!(text.len() > 1 && text.ends_with('!'), "{text}");
    }
}

#[test]
fn a_field_is_found_by_what_it_is_called_elsewhere() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>date of birth<enter>");
    assert_eq!(focused(&driver).0, "date_of_birth");
}

#[test]
fn fields_of_every_kind_are_found() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    driver.answer(Lane::List, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<down><enter>");
    let mut sarah = doctor(1, "Sarah", "Johnson");
    driver.answer(Lane::Record, Ok(crate::api::Reply::Record(sarah.clone().into())));
    driver.keys("<ctrl-p>licence<enter>");
    // Copying the licence comes first; the field is the next one.
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<ctrl-p>fee<enter>");
    assert_eq!(focused(&driver).0, "consultation_fee");
    driver.keys("<esc>");
    sarah.permissions = Some(vec![DoctorPermission::History]);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(crate::api::Reply::Record(sarah.into())));
    driver.keys("<ctrl-p>fee");
    driver.hides("Edit this field");
}

#[test]
fn only_who_may_edit_finds_fields() {
    let mut patient = jose();
    patient.permissions = Some(vec![PatientPermission::History]);
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-p>phone");
    driver.hides("Edit this field");
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(archived)));
    driver.keys("<ctrl-p>phone");
    driver.hides("Edit this field");
}

#[test]
fn fields_are_listed_only_for_a_typed_name_and_never_in_the_help() {
    let mut driver = Driver::looking_at(jose(), 80, 60);
    driver.keys("<ctrl-p>");
    driver.hides("Edit this field");
    driver.keys("city");
    driver.shows("Edit this field: city.");
    driver.keys("<esc><f1>city");
    driver.hides("Edit this field");
}

#[test]
fn a_form_that_is_parked_is_shown_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f10><ctrl-p>phone<enter>");
    driver.shows("The parked form is open again.");
    assert_eq!(driver.app.typed("x"), 1);
}
