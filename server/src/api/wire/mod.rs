//! What operations take and answer: parameters, bodies, answers and problems.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod compatibility;
pub(crate) mod failure;
pub(crate) mod guard;
pub(crate) mod params;
pub(crate) mod problem;
pub(crate) mod reply;

// What most operations name.
pub(crate) use {
    address::Address,
    body::{Body, DraftBody, NewBody, NewDraftBody, OptionalBody},
    failure::{Conflicting, Failure},
    guard::Guard,
    params::{IfMatch, Path, QueryParams},
    reply::{CachePolicy, Created, Located, NoContent, Reply, Tagged, page},
};
