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

/// How many programs run at the same time.
const PLACES: usize = 1;
/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (100, 28);
/// The pictures, each with its title and the keys that lead there from the one before.
const PICTURES: [(&str, &str, &[&str]); 12] = [
    ("today", "The day at the desk: the people opened last, and who is in the clinic.", &[]),
    ("find", "The find box with the people that “jose” has found.", &["jose"]),
    ("patients", "The list of patients with the selected one beside it.", &[key::F3, DOWN, DOWN]),
    ("patient", "The page of a patient.", &[key::ENTER]),
    ("form", "The form of a patient, with the banner of the patient above it.", &["\x05"]),
    ("assign", "Picking the doctor to whom the patient is assigned.", &[key::ESC, "\x07"]),
    (
        "doctors",
        "The list of doctors with the selected one beside it.",
        &[key::ESC, "\x1bOS", DOWN],
    ),
    ("assignments", "The list of assignments.", &["\x1b[15~", DOWN]),
    ("visits", "The list of visits.", &["\x1b[17~", DOWN]),
    ("dashboard", "The dashboard.", &["\x1b[18~"]),
    ("accounts", "The list of accounts.", &["\x1b[19~", DOWN]),
    ("audit", "The audit log.", &["\x1b[20~", DOWN]),
];
const DOWN: &str = key::DOWN;
/// How long nothing is written once a key has done what it does.
const QUIET: Duration = Duration::from_millis(600);
/// The most bytes of a picture.
const BYTES_MAX: usize = 24 * 1024;

/// Width and height of a cell, in pixels: the font's advance at its size, and room for its lines.
const CELL: (f32, f32) = (8.4, 18.0);
/// Pixels of the font.
const FONT: u16 = 14;
/// From the top of a cell to the line on which its letters stand.
const BASELINE: f32 = 14.0;
/// Between the window's frame and the cells, and above them the bar with the title.
const MARGIN: (f32, f32) = (14.0, 44.0);

