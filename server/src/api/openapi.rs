//! The API description. poem-openapi writes it from the operations; what it can't say is put in
//! here: the schemas (see `shared::describe`), queries, preconditions, headers and examples.

use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, MetaSchema, MetaSchemaRef, Registry},
};
use serde_json::{Map, Value, json};
use shared::{
    Kind, Page,
    account::{
        Account, ApiToken, CreatedApiToken, CreatedUser, EmailVerification, IssuedCode, Login,
        LoginSession, Logout, MailRequest, NewApiToken, NewUser, OAuthTokens, PasswordChange,
        PasswordReset, ProfilePatch, ProfileReplacement, Refresh, Refreshed, Registered,
        Registration, Session, UserFilter, UserPatch, VisibleUser,
    },
    assignment::{
        Assignment, AssignmentFilter, AssignmentPatch, AssignmentReplacement, NewAssignment,
        Transfer,
    },
    audit::{AuditEntry, AuditFilter},
    dashboard::Dashboard,
    describe::{Describe, Schemas, Shape},
    doctor::{
        Doctor, DoctorFilter, DoctorLookup, DoctorPatch, DoctorRemoval, DoctorReplacement, Link,
        NewDoctor, SpecializationCount,
    },
    event::Changed,
    history::HistoryEntry,
    lookup::{Lookup, LookupQuery},
    meta::Meta,
    patient::{
        Archiving, NewPatient, Patient, PatientFilter, PatientLookup, PatientPatch,
        PatientReplacement, Purging,
    },
    problem::Problem,
    query::{ListQuery, Query},
};

use super::{
    Api,
    body::{IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX},
    compatibility,
    oauth::Grant,
    params::TAGS_MAX,
};

/// Longest value of a header in an answer.
const HEADER_MAX: usize = 200;
/// Most seconds after which to try again: a day.
const RETRY_AFTER_MAX: i64 = 86_400;

