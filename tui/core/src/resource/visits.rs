//! Visits: who is in the clinic today.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::{
    FieldErrors,
    read::Reader,
    rules::REASON_MAX,
    visit::{Visit, VisitInput, VisitPermission, VisitStatus},
};

use super::{
    Access, Banner, Change, Column, Created, Deed, Filter, FilterInput, Order, Pick, PickFor,
    Presence, Purpose, Reading, Remains, Removal, RowHead, Secret, Section, Shown, StatusWords,
    Table, View, Words,
};
use crate::{
    form::{Form, accepts::Accepts, field::Field},
    resource::{Record, RecordKind},
    text::display,
    world::World,
};

impl Shown for Visit {
    const TABLE: Table = Table {
        words: Words {
            title: "Visits",
            none_left: "No visit matches these filters.",
            none: "Nobody has arrived today.",
            none_own: "None of your own patients has arrived today. This account shows no others.",
            one: "Visit",
            entity: "visit",
            created: Some(Created {
                history: "arrived",
                told: "Arrived",
                not_done: "The arrival was not saved",
            }),
            existing: Some(HERE_ALREADY),
            copy: "copy MRN",
            ..Words::NONE
        },
        orders: &[Order::new(None, "urgent first, then by number")],
        filters: &[
            Filter {
                hint: "today unless given",
                ..Filter::new("day", "Day", FilterInput::FirstDay, |day| format!("on {day}"))
            },
            Filter::new("status", "Status", FilterInput::Choice(STATUSES), |code| {
                code.parse()
                    .map_or_else(|_| code.to_owned(), |status| status_word(status).to_owned())
            }),
            Filter::new("is_open", "In the clinic", FilterInput::Choice(OPEN), |is| {
                if is == "true" { "in the clinic" } else { "gone" }.to_owned()
            }),
        ],
        change: Some(Change { access: Access::Everybody, title: "Edit visit" }),
        reading: Reading::ById,
        views: &[View {
            label: "in the clinic",
            help: "Show the visits that are still open.",
            also: "close end of the day waiting now present",
            filters: &[("is_open", "true")],
        }],
        removal: Some(Removal::Status(StatusWords {
            title: "Change the status of this visit?",
            help: "Say that the patient has left, or give the visit another status.",
            also: "close complete done end gone reopen",
        })),
        pick: Some(PickFor {
            word: "for doctor",
            help: "Choose the doctor for whom the patient has come.",
            purpose: Purpose::Member("doctor"),
            pick: Pick { kind: RecordKind::Doctor, title: "For which doctor?", only: &[] },
        }),
        correct: Some(PickFor {
            word: "correct patient",
            help: "Correct the patient of the visit.",
            purpose: Purpose::Member("patient"),
            pick: Pick { kind: RecordKind::Patient, title: "Which patient is it?", only: &[] },
        }),
        label,
        value,
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", 0, 0, |visit| Some(visit.patient_name.clone())),
        Column::new("No", 4, 1, |visit: &Self| Some(visit.number.to_string())).right(),
        Column::new("Status", 13, 2, |visit| Some(status_word(visit.status).to_owned())),
        Column::said("Waits", 11, 3, wait),
        Column::new("For", 22, 4, |visit| visit.doctor_name.clone()),
        Column::new("MRN", 9, 5, |visit| Some(visit.mrn.clone())),
        Column::new("Reason", 24, 6, |visit| visit.reason.clone()),
    ];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (Some(&self.created_by_username), self.created_at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        RowHead {
            name: display(&self.patient_name).into_owned(),
            code: display(&self.mrn).into_owned(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let urgent = || ["! urgent", "!"].map(str::to_owned).to_vec();
        self.is_urgent.then(urgent).unwrap_or_default()
    }

    fn named(&self) -> String {
        format!(
            "{}, {}, visit {}, {}",
            display(&self.patient_name),
            display(&self.mrn),
            self.number,
            status_word(self.status)
        )
    }

    fn banner(&self) -> Banner {
        let doctor = self.doctor_name.as_deref().map_or("no doctor yet".into(), display);
        Banner {
            name: display(&self.patient_name).into_owned(),
            code: format!("MRN {}", display(&self.mrn)),
            line: format!(
                "visit {} on {} · {} · for {doctor}",
                self.number,
                self.day,
                status_word(self.status)
            ),
            warning: self.is_urgent.then(|| "! urgent".to_owned()),
        }
    }

    fn person(&self) -> Option<(RecordKind, i64)> {
        Some((RecordKind::Patient, self.patient.0))
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let time =
            |at: &Option<DateTime<Utc>>| at.as_ref().map(|at| world.clock(at)).unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let arrived = format!("{} by {}", world.stamp(&self.created_at), self.created_by_username);
        let changed = format!("{} (version {})", world.stamp(&self.updated_at), self.version);
        vec![
            Section {
                title: "Visit",
                fields: vec![
                    ("Status", status_word(self.status).to_owned()),
                    ("Arrived", world.clock(&self.arrived_at)),
                    ("Called", time(&self.called_at)),
                    ("Went in", time(&self.started_at)),
                    ("Ended", time(&self.ended_at)),
                    ("For", text(&self.doctor_name)),
                    ("Reason", text(&self.reason)),
                ],
            },
            Section {
                title: "Record",
                fields: vec![("Entered", arrived), ("Last changed", changed)],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        let needed = match deed {
            // The status takes the place of the archive, and a doctor that of an assignment.
            Deed::Update | Deed::Archive | Deed::Assign => VisitPermission::Update,
            Deed::Correct => VisitPermission::CorrectPatient,
            Deed::History => VisitPermission::History,
            _ => return false,
        };
        self.permissions.as_ref().is_some_and(|own| own.contains(&needed))
    }

    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        // First what is most likely: an open visit ends without the doctor, and the end of another one was
        // a mistake.
        let likely = match self.status {
            VisitStatus::Done => VisitStatus::InRoom,
            VisitStatus::Left => VisitStatus::Waiting,
            _ => VisitStatus::Left,
        };
        let others = VisitStatus::ALL.iter().copied();
        let others = others.filter(|status| ![self.status, likely].contains(status));
        let all = std::iter::once(likely).chain(others);
        all.map(|status| (answer(status), status.as_str())).collect()
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        let values = base.map(Self::values).unwrap_or_default();
        let value = |name| values.get(name).map_or("", String::as_str);
        vec![
            Field::choice(
                "status",
                "Status",
                STATUSES.get(1..).unwrap_or_default(),
                value("status"),
            ),
            Field::choice("is_urgent", "Urgent", YES, value("is_urgent")).half(),
            Field::text("reason", "Reason", value("reason")).accepts(Accepts::Text(REASON_MAX)),
        ]
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("status", self.status.to_string()),
            ("is_urgent", self.is_urgent.to_string()),
            ("reason", self.reason.clone().unwrap_or_default()),
        ])
    }

    fn read(form: &Form, _: Option<&Self>, _: NaiveDate) -> (Value, FieldErrors) {
        let (input, errors) = input(form);
        (json!(input), errors)
    }

    fn is_saved(&self, form: &Form, base: &Self, _: NaiveDate) -> bool {
        let mut fields = base.fields.clone();
        input(form).0.apply(&mut fields).is_empty() && fields == self.fields
    }
}

const HERE_ALREADY: &str = "This patient is already in the clinic.";

/// The open visit of a patient, which says where the patient is.
pub(super) const OF_PATIENT: Presence = Presence {
    kind: RecordKind::Visit,
    filter: "patient",
    only: &[("is_open", "true")],
    line: presence,
    already: HERE_ALREADY,
};

/// The open visits of a doctor, which an archived doctor leaves.
pub(super) const OF_DOCTOR: Remains = Remains {
    kind: RecordKind::Visit,
    member: "doctor",
    only: &[("is_open", "true")],
    title: "Open visits of this doctor",
    taken_over: |name| format!(" {name} has taken over the patients."),
    leave: "Leave them",
    same: |name| format!("To {name}"),
    pick: "Pick a doctor",
    pick_title: "For which doctor?",
};

const STATUSES: &[(&str, &str)] = &[
    ("", "all"),
    ("WAITING", "waiting"),
    ("CALLED", "called"),
    ("IN_ROOM", "with a doctor"),
    ("DONE", "seen"),
    ("LEFT", "left unseen"),
];
const OPEN: &[(&str, &str)] = &[("", "all"), ("true", "yes"), ("false", "no")];
const YES: &[(&str, &str)] = &[("false", "no"), ("true", "yes")];

/// A status as people say it.
pub fn status_word(status: VisitStatus) -> &'static str {
    match status {
        VisitStatus::Waiting => "waiting",
        VisitStatus::Called => "called",
        VisitStatus::InRoom => "with a doctor",
        VisitStatus::Done => "seen",
        VisitStatus::Left => "left unseen",
    }
}

