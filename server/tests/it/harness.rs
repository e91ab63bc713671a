//! A server for every case, and a client that checks every answer against the API description.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use argon2::Params;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use server::{
    api::{
        http::connections::{self, Limits},
        openapi,
    },
    app::App,
    config::{Registration, Settings},
    domain::{accounts::users, upgrade},
};
use shared::{
    account::Role,
    compatibility::{Spelling, spelling},
};
use tokio::sync::oneshot;

pub(crate) use crate::place::Place;

/// A password that is valid for every role.
pub(crate) const PASSWORD: &str = "a long walk by the sea";

/// The database that a case runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Declares cases that run on both databases. Each has a body `async fn name(backend: Backend)`.
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {
        mod on_sqlite {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::harness::Backend::Sqlite).await;
            })*
        }
        mod on_postgres {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::harness::Backend::Postgres).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// A running server.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) place: Arc<Place>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
}

impl Server {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_| {}).await
    }

    pub(crate) async fn start_with(backend: Backend, set: impl FnOnce(&mut Settings)) -> Self {
        let place = Arc::new(Place::migrated(backend).await);
        let mut settings = place.settings();
        set(&mut settings);
        Self::start_at(place, settings).await
    }

    pub(crate) async fn start_at(place: Arc<Place>, settings: Settings) -> Self {
        Self::start_within(place, settings, Limits::default()).await
    }

    /// A server with other deadlines for its clients.
    pub(crate) async fn start_within(
        place: Arc<Place>,
        settings: Settings,
        limits: Limits,
    ) -> Self {
        Self::start_hashing(place, settings, limits, cheap()).await
    }

    /// A server that hashes passwords at the real cost, for cases about the time of hashing.
    pub(crate) async fn start_in_earnest(backend: Backend) -> Self {
        let place = Arc::new(Place::migrated(backend).await);
        let settings = place.settings();
        Self::start_hashing(place, settings, Limits::default(), Params::default()).await
    }

    async fn start_hashing(
        place: Arc<Place>,
        settings: Settings,
        limits: Limits,
        cost: Params,
    ) -> Self {
        let listener = connections::listen(settings.listen).unwrap();
        let address = listener.local_addr().unwrap();
        let settings = Settings { listen: address, ..settings };
        let database = settings.database().unwrap();
        let app = upgrade::open_hashing(settings, &database, cost).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = app.clone();
        tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            connections::Server::open(&serving, listener, limits).unwrap().serve(stopped).await;
        });
        Self { app, address, place, stop: Some(stop) }
    }

    /// A second server on the same database.
    pub(crate) async fn twin(&self) -> Self {
        Self::start_at(self.place.clone(), self.place.settings()).await
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }

    /// A client without a login.
    pub(crate) fn nobody(&self) -> Client {
        Client::at(&format!("http://{}", self.address))
    }

    /// Creates an account with a role and logs in. The name is the local part of the e-mail
    /// address.
    pub(crate) async fn somebody(&self, role: Role, email: &str) -> Client {
        let name = email.split('@').next().unwrap();
        let account = users::read_account(email, name, PASSWORD.to_owned(), role).unwrap();
        users::create(&self.app, account, role).await.unwrap();
        self.log_in(email).await
    }

    pub(crate) async fn log_in(&self, email: &str) -> Client {
        let session = self.session(email).await;
        self.nobody().with_token(session["access"].as_str().unwrap())
    }

    pub(crate) async fn session(&self, email: &str) -> Value {
        let login = json!({"email": email, "password": PASSWORD});
        let answer = self.nobody().post("/api/auth/login", login).await;
        answer.expect_status(200).body
    }

    pub(crate) async fn staff(&self) -> Client {
        self.somebody(Role::Staff, "staff@example.com").await
    }

    pub(crate) async fn admin(&self) -> Client {
        self.somebody(Role::Admin, "admin@example.com").await
    }

    pub(crate) async fn member(&self, email: &str) -> Client {
        self.somebody(Role::Member, email).await
    }
}

/// A minimal cost of hashing, for cases that are not about hashing.
fn cheap() -> Params {
    Params::new(64, 1, 1, None).unwrap()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        // The client uses plain HTTP only. Loading the system's certificates takes longer than most
        // cases.
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        // The server closes a connection after a minute without a request. A client that sends at that
        // moment, on a busy machine, would get a reset.
        .pool_idle_timeout(std::time::Duration::from_secs(20))
        .build()
        .unwrap()
}

/// An HTTP client of the server.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) base: String,
    http: reqwest::Client,
    token: Option<String>,
}

