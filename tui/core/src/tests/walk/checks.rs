//! What must hold after every step.

use ratatui_core::{backend::TestBackend, terminal::Terminal};
use shared::text::is_refused;

use super::{owner, typed_by};
use crate::{
    api::Call,
    app::{App, update},
    effect::Effect,
    input::chord::{Chord, Key},
    layers::Layer,
    msg::Msg,
    screens::Screen,
    tests::driver::Driver,
    theme::Theme,
    view::view,
};

/// Why something happens.
pub(super) enum Cause {
    Key(Chord),
    Paste,
    Answer {
        call: Call,
        is_good: bool,
    },
    /// An answer that nobody waits for.
    Late,
    Desk,
    Other,
}

impl Cause {
    pub(super) fn of(msg: &Msg) -> Self {
        match msg {
            Msg::Key(chord) => Self::Key(chord.canonical()),
            Msg::Paste(_) => Self::Paste,
            Msg::Desk(_) => Self::Desk,
            _ => Self::Other,
        }
    }

    fn is_printed(&self) -> bool {
        matches!(self, Self::Key(chord) if chord.is_printable())
    }
}

fn user(app: &App) -> Option<i64> {
    app.world().user().map(|user| user.id.0)
}

/// Everything that somebody has typed and that leaves with a request in a session.
fn words(call: &Call) -> String {
    match call {
        Call::Create { body, .. } | Call::Change { body, .. } => body.to_string(),
        Call::Do { reason, .. } | Call::Assign { reason, .. } => reason.clone().unwrap_or_default(),
        Call::ChangePassword(change) => {
            format!("{} {}", change.current_password, change.new_password)
        }
        Call::Lookup { text } => text.clone(),
        Call::List { query, .. } | Call::Namesakes { query, .. } => {
            query.iter().map(|(_, value)| value.as_str()).collect()
        }
        _ => String::new(),
    }
}

/// Checks a step.
pub(super) fn check(before: &App, driver: &Driver, cause: &Cause, is_handled: bool) {
    let app = &driver.app;
    check_owner(before, driver);
    check_writes(before, driver, cause);
    check_forms(before, app, cause);
    if cause.is_printed() {
        check_printed(before, app);
    }
    if let Cause::Late = cause {
        assert!(!is_handled, "a late answer counted");
        let is_harmless = |effect: &Effect| matches!(effect, Effect::EndSession(_));
        assert!(driver.last.iter().all(is_harmless), "a late answer has asked for something");
        assert_eq!(before.unsaved(), app.unsaved());
    }
    if before.world().is_too_small()
        && let Cause::Key(_) | Cause::Paste = cause
    {
        let is_harmless = |effect: &Effect| matches!(effect, Effect::Quit | Effect::Arm(..));
        assert!(driver.last.iter().all(is_harmless), "something is done that nobody can see");
    }
}

/// Whatever leaves with a request leaves in a session of the user who is shown, and nothing of another
/// user is with it.
fn check_owner(before: &App, driver: &Driver) {
    let (was, is) = (user(before), user(&driver.app));
    for effect in &driver.last {
        let Effect::Call { session, call, .. } = effect else { continue };
        assert_eq!(session.is_some(), call.needs_session());
        let Some(session) = session else { continue };
        assert_eq!(Some(owner(*session).0), is);
        let others = (0..3).filter(|other| Some(*other) != is);
        for other in others {
            assert!(!words(call).contains(&typed_by(other)), "{other}'s words leave as {is:?}'s");
        }
    }
    if was.is_some() && is != was {
        assert_eq!(driver.app.unsaved(), 0, "work of the user before is left");
        assert!(driver.app.layers().is_empty(), "a question to the user before is left");
        assert!(driver.app.parked().is_empty());
    }
}

/// A write leaves by Enter or a command, or because of an answer that somebody waits for who has decided.
fn check_writes(before: &App, driver: &Driver, cause: &Cause) {
    let is_write =
        |effect: &&Effect| matches!(effect, Effect::Call { call, .. } if call.is_write());
    let Some(Effect::Call { call, .. }) = driver.last.iter().find(is_write) else { return };
    let is_right = match cause {
        Cause::Key(chord) => chord.key == Key::Enter || (chord.ctrl && is_command(*chord, before)),
        // The next of several writes, or a lost one once more under its key.
        Cause::Answer { call: asked, .. } if asked.is_write() => true,
        // Somebody has pressed a key and waits for this answer.
        Cause::Answer { call: Call::List { .. } | Call::ListAt { .. }, is_good } => *is_good,
        _ => false,
    };
    assert!(is_right, "a write that nobody has asked for: {}\n{}", words(call), driver.screen());
}

