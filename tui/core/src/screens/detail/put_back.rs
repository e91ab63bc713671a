//! Values from the history, put back into the form of the record.

use serde_json::Value;
use shared::history::HistoryEntry;

use super::{State, page};
use crate::{
    form::{accepts::Accepts, field::Field},
    intent::Route,
    layers::{
        Intent, Layer,
        choose::{self, Choice},
    },
    resource::Record,
    world::World,
};

/// Whether the history has values that can be put back.
pub(super) fn is_possible(state: &State) -> bool {
    let Some(record) = &state.record else { return false };
    state.history.iter().any(|entry| !values(record, entry).is_empty())
}

/// The entries whose old values can be put back, to choose one of them.
pub(super) fn choice(state: &State, world: &World) -> Option<Intent> {
    let record = state.record.as_ref()?;
    let mut choices: Vec<Choice> =
        state.history.iter().flat_map(|entry| of_entry(record, entry, world)).collect();
    if let Some(address) = &state.history_next {
        let said = "Earlier entries are being read. Choose again.".to_owned();
        choices.push(Choice {
            lines: vec!["Read earlier entries".to_owned()],
            intents: vec![state.history_at(Some(address.clone())), Intent::Inform(said)],
        });
    }
    let layer = choose::init("Restore the values before this change", choices);
    Some(Intent::Open(Box::new(Layer::Choose(Box::new(layer)))))
}

/// The choices that an entry offers: all of its old values, and each of several alone.
fn of_entry(record: &Record, entry: &HistoryEntry, world: &World) -> Vec<Choice> {
    let values = values(record, entry);
    if values.is_empty() {
        return Vec::new();
    }
    let lines = page::history::entry(record.kind().table(), entry, world);
    let choice = |lines, values| {
        let intents = vec![Intent::Go(Route::Changed(record.clone(), values))];
        Choice { lines, intents }
    };
    let singles = if values.len() > 1 { values.as_slice() } else { &[] };
    let fields = record.kind().fields(Some(record));
    let single = |(name, value): &(&'static str, String)| {
        let label = fields.iter().find(|field| field.name == *name).map_or(*name, |it| it.label);
        let shown = if value.is_empty() { "—" } else { value.as_str() };
        choice(vec![format!("  only {label}: {shown}")], vec![(*name, value.clone())])
    };
    let singles: Vec<Choice> = singles.iter().map(single).collect();
    std::iter::once(choice(lines, values)).chain(singles).collect()
}

/// The values before a change, as the record's form shows them. Members without a field are left out, and
/// so is the entry with which the record began.
fn values(record: &Record, entry: &HistoryEntry) -> Vec<(&'static str, String)> {
    // What another record had before it was merged was never here.
    if page::history::is_made(entry) || entry.merged.is_some() {
        return Vec::new();
    }
    let fields = record.kind().fields(Some(record));
    let old = |member: &str| {
        let change = entry.changes.iter().find(|change| change.field == member);
        change.map(|change| &change.old)
    };
    let value = |field: &Field| {
        let text = text_of(old(field.name)?)?;
        let was_estimate = old(&format!("{}_estimated", field.name)).and_then(Value::as_bool);
        let is_estimate = field.accepts == Accepts::Birth
            && !text.is_empty()
            && was_estimate.unwrap_or_else(|| field.is_estimate());
        Some((field.name, if is_estimate { format!("~{text}") } else { text }))
    };
    fields.iter().filter_map(value).collect()
}

/// A value of the history as a field shows it. `None` if no field can show it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let line = |item: &Value| {
                let part = |name: &str| item.get(name).and_then(Value::as_str);
                Some(format!("{}: {}", part("system")?, part("value")?))
            };
            Some(items.iter().map(line).collect::<Option<Vec<_>>>()?.join("\n"))
        }
        Value::Object(_) => None,
    }
}
