//! Somebody's terminal: keys at the pace of a person, and the times until the screen shows what they lead to.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use fastrand::Rng;
use vt100::{Color, Screen};

use super::{
    moment::Moment,
    pty::{Home, Program, Start, key},
};

/// What a page shows where an answer is missing.
const LOADING: &str = "Loading …";
/// The colour of rows that are outdated: dark grey.
const DIM: Color = Color::Idx(8);
/// The first row of what the find box has found.
const FIRST_ROW: u16 = 3;
/// The time that is left for an answer that was on its way when the server was killed.
const GRACE: Duration = Duration::from_secs(2);
/// How often a waiting clerk looks whether the server was killed. What the screen shows is seen at once.
const GLANCE: Duration = Duration::from_millis(250);

/// A kind of step that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A patient is found by name and date of birth.
    FindByName,
    /// A patient is found by the medical record number.
    FindByNumber,
    /// A search finds nobody.
    FindNobody,
    /// The page of a patient is opened.
    OpenPage,
    /// The form of a patient is opened.
    OpenForm,
    /// The screen asks for whom the patient has come.
    AskArrival,
    /// The screen of the day is opened.
    OpenDay,
    /// An arrival is saved.
    SaveArrival,
    /// A changed telephone number is saved.
    SavePhone,
    /// A new patient is saved.
    Register,
}

impl Step {
    /// Every kind, in the order of the table.
    pub(super) const ALL: [Self; 10] = [
        Self::OpenDay,
        Self::FindByName,
        Self::FindByNumber,
        Self::FindNobody,
        Self::OpenPage,
        Self::OpenForm,
        Self::AskArrival,
        Self::SaveArrival,
        Self::SavePhone,
        Self::Register,
    ];

    /// What it is called in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FindByName => "find by name and date of birth",
            Self::FindByNumber => "find by medical record number",
            Self::FindNobody => "find nobody",
            Self::OpenPage => "open a patient's page",
            Self::OpenForm => "open a form",
            Self::AskArrival => "ask for an arrival",
            Self::OpenDay => "open the day's screen",
            Self::SaveArrival => "save an arrival",
            Self::SavePhone => "save a telephone number",
            Self::Register => "register a patient",
        }
    }

    /// Whether the server writes a record in it.
    pub(super) fn is_write(self) -> bool {
        matches!(self, Self::SaveArrival | Self::SavePhone | Self::Register)
    }
}

/// Why a clerk stops.
pub(super) enum Stop {
    /// The server was killed.
    Killed,
    /// A sentence: the screen did not show what it has to show.
    Wrong(String),
}

/// How long people take.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Between two letters, in milliseconds: from and to.
    pub(super) letter: (u64, u64),
    /// Between two steps.
    pub(super) thought: (u64, u64),
    /// How long a step may take before it counts as failed.
    pub(super) patience: Duration,
}

/// A terminal with the client's program.
pub(super) struct Desk<'a> {
    program: Program,
    _home: Home,
    /// Whose terminal it is.
    name: String,
    pace: Pace,
    moment: &'a Moment,
    /// The source of all that is drawn by lot.
    pub(super) lot: Rng,
    /// What was measured.
    pub(super) times: Vec<(Step, Duration)>,
}

impl<'a> Desk<'a> {
    /// Starts the client's program and logs in.
    pub(super) fn open(
        client: &Path,
        url: &str,
        (email, password): (&str, &str),
        pace: Pace,
        moment: &'a Moment,
        lot: Rng,
    ) -> Result<Self, Stop> {
        let home = Home::new();
        let args = vec!["--server".to_owned(), url.to_owned()];
        let start = Start { program: client, home: &home, args, env: Vec::new(), size: (80, 24) };
        let program = Program::start(start);
        let (name, times) = (email.to_owned(), Vec::new());
        let mut desk = Self { program, _home: home, name, pace, moment, lot, times };
        desk.waits("the login", |screen| screen.contents().contains("Log in to "))?;
        desk.program.keys(&[email, key::TAB, password, key::ENTER].concat());
        desk.waits("the day's screen", is_day)?;
        Ok(desk)
    }

    /// The id of the client's process.
    pub(super) fn process(&self) -> u32 {
        self.program.pid().as_raw_pid().unsigned_abs()
    }

    /// Types a text letter by letter.
    pub(super) fn types(&mut self, text: &str) -> Result<(), Stop> {
        for letter in text.chars() {
            self.rests(self.pace.letter)?;
            self.program.keys(letter.encode_utf8(&mut [0; 4]));
        }
        Ok(())
    }

    /// Types keys without a pause, for which nobody waits.
    pub(super) fn keys(&mut self, keys: &str) {
        self.program.keys(keys);
    }

    /// Thinks about the next step.
    pub(super) fn thinks(&mut self) -> Result<(), Stop> {
        self.rests(self.pace.thought)
    }

