//! The URL of a request as the client sent it, and its path as it is routed.

use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{Uri, uri::PathAndQuery},
};

use crate::{api::wire::problem::raise, error::Error};

/// The URL that a client used, for the links in an answer.
#[derive(Clone)]
pub(crate) struct Address {
    /// Scheme and host.
    pub(crate) base: String,
    /// The path as the client sent it.
    pub(crate) path: String,
    /// The query parameters.
    pub(crate) pairs: Vec<(String, String)>,
}

impl Address {
    /// Scheme, host and port.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The URL of another page of the same list: this cursor replaces `page` and `cursor`.
    pub(crate) fn with_cursor(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = self.pairs.iter().filter(|(name, _)| name != "page" && name != "cursor");
        query.extend_pairs(kept).append_pair("cursor", cursor);
        format!("{}{}?{}", self.base, self.path, query.finish())
    }
}

impl<'a> FromRequest<'a> for Address {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let address = request.extensions().get::<Self>().cloned();
        address.ok_or_else(|| raise(Error::internal("the request has no address")))
    }
}

/// Replaces the path of a request and leaves its query as it is.
pub(crate) fn set_path(request: &mut Request, path: &str) {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = request.uri().clone().into_parts();
    if let Ok(path_and_query) = PathAndQuery::try_from(format!("{path}{query}")) {
        parts.path_and_query = Some(path_and_query);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}
