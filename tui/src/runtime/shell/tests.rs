//! The loop over a terminal that counts: what it draws, when, and what wakes it.

use std::{
    io,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use serde_json::json;
use shared::paths;
use tui_core::{
    api::Reply,
    date::DateOrder,
    effect::{Lane, ScreenId, Slot, Ticket, Timer},
    input::chord::{Chord, Key},
};

use super::*;
use crate::{
    args::LaunchOptions,
    client::fake::{Does, Fake},
    connection::Place,
    settings::Settings,
};

/// What begins a frame.
const BEGIN: &str = "\x1b[?2026h";

/// What the terminal was sent.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn bytes(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn frames(&self) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(BEGIN).count()
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server that nobody has logged in to.
fn server() -> Fake {
    Fake::start(|_| {
        Does::Answers(
            200,
            json!({
                "name": "Frontdesk", "version": "0.1.0", "time_zone": "Europe/Berlin",
                "today": today(), "is_registration_open": false,
                "is_verified_email_required": false, "is_setup_needed": false,
                "password_min": 8, "password_min_staff": 15, "body_max": 262_144,
                "page_size_max": 100, "access_token_minutes": 60,
            }),
        )
    })
}

/// The loop, before its first frame, and what its terminal is sent.
fn shell(server: &Fake) -> (Shell, Output) {
    let output = Output::default();
    let (sender, events) = unbounded_channel();
    let connection = Connection::new(LaunchOptions {
        place: Place::Server(server.url.clone()),
        backup_dir: None,
        data: None,
        certificate: None,
        has_colors: true,
        settings: Settings::default(),
    });
    let app = App::new(Options {
        width: 80,
        height: 24,
        today: today(),
        date_order: DateOrder::DayFirst,
        last_login: String::new(),
        lock_after: None,
        page_size: PAGE_SIZE,
        run: 7,
    });
    let shell = Shell {
        app,
        theme: Theme::ansi(),
        screen: Screen::on(output.clone(), 80, 24).unwrap(),
        input: Input::default(),
        effects: Effects::new(Arc::new(connection), sender),
        timers: Timers::default(),
        to_do: Vec::new(),
        events,
        today: today(),
        went_on: None,
        is_dirty: true,
        is_ending: false,
    };
    (shell, output)
}

/// The same at the login, with everything answered and drawn.
async fn at_login(server: &Fake) -> (Shell, Output) {
    let (mut shell, output) = shell(server);
    let effects = shell.show().unwrap();
    shell.effects.open();
    shell.perform(effects).await.unwrap();
    shell.work();
    while shell.app.world().meta.is_none() || shell.is_dirty {
        shell.turn().await.unwrap();
    }
    shell.screen.idle().await;
    (shell, output)
}

fn tell(shell: &Shell, msg: Msg) {
    shell.effects.events().send(msg.into()).unwrap();
}

#[tokio::test]
async fn the_first_frame_is_drawn_before_anybody_is_asked() {
    let server = server();
    let (mut shell, output) = shell(&server);
    let effects = shell.show().unwrap();
    shell.screen.idle().await;
    assert_eq!(output.frames(), 1);
    assert!(effects.is_empty(), "the first message asks for something");
    assert_eq!(server.lines(), [""; 0]);
    shell.effects.open();
    while shell.app.world().meta.is_none() {
        shell.turn().await.unwrap();
    }
    assert_eq!(server.lines(), [format!("GET {}", paths::META)]);
}

#[tokio::test]
async fn nothing_wakes_an_idle_program() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let before = output.bytes();
    assert!(shell.turn().now_or_never().is_none(), "the loop turns though nothing has happened");
    assert!(shell.timers.is_empty(), "a timer will wake the loop");
    assert_eq!(output.bytes(), before);
}

