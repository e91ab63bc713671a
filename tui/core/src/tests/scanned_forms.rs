//! A card that is scanned into a form is no part of a name.

use shared::Mrn;

use super::{
    driver::Driver,
    fixtures::{jose, people},
};
use crate::{api::Call, effect::Lane};

const SAID: &str = "holds the medical record number P000340V:";

fn card() -> String {
    format!("{}<enter>", Mrn::from_sequence(340))
}

#[test]
fn a_card_scanned_into_a_name_is_refused_and_saved_nowhere() {
    for tabs in ["", "<tab>"] {
        let mut driver = Driver::looking_at(jose(), 132, 43);
        driver.keys(&format!("<ctrl-e>{tabs}"));
        driver.keys(&card());
        driver.shows(SAID);
        driver.keys("<ctrl-s>");
        assert_eq!(driver.asked(Lane::Save), 0, "{}", driver.screen());
        driver.shows(SAID);
        driver.keys("<bs><bs><bs><bs><bs><bs><bs><bs>a<ctrl-s>");
        assert_eq!(driver.asked(Lane::Save), 1, "{}", driver.screen());
    }
}

#[test]
fn a_card_scanned_into_a_new_record_is_refused() {
    let mut driver = Driver::with(people(), 5, 132, 43);
    driver.keys("<ctrl-n>");
    driver.keys(&card());
    driver.keys("Ruiz<ctrl-s>");
    driver.shows(SAID);
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_number_that_was_there_before_is_kept() {
    let mut patient = jose();
    patient.fields.last_name = Some("GómezP000340V".to_owned());
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 1, "{}", driver.screen());
}

#[test]
fn a_number_among_notes_or_identifiers_is_one() {
    for field in ["medical_history", "identifiers"] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e>");
        let shown = |driver: &Driver| {
            let crate::screens::Screen::Form(form) = driver.app.screen() else { panic!() };
            form.form.focused().map(|field| field.name)
        };
        for _ in 0..30 {
            if shown(&driver) != Some(field) {
                driver.keys("<tab>");
            }
        }
        driver.keys("ssn: P000340V<ctrl-s>");
        let Call::Change { body, .. } = driver.call(Lane::Save) else { panic!() };
        assert!(body.get(field).is_some(), "{body}");
    }
}