/// Ctrl-S saves. Ctrl-A takes a visit its next step.
fn is_command(chord: Chord, before: &App) -> bool {
    match chord.key {
        Key::Char('s') => true,
        Key::Char('a') => !matches!(before.screen(), Screen::Form(_)),
        _ => false,
    }
}

/// No form is lost except by a discard that was confirmed, a save, or an edit that takes the words away.
fn check_forms(before: &App, app: &App, cause: &Cause) {
    let lost = before.unsaved().saturating_sub(app.unsaved());
    if lost == 0 {
        return;
    }
    let shown = drawn(before);
    let is_right = match cause {
        Cause::Key(chord) => match before.layers().last() {
            Some(Layer::Question(_)) if chord.key == Key::Enter => {
                ["› Discard ‹", "› Leave ‹", "› Drop it and go on ‹", "› Yes: show it ‹"]
                    .iter()
                    .any(|answer| shown.contains(answer))
            }
            // Theirs was chosen for every field.
            Some(Layer::Conflict(_)) => chord.key == Key::Enter || chord.ctrl,
            Some(_) => false,
            None => lost == 1 && chord.key != Key::Esc,
        },
        Cause::Paste => lost == 1 && before.layers().is_empty(),
        Cause::Answer { call, is_good: true } => {
            call.is_write() || is_checking(before) || is_login(call)
        }
        // A password that was refused is typed again from its beginning.
        Cause::Answer { call, is_good: false } => {
            matches!(call, Call::ChangePassword(_) | Call::ResetPassword(_) | Call::Register(_))
        }
        Cause::Desk => true,
        Cause::Late | Cause::Other => false,
    };
    assert!(is_right, "a form was lost; before:\n{shown}\nafter:\n{}", drawn(app));
}

/// Whether a form waits to hear what became of a save whose answer got lost.
fn is_checking(app: &App) -> bool {
    app.forms().any(|form| form.is_doubtful)
}

fn is_login(call: &Call) -> bool {
    matches!(call, Call::Login(_) | Call::Register(_))
}

/// A printed character finds, or is typed into the field that has the focus. The first one after a long
/// while locks the desk.
fn check_printed(before: &App, app: &App) {
    if app.is_locked() {
        return;
    }
    let is_same = std::mem::discriminant(before.screen()) == std::mem::discriminant(app.screen());
    assert!(is_same, "a printed character leads to another screen");
    let (was, is) = (before.layers().len(), app.layers().len());
    let finds = is == was + 1 && matches!(app.layers(), [Layer::Find(_)]);
    assert!(is == was || finds, "a printed character opens or closes something:\n{}", drawn(app));
}

/// Whatever lies over the screen can be left with Esc, which writes nothing and loses nothing. A lock is
/// left by logging in.
pub(super) fn check_escape(driver: &Driver) {
    let mut app = driver.app.clone();
    update(&mut app, Msg::Resize { width: 80, height: 24 });
    if app.is_locked() {
        update(&mut app, Msg::Key(Chord::plain(Key::Esc)));
        assert!(app.is_locked(), "Esc opens the lock");
        return;
    }
    let unsaved = app.unsaved();
    // A field that has a text is emptied first; what waited for the screen comes after.
    let most = 3 * app.layers().len() + 6;
    let mut presses = 0;
    while !app.layers().is_empty() {
        assert!(presses < most, "Esc leads nowhere:\n{}", drawn(&app));
        presses += 1;
        let effects = update(&mut app, Msg::Key(Chord::plain(Key::Esc)));
        let is_write =
            |effect: &Effect| matches!(effect, Effect::Call { call, .. } if call.is_write());
        assert!(!effects.iter().any(is_write), "Esc writes:\n{}", drawn(&app));
        assert_eq!(app.unsaved(), unsaved, "Esc loses a form:\n{}", drawn(&app));
    }
}

fn terminal(app: &App, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(app, &Theme::ansi(), frame)).unwrap();
    terminal
}

/// The screen as text.
fn drawn(app: &App) -> String {
    let world = app.world();
    let width = usize::from(world.width.max(1));
    let terminal = terminal(app, world.width, world.height);
    let rows = terminal.backend().buffer().content().chunks(width);
    let rows = rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
    rows.map(|row| format!("{}\n", row.trim_end())).collect()
}

/// The screen can be drawn, at its size and at another one that is on its way. Nothing of it would act on a
/// terminal.
pub(super) fn check_draw(driver: &Driver) {
    let world = driver.app.world();
    for (width, height) in [(world.width, world.height), (13, 3)] {
        let terminal = terminal(&driver.app, width, height);
        for cell in terminal.backend().buffer().content() {
            let acts = cell.symbol().chars().any(is_refused);
            assert!(!acts, "{:?} acts on the terminal", cell.symbol());
        }
    }
}
