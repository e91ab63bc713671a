//! Static files that are compiled into the program. Each has an entity tag, and is compressed when
//! a client first accepts that.

use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use poem::{
    Body, Request, Response, RouteMethod,
    endpoint::make,
    get,
    http::{HeaderMap, header},
};

use super::wire::reply::hash;

/// Smaller files are sent uncompressed, because compression would save less than its header costs.
const COMPRESSED_MIN: usize = 1_024;

/// A static file. Clones and answers share its memory.
#[derive(Clone)]
pub(super) struct Asset(Arc<Inner>);

struct Inner {
    content_type: &'static str,
    tag: String,
    body: Bytes,
    gzipped: OnceLock<Option<Bytes>>,
}

impl Asset {
    /// A file with this content.
    pub(super) fn new(content_type: &'static str, body: &str) -> Self {
        Self(Arc::new(Inner {
            content_type,
            tag: hash(body.as_bytes()),
            body: Bytes::copy_from_slice(body.as_bytes()),
            gzipped: OnceLock::new(),
        }))
    }

    /// A route that serves the file.
    pub(super) fn route(&self) -> RouteMethod {
        let asset = self.clone();
        get(make(move |request: Request| {
            let asset = asset.clone();
            async move { Ok::<_, poem::Error>(asset.response(request.headers()).await) }
        }))
    }

    /// The file in an encoding that the client accepts. Each encoding has its own entity tag.
    pub(super) async fn response(&self, headers: &HeaderMap) -> Response {
        let gzipped = match takes_gzip(headers) {
            true => self.gzipped().await,
            false => None,
        };
        let inner = &self.0;
        let response = Response::builder()
            .header(header::CONTENT_TYPE, inner.content_type)
            .header(header::CACHE_CONTROL, "public, no-cache")
            .header(header::VARY, "Accept-Encoding");
        match gzipped {
            Some(gzipped) => response
                .header(header::CONTENT_ENCODING, "gzip")
                .header(header::ETAG, format!("\"{}-gzip\"", inner.tag))
                .body(Body::from_bytes(gzipped)),
            None => response
                .header(header::ETAG, format!("\"{}\"", inner.tag))
                .body(Body::from_bytes(inner.body.clone())),
        }
    }

    /// The compressed file, which the first request for it creates. `None` if compression saves
    /// nothing.
    async fn gzipped(&self) -> Option<Bytes> {
        if let Some(made) = self.0.gzipped.get() {
            return made.clone();
        }
        let asset = self.clone();
        let make = move || asset.0.gzipped.get_or_init(|| compress(&asset.0.body)).clone();
        tokio::task::spawn_blocking(make).await.ok().flatten()
    }
}

fn compress(body: &[u8]) -> Option<Bytes> {
    if body.len() < COMPRESSED_MIN {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether a client accepts gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let items = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut any = None;
    for item in items {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        let is_taken = weight.is_none_or(|weight| weight > 0.0);
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return is_taken,
            "*" => any = Some(is_taken),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_share_the_memory_of_an_asset() {
        let asset = Asset::new("text/javascript", &"x".repeat(1_000_000));
        for accepted in ["identity", "gzip"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            let mut places = Vec::new();
            for _ in 0..2 {
                let body = asset.response(&headers).await.into_body().into_bytes().await.unwrap();
                assert_eq!(body.len() == 1_000_000, accepted == "identity");
                places.push(body.as_ptr());
            }
            assert_eq!(places[0], places[1]);
        }
    }

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        for (sent, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("", false),
            ("identity", false),
            ("br, gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, sent.parse().unwrap());
            assert_eq!(takes_gzip(&headers), expected, "{sent}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
