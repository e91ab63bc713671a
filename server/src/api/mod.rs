//! HTTP: the only place that uses poem. An operation takes the guard first, then path, query,
//! preconditions and body, calls one use case, and answers.

mod assets;
mod assignments;
mod audit;
mod auth;
mod docs;
mod doctors;
mod duplicates;
mod events;
mod health;
pub mod http;
mod oauth;
pub mod openapi;
mod overview;
mod pages;
mod patients;
mod routes;
mod tokens;
mod users;
mod visits;
mod wire;

use std::sync::{Arc, LazyLock};

use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::{OpenApiService, Tags};
use shared::paths;

use self::http::{layers, monitor};
use crate::app::App;

/// The groups of operations in the description.
#[derive(Tags)]
enum Tag {
    /// Registration, login, sessions and your own account.
    Auth,
    /// The administration of accounts.
    Users,
    /// Who did what, when and from where.
    Audit,
    /// The people who are registered at the clinic.
    Patients,
    /// The directory of doctors.
    Doctors,
    /// The assignments of patients to doctors.
    Assignments,
    /// The visits of each day.
    Visits,
    /// Live changes.
    Events,
    /// The dashboard and the quick search.
    Overview,
    /// Information for clients and operators, without a login.
    Service,
}

type Api = (
    health::ServiceApi,
    auth::AuthApi,
    oauth::OAuthApi,
    tokens::TokensApi,
    users::UsersApi,
    audit::AuditApi,
    patients::PatientsApi,
    duplicates::DuplicatesApi,
    doctors::DoctorsApi,
    assignments::AssignmentsApi,
    visits::VisitsApi,
    events::EventsApi,
    overview::OverviewApi,
);

fn service(app: &App) -> OpenApiService<Api, ()> {
    let api = (
        health::ServiceApi(app.clone()),
        auth::AuthApi(app.clone()),
        oauth::OAuthApi(app.clone()),
        tokens::TokensApi(app.clone()),
        users::UsersApi(app.clone()),
        audit::AuditApi(app.clone()),
        patients::PatientsApi(app.clone()),
        duplicates::DuplicatesApi(app.clone()),
        doctors::DoctorsApi(app.clone()),
        assignments::AssignmentsApi(app.clone()),
        visits::VisitsApi(app.clone()),
        events::EventsApi(app.clone()),
        overview::OverviewApi(app.clone()),
    );
    OpenApiService::new(api, "Frontdesk", env!("CARGO_PKG_VERSION"))
}

/// The served paths with their methods.
static ROUTES: LazyLock<routes::Routes> = LazyLock::new(|| routes::Routes::of(&openapi::paths()));

/// The complete endpoint, from the outermost layer on.
pub fn endpoint(app: &App) -> Result<impl Endpoint<Output = Response> + use<>, String> {
    let service = Arc::new(service(app).into_endpoint());
    let monitor = monitor::Monitor::new(app)?;
    let routes = Route::new()
        .nest_no_strip("/api", Arc::clone(&service))
        .at(paths::HEALTHZ, Arc::clone(&service))
        .at(paths::READYZ, service)
        .at(paths::DOCS, docs::page())
        .at("/docs/:file", docs::file())
        .at("/swagger", docs::moved())
        .at("/redoc", docs::moved())
        .at(paths::OPENAPI_JSON, docs::description())
        .at(paths::OPENAPI_YAML, docs::description_in_yaml())
        .at(pages::PROBLEMS, pages::problems())
        .at("/problems/:kind", pages::problem())
        .at("/style.css", pages::style())
        .at("/favicon.svg", pages::icon())
        .at("/favicon.ico", pages::icon())
        .at("/", pages::landing());
    let routes = docs::OLD_PAGES.iter().fold(routes, |routes, page| routes.at(page, docs::home()));
    let routes = routes.at("/api-test", docs::moved());
    let routes = match monitor.is_on_main_address() {
        true => routes.at(paths::METRICS, monitor.route()),
        false => routes,
    };
    Ok(layers::Layers::new(app.clone(), &ROUTES, routes.map_to_response()))
}
