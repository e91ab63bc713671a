//! Completes the document with everything that poem-openapi's registry can't express.

use std::collections::BTreeMap;

use poem_openapi::{registry::Registry, types::Type};
use serde_json::{Map, Value, json};
use shared::{Kind, Problem};

use super::example::{example_of, problem};
use crate::api::wire::{body::IDEMPOTENCY_KEY, compatibility, reply::HEADER_MAX};

/// The maximum of `Retry-After` in seconds: a day.
const RETRY_AFTER_MAX: i64 = 86_400;

/// The groups of operations, in display order.
const TAGS: &[&str] = &[
    "Patients",
    "Doctors",
    "Assignments",
    "Visits",
    "Overview",
    "Events",
    "Auth",
    "Users",
    "Audit",
    "Service",
];

/// Completes the document. `kinds` are the problems of each operation.
pub(super) fn finish(document: &mut Value, kinds: &BTreeMap<String, Vec<Kind>>) {
    let flow = document.pointer_mut("/components/securitySchemes/password/flows/password");
    if let Some(flow) = flow.and_then(Value::as_object_mut) {
        // poem-openapi leaves out an empty list, but OpenAPI requires it.
        flow.insert("scopes".to_owned(), json!({}));
    }
    if let Some(info) = document.get_mut("info").and_then(Value::as_object_mut) {
        let url = "https://opensource.org/license/mit";
        info.insert("license".to_owned(), json!({"name": "MIT OR Apache-2.0", "url": url}));
        info.insert("contact".to_owned(), json!({"name": "The administrator of this server"}));
    }
    let bodies = bodies(document);
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else {
        return;
    };
    components.insert("headers".to_owned(), headers());
    let mut schemas = match components.remove("schemas") {
        Some(Value::Object(schemas)) => schemas,
        _ => Map::new(),
    };
    schemas.extend(unnamed());
    schemas.sort_keys();
    for name in bodies {
        if let Some(schema) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
            schema.entry("additionalProperties").or_insert(json!(false));
        }
    }
    let mut examples = Map::new();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let operations = paths.values_mut().filter_map(Value::as_object_mut);
        for operation in operations.flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
            let kinds = kinds.get(id).map(Vec::as_slice).unwrap_or_default();
            finish_operation(operation, kinds, &schemas, &mut examples);
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("schemas".to_owned(), Value::Object(schemas));
        components.insert("examples".to_owned(), Value::Object(examples));
    }
    whole_limits(document);
    compatibility::describe(document);
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        let place =
            |tag: &Value| TAGS.iter().position(|name| tag.get("name") == Some(&json!(name)));
        tags.sort_by_key(|tag| place(tag).unwrap_or(TAGS.len()));
    }
}

/// Schemas to which no operation refers yet. Their problems are added here.
fn unnamed() -> Map<String, Value> {
    let mut registry = Registry::new();
    Problem::register(&mut registry);
    registry.schemas.into_iter().map(|(name, schema)| (name, json!(schema))).collect()
}

/// The names of the schemas of bodies, which refuse unknown members.
fn bodies(document: &Value) -> Vec<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.filter_map(|(_, path)| path.as_object()).flatten();
    let reference = |operation: &Value| {
        let media = operation.pointer("/requestBody/content")?.as_object()?.values().next()?;
        let reference = media.pointer("/schema/$ref")?.as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    operations.filter_map(|(_, operation)| reference(operation)).collect()
}

/// poem-openapi stores limits as floating-point numbers, which can't represent the largest id.
fn whole_limits(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for limit in ["minimum", "maximum"] {
                if let Some(limit) = members.get_mut(limit)
                    && let Some(float) = limit.as_f64().filter(|float| float.fract() == 0.0)
                {
                    *limit = json!(float as i64);
                }
            }
            members.values_mut().for_each(whole_limits);
        }
        Value::Array(items) => items.iter_mut().for_each(whole_limits),
        _ => {}
    }
}

