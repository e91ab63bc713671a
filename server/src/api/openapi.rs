//! The API description. poem-openapi writes it from the operations: what an operation takes and
//! answers documents itself. What follows from that is entered here (a parameter for each member of a
//! query, the problems of an operation that has a body, the 304 of one whose answer has a tag), and one
//! pass over the finished document adds what poem-openapi's registry has no words for.

use poem::http::Method;
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{
        MetaApi, MetaOperation, MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef,
        Registry,
    },
    types::Type,
};
use serde_json::{Map, Value, json};
use shared::{Kind, event::Changed};

use super::{
    Api,
    body::IDEMPOTENCY_KEY,
    compatibility, failure,
    params::{IF_MATCH, TAGS_MAX},
    reply::{self, HEADER_MAX},
};

/// Most seconds after which to try again: a day.
const RETRY_AFTER_MAX: i64 = 86_400;

/// The operations without the state that serves them.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        let mut apis = <Api as OpenApi>::meta();
        let paths = apis.iter_mut().flat_map(|api| &mut api.paths);
        paths.flat_map(|path| &mut path.operations).for_each(complete);
        apis
    }

    fn register(registry: &mut Registry) {
        <Api as OpenApi>::register(registry);
    }

    fn add_routes(
        self,
        _: &mut std::collections::HashMap<
            String,
            std::collections::HashMap<Method, poem::endpoint::BoxEndpoint<'static>>,
        >,
    ) {
    }
}

/// Enters what follows from what an operation takes and answers.
fn complete(operation: &mut MetaOperation) {
    let taken = std::mem::take(&mut operation.params);
    operation.params = taken.into_iter().flat_map(take_apart).collect();
    let answers = &mut operation.responses.responses;
    let has_tag = answers.iter().any(|answer| answer.headers.iter().any(|it| it.name == "ETag"));
    if operation.method == Method::GET && has_tag {
        answers.push(reply::empty(304, "The known answer still holds."));
        operation.params.push(if_none_match());
    }
    for kind in kinds(operation) {
        let answers = &mut operation.responses.responses;
        if !answers.iter().any(|answer| answer.status == Some(kind.status())) {
            answers.push(failure::answer(kind));
        }
    }
    operation.responses.responses.sort_by_key(|answer| answer.status);
}

/// Makes a parameter of each member where an extractor takes several (a query, headers), and gives the
/// parameter the description of its schema.
fn take_apart(param: MetaOperationParam) -> Vec<MetaOperationParam> {
    let MetaSchemaRef::Inline(schema) = param.schema else { return vec![param] };
    if schema.ty != "object" {
        let description = param.description.or(schema.description.map(str::to_owned));
        let schema = MetaSchema { description: None, ..*schema };
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        return vec![MetaOperationParam { description, schema, ..param }];
    }
    let required = schema.required;
    let member = |(name, schema): (&'static str, MetaSchemaRef)| MetaOperationParam {
        name: name.to_owned(),
        schema,
        in_type: param.in_type,
        description: None,
        required: required.contains(&name),
        deprecated: false,
        explode: param.explode,
        style: None,
    };
    schema.properties.into_iter().map(member).flat_map(take_apart).collect()
}

