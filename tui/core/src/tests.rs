//! Tests of the whole application: keys and answers go in, effects and screens come out.

mod about;
mod any_order;
mod beside;
mod blind;
mod choices;
mod dashboard;
mod dates;
mod driver;
mod fields;
mod filled;
mod fixtures;
mod forms;
mod glance;
mod glyphs;
mod going_back;
mod home;
mod keys;
mod list;
mod meanwhile;
mod offers;
mod screens;
mod sections;
mod session;
mod users;
