//! Examples of problems, each with the members of its kind.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use shared::{Expected, FieldError, FieldErrors, Kind, Problem};

use crate::{
    api::wire::{
        body::BODY_MAX,
        problem::{Refusal, problem as of_error},
    },
    error::{Contradiction, Error, Stale, StaleCause, TokenRefusal},
};

/// The id of the request in the examples.
const REQUEST_ID: &str = "4f1c2a9b7d3e";

/// An example for a schema, built from the examples of its members.
pub(super) fn example_of(schema: &Value, schemas: &Map<String, Value>) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema.get("default")) {
        return example.clone();
    }
    if let Some(name) =
        schema.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next())
    {
        return schemas.get(name).map_or(Value::Null, |target| example_of(target, schemas));
    }
    for several in ["enum", "allOf", "anyOf", "oneOf"] {
        if let Some(first) = schema.get(several).and_then(|all| all.get(0)) {
            return if several == "enum" { first.clone() } else { example_of(first, schemas) };
        }
    }
    let member = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
    match (member("type"), member("format")) {
        ("object", _) => {
            let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            members.map(|(name, it)| (name.clone(), example_of(it, schemas))).collect()
        }
        ("array", _) => {
            json!([schema.get("items").map(|items| example_of(items, schemas))])
        }
        ("integer" | "number", _) => {
            schema.get("minimum").map_or(json!(1), |it| json!(it.as_f64().unwrap_or(1.0) as i64))
        }
        ("boolean", _) => json!(false),
        (_, "date-time") => json!("2026-11-20T08:30:00.123456Z"),
        (_, "date") => json!("2026-11-20"),
        _ => Value::Null,
    }
}

/// An example of a problem of an operation. `answered` is the record concerned, with its name.
pub(super) fn problem(
    kind: Kind,
    operation: &Map<String, Value>,
    schemas: &Map<String, Value>,
    answered: Option<&(&str, Value)>,
) -> Value {
    let mut problem = match error(kind, operation, schemas, answered) {
        Ok(error) => of_error(&error),
        Err(refusal) => Problem::new(kind, refusal.to_string()),
    };
    REQUEST_ID.clone_into(&mut problem.request_id);
    json!(problem)
}

fn error(
    kind: Kind,
    operation: &Map<String, Value>,
    schemas: &Map<String, Value>,
    answered: Option<&(&str, Value)>,
) -> Result<Error, Refusal> {
    let one = |field: &str, error| FieldErrors::one(field, error);
    Ok(match kind {
        Kind::Validation => Error::Invalid(invalid(operation, schemas)),
        Kind::InvalidRequest => Error::TokenRequest(TokenRefusal::InvalidRequest(one(
            "username",
            FieldError::required(),
        ))),
        Kind::InvalidGrant => {
            let why = "e-mail, username or password is wrong";
            Error::TokenRequest(TokenRefusal::InvalidGrant(why))
        }
        Kind::UnsupportedGrantType => {
            let error = FieldError::not_one_of(&["password", "refresh_token"]);
            Error::TokenRequest(TokenRefusal::UnsupportedGrantType(one("grant_type", error)))
        }
        Kind::InvalidScope => {
            let error = FieldError::new("unknown", "must be left out: there are no scopes");
            Error::TokenRequest(TokenRefusal::InvalidScope(one("scope", error)))
        }
        Kind::Unauthenticated => {
            Error::Unauthenticated("log in and send the token in Authorization")
        }
        Kind::Forbidden => Error::Forbidden("this is for administrators"),
        Kind::EmailUnverified => Error::EmailUnverified,
        Kind::NotFound | Kind::MethodNotAllowed => Error::NotFound,
        Kind::Conflict => conflict(operation, answered),
        Kind::Stale => Error::Stale(Box::new(Stale {
            current: answered.map_or(Value::Null, |(_, record)| record.clone()),
            changed_by: "ana".to_owned(),
            changed_at: DateTime::<Utc>::from_timestamp(1_795_163_400, 0).unwrap_or_default(),
            cause: StaleCause::ChangedByOther,
        })),
        Kind::KeyReused => Error::KeyReused,
        Kind::PreconditionRequired => Error::PreconditionRequired,
        Kind::TooManyRequests => Error::TooManyRequests { after: 30 },
        Kind::Internal => Error::internal("an example"),
        Kind::Unavailable => Error::Unavailable { reason: "the server is stopping", after: 5 },
        Kind::StorageFull => Error::StorageFull { after: 30 },
        Kind::Timeout => return Err(Refusal::Timeout),
        Kind::TooLarge => return Err(Refusal::TooLarge(BODY_MAX)),
        Kind::UnsupportedMediaType => {
            return Err(Refusal::UnsupportedMediaType("application/json"));
        }
    })
}

/// A bad member of the body, or an unknown parameter.
fn invalid(operation: &Map<String, Value>, schemas: &Map<String, Value>) -> FieldErrors {
    let body = operation.get("requestBody").and_then(|body| {
        let media = body.get("content")?.as_object()?.values().next()?;
        let reference = media.pointer("/schema/$ref")?.as_str()?;
        let schema = schemas.get(reference.rsplit('/').next()?)?;
        schema.get("properties")?.as_object()?.keys().next()
    });
    match body {
        Some(member) => FieldErrors::one(member.as_str(), FieldError::wrong_type(Expected::String)),
        None => FieldErrors::one("pagesize", FieldError::new("unknown", "is not known")),
    }
}

/// A conflict, with the record if the operation's answer shows it.
fn conflict(operation: &Map<String, Value>, answered: Option<&(&str, Value)>) -> Error {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<_> = parameters.filter_map(|it| it.get("name")?.as_str()).collect();
    let is_new = operation.get("operationId").and_then(Value::as_str) == Some("create_patient");
    let (errors, name, shown) = match answered {
        _ if names.contains(&"reassign_to") => {
            let message = "has 3 active assignments: set reassign_to to another doctor's id, or \
                end_assignments=true";
            let error = FieldError::new("has_patients", message).with("active", 3);
            (FieldErrors::one("id", error), "active_assignments", json!(3))
        }
        Some(("Patient", record)) if is_new => {
            let message = "must name 1 patient who is likely to be the same person, where this is \
                somebody else";
            let error = FieldError::new("likely_duplicate", message).with("count", 1);
            let reasons = ["same_name", "same_date_of_birth"];
            let likely = json!([{"patient": record, "grade": "probable", "score": 0.85, "reasons": reasons}]);
            (FieldErrors::one("duplicates_seen", error), "duplicates", likely)
        }
        Some(("Assignment", record)) => {
            let message = "already has this patient";
            let error = FieldError::new("already_assigned", message);
            (FieldErrors::one("doctor", error), "existing", record.clone())
        }
        Some(("Visit", record)) => {
            let message = "has an open visit on this day already";
            let error = FieldError::new("already_open", message);
            (FieldErrors::one("patient", error), "existing", record.clone())
        }
        _ => {
            let message = "another record already has this";
            return Error::conflict("email", "not_unique", message);
        }
    };
    Error::Contradiction(Box::new(Contradiction { errors, name, shown }))
}