fn if_none_match() -> MetaOperationParam {
    let tags = MetaSchema { max_length: Some(TAGS_MAX), ..MetaSchema::new("string") };
    MetaOperationParam {
        name: "If-None-Match".to_owned(),
        schema: MetaSchemaRef::Inline(Box::new(tags)),
        in_type: MetaParamIn::Header,
        description: Some("The entity tag of the answer that is known already.".to_owned()),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

/// The kinds of problems that follow from what an operation takes.
fn kinds(operation: &MetaOperation) -> Vec<Kind> {
    let takes = |name: &str| operation.params.iter().any(|param| param.name == name);
    let has_path = operation.params.iter().any(|param| param.in_type == MetaParamIn::Path);
    let all: [(bool, &[Kind]); 7] = [
        (true, &[Kind::Validation, Kind::Internal, Kind::Unavailable]),
        (!operation.security.is_empty(), &[Kind::Unauthenticated, Kind::Forbidden]),
        (has_path, &[Kind::NotFound]),
        (operation.request.is_some(), &[Kind::Timeout, Kind::TooLarge, Kind::UnsupportedMediaType]),
        (takes(IF_MATCH), &[Kind::Conflict, Kind::Stale, Kind::PreconditionRequired]),
        (takes(IDEMPOTENCY_KEY), &[Kind::NotFound, Kind::Conflict, Kind::KeyReused]),
        (operation.method != Method::GET, &[Kind::StorageFull]),
    ];
    all.iter().filter(|(holds, _)| *holds).flat_map(|(_, kinds)| *kinds).copied().collect()
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
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for operations in paths.values_mut().filter_map(Value::as_object_mut) {
            operations.values_mut().filter_map(Value::as_object_mut).for_each(finish);
        }
    }
    let bodies = bodies(&document);
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("headers".to_owned(), headers());
        if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
            schemas.extend(unnamed());
            for name in bodies {
                if let Some(schema) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
                    schema.insert("additionalProperties".to_owned(), json!(false));
                }
            }
        }
    }
    whole_limits(&mut document);
    compatibility::describe(&mut document);
    document
}

/// Schemas that no operation refers to, since the stream of events is a text to OpenAPI.
fn unnamed() -> Map<String, Value> {
    let mut registry = Registry::new();
    Changed::register(&mut registry);
    let schemas = registry.schemas.into_iter().map(|(name, schema)| (name, json!(schema)));
    schemas.collect()
}

/// The names of the schemas of bodies, which refuse unknown members.
fn bodies(document: &Value) -> Vec<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.filter_map(|(_, path)| path.as_object()).flatten();
    let reference = |operation: &Value| {
        let schema = "/requestBody/content/application~1json/schema/$ref";
        let reference = operation.pointer(schema)?.as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    operations.filter_map(|(_, operation)| reference(operation)).collect()
}

/// poem-openapi keeps limits as floating point numbers, in which the largest id has no place.
fn whole_limits(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("type") == Some(&json!("integer")) {
                for limit in ["minimum", "maximum"] {
                    if let Some(limit) = members.get_mut(limit)
                        && let Some(float) = limit.as_f64()
                    {
                        *limit = json!(float as i64);
                    }
                }
            }
            members.values_mut().for_each(whole_limits);
        }
        Value::Array(items) => items.iter_mut().for_each(whole_limits),
        _ => {}
    }
}

fn finish(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter_map(Value::as_object_mut) {
        // What is said of each of them is said of none.
        parameter.shift_remove("deprecated");
        parameter.shift_remove("explode");
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let Some(response) = response.as_object_mut() else { continue };
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        let Some(headers) = headers.as_object_mut() else { continue };
        let mut add = |name: &str| {
            let reference = json!({"$ref": format!("#/components/headers/{name}")});
            headers.insert(name.to_owned(), reference);
        };
        add("X-Request-Id");
        match status.as_str() {
            "401" => add("WWW-Authenticate"),
            "429" | "503" | "507" => add("Retry-After"),
            _ => {}
        }
    }
}

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "required": true, "schema": schema});
    json!({
        "X-Request-Id": header(
            "The id under which the log knows the request.",
            json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"}),
        ),
        "WWW-Authenticate": header(
            "How to authenticate.",
            json!({"type": "string", "maxLength": HEADER_MAX}),
        ),
        "Retry-After": header(
            "Seconds until it makes sense to try again.",
            json!({"type": "integer", "minimum": 0, "maximum": RETRY_AFTER_MAX}),
        ),
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
    fn every_body_has_an_example() {
        let document = document();
        let mut bodies = Vec::new();
        all(&document, "requestBody", &mut bodies);
        assert!(bodies.len() > 30);
        for body in bodies {
            let reference = &body["content"]["application/json"]["schema"]["$ref"];
            let place = reference.as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(place).unwrap()["example"].is_object(), "{body}");
        }
    }

    #[test]
    fn every_operation_has_an_id_a_summary_and_its_failures() {
        let document = document();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
                assert!(operation["responses"]["500"].is_object(), "{method} {path}");
            }
        }
    }
}
