//! The changed members of a record in words.

use serde_json::Value;
use shared::history::{Change, RecordName, entity_of_field};

use super::Table;
use crate::text::capitalized;

/// What stands for a value that is empty.
const NOTHING: &str = "—";

/// A changed member with its old and new value, or with the new one alone. An id is shown as the name
/// of its record, where that is known.
pub fn change_in_words(
    table: &Table,
    change: &Change,
    names: &[RecordName],
    is_first: bool,
) -> String {
    let field = label(table, &change.field);
    let of = |it: &Value| match (entity_of_field(&change.field), it.as_i64()) {
        (Some(entity), Some(id)) => {
            name_of(names, entity, id).map_or_else(|| format!("#{id}"), str::to_owned)
        }
        _ => value(table, &change.field, it),
    };
    match is_first {
        true => format!("{field}: {}", of(&change.new)),
        false => format!("{field}: {} → {}", of(&change.old), of(&change.new)),
    }
}

/// The name of a record among those that an entry mentions.
pub fn name_of<'a>(names: &'a [RecordName], entity: &str, id: i64) -> Option<&'a str> {
    let is_it = |it: &&RecordName| it.id == id && it.entity == entity;
    names.iter().find(is_it).map(|it| it.name.as_str())
}

/// A member as the form calls it.
fn label(table: &Table, field: &str) -> String {
    if let Some(label) = (table.label)(field) {
        return label.to_owned();
    }
    capitalized(&field.replace('_', " "))
}

/// Whether a value holds nothing.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn value(table: &Table, field: &str, value: &Value) -> String {
    match value {
        _ if is_empty(value) => NOTHING.to_owned(),
        Value::String(code) => {
            (table.value)(field, code).map_or_else(|| code.clone(), str::to_owned)
        }
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => {
            items.iter().map(|item| self::value(table, field, item)).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) => match (members.get("system"), members.get("value")) {
            (Some(Value::String(system)), Some(Value::String(value))) => {
                format!("{system}: {value}")
            }
            _ => {
                let named = |(name, item): (&String, &Value)| {
                    format!("{} {}", name.replace('_', " "), self::value(table, name, item))
                };
                members.iter().map(named).collect::<Vec<_>>().join(", ")
            }
        },
        other => other.to_string(),
    }
}
