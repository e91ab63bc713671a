//! Moving among rows: the same on every screen and layer.

use super::{driver::Driver, fixtures::jose, home::at_home};
use crate::{msg::Msg, screens::Screen};

#[test]
fn a_page_up_on_the_first_screen_leads_to_the_first_row_and_then_to_the_field() {
    let mut driver = at_home(80, 24);
    let selected = |driver: &Driver| match driver.app.screen() {
        Screen::Home(state) => state.record().map(|record| record.name()),
        _ => None,
    };
    driver.keys("<down>");
    let first = selected(&driver);
    assert!(first.is_some());
    driver.keys("<down><down>");
    assert_ne!(selected(&driver), first);
    driver.keys("<pgup>");
    assert_eq!(selected(&driver), first);
    driver.keys("<pgup>");
    assert_eq!(selected(&driver), None);
}

#[test]
fn a_larger_terminal_shows_the_rows_above_again() {
    let mut driver = Driver::looking_at(jose(), 80, 12);
    driver.keys("<f1>");
    let first = driver.screen().lines().find(|line| line.contains('›')).unwrap().to_owned();
    let first = first.split('›').nth(1).unwrap().trim().to_owned();
    driver.keys(&"<pgdn>".repeat(20));
    driver.hides(&first);
    driver.send(Msg::Resize { width: 80, height: 60 });
    driver.shows(&first);
}