/// Where the patient of an open visit is now.
pub(super) fn presence(record: &Record, world: &World) -> String {
    let Record::Visit(visit) = record else { return String::new() };
    let urgent = if visit.is_urgent { "! urgent, " } else { "" };
    let doctor = visit.doctor_name.as_deref().map(|name| format!(", for {}", display(name)));
    format!(
        "in the clinic: {urgent}{} since {}{}",
        status_word(visit.status),
        world.clock(&last_step(visit)),
        doctor.unwrap_or_default()
    )
}

/// The time of the last step of an open visit.
pub fn last_step(visit: &Visit) -> DateTime<Utc> {
    visit.started_at.or(visit.called_at).unwrap_or(visit.arrived_at)
}

/// The wait for the doctor: since when, or how long it was. Nothing once the visit has ended.
fn wait(visit: &Visit, world: &World) -> Option<String> {
    let end = match visit.status {
        VisitStatus::Waiting | VisitStatus::Called => {
            return Some(format!("since {}", world.clock(&visit.arrived_at)));
        }
        VisitStatus::InRoom => visit.started_at?,
        VisitStatus::Done | VisitStatus::Left => return None,
    };
    let minutes = (end - visit.arrived_at).num_minutes();
    Some(match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    })
}

/// A status as an answer to the question what becomes of a visit.
fn answer(status: VisitStatus) -> &'static str {
    match status {
        VisitStatus::Waiting => "Waiting",
        VisitStatus::Called => "Called",
        VisitStatus::InRoom => "With a doctor",
        VisitStatus::Done => "Seen",
        VisitStatus::Left => "Left unseen",
    }
}

