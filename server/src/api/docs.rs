//! The pages around the API: Swagger UI, the description, the landing page and the pages that
//! explain problems. Everything comes from the program itself.

use bytes::Bytes;
use poem::{
    Body, Endpoint, IntoResponse, Request, Response, Result, RouteMethod,
    endpoint::make_sync,
    error::NotFoundError,
    get,
    http::{StatusCode, header},
};
use poem_openapi::OpenApiService;
use serde_json::Value;
use shared::{Kind, paths};

use super::reply::hash;

/// Only what this program serves may be loaded.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";

const PAGE: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Frontdesk API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"##;

/// Swagger UI shows an answer when it has ended, and the stream of events does not end: so it is
/// shown the first seconds of it.
const START: &str = "\
const shownSeconds = 5;
async function beginning(url, options) {
  const stop = new AbortController();
  const answer = await fetch(url, { ...options, signal: stop.signal });
  if (!answer.ok || !answer.body) return answer;
  const timer = setTimeout(() => stop.abort(), shownSeconds * 1000);
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (const reader = answer.body.getReader();;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return new Response(text, { status: answer.status, headers: answer.headers });
}
window.ui = SwaggerUIBundle({
  dom_id: '#ui', url: '/openapi.json', validatorUrl: null, deepLinking: true,
  persistAuthorization: false, tryItOutEnabled: true, docExpansion: 'none',
  requestInterceptor: (request) => {
    const path = new URL(request.url, window.location.href).pathname;
    if (path === '/api/events') request.userFetch = beginning;
    return request;
  },
});
";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;\
    padding:0 1rem}code{background:#eee;padding:.1em .3em}";

/// The files of Swagger UI and the description, with the tags under which clients keep them.
pub(super) struct Assets {
    files: Vec<Asset>,
    description: Asset,
    description_in_yaml: Asset,
}

#[derive(Clone)]
struct Asset {
    name: &'static str,
    content_type: &'static str,
    tag: String,
    /// Shared by all answers: whoever asks for it again and again costs no memory.
    body: Bytes,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: &str) -> Self {
        let tag = format!("\"{}\"", hash(body.as_bytes()));
        Self { name, content_type, tag, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn response(&self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, self.content_type)
            .header(header::CACHE_CONTROL, "public, no-cache")
            .header(header::ETAG, &self.tag)
            .body(Body::from_bytes(self.body.clone()))
    }
}

impl Assets {
    /// Takes Swagger UI's files out of the page that poem-openapi puts them into, so that the page
    /// needs no inline script and browsers keep the files.
    pub(super) fn new(document: &Value) -> Result<Self, String> {
        let html = OpenApiService::new((), "", "").swagger_ui_html();
        let between = |start: &str, end: &str| {
            let (_, rest) = html.split_once(start)?;
            rest.split_once(end).map(|(inner, _)| inner)
        };
        let style = between("<style charset=\"UTF-8\">", "</style>\n");
        let script = between("<script charset=\"UTF-8\">", "</script>\n</head>");
        let (Some(style), Some(script)) = (style, script) else {
            return Err("poem-openapi's page of Swagger UI has another shape".to_owned());
        };
        let yaml = serde_saphyr::to_string(document)
            .map_err(|error| format!("the API description can't be written as YAML: {error}"))?;
        Ok(Self {
            files: vec![
                Asset::new("swagger-ui.css", "text/css; charset=utf-8", style),
                Asset::new("swagger-ui.js", "text/javascript; charset=utf-8", script),
                Asset::new("start.js", "text/javascript; charset=utf-8", START),
            ],
            description: Asset::new("openapi.json", "application/json", &document.to_string()),
            description_in_yaml: Asset::new("openapi.yaml", "application/yaml", &yaml),
        })
    }
}

fn html(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header("content-security-policy", POLICY)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
}

/// `/docs`
pub(super) fn page(_: &Assets) -> RouteMethod {
    get(make_sync(|_| html(StatusCode::OK, PAGE.to_owned())))
}

/// `/docs/…`
pub(super) fn file(assets: &Assets) -> RouteMethod {
    let files = assets.files.clone();
    get(make_sync(move |request: Request| -> Result<Response> {
        let name = request.raw_path_param("file").unwrap_or_default();
        let file = files.iter().find(|file| file.name == name);
        Ok(file.ok_or(NotFoundError)?.response())
    }))
}

/// `/openapi.json`
pub(super) fn description(assets: &Assets) -> RouteMethod {
    let description = assets.description.clone();
    get(make_sync(move |_| description.response()))
}

/// `/openapi.yaml`
pub(super) fn description_in_yaml(assets: &Assets) -> RouteMethod {
    let description = assets.description_in_yaml.clone();
    get(make_sync(move |_| description.response()))
}

/// The pages of an earlier system's web site, which lead to the landing page now.
pub(super) const OLD_PAGES: &[&str] = &[
    "/register",
    "/login",
    "/profile",
    "/dashboard",
    "/patients",
    "/doctors",
    "/assignments",
    "/admin",
];

/// Where an earlier system had a page.
pub(super) fn home() -> RouteMethod {
    redirect("/")
}

/// `/swagger`, `/redoc` and `/api-test`
pub(super) fn moved() -> RouteMethod {
    redirect(paths::DOCS)
}

fn redirect(to: &'static str) -> RouteMethod {
    get(make_sync(move |_| {
        Response::builder()
            .status(StatusCode::PERMANENT_REDIRECT)
            .header(header::LOCATION, to)
            .finish()
    }))
}

/// `/problems/{kind}`
pub(super) fn problem() -> RouteMethod {
    get(make_sync(|request: Request| -> Result<Response> {
        let code = request.raw_path_param("kind").unwrap_or_default();
        let kind = Kind::from_code(code).ok_or(NotFoundError)?;
        Ok(html(
            StatusCode::OK,
            format!(
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
                 <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\
                 <p>Kind <code>{code}</code>, HTTP status {status}.</p><p>{text}</p>\
                 <p><a href=\"/docs\">API documentation</a></p></body></html>\n",
                title = kind.title(),
                code = kind.code(),
                status = kind.status(),
                text = kind.explanation().trim(),
            ),
        ))
    }))
}

/// `/`
pub(super) fn landing() -> impl Endpoint {
    get(make_sync(|_| {
        html(
            StatusCode::OK,
            format!(
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
                 <title>Frontdesk</title><style>{STYLE}</style></head>\n<body><h1>Frontdesk</h1>\
                 <p>The front desk of a clinic works in a terminal: run <code>frontdesk --server \
                 ADDRESS</code> with the address of this page. There are no pages for the \
                 browser beyond these:</p><ul>\
                 <li><a href=\"/docs\">API documentation</a></li>\
                 <li>API description (OpenAPI): <a href=\"/openapi.json\">JSON</a>, \
                 <a href=\"/openapi.yaml\">YAML</a></li>\
                 <li><a href=\"/healthz\">Is it alive?</a> \
                 <a href=\"/readyz\">Is it ready?</a></li></ul></body></html>\n"
            ),
        )
        .into_response()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_asset_is_not_copied_for_each_answer() {
        let asset = Asset::new("a.js", "text/javascript", &"x".repeat(1_000_000));
        let mut places = Vec::new();
        for _ in 0..2 {
            let body = asset.response().into_body().into_bytes().await.unwrap();
            assert_eq!(body.len(), 1_000_000);
            places.push(body.as_ptr());
        }
        assert_eq!(places[0], places[1]);
    }
}
