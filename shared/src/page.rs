//! Pages of lists.

use serde::{Deserialize, Serialize};

/// The default number of rows in a page.
pub const PAGE_SIZE: i64 = 20;
/// The maximum number of rows in a page.
pub const PAGE_SIZE_MAX: i64 = 100;
/// The number of rows up to which a list is counted exactly.
pub const COUNT_MAX: i64 = 1_000;
/// The row up to which page numbers reach.
pub const ROW_MAX: i64 = 10_000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The number of rows in the whole list, exact up to [`COUNT_MAX`].
    pub count: i64,
    /// `true` if there are more rows than `count`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub count_capped: bool,
    /// The absolute URL of the next page.
    pub next: Option<String>,
    /// The absolute URL of the previous page.
    pub previous: Option<String>,
    /// The rows.
    pub results: Vec<T>,
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { count, count_capped, next, previous, results } = self;
        let results = results.into_iter().map(change).collect();
        Page { count, count_capped, next, previous, results }
    }
}

/// A record whose pages have their own schema in the API description.
#[cfg(feature = "openapi")]
pub trait Listed: poem_openapi::types::Type {
    /// The name of that schema, such as `PatientPage`.
    const PAGE: &'static str;
}

#[cfg(feature = "openapi")]
impl<T: Listed> crate::describe::Describe for Page<T> {
    const NAME: Option<&'static str> = Some(T::PAGE);

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        let mut members = crate::describe::Members::new(registry);
        let doc = "The number of rows in the whole list, exact up to 1,000.";
        members.add::<i64>("count", doc, true, |shape| shape.range(0, COUNT_MAX).example(1));
        let doc = "`true` if there are more rows than `count`.";
        members.add::<bool>("count_capped", doc, false, |shape| shape);
        for (name, doc) in
            [("next", "The URL of the next page."), ("previous", "The URL of the previous page.")]
        {
            let uri = |shape: crate::describe::Shape| shape.format("uri").max_length(8_192);
            members.add::<Option<String>>(name, doc, true, uri);
        }
        members.add::<Vec<T>>("results", "The rows.", true, |shape| shape.max_items(PAGE_SIZE_MAX));
        members.finish("One page of a list.")
    }
}
described!(Page<T> where T: Listed);
