//! What the machine itself takes for a key: a pseudo-terminal at whose other end a thread sends back each byte.

use std::{
    fs::File,
    io::{Read, Write},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A pseudo-terminal that sends back what it is sent.
pub(crate) struct Echo {
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Box<dyn Read + Send>,
}

impl Echo {
    /// Starts the thread.
    pub(crate) fn start() -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let name = pair.master.tty_name().unwrap();
        let mut line = File::options().read(true).write(true).open(name).unwrap();
        let mut modes = tcgetattr(&line).unwrap();
        modes.make_raw();
        tcsetattr(&line, OptionalActions::Now, &modes).unwrap();
        thread::spawn(move || {
            let mut byte = [0];
            while line.read_exact(&mut byte).and_then(|()| line.write_all(&byte)).is_ok() {}
        });
        let keys = pair.master.take_writer().unwrap();
        let screen = pair.master.try_clone_reader().unwrap();
        Self { _master: pair.master, keys, screen }
    }

    /// How long a byte takes there and back.
    pub(crate) fn time(&mut self) -> Duration {
        let since = Instant::now();
        self.keys.write_all(b"x").unwrap();
        self.screen.read_exact(&mut [0]).unwrap();
        since.elapsed()
    }
}
