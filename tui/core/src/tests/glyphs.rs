//! Names on whose width terminals disagree, and characters that are two columns wide.

use proptest::prelude::*;
use ratatui_core::{
    backend::TestBackend,
    buffer::{Buffer, CellWidth},
    layout::Rect,
    style::Style,
    terminal::Terminal,
};

use super::{
    driver::Driver,
    fixtures::{jose, people},
};
use crate::{paint::Painter, text, theme::Theme, view::view};

const THEME: Theme = Theme::ansi();

/// A family of three, a waving hand with a skin tone, a flag, a heart on fire.
const EMOJI: [&str; 4] =
    ["👨\u{200D}👩\u{200D}👧", "👋\u{1F3FD}", "\u{1F1E9}\u{1F1EA}", "\u{2764}\u{FE0F}\u{200D}🔥"];

fn drawn(driver: &Driver) -> Buffer {
    let world = driver.app.world();
    let mut terminal = Terminal::new(TestBackend::new(world.width, world.height)).unwrap();
    terminal.draw(|frame| view(&driver.app, &Theme::ansi(), frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// No wide character hangs over into a cell that has something of its own.
fn assert_whole(buffer: &Buffer) {
    for y in 0..buffer.area.height {
        for x in 1..buffer.area.width {
            let before = buffer[(x - 1, y)].symbol();
            let is_free = matches!(buffer[(x, y)].symbol(), " " | "");
            assert!(before.cell_width() < 2 || is_free, "{before} at {x},{y} is covered by half");
        }
    }
}

#[test]
fn a_sequence_of_emoji_is_drawn_as_characters_on_whose_width_all_terminals_agree() {
    for emoji in EMOJI {
        let mut person = jose();
        person.full_name = format!("A{emoji}B");
        person.fields.last_name = Some(person.full_name.clone());
        let mut driver = Driver::looking_at(person, 80, 24);
        driver.keys("<ctrl-e><tab>");
        let buffer = drawn(&driver);
        for cell in buffer.content() {
            let parts: u16 = cell.symbol().chars().map(|c| c.to_string().cell_width()).sum();
            assert_eq!(parts, cell.symbol().cell_width(), "{:?}", cell.symbol());
            assert!(!cell.symbol().contains(['\u{200D}', '\u{FE0F}', '\u{1F3FD}', '\u{1F1E9}']));
        }
        // The cursor stands behind the last letter.
        let screen = driver.screen();
        let row = screen.lines().find(|line| line.contains("Last name")).unwrap();
        let column = text::width(&row[..row.rfind('B').unwrap()]) + 1;
        assert!(screen.contains(&format!("cursor: {column},")), "{column}:\n{screen}");
    }
}

#[test]
fn a_box_over_wide_characters_has_its_whole_frame() {
    let mut area = Buffer::empty(Rect::new(0, 0, 12, 3));
    for x in 0..3 {
        let mut painter = Painter::new(&mut area, &THEME);
        for y in 0..3 {
            painter.text(0, y, 12, "李李李李李李", Style::new());
        }
        painter.frame(Rect::new(x, 0, 5, 3), "");
        assert_whole(&area);
        assert_eq!(area[(x, 1)].symbol(), "│");
        assert_eq!(area[(x + 4, 1)].symbol(), "│");
    }
    // The same over a list of patients with such names.
    let mut wide = people();
    for patient in &mut wide {
        patient.full_name = "李小龍".repeat(12);
        patient.fields.first_name = None;
    }
    for width in 70..80 {
        let mut driver = Driver::with(wide.clone(), 5, width, 24);
        for keys in ["<ctrl-o>", "<esc><ctrl-t>", "<esc><ctrl-p>"] {
            driver.keys(keys);
            assert_whole(&drawn(&driver));
        }
    }
}

#[test]
fn a_text_is_as_wide_as_the_cells_that_it_takes() {
    // A ligature of two Arabic letters, a half-width sound mark, a Tamil name.
    for text in ["لا", "ｶﾞ", "நிலா", "e\u{301}", EMOJI[0], "a\u{1b}b"] {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
        let shown = text::display(text).into_owned();
        let mut painter = Painter::new(&mut buffer, &THEME);
        assert_eq!(painter.text(0, 0, 40, &shown, Style::new()), text::width(text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_drawn_keeps_to_its_place(
        text in prop::collection::vec(prop::sample::select(vec![
            "a", "李", "é", "e\u{301}", "ﾞ", "ل", "ا", "\u{200D}", "👨", "👧", "\u{1F3FD}",
            "\u{1F1E9}", "\u{FE0F}", "நி", "\u{17D2}", "ក", " ",
        ]), 0..20),
        x in 0_u16..20,
        columns in 0_u16..20,
    ) {
        let shown = text::display(&text.concat()).into_owned();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
        let mut painter = Painter::new(&mut buffer, &THEME);
        painter.text(0, 0, 40, &"李".repeat(20), Style::new());
        let used = painter.text(x, 0, columns, &shown, Style::new());
        prop_assert!(used <= columns);
        prop_assert_eq!(used, text::width(&shown).min(used));
        if text::width(&shown) <= columns {
            prop_assert_eq!(used, text::width(&shown));
        }
        assert_whole(&buffer);
    }

    #[test]
    fn a_text_without_its_first_columns_is_so_much_narrower(
        text in prop::collection::vec(
            prop::sample::select(vec!["a", "李", "e\u{301}", "👨\u{200D}👧", "நி"]), 0..12),
        columns in 0_u16..16,
    ) {
        let text = text.concat();
        let rest = text::skip(&text, columns);
        prop_assert_eq!(text::width(&rest), text::width(&text).saturating_sub(columns));
    }
}
