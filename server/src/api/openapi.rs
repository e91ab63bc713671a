//! The API description. poem-openapi generates it from the operations, whose arguments and answers
//! document themselves. This module adds what follows from them: a parameter for each member of a
//! query, the 304 of an answer with an entity tag, and the problems that an argument can cause.
//! `finish` adds to the document everything that poem-openapi's registry can't express.

mod example;
mod finish;

use std::collections::BTreeMap;

use poem::http::Method;
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{
        MetaApi, MetaOperation, MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef,
        Registry,
    },
};
use serde_json::Value;
use shared::Kind;

use super::{
    Api,
    wire::{
        body::IDEMPOTENCY_KEY,
        failure,
        params::{IF_MATCH, TAGS_MAX},
        reply,
    },
};

/// The operations without the state that they need for serving.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        let mut apis = <Api as OpenApi>::meta();
        for operation in operations(&mut apis) {
            complete(operation);
            // `finish` builds the answers for these kinds.
            operation.responses.responses.retain(|answer| failure::kind_of(answer).is_none());
        }
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

fn operations(apis: &mut [MetaApi]) -> impl Iterator<Item = &mut MetaOperation> {
    apis.iter_mut().flat_map(|api| &mut api.paths).flat_map(|path| &mut path.operations)
}

/// Adds the parameters of an operation, and the 304 of an answer with an entity tag.
fn complete(operation: &mut MetaOperation) {
    let taken = std::mem::take(&mut operation.params);
    operation.params = taken.into_iter().flat_map(take_apart).collect();
    let answers = &mut operation.responses.responses;
    let has_tag = answers.iter().any(|answer| answer.headers.iter().any(|it| it.name == "ETag"));
    if operation.method == Method::GET && has_tag {
        answers.push(reply::empty(304, "The client's answer is still current."));
        operation.params.push(if_none_match());
    }
}

/// Splits an extractor with several parameters (a query, headers) into one parameter for each
/// member, and copies the description from its schema.
fn take_apart(param: MetaOperationParam) -> Vec<MetaOperationParam> {
    let MetaSchemaRef::Inline(schema) = param.schema else { return vec![param] };
    if schema.ty != "object" {
        let description = param.description.or(schema.description.map(str::to_owned));
        let schema = MetaSchema { description: None, ..*schema };
        let schema = match schema.all_of.as_slice() {
            [only] if schema == (MetaSchema { all_of: vec![only.clone()], ..MetaSchema::ANY }) => {
                only.clone()
            }
            _ => MetaSchemaRef::Inline(Box::new(schema)),
        };
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
        description: Some("The entity tag of the answer that the client already has.".to_owned()),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

/// The kinds of problems of each operation, by its id: those that follow from its arguments, and
/// those of its use case.
fn kinds() -> BTreeMap<String, Vec<Kind>> {
    let mut apis = <Api as OpenApi>::meta();
    let of_each = operations(&mut apis).map(|operation| {
        complete(operation);
        let own = operation.responses.responses.iter().filter_map(failure::kind_of);
        let mut kinds: Vec<Kind> = own.chain(implied(operation)).collect();
        kinds.sort_by_key(|kind| Kind::ALL.iter().position(|known| known == kind));
        kinds.dedup();
        (operation.operation_id.unwrap_or_default().to_owned(), kinds)
    });
    of_each.collect()
}

/// The kinds of problems that follow from an operation's arguments.
fn implied(operation: &MetaOperation) -> impl Iterator<Item = Kind> {
    let takes = |name: &str| operation.params.iter().any(|param| param.name == name);
    let has_path = operation.params.iter().any(|param| param.in_type == MetaParamIn::Path);
    let all: [(bool, &[Kind]); 7] = [
        (true, &[Kind::Validation, Kind::Internal, Kind::Unavailable]),
        (!operation.security.is_empty(), &[Kind::Unauthenticated, Kind::Forbidden]),
        // A page past the end does not exist either.
        (has_path || takes("page"), &[Kind::NotFound]),
        (operation.request.is_some(), &[Kind::Timeout, Kind::TooLarge, Kind::UnsupportedMediaType]),
        (takes(IF_MATCH), &[Kind::Conflict, Kind::Stale, Kind::PreconditionRequired]),
        (takes(IDEMPOTENCY_KEY), &[Kind::NotFound, Kind::Conflict, Kind::KeyReused]),
        (operation.method != Method::GET, &[Kind::StorageFull]),
    ];
    all.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, kinds)| kinds).copied()
}

