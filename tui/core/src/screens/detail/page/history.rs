//! A record's history in words.

use serde_json::Value;
use shared::history::{Change, HistoryEntry};

use super::{Line, State};
use crate::{resource::Table, text::paragraphs, view::sections::Kind, world::World};

/// What stands for a value that is empty.
const NOTHING: &str = "—";

/// The history as lines of the page, after an empty one; none where there is nothing to read.
pub(super) fn lines(state: &State, world: &World, columns: u16) -> Vec<Line> {
    if state.history.is_empty() && state.history_failure.is_none() {
        return Vec::new();
    }
    let table = state.kind.table();
    let mut lines = vec![Line::new("", Kind::Entry), Line::new("History", Kind::Title)];
    let mut say = |text: String, kind| {
        let (indent, more) = if kind == Kind::Entry { ("  ", "    ") } else { ("", "  ") };
        let wrapped = paragraphs(&text, columns.saturating_sub(4).max(1));
        for (row, line) in wrapped.into_iter().enumerate() {
            let indent = if row == 0 { indent } else { more };
            lines.push(Line::new(format!("{indent}{line}"), kind));
        }
    };
    if let Some(failure) = &state.history_failure {
        say(format!("! {failure} Ctrl-R tries again."), Kind::Head);
    }
    for lines in state.history.iter().map(|it| entry(table, it, world)) {
        for (at, line) in lines.into_iter().enumerate() {
            say(line, if at == 0 { Kind::Head } else { Kind::Entry });
        }
    }
    if state.history_next.is_some() {
        say("PgDn shows earlier entries.".to_owned(), Kind::Head);
    }
    lines
}

/// An entry as lines: time, user and deed, then each change.
pub(in crate::screens::detail) fn entry(
    table: &Table,
    entry: &HistoryEntry,
    world: &World,
) -> Vec<String> {
    let is_new = entry.changes.iter().all(|change| is_empty(&change.old)) && is_made(entry);
    let change = |change: &Change| {
        let shown = |content| value(table, &change.field, content);
        let (old, new) = (shown(&change.old), shown(&change.new));
        let field = label(table, &change.field);
        if is_new { format!("{field}: {new}") } else { format!("{field}: {old} → {new}") }
    };
    let head = std::iter::once(headline(table, entry, world));
    head.chain(entry.changes.iter().map(change)).collect()
}

/// Whether the record began with it.
pub(in crate::screens::detail) fn is_made(entry: &HistoryEntry) -> bool {
    entry.action.ends_with(".created") || entry.action.ends_with(".imported")
}

fn headline(table: &Table, entry: &HistoryEntry, world: &World) -> String {
    let own = entry.action.strip_prefix(table.words.entity);
    let what = match own.and_then(|deed| deed.strip_prefix('.')) {
        Some("created") => table.words.created.to_owned(),
        Some("updated") => "changed".to_owned(),
        Some(deed) => deed.replace('_', " "),
        None => entry.action.replace(['.', '_'], " "),
    };
    let reason = entry.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}  {}  {what}{reason}", world.stamp(&entry.at), entry.actor_username)
}

/// A member as the form calls it.
fn label(table: &Table, field: &str) -> String {
    if let Some(label) = (table.label)(field) {
        return label.to_owned();
    }
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn is_empty(value: &Value) -> bool {
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
