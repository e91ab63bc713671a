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
pub trait Listed: crate::describe::Describe {
    /// The name of its page: `PatientPage`.
    const PAGE: &'static str;
}

#[cfg(feature = "openapi")]
impl<T: Listed> crate::describe::Describe for Page<T> {
    fn shape(schemas: &mut crate::describe::Schemas) -> crate::describe::Shape {
        use crate::describe::Shape;
        schemas.object(T::PAGE, &["One page of a list."], |object, schemas| {
            let count = Shape::integer().range(0, COUNT_MAX).example(1);
            let doc = "How many rows the whole list has: exact up to 1,000.";
            object.property("count", &[doc], count, true);
            let doc = "`true` when there are more rows than `count` says.";
            object.property("count_capped", &[doc], Shape::boolean(), false);
            for (name, doc) in [
                ("next", "The address of the following page."),
                ("previous", "The address of the page before."),
            ] {
                let address = Shape::string().format("uri").max_length(8_192).nullable();
                object.property(name, &[doc], address, true);
            }
            let rows = Vec::<T>::shape(schemas).max_items(PAGE_SIZE_MAX);
            object.property("results", &["The rows."], rows, true);
        })
    }
}
