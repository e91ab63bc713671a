//! Assignments of patients to doctors.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::{
    FieldErrors,
    assignment::{
        Assignment, AssignmentFields, AssignmentInput, AssignmentPermission, AssignmentStatus,
    },
    read::Reader,
    rules::NOTE_MAX,
};

use super::{
    Access, Banner, Change, Column, Created, Deed, Filter, FilterInput, Order, Pick, PickFor,
    Purpose, Reading, Removal, RowHead, SearchWords, Secret, Section, Shown, StatusWords, Table,
    Words,
};
use crate::{
    date,
    form::{Form, accepts::Accepts, field::Field},
    resource::{Record, RecordKind},
    text::display,
    world::World,
};

impl Shown for Assignment {
    const TABLE: Table = Table {
        words: Words {
            title: "Assignments",
            none_left: "No assignment matches these filters.",
            none: "No active assignments.",
            none_own: "No active assignments of your own patients. This account shows no others.",
            one: "Assignment",
            entity: "assignment",
            created: Some(Created {
                history: "assigned",
                told: "Assigned",
                not_done: "The patient was not assigned",
            }),
            existing: Some("This patient is already assigned to this doctor."),
            copy: "copy MRN",
            ..Words::NONE
        },
        orders: &[
            Order::new(None, "newest first"),
            Order::new(Some("assigned_date"), "longest assigned first"),
            Order::new(Some("-assigned_date"), "last assigned first"),
            Order::new(Some("created_at"), "oldest record first"),
            Order::new(Some("-updated_at"), "last changed first"),
        ],
        filters: &[
            Filter::new("status", "Status", FilterInput::Choice(ANY_STATUS), |status| {
                status.parse().map_or_else(|_| status.to_owned(), |it| word(it).to_owned())
            }),
            Filter::new("is_active", "Ended", FilterInput::Choice(ENDED), |_| "ended".to_owned()),
            Filter {
                hint: "2026-11, 2026-11-20",
                ..Filter::new("assigned_from", "Since from", FilterInput::FirstDay, |day| {
                    format!("assigned from {day}")
                })
            },
            Filter {
                hint: "2026-11, 2026-11-20",
                ..Filter::new("assigned_to", "Since to", FilterInput::LastDay, |day| {
                    format!("assigned to {day}")
                })
            },
        ],
        list: Access::Everybody,
        change: Some(Change { access: Access::Everybody, title: "Edit assignment" }),
        reading: Reading::ById,
        removal: Some(Removal::Status(StatusWords {
            title: "Change the status of this assignment?",
            help: "Put the assignment on hold, end it, or open it again.",
            also: "close complete reopen cancel",
        })),
        search: Some(SearchWords {
            accepts: "name of the patient or the doctor",
            no_match: "No assignment matches",
            advice: "Try fewer letters.",
            filter_advice: ", {Filter} finds those that have ended",
        }),
        operations: &[],
        others: None,
        label,
        value: |field, code| code.parse().ok().filter(|_| field == "status").map(word),
        link: None,
        correct: None,
        pick: Some(PickFor {
            word: "transfer",
            help: "Transfer the patient to another doctor.",
            purpose: Purpose::Transfer,
            pick: Pick { kind: RecordKind::Doctor, title: "Transfer to which doctor?", only: &[] },
        }),
        related: None,
        trace: |_| Vec::new(),
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Patient", 0, 0, |it| Some(it.patient_name.clone())),
        Column::new("MRN", 9, 2, |it| Some(it.mrn.clone())),
        Column::new("Doctor", 20, 1, |it| Some(it.doctor_name.clone())),
        Column::new("Status", 9, 3, |it| Some(word(it.fields.status).to_owned())),
        Column::new("Since", 10, 4, |it| Some(it.fields.assigned_date.to_string())),
        Column::new("Specialisation", 20, 5, |it| Some(it.specialization.clone())),
        Column::new("Reason", 30, 6, |it| it.fields.reason_for_visit.clone()),
    ];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (Some(&self.assigned_by_username), self.created_at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        RowHead {
            name: format!("{} → {}", display(&self.patient_name), display(&self.doctor_name)),
            code: display(&self.mrn).into_owned(),
        }
    }

