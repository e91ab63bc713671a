//! The one place where an error becomes an HTTP status and a problem document.

use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError},
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use shared::{FieldErrors, Kind, Problem};

use crate::error::{CONFIRM_FIRST, Error, StaleCause, TokenRefusal};

/// Passes an error to the outermost layer.
pub(crate) fn raise(error: Error) -> poem::Error {
    let status = StatusCode::from_u16(kind(&error).status());
    poem::Error::new(error, status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Errors of a request that the domain does not know.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The body is too long.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// The body is not declared to have the expected type.
    #[error("the body must be {0}: declare it in Content-Type")]
    UnsupportedMediaType(&'static str),
    /// The body did not come in time.
    #[error("the body did not arrive in time")]
    Timeout,
    /// A handler panicked.
    #[error("a handler panicked: {0}")]
    Panic(String),
}

impl Refusal {
    /// Passes the error to the outermost layer.
    pub(crate) fn raise(self) -> poem::Error {
        let status = StatusCode::from_u16(self.kind().status());
        poem::Error::new(self, status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    }

    fn kind(&self) -> Kind {
        match self {
            Self::TooLarge(_) => Kind::TooLarge,
            Self::UnsupportedMediaType(_) => Kind::UnsupportedMediaType,
            Self::Timeout => Kind::Timeout,
            Self::Panic(_) => Kind::Internal,
        }
    }
}

/// The kind of an error.
pub(crate) fn kind(error: &Error) -> Kind {
    match error {
        Error::Invalid(_) => Kind::Validation,
        Error::TokenRequest(refusal) => match refusal {
            TokenRefusal::InvalidRequest(_) => Kind::InvalidRequest,
            TokenRefusal::InvalidGrant(_) => Kind::InvalidGrant,
            TokenRefusal::UnsupportedGrantType(_) => Kind::UnsupportedGrantType,
            TokenRefusal::InvalidScope(_) => Kind::InvalidScope,
        },
        Error::Unauthenticated(_) => Kind::Unauthenticated,
        Error::Forbidden(_) | Error::InsufficientScope(_) => Kind::Forbidden,
        Error::EmailUnverified => Kind::EmailUnverified,
        Error::NotFound => Kind::NotFound,
        Error::Conflict(_) | Error::Contradiction(_) => Kind::Conflict,
        Error::KeyReused => Kind::KeyReused,
        Error::Stale(_) => Kind::Stale,
        Error::PreconditionRequired => Kind::PreconditionRequired,
        Error::TooManyRequests { .. } => Kind::TooManyRequests,
        Error::Unavailable { .. } => Kind::Unavailable,
        Error::StorageFull { .. } => Kind::StorageFull,
        Error::Internal(_) => Kind::Internal,
    }
}

/// The document and the headers for an error that the routes returned.
pub(crate) fn respond(error: &poem::Error, request_id: &str) -> Response {
    if let Some(error) = error.downcast_ref::<Error>() {
        return from_domain(error, request_id);
    }
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        if let Refusal::Panic(what) = refusal {
            tracing::error!(request_id, what, "a handler panicked");
            return finish(internal(), request_id);
        }
        return finish(Problem::new(refusal.kind(), refusal.to_string()), request_id);
    }
    if error.is::<NotFoundError>() {
        let detail = "there is nothing at this URL";
        return finish(Problem::new(Kind::NotFound, detail), request_id);
    }
    if error.is::<MethodNotAllowedError>() {
        return no_such_method(request_id);
    }
    tracing::error!(request_id, error = %error, "an unknown error");
    finish(internal(), request_id)
}

/// The problem for a method that a path does not support.
pub(crate) fn no_such_method(request_id: &str) -> Response {
    let detail = "this URL does not support the method";
    finish(Problem::new(Kind::MethodNotAllowed, detail), request_id)
}

fn internal() -> Problem {
    Problem::new(Kind::Internal, "something went wrong; see the server's log under the request id")
}

/// The problem document for an error.
pub(crate) fn problem(error: &Error) -> Problem {
    let kind = kind(error);
    match error {
        Error::Invalid(errors) | Error::Conflict(errors) => Problem::from_errors(kind, errors),
        Error::Unauthenticated(why) | Error::Forbidden(why) => Problem::new(kind, *why),
        Error::EmailUnverified => Problem::new(kind, CONFIRM_FIRST),
        Error::TokenRequest(refusal) => {
            let mut problem = match refusal {
                TokenRefusal::InvalidGrant(why) => Problem::new(kind, *why),
                TokenRefusal::InvalidRequest(errors)
                | TokenRefusal::UnsupportedGrantType(errors)
                | TokenRefusal::InvalidScope(errors) => Problem::from_errors(kind, errors),
            };
            // Clients of OAuth 2.0 show this member.
            problem.extra.insert("error_description".to_owned(), json!(problem.detail));
            problem
        }
        Error::InsufficientScope(scope) => {
            Problem::new(kind, format!("the API token lacks the scope {scope}"))
        }
        Error::NotFound => Problem::new(kind, "there is no such record"),
        Error::Stale(stale) => {
            let detail = match stale.cause {
                StaleCause::ChangedByOther => format!(
                    "{} changed the record in the meantime; nothing was written",
                    stale.changed_by
                ),
                StaleCause::ChangedByCaller => {
                    "you changed the record yourself in the meantime; nothing was written"
                        .to_owned()
                }
                StaleCause::NeverExisted => {
                    "the record never had the version in If-Match; nothing was written".to_owned()
                }
            };
            let mut problem = Problem::new(kind, detail);
            problem.extra.insert("current".to_owned(), stale.current.clone());
            problem.extra.insert("changed_by".to_owned(), json!(stale.changed_by));
            problem.extra.insert("changed_at".to_owned(), json!(stale.changed_at));
            problem
        }
        Error::Contradiction(it) => {
            let mut problem = Problem::from_errors(kind, &it.errors);
            problem.extra.insert(it.name.to_owned(), it.shown.clone());
            problem
        }
        Error::KeyReused => {
            Problem::new(kind, "this Idempotency-Key was used before for another request")
        }
        Error::PreconditionRequired => Problem::new(
            kind,
            "another user made the last change: send If-Match with the version that you read",
        ),
        Error::TooManyRequests { after } => {
            Problem::new(kind, format!("too many attempts: try again in {after} s"))
        }
        Error::Unavailable { reason, .. } => Problem::new(kind, *reason),
        Error::StorageFull { .. } => {
            Problem::new(kind, "the server has no storage space left; nothing was written")
        }
        Error::Internal(_) => internal(),
    }
}

fn from_domain(error: &Error, request_id: &str) -> Response {
    if let Error::Internal(cause) = error {
        log_chain(cause.as_ref(), request_id);
    }
    let mut response = finish(problem(error), request_id);
    let headers = response.headers_mut();
    if let Error::TooManyRequests { after }
    | Error::Unavailable { after, .. }
    | Error::StorageFull { after } = error
    {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(*after));
    }
    if let Error::Unauthenticated(_) = error {
        let challenge = HeaderValue::from_static("Bearer realm=\"frontdesk\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Error::InsufficientScope(scope) = error
        && let Ok(challenge) = HeaderValue::try_from(format!(
            "Bearer realm=\"frontdesk\", error=\"insufficient_scope\", scope=\"{scope}\""
        ))
    {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn log_chain(cause: &(dyn std::error::Error + 'static), request_id: &str) {
    let mut chain = cause.to_string();
    let mut source = cause.source();
    while let Some(inner) = source {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::error!(request_id, error = chain, "internal error");
}

/// The problem for an invalid request that no operation has seen yet.
pub(crate) fn invalid(errors: FieldErrors, request_id: &str) -> Response {
    from_domain(&Error::Invalid(errors), request_id)
}

/// Adds the request id and builds the response.
pub(crate) fn finish(mut problem: Problem, request_id: &str) -> Response {
    request_id.clone_into(&mut problem.request_id);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/problem+json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body)
        .into_response()
}