#[tokio::test]
async fn everything_that_waits_is_drawn_with_one_frame() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let before = output.frames();
    for letter in "ana@clinic.example".chars() {
        tell(&shell, Msg::Key(Chord::plain(Key::Char(letter))));
    }
    tell(&shell, Msg::Paste(".org".to_owned()));
    shell.turn().await.unwrap();
    shell.screen.idle().await;
    assert_eq!(output.frames(), before + 1);
    assert!(shell.turn().now_or_never().is_none(), "something was left");
}

/// Types a name and a password at the login, and Enter.
fn log_in(shell: &Shell) {
    let letters = ["ana@clinic.example", "a long password"].map(|text| text.chars().map(Key::Char));
    let [name, password] = letters;
    let keys = name.chain([Key::Tab]).chain(password).chain([Key::Enter]);
    keys.for_each(|key| tell(shell, Msg::Key(Chord::plain(key))));
}

#[tokio::test]
async fn a_key_is_drawn_before_anything_is_begun_for_it() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let (before, tasks) = (output.frames(), tasks());
    log_in(&shell);
    shell.see().await.unwrap();
    assert_eq!(self::tasks(), tasks, "a task takes the processor from the frame");
    shell.screen.idle().await;
    assert_eq!(output.frames(), before + 1);
    shell.work();
    assert!(self::tasks() > tasks, "the login was not sent");
    while server.lines().len() < 2 {
        shell.turn().await.unwrap();
    }
    assert_eq!(server.lines().last().unwrap(), &format!("POST {}", paths::LOGIN));
}

/// The tasks that have begun and not ended.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test]
async fn a_terminal_that_takes_no_frame_delays_no_request() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let held = Arc::clone(&output.0);
    let terminal = held.lock().unwrap();
    tell(&shell, Msg::Key(Chord::plain(Key::Char('a'))));
    shell.turn().now_or_never().unwrap().unwrap();
    assert!(!shell.screen.is_idle());
    let tasks = tasks();
    log_in(&shell);
    shell.turn().now_or_never().unwrap().unwrap();
    assert!(self::tasks() > tasks, "the login waits for the terminal");
    drop(terminal);
}

#[tokio::test]
async fn an_alarm_from_before_the_timer_was_armed_anew_does_not_count() {
    let server = server();
    let (mut shell, _) = at_login(&server).await;
    shell.timers.arm(Timer::Toast, Duration::ZERO, shell.effects.events());
    let alarm = shell.events.recv().await.unwrap();
    shell.perform(vec![Effect::Arm(Timer::Toast, Duration::from_secs(3_600))]).await.unwrap();
    shell.handle(alarm).await.unwrap();
    assert!(!shell.timers.is_empty(), "the older alarm has ended the newer wait");
}

#[tokio::test]
async fn what_changes_nothing_draws_nothing() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let before = output.bytes();
    let slot = Slot { owner: ScreenId::APP, lane: Lane::Meta };
    // The answer to a request that was given up, and one that has come already.
    for generation in [0, 1, 99] {
        tell(&shell, Msg::Reply(Ticket { slot, generation }, Ok(Reply::Done)));
    }
    tell(&shell, Msg::Key(Chord::plain(Key::F(20))));
    tell(&shell, Msg::Live(Vec::new()));
    tell(&shell, Msg::Today(today()));
    shell.turn().await.unwrap();
    shell.screen.idle().await;
    assert_eq!(output.bytes(), before);
}

#[tokio::test]
async fn a_terminal_that_is_slow_gets_the_newest_frame_and_not_each_one() {
    let server = server();
    let (mut shell, output) = at_login(&server).await;
    let before = output.frames();
    let held = Arc::clone(&output.0);
    let terminal = held.lock().unwrap();
    for letter in "ana@clinic".chars() {
        tell(&shell, Msg::Key(Chord::plain(Key::Char(letter))));
        shell.turn().now_or_never();
    }
    drop(terminal);
    while shell.is_dirty {
        shell.turn().await.unwrap();
    }
    shell.screen.idle().await;
    assert_eq!(output.frames(), before + 2, "the first letter, and then all others");
}
