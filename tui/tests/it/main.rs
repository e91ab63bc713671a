//! The real program in a pseudo-terminal, as a person uses it.

#[cfg(test)]
#[cfg(feature = "embedded")]
mod between;
#[cfg(test)]
mod command_line;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod desk;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod faults;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod first_start;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod flow;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod hostile;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod morning;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod person;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod pty;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod server;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod terminal;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod typing;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod users;

#[cfg(test)]
use std::path::Path;

/// How many programs run at the same time.
#[cfg(test)]
#[cfg(feature = "embedded")]
const PLACES: usize = 3;

/// The program under test.
#[cfg(test)]
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_frontdesk"))
}