    /// Types a text, and measures from its last letter until the screen shows what it leads to.
    pub(super) fn finds(
        &mut self,
        step: Step,
        text: &str,
        is_shown: impl Fn(&Screen) -> bool,
    ) -> Result<(), Stop> {
        let (at, _) = text.char_indices().next_back().unwrap_or_default();
        let (before, last) = text.split_at(at);
        self.types(before)?;
        self.rests(self.pace.letter)?;
        self.presses(step, last, is_shown)
    }

    /// Presses a key, and measures until the screen shows what it leads to.
    pub(super) fn presses(
        &mut self,
        step: Step,
        key: &str,
        is_shown: impl Fn(&Screen) -> bool,
    ) -> Result<(), Stop> {
        let _write = step.is_write().then(|| self.moment.begin());
        let since = Instant::now();
        self.program.keys(key);
        self.waits(step.name(), is_shown)?;
        self.times.push((step, since.elapsed()));
        Ok(())
    }

    /// Goes to the day's screen, from wherever it is.
    pub(super) fn goes_to_day(&mut self) -> Result<(), Stop> {
        if self.looks(is_day) {
            return Ok(());
        }
        self.presses(Step::OpenDay, key::F2, is_day)
    }

    /// Looks at the screen.
    pub(super) fn looks<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        self.program.look(look)
    }

    /// Waits until the screen shows something.
    pub(super) fn waits(&self, what: &str, is_shown: impl Fn(&Screen) -> bool) -> Result<(), Stop> {
        let end = Instant::now() + self.pace.patience;
        while self.program.within(GLANCE, &is_shown).is_none() {
            if self.moment.is_over() {
                let is_late = self.program.within(GRACE, &is_shown).is_some();
                return if is_late { Ok(()) } else { Err(Stop::Killed) };
            }
            if Instant::now() > end {
                let (name, shown) = (&self.name, self.program.shown());
                return Err(Stop::Wrong(format!("{name} waited in vain: {what}\n{shown}")));
            }
        }
        Ok(())
    }

    fn rests(&mut self, (from, to): (u64, u64)) -> Result<(), Stop> {
        let time = Duration::from_millis(self.lot.u64(from..=to));
        if self.moment.rest(time) { Err(Stop::Killed) } else { Ok(()) }
    }
}

/// Whether the screen of the day is shown, with everybody who is in the clinic.
pub(super) fn is_day(screen: &Screen) -> bool {
    let text = screen.contents();
    text.contains("Recent") && text.contains("In the clinic now") && !text.contains(LOADING)
}

/// Whether the screen of this title is shown, and nothing on it is missing.
pub(super) fn is_at(screen: &Screen, title: &str) -> bool {
    let text = screen.contents();
    let is_titled = text.lines().next().is_some_and(|header| {
        // It stands behind the name of the program and the address, or where there is no room, alone.
        header.starts_with(&format!(" {title} ")) || header.contains(&format!(" · {title} "))
    });
    is_titled && !text.contains(LOADING)
}

/// The words behind a text on the screen.
pub(super) fn behind(screen: &Screen, text: &str) -> Option<String> {
    screen.contents().split_once(text).map(|(_, rest)| rest.to_owned())
}

/// Whether a text stands in the find box.
pub(super) fn is_typed(screen: &Screen, text: &str) -> bool {
    let contents = screen.contents();
    contents.lines().nth(1).is_some_and(|line| line.trim_end().ends_with(&format!(" Find {text}")))
}

/// Where a text is among the rows that the find box has found, and how many rows there are. Rows that are
/// drawn dim belong to an earlier text.
pub(super) fn found(screen: &Screen, text: &str) -> (Option<usize>, usize) {
    let rows = rows(screen);
    let at = rows.iter().position(|row| row.text.contains(text) && !row.is_dim);
    (at, rows.len())
}

/// Whether the find box has found nobody but people of other spelling, if any.
pub(super) fn found_nobody(screen: &Screen, text: &str) -> bool {
    let rows = rows(screen);
    let is_similar = |row: &Found| row.text.trim_end().ends_with("similar") && !row.is_dim;
    let is_empty = screen.contents().contains(&format!("matches “{text}”"));
    is_empty || (is_typed(screen, text) && !rows.is_empty() && rows.iter().all(is_similar))
}

/// A row that the find box has found.
struct Found {
    text: String,
    /// Whether it belongs to an earlier text.
    is_dim: bool,
}

fn rows(screen: &Screen) -> Vec<Found> {
    let columns = screen.size().1.get();
    let is_dim = |row: u16| {
        let mut cells = (0..columns).filter_map(|column| screen.cell(row, column));
        cells.any(|cell| cell.has_contents() && cell.fgcolor() == DIM)
    };
    let lines = (FIRST_ROW..).zip(screen.rows(0, columns).skip(usize::from(FIRST_ROW)));
    let found = lines.map(|(row, text)| Found { text, is_dim: is_dim(row) });
    found.take_while(|row| !row.text.trim().is_empty()).collect()
}