/// Name, meaning and schema of each parameter of a query.
type Parameters = fn(&mut Schemas) -> Vec<(&'static str, String, Shape)>;

/// The queries of the operations that have one.
const QUERIES: &[(&str, Parameters)] = &[
    ("list_patients", PatientFilter::describe),
    ("get_patient", PatientLookup::describe),
    ("list_patient_history", ListQuery::describe),
    ("list_patient_doctors", AssignmentFilter::describe),
    ("list_doctors", DoctorFilter::describe),
    ("get_doctor", DoctorLookup::describe),
    ("delete_doctor", DoctorRemoval::describe),
    ("archive_doctor", DoctorRemoval::describe),
    ("list_specializations", ListQuery::describe),
    ("list_doctor_patients", AssignmentFilter::describe),
    ("list_doctor_history", ListQuery::describe),
    ("list_assignments", AssignmentFilter::describe),
    ("list_assignment_history", ListQuery::describe),
    ("list_sessions", ListQuery::describe),
    ("list_tokens", ListQuery::describe),
    ("list_users", UserFilter::describe),
    ("list_audit", AuditFilter::describe),
    ("look_up", LookupQuery::describe),
];

/// The parameters without which there is nothing to answer: operation and name.
const NEEDED: &[(&str, &str)] = &[("look_up", "q")];

/// The operations that take `If-Match`.
const GUARDED: &[&str] = &[
    "replace_profile",
    "update_profile",
    "update_user",
    "delete_user",
    "replace_patient",
    "update_patient",
    "delete_patient",
    "archive_patient",
    "restore_patient",
    "purge_patient",
    "link_patient_user",
    "unlink_patient_user",
    "replace_doctor",
    "update_doctor",
    "delete_doctor",
    "archive_doctor",
    "restore_doctor",
    "link_doctor_user",
    "unlink_doctor_user",
    "replace_assignment",
    "update_assignment",
    "delete_assignment",
    "transfer_assignment",
];

/// The operations that take `Idempotency-Key`.
const CREATING: &[&str] =
    &["create_patient", "create_doctor", "create_assignment", "transfer_assignment", "create_user"];

/// The operations that take `If-None-Match`.
const TAGGED: &[&str] = &["get_profile", "get_user", "get_patient", "get_doctor", "get_assignment"];

/// The operations that take `Last-Event-ID`.
const RESUMED: &[&str] = &["listen"];

/// Everything that is sent or answered.
const SCHEMAS: &[fn(&mut Schemas) -> Shape] = &[
    Problem::shape,
    Meta::shape,
    Registration::shape,
    Registered::shape,
    Login::shape,
    Session::shape,
    Refresh::shape,
    Refreshed::shape,
    Grant::shape,
    OAuthTokens::shape,
    Logout::shape,
    PasswordChange::shape,
    MailRequest::shape,
    EmailVerification::shape,
    ProfileReplacement::shape,
    ProfilePatch::shape,
    Page::<LoginSession>::shape,
    PasswordReset::shape,
    NewApiToken::shape,
    CreatedApiToken::shape,
    Page::<ApiToken>::shape,
    NewUser::shape,
    CreatedUser::shape,
    Account::shape,
    UserPatch::shape,
    IssuedCode::shape,
    Page::<VisibleUser>::shape,
    Page::<AuditEntry>::shape,
    NewPatient::shape,
    PatientReplacement::shape,
    PatientPatch::shape,
    Page::<Patient>::shape,
    Page::<HistoryEntry>::shape,
    Archiving::shape,
    Purging::shape,
    NewDoctor::shape,
    DoctorReplacement::shape,
    DoctorPatch::shape,
    Page::<Doctor>::shape,
    Page::<SpecializationCount>::shape,
    Link::shape,
    NewAssignment::shape,
    AssignmentReplacement::shape,
    AssignmentPatch::shape,
    Transfer::shape,
    Page::<Assignment>::shape,
    Changed::shape,
    Dashboard::shape,
    Lookup::shape,
];

/// The name of a described type, where it is an object.
fn name_of<T: Describe>() -> Option<String> {
    let shape = T::shape(&mut Schemas::default()).into_value();
    let reference = shape.get("$ref")?.as_str()?;
    reference.rsplit('/').next().map(str::to_owned)
}

/// The reference that an operation makes to a described type.
pub(super) fn reference<T: Describe>() -> MetaSchemaRef {
    match name_of::<T>() {
        Some(name) => MetaSchemaRef::Reference(name),
        None => MetaSchemaRef::Inline(Box::new(MetaSchema::new("object"))),
    }
}

/// Enters a placeholder, which the description's own schema then replaces: poem-openapi refuses
/// references to what it does not know.
pub(super) fn register<T: Describe>(registry: &mut Registry) {
    if let Some(name) = name_of::<T>() {
        registry.create_schema::<String, _>(name, |_| MetaSchema::new("object"));
    }
}

/// The operations without the state that serves them.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        <Api as OpenApi>::meta()
    }

    fn register(registry: &mut Registry) {
        <Api as OpenApi>::register(registry);
    }

    fn add_routes(
        self,
        _: &mut std::collections::HashMap<
            String,
            std::collections::HashMap<poem::http::Method, poem::endpoint::BoxEndpoint<'static>>,
        >,
    ) {
    }
}

/// The whole description.
pub fn document() -> Value {
    let service = OpenApiService::new(Described, "Frontdesk", env!("CARGO_PKG_VERSION"))
        .description(
            "The front desk of a clinic: its patients, its doctors, who takes care of whom, their \
             history, and the accounts of those who work with them. \
             Log in with `POST /api/auth/login` and send the access token as \
             `Authorization: Bearer …`. Every error is a problem document (RFC 9457).",
        )
        .server("/");
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    let mut schemas = Schemas::default();
    for schema in SCHEMAS {
        schema(&mut schemas);
    }
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for operations in paths.values_mut().filter_map(Value::as_object_mut) {
            for operation in operations.values_mut().filter_map(Value::as_object_mut) {
                complete(operation, &mut schemas);
            }
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("schemas".to_owned(), json!(schemas.into_map()));
        components.insert("headers".to_owned(), headers());
    }
    let flow = document.pointer_mut("/components/securitySchemes/password/flows/password");
    if let Some(flow) = flow.and_then(Value::as_object_mut) {
        // poem-openapi leaves out an empty list, which OpenAPI asks for.
        flow.insert("scopes".to_owned(), json!({}));
    }
    compatibility::describe(&mut document);
    document
}

