//! Information for clients and operators that needs no login.

use poem_openapi::OpenApi;
use shared::{
    account::{PASSWORD_MIN, PASSWORD_MIN_STAFF},
    meta::{Health, Meta},
    page::PAGE_SIZE_MAX,
    query::NoQuery,
};

use super::{
    Tag,
    wire::{body::BODY_MAX, failure::Failure, params::QueryParams, reply::Reply},
};
use crate::{
    app::{App, Readiness},
    domain::accounts::users,
    error::Error,
};

pub(super) struct ServiceApi(pub(super) App);

#[OpenApi(tag = "Tag::Service")]
impl ServiceApi {
    /// Read what a client needs to know
    ///
    /// The version, the time zone, whether registration is open, whether an e-mail address must be
    /// confirmed, whether the first administrator is still missing, and the limits that a client
    /// must obey.
    #[oai(path = "/api/meta", method = "get", operation_id = "get_meta")]
    async fn get_meta(&self, _query: QueryParams<NoQuery>) -> Result<Reply<Meta>, Failure> {
        let app = &self.0;
        let limit = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(Reply::new(Meta {
            name: "Frontdesk".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time_zone: app.clock().zone().name().to_owned(),
            today: app.clock().today(),
            is_registration_open: app.settings().is_registration_open(),
            is_verified_email_required: app.settings().require_verified_email,
            is_setup_needed: users::is_setup_needed(app).await?,
            password_min: limit(PASSWORD_MIN),
            password_min_staff: limit(PASSWORD_MIN_STAFF),
            body_max: limit(BODY_MAX),
            page_size_max: PAGE_SIZE_MAX,
            access_token_minutes: app.settings().access_token_minutes,
        }))
    }

    /// Check whether the process is alive
    ///
    /// Answers 200 while the process runs, even if the database is away or the server is stopping.
    /// `/readyz` says whether the server can serve requests.
    #[oai(path = "/healthz", method = "get", operation_id = "get_liveness")]
    async fn get_liveness(&self, _query: QueryParams<NoQuery>) -> Result<Reply<Health>, Failure> {
        Ok(Reply::new(Health { status: "alive", storage_full: None }))
    }

    /// Check whether the server is ready
    ///
    /// Ready means that the database can be read and written, its tables are up to date, and the
    /// server is not stopping. A stopping server answers every other request with 503 too. If only
    /// storage space is missing, records can still be read: the server is ready and reports
    /// `storage_full`.
    #[oai(path = "/readyz", method = "get", operation_id = "get_readiness")]
    async fn get_readiness(&self, _query: QueryParams<NoQuery>) -> Result<Reply<Health>, Failure> {
        let app = &self.0;
        let is_full = match app.readiness().await {
            Readiness::Ready => false,
            Readiness::Full => true,
            Readiness::Away => {
                let reason = "the database can't be reached or written";
                return Err(Error::Unavailable { reason, after: 1 }.into());
            }
        };
        Ok(Reply::new(Health { status: "ready", storage_full: Some(is_full) }))
    }
}
