//! Tests of the whole application: keys and answers go in, effects and screens come out.

mod any_order;
mod assigning;
mod beside;
mod blind;
mod bulk;
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
mod home;
mod keys;
mod list;
mod live;
mod meanwhile;
mod offers;
mod screens;
mod sections;
mod session;
mod users;
