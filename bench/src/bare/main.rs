//! The limit that Frontdesk is compared with: poem and sqlx with nothing around them.

fn main() {}