/// The next step of a visit, with what it is called.
pub fn next_step(status: VisitStatus) -> Option<(VisitStatus, &'static str)> {
    Some(match status {
        VisitStatus::Waiting => (VisitStatus::Called, "call"),
        VisitStatus::Called => (VisitStatus::InRoom, "in the room"),
        VisitStatus::InRoom => (VisitStatus::Done, "seen"),
        VisitStatus::Done | VisitStatus::Left => return None,
    })
}

/// The members that are sent: those that differ.
fn input(form: &Form) -> (VisitInput, FieldErrors) {
    let member = |field: &Field| {
        let text = field.value().trim();
        let value = match field.name {
            _ if text.is_empty() => Value::Null,
            "is_urgent" => (text == "true").into(),
            _ => text.into(),
        };
        (field.name.to_owned(), value)
    };
    let members = form.fields.iter().filter(|field| field.is_changed()).map(member).collect();
    let mut reader = Reader::from_members(members);
    let input = VisitInput::read(&mut reader);
    (input, reader.finish())
}

fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "is_urgent" => "Urgent",
        "called_at" => "Called",
        "started_at" => "Went in",
        "ended_at" => "Ended",
        _ => return None,
    })
}

fn value(field: &str, code: &str) -> Option<&'static str> {
    code.parse().ok().filter(|_| field == "status").map(status_word)
}