/// The path of each operation, with its method.
pub(super) fn paths() -> Vec<(String, Method)> {
    let paths = <Api as OpenApi>::meta().into_iter().flat_map(|api| api.paths);
    let of_each = paths.flat_map(|path| {
        let operations = path.operations.into_iter();
        operations.map(move |operation| (path.path.clone(), operation.method))
    });
    of_each.collect()
}

/// The complete description.
pub fn document() -> Value {
    let service = OpenApiService::new(Described, "Frontdesk", env!("CARGO_PKG_VERSION"))
        .description(include_str!("openapi/guide.md").trim())
        .server("/");
    let mut document = serde_json::from_str(&service.spec()).unwrap_or_default();
    finish::finish(&mut document, &kinds());
    document
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::api::wire::compatibility::earlier_paths;

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
    fn the_paths_are_those_of_the_description_without_the_earlier_ones() {
        let document = document();
        let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.to_ascii_uppercase()))
        });
        let earlier = earlier_paths();
        let described = described.filter(|(path, _)| !earlier.contains_key(path.as_str()));
        let served = paths().into_iter().map(|(path, method)| (path, method.to_string()));
        let sorted = |paths: &mut dyn Iterator<Item = (String, String)>| {
            paths.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(sorted(&mut { described }), sorted(&mut { served }));
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
            let media = body["content"].as_object().unwrap().values().next().unwrap();
            let reference = &media["schema"]["$ref"];
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

    /// The examples of the problems of an operation, by status.
    fn problems(document: &Value, place: &str, status: &str) -> Vec<Value> {
        let media = "content/application~1problem+json/examples";
        let examples = document.pointer(&format!("{place}/responses/{status}/{media}")).unwrap();
        let examples = examples.as_object().unwrap().values().map(|example| {
            let place = example["$ref"].as_str().unwrap().trim_start_matches('#');
            document.pointer(place).unwrap()["value"].clone()
        });
        examples.collect()
    }

    #[test]
    fn a_problem_is_shown_with_the_members_of_its_kind() {
        let document = document();
        let patient = "/paths/~1api~1patients~1{id}/patch";
        let stale = &problems(&document, patient, "412")[0];
        assert_eq!(stale["current"]["mrn"], "P000001B");
        assert_eq!(stale["changed_by"], "ana");
        let doctor = "/paths/~1api~1doctors~1{id}/delete";
        assert_eq!(problems(&document, doctor, "409")[0]["active_assignments"], 3);
        let assignment = "/paths/~1api~1assignments/post";
        assert_eq!(problems(&document, assignment, "409")[0]["existing"]["status"], "ACTIVE");
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let place = format!("/paths/{}/{method}", path.replace('/', "~1"));
                let statuses = operation["responses"].as_object().unwrap().keys();
                for status in statuses.filter(|status| status.as_str() >= "400") {
                    for problem in problems(&document, &place, status) {
                        assert_eq!(problem["status"].to_string(), *status, "{method} {path}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_example_is_filled_in_for_filters_and_versions() {
        let document = document();
        let mut parameters = Vec::new();
        all(&document, "parameters", &mut parameters);
        for parameter in parameters.iter().flat_map(|list| list.as_array().unwrap()) {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name}");
            assert!(schema["example"].is_null() && parameter["example"].is_null(), "{name}");
            let is_harmless =
                schema["default"] == false || ["page_size", "clinical"].contains(&name);
            assert!(schema["default"].is_null() || is_harmless, "{name}");
        }
    }

    #[test]
    fn statuses_that_can_not_come_are_not_described() {
        let document = document();
        for (path, method, statuses) in [
            ("/api/auth/logout", "post", ["412", "428", "409"]),
            ("/api/auth/password", "post", ["412", "428", "404"]),
            ("/api/auth/tokens", "post", ["422", "412", "404"]),
            ("/healthz", "get", ["413", "401", "404"]),
        ] {
            for status in statuses {
                let response = &document["paths"][path][method]["responses"][status];
                assert!(response.is_null(), "{method} {path} {status}");
            }
        }
        assert_eq!(document["paths"]["/healthz"]["get"]["security"], json!([]));
        assert!(document["paths"]["/api/auth/login"]["post"]["responses"]["403"].is_object());
    }
}
