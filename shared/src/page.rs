//! Lists come in pages.

use serde::{Deserialize, Serialize};

/// Rows of a page when the request does not say.
pub const PAGE_SIZE: i64 = 20;
/// Most rows of a page.
pub const PAGE_SIZE_MAX: i64 = 100;
/// Up to this many rows are counted exactly.
pub const COUNT_MAX: i64 = 1_000;
/// The row up to which page numbers reach.
pub const ROW_MAX: i64 = 10_000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// How many rows the whole list has: exact up to [`COUNT_MAX`].
    pub count: i64,
    /// `true` when there are more rows than `count` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub count_capped: bool,
    /// The absolute address of the following page.
    pub next: Option<String>,
    /// The absolute address of the page before.
    pub previous: Option<String>,
    /// The rows.
    pub results: Vec<T>,
}

/// A record whose pages have a name of their own in the API description.
#[cfg(feature = "openapi")]
pub trait Listed: poem_openapi::types::Type {
    /// The name of its page: `PatientPage`.
    const PAGE: &'static str;
}

#[cfg(feature = "openapi")]
impl<T: Listed> crate::describe::Describe for Page<T> {
    const NAME: Option<&'static str> = Some(T::PAGE);

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        let mut members = crate::describe::Members::new(registry);
        let doc = "How many rows the whole list has: exact up to 1,000.";
        members.add::<i64>("count", doc, true, |shape| shape.range(0, COUNT_MAX).example(1));
        let doc = "`true` when there are more rows than `count` says.";
        members.add::<bool>("count_capped", doc, false, |shape| shape);
        for (name, doc) in [
            ("next", "The address of the following page."),
            ("previous", "The address of the page before."),
        ] {
            let uri = |shape: crate::describe::Shape| shape.format("uri").max_length(8_192);
            members.add::<Option<String>>(name, doc, true, uri);
        }
        members.add::<Vec<T>>("results", "The rows.", true, |shape| shape.max_items(PAGE_SIZE_MAX));
        members.finish("One page of a list.")
    }
}
described!(Page<T> where T: Listed);
