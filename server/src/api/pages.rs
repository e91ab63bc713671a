//! The pages for people: the landing page and the explanations of problems. They share a style
//! sheet and an icon, and have no script.

use poem::{
    Request, Response, Result, RouteMethod,
    endpoint::make_sync,
    error::NotFoundError,
    get,
    http::{StatusCode, header},
};
use shared::{Kind, error_codes, paths};

use super::{assets::Asset, wire::address::Address};

/// Only the style sheet and the icon may be loaded.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("pages/style.css");
const ICON: &str = include_str!("pages/icon.svg");

/// `/style.css`
pub(super) fn style() -> RouteMethod {
    Asset::new("text/css; charset=utf-8", STYLE).route()
}

/// `/favicon.svg`, and `/favicon.ico`, which browsers request on their own.
pub(super) fn icon() -> RouteMethod {
    Asset::new("image/svg+xml", ICON).route()
}

/// `/`
pub(super) fn landing() -> RouteMethod {
    get(make_sync(|request: Request| {
        let base = request.extensions().get::<Address>().map(Address::base).unwrap_or_default();
        page(
            "Frontdesk",
            &format!(
                "<h1>Frontdesk</h1>\n\
                 <p class=\"lead\">The front desk of a clinic: patients, doctors, and \
                 assignments.</p>\n\
                 <h2>Open the desk</h2>\n\
                 <p>People work with Frontdesk in a terminal. Start it with the address of this \
                 server:</p>\n\
                 <pre><code>frontdesk --server {base}</code></pre>\n\
                 <h2>Use the API</h2>\n\
                 <ul>\n\
                 <li><a href=\"{docs}\">API documentation</a>: read about every operation and try \
                 it out.</li>\n\
                 <li>OpenAPI description: <a href=\"{json}\">JSON</a> or \
                 <a href=\"{yaml}\">YAML</a>.</li>\n\
                 <li><a href=\"{problems}\">Errors</a>: every kind of problem and every error \
                 code.</li>\n\
                 </ul>\n\
                 <h2>Check the server</h2>\n\
                 <ul>\n\
                 <li><a href=\"{healthz}\">Is the server alive?</a></li>\n\
                 <li><a href=\"{readyz}\">Is the server ready?</a></li>\n\
                 </ul>\n",
                base = escaped(base),
                docs = paths::DOCS,
                json = paths::OPENAPI_JSON,
                yaml = paths::OPENAPI_YAML,
                problems = PROBLEMS,
                healthz = paths::HEALTHZ,
                readyz = paths::READYZ,
            ),
        )
    }))
}

/// The path of the list of all problems.
pub(super) const PROBLEMS: &str = "/problems";

/// `/problems`
pub(super) fn problems() -> RouteMethod {
    get(make_sync(|_| {
        let kinds: String = Kind::ALL
            .iter()
            .map(|kind| {
                format!(
                    "<tr><td><a href=\"{PROBLEMS}/{code}\"><code>{code}</code></a></td>\
                     <td>{status}</td><td>{title}</td></tr>\n",
                    code = kind.code(),
                    status = kind.status(),
                    title = escaped(kind.title()),
                )
            })
            .collect();
        let codes: String = error_codes::ALL
            .iter()
            .map(|code| {
                let params: Vec<String> = code
                    .params
                    .iter()
                    .map(|(name, about)| format!("<code>{name}</code>: {}", prose(about)))
                    .collect();
                format!(
                    "<tr id=\"{name}\"><td><code>{name}</code></td><td>{meaning}</td>\
                     <td>{params}</td></tr>\n",
                    name = code.name,
                    meaning = prose(code.meaning),
                    params = params.join("<br>"),
                )
            })
            .collect();
        page(
            "Errors",
            &format!(
                "<h1>Errors</h1>\n\
                 <p class=\"lead\">Every error is a problem document (RFC 9457, \
                 <code>application/problem+json</code>).</p>\n\
                 <h2>Kinds of problem</h2>\n\
                 <p>The member <code>error</code> holds the kind. <code>type</code> is the address \
                 of its page.</p>\n\
                 <table>\n<thead><tr><th>Kind</th><th>Status</th><th>Title</th></tr></thead>\n\
                 <tbody>\n{kinds}</tbody>\n</table>\n\
                 <h2>Error codes</h2>\n\
                 <p>The member <code>error_codes</code> lists every error in the input: \
                 <code>field</code> is the member or parameter, <code>code</code> one of the \
                 codes below. <code>params</code> holds the values for a sentence of your own; a \
                 parameter is left out where it does not apply.</p>\n\
                 <table>\n<thead><tr><th>Code</th><th>Meaning</th><th>Parameters</th></tr></thead>\n\
                 <tbody>\n{codes}</tbody>\n</table>\n"
            ),
        )
    }))
}

/// `/problems/{kind}`
pub(super) fn problem() -> RouteMethod {
    get(make_sync(|request: Request| -> Result<Response> {
        let code = request.raw_path_param("kind").unwrap_or_default();
        let kind = Kind::from_code(code).ok_or(NotFoundError)?;
        let codes = match kind {
            Kind::Validation | Kind::Conflict => format!(
                "<p>The member <code>error_codes</code> gives the reason for each bad member as a \
                 <a href=\"{PROBLEMS}\">stable code</a>.</p>\n"
            ),
            _ => String::new(),
        };
        Ok(page(
            kind.title(),
            &format!(
                "<h1>{title}</h1>\n\
                 <p class=\"lead\">Kind <code>{code}</code>, HTTP status {status}</p>\n\
                 <p>{text}</p>\n{codes}\
                 <p><a href=\"{PROBLEMS}\">All errors</a> · <a href=\"{docs}\">API \
                 documentation</a></p>\n",
                title = escaped(kind.title()),
                code = kind.code(),
                status = kind.status(),
                text = prose(kind.explanation().trim()),
                docs = paths::DOCS,
            ),
        ))
    }))
}

fn page(title: &str, body: &str) -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header("content-security-policy", POLICY)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n\
             <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n\
             <header><a href=\"/\"><img src=\"/favicon.svg\" alt=\"\" width=\"24\" height=\"24\"> \
             Frontdesk</a></header>\n<main>\n{body}</main>\n\
             <footer>Frontdesk {version}</footer>\n</body>\n</html>\n",
            title = escaped(title),
            version = env!("CARGO_PKG_VERSION"),
        ))
}

/// Escapes text for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Formats a sentence with code between backticks.
fn prose(text: &str) -> String {
    let parts = escaped(text);
    let parts = parts.split('`').enumerate().map(|(i, part)| match i % 2 {
        0 => part.to_owned(),
        _ => format!("<code>{part}</code>"),
    });
    parts.collect()
}
