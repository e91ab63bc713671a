//! `frontdesk`: Frontdesk's terminal client. Everything that is decided is decided in `tui-core`;
//! this is the shell around it: arguments, network, terminal, local desk.

mod args;
mod client;
mod connection;
mod desk;
mod devices;
mod runtime;
mod settings;

use std::{panic::AssertUnwindSafe, process::ExitCode};

use shared::display::{display, display_page};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| print_page(&panic.to_string(), true)));
    match args::read().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&sentence);
            ExitCode::FAILURE
        }
    }
}

/// Runs the screens; a panic has given the terminal back and spoken when it arrives here.
fn run(wish: args::LaunchOptions) -> Result<(), String> {
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| runtime::run(wish)));
    ended.unwrap_or_else(|_| Err("this program has a fault, as said above".to_owned()))
}

/// The program's last words, after the screens are gone.
#[expect(clippy::print_stderr, reason = "the one sentence that explains a failure")]
fn say(sentence: &str) {
    eprintln!("frontdesk: {}", display(sentence));
}

/// Several lines, on standard output or standard error, before the screens open or after they are
/// gone.
#[expect(clippy::print_stderr, clippy::print_stdout, reason = "what a panic and clap have to say")]
fn print_page(page: &str, is_error: bool) {
    let page = display_page(page.trim_end());
    match is_error {
        true => eprintln!("{page}"),
        false => println!("{page}"),
    }
}