/// The window's colours: outside a terminal nobody else decides them.
struct Scheme {
    name: &'static str,
    front: &'static str,
    back: &'static str,
    bar: &'static str,
    /// The sixteen colours of the terminal, in the usual order.
    colors: [&'static str; 16],
}

const SCHEMES: [Scheme; 2] = [
    Scheme {
        name: "light",
        front: "#24292f",
        back: "#fff",
        bar: "#e6e9ed",
        colors: [
            "#24292f", "#b3261e", "#1a6e2e", "#7a5a00", "#0a58b0", "#7b3aa8", "#0f6674", "#57606a",
            "#6b747d", "#c4342b", "#227a38", "#8a6600", "#1967c8", "#8a4abb", "#157585", "#8c959f",
        ],
    },
    Scheme {
        name: "dark",
        front: "#d7dae0",
        back: "#1b1e26",
        bar: "#2a2e39",
        colors: [
            "#3b4048", "#e0717b", "#93c47d", "#e5c07b", "#6ea8e8", "#c792ea", "#62c3cf", "#d7dae0",
            "#828a9a", "#ff8790", "#b1dd9a", "#f3d591", "#92c1f5", "#dcb3f5", "#86dbe5", "#fff",
        ],
    },
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
        for keys in keys {
            running.keys(keys);
            running.settle(QUIET);
        }
        // The answers, and the end of passing messages.
        running.settle(Duration::from_secs(5));
        for scheme in &SCHEMES {
            let path = folder.join(format!("{name}-{}.svg", scheme.name));
            let svg = running.look(|screen| picture(screen, title, scheme));
            assert!(svg.len() <= BYTES_MAX, "{}: {} bytes", path.display(), svg.len());
            fs::write(&path, &svg).unwrap();
            println!("{} ({} bytes)", path.canonicalize().unwrap().display(), svg.len());
        }
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
fn picture(screen: &Screen, title: &str, scheme: &Scheme) -> String {
    let (columns, rows) = SIZE;
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN.0;
    let height = f32::from(rows) * CELL.1 + MARGIN.1 + MARGIN.0;
    let Scheme { front, back, bar, colors, .. } = scheme;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n\
         <style>text{{font:{FONT}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;\
         white-space:pre;fill:{front}}}.b{{font-weight:bold}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{back}\" stroke=\"{bar}\"/>\n\
         <path d=\"M0 30V10a10 10 0 0 1 10-10h{:.0}a10 10 0 0 1 10 10v20z\" fill=\"{bar}\"/>\n",
        width - 20.0
    );
    for (place, color) in (0_u8..).zip([1, 3, 2]) {
        let (x, color) = (20 + 20 * u16::from(place), colors[color]);
        let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"15\" r=\"6\" fill=\"{color}\"/>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"20\" text-anchor=\"middle\" fill-opacity=\".6\">frontdesk</text>",
        width / 2.0
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, row, scheme);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = corner(row, column);
        let _ = writeln!(
            svg,
            "<path d=\"M{} {}v{}\" stroke=\"{front}\" stroke-width=\"2\"/>",
            Short(x + 1.0),
            Short(y + 1.0),
            Short(CELL.1 - 2.0)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// A number with one decimal, if it needs one.
struct Short(f32);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
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
    fn of(cell: &Cell, scheme: &Scheme) -> Self {
        let named = |color| match color {
            Color::Idx(index) => scheme.colors.get(usize::from(index)).copied(),
            Color::Default | Color::Rgb(..) => None,
        };
        let (front, back) = (named(cell.fgcolor()), named(cell.bgcolor()));
        let (front, back) = match cell.inverse() {
            true => (back.unwrap_or(scheme.back), Some(front.unwrap_or(scheme.front))),
            false => (front.unwrap_or(scheme.front), back),
        };
        Self { front, back, is_bold: cell.bold(), is_underlined: cell.underline() }
    }
}

/// Draws a row in pieces that look alike: first what is behind the letters, then each piece of text at its
/// own place, so that another font moves nothing far.
fn draw_row(svg: &mut String, screen: &Screen, row: u16, scheme: &Scheme) {
    let cells: Vec<(u16, &Cell)> =
        (0..SIZE.0).filter_map(|column| Some((column, screen.cell(row, column)?))).collect();
    let look = |cell: &Cell| Look::of(cell, scheme);
    for piece in cells.chunk_by(|(_, a), (_, b)| look(a) == look(b)) {
        let Some((column, cell)) = piece.first() else { continue };
        let (x, y) = corner(row, *column);
        let look = look(cell);
        let width = CELL.0 * f32::from(u16::try_from(piece.len()).unwrap());
        if let Some(back) = look.back {
            let _ = writeln!(
                svg,
                "<path d=\"M{} {}h{}v{}h-{2}z\" fill=\"{back}\"/>",
                Short(x),
                Short(y),
                Short(width),
                Short(CELL.1),
            );
        }
        if look.is_underlined {
            line(svg, x, y + CELL.1 - 2.5, width, look.front);
        }
        for (from, to) in texts(piece) {
            draw_text(svg, row, &piece[from..to], look, scheme);
        }
    }
}

/// The texts of a piece: two empty cells end one.
fn texts(piece: &[(u16, &Cell)]) -> Vec<(usize, usize)> {
    let is_empty = |(_, cell): &(u16, &Cell)| !cell.has_contents() || cell.contents() == " ";
    let is_second_half = |(_, cell): &(u16, &Cell)| cell.is_wide_continuation();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, cell) in piece.iter().enumerate() {
        if is_empty(cell) && !is_second_half(cell) {
            continue;
        }
        let is_line = |at: usize| piece[at].1.contents() == "─";
        match found.last_mut() {
            Some((from, to)) if at <= *to + 1 && is_line(*from) == is_line(at) => *to = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}

fn draw_text(svg: &mut String, row: u16, cells: &[(u16, &Cell)], look: Look, scheme: &Scheme) {
    let text = cells.iter().filter(|(_, cell)| !cell.is_wide_continuation());
    let text: String =
        text.map(|(_, cell)| if cell.has_contents() { cell.contents() } else { " " }).collect();
    let Some((column, _)) = cells.first() else { return };
    let (x, y) = corner(row, *column);
    let width = CELL.0 * f32::from(u16::try_from(cells.len()).unwrap());
    if text.chars().all(|c| c == '─') {
        return line(svg, x, y + CELL.1 / 2.0, width, look.front);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let class = if look.is_bold { " class=\"b\"" } else { "" };
    let fill = match look.front == scheme.front {
        true => String::new(),
        false => format!(" style=\"fill:{}\"", look.front),
    };
    let (x, y, width) = (Short(x), Short(y + BASELINE), Short(width));
    let _ = writeln!(
        svg,
        "<text{class}{fill} x=\"{x}\" y=\"{y}\" textLength=\"{width}\">{text}</text>"
    );
}

fn line(svg: &mut String, x: f32, y: f32, width: f32, color: &str) {
    let (x, y, width) = (Short(x), Short(y), Short(width));
    let _ = writeln!(svg, "<path d=\"M{x} {y}h{width}\" stroke=\"{color}\"/>");
}