/// The parameters that poem-openapi does not know of: queries and headers.
fn parameters(id: &str, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters: Vec<Value> = Vec::new();
    for (_, describe) in QUERIES.iter().filter(|(query, _)| *query == id) {
        for (name, description, shape) in describe(schemas) {
            parameters.push(json!({
                "name": name, "in": "query", "description": description,
                "required": NEEDED.contains(&(id, name)), "schema": shape.into_value(),
            }));
        }
    }
    let headers = [
        (
            GUARDED,
            "If-Match",
            "The version that was read: its entity tag (`\"7-4fa2\"`, or without the hash \
                `\"7\"`), or `*`. \
                Needed where somebody else was the last to change the record.",
            Shape::string().max_length(TAGS_MAX).example("*"),
        ),
        (
            CREATING,
            IDEMPOTENCY_KEY,
            "A text of the client's choice. Sent again within 24 hours with the same body, \
                the request creates nothing and gets the first successful answer again.",
            Shape::string()
                .min_length(1)
                .max_length(IDEMPOTENCY_KEY_MAX)
                .pattern("^[\\x20-\\x7e]*$"),
        ),
        (
            TAGGED,
            "If-None-Match",
            "The entity tag of the answer that is known already.",
            Shape::string().max_length(TAGS_MAX),
        ),
        (
            RESUMED,
            "Last-Event-ID",
            "The last id that was received.",
            Shape::string().max_length(20).example("118"),
        ),
    ];
    let taken = headers.into_iter().filter(|(operations, ..)| operations.contains(&id));
    parameters.extend(taken.map(|(_, name, description, shape)| {
        json!({
            "name": name, "in": "header", "required": false, "description": description,
            "schema": shape.into_value(),
        })
    }));
    parameters
}

fn complete(operation: &mut Map<String, Value>, schemas: &mut Schemas) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut parameters = parameters(&id, schemas);
    if let Some(Value::Array(known)) = operation.get_mut("parameters") {
        known.iter_mut().for_each(complete_path_parameter);
        parameters.splice(0..0, known.drain(..));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(example) = example(&id)
        && let Some(media) = operation
            .get_mut("requestBody")
            .and_then(|body| body.get_mut("content"))
            .and_then(|content| content.as_object_mut()?.values_mut().next()?.as_object_mut())
    {
        media.insert("example".to_owned(), example);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    if TAGGED.contains(&id.as_str()) {
        let unchanged = json!({"description": "The known answer still holds."});
        responses.insert("304".to_owned(), unchanged);
    }
    for (status, response) in responses {
        if let Some(response) = response.as_object_mut() {
            complete_response(&id, status, response);
        }
    }
}

/// poem-openapi keeps limits as floating point numbers, in which the largest id has no place.
fn complete_path_parameter(parameter: &mut Value) {
    if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
        schema.insert("minimum".to_owned(), json!(1));
        schema.insert("maximum".to_owned(), json!(i64::MAX));
        schema.insert("example".to_owned(), json!(1));
    }
}

fn complete_response(id: &str, status: &str, response: &mut Map<String, Value>) {
    let kinds: Vec<&str> = Kind::ALL
        .iter()
        .filter(|kind| kind.status().to_string() == status)
        .filter(|kind| match kind {
            // Nobody else looks at passwords.
            Kind::EmailUnverified => id == "log_in",
            Kind::InvalidRequest
            | Kind::InvalidGrant
            | Kind::UnsupportedGrantType
            | Kind::InvalidScope => id == "request_tokens",
            _ => true,
        })
        .map(|kind| kind.explanation().trim())
        .collect();
    if !kinds.is_empty() {
        response.insert("description".to_owned(), json!(kinds.join(" ")));
    }
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    let Some(headers) = headers.as_object_mut() else { return };
    for header in headers.values_mut() {
        if let Some(schema) = header.get_mut("schema").and_then(Value::as_object_mut) {
            schema.insert("maxLength".to_owned(), json!(HEADER_MAX));
        }
    }
    let mut add = |name: &str| {
        let reference = json!({"$ref": format!("#/components/headers/{name}")});
        headers.insert(name.to_owned(), reference);
    };
    add("X-Request-Id");
    if status == "201" && CREATING.contains(&id) {
        add("Idempotency-Replayed");
    }
    match status {
        "401" => add("WWW-Authenticate"),
        "429" | "503" | "507" => add("Retry-After"),
        _ => {}
    }
}

