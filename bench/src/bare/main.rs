//! The limit that Frontdesk is compared with: a program of poem and sqlx that does the same work for the
//! same rows and has nothing around it. No rules, permissions, sessions or counts, no audit events of
//! reads, no entity tags, metrics or log.
//!
//! `bare sqlite FILE` or `bare postgres URL` serves a database that Frontdesk has made. It prints its
//! address and a token, and ends with its standard input.

mod create;
mod read;
mod store;

use std::io::{Read, Write};

use chrono::NaiveDate;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use poem::{
    EndpointExt, IntoResponse, Request, Response, Result, Route, Server,
    error::{BadRequest, InternalServerError, NotFoundError},
    get, handler,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
    web::{Data, Json, Path, Query},
};
use serde::{Deserialize, Serialize};
use shared::patient::{Patient, PatientFields};

use store::Store;

type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The user as whom patients are created.
const USER: i64 = 1;
/// A secret that protects nothing: the program listens on this machine only, for a measurement.
const SECRET: &[u8] = b"the secret of a program that is only measured";

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
}

#[derive(Deserialize)]
struct ListQuery {
    search: Option<String>,
}

#[derive(Serialize)]
struct Page {
    next: Option<i64>,
    results: Vec<Patient>,
}

/// What requests share.
#[derive(Clone)]
struct State {
    store: Store,
    today: NaiveDate,
}

/// Verifies the token of a request.
fn check(request: &Request) -> Result<()> {
    let unauthorized = || poem::Error::from_status(StatusCode::UNAUTHORIZED);
    let header = request.header("authorization").ok_or_else(unauthorized)?;
    let token = header.strip_prefix("Bearer ").ok_or_else(unauthorized)?;
    let key = DecodingKey::from_secret(SECRET);
    let valid = jsonwebtoken::decode::<Claims>(token, &key, &Validation::default());
    valid.map(drop).map_err(|_| unauthorized())
}

#[handler]
async fn one(request: &Request, Path(id): Path<i64>, state: Data<&State>) -> Result<Json<Patient>> {
    check(request)?;
    let patient = state.store.get(id, state.today).await.map_err(InternalServerError)?;
    Ok(Json(read::alone(patient.ok_or(NotFoundError)?)))
}

#[handler]
async fn list(
    request: &Request,
    Query(query): Query<ListQuery>,
    state: Data<&State>,
) -> Result<Json<Page>> {
    check(request)?;
    let found = match &query.search {
        None => state.store.list(state.today).await,
        Some(start) => state.store.search(start, state.today).await,
    };
    let results = found.map_err(InternalServerError)?;
    Ok(Json(Page { next: results.last().map(|patient| patient.id.0), results }))
}

#[handler]
async fn register(request: &Request, body: Vec<u8>, state: Data<&State>) -> Result<Response> {
    check(request)?;
    let fields: PatientFields = serde_json::from_slice(&body).map_err(BadRequest)?;
    let patient = state.store.create(fields, state.today).await;
    let patient = patient.map_err(|error| InternalServerError(std::io::Error::other(error)))?;
    Ok(Json(read::alone(patient)).with_status(StatusCode::CREATED).into_response())
}

fn main() -> Outcome<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve())
}

async fn serve() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let [kind, place] = *words else { return Err("usage: bare sqlite FILE | postgres URL".into()) };
    let store = Store::open(kind, place).await?;
    let now = server::clock::Clock::new(chrono_tz::Tz::UTC).now();
    let claims = Claims { sub: USER.to_string(), exp: now.timestamp() + 24 * 60 * 60 };
    let key = EncodingKey::from_secret(SECRET);
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key)?;
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr().into_iter().next().ok_or("no address")?;
    let address = address.0.as_socket_addr().copied().ok_or("no address")?;
    writeln!(std::io::stdout(), "http://{address} {token}")?;
    let app = Route::new()
        .at("/api/patients", get(list).post(register))
        .at("/api/patients/:id", get(one))
        .data(State { store, today: now.date_naive() });
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let end = async {
        // Standard input that cannot be read has ended as well.
        let _ = ended.await;
    };
    Ok(Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(app, end, None).await?)
}
