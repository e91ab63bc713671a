//! Parts that several screens and layers draw.

pub mod banner;
pub mod rows;
pub mod sections;
