//! A subscriber to live changes: a small reader of server-sent events that checks them against the
//! API description.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, fits};

/// Longer than any step of these tests takes.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// A block of lines of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) id: Option<i64>,
    pub(crate) event: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) comment: Option<String>,
}

impl Block {
    pub(crate) fn is_event(&self) -> bool {
        self.data.is_some()
    }

    /// The id and the version of the record.
    pub(crate) fn record(&self) -> (i64, i64) {
        let data = self.data.as_ref().unwrap();
        (data["id"].as_i64().unwrap(), data["version"].as_i64().unwrap())
    }

    /// The event as a line such as `patient.updated 7 v3`.
    pub(crate) fn line(&self) -> String {
        let ((id, version), event) = (self.record(), self.event.as_deref().unwrap());
        format!("{event} {id} v{version}")
    }
}

/// A subscriber.
pub(crate) struct Stream {
    pub(crate) response: reqwest::Response,
    pub(crate) read: String,
    /// The last event id that was received.
    pub(crate) last: i64,
}

impl Stream {
    pub(crate) async fn open(client: &Client, last: Option<i64>) -> Self {
        Self::open_at(client, last.map(|last| last.to_string()).as_deref()).await
    }

    pub(crate) async fn open_at(client: &Client, last: Option<&str>) -> Self {
        let mut request = client.request(Method::GET, "/api/events");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "private, no-cache");
        let mut stream = Self { response, read: String::new(), last: -1 };
        // The first block carries an id, so that a stream can be resumed even if it breaks at once.
        let first = stream.block().await.unwrap();
        assert!(first.id.is_some(), "{first:?}");
        if first.is_event() {
            assert_eq!(first.event.as_deref(), Some("reset"));
            let reset = format!("id: {}\nevent: reset\ndata: {{}}\n\n", stream.last);
            stream.read.insert_str(0, &reset);
        }
        stream
    }

    /// The next block; `None` where the stream has ended properly.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let block = parse(block);
                self.read = rest.to_owned();
                self.last = block.id.unwrap_or(self.last);
                return Some(block);
            }
            let chunk = tokio::time::timeout(HANG, self.response.chunk()).await;
            match chunk.expect("the stream hangs").unwrap() {
                Some(chunk) => self.read.push_str(std::str::from_utf8(&chunk).unwrap()),
                None => return None,
            }
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Block {
        loop {
            let block = self.block().await.expect("the stream ended");
            if block.is_event() {
                return block;
            }
        }
    }

    /// The next events, one line each.
    pub(crate) async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.event().await.line());
        }
        lines
    }

    /// Waits for the end of the stream.
    pub(crate) async fn end(mut self) {
        while let Some(block) = self.block().await {
            assert!(!block.is_event(), "{block:?} instead of the end");
        }
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = value.trim_start().to_owned();
        match name {
            "" => block.comment = Some(value),
            "id" => block.id = Some(value.parse().unwrap()),
            "event" => block.event = Some(value),
            "data" => block.data = Some(serde_json::from_str(&value).unwrap()),
            "retry" => assert!(value.parse::<u32>().is_ok()),
            other => panic!("{other} in {text}"),
        }
    }
    if let Some(data) = &block.data {
        let event = json!({"id": block.id, "event": block.event, "data": data});
        fits("an event", &json!({"$ref": "#/components/schemas/StreamEvent"}), &event);
        let is_reset = block.event.as_deref() == Some("reset");
        assert_eq!(data == &json!({}), is_reset, "{text}");
    }
    block
}