fn headers() -> Value {
    let header = |description: &str, shape: Shape| json!({"description": description, "required": true, "schema": shape.into_value()});
    json!({
        "X-Request-Id": header(
            "The id under which the log knows the request.",
            Shape::string().pattern("^[A-Za-z0-9._-]{8,64}$"),
        ),
        "Idempotency-Replayed": {
            "description": "`true` where the answer was given before, to a request with the same \
                `Idempotency-Key`. Absent otherwise.",
            "schema": Shape::one_of(&["true"]).into_value(),
        },
        "WWW-Authenticate": header("How to authenticate.", Shape::string().max_length(HEADER_MAX)),
        "Retry-After": header(
            "Seconds until it makes sense to try again.",
            Shape::integer().range(0, RETRY_AFTER_MAX),
        ),
    })
}

/// Bodies that work as they are, for the operations that take one.
fn example(operation: &str) -> Option<Value> {
    let patient = json!({
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25",
        "gender": "M", "phone_number": "+1 555 123 4567", "email": "jose@example.com",
        "address": "427 Balistreri Way", "city": "Chicopee", "state": "MA", "zip_code": "01013",
        "blood_type": "O+", "allergies": "Penicillin",
        "emergency_contact": "Ana Gómez, +1 555 765 4321",
    });
    Some(match operation {
        "register" => json!({
            "email": "ana@example.com", "password": "a long walk by the sea", "name": "Ana Gómez",
        }),
        "log_in" => json!({"email": "ana@example.com", "password": "a long walk by the sea"}),
        "request_tokens" => json!({
            "grant_type": "password", "username": "ana@example.com",
            "password": "a long walk by the sea",
        }),
        "create_patient" | "replace_patient" => patient,
        "update_patient" => json!({"phone_number": "+1 555 999 0000", "allergies": null}),
        "delete_patient" | "archive_patient" => json!({"reason": "Moved away"}),
        "restore_patient" => json!({"reason": "Moved back"}),
        "purge_patient" => json!({"reason": "Asked for by the patient"}),
        "create_doctor" | "replace_doctor" => json!({
            "first_name": "Sarah", "last_name": "Johnson", "email": "sarah@example.com",
            "phone_number": "+1 555 987 6543", "specialization": "Cardiology",
            "license_number": "MD123456", "years_of_experience": 10,
            "clinic_name": "Heart Care Clinic", "consultation_fee": "200.00",
        }),
        "update_doctor" => json!({"is_available": false, "availability": "Mon-Fri 9AM-5PM"}),
        "delete_doctor" | "archive_doctor" => json!({"reason": "Retired"}),
        "restore_doctor" => json!({"reason": "Came back"}),
        "link_doctor_user" => json!({"user": 3}),
        "link_patient_user" => json!({"user": 4}),
        "create_assignment" => {
            json!({"patient": 1, "doctor": 1, "reason_for_visit": "Regular checkup"})
        }
        "replace_assignment" => {
            json!({"reason_for_visit": "Regular checkup", "notes": "Prefers mornings"})
        }
        "update_assignment" => json!({"status": "ON_HOLD"}),
        "transfer_assignment" => json!({"doctor": 2, "reason_for_visit": "Second opinion"}),
        "refresh_tokens" => json!({"refresh": "the refresh token that logging in has answered"}),
        "verify_email" => json!({"token": "4JX7-2M9C-T0VQ-8KRE-W35N"}),
        "log_out" => json!({}),
        "replace_profile" => json!({
            "email": "ana@example.com", "first_name": "Ana", "last_name": "Gómez",
        }),
        "forget_password" | "resend_verification" => json!({"email": "ana@example.com"}),
        "update_profile" => json!({"phone": "+1 555 765 4321"}),
        "change_password" => json!({
            "current_password": "a long walk by the sea",
            "new_password": "a longer walk by the sea",
        }),
        "create_token" => json!({"name": "Nightly export", "scopes": ["read"]}),
        "create_user" => json!({
            "email": "ines@example.com", "username": "ines", "role": "staff",
            "name": "Inés Soto",
        }),
        "update_user" => json!({"phone": "+1 555 765 4321"}),
        "reset_password" => json!({
            "token": "4JX7-2M9C-T0VQ-8KRE-W35N", "new_password": "a longer walk by the sea",
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value under a key, anywhere in a document.
    fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get(key));
                members.values().for_each(|value| all(value, key, found));
            }
            Value::Array(items) => items.iter().for_each(|value| all(value, key, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut references = Vec::new();
        all(&document, "$ref", &mut references);
        assert!(references.len() > 50);
        for reference in references {
            let path = reference.as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(path).is_some_and(|target| !target.is_null()), "{reference}");
        }
    }

    /// Every schema in a document that has a type, with its place.
    fn typed<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a Map<String, Value>)>) {
        match value {
            Value::Object(members) => {
                if members.get("type").is_some_and(Value::is_string) {
                    found.push((place.to_owned(), members));
                }
                members
                    .iter()
                    .for_each(|(key, value)| typed(value, &format!("{place}/{key}"), found));
            }
            Value::Array(items) => items.iter().for_each(|value| typed(value, place, found)),
            _ => {}
        }
    }

    #[test]
    fn every_text_number_and_list_has_its_limits() {
        let document = document();
        let mut schemas = Vec::new();
        typed(&document, "", &mut schemas);
        assert!(schemas.len() > 500);
        for (place, schema) in schemas {
            let has = |names: &[&str]| names.iter().any(|name| schema.contains_key(*name));
            let is_limited = match schema["type"].as_str() {
                Some("string") => has(&["maxLength", "enum", "pattern", "format"]),
                Some("integer" | "number") => has(&["minimum"]) && has(&["maximum"]),
                Some("array") => has(&["maxItems"]),
                _ => true,
            };
            // A stream goes on for as long as somebody listens.
            assert!(is_limited || place.contains("event-stream"), "{place}");
        }
    }

    #[test]
    fn the_password_flow_has_its_address_and_an_empty_list_of_scopes() {
        let document = document();
        let scheme = &document["components"]["securitySchemes"]["password"];
        let flow = &scheme["flows"]["password"];
        assert_eq!(flow["tokenUrl"], shared::paths::OAUTH_TOKEN);
        assert_eq!(flow["scopes"], json!({}));
        assert!(document["paths"][shared::paths::OAUTH_TOKEN]["post"].is_object());
        let security = &document["paths"]["/api/patients"]["get"]["security"];
        assert_eq!(*security, json!([{"password": []}, {"bearer": []}]));
    }

    #[test]
    fn every_body_has_an_example() {
        let document = document();
        let mut bodies = Vec::new();
        all(&document, "requestBody", &mut bodies);
        assert!(bodies.len() > 30);
        for body in bodies {
            let mut media = body["content"].as_object().unwrap().values();
            assert!(media.next().unwrap()["example"].is_object(), "{body}");
        }
    }

    #[test]
    fn every_operation_has_an_id_a_summary_and_its_failures() {
        let document = document();
        let mut ids = Vec::new();
        all(&document, "operationId", &mut ids);
        for listed in QUERIES.iter().map(|(id, _)| id).chain(GUARDED).chain(TAGGED).chain(RESUMED) {
            assert!(ids.iter().any(|id| id.as_str() == Some(listed)), "{listed} is no operation");
        }
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
                assert!(operation["responses"]["500"].is_object(), "{method} {path}");
            }
        }
    }
}