/// An answer that was checked against the API description.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Client {
    /// A client of the server at this address, without a login.
    pub(crate) fn at(base: &str) -> Self {
        Self { base: base.to_owned(), http: http(), token: None }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn patch_if(&self, path: &str, version: i64, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).json(&body);
        self.send(request.header("if-match", format!("\"{version}\""))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post_raw(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", content_type);
        self.send(request.body(body)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}{path}", self.base),
        };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and checks the answer against the API description.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        check(&method, &path, status, &headers, &body);
        Answer { status: status.as_u16(), headers, body, text }
    }

    /// Registers a patient and returns the record.
    pub(crate) async fn patient(&self, body: Value) -> Value {
        self.post("/api/patients", body).await.expect_status(201).body
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().unwrap()
    }

    /// The errors about a field in a problem document, as JSON.
    #[track_caller]
    pub(crate) fn field_errors(&self, field: &str) -> String {
        let field_errors = &self.body["errors"][field];
        assert!(field_errors.is_array(), "nothing about {field}: {}", self.text);
        field_errors.to_string()
    }

    pub(crate) fn results(&self) -> &[Value] {
        self.body["results"].as_array().unwrap()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.results().iter().map(|patient| patient["full_name"].as_str().unwrap()).collect()
    }
}

/// The body in the description's example for an operation, or null if it has none.
pub(crate) fn example(document: &Value, operation: &Value) -> Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let place = schema["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
    document.pointer(place).map_or(Value::Null, |schema| schema["example"].clone())
}

/// The described answers of each operation, by status: the schema of the body, or `None` for an
/// answer without a body.
type Operations = HashMap<(String, String), HashMap<u16, Option<Value>>>;

struct Description {
    operations: Operations,
    components: Value,
    validators: Mutex<HashMap<String, Arc<jsonschema::Validator>>>,
}

fn description() -> &'static Description {
    static DESCRIPTION: OnceLock<Description> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let mut document = openapi::document();
        to_json_schema(&mut document["components"]["schemas"]);
        let mut operations = Operations::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap().iter();
                let answers = answers.map(|(status, response)| {
                    let mut media = response["content"].as_object().into_iter().flatten();
                    (
                        status.parse().unwrap(),
                        media.next().map(|(_, media)| media["schema"].clone()),
                    )
                });
                let key = (method.to_uppercase(), path.clone());
                operations.insert(key, answers.collect());
            }
        }
        let components = document["components"].clone();
        Description { operations, components, validators: Mutex::default() }
    })
}

/// Converts OpenAPI 3.0's `nullable` to JSON Schema, and forbids members that are not described.
fn to_json_schema(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(to_json_schema);
            let is_object = members.contains_key("properties") && members.contains_key("type");
            if is_object && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            if members.get("nullable") == Some(&json!(true)) {
                let ty = members.get("type").cloned();
                match ty {
                    Some(ty) => {
                        members.insert("type".to_owned(), json!([ty, "null"]));
                    }
                    None => {
                        let all = members.remove("allOf").unwrap_or(json!([]));
                        let any = json!([{"allOf": all}, {"type": "null"}]);
                        members.insert("anyOf".to_owned(), any);
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        _ => {}
    }
}

/// Fails unless an answer fits the API description.
pub(crate) fn check(
    method: &Method,
    path: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &Value,
) {
    let id = headers.get("x-request-id").expect("an answer without a request id");
    let content_type = headers.get("content-type").map(|value| value.to_str().unwrap());
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(content_type, Some("application/problem+json"), "{method} {path} {status}");
        assert_eq!(body["request_id"].as_str(), Some(id.to_str().unwrap()));
        assert_eq!(body["status"], json!(status.as_u16()));
        fits("Problem", &json!({"$ref": "#/components/schemas/Problem"}), body);
    }
    let description = description();
    // A request to an earlier path is answered like one to the current path.
    let path = match spelling(method.as_str(), path.trim_end_matches('/')) {
        Spelling::Today => path.to_owned(),
        Spelling::Earlier(today) => today,
        Spelling::OtherMethods => return assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED),
    };
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fitting = description.operations.iter().filter(|((described, template), _)| {
        let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
        described == method.as_str()
            && parts.len() == segments.len()
            && parts
                .iter()
                .zip(&segments)
                .all(|(part, segment)| part.starts_with('{') || part == segment)
    });
    // A literal segment wins over a parameter.
    let operation = fitting.min_by_key(|((_, template), _)| template.matches('{').count());
    let Some((name, answers)) = operation else { return };
    let described = answers.get(&status.as_u16());
    let schema = described.unwrap_or_else(|| panic!("{name:?} must not answer {status}: {body}"));
    match schema {
        Some(schema) => fits(&format!("{name:?} {status}"), schema, body),
        None => assert!(body.is_null(), "{name:?} {status} has a body: {body}"),
    }
}

/// Fails unless a value fits a schema of the API description.
#[track_caller]
pub(crate) fn fits(name: &str, schema: &Value, body: &Value) {
    let description = description();
    let validator = {
        let mut validators = description.validators.lock().unwrap();
        let make = || {
            let mut root = schema.clone();
            root["components"] = description.components.clone();
            Arc::new(jsonschema::validator_for(&root).unwrap())
        };
        Arc::clone(validators.entry(schema.to_string()).or_insert_with(make))
    };
    let faults: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{name}: {faults:#?} in {body}");
}

/// Closes registration in the settings.
pub(crate) fn closed(settings: &mut Settings) {
    settings.registration = Registration::Closed;
}
