//! Small cases at the desk: what is said when something can't be done, and what stays where it is.

use shared::{Kind, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{
        assignment, jose, lookup, one, patient, people, problem, records, stale, visit, visits,
    },
    looks::look,
};
use crate::{
    api::Reply,
    effect::{Effect, Lane, Timer},
    input::action::Action,
    layers::Layer,
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// How often a sign is on the screen.
fn count(driver: &Driver, sign: &str) -> usize {
    driver.screen().matches(sign).count()
}

#[test]
fn one_answer_is_marked_beside_a_field_for_a_reason() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>");
    assert_eq!(count(&driver, "›"), 1, "{}", driver.screen());
    driver.keys("<esc><ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    assert_eq!(count(&driver, "›"), 1, "{}", driver.screen());
    driver.keys("<esc><ctrl-e>");
    assert_eq!(count(&driver, "›First name"), 1, "{}", driver.screen());
}

#[test]
fn a_reason_whose_record_was_changed_meanwhile_is_kept_and_that_is_said() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>Moved away<enter><enter>");
    driver.refuse(Lane::Save, stale(&jose()));
    driver.shows("The typed reason is kept.");
    driver.keys("<ctrl-x>");
    driver.shows("Moved away");
    driver.keys("<esc><ctrl-x><ctrl-u><right><enter>");
    driver.refuse(Lane::Save, stale(&jose()));
    driver.hides("The typed reason is kept.");
}

#[test]
fn an_arrival_that_was_left_is_as_urgent_as_it_was() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>Fever<insert><esc><ctrl-a>");
    driver.shows("Fever");
    driver.shows("! urgent");
    driver.keys("<insert><esc><ctrl-a>");
    driver.shows("not urgent");
    driver.keys("<insert>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<enter>");
    driver.answer(Lane::Save, Ok(Reply::Record(visit(9, VisitStatus::Waiting).into())));
    driver.keys("<ctrl-a>");
    driver.shows("not urgent");
}

#[test]
fn a_refusal_goes_once_nothing_is_refused_any_more() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u><tab><ctrl-u><ctrl-s>");
    driver.shows("Not saved. Correct the marked field.");
    driver.keys("<tab>");
    driver.shows("Not saved. Correct the marked field.");
    driver.keys("<backtab>A");
    driver.hides("Not saved.");
    driver.keys("<ctrl-s>");
    let both = [("first_name", "is bad"), ("city", "is bad")];
    driver.refuse(Lane::Save, problem(Kind::Validation, &both));
    driver.keys("x");
    driver.shows("Not saved. Correct the marked fields.");
    for _ in 0..40 {
        if driver.screen().contains("›City") {
            break;
        }
        driver.keys("<tab>");
    }
    driver.shows("Not saved. Correct the marked fields.");
    driver.keys("x");
    driver.hides("Not saved.");
}

#[test]
fn what_no_field_can_make_right_stays_said() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s>");
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("nothing", "is bad")]));
    driver.keys("x");
    driver.shows("! Not saved: nothing: is bad");
}

#[test]
fn a_form_that_the_server_fails_names_the_request() {
    let mut failed = problem(Kind::Internal, &[]);
    failed.request_id = "5f1c2a7e90b3".to_owned();
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s>");
    driver.refuse(Lane::Save, failed.clone());
    driver.shows("(request 5f1c2a7e90b3)");
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>my password<enter>a long password<tab>a long walk by the sea<tab>");
    driver.keys("a long walk by the sea<ctrl-s>");
    driver.refuse(Lane::Save, failed.clone());
    driver.shows("(request 5f1c2a7e90b3)");
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.refuse(Lane::Account, failed);
    driver.shows("(request 5f1c2a7e90b3)");
}

/// The actions that the palette lists, the first ones.
fn listed(driver: &mut Driver) -> Vec<String> {
    driver.keys("<ctrl-p>");
    let screen = driver.screen();
    let rows = screen.lines().skip_while(|line| !line.contains("│›")).take(12);
    rows.filter_map(|line| line.split('│').nth(1))
        .map(|line| line.trim_start_matches(['›', ' ']).chars().take(15).collect::<String>())
        .map(|label| label.trim().to_owned())
        .collect()
}

#[test]
fn the_palette_begins_with_what_is_done_here() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.answer(Lane::List, Ok(visits(Vec::new())));
    let actions = listed(&mut driver);
    assert_eq!(actions[..4], ["new patient", "archived", "today", "patients"], "{actions:?}");
    assert!(!actions.contains(&"page down".to_owned()), "{actions:?}");
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let actions = listed(&mut driver);
    assert_eq!(actions[..2], ["arrived", "edit"], "{actions:?}");
}

#[test]
fn the_palette_of_a_small_terminal_shows_several_actions_and_no_empty_column() {
    let mut driver = Driver::looking_at(jose(), 40, 12);
    driver.keys("<ctrl-p>my");
    insta::assert_snapshot!("palette_small", look(&driver));
    driver.keys("<esc><f1>");
    insta::assert_snapshot!("help_small", look(&driver));
}

#[test]
fn every_answer_is_seen_on_a_small_terminal() {
    let mut driver = Driver::looking_at(jose(), 40, 12);
    driver.keys("<ctrl-e>x<f4>");
    let place = |driver: &Driver, answer: &str| {
        driver.screen().lines().position(|line| line.contains(answer)).unwrap()
    };
    let answers = ["Keep editing", "Discard", "Park", "Save"];
    let before = answers.map(|answer| place(&driver, answer));
    for _ in 0..4 {
        driver.keys("<right>");
        assert_eq!(answers.map(|answer| place(&driver, answer)), before, "{}", driver.screen());
    }
    insta::assert_snapshot!("leave_small", look(&driver));
}

