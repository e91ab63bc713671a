//! The terminal's modes: one list, by which they are entered and left, whoever does it.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// What is switched on, and how it is switched off: alternate screen, bracketed paste, no cursor
/// until a frame shows it.
const MODES: [(&str, &str); 3] =
    [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?2004h", "\x1b[?2004l"), ("\x1b[?25l", "\x1b[?25h")];
/// Ends what a frame that was cut off may have left open: a sequence, a synchronized update, a style.
const END_OF_FRAME: &str = "\x18\x1b[?2026l\x1b[0m";
/// Begins an empty screen.
const CLEAR: &str = "\x1b[0m\x1b[2J";
/// How long a terminal that does not read may hold up the end of the program.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whether the modes are on: a panic or a signal must know.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// The standard output without the standard library's buffer.
///
/// Fails where it is closed.
pub(super) fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Takes the terminal: raw input now, and what has to be written before the first frame.
///
/// Fails where there is no terminal.
pub(super) fn enter() -> io::Result<Vec<u8>> {
    crossterm::terminal::enable_raw_mode()?;
    IS_ENTERED.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    for (enter, _) in MODES {
        bytes.extend_from_slice(enter.as_bytes());
    }
    bytes.extend(clear());
    Ok(bytes)
}

/// What empties the screen.
pub(super) fn clear() -> Vec<u8> {
    CLEAR.as_bytes().to_vec()
}

/// What has to be written after the last frame, in the reverse order.
pub(super) fn leave() -> Vec<u8> {
    let mut bytes = END_OF_FRAME.as_bytes().to_vec();
    for (_, leave) in MODES.iter().rev() {
        bytes.extend_from_slice(leave.as_bytes());
    }
    bytes
}

/// The modes are left: gives the input back.
pub(super) fn left() {
    let _ = crossterm::terminal::disable_raw_mode();
    IS_ENTERED.store(false, Ordering::SeqCst);
}

/// Throws away what the terminal has not read yet: one that has stopped reading would otherwise
/// hold up everything behind it.
pub(super) fn forget_unread() {
    if let Ok(output) = output() {
        let _ = rustix::termios::tcflush(output, rustix::termios::QueueSelector::OFlush);
    }
}

/// Leaves the modes at once and past the writer: for a panic, and for a signal when the loop hangs.
pub(super) fn restore() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    forget_unread();
    let (done, is_done) = mpsc::channel();
    let writer = thread::Builder::new().spawn(move || {
        if let Ok(mut output) = output() {
            let _ = output.write_all(&leave());
        }
        let _ = done.send(());
    });
    if writer.is_ok() {
        let _ = is_done.recv_timeout(PATIENCE);
    }
    let _ = crossterm::terminal::disable_raw_mode();
}

/// Whether the modes are on.
pub(super) fn is_entered() -> bool {
    IS_ENTERED.load(Ordering::SeqCst)
}

/// Makes a panic of the loop give the terminal back before it speaks. One of a task beside it
/// stays silent: the screen is in use, and whoever waits for the task hears that it failed.
pub(super) fn hook_panics() {
    let speak = std::panic::take_hook();
    let own = thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == own {
            restore();
            speak(panic);
        }
    }));
}
