//! Tests of the whole application: keys and answers go in, effects and screens come out.

mod accounts;
mod admin_screens;
mod any_order;
mod audit;
mod blind;
mod choices;
mod dashboard;
mod dates;
mod driver;
mod fixtures;
mod forms;
mod keys;
mod list;
mod meanwhile;
mod messages;
mod offers;
mod own;
mod palette;
mod screens;
mod sections;
mod session;
mod users;