#[test]
fn the_keys_of_the_field_help_are_whole_on_a_small_terminal() {
    let mut driver = Driver::looking_at(jose(), 40, 12);
    driver.keys("<ctrl-e><f1>");
    driver.shows("returns to");
    driver.hides("t…");
}

#[test]
fn sections_without_room_leave_a_sign() {
    for width in [40, 50, 60, 70] {
        let driver = Driver::with(people(), 5, width, 24);
        let screen = driver.screen();
        let row = screen.lines().find(|line| line.contains("F2 today")).unwrap();
        assert!(row.ends_with('…'), "{width}: {row}");
    }
    let driver = Driver::with(people(), 5, 80, 24);
    let screen = driver.screen();
    let row = screen.lines().find(|line| line.contains("F2 today")).unwrap();
    assert!(row.ends_with("F7 dashboard"), "{row}");
}

#[test]
fn the_visits_keep_their_place_when_the_recent_people_come() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    let row = |driver: &Driver| {
        driver.screen().lines().position(|line| line.contains("In the clinic now")).unwrap()
    };
    let before = row(&driver);
    driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    assert_eq!(row(&driver), before);
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    assert_eq!(row(&driver), before);
}

#[test]
fn a_long_name_of_a_doctor_hides_not_who_is_assigned() {
    for width in [40, 80] {
        let mut driver = Driver::looking_at(jose(), width, 24);
        driver.keys("<ctrl-a>");
        let mut assigned = assignment(5);
        "Prof. Dr. Maximiliane-Alexandra Freifrau von und zu Hohenstein-Wittgenstein"
            .clone_into(&mut assigned.doctor_name);
        driver.answer(Lane::Pick, Ok(records(vec![assigned])));
        driver.shows("… (assigned)");
    }
}

#[test]
fn the_desk_is_locked_at_once_from_the_palette() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joseph<ctrl-p>lock<enter>");
    assert!(driver.app.is_locked());
    driver.hides("Gómez");
    driver.shows("The desk is locked.");
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("Joseph");
    assert!(driver.app.layers().is_empty());
    let driver = Driver::at_login(80, 24);
    assert!(!driver.app.is_available(Action::Lock), "there is nobody to lock out");
}

/// José's page after his first name was changed to Joe.
fn saved() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = 4;
    driver.answer(Lane::Save, Ok(one(joe)));
    driver
}

fn is_suspended(driver: &Driver) -> bool {
    driver.last.iter().any(|effect| matches!(effect, Effect::Suspend))
}

#[test]
fn control_z_after_a_save_asks_whether_to_undo_it_and_then_says_so() {
    let mut driver = saved();
    driver.keys("<ctrl-z>");
    assert!(!is_suspended(&driver));
    driver.shows("Undo the last save of Joe Gómez?");
    driver.keys("<right><enter>");
    let mut back = jose();
    back.version = 5;
    driver.answer(Lane::Save, Ok(one(back)));
    driver.shows("Undone: the last save of Joe Gómez.");
    driver.keys("<ctrl-z>");
    assert!(!is_suspended(&driver));
    driver.shows("There is no save to undo.");
}

#[test]
fn control_z_says_why_a_save_can_not_be_undone_as_often_as_it_is_pressed() {
    let mut driver = saved();
    let kind = RecordKind::Patient;
    driver.send(Msg::Live(vec![Live::Record { kind, id: 9, version: 5, is_new: false }]));
    driver.keys("<ctrl-z>");
    assert!(!is_suspended(&driver));
    driver.shows("The last save of Joe Gómez can't be undone: the record was changed after it.");
    driver.keys("<esc><ctrl-z>");
    assert!(!is_suspended(&driver));
    driver.shows("The last save of Joe Gómez can't be undone: the record was changed after it.");
    // The list of actions has it.
    driver.keys("<esc><ctrl-p>suspend<enter>");
    assert!(is_suspended(&driver));
}

#[test]
fn control_z_in_a_field_that_was_not_edited_says_so() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-z>");
    driver.shows("Nothing to undo in this field.");
    driver.on_timer(Timer::Toast);
    driver.keys("x<ctrl-z>");
    driver.hides("Nothing to undo in this field.");
    for _ in 0..40 {
        if driver.screen().contains("›Sex") {
            break;
        }
        driver.keys("<tab>");
    }
    driver.keys("<ctrl-z>");
    driver.shows("Nothing to undo in this field.");
}

#[test]
fn escape_never_leaves_a_changed_form_however_often_it_is_pressed() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x");
    for _ in 0..5 {
        driver.keys("<esc>");
        assert!(matches!(driver.app.layers(), [Layer::Question(_)]));
        driver.keys("<esc>");
        assert!(driver.app.layers().is_empty());
        assert!(matches!(driver.app.screen(), Screen::Form(_)));
        assert!(driver.app.has_unsaved());
    }
}

#[test]
fn what_another_user_drops_over_the_lock_is_said_before_and_after() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joseph");
    driver.on_timer(Timer::Idle);
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.shows("ana has typed something that is not saved.");
    driver.keys("<right><enter>");
    driver.shows("What the user before had typed was dropped.");
    assert!(!driver.app.has_unsaved());
}
