//! The real program in a pseudo-terminal, with a model of the screen that it draws.
//!
//! The terminal is read on a thread of its own; tests wait for what the screen shows, never for a
//! time, and see the screen when they have waited in vain.

use std::{
    cell::Cell,
    fs::File,
    io::{Read, Write},
    num::NonZeroU16,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::{
    process::{Pid, Signal, kill_process},
    termios::{LocalModes, tcgetattr},
};
use vt100::{Parser, Screen};

use super::PLACES;

/// How long something may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Keys as terminals send them.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\r";
    pub(crate) const ESC: &str = "\x1b";
    pub(crate) const TAB: &str = "\t";
    pub(crate) const DOWN: &str = "\x1b[B";
    pub(crate) const LEFT: &str = "\x1b[D";
    pub(crate) const F2: &str = "\x1bOQ";
    pub(crate) const F3: &str = "\x1bOR";
    pub(crate) const F4: &str = "\x1bOS";
    pub(crate) const F5: &str = "\x1b[15~";
    pub(crate) const F6: &str = "\x1b[17~";
    pub(crate) const F7: &str = "\x1b[18~";
    pub(crate) const F8: &str = "\x1b[19~";
    pub(crate) const F9: &str = "\x1b[20~";
    pub(crate) const F12: &str = "\x1b[24~";
    pub(crate) const BACKTAB: &str = "\x1b[Z";
    pub(crate) const HOME: &str = "\x1b[H";
    pub(crate) const END: &str = "\x1b[F";

    /// A letter with Control.
    pub(crate) fn ctrl(letter: char) -> String {
        char::from(letter as u8 & 0x1F).to_string()
    }
}

/// The folders of one user: data and settings.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// Empty ones.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where the local desk's data lies.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Where the client's settings lie.
    pub(crate) fn settings(&self) -> PathBuf {
        self.0.path().join("config")
    }
}

/// How the program is started.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Path,
    pub(crate) home: &'a Home,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(&'a str, &'a str)>,
    pub(crate) size: (u16, u16),
}

#[derive(Default)]
struct Terminal {
    parser: Parser,
    /// Everything that was written.
    written: Vec<u8>,
    bytes: usize,
    first: Option<Instant>,
    /// When the model of the screen had the last bytes.
    last: Option<Instant>,
    is_paused: bool,
    is_closed: bool,
    is_over: bool,
    status: Option<u32>,
}

struct Shared {
    terminal: Mutex<Terminal>,
    changed: Condvar,
}

/// A running program.
pub(crate) struct Program {
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Keeps the terminal open, so that its modes can be looked at after the end.
    line: File,
    keys: Option<Box<dyn Write + Send>>,
    pid: Pid,
    killer: Box<dyn ChildKiller + Send + Sync>,
    started: Instant,
    _place: Place,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(start: Start<'_>) -> Self {
        let place = Place::take();
        let (width, height) = start.size;
        let pair = native_pty_system().openpty(size(width, height)).unwrap();
        let mut command = CommandBuilder::new(start.program);
        command.args(&start.args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("LANG", "C.UTF-8");
        command.env("HOME", start.home.0.path());
        command.env("FRONTDESK_CONFIG_DIR", start.home.settings());
        for (name, value) in start.env {
            command.env(name, value);
        }
        let line =
            File::options().read(true).write(true).open(pair.master.tty_name().unwrap()).unwrap();
        let started = Instant::now();
        let mut child = pair.slave.spawn_command(command).unwrap();
        let pid = child.process_id().and_then(|id| i32::try_from(id).ok()).unwrap();
        let pid = Pid::from_raw(pid).unwrap();
        let killer = child.clone_killer();
        let parser = Parser::new(cells(height), cells(width), 0);
        let shared = Arc::new(Shared {
            terminal: Mutex::new(Terminal { parser, ..Terminal::default() }),
            changed: Condvar::new(),
        });
        let reader = pair.master.try_clone_reader().unwrap();
        let drained = Arc::clone(&shared);
        thread::spawn(move || drain(reader, &drained));
        let watched = Arc::clone(&shared);
        thread::spawn(move || {
            let status = child.wait().unwrap();
            watched.terminal.lock().unwrap().status = Some(status.exit_code());
            watched.changed.notify_all();
        });
        let keys = Some(pair.master.take_writer().unwrap());
        Self { shared, master: Some(pair.master), line, keys, pid, killer, started, _place: place }
    }

    /// Types text or keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        let writer = self.keys.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Pastes a text, as terminals do.
    pub(crate) fn paste(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until the screen is as it should be. Answers when the last bytes for that had come: earlier
    /// than whoever has waited is awake.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Instant {
        self.within(DEADLINE, is_so).unwrap_or_else(|| self.has_waited_in_vain(what))
    }

    /// Waits until what was written since the start is as it should be.
    #[track_caller]
    pub(crate) fn wait_written(&self, what: &str, is_so: impl Fn(&[u8]) -> bool) {
        let came = self.until(DEADLINE, |terminal| is_so(&terminal.written));
        came.unwrap_or_else(|| self.has_waited_in_vain(what));
    }

    /// Waits until the screen is as it should be, at most so long. Answers as `wait` does.
    pub(crate) fn within(
        &self,
        time: Duration,
        is_so: impl Fn(&Screen) -> bool,
    ) -> Option<Instant> {
        self.until(time, |terminal| is_so(terminal.parser.screen()))
    }

    fn until(&self, time: Duration, is_so: impl Fn(&Terminal) -> bool) -> Option<Instant> {
        let end = Instant::now() + time;
        let mut terminal = self.terminal();
        while !is_so(&terminal) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || terminal.is_over {
                return None;
            }
            terminal = self.shared.changed.wait_timeout(terminal, left).unwrap().0;
        }
        Some(terminal.last.unwrap_or_else(Instant::now))
    }

