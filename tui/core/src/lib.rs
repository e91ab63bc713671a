//! The pure part of the terminal client: [`App`](app::App) is plain data, `update` turns a
//! message into changes and effects, `view` draws. Time, network, terminal, environment and files
//! are outside: they come in as messages and go out as effects.

pub mod api;
pub mod app;
pub mod copies;
pub mod cursor;
pub mod date;
pub mod effect;
pub mod finder;
pub mod form;
pub mod input;
pub mod intent;
pub mod kept;
pub mod key;
pub mod layers;
pub mod likely;
pub mod live;
pub mod login;
pub mod msg;
pub mod namesakes;
pub mod notice;
pub mod paint;
pub mod panels;
pub mod person;
pub mod presence;
pub mod resource;
pub mod screens;
pub mod search;
pub mod sentences;
pub mod session;
pub mod share;
pub mod shelf;
pub mod text;
pub mod theme;
pub mod view;
pub mod world;

#[cfg(test)]
mod tests;
