//! The output of the program: standard output, standard error and the log. It may contain text from
//! others, in a name, a cell of a file, a path or an address, so all of it passes the filter of
//! [`shared::display`].

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

/// Prints one line. A closed pipe is not an error.
pub(crate) fn print_line(line: &str) {
    print(&display(line));
}

/// Prints several lines of the program's own text.
pub(crate) fn print_page(page: &str) {
    print(&display_page(page));
}

/// Prints a value as JSON.
///
/// Fails with a sentence where the value can't be written as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), String> {
    let json = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    print(&display_json(&json));
    Ok(())
}

fn print(text: &str) {
    // A pipe that was closed early, for example by `head`, ends the output and nothing else.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Standard output for the content of a file. What is written there does not pass the filter, which would change it:
/// records have no control characters but line ends and tabs ([`shared::text::clean`]).
pub(crate) fn content_out() -> impl Write {
    io::stdout().lock()
}

/// Prints one line on standard error. A closed pipe is not an error.
pub(crate) fn print_error(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", display(line));
}

/// Whether standard error is a terminal.
pub(crate) fn is_stderr_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Replaces the last line on a terminal by one that is not ended; an empty one clears it. It does
/// nothing where standard error is not a terminal.
pub(crate) fn draw_status(line: &str) {
    if is_stderr_terminal() {
        let mut screen = io::stderr().lock();
        let _ = write!(screen, "\r{}\u{1b}[K", display(line)).and_then(|()| screen.flush());
    }
}

/// Ends the program with the output of clap: help, the version, or an error, which may quote
/// arguments and variables. A note follows it.
pub(crate) fn exit_with(error: &clap::Error, note: Option<&str>) -> ! {
    let text = error.render().to_string();
    let text = display_page(text.trim_end());
    let _ = match error.use_stderr() {
        true => writeln!(io::stderr().lock(), "{text}"),
        false => writeln!(io::stdout().lock(), "{text}"),
    };
    if let Some(note) = note {
        print_error(note);
    }
    std::process::exit(error.exit_code())
}

/// Prints the message of a panic, with a backtrace if one was requested.
pub(crate) fn report_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let mut text = panic.to_string();
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&format!("\n{backtrace}"));
    }
    let _ = writeln!(io::stderr().lock(), "{}", display_page(&text));
}

/// The destination of the log: standard error, one line per event.
pub(crate) struct Log {
    /// Whether events are written as JSON.
    pub(crate) is_json: bool,
    /// Whether events are coloured.
    pub(crate) has_colors: bool,
}

impl Log {
    /// An event as it is printed. It ends with a line break; line breaks inside it come from logged
    /// values.
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

/// Writes one event, which arrives in a single call.
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

/// Admits an event to the log at most once a second, however often it happens.
#[derive(Default)]
pub(crate) struct OncePerSecond {
    /// The time of the last admitted event, and the number of events since.
    last: Mutex<Option<(Instant, u64)>>,
}

impl OncePerSecond {
    /// A limiter that has seen no event yet.
    pub(crate) const fn new() -> Self {
        Self { last: Mutex::new(None) }
    }

    /// Admits the event now, with the number of events that were left out since the last one, or
    /// returns `None`.
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
    fn frequent_events_are_logged_once_a_second_and_counted() {
        let (often, start) = (OncePerSecond::default(), Instant::now());
        let admitted = [0, 1, 500, 999, 1_000, 1_001, 2_500, 9_000]
            .map(|ms| often.admit_at(start + Duration::from_millis(ms)));
        let expected = [Some(0), None, None, None, Some(3), None, Some(1), Some(0)];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn an_event_is_one_line_without_control_characters() {
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