    #[track_caller]
    fn has_waited_in_vain(&self, what: &str) -> ! {
        panic!("waited in vain for {what}; the screen:\n{}\n", self.shown());
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until the screen no longer shows a text.
    #[track_caller]
    pub(crate) fn wait_without(&self, text: &str) {
        self.wait(&format!("{text:?} to go"), |screen| !screen.contents().contains(text));
    }

    /// Waits until nothing has been written for this long. Answers how much was written since the
    /// start.
    pub(crate) fn settle(&self, quiet: Duration) -> usize {
        let mut terminal = self.terminal();
        loop {
            let before = terminal.bytes;
            let end = Instant::now() + quiet;
            while terminal.bytes == before {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return before;
                }
                terminal = self.shared.changed.wait_timeout(terminal, left).unwrap().0;
            }
        }
    }

    /// Everything that the program has written.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.terminal().written.clone()
    }

    /// What the screen shows.
    pub(crate) fn shown(&self) -> String {
        self.terminal().parser.screen().contents()
    }

    /// Looks at the screen.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        look(self.terminal().parser.screen())
    }

    /// How long after the start the first byte came.
    pub(crate) fn first_byte(&self) -> Option<Duration> {
        self.terminal().first.map(|at| at - self.started)
    }

    /// Stops reading what the program writes.
    pub(crate) fn stop_reading(&self) {
        self.terminal().is_paused = true;
    }

    /// Reads again.
    pub(crate) fn read_again(&self) {
        self.terminal().is_paused = false;
        self.shared.changed.notify_all();
    }

    /// Closes the terminal, as a window that is closed does.
    #[track_caller]
    pub(crate) fn hang_up(&mut self) {
        let mut terminal = self.terminal();
        terminal.is_paused = true;
        terminal.is_closed = true;
        drop(terminal);
        self.shared.changed.notify_all();
        // Something to read, so that a reading thread finds out.
        self.keys(&key::ctrl('l'));
        let (terminal, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.terminal(), DEADLINE, |terminal| !terminal.is_over)
            .unwrap();
        assert!(!waited.timed_out(), "nothing was written");
        drop(terminal);
        self.keys = None;
        self.master = None;
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut terminal = self.terminal();
        terminal.parser.screen_mut().set_size(cells(height), cells(width));
        self.master.as_ref().unwrap().resize(size(width, height)).unwrap();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for the end; answers the exit status.
    #[track_caller]
    pub(crate) fn end(&self) -> u32 {
        let end = Instant::now() + DEADLINE;
        let mut terminal = self.terminal();
        loop {
            if let Some(status) = terminal.status {
                return status;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let shown = terminal.parser.screen().contents();
                drop(terminal);
                panic!("it does not end; the screen:\n{shown}\n");
            }
            terminal = self.shared.changed.wait_timeout(terminal, left).unwrap().0;
        }
    }

    /// Whether the terminal is as it was before: own screen, cursor, no paste brackets, and a line
    /// discipline that edits and echoes.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        self.wait("the terminal's own screen", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    }

    fn terminal(&self) -> MutexGuard<'_, Terminal> {
        self.shared.terminal.lock().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.read_again();
        if self.terminal().status.is_none() {
            let _ = self.killer.kill();
        }
    }
}

fn drain(mut reader: impl Read, shared: &Shared) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let mut terminal = shared.terminal.lock().unwrap();
        while terminal.is_paused {
            if terminal.is_closed {
                drop(reader);
                terminal.is_over = true;
                shared.changed.notify_all();
                return;
            }
            terminal = shared.changed.wait(terminal).unwrap();
        }
        drop(terminal);
        let read = reader.read(&mut bytes).unwrap_or(0);
        let mut terminal = shared.terminal.lock().unwrap();
        terminal.first.get_or_insert_with(Instant::now);
        terminal.parser.process(&bytes[..read]);
        terminal.written.extend_from_slice(&bytes[..read]);
        terminal.bytes += read;
        terminal.last = Some(Instant::now());
        terminal.is_over = read == 0;
        shared.changed.notify_all();
        if read == 0 {
            return;
        }
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// One of the few places for tests with running programs: more at once only get in each other's way. A
/// test that has a place starts further programs at once. Otherwise, tests with several programs would wait
/// for one another.
struct Place;

static TAKEN: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

thread_local! {
    /// How many programs the test of this thread has.
    static OWN: Cell<usize> = const { Cell::new(0) };
}

impl Place {
    /// Waits for a place. A test that has a program already waits for no other: two that waited for
    /// each other's places would never end.
    fn take() -> Self {
        let mut taken = TAKEN.0.lock().unwrap();
        while *taken >= PLACES && OWN.get() == 0 {
            taken = TAKEN.1.wait(taken).unwrap();
        }
        *taken += 1;
        OWN.set(OWN.get() + 1);
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *TAKEN.0.lock().unwrap() -= 1;
        OWN.set(OWN.get() - 1);
        TAKEN.1.notify_all();
    }
}
