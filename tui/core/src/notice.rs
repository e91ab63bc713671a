//! Messages to the user: the one that is shown, and the earlier ones.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::{effect::ScreenId, text::paragraphs};

/// Messages that are kept to be read again.
const LOG_MAX: usize = 100;

/// Columns beside what passes.
const INFO_MARGIN: u16 = 2;

/// Columns beside an error.
pub const ERROR_MARGIN: u16 = 12;

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It passes.
    Info,
    /// It stays until it is dismissed.
    Error,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// The time, where it is known.
    pub at: Option<DateTime<Utc>>,
    /// The id of the request that failed, as the server's log has it.
    pub request: Option<String>,
    /// Seconds before which another attempt is of no use. Counted down while it is shown.
    pub wait: Option<u64>,
}

impl Notice {
    /// The sentence, with what is left to be waited.
    fn words(&self) -> String {
        let Some(wait) = self.wait else { return self.text.clone() };
        match wait {
            0 => format!("{} Try again now.", self.text),
            left => format!("{} Try again in {left} s.", self.text),
        }
    }
}

/// A sentence without the wait that the server has named in it, which would not be counted down.
fn without_wait(text: &str, seconds: u64) -> String {
    let text = text.trim_end_matches('.');
    let said = format!("try again in {seconds} s");
    let text = text.strip_suffix(&said).map_or(text, |rest| rest.trim_end_matches([':', ' ']));
    format!("{text}.")
}

/// Most rows of the status line on a terminal of this height.
pub fn rows_max(height: u16) -> u16 {
    (height / 8).clamp(1, 3)
}

/// The place to which the shown message belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Every screen.
    #[default]
    Everywhere,
    /// The screen on which it is seen first.
    Next,
    /// This screen.
    On(ScreenId),
}

/// What is shown now, and what was said before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notices {
    /// What is shown.
    pub shown: Option<Notice>,
    place: Place,
    /// What is shown once the desk is no longer locked.
    held: Option<Notice>,
    log: VecDeque<Notice>,
}

impl Notices {
    /// Says something. An error that stands is not covered by what passes.
    pub fn say(&mut self, mut notice: Notice) {
        self.keep(notice.clone());
        if let Some(seconds) = notice.wait {
            notice.text = without_wait(&notice.text, seconds);
        }
        if !(self.is_error() && notice.tone == Tone::Info) {
            self.place = if notice.tone == Tone::Info { Place::Next } else { Place::Everywhere };
            self.shown = Some(notice);
        }
    }

    /// The shown message is about the screen on which it is seen first.
    pub fn belong_here(&mut self) {
        self.place = Place::Next;
    }

    /// This screen is shown now. A message that belongs to another one goes, and stays in the list of
    /// messages.
    pub fn arrive(&mut self, screen: ScreenId) {
        match self.place {
            Place::Next => self.place = Place::On(screen),
            Place::On(other) if other != screen => {
                self.shown = None;
                self.place = Place::Everywhere;
            }
            Place::On(_) | Place::Everywhere => {}
        }
    }

    /// Keeps a message that is shown only later. An error is not covered by what passes.
    pub fn hold(&mut self, notice: Notice) {
        self.keep(notice.clone());
        let is_covered = self.held.as_ref().is_some_and(|held| held.tone == Tone::Error);
        if !(is_covered && notice.tone == Tone::Info) {
            self.held = Some(notice);
        }
    }

    /// Shows what was held. Says whether that passes.
    pub fn release(&mut self) -> bool {
        let held = self.held.take();
        let passes = held.as_ref().is_some_and(|held| held.tone == Tone::Info);
        self.shown = held.or(self.shown.take());
        self.place = Place::Everywhere;
        passes
    }

    /// Keeps a message without showing it: what failed is said where it belongs.
    pub fn keep(&mut self, notice: Notice) {
        if self.log.len() >= LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(notice);
    }

    /// The newest message that was kept.
    pub fn newest(&self) -> Option<&Notice> {
        self.log.back()
    }

    /// Whether an error stands.
    pub fn is_error(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.tone == Tone::Error)
    }

    /// Takes an error away. Says whether there was one.
    pub fn dismiss(&mut self) -> bool {
        let is_error = self.is_error();
        if is_error {
            self.shown = None;
        }
        is_error
    }

    /// Takes this sentence away if it is shown.
    pub fn retract(&mut self, text: &str) {
        self.shown.take_if(|shown| shown.text == text);
    }

    /// Takes a passing message away. Says whether there was one.
    pub fn pass(&mut self) -> bool {
        let passes = self.shown.as_ref().is_some_and(|shown| shown.tone == Tone::Info);
        if passes {
            self.shown = None;
        }
        passes
    }

    /// A second is over. Says whether a wait that is shown has become shorter.
    pub fn count(&mut self) -> bool {
        let wait = self.shown.as_mut().and_then(|shown| shown.wait.as_mut());
        let Some(wait) = wait.filter(|wait| **wait > 0) else { return false };
        *wait -= 1;
        true
    }

    /// Whether a wait is shown that is not over.
    pub fn is_counting(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.wait.is_some_and(|wait| wait > 0))
    }

    /// Rows that are needed for what is shown on a terminal of this size.
    pub fn rows(&self, width: u16, height: u16) -> u16 {
        let most = rows_max(height);
        self.lines(width).map_or(1, |lines| u16::try_from(lines.len()).unwrap_or(most).min(most))
    }

    /// The lines of what is shown.
    pub fn lines(&self, width: u16) -> Option<Vec<String>> {
        self.shown.as_ref().map(|shown| match shown.tone {
            Tone::Info => paragraphs(&shown.text, width.saturating_sub(INFO_MARGIN)),
            Tone::Error => {
                paragraphs(&format!("! {}", shown.words()), width.saturating_sub(ERROR_MARGIN))
            }
        })
    }

    /// What was said, newest first.
    pub fn log(&self) -> impl Iterator<Item = &Notice> {
        self.log.iter().rev()
    }
}
