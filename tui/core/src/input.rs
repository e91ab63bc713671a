//! Keys and what they do: one table, from which dispatch, footer, help, palette and KEYS.md come.

pub mod action;
pub mod chord;
pub mod keymap;
pub mod keys_page;
pub mod table;