    fn named(&self) -> String {
        format!("{}, {}\n{}", self.said(), display(&self.specialization), state(self))
    }

    fn said(&self) -> String {
        format!(
            "{}, {} → {}",
            display(&self.patient_name),
            display(&self.mrn),
            display(&self.doctor_name)
        )
    }

    fn transferred(&self) -> Option<(String, String)> {
        let patient = format!("{}, {}", display(&self.patient_name), display(&self.mrn));
        Some((patient, display(&self.doctor_name).into_owned()))
    }

    fn banner(&self) -> Banner {
        let ended = (!self.is_active).then(|| format!("ended: {}", word(self.fields.status)));
        let held = (self.fields.status == AssignmentStatus::OnHold).then(|| "on hold".to_owned());
        Banner {
            name: self.row().name,
            code: format!("MRN {}", display(&self.mrn)),
            line: format!(
                "{} · since {}",
                display(&self.specialization),
                self.fields.assigned_date
            ),
            warning: ended.or(held),
        }
    }

    fn person(&self) -> Option<(RecordKind, i64)> {
        Some((RecordKind::Patient, self.patient.0))
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let made = format!("{} by {}", world.stamp(&self.assigned_at), self.assigned_by_username);
        let changed = format!("{} (version {})", world.stamp(&self.updated_at), self.version);
        let ended = self.ended_at.map(|at| world.stamp(&at)).unwrap_or_default();
        vec![
            Section {
                title: "Assignment",
                fields: vec![
                    ("Patient", self.patient_name.clone()),
                    ("MRN", self.mrn.clone()),
                    ("Doctor", self.doctor_name.clone()),
                    ("Specialisation", self.specialization.clone()),
                    ("Status", word(self.fields.status).to_owned()),
                    ("Since", self.fields.assigned_date.to_string()),
                    ("Reason for visit", text(&self.fields.reason_for_visit)),
                    ("Notes", text(&self.fields.notes)),
                ],
            },
            Section {
                title: "Record",
                fields: vec![("Assigned", made), ("Ended", ended), ("Last changed", changed)],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        let needed = match deed {
            // The status takes the place of the archive.
            Deed::Update | Deed::Archive => AssignmentPermission::Update,
            Deed::Assign => AssignmentPermission::Transfer,
            Deed::History => AssignmentPermission::History,
            _ => return false,
        };
        self.permissions.as_ref().is_some_and(|given| given.contains(&needed))
    }

    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        use AssignmentStatus::{Active, Cancelled, Completed, OnHold};
        let outcomes = match self.fields.status {
            Active => vec![("On hold", OnHold), ("Completed", Completed), ("Cancelled", Cancelled)],
            OnHold => vec![("Active", Active), ("Completed", Completed), ("Cancelled", Cancelled)],
            Completed | Cancelled => vec![("Re-open", Active)],
        };
        outcomes.into_iter().map(|(answer, status)| (answer, status.as_str())).collect()
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        let values = base.map(Self::values).unwrap_or_default();
        let value = |name: &str| values.get(name).map_or("", String::as_str);
        vec![
            Field::choice("status", "Status", STATUSES, value("status")).half(),
            Field::text("assigned_date", "Since", value("assigned_date"))
                .accepts(Accepts::Date)
                .hint("the first day")
                .half(),
            Field::notes("reason_for_visit", "Reason", value("reason_for_visit"), 3)
                .accepts(Accepts::Text(NOTE_MAX)),
            Field::notes("notes", "Notes", value("notes"), 5).accepts(Accepts::Text(NOTE_MAX)),
        ]
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        BTreeMap::from([
            ("status", self.fields.status.to_string()),
            ("assigned_date", self.fields.assigned_date.to_string()),
            ("reason_for_visit", text(&self.fields.reason_for_visit)),
            ("notes", text(&self.fields.notes)),
        ])
    }

    fn read(form: &Form, base: Option<&Self>, today: NaiveDate) -> (Value, FieldErrors) {
        let (input, mut errors) = input(form, today);
        if let Err(more) = outcome(&input, base, today) {
            for (name, error) in more.iter() {
                if !errors.concern(name) {
                    errors.add(name, error.clone());
                }
            }
        }
        (json!(input), errors)
    }

    fn is_saved(&self, form: &Form, base: &Self, today: NaiveDate) -> bool {
        let saved = outcome(&input(form, today).0, Some(base), today);
        saved.is_ok_and(|fields| fields == self.fields)
    }
}

const STATUSES: &[(&str, &str)] = &[
    ("ACTIVE", "active"),
    ("ON_HOLD", "on hold"),
    ("COMPLETED", "completed"),
    ("CANCELLED", "cancelled"),
];
const ANY_STATUS: &[(&str, &str)] = &[
    ("", "active or on hold"),
    ("ACTIVE", "active"),
    ("ON_HOLD", "on hold"),
    ("COMPLETED", "completed"),
    ("CANCELLED", "cancelled"),
];
const ENDED: &[(&str, &str)] = &[("", "no, or by status"), ("false", "yes: only ended")];

/// An assignment beside its doctor: the patient, and since when.
pub(super) fn of_doctor(record: &Record) -> String {
    line(record, |it| format!("{}, {}", it.patient_name, it.mrn))
}

/// An assignment beside its patient: the doctor, and since when.
pub(super) fn of_patient(record: &Record) -> String {
    line(record, |it| it.doctor_name.clone())
}

fn line(record: &Record, name: fn(&Assignment) -> String) -> String {
    let Record::Assignment(it) = record else { return String::new() };
    let held = if it.fields.status == AssignmentStatus::OnHold { ", on hold" } else { "" };
    format!("{}, since {}{held}", name(it), it.fields.assigned_date)
}

/// The status, and the day of the assignment. The server does not say on which day another status began.
fn state(it: &Assignment) -> String {
    let day = it.fields.assigned_date;
    match it.fields.status {
        AssignmentStatus::Active => format!("active since {day}"),
        status => format!("{}, assigned on {day}", word(status)),
    }
}

/// A status as people say it.
fn word(status: AssignmentStatus) -> &'static str {
    match status {
        AssignmentStatus::Active => "active",
        AssignmentStatus::OnHold => "on hold",
        AssignmentStatus::Completed => "completed",
        AssignmentStatus::Cancelled => "cancelled",
    }
}

