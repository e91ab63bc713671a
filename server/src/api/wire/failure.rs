//! Failures of operations, for every error of the domain. Most kinds of problems follow from the
//! arguments of an operation (see `openapi`); its return type adds those of its use case.

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
    /// Nothing beyond what follows from the arguments.
    Plain = [],
    /// Creating an account.
    Registering = [Forbidden, Conflict, TooManyRequests],
    /// Proving an identity.
    LoggingIn = [Unauthenticated, EmailUnverified, TooManyRequests],
    /// Continuing a session.
    Refreshing = [Unauthenticated],
    /// Issuing tokens with OAuth 2.0.
    Granting = [
        InvalidRequest, InvalidGrant, UnsupportedGrantType, InvalidScope, TooManyRequests
    ],
    /// Operations with a rate limit.
    Limited = [TooManyRequests],
    /// Writes that can contradict stored records.
    Conflicting = [Conflict],
}

/// The failure of an operation.
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
    /// The error is passed on; the outermost layer builds the document.
    fn from(failure: Failure<S>) -> Self {
        super::problem::raise(failure.error)
    }
}

/// The kind of problem that a registered answer stands for. `openapi` turns it into the real
/// answer.
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
