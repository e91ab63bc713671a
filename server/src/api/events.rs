//! Live changes as server-sent events.
//!
//! poem's own `SSE` makes the same bytes, but its comments go on whether anything is read or not, and
//! it can't say an id without an event. The body asks the listener for more only when the connection
//! has taken what came before, so a slow reader costs one piece of memory and not a queue.

use std::fmt::Write as _;

use futures_util::stream;
use poem::{
    Body, IntoResponse, Request, RequestBody, Response, Result,
    http::{HeaderName, HeaderValue, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    registry::{
        MetaMediaType, MetaParamIn, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef,
        Registry,
    },
    types::Type as _,
};
use serde_json::json;
use shared::{
    event::{Changed, RESET},
    query::NoQuery,
};

use super::{
    Tag,
    wire::{
        failure::Failure,
        guard::{Bearer, Guard},
        params::{QueryParams, header_schema},
    },
};
use crate::{
    app::App,
    domain::events::{self, Listener, News, Place},
};

/// The header that says where a client was.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a client waits before it comes again, in milliseconds.
const RETRY_MS: u32 = 2_000;

pub(super) struct EventsApi(pub(super) App);

#[OpenApi(tag = "Tag::Events")]
impl EventsApi {
    /// Listen for changes
    ///
    /// An event for each write of a patient, a doctor, an assignment or a visit that the caller may see,
    /// within a second, whichever way it was made. Its name is the record's kind and what was done:
    /// `patient.created`, `patient.updated`, `patient.archived`, `patient.restored`,
    /// `patient.purged`, and the same for `doctor`, `assignment` and `visit` as far as it can be done with
    /// them. A new record is `created` also where it was imported. Its data is
    /// `{"id": 7, "version": 3}`. Events of one record come in the order of its versions.
    ///
    /// The ids are numbers that rise. With the last one in `Last-Event-ID` a client that was cut off
    /// gets all that it has missed, for 7 days; after that, or where the id is not known, it gets the
    /// event `reset` with the data `{}` and has to read its lists anew. Without that header the stream
    /// begins with what comes next. The id may also come alone, without an event.
    ///
    /// A comment comes after 15 seconds of silence. The stream ends when the session, the access token
    /// or the server does, and when the user's role changes: then log in or refresh, and come again.
    /// A user of the front desk may have 20 streams open, everybody else 5; where there is no place
    /// for another the answer is a 503.
    #[oai(path = "/api/events", method = "get", operation_id = "listen")]
    async fn listen(
        &self,
        guard: Guard,
        Bearer(token): Bearer,
        _query: QueryParams<NoQuery>,
        LastEventId(place): LastEventId,
    ) -> Result<Events, Failure> {
        Ok(Events(events::listen(&self.0, &guard, token, place).await?))
    }
}

/// Where the client was, from `Last-Event-ID`. What is no number of ours is no reason to refuse: a
/// client could do nothing about it but come again with the same.
struct LastEventId(Place);

impl<'a> ApiExtractor<'a> for LastEventId {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let id = MetaSchema {
            description: Some("The last id that was received."),
            max_length: Some(20),
            ..MetaSchema::new("string")
        };
        header_schema("Last-Event-ID", id)
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let mut values = request.headers().get_all(LAST_EVENT_ID).iter();
        let Some(first) = values.next() else { return Ok(Self(Place::Now)) };
        let number = first.to_str().ok().map(str::trim).filter(|_| values.next().is_none());
        let number = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|text| text.parse().ok());
        Ok(Self(number.map_or(Place::Unknown, Place::After)))
    }
}

/// 200 with a stream that does not end by itself.
struct Events(Listener);

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        let pieces = stream::unfold(self.0, |mut listener| async {
            let news = listener.next().await?;
            Some((Ok::<_, std::io::Error>(text(&news)), listener))
        });
        let headers = [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "private, no-cache"),
            (header::VARY, "Authorization"),
            // A proxy that collects answers would hold the events back.
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        let mut response = Response::builder().body(Body::from_bytes_stream(pieces));
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// News as they go over the wire. An id without data moves a client's place and is no event.
fn text(news: &[News]) -> String {
    let mut text = String::new();
    for news in news {
        // Writing into a text does not fail.
        let _ = match news {
            News::Begun(last) => write!(text, "retry: {RETRY_MS}\nid: {last}\n\n"),
            News::Changed { seq, event, id, version } => {
                let data = json!(Changed { id: *id, version: *version });
                write!(text, "id: {seq}\nevent: {event}\ndata: {data}\n\n")
            }
            News::Reset(last) => {
                write!(text, "retry: {RETRY_MS}\nid: {last}\nevent: {RESET}\ndata: {{}}\n\n")
            }
            News::Silence(heard) => write!(text, ": still here\nid: {heard}\n\n"),
        };
    }
    text
}

impl ApiResponse for Events {
    fn meta() -> MetaResponses {
        let example = "retry: 2000\nid: 117\n\nid: 118\nevent: patient.updated\n\
            data: {\"id\":7,\"version\":3}\n\n: still here\nid: 121\n\n";
        let schema = MetaSchema {
            description: Some("Server-sent events; the data of each is a `Changed`."),
            example: Some(example.into()),
            ..MetaSchema::new("string")
        };
        let content = vec![MetaMediaType {
            content_type: "text/event-stream",
            schema: MetaSchemaRef::Inline(Box::new(schema)),
        }];
        let (status, status_range, headers) = (Some(200), None, Vec::new());
        let description = "The stream.";
        let response = MetaResponse { description, status, status_range, content, headers };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        Changed::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_blocks_of_lines() {
        let event = "patient.updated".to_owned();
        let news = [
            News::Begun(117),
            News::Changed { seq: 118, event, id: 7, version: 3 },
            News::Reset(119),
            News::Silence(121),
        ];
        let expected = "retry: 2000\nid: 117\n\n\
            id: 118\nevent: patient.updated\ndata: {\"id\":7,\"version\":3}\n\n\
            retry: 2000\nid: 119\nevent: reset\ndata: {}\n\n\
            : still here\nid: 121\n\n";
        assert_eq!(text(&news), expected);
    }
}
