//! Takes the pictures in the README: runs the real program in a pseudo-terminal over a throw-away desk,
//! goes from screen to screen, and writes what each shows to `docs/pictures`.
//!
//! `cargo run -p tui --example picture`

#![expect(clippy::print_stdout, reason = "says where the picture is")]
#![expect(clippy::unwrap_used, reason = "a picture that can't be taken ends here")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "the tests' terminal uses them")]

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/pty.rs"]
mod pty;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use vt100::{Cell, Color, Screen};

use self::pty::{Home, Program, Start, key};

/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (100, 28);
/// The pictures, each with its title and the keys that lead there from the one before.
const PICTURES: [(&str, &str, &str); 4] = [
    ("today", "The day at the desk: the people opened last, and who is in the clinic.", ""),
    ("find", "The find box with the people that “jose” has found.", "jose"),
    ("patients", "The list of patients with the selected one beside it.", "\x1bOR\x1b[B\x1b[B"),
    ("dashboard", "The dashboard.", "\x1b[18~"),
];

/// Width and height of a cell, in pixels: the font's advance at its size, and room for its lines.
const CELL: (f32, f32) = (8.43, 18.0);
/// Pixels of the font.
const FONT: u16 = 14;
/// From the top of a cell to the line on which its letters stand.
const BASELINE: f32 = 13.5;
/// Between the window's frame and the cells, and above them the bar with the title.
const MARGIN: (f32, f32) = (14.0, 44.0);

/// The window's colours: outside a terminal nobody else decides them.
const FOREGROUND: &str = "#d7dae0";
const BACKGROUND: &str = "#1b1e26";
const BAR: &str = "#2a2e39";
const TITLE: &str = "#828a9a";
/// The sixteen colours of the terminal, in the usual order.
const COLORS: [&str; 16] = [
    "#3b4048", "#e0717b", "#93c47d", "#e5c07b", "#6ea8e8", "#c792ea", "#62c3cf", "#d7dae0",
    "#828a9a", "#ff8790", "#b1dd9a", "#f3d591", "#92c1f5", "#dcb3f5", "#86dbe5", "#ffffff",
];

fn main() {
    let program = build();
    let home = Home::new();
    let args = vec!["--ephemeral".to_owned()];
    let start = Start { program: &program, home: &home, args, env: Vec::new(), size: SIZE };
    let mut running = Program::start(start);
    running.wait_for("P0");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    fs::create_dir_all(&folder).unwrap();
    for (name, title, keys) in PICTURES {
        running.keys(keys);
        // The answers, and the end of passing messages.
        running.settle(Duration::from_secs(5));
        let path = folder.join(format!("{name}.svg"));
        fs::write(&path, running.look(|screen| picture(screen, title))).unwrap();
        println!("{}", path.canonicalize().unwrap().display());
    }
    running.keys(&key::ctrl('q'));
    running.end();
}

/// Builds the program as it is now, beside this example; answers where it is.
fn build() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    let folder = example.parent().and_then(Path::parent).unwrap();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", "tui", "--profile", profile, "--target-dir"]);
    let status = cargo.arg(folder.parent().unwrap()).status().unwrap();
    assert!(status.success(), "the program can't be built");
    folder.join("frontdesk")
}

/// The screen as an SVG with a title.
fn picture(screen: &Screen, title: &str) -> String {
    let (columns, rows) = SIZE;
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN.0;
    let height = f32::from(rows) * CELL.1 + MARGIN.1 + MARGIN.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n\
         <title>{title}</title>\n\
         <style>text {{ font: {FONT}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; \
         white-space: pre }} .b {{ font-weight: bold }}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{BACKGROUND}\"/>\n\
         <path d=\"M0 30V10a10 10 0 0 1 10-10h{:.0}a10 10 0 0 1 10 10v20z\" fill=\"{BAR}\"/>\n",
        width - 20.0
    );
    for (place, color) in (0_u8..).zip(["#e0717b", "#e5c07b", "#93c47d"]) {
        let x = 20 + 20 * u16::from(place);
        let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"15\" r=\"6\" fill=\"{color}\"/>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"20\" text-anchor=\"middle\" fill=\"{TITLE}\">frontdesk</text>",
        width / 2.0
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, row);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = corner(row, column);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"2\" height=\"{:.1}\" fill=\"{FOREGROUND}\"/>",
            y + 1.0,
            CELL.1 - 2.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The upper left corner of a cell.
fn corner(row: u16, column: u16) -> (f32, f32) {
    (MARGIN.0 + f32::from(column) * CELL.0, MARGIN.1 - 4.0 + f32::from(row) * CELL.1)
}

/// How a cell looks, its text apart.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    front: &'static str,
    back: Option<&'static str>,
    is_bold: bool,
    is_underlined: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let named = |color| match color {
            Color::Idx(index) => COLORS.get(usize::from(index)).copied(),
            Color::Default | Color::Rgb(..) => None,
        };
        let (front, back) = (named(cell.fgcolor()), named(cell.bgcolor()));
        let (front, back) = match cell.inverse() {
            true => (back.unwrap_or(BACKGROUND), Some(front.unwrap_or(FOREGROUND))),
            false => (front.unwrap_or(FOREGROUND), back),
        };
        Self { front, back, is_bold: cell.bold(), is_underlined: cell.underline() }
    }
}

/// Draws a row in pieces that look alike: first what is behind the letters, then each word at its
/// own place, so that another font moves nothing far.
fn draw_row(svg: &mut String, screen: &Screen, row: u16) {
    let cells: Vec<(u16, &Cell)> =
        (0..SIZE.0).filter_map(|column| Some((column, screen.cell(row, column)?))).collect();
    for piece in cells.chunk_by(|(_, a), (_, b)| Look::of(a) == Look::of(b)) {
        let Some((column, cell)) = piece.first() else { continue };
        let (x, y) = corner(row, *column);
        let look = Look::of(cell);
        let width = CELL.0 * f32::from(u16::try_from(piece.len()).unwrap());
        if let Some(back) = look.back {
            let height = CELL.1;
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" \
                 fill=\"{back}\"/>"
            );
        }
        if look.is_underlined {
            line(svg, x, y + CELL.1 - 2.5, width, look.front);
        }
        let is_word = |cell: &Cell| cell.has_contents() && cell.contents() != " ";
        for word in piece.chunk_by(|(_, a), (_, b)| is_word(a) == is_word(b)) {
            draw_word(svg, row, word, look);
        }
    }
}

fn draw_word(svg: &mut String, row: u16, word: &[(u16, &Cell)], look: Look) {
    let text: String = word.iter().map(|(_, cell)| cell.contents()).collect();
    let Some((column, _)) = word.first().filter(|_| !text.trim().is_empty()) else { return };
    let (x, y) = corner(row, *column);
    let width = CELL.0 * f32::from(u16::try_from(word.len()).unwrap());
    if text.chars().all(|c| c == '─') {
        return line(svg, x, y + CELL.1 / 2.0, width, look.front);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let class = if look.is_bold { " class=\"b\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text{class} x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\">{text}</text>",
        y + BASELINE,
        look.front
    );
}

fn line(svg: &mut String, x: f32, y: f32, width: f32, color: &str) {
    let _ = writeln!(svg, "<path d=\"M{x:.1} {y:.1}h{width:.1}\" stroke=\"{color}\"/>");
}
