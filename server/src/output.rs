//! Everything that the program prints, on standard output, on standard error and into the log. It
//! may hold what somebody else has written, in a name, a cell of a file, a path or an address, so
//! all of it passes the filter of [`shared::display`].

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    borrow::Cow,
    io::{self, IsTerminal, Write},
    panic::PanicHookInfo,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;
use shared::display::{display, display_json, display_page};
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

/// Prints one line. A reader that has gone is no failure.
pub(crate) fn say(line: &str) {
    print(&display(line));
}

/// Prints several lines of our own.
pub(crate) fn say_page(page: &str) {
    print(&display_page(page));
}

/// Prints a value as JSON.
///
/// Fails with one sentence where it can't be written as JSON.
pub(crate) fn say_json(value: &impl Serialize) -> Result<(), String> {
    let json = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    print(&display_json(&json));
    Ok(())
}

fn print(text: &str) {
    // A pipe that was closed early, by `head` for example, ends the output and nothing else.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints one line on standard error. A reader that has gone is no failure.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", display(line));
}

/// Whether standard error is a terminal, so that somebody watches.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Replaces the last line on a terminal by one that is not ended; an empty one clears it. Where
/// nobody watches it does nothing.
pub(crate) fn draw(line: &str) {
    if is_watched() {
        let mut screen = io::stderr().lock();
        let _ = write!(screen, "\r{}\u{1b}[K", display(line)).and_then(|()| screen.flush());
    }
}

/// Ends the program with what clap has to say: help, the version, or a complaint, which quotes
/// arguments and variables.
pub(crate) fn leave(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    let text = display_page(text.trim_end());
    let _ = match error.use_stderr() {
        true => writeln!(io::stderr().lock(), "{text}"),
        false => writeln!(io::stdout().lock(), "{text}"),
    };
    std::process::exit(error.exit_code())
}

/// Prints what a panic says.
pub(crate) fn report_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let mut text = panic.to_string();
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&format!("\n{backtrace}"));
    }
    let _ = writeln!(io::stderr().lock(), "{}", display_page(&text));
}

/// Where the log goes: standard error. Each event is one line.
pub(crate) struct Log {
    /// Whether events are JSON.
    pub(crate) is_json: bool,
    /// Whether events have colours.
    pub(crate) has_colors: bool,
}

impl Log {
    /// One event as it is printed. It ends with a line break; line breaks inside it come from the
    /// values that it tells.
    fn line<'a>(&self, event: &'a str) -> Cow<'a, str> {
        let event = event.strip_suffix('\n').unwrap_or(event);
        match (self.is_json, self.has_colors) {
            (true, _) => display_json(event),
            (false, true) => display_page(&event.replace('\n', "↵")).into(),
            (false, false) => display(event),
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event(self)
    }
}

/// Writes one event, which comes as a whole.
pub(crate) struct Event<'a>(&'a Log);

impl Write for Event<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(io::stderr().lock(), "{}", self.0.line(&text))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets an event into the log at most once a second, however often it happens.
#[derive(Default)]
pub(crate) struct OncePerSecond {
    /// When it was last let in, and how often it has happened since.
    last: Mutex<Option<(Instant, u64)>>,
}

impl OncePerSecond {
    /// One that has seen nothing yet.
    pub(crate) const fn new() -> Self {
        Self { last: Mutex::new(None) }
    }

    /// Whether the event may be logged now; then how many were left out since the one before.
    pub(crate) fn admit(&self) -> Option<u64> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((at, left_out)) if now.duration_since(*at) < Duration::from_secs(1) => {
                *left_out += 1;
                None
            }
            last => Some(last.replace((now, 0)).map_or(0, |(_, left_out)| left_out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_logged_once_a_second_and_counted() {
        let (often, start) = (OncePerSecond::default(), Instant::now());
        let admitted = [0, 1, 500, 999, 1_000, 1_001, 2_500, 9_000]
            .map(|ms| often.admit_at(start + Duration::from_millis(ms)));
        let expected = [Some(0), None, None, None, Some(3), None, Some(1), Some(0)];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn an_event_is_one_line_and_acts_on_no_terminal() {
        let event = "\u{1b}[2mINFO\u{1b}[0m a\nb \u{9b}2J \u{202e} \u{7}\n";
        let log = |is_json, has_colors| Log { is_json, has_colors };
        assert_eq!(
            log(false, true).line(event),
            "\u{1b}[2mINFO\u{1b}[0m a↵b ‹U+009B›2J ‹U+202E› ␇"
        );
        assert_eq!(log(false, false).line(event), "␛[2mINFO␛[0m a↵b ‹U+009B›2J ‹U+202E› ␇");
        let json = "{\"a\":\"\u{9b}\u{7f}\\n\"}\n";
        assert_eq!(log(true, false).line(json), "{\"a\":\"\\u009b\\u007f\\n\"}");
    }
}
