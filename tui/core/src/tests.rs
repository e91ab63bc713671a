//! Tests of the whole application: keys and answers go in, effects and screens come out.

mod any_order;
mod assigning;
mod blind;
mod bulk;
mod choices;
mod dashboard;
mod dates;
mod driver;
mod fixtures;
mod forms;
mod keys;
mod list;
mod meanwhile;
mod offers;
mod screens;
mod sections;
mod session;
mod users;
