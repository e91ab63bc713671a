//! Failures of operations: any error of the domain, of which each operation says in its type which
//! statuses it can have, so that the description names them.

use std::marker::PhantomData;

use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
};

use super::openapi::register;
use crate::error::Error;

/// The statuses of a group of operations.
pub(super) trait Statuses: Send + Sync + 'static {
    const STATUSES: &'static [u16];
}

macro_rules! statuses {
    ($($(#[doc = $doc:literal])* $name:ident = [$($status:literal),*]),* $(,)?) => {$(
        $(#[doc = $doc])*
        pub(super) struct $name;
        impl Statuses for $name {
            const STATUSES: &'static [u16] = &[$($status),*];
        }
    )*};
}

statuses! {
    /// Without login and without a body.
    Open = [400, 413, 500, 503],
    /// Credentials in a body.
    Entering = [400, 401, 403, 408, 409, 413, 415, 429, 500, 503, 507],
    /// What a stranger asks for in a body.
    Asking = [400, 408, 413, 415, 429, 500, 503, 507],
    /// Reading with a login.
    Reading = [400, 401, 403, 404, 413, 500, 503],
    /// Listening.
    Listening = [400, 401, 403, 413, 500, 503],
    /// Creating.
    Creating = [400, 401, 403, 404, 408, 409, 413, 415, 422, 500, 503, 507],
    /// Creating without a body.
    Making = [400, 401, 403, 404, 409, 413, 500, 503, 507],
    /// Changing one record and creating another.
    Transferring = [400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 500, 503, 507],
    /// Changing one record.
    Changing = [400, 401, 403, 404, 408, 409, 412, 413, 415, 428, 429, 500, 503, 507],
}

/// Why an operation failed.
pub(super) struct Failure<S> {
    error: Error,
    statuses: PhantomData<S>,
}

impl<S: Statuses> From<Error> for Failure<S> {
    fn from(error: Error) -> Self {
        let status = super::problem::kind(&error).status();
        debug_assert!(S::STATUSES.contains(&status), "{status} is not described: {error}");
        Self { error, statuses: PhantomData }
    }
}

impl<S> From<Failure<S>> for poem::Error {
    /// The error itself goes on; the outermost layer makes the document.
    fn from(failure: Failure<S>) -> Self {
        super::problem::raise(failure.error)
    }
}

impl<S: Statuses> ApiResponse for Failure<S> {
    fn meta() -> MetaResponses {
        let response = |status: &u16| MetaResponse {
            description: "",
            status: Some(*status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/problem+json",
                schema: MetaSchemaRef::Reference("Problem".to_owned()),
            }],
            headers: Vec::new(),
        };
        MetaResponses { responses: S::STATUSES.iter().map(response).collect() }
    }

    fn register(registry: &mut Registry) {
        register::<shared::Problem>(registry);
    }
}
