//! Swagger UI and the API description, served without any external files.

use poem::{
    Request, Response, RouteMethod,
    endpoint::{make, make_sync},
    error::NotFoundError,
    get,
    http::{StatusCode, header},
};
use poem_openapi::OpenApiService;
use serde_json::Value;
use shared::paths;
use tokio::{sync::OnceCell, task::spawn_blocking};

use super::{assets::Asset, openapi, wire::problem::raise};
use crate::error::Error;

/// Only files of this server may be loaded.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";

const PAGE: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Frontdesk API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"##;

/// Swagger UI shows an answer when it is complete, but the stream of events never ends. This
/// script shows the first seconds of it.
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

/// What the first request for one of them makes: that takes longer than the rest of the start, and few
/// servers are asked for it.
static ASSETS: OnceCell<Assets> = OnceCell::const_new();

async fn make_assets() -> Result<Assets, Error> {
    let made = spawn_blocking(|| Assets::new(&openapi::document())).await;
    made.map_err(|error| Error::Internal(error.into()))?.map_err(Error::internal)
}

/// The files of Swagger UI by name, and the API description.
struct Assets {
    files: Vec<(&'static str, Asset)>,
    description: Asset,
    description_in_yaml: Asset,
}

impl Assets {
    /// Extracts Swagger UI's files from the page that poem-openapi generates, so that the page
    /// needs no inline script and browsers can cache the files.
    fn new(document: &Value) -> Result<Self, String> {
        let html = OpenApiService::new((), "", "").swagger_ui_html();
        let between = |start: &str, end: &str| {
            let (_, rest) = html.split_once(start)?;
            rest.split_once(end).map(|(inner, _)| inner)
        };
        let style = between("<style charset=\"UTF-8\">", "</style>\n");
        let script = between("<script charset=\"UTF-8\">", "</script>\n</head>");
        let (Some(style), Some(script)) = (style, script) else {
            return Err(
                "the page of Swagger UI from poem-openapi has an unexpected structure".to_owned()
            );
        };
        let yaml = serde_saphyr::to_string(document)
            .map_err(|error| format!("the API description can't be written as YAML: {error}"))?;
        Ok(Self {
            files: vec![
                ("swagger-ui.css", Asset::new("text/css; charset=utf-8", style)),
                ("swagger-ui.js", Asset::new("text/javascript; charset=utf-8", script)),
                ("start.js", Asset::new("text/javascript; charset=utf-8", START)),
            ],
            description: Asset::new("application/json", &document.to_string()),
            description_in_yaml: Asset::new("application/yaml", &yaml),
        })
    }
}

/// `/docs`
pub(super) fn page() -> RouteMethod {
    get(make_sync(|_| {
        Response::builder()
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .header("content-security-policy", POLICY)
            .header(header::CACHE_CONTROL, "no-cache")
            .body(PAGE)
    }))
}

/// Answers with one of the assets.
async fn answer(
    request: Request,
    pick: impl Fn(&'static Assets, &Request) -> Option<&'static Asset>,
) -> Result<Response, poem::Error> {
    let assets = ASSETS.get_or_try_init(make_assets).await.map_err(raise)?;
    let asset = pick(assets, &request).ok_or(NotFoundError)?;
    Ok(asset.response(request.headers()).await)
}

/// `/docs/…`
pub(super) fn file() -> RouteMethod {
    get(make(|request| {
        answer(request, |assets, request| {
            let name = request.raw_path_param("file").unwrap_or_default();
            assets.files.iter().find(|(known, _)| *known == name).map(|(_, file)| file)
        })
    }))
}

/// `/openapi.json`
pub(super) fn description() -> RouteMethod {
    get(make(|request| answer(request, |assets, _| Some(&assets.description))))
}

/// `/openapi.yaml`
pub(super) fn description_in_yaml() -> RouteMethod {
    get(make(|request| answer(request, |assets, _| Some(&assets.description_in_yaml))))
}

/// The pages of an earlier system's web site, which now redirect to the landing page.
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

/// Redirects the pages of an earlier system.
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
