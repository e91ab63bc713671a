//! Lists: names by the order of the rows, the preview beside them, rows that are no answer yet.

use ratatui_core::{
    backend::TestBackend,
    style::{Color, Modifier, Style},
    terminal::Terminal,
};

use super::{
    driver::Driver,
    fixtures::{doctor, jose, listed, page, patient, people},
    glance::rows,
    looks::look,
};
use crate::{
    api::{Failure, Reply},
    effect::{Effect, Lane, Timer},
    resource::Record,
    theme::Theme,
    view::view,
};

/// The style in which a text is drawn, where it stands first.
fn style_of(driver: &Driver, text: &str) -> Style {
    let world = driver.app.world();
    let mut terminal = Terminal::new(TestBackend::new(world.width, world.height)).unwrap();
    terminal.draw(|frame| view(&driver.app, &Theme::ansi(), frame)).unwrap();
    let buffer = terminal.backend().buffer();
    for y in 0..world.height {
        let line: Vec<_> = (0..world.width).map(|x| buffer[(x, y)].symbol()).collect();
        let found = (0..line.len()).find(|at| line[*at..].concat().starts_with(text));
        if let Some(x) = found {
            return buffer[(u16::try_from(x).unwrap(), y)].style();
        }
    }
    panic!("{text:?} is not on\n{}", driver.screen());
}

fn is_dim(driver: &Driver, text: &str) -> bool {
    style_of(driver, text).fg == Some(Color::DarkGray)
}

/// The list of doctors on a terminal of this width.
fn doctors(width: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, 24);
    driver.keys("<f4>");
    let two = [doctor(1, "Sarah", "Johnson"), doctor(2, "Omar", "Haddad")].map(Record::from);
    driver.answer(Lane::List, Ok(Reply::Page(Box::new(rows(two.to_vec())))));
    driver
}

#[test]
fn preview() {
    let mut driver = Driver::with(people(), 5, 100, 24);
    driver.keys("<down><down>");
    insta::assert_snapshot!("preview", look(&driver));
}

#[test]
fn preview_doctor() {
    insta::assert_snapshot!("preview_doctor", look(&doctors(132)));
}

#[test]
fn the_preview_stands_beside_the_list_where_there_is_room_and_asks_for_nothing() {
    let mut driver = Driver::with(people(), 5, 100, 24);
    driver.shows("! Allergies: Penicillin");
    driver.shows("427 Balistreri Way");
    for key in ["<down>", "<down>", "<up>", "<end>"] {
        driver.keys(key);
        assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Call { .. })), "{key}");
    }
    driver.shows("† died 2025-03-01");
    driver.shows("female · died at 37");
    Driver::with(people(), 5, 99, 24).hides("Allergies");
    doctors(100).shows("Cardiology · 12 patients");
    doctors(99).hides("Cardiology · 12 patients");
}

#[test]
fn names_begin_with_the_last_name_where_the_rows_are_ordered_by_it() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.shows("Gómez, José");
    driver.shows("Weiß, Grete † died");
    // A search has the best matches first.
    driver.keys("jose");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    driver.shows("José Gómez");
    driver.hides("Gómez, José");
    driver.keys("<ctrl-u>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("Gómez, José");
    // By first name.
    driver.keys("<ctrl-o><down><down><down><enter>");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("by first name");
    driver.hides("Gómez, José");
    driver.keys("<ctrl-o><up><enter>");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("by last name, Z to A");
    driver.shows("Gómez, José");
    doctors(80).shows("Johnson, Sarah");
}

#[test]
fn old_rows_are_dim_while_the_search_hangs() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("weiss");
    driver.on_timer(Timer::Search);
    // An answer that comes at once costs no frame in which everything is dim.
    assert!(!is_dim(&driver, "Gómez, José"));
    assert!(driver.on_timer(Timer::Busy));
    assert!(is_dim(&driver, "Gómez, José"));
    driver.shows("Searching …");
    driver.answer(Lane::List, Ok(listed(page(vec![patient(13, "Grete", "Weiß")], 1))));
    assert!(!is_dim(&driver, "Grete Weiß"));
}

#[test]
fn old_rows_are_dim_after_a_search_that_failed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("w");
    driver.answer(Lane::List, Err(Failure::Offline("connection refused".to_owned())));
    assert!(is_dim(&driver, "Gómez, José"));
    driver.shows("Not up to date");
}

#[test]
fn old_rows_are_not_previewed_while_the_search_hangs() {
    let mut driver = Driver::with(people(), 5, 100, 24);
    driver.keys("weiss");
    driver.on_timer(Timer::Search);
    driver.shows("! Allergies");
    driver.on_timer(Timer::Busy);
    driver.hides("! Allergies");
}

#[test]
fn the_search_field_says_what_it_takes_while_it_is_empty() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.shows("name, phone, MRN, date of birth");
    driver.shows("cursor: 9,1");
    driver.keys("g");
    driver.hides("name, phone, MRN, date of birth");
    driver.keys("<bs><down>");
    driver.shows("name, phone, MRN, date of birth");
}

#[test]
fn a_selected_row_is_marked_without_colour() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down>");
    assert!(style_of(&driver, "Gómez, José").add_modifier.contains(Modifier::REVERSED));
    driver.shows("›Gómez, José");
}
