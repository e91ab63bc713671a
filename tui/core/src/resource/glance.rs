//! Parts of a record at a glance.

use shared::account::SessionPermission;

use crate::text::display;

/// A permission, and parameters of a query.
pub type Counting = (SessionPermission, &'static [(&'static str, &'static str)]);

/// A sentence of the banner that everybody who opens the record must see, such as the allergies.
pub struct Alert {
    /// The sentence, safe to be drawn.
    pub text: String,
    /// Whether it is a warning. The sentence may also say that there is nothing to warn of.
    pub is_warning: bool,
}

/// A name as lists by last name have it, where a first and a last name are known. Safe to be drawn.
pub(super) fn sorted(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let (first, last) = (first?.trim(), last?.trim());
    let has_both = !first.is_empty() && !last.is_empty();
    has_both.then(|| display(&format!("{last}, {first}")).into_owned())
}
