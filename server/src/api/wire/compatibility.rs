//! Compatibility with clients of the five earlier systems. Their paths are rewritten before
//! routing, and errors use the member names of the request body. The tables are in
//! `shared::compatibility`.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use poem::Request;
use serde_json::{Map, Value, json};
use shared::{
    compatibility::{PATHS, SentNames, Spelling, spelling},
    paths,
};

use super::problem::raise;
use crate::error::Error;

/// The tag of the operations that are described under an earlier path.
const TAG: &str = "Mappings";

/// The result of looking up the path of a request.
pub(crate) enum PathMatch {
    /// A path that goes on to the routes.
    Known,
    /// A path of an earlier system that does not have this method.
    WithoutMethod,
}

/// Rewrites a path of an earlier system to the current one.
pub(crate) fn rewrite(request: &mut Request) -> PathMatch {
    match spelling(request.method().as_str(), request.uri().path()) {
        Spelling::Today => PathMatch::Known,
        Spelling::Earlier(path) => {
            crate::api::wire::address::set_path(request, &path);
            PathMatch::Known
        }
        Spelling::OtherMethods => PathMatch::WithoutMethod,
    }
}

/// The paths of earlier systems with all their methods.
pub(crate) fn earlier_paths() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (methods, earlier, _) in PATHS {
        all.entry(*earlier).or_default().extend(*methods);
    }
    all
}

/// The member names in a request body, for the errors in its answer.
#[derive(Clone, Default)]
pub(crate) struct MemberNames(Arc<OnceLock<SentNames>>);

impl MemberNames {
    /// Stores the names. A request has one body.
    pub(crate) fn keep(&self, names: SentNames) {
        self.0.get_or_init(|| names);
    }

    /// Translates the field names of an error into these names.
    pub(crate) fn applied_to(&self, error: poem::Error) -> poem::Error {
        let Some(names) = self.0.get() else { return error };
        match error.downcast::<Error>() {
            Ok(mut error) => {
                if let Error::Invalid(errors) | Error::Conflict(errors) = &mut error {
                    *errors = names.of(errors);
                } else if let Error::Contradiction(it) = &mut error {
                    it.errors = names.of(&it.errors);
                }
                raise(error)
            }
            Err(error) => error,
        }
    }
}

/// Describes the operations on assignments a second time under `/api/mappings`, which has the same
/// paths with another word.
pub(crate) fn describe(document: &mut Value) {
    let Some(all) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (methods, earlier, today) in PATHS {
        if earlier.replace("/api/mappings", paths::ASSIGNMENTS) != *today {
            continue;
        }
        let operations = all.get(*today).and_then(Value::as_object).cloned().unwrap_or_default();
        let copies = methods.iter().filter_map(|method| {
            let name = method.to_ascii_lowercase();
            let copy = copy(operations.get(&name)?.as_object()?, method, today);
            Some((name, copy))
        });
        all.insert((*earlier).to_owned(), Value::Object(copies.collect()));
    }
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        let description = "Assignments under the path of earlier systems.";
        tags.push(json!({"name": TAG, "description": description}));
    }
}

fn copy(operation: &Map<String, Value>, method: &str, today: &str) -> Value {
    let mut copy = operation.clone();
    let text = |member: &str| operation.get(member).and_then(Value::as_str).unwrap_or_default();
    let id = text("operationId").replace("assignment", "mapping");
    let same = format!("Alias of `{method} {today}` for earlier clients.");
    let names = "`patient_id` and `doctor_id` mean `patient` and `doctor`.";
    let names = if operation.contains_key("requestBody") { names } else { "" };
    let description = [text("description"), &same, names].join("\n\n").trim().to_owned();
    copy.insert("operationId".to_owned(), json!(id));
    copy.insert("description".to_owned(), json!(description));
    copy.insert("tags".to_owned(), json!([TAG]));
    Value::Object(copy)
}
