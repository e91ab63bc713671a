//! A patient's history in words.

use serde_json::Value;
use shared::{history::HistoryEntry, patient::Gender};

use super::{Kind, Line, State};
use crate::{text::paragraphs, world::World};

/// What stands for a value that is empty.
const NOTHING: &str = "—";

/// The history as lines of the page.
pub(super) fn lines(state: &State, world: &World, columns: u16) -> Vec<Line> {
    let mut lines = vec![Line::title("History")];
    let mut say = |text: String, kind| {
        let (indent, more) = if kind == Kind::Entry { ("  ", "    ") } else { ("", "  ") };
        let wrapped = paragraphs(&text, columns.saturating_sub(4).max(1));
        for (row, line) in wrapped.into_iter().enumerate() {
            let indent = if row == 0 { indent } else { more };
            lines.push(Line { label: "", text: format!("{indent}{line}"), kind });
        }
    };
    if let Some(failure) = &state.history_failure {
        say(format!("! {failure} Ctrl-R tries again."), Kind::Head);
    }
    for entry in &state.history {
        say(headline(entry, world), Kind::Head);
        let is_new = entry.changes.iter().all(|change| is_empty(&change.old));
        for change in &entry.changes {
            let (old, new) = (value(&change.field, &change.old), value(&change.field, &change.new));
            let field = label(&change.field);
            say(
                match is_new && is_made(entry) {
                    true => format!("{field}: {new}"),
                    false => format!("{field}: {old} → {new}"),
                },
                Kind::Entry,
            );
        }
    }
    if state.history_next.is_some() {
        say("PgDn shows earlier entries.".to_owned(), Kind::Head);
    }
    lines
}

/// Whether the record began with it.
fn is_made(entry: &HistoryEntry) -> bool {
    matches!(entry.action.as_str(), "patient.created" | "patient.imported")
}

fn headline(entry: &HistoryEntry, world: &World) -> String {
    let what = match entry.action.as_str() {
        "patient.created" => "registered".to_owned(),
        "patient.updated" => "changed".to_owned(),
        other => {
            let (kind, deed) = other.split_once('.').unwrap_or(("patient", other));
            let kind = if kind == "patient" { "" } else { kind };
            format!("{kind} {deed}").trim().replace('_', " ")
        }
    };
    let reason = entry.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}  {}  {what}{reason}", world.stamp(&entry.at), entry.actor_username)
}

/// A field as the form calls it.
fn label(field: &str) -> String {
    match field {
        "date_of_birth_estimated" => "Birth is an estimate".to_owned(),
        "mrn" => "MRN".to_owned(),
        "gender" => "Sex".to_owned(),
        "phone_number" => "Phone".to_owned(),
        "email" => "E-mail".to_owned(),
        "deceased_on" => "Died".to_owned(),
        "preferred_language" => "Language".to_owned(),
        "emergency_contact" => "In an emergency".to_owned(),
        _ => {
            let words = field.replace('_', " ");
            let mut letters = words.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn value(field: &str, value: &Value) -> String {
    match value {
        _ if is_empty(value) => NOTHING.to_owned(),
        Value::String(code) if field == "gender" => {
            code.parse::<Gender>().map_or_else(|_| code.clone(), |sex| sex.word().to_owned())
        }
        Value::String(text) => text.clone(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => {
            items.iter().map(|item| self::value(field, item)).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) => match (members.get("system"), members.get("value")) {
            (Some(Value::String(system)), Some(Value::String(value))) => {
                format!("{system}: {value}")
            }
            _ => {
                let named = |(name, item): (&String, &Value)| {
                    format!("{} {}", name.replace('_', " "), self::value(name, item))
                };
                members.iter().map(named).collect::<Vec<_>>().join(", ")
            }
        },
        other => other.to_string(),
    }
}
