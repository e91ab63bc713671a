//! HTTP: the one place that knows poem. An operation takes the guard first, then path, query,
//! preconditions and body, calls one use case, and answers.

mod assignments;
mod auth;
mod body;
pub mod connections;
mod docs;
mod doctors;
mod failure;
mod guard;
mod health;
mod layers;
pub mod openapi;
mod overview;
mod params;
mod patients;
mod problem;
mod reply;
mod routes;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::{OpenApiService, Tags};
use shared::paths;

use crate::app::App;

/// The groups of operations in the description.
#[derive(Tags)]
enum Tag {
    /// Registering, logging in, sessions and one's own account.
    Auth,
    /// The people who are registered at the clinic.
    Patients,
    /// The directory of doctors.
    Doctors,
    /// Patients in the care of doctors.
    Assignments,
    /// The figures of the day, and one box for whatever is typed.
    Overview,
    /// What a client and an operator need to know before anybody logs in.
    Service,
}

type Api = (
    health::ServiceApi,
    auth::AuthApi,
    patients::PatientsApi,
    doctors::DoctorsApi,
    assignments::AssignmentsApi,
    overview::OverviewApi,
);

fn service(app: &App) -> OpenApiService<Api, ()> {
    let api = (
        health::ServiceApi(app.clone()),
        auth::AuthApi(app.clone()),
        patients::PatientsApi(app.clone()),
        doctors::DoctorsApi(app.clone()),
        assignments::AssignmentsApi(app.clone()),
        overview::OverviewApi(app.clone()),
    );
    OpenApiService::new(api, "Frontdesk", env!("CARGO_PKG_VERSION"))
}

/// Everything the server answers, from the outermost layer on.
pub fn endpoint(app: &App) -> Result<impl Endpoint<Output = Response> + use<>, String> {
    let document = openapi::document();
    let operations = routes::Routes::of(&document)?;
    let assets = docs::Assets::new(&document)?;
    let service = Arc::new(service(app).into_endpoint());
    let routes = Route::new()
        .nest_no_strip("/api", Arc::clone(&service))
        .at(paths::HEALTHZ, Arc::clone(&service))
        .at(paths::READYZ, service)
        .at(paths::DOCS, docs::page(&assets))
        .at("/docs/:file", docs::file(&assets))
        .at("/swagger", docs::moved())
        .at("/redoc", docs::moved())
        .at(paths::OPENAPI_JSON, docs::description(&assets))
        .at("/problems/:kind", docs::problem())
        .at("/", docs::landing());
    Ok(layers::Layers::new(app.clone(), operations, routes.map_to_response()))
}
