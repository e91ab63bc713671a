//! Frames: drawn into memory, then given to the writer as one piece.

use std::{cell::RefCell, io, rc::Rc};

use crossterm::{Command, clipboard::CopyToClipboard};
use ratatui_core::terminal::{Frame, Terminal};
use ratatui_crossterm::CrosstermBackend;

use super::{terminal, writer::Writer};

/// Terminals that know it show a frame as a whole or not at all.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// The most text that goes into the clipboard: terminals take no more.
const COPY_MAX: usize = 48 * 1024;

/// The terminal's output side.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Sink>>,
    sink: Sink,
    writer: Writer,
    /// Goes out in front of the next frame.
    before: Vec<u8>,
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn enter() -> io::Result<Self> {
        let writer = Writer::start(terminal::output()?)?;
        let before = terminal::enter()?;
        let sink = Sink::default();
        let terminal = Terminal::new(CrosstermBackend::new(sink.clone()))?;
        Ok(Self { terminal, sink, writer, before })
    }

    /// A terminal of this size at the other end of `output`, without modes.
    #[cfg(test)]
    pub(super) fn on(
        output: impl io::Write + Send + 'static,
        width: u16,
        height: u16,
    ) -> io::Result<Self> {
        use ratatui_core::{
            layout::Rect,
            terminal::{TerminalOptions, Viewport},
        };
        let sink = Sink::default();
        let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width, height });
        let backend = CrosstermBackend::new(sink.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        Ok(Self { terminal, sink, writer: Writer::start(output)?, before: Vec::new() })
    }

    /// Takes the terminal again after [`Screen::leave`].
    pub(super) fn enter_again(&mut self) -> io::Result<()> {
        self.before = terminal::enter()?;
        self.start_anew()
    }

    /// Gives the terminal back.
    pub(super) async fn leave(&mut self) {
        if terminal::is_entered() {
            self.writer.finish(terminal::leave()).await;
            terminal::left();
        }
    }

    /// The next frame is drawn as if nothing were on the screen.
    pub(super) fn repaint(&mut self) -> io::Result<()> {
        self.before.extend(terminal::clear());
        self.start_anew()
    }

    /// Puts a text into the terminal's clipboard, with the next frame.
    pub(super) fn copy(&mut self, text: &str) {
        let mut sequence = String::new();
        if text.len() <= COPY_MAX
            && CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence).is_ok()
        {
            self.before.extend_from_slice(sequence.as_bytes());
        }
    }

    /// Draws a frame and has it written. Only while the writer is idle.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(view)?;
        let mut bytes = std::mem::take(&mut self.before);
        bytes.extend_from_slice(BEGIN);
        bytes.append(&mut self.sink.0.borrow_mut());
        bytes.extend_from_slice(END);
        self.writer.write(bytes);
        Ok(())
    }

    /// Whether a frame would be written at once.
    pub(super) fn is_idle(&self) -> bool {
        self.writer.is_idle()
    }

    /// Whether the terminal is gone.
    pub(super) fn is_broken(&self) -> bool {
        self.writer.is_broken()
    }

    /// Ends when a frame would be written at once.
    pub(super) async fn idle(&self) {
        self.writer.idle().await;
    }

    /// A new terminal instead of `Terminal::clear`, which asks the terminal where its cursor is and
    /// waits for the answer.
    fn start_anew(&mut self) -> io::Result<()> {
        self.terminal = Terminal::new(CrosstermBackend::new(self.sink.clone()))?;
        self.sink.0.borrow_mut().clear();
        Ok(())
    }
}

/// Where the backend's bytes are collected.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
