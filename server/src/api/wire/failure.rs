//! Failures of operations: any error of the domain. Most kinds of problems follow from what an
//! operation takes (see `openapi`); an operation names in its type what its use case adds.

use std::marker::PhantomData;

use poem_openapi::{
    ApiResponse,
    registry::{MetaResponse, MetaResponses, Registry},
    types::Type,
};
use shared::{Kind, Problem};

use super::reply::empty;
use crate::error::Error;

/// The kinds of problems that the use case of an operation adds.
pub(crate) trait Kinds: Send + Sync + 'static {
    const KINDS: &'static [Kind];
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = [$($kind:ident),*]),* $(,)?) => {$(
        $(#[doc = $doc])*
        pub(crate) struct $name;
        impl Kinds for $name {
            const KINDS: &'static [Kind] = &[$(Kind::$kind),*];
        }
    )*};
}

kinds! {
    /// Nothing beyond what the operation takes.
    Plain = [],
    /// Opening an account.
    Registering = [Forbidden, Conflict, TooManyRequests],
    /// Proving who one is.
    LoggingIn = [Unauthenticated, EmailUnverified, TooManyRequests],
    /// Going on with a session.
    Refreshing = [Unauthenticated],
    /// Getting tokens in the form of OAuth 2.0.
    Granting = [
        InvalidRequest, InvalidGrant, UnsupportedGrantType, InvalidScope, TooManyRequests
    ],
    /// What is counted, so that nobody guesses.
    Limited = [TooManyRequests],
    /// What contradicts what is stored.
    Conflicting = [Conflict],
}

/// Why an operation failed.
pub(crate) struct Failure<S = Plain> {
    error: Error,
    kinds: PhantomData<S>,
}

impl<S> From<Error> for Failure<S> {
    fn from(error: Error) -> Self {
        Self { error, kinds: PhantomData }
    }
}

impl<S> From<Failure<S>> for poem::Error {
    /// The error itself goes on; the outermost layer makes the document.
    fn from(failure: Failure<S>) -> Self {
        super::problem::raise(failure.error)
    }
}

/// The kind for which a registered answer stands: `openapi` makes the answer of it.
pub(crate) fn kind_of(answer: &MetaResponse) -> Option<Kind> {
    Kind::from_code(answer.description)
}

impl<S: Kinds> ApiResponse for Failure<S> {
    fn meta() -> MetaResponses {
        let answer = |kind: &Kind| empty(kind.status(), kind.code());
        MetaResponses { responses: S::KINDS.iter().map(answer).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