/// The members that differ from the assignment.
fn input(form: &Form, today: NaiveDate) -> (AssignmentInput, FieldErrors) {
    let mut errors = FieldErrors::default();
    let mut members = Vec::new();
    for field in form.fields.iter().filter(|field| field.is_changed()) {
        let text = field.value().trim();
        let value = match field.name {
            _ if text.is_empty() => Ok(Value::Null),
            "assigned_date" => date::read(text, form.calendar(today))
                .map(|read| read.date(today).to_string().into()),
            _ => Ok(text.into()),
        };
        match value {
            Ok(value) => members.push((field.name.to_owned(), value)),
            Err(error) => errors.add(field.name, error),
        }
    }
    let mut reader = Reader::from_members(members);
    let input = AssignmentInput::read(&mut reader);
    errors.extend(reader.finish());
    (input, errors)
}

/// The members that the assignment would have.
fn outcome(
    input: &AssignmentInput,
    base: Option<&Assignment>,
    today: NaiveDate,
) -> Result<AssignmentFields, FieldErrors> {
    match base {
        Some(base) => base.fields.changed_by(input),
        None => AssignmentFields::new(input, today),
    }
}

fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "reason_for_visit" => "Reason for visit",
        "assigned_date" => "Since",
        _ => return None,
    })
}
