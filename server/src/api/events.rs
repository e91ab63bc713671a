//! Live changes as server-sent events.
//!
//! poem's own `SSE` writes the same bytes, but it sends comments even if nothing is read, and it
//! can't send an id without an event. This body asks the listener for more only when the
//! connection has accepted the previous piece, so a slow reader costs the memory of one piece and
//! no queue.

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
    describe::any_of,
    event::{Changed, RESET, StreamEvent},
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

/// The header with the id of the last event that a client has received.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a client waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 2_000;
/// A stream with one event, for the API description.
const EXAMPLE: &str = "retry: 2000\nid: 117\n\nid: 118\nevent: patient.updated\n\
    data: {\"id\":7,\"version\":3}\n\n: still here\nid: 121\n\n";

pub(super) struct EventsApi(pub(super) App);

#[OpenApi(tag = "Tag::Events")]
impl EventsApi {
    /// Listen for changes
    ///
    /// An event for each change of a patient, a doctor, an assignment or a visit that the caller may
    /// see, within a second, whatever caused it. Its name combines the kind of record and the action:
    /// `patient.created`, `patient.updated`, `patient.archived`, `patient.restored`,
    /// `patient.purged`, `patient.merged`, `patient.unmerged`, and the same for `doctor`, `assignment`
    /// and `visit` where the action exists. Imported records are `created` too. The data is
    /// `{"id": 7, "version": 3}`. The events of one record come in the order of its versions.
    ///
    /// The ids are increasing numbers. A client that was disconnected sends the last one in
    /// `Last-Event-ID` and gets everything that it has missed, for up to 7 days. After that, or if
    /// the id is unknown, it gets the event `reset` with the data `{}` and must read its lists
    /// again. Without the header the stream begins with the next change. An id may also come
    /// alone, without an event.
    ///
    /// A comment comes after 15 seconds of silence. The stream ends when the session or the access
    /// token ends, when the server stops, and when the user's role changes. Then log in or
    /// refresh, and reconnect. A user of the front desk may have 20 open streams, any other user
    /// 5; the next one gets a 503.
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

/// The client's position, from `Last-Event-ID`. A value that is not one of this server's ids is
/// not refused, because a client could only reconnect with the same value.
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
            description: Some("The last event id that the client has received."),
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

/// 200 with a stream that never ends by itself.
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
            // A proxy that buffers answers would delay the events.
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        let mut response = Response::builder().body(Body::from_bytes_stream(pieces));
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Formats news for the wire. An id without data moves the client's position and is not an event.
fn text(news: &[News]) -> String {
    let mut text = String::new();
    for news in news {
        // Writing to a string does not fail.
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
        // OpenAPI 3.0 cannot describe a stream. So it is a text, for clients that take an answer as a
        // whole, and a list of events, for clients that read it as server-sent events.
        let text = MetaSchema {
            description: Some("The lines of the stream."),
            example: Some(EXAMPLE.into()),
            ..MetaSchema::new("string")
        };
        let events = MetaSchema {
            description: Some("The events in these lines."),
            items: Some(Box::new(StreamEvent::schema_ref())),
            ..MetaSchema::new("array")
        };
        let alternatives = [text, events].map(|schema| MetaSchemaRef::Inline(Box::new(schema)));
        let schema = any_of(alternatives.into(), "Server-sent events.");
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
        StreamEvent::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_formatted_as_blocks_of_lines() {
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