fn finish_operation(
    operation: &mut Map<String, Value>,
    kinds: &[Kind],
    schemas: &Map<String, Value>,
    examples: &mut Map<String, Value>,
) {
    operation.entry("security").or_insert_with(|| json!([]));
    let mut can_be_replayed = false;
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter_map(Value::as_object_mut) {
        can_be_replayed |= parameter.get("name") == Some(&json!(IDEMPOTENCY_KEY));
        // poem-openapi writes the same two members for every parameter.
        parameter.shift_remove("deprecated");
        parameter.shift_remove("explode");
    }
    let mut problems: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        problems.entry(kind.status()).or_default().push(*kind);
    }
    let failures: Vec<_> = problems
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), answer(&kinds, operation, schemas, examples)))
        .collect();
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    responses.extend(failures);
    for (status, response) in responses {
        let Some(response) = response.as_object_mut() else { continue };
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        let Some(headers) = headers.as_object_mut() else { continue };
        let own = match status.as_str() {
            "201" if can_be_replayed => Some("Idempotency-Replayed"),
            "401" => Some("WWW-Authenticate"),
            "429" | "503" | "507" => Some("Retry-After"),
            _ => None,
        };
        for name in ["X-Request-Id"].into_iter().chain(own) {
            let reference = json!({"$ref": format!("#/components/headers/{name}")});
            headers.insert(name.to_owned(), reference);
        }
    }
}

/// The answer for problems that share a status, with an example of each.
fn answer(
    kinds: &[Kind],
    operation: &Map<String, Value>,
    schemas: &Map<String, Value>,
    examples: &mut Map<String, Value>,
) -> Value {
    let record = |name: &str| {
        let mut record = example_of(schemas.get(name)?, schemas);
        // Only rows of a search have it.
        record.as_object_mut()?.retain(|name, _| name != "matched");
        Some(record)
    };
    let answered = answered(operation).and_then(|name| Some((name, record(name)?)));
    let mut example = |kind: &Kind| {
        let value = problem(*kind, operation, schemas, answered.as_ref());
        let example = json!({"summary": kind.title(), "value": value});
        let name = enter(examples, kind.code(), example);
        (kind.code().to_owned(), json!({"$ref": format!("#/components/examples/{name}")}))
    };
    let description: Vec<_> = kinds.iter().map(|kind| kind.explanation().trim()).collect();
    json!({
        "description": description.join(" "),
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": kinds.iter().map(&mut example).collect::<Map<_, _>>(),
        }},
    })
}

/// Adds an example unless it exists already, and returns its name.
fn enter(examples: &mut Map<String, Value>, code: &str, example: Value) -> String {
    let numbered = |number| if number == 1 { code.to_owned() } else { format!("{code}_{number}") };
    let is_free = |name: &String| examples.get(name).is_none_or(|known| *known == example);
    let name = (1..).map(numbered).find(is_free).unwrap_or_default();
    examples.insert(name.clone(), example);
    name
}

/// The name of the record that an operation returns or changes.
fn answered(operation: &Map<String, Value>) -> Option<&str> {
    let responses = operation.get("responses")?.as_object()?;
    let reference = |status: &str| {
        let schema = "/content/application~1json/schema/$ref";
        responses.get(status)?.pointer(schema)?.as_str()?.rsplit('/').next()
    };
    reference("200").or_else(|| reference("201")).or_else(|| {
        // An operation without an answer is named after its group.
        let tag = operation.get("tags")?.get(0)?.as_str()?;
        let named = match tag {
            "Patients" => "Patient",
            "Doctors" => "Doctor",
            "Assignments" => "Assignment",
            "Users" => "Account",
            _ => return None,
        };
        Some(named)
    })
}

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "required": true, "schema": schema});
    json!({
        "X-Request-Id": header(
            "The id of the request in the server's log.",
            json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"}),
        ),
        "Idempotency-Replayed": {
            "description": "`true` if this is the stored answer to an earlier request with the same \
                `Idempotency-Key`. Absent otherwise.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "WWW-Authenticate": header(
            "How to authenticate.",
            json!({"type": "string", "maxLength": HEADER_MAX}),
        ),
        "Retry-After": header(
            "Seconds to wait before trying again.",
            json!({"type": "integer", "minimum": 0, "maximum": RETRY_AFTER_MAX}),
        ),
    })
}
