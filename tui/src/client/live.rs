//! The stream of changes, read as it comes.

use std::{sync::Arc, time::Duration};

use reqwest::{Response, StatusCode, header};
use shared::paths;
use tui_core::{live::Live, session::SessionHandle};

use super::{Client, request::Target};

/// The server writes at least every 15 seconds. A stream that says nothing for longer is dead.
const SILENCE: Duration = Duration::from_secs(45);
/// The first wait before a stream that broke is opened again; it doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_secs(1);
/// The longest wait before a stream that broke is opened again.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// Longer than any line of the stream.
const LINE_MAX: usize = 16 * 1024;

impl Client {
    /// Tells the changes that the server reports to this session, until that is over. A stream that breaks
    /// is opened again, and goes on behind the last change that was told.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        session: SessionHandle,
        mut tell: impl FnMut(Vec<Live>),
    ) {
        let mut stream = Stream::default();
        loop {
            match self.stream(session, stream.last_id.as_deref()).await {
                Ok(mut response) => {
                    let missed = stream.begin();
                    if missed.is_some() {
                        tell(missed.into_iter().collect());
                    }
                    while let Some(bytes) = next(&mut response).await {
                        let changes = stream.take(&bytes);
                        if !changes.is_empty() {
                            tell(changes);
                        }
                    }
                }
                Err(Closed::Over) => return,
                Err(Closed::Broken) => {}
            }
            tokio::time::sleep(stream.broke()).await;
        }
    }

    /// Opens the stream, with the session's next tokens where the present ones have ended.
    async fn stream(
        self: &Arc<Self>,
        session: SessionHandle,
        last_id: Option<&str>,
    ) -> Result<Response, Closed> {
        let tokens = self.sessions.tokens(session).ok_or(Closed::Over)?;
        let target = Target::Path { path: paths::EVENTS.to_owned(), query: Vec::new() };
        let url = self.address(&target).map_err(|_| Closed::Broken)?;
        let open = async |access: &str| {
            let mut request = self
                .http
                .get(url.clone())
                .timeout(Duration::MAX)
                .header(header::ACCEPT, "text/event-stream, application/problem+json")
                .bearer_auth(access);
            if let Some(id) = last_id {
                request = request.header("last-event-id", id);
            }
            request.send().await.map_err(|_| Closed::Broken)
        };
        let mut response = open(tokens.access()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let client = Arc::clone(self);
            let refreshed =
                tokio::spawn(async move { client.refresh(session, &tokens).await }).await;
            let new = match refreshed {
                Ok(Ok(new)) => new,
                Ok(Err(tui_core::api::Failure::Expired)) => return Err(Closed::Over),
                _ => return Err(Closed::Broken),
            };
            response = open(new.access()).await?;
        }
        if response.status().is_success() { Ok(response) } else { Err(Closed::Broken) }
    }
}

/// Why there is no stream.
enum Closed {
    /// The session is over.
    Over,
    /// The server can't be reached, or does not want to answer now.
    Broken,
}

/// The next bytes. None at the end.
async fn next(response: &mut Response) -> Option<Vec<u8>> {
    let chunk = tokio::time::timeout(SILENCE, response.chunk()).await.ok()?.ok()??;
    Some(chunk.to_vec())
}

/// The lines of the stream (HTML, "Server-sent events") as far as they have come.
#[derive(Default)]
struct Stream {
    rest: Vec<u8>,
    name: String,
    data: String,
    /// The number of the last event that was read whole.
    last_id: Option<String>,
    id: Option<String>,
    /// Whether the stream was tried before.
    is_again: bool,
    /// How often in a row it broke before anything came.
    breaks: u32,
}

impl Stream {
    /// Begins, without the unfinished event of the stream before. Where that is not known to have told
    /// everything up to some change, changes may have been missed.
    fn begin(&mut self) -> Option<Live> {
        let (is_again, breaks) = (self.is_again, self.breaks);
        *self = Self { last_id: self.last_id.take(), is_again, breaks, ..Self::default() };
        (is_again && self.last_id.is_none()).then_some(Live::Missed)
    }

    /// The stream broke, or could not be opened. Returns the wait before it is opened again.
    fn broke(&mut self) -> Duration {
        let wait = RETRY_MIN.saturating_mul(1 << self.breaks.min(6)).min(RETRY_MAX);
        self.breaks += 1;
        self.is_again = true;
        wait
    }

    /// Takes bytes, and returns the changes that they complete.
    fn take(&mut self, bytes: &[u8]) -> Vec<Live> {
        self.rest.extend_from_slice(bytes);
        let mut changes = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            changes.extend(self.line(line.trim_end_matches(['\r', '\n'])));
        }
        if self.rest.len() > LINE_MAX {
            self.rest.clear();
        }
        changes
    }

    /// Takes a line. An empty one ends an event.
    fn line(&mut self, line: &str) -> Option<Live> {
        if line.is_empty() {
            self.breaks = 0;
            self.last_id = self.id.take().or(self.last_id.take());
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return Live::read(&name, &data);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => value.clone_into(&mut self.data),
            "id" => self.id = Some(value.to_owned()),
            // A comment, which keeps the connection alive.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use tui_core::resource::RecordKind;

    use super::*;

    #[test]
    fn events_are_read_however_their_bytes_are_cut() {
        let text = b": hello\n\nid: 5\nevent: patient.updated\ndata: {\"id\":7,\"version\":3}\n\n\
                     id: 6\r\nevent: reset\r\ndata: {}\r\n\r\nid: 7\nevent: patient.upd";
        let change = Live::Record { kind: RecordKind::Patient, id: 7, version: 3, is_new: false };
        for cut in 1..text.len() {
            let mut stream = Stream::default();
            let found: Vec<Live> = text.chunks(cut).flat_map(|bytes| stream.take(bytes)).collect();
            assert_eq!(found, [change, Live::Missed], "cut after {cut}");
            assert_eq!(stream.last_id.as_deref(), Some("6"), "an unfinished event does not count");
        }
    }
    #[test]
    fn a_stream_that_is_opened_again_without_a_known_change_may_have_missed_some() {
        let mut stream = Stream::default();
        assert_eq!(stream.begin(), None, "what is shown is asked for at the beginning anyway");
        stream.take(b": hello");
        stream.broke();
        assert_eq!(stream.begin(), Some(Live::Missed));
        stream.take(b"id: 5\n\n");
        stream.broke();
        assert_eq!(stream.begin(), None, "the server goes on behind it");
    }

    #[test]
    fn the_wait_grows_until_something_comes() {
        let mut stream = Stream::default();
        let waits = |stream: &mut Stream| {
            stream.begin();
            stream.broke().as_secs()
        };
        let grown: Vec<_> = (0..8).map(|_| waits(&mut stream)).collect();
        assert_eq!(grown, [1, 2, 4, 8, 16, 32, 60, 60]);
        stream.begin();
        stream.take(b"id: 5\n\n");
        assert_eq!(stream.broke(), RETRY_MIN);
    }
}
