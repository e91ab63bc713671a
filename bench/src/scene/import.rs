//! An import beside the running server, of a file that has no end.

use std::{
    io::Write,
    process::{Child, Stdio},
    thread::{self, JoinHandle},
};

use fastrand::Rng;

use super::clinic::{ADMIN, Clinic};
use crate::Outcome;

/// Rows that are written at once.
const ROWS: usize = 200;
const FIRST: [&str; 12] = [
    "Ada", "Boris", "Carla", "Dario", "Edith", "Farid", "Gesa", "Hugo", "Irma", "Jakob", "Kira",
    "Luis",
];
const LAST: [&str; 12] = [
    "Adler", "Blanc", "Costa", "Dvorak", "Evans", "Fuchs", "Greco", "Hansen", "Ivanov", "Jensen",
    "Keller", "Lopez",
];

/// A running import.
pub(super) struct Import {
    child: Child,
    feeder: JoinHandle<usize>,
}

impl Import {
    /// Starts one, as an operator does beside the running server.
    pub(super) fn start(clinic: &Clinic, seed: u64) -> Outcome<Self> {
        let mut words = vec!["import", "patients", "/dev/stdin", "--source", "earlier"];
        words.extend(["--owner", ADMIN, "--duplicates", "create"]);
        let mut import = clinic.program(&words);
        let mut child = import.stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let file = child.stdin.take().ok_or("the import has no input")?;
        let feeder = thread::spawn(move || feed(file, Rng::with_seed(seed)));
        Ok(Self { child, feeder })
    }

    /// The id of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it. Answers how many rows it was given. Fails if it had ended before.
    pub(super) fn kill(mut self) -> Outcome<usize> {
        let ended = self.child.try_wait()?;
        self.child.kill()?;
        self.child.wait()?;
        let rows = self.feeder.join().map_err(|_| "the rows to import could not be written")?;
        match ended {
            None => Ok(rows),
            Some(status) => Err(format!("the import has ended after {rows} rows: {status}").into()),
        }
    }
}

/// Writes rows until nobody reads them. Answers how many there were.
fn feed(mut file: impl Write, mut lot: Rng) -> usize {
    let mut text = "source_id,first_name,last_name,date_of_birth,phone_number,city\n".to_owned();
    let mut rows = 0;
    loop {
        for number in rows..rows + ROWS {
            let first = lot.choice(FIRST).unwrap_or_default();
            let last = lot.choice(LAST).unwrap_or_default();
            let (year, month, day) = (lot.u16(1930..2020), lot.u8(1..13), lot.u8(1..29));
            let phone = lot.u32(0..10_000_000);
            let tail = lot.lowercase();
            text += &format!(
                "E{number},{first},{last}{tail},{year}-{month:02}-{day:02},+1 556 {phone:07},Salem\n"
            );
        }
        if file.write_all(text.as_bytes()).is_err() {
            return rows;
        }
        rows += ROWS;
        text.clear();
    }
}
