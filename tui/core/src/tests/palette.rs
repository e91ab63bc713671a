//! Finding an action by its name, and being told why one is not done.

use shared::patient::PatientPermission;

use super::{
    driver::Driver,
    fixtures::{jose, people},
};
use crate::effect::{Effect, Timer};

/// The first action that is listed.
fn best(driver: &Driver) -> String {
    let screen = driver.screen();
    let line = screen.lines().find(|line| line.contains("│›")).unwrap_or_default();
    line.split('›').nth(1).unwrap_or_default().trim().to_owned()
}

#[test]
fn an_action_is_found_by_any_word_of_its_name_without_case() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    for typed in ["mrn", "MRN", "copy mrn", "mrn copy", "cópy"] {
        driver.keys(&format!("<ctrl-p>{typed}"));
        assert!(best(&driver).starts_with("copy MRN"), "{typed}: {}", driver.screen());
        driver.keys("<esc>");
    }
    driver.keys("<ctrl-p>mrn<enter>");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Copy(_))));
}

#[test]
fn an_action_is_found_by_its_help_after_those_found_by_name() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>clipboard");
    assert!(best(&driver).starts_with("copy MRN"), "{}", driver.screen());
    driver.keys("<esc><ctrl-p>patients");
    assert!(best(&driver).starts_with("patients"), "{}", driver.screen());
    driver.keys("<esc><ctrl-p>ctrl-x");
    assert!(best(&driver).starts_with("archive"), "{}", driver.screen());
}

#[test]
fn a_name_that_nothing_has_says_so() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>zzzz");
    driver.shows("No action matches.");
}

#[test]
fn the_selected_action_is_explained_in_full_at_every_width() {
    for (width, height) in [(80, 24), (40, 12)] {
        let mut driver = Driver::looking_at(jose(), width, height);
        driver.keys("<f1>archive");
        let screen = driver.screen();
        let words = screen.replace('│', " ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("It can be restored."), "{screen}");
    }
}

#[test]
fn an_action_that_is_not_done_says_why() {
    let mut patient = jose();
    patient.permissions = Some(vec![PatientPermission::History]);
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-e>");
    driver.shows("Your account may not do this with this record: edit.");
    driver.keys("<ctrl-x>");
    driver.shows("Your account may not do this with this record: archive.");
    driver.keys("<ctrl-k>");
    driver.shows("It is not archived.");

    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let mut driver = Driver::looking_at(archived, 80, 24);
    driver.keys("<ctrl-e>");
    driver.shows("It is archived. Ctrl-K on its page restores it.");
}

#[test]
fn what_is_not_read_in_time_says_so() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><enter><ctrl-e>");
    driver.hides("The record is not loaded yet.");
    assert!(driver.on_timer(Timer::Ahead));
    driver.shows("The record is not loaded yet.");
}

#[test]
fn what_changes_a_record_is_found_only_where_words_begin() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    // Letters within or spread over: archive, assign, edit.
    for typed in ["rchiv", "arve", "ssig", "agn", "dit", "et"] {
        driver.keys(&format!("<ctrl-p>{typed}"));
        let best = best(&driver);
        for change in ["archive", "assign", "edit"] {
            assert!(!best.starts_with(&format!("{change} ")), "{typed} finds {best}");
        }
        driver.keys("<esc>");
    }
    for (typed, action) in [("arch", "archive"), ("ass", "assign"), ("edi", "edit")] {
        driver.keys(&format!("<ctrl-p>{typed}"));
        assert!(best(&driver).starts_with(action), "{typed}: {}", driver.screen());
        driver.keys("<esc>");
    }
    // What changes nothing is found by spread letters, too.
    driver.keys("<ctrl-p>cmrn");
    assert!(best(&driver).starts_with("copy MRN"), "{}", driver.screen());
}
