//! A record's history in words.

use shared::history::{Change, HistoryEntry};

use super::{Line, State};
use crate::{
    input::keymap::with_keys,
    panels::sections::Kind,
    resource::{Table, change_in_words, is_empty},
    text::paragraphs,
    world::World,
};

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
    if let Some(missing) = &state.history_failure {
        say(missing.line(), Kind::Head);
    }
    for lines in state.history.iter().map(|it| entry(table, it, world)) {
        for (at, line) in lines.into_iter().enumerate() {
            say(line, if at == 0 { Kind::Head } else { Kind::Entry });
        }
    }
    if state.history_next.is_some() {
        say(with_keys("{PageDown} shows earlier entries."), Kind::Head);
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
    let change = |change: &Change| change_in_words(table, change, &entry.names, is_new);
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
        Some("created") => {
            let created = table.words.created.as_ref();
            created.map_or("created", |created| created.history).to_owned()
        }
        Some("updated") => "changed".to_owned(),
        Some(deed) => deed.replace('_', " "),
        None => entry.action.replace(['.', '_'], " "),
    };
    let of = entry.merged.map(|id| format!(" (record #{id}, merged)")).unwrap_or_default();
    let reason = entry.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}  {}  {what}{of}{reason}", world.stamp(&entry.at), entry.actor_username)
}
