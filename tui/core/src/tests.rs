//! Tests of the whole application: keys and answers go in, effects and screens come out.

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
mod home;
mod keys;
mod list;
mod meanwhile;
mod offers;
mod parking;
mod screens;
mod sections;
mod session;
mod undo;
mod users;
