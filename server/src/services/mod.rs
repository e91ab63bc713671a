//! What a process holds or calls upon besides the database: keys at work, the audit log's pen, live
//! changes, mail. A service knows the database, and nothing of the application or its rules.

pub mod actor;
pub mod audit;
pub mod feed;
pub mod mail;
pub mod passwords;
pub mod post;
pub mod reads;
pub mod tokens;
