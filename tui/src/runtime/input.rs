//! Keys, pastes and sizes, as the core knows them.

use std::{io, thread};

use crossterm::event::{Event as Raw, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use rustix::event::{PollFd, PollFlags};
use tokio::{sync::mpsc::UnboundedSender, task::JoinHandle};
use tui_core::{
    input::chord::{Chord, Key},
    msg::Msg,
};

use super::Event;

/// The most bytes of a paste; a whole body of the API is not longer.
const PASTE_MAX: usize = 256 * 1024;

/// The terminal's input side: a task that reads. Ended while the process is stopped: it would take
/// what is meant for the shell.
///
/// It has to be one task: the event stream wakes only the one that found nothing first.
#[derive(Default)]
pub(super) struct Input(Option<JoinHandle<()>>);

impl Input {
    /// Begins to read.
    pub(super) fn start(events: &UnboundedSender<Event>) -> Self {
        let mut input = Self::default();
        input.restart(events);
        input
    }

    /// Stops reading.
    pub(super) async fn stop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Reads again.
    pub(super) fn restart(&mut self, events: &UnboundedSender<Event>) {
        if self.0.is_none() {
            self.0 = Some(tokio::spawn(read(events.clone())));
        }
    }
}

async fn read(events: UnboundedSender<Event>) {
    let mut stream = EventStream::new();
    loop {
        let event = match stream.next().await {
            Some(Ok(raw)) => {
                let (escape, raw) = apart(raw);
                let mut messages = escape.into_iter().chain([raw]).filter_map(message);
                if messages.any(|msg| events.send(msg.into()).is_err()) {
                    return;
                }
                continue;
            }
            Some(Err(e)) if e.kind() == io::ErrorKind::Interrupted => continue,
            Some(Err(_)) | None => Event::End,
        };
        let is_end = matches!(event, Event::End);
        if events.send(event).is_err() || is_end {
            return;
        }
    }
}

/// Ends the program when the terminal is gone. The event stream does not notice that and would
/// spin; this thread sleeps until then.
pub(super) fn watch_for_hangup(events: UnboundedSender<Event>) -> io::Result<()> {
    thread::Builder::new().name("hangup".to_owned()).spawn(move || {
        let input = io::stdin();
        loop {
            let mut watched = [PollFd::new(&input, PollFlags::empty())];
            match rustix::event::poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => break,
            }
        }
        let _ = events.send(Event::End);
    })?;
    Ok(())
}

/// Esc with the key after it, where both came at once: a terminal sends the same bytes for Alt with that
/// key, and no key is used with Alt.
fn apart(raw: Raw) -> (Option<Raw>, Raw) {
    match raw {
        Raw::Key(mut key) if key.modifiers.contains(KeyModifiers::ALT) => {
            key.modifiers.remove(KeyModifiers::ALT);
            let escape = KeyEvent { code: KeyCode::Esc, modifiers: KeyModifiers::NONE, ..key };
            (Some(Raw::Key(escape)), Raw::Key(key))
        }
        other => (None, other),
    }
}

fn message(raw: Raw) -> Option<Msg> {
    match raw {
        Raw::Key(key) if key.kind != KeyEventKind::Release => chord(key).map(Msg::Key),
        Raw::Paste(text) => Some(Msg::Paste(pasted(&text))),
        Raw::Resize(width, height) => Some(Msg::Resize { width, height }),
        _ => None,
    }
}

/// Terminals send line ends as `\r`.
fn pasted(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.truncate(text.floor_char_boundary(PASTE_MAX));
    text
}

fn chord(key: KeyEvent) -> Option<Chord> {
    let mut ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let is_shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let key = match key.code {
        // A terminal whose Backspace key sends Ctrl-H.
        KeyCode::Char('h') if ctrl => {
            ctrl = false;
            Key::Backspace
        }
        KeyCode::Char(c) if ctrl => Key::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Null => {
            ctrl = true;
            Key::Char(' ')
        }
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab if is_shift => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    Some(Chord { key, ctrl })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_as_the_core_knows_them() {
        let press = |code, modifiers| chord(KeyEvent::new(code, modifiers));
        assert_eq!(
            press(KeyCode::Char('A'), KeyModifiers::SHIFT).unwrap(),
            Chord::plain(Key::Char('A'))
        );
        assert_eq!(press(KeyCode::Char('S'), KeyModifiers::CONTROL).unwrap(), Chord::ctrl('s'));
        assert_eq!(
            press(KeyCode::Char('h'), KeyModifiers::CONTROL).unwrap(),
            Chord::plain(Key::Backspace)
        );
        assert_eq!(press(KeyCode::Tab, KeyModifiers::SHIFT).unwrap(), Chord::plain(Key::BackTab));
        let insert = Some(Chord::plain(Key::Insert));
        assert_eq!(press(KeyCode::Insert, KeyModifiers::NONE), insert);
        assert_eq!(press(KeyCode::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn escape_and_the_key_right_after_it_are_two_keys() {
        let (escape, key) = apart(Raw::Key(KeyEvent::new(KeyCode::Char('P'), KeyModifiers::ALT)));
        let keys: Vec<_> = escape.into_iter().chain([key]).filter_map(message).collect();
        let [Msg::Key(first), Msg::Key(second)] = keys.as_slice() else { panic!("{}", keys.len()) };
        assert_eq!((*first, *second), (Chord::plain(Key::Esc), Chord::plain(Key::Char('P'))));
        let (escape, _) = apart(Raw::Key(KeyEvent::new(KeyCode::Char('P'), KeyModifiers::SHIFT)));
        assert!(escape.is_none());
    }

    #[test]
    fn a_key_that_is_let_go_is_no_key() {
        let mut key = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert!(message(Raw::Key(key)).is_none());
    }

    #[test]
    fn a_paste_has_line_feeds_and_an_end() {
        assert_eq!(pasted("a\r\nb\rc\n"), "a\nb\nc\n");
        assert_eq!(pasted(&"é".repeat(PASTE_MAX)).len(), PASTE_MAX);
    }
}
