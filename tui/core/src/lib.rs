//! The pure part of the terminal client: [`App`](app::App) is plain data, `update` turns a
//! message into changes and effects, `view` draws. Time, network, terminal, environment and files
//! are outside: they come in as messages and go out as effects.

pub mod api;
pub mod effect;
pub mod msg;
