//! The audit log.

use chrono::{DateTime, Utc};
use shared::{
    account::SessionPermission,
    audit::{ACTION_MAX, AuditEntry},
};

use super::{
    Access, Banner, Column, Deed, Filter, FilterInput, Order, RowHead, Secret, Section, Shown,
    Table, Words, accounts, change_in_words, is_empty, name_of,
};
use crate::{resource::RecordKind, text::display, world::World};

impl Shown for AuditEntry {
    const TABLE: Table = Table {
        words: Words {
            title: "Audit log",
            none_left: "No entry matches these filters.",
            none: "No entries yet.",
            one: "Audit entry",
            entity: "audit",
            copy: "copy request id",
            ..Words::NONE
        },
        orders: &[Order::new(None, "newest first")],
        filters: &[
            Filter {
                hint: "the number of an account; its page shows it",
                ..Filter::new("actor", "User", FilterInput::Number { needs: None }, |id| {
                    format!("by account #{id}")
                })
            },
            Filter {
                hint: "as the rows say it, like patient updated",
                ..Filter::new("action", "Action", FilterInput::Shown(ACTION_MAX, code), |code| {
                    in_words(code)
                })
            },
            Filter::new("entity", "Record", FilterInput::Choice(ENTITIES), |code| {
                entity(code).to_owned()
            }),
            Filter {
                hint: "only together with the kind of record",
                ..Filter::new(
                    "entity_id",
                    "Number",
                    FilterInput::Number { needs: Some("entity") },
                    |id| format!("#{id}"),
                )
            },
            Filter {
                hint: "2026-11, 2026-11-20",
                ..Filter::new("from", "From", FilterInput::FirstMoment, |day| format!("from {day}"))
            },
            Filter {
                hint: "2026-11, 2026-11-20; that day included",
                ..Filter::new("to", "To", FilterInput::LastMoment, |day| format!("to {day}"))
            },
        ],
        list: Access::With(SessionPermission::ReadAudit),
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Action", 0, 0, |entry| Some(action(entry))),
        Column::time("When", 1, |entry| Some(entry.at)),
        Column::new("User", 14, 2, |entry| Some(entry.actor_username.clone())),
        Column::new("Record", 20, 3, |entry| {
            Some(name(entry).map_or_else(|| number(entry), str::to_owned))
        }),
        Column::new("Address", 16, 4, |entry| entry.address.clone()),
    ];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (Some(&self.actor_username), self.at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        let code = self.request_id.as_deref().map(|id| display(id).into_owned());
        RowHead {
            name: display(&action(self)).into_owned(),
            code: code.unwrap_or_else(|| format!("#{}", self.id)),
        }
    }

    fn named(&self) -> String {
        format!("{}, {}", display(&action(self)), display(&record(self)))
    }

    fn banner(&self) -> Banner {
        Banner {
            name: display(&action(self)).into_owned(),
            code: format!("#{}", self.id),
            line: format!("{} · {}", display(&self.actor_username), display(&record(self))),
            warning: None,
        }
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let actor = self.actor.map(|id| format!(" (#{id})")).unwrap_or_default();
        let version = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
        let mut sections = vec![
            Section {
                title: "Event",
                fields: vec![
                    ("Time", world.stamp(&self.at)),
                    ("User", format!("{}{actor}", self.actor_username)),
                    ("Role", self.actor_role.map_or("", accounts::words).to_owned()),
                    ("Action", self.action.clone()),
                    ("Record", record(self)),
                    ("Version", version(self.version)),
                    ("Reason", text(&self.reason)),
                ],
            },
            Section {
                title: "Request",
                fields: vec![
                    ("Address", text(&self.address)),
                    ("Request id", text(&self.request_id)),
                    ("API token", self.token.map(|id| format!("#{id}")).unwrap_or_default()),
                ],
            },
        ];
        if !self.changes.is_empty() {
            let kind = RecordKind::of_entity(&self.entity);
            let table = kind.map_or(const { &Self::TABLE }, RecordKind::table);
            let is_first = self.changes.iter().all(|change| is_empty(&change.old));
            let line = |change| change_in_words(table, change, &self.names, is_first);
            let lines = self.changes.iter().map(line).collect::<Vec<_>>().join("\n");
            sections.push(Section { title: "Changed fields", fields: vec![("", lines)] });
        }
        sections
    }

    fn permits(&self, _: Deed) -> bool {
        false
    }
}

const ENTITIES: &[(&str, &str)] = &[
    ("", "all"),
    ("patient", "patient"),
    ("doctor", "doctor"),
    ("assignment", "assignment"),
    ("visit", "visit"),
    ("user", "account"),
    ("session", "session"),
    ("api_token", "API token"),
    ("audit", "audit log"),
];

/// A kind of record in words.
fn entity(code: &str) -> &str {
    ENTITIES.iter().find(|(known, _)| *known == code).map_or(code, |(_, words)| words)
}

fn action(entry: &AuditEntry) -> String {
    in_words(&entry.action)
}

/// The code of an action in words.
fn in_words(code: &str) -> String {
    code.replace(['.', '_'], " ")
}

/// The code of an action that is typed in words: `patient.updated` for `patient updated`.
fn code(typed: &str) -> String {
    let words = typed.to_lowercase();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let of_entity = ENTITIES.iter().filter(|(code, _)| !code.is_empty()).find_map(|(code, _)| {
        let rest = words.strip_prefix(&in_words(code))?.strip_prefix(' ')?;
        Some(format!("{code}.{}", rest.replace(' ', "_")))
    });
    of_entity.unwrap_or_else(|| words.replacen(' ', ".", 1).replace(' ', "_"))
}

/// The record that an entry is about, with its name where it has one.
fn record(entry: &AuditEntry) -> String {
    match name(entry) {
        Some(name) => format!("{name}, {}", number(entry)),
        None => number(entry),
    }
}

fn name(entry: &AuditEntry) -> Option<&str> {
    name_of(&entry.names, &entry.entity, entry.entity_id?)
}

/// The kind and the id of the record.
fn number(entry: &AuditEntry) -> String {
    let id = entry.entity_id.map(|id| format!(" #{id}")).unwrap_or_default();
    format!("{}{id}", entity(&entry.entity))
}
