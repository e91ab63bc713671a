//! The served API description, compared with the committed one and with the promises to clients.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::{Value, json};

fn committed(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

#[test]
fn the_committed_description_is_the_served_one() {
    let committed = std::fs::read_to_string(committed("openapi.json")).unwrap_or_default();
    let served = serde_json::to_string_pretty(&server::api::openapi::document()).unwrap() + "\n";
    assert!(
        committed == served,
        "docs/openapi.json is not what the server serves: \
         cargo run -p server -- openapi > docs/openapi.json"
    );
}

/// The promises to clients, one per line. No line may disappear, and no existing operation may
/// require more.
#[test]
fn nothing_that_clients_were_promised_is_taken_back() {
    let path = committed("promises.txt");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let kept: BTreeSet<String> = kept.lines().map(str::to_owned).collect();
    let now = promises(&server::api::openapi::document());
    let gone: Vec<&String> = kept.difference(&now).collect();
    assert!(
        gone.is_empty(),
        "this would break clients that were written before: {gone:#?}\n\
         Where a limit is only widened, change its line in docs/promises.txt by hand and tell of it \
         in CHANGELOG.md."
    );
    let subjects: BTreeSet<&str> = kept.iter().map(|line| subject(line)).collect();
    let new: Vec<&String> = now.difference(&kept).collect();
    let demands: Vec<&&String> = new
        .iter()
        .filter(|line| line.contains(" needs ") && subjects.contains(subject(line)))
        .collect();
    assert!(demands.is_empty(), "clients that were written before don't send: {demands:#?}");
    if std::env::var_os("UPDATE_PROMISES").is_some() {
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    } else {
        assert!(
            new.is_empty(),
            "docs/promises.txt misses {} lines, {:#?} for example: \
             UPDATE_PROMISES=1 cargo test -p server --test it description::",
            new.len(),
            new[0]
        );
    }
}

/// The subject of a line.
fn subject(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

fn promises(document: &Value) -> BTreeSet<String> {
    let (mut lines, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            lines.insert(format!("{id} is {} {path}", method.to_uppercase()));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
                lines.insert(format!(
                    "{id} takes {place} {name} {}",
                    kind(document, &parameter["schema"])
                ));
                if parameter["required"] == true {
                    lines.insert(format!("{id} needs {place} {name}"));
                }
            }
            let body = &operation["requestBody"];
            for (media, content) in body["content"].as_object().into_iter().flatten() {
                let kind = kind(document, &content["schema"]);
                lines.insert(format!("{id} takes body {media} {kind}"));
                bodies.insert(kind);
                if body["required"] == true {
                    lines.insert(format!("{id} needs body"));
                }
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                for (media, content) in response["content"].as_object().into_iter().flatten() {
                    let mut schema = &content["schema"];
                    if media == "text/event-stream" {
                        // A text, and the events that are in it.
                        let event = kind(document, &schema["anyOf"][1]["items"]);
                        lines.insert(format!("{id} sends {event}"));
                        schema = &schema["anyOf"][0];
                    }
                    let kind = kind(document, schema);
                    lines.insert(format!("{id} answers {status} {media} {kind}"));
                }
                if response["content"].as_object().is_none_or(serde_json::Map::is_empty) {
                    lines.insert(format!("{id} answers {status}"));
                }
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let is_body = bodies.contains(name) || schema["additionalProperties"] == false;
        for (member, described) in schema["properties"].as_object().into_iter().flatten() {
            let verb = if is_body { "takes" } else { "has" };
            lines.insert(format!("{name} {verb} {member} {}", kind(document, described)));
        }
        for member in schema["required"].as_array().into_iter().flatten() {
            let verb = if is_body { "needs" } else { "always has" };
            lines.insert(format!("{name} {verb} {}", text(member)));
        }
    }
    lines
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A short form of a schema: the parts on which a client can rely. The name of a scalar is no
/// promise, but its definition is.
fn kind(document: &Value, schema: &Value) -> String {
    let mut words = Vec::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        if target["type"].is_string() && target["type"] != "object" {
            return kind(document, target);
        }
        words.push(reference.rsplit('/').next().unwrap_or_default().to_owned());
    }
    if schema["enum"] == json!([null]) {
        return "or null".to_owned();
    }
    for key in ["type", "format", "pattern"] {
        words.extend(schema[key].as_str().map(str::to_owned));
    }
    for key in ["minLength", "maxLength", "minimum", "maximum", "maxItems"] {
        if !schema[key].is_null() {
            words.push(format!("{key}={}", schema[key]));
        }
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<&str> = choices.iter().map(text).filter(|it| !it.is_empty()).collect();
        words.push(choices.join("|"));
    }
    let is_null = |schema: &Value| schema["nullable"] == true;
    let alternatives = || schema["oneOf"].as_array().into_iter().flatten();
    if is_null(schema) || alternatives().any(is_null) {
        words.push("or null".to_owned());
    }
    if !schema["items"].is_null() {
        words.push(format!("of ({})", kind(document, &schema["items"])));
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let several = schema[key].as_array().into_iter().flatten();
        let kinds = several.map(|it| kind(document, it));
        // The members of the alternatives are listed above, together.
        words.extend(kinds.map(|it| match key {
            "oneOf" => it.replace(" or null", ""),
            _ => it,
        }));
    }
    words.join(" ")
}
