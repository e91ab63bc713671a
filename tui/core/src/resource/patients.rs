//! Patients.

mod form;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use shared::{
    FieldErrors, PartialDate,
    account::SessionPermission,
    patient::{ClinicalMember, Gender, Patient, PatientPermission},
    rules::PLACE_MAX,
};

use self::words::{born, born_of, label, sex, value};
use super::{
    Access, Alert, ArchiveWords, Banner, Change, Column, Counting, Create, Created, Deed, Filter,
    FilterInput, Order, Pick, PickFor, Purpose, Reading, Related, Removal, RowHead, SearchWords,
    Secret, Section, Shown, Table, Words, assignments,
    filled::Filled,
    links::{Link, UNLINK},
    sorted, visits,
};
use crate::{
    date,
    form::{Form, field::Field},
    resource::RecordKind,
    text::display,
    world::World,
};

impl Shown for Patient {
    const TABLE: Table = Table {
        words: Words {
            title: "Patients",
            none_left: "No patient matches these filters.",
            none: "No patients yet.",
            none_own: "No patients of your own. This account does not show those of others.",
            one: "Patient",
            entity: "patient",
            created: Some(Created {
                history: "registered",
                told: "Registered",
                not_done: "The new patient was not saved",
            }),
            copy: "copy MRN",
            ..Words::NONE
        },
        orders: &[
            Order::new(None, "by last name; a search: best matches first").by_last_name(),
            Order::new(Some("last_name"), "by last name").by_last_name(),
            Order::new(Some("-last_name"), "by last name, Z to A").by_last_name(),
            Order::new(Some("first_name"), "by first name"),
            Order::new(Some("date_of_birth"), "oldest first"),
            Order::new(Some("-date_of_birth"), "youngest first"),
            Order::new(Some("-created_at"), "newest record first"),
            Order::new(Some("-updated_at"), "last changed first"),
        ],
        filters: &[
            Filter::new("gender", "Sex", FilterInput::Choice(&sexes("all")), |sex| {
                sex.parse().map_or_else(|_| sex.to_owned(), |sex: Gender| sex.word().to_owned())
            }),
            Filter::new(
                "blood_type",
                "Blood type",
                FilterInput::Choice(&blood_types("all")),
                |blood| format!("blood type {blood}"),
            ),
            Filter::new("city", "City", FilterInput::Text(PLACE_MAX), |city| {
                format!("city {city}")
            }),
            Filter {
                hint: "1980, 1980-05-25",
                ..Filter::new("born_from", "Born from", FilterInput::FirstDay, |day| {
                    format!("born from {day}")
                })
            },
            Filter {
                hint: "1989, 1989-05-25",
                ..Filter::new("born_to", "Born to", FilterInput::LastDay, |day| {
                    format!("born to {day}")
                })
            },
            Filter {
                permission: Some(SessionPermission::ReadArchivedPatients),
                ..Filter::new("archived", "Archived", FilterInput::Choice(ARCHIVED), |_| {
                    "archived".to_owned()
                })
            },
        ],
        list: Access::Everybody,
        create: Some(Create {
            access: Access::With(SessionPermission::CreatePatient),
            label: "new patient",
            title: "New patient",
            intro: "A new patient. A first or a last name is enough.",
            not_found: ", {New} registers a new patient",
            first: "{New} registers the first patient.",
            found: "A patient of this name is there",
        }),
        change: Some(Change { access: Access::Everybody, title: "Edit patient" }),
        reading: Reading::ById,
        removal: Some(Removal::Archive(ArchiveWords {
            list: "Archived patients",
            title: "Archive this patient?",
            effect: "The record no longer appears in lists. Its active assignments end, and an open visit ends as “left unseen”. The record can be restored with its assignments; the visit stays ended.",
            restore: "Restore this patient?",
        })),
        search: Some(SearchWords {
            accepts: "name, phone, MRN, date of birth",
            no_match: "No patient matches",
            advice: "Try fewer letters, a phone number or a date of birth.",
            filter_advice: ", {Filter} filters by city",
        }),
        operations: &[UNLINK],
        others: None,
        label,
        value,
        correct: None,
        link: Some(Link::new(
            &[("role", "patient"), ("is_active", "true")],
            "The account can then read this record and its doctors.",
        )),
        pick: Some(PickFor {
            word: "assign",
            help: "Assign the patient to a doctor.",
            purpose: Purpose::DoctorOfPatient,
            pick: Pick { kind: RecordKind::Doctor, title: "Assign to which doctor?", only: &[] },
        }),
        related: Some(Related {
            kind: RecordKind::Assignment,
            filter: "patient",
            title: "Assigned to",
            list: "assignments",
            none: "No doctor is assigned.",
            one: "Doctor",
            line: assignments::of_patient,
        }),
        presence: Some(visits::OF_PATIENT),
        trace: form::trace,
        ..Table::READ_ONLY
    };

    const NAMESAKES: Option<Counting> =
        Some((SessionPermission::ReadAllPatients, &[("clinical", "false")]));

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", 0, 0, |patient| Some(patient.full_name.clone())),
        Column::new("Born", 11, 1, |patient| Some(born_of(patient))),
        Column::new("Age", 3, 4, |patient: &Self| Some(patient.age?.to_string())).right(),
        Column::new("Sex", 3, 3, |patient| Some(sex(patient.gender?).to_owned())),
        Column::new("MRN", 9, 2, |patient| Some(patient.mrn.clone())),
        Column::new("Phone", 17, 5, |patient| patient.phone_number.clone()),
        Column::new("City", 18, 6, |patient| patient.city.clone()),
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
            name: display(&self.full_name).into_owned(),
            code: display(&self.mrn).into_owned(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let death = |day| vec![format!("† died {day}"), "† died".to_owned()];
        self.deceased_on.map(death).unwrap_or_default()
    }

    fn named(&self) -> String {
        let born = born_of(self);
        let born = if born.is_empty() { born } else { format!(", born {born}") };
        format!("{}{born}, {}", display(&self.full_name), display(&self.mrn))
    }

    fn about(&self) -> String {
        let sex = self.gender.map_or(" ", sex);
        format!("{:10}  {sex}  {}", born_of(self), display(&self.mrn))
    }

    /// Who it is: name, sex, age and medical record number; a death as a warning.
    fn banner(&self) -> Banner {
        let sex = match self.gender {
            None => "sex not recorded",
            Some(Gender::Unknown) => "sex unknown",
            Some(Gender::Other) => "other sex",
            Some(gender) => gender.word(),
        };
        let is_rough = self.date_of_birth_estimated
            || matches!(self.date_of_birth, Some(PartialDate::Year(_)));
        let about = if is_rough { "about " } else { "" };
        let age = match (self.age, self.deceased_on) {
            (Some(age), Some(_)) => format!("died at {about}{age}"),
            (Some(age), None) => format!("{about}{}", date::years(age)),
            (None, _) => "age unknown".to_owned(),
        };
        let born = match born_of(self) {
            born if born.is_empty() => String::new(),
            born => format!(" · born {born}"),
        };
        Banner {
            name: display(&self.full_name).into_owned(),
            code: format!("MRN {}", display(&self.mrn)),
            line: format!("{sex} · {age}{born}"),
            warning: self.deceased_on.map(|day| format!("† died {day}")),
        }
    }

    fn sorted_name(&self) -> Option<String> {
        sorted(self.first_name.as_deref(), self.last_name.as_deref())
    }

    /// That there are allergies, and which, as far as the answer says it.
    fn alert(&self) -> Option<Alert> {
        let words = self.allergies.as_deref().unwrap_or_default();
        let words = words.lines().map(str::trim).filter(|line| !line.is_empty());
        let words = words.collect::<Vec<_>>().join("; ");
        let is_warning = self.has_allergies || !words.is_empty();
        let text = match is_warning {
            false => "No allergies recorded".to_owned(),
            true if words.is_empty() => "! Allergies: recorded, but not shown".to_owned(),
            true => format!("! Allergies: {}", display(&words)),
        };
        Some(Alert { text, is_warning })
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let clinical = |member, value, otherwise: &str| match self.withheld.contains(&member) {
            true => otherwise.to_owned(),
            false => text(value),
        };
        let allergies = if self.has_allergies { "recorded, but not shown" } else { "" };
        let allergies = clinical(ClinicalMember::Allergies, &self.allergies, allergies);
        let history = clinical(ClinicalMember::MedicalHistory, &self.medical_history, "not shown");
        let born = match born_of(self) {
            born if self.date_of_birth_estimated => format!("{born} (estimated from an age)"),
            born => born,
        };
        let identifiers = self.identifiers.iter().map(|i| format!("{}: {}", i.system, i.value));
        let registered =
            format!("{} by {}", world.stamp(&self.created_at), self.created_by_username);
        let changed = format!("{} (version {})", world.stamp(&self.updated_at), self.version);
        vec![
            Section {
                title: "Contact",
                fields: vec![
                    ("Phone", text(&self.phone_number)),
                    ("E-mail", text(&self.email)),
                    ("Address", text(&self.address)),
                    ("City", text(&self.city)),
                    ("State", text(&self.state)),
                    ("Zip code", text(&self.zip_code)),
                    ("Language", text(&self.preferred_language)),
                    ("In an emergency", text(&self.emergency_contact)),
                ],
            },
            Section {
                title: "Medical",
                fields: vec![
                    ("Allergies", allergies),
                    ("Blood type", self.blood_type.map(|b| b.to_string()).unwrap_or_default()),
                    ("Medical history", history),
                ],
            },
            Section {
                title: "Record",
                fields: vec![
                    ("Date of birth", born),
                    ("Died", self.deceased_on.map(|day| day.to_string()).unwrap_or_default()),
                    ("Identifiers", identifiers.collect::<Vec<_>>().join("\n")),
                    ("Formerly", self.former_names.join("\n")),
                    ("Merged with", self.former_mrns.join(", ")),
                    ("Registered", registered),
                    ("Account", self.linked_user.map(|id| format!("#{id}")).unwrap_or_default()),
                    ("Last changed", changed),
                ],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        self.allows(match deed {
            Deed::Update => PatientPermission::Update,
            Deed::Archive => PatientPermission::Archive,
            Deed::Restore => PatientPermission::Restore,
            Deed::History => PatientPermission::History,
            Deed::Link | Deed::Unlink if (deed == Deed::Link) == self.linked_user.is_some() => {
                return false;
            }
            Deed::Link | Deed::Unlink => PatientPermission::Link,
            Deed::IssueCode | Deed::EndSessions | Deed::Correct => return false,
            Deed::Assign => PatientPermission::Assign,
            Deed::Unmerge if self.former_mrns.is_empty() => return false,
            Deed::Unmerge => PatientPermission::Merge,
        })
    }

    fn archived(&self) -> Option<DateTime<Utc>> {
        self.archived_at
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        form::fields(base)
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        form::values(self)
    }

    fn read(form: &Form, base: Option<&Self>, today: NaiveDate) -> (Value, FieldErrors) {
        form::read_and_judge(form, base, today)
    }

    fn relative(&self) -> Option<Filled> {
        let mut known = self.values();
        let mut values = Vec::new();
        let mut copied = Vec::new();
        for (part, names) in form::SHARED_BY_RELATIVES {
            let found = names.iter().filter_map(|name| Some((*name, known.remove(name)?)));
            let found: Vec<_> = found.filter(|(_, value)| !value.is_empty()).collect();
            copied.extend(Some(*part).filter(|_| !found.is_empty()));
            values.extend(found);
        }
        let name = display(&self.full_name);
        let origin = match copied.is_empty() {
            true => format!("A relative of {name}."),
            false => format!("Copied from {name}: {}.", copied.join(", ")),
        };
        Some(Filled { values, origin, is_copied: true })
    }

    fn is_saved(&self, form: &Form, base: &Self, today: NaiveDate) -> bool {
        form::outcome(form, Some(base), today) == Some(self.state())
    }

    fn follows(
        form: &Form,
        base: Option<&Self>,
        field: &Field,
        today: NaiveDate,
    ) -> Option<String> {
        form::follows(form, base, field, today)
    }
}

/// The sexes as choices. The first is the name of the empty value.
const fn sexes(empty: &'static str) -> [(&'static str, &'static str); 5] {
    [("", empty), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")]
}

/// The blood types as choices. The first is the name of the empty value.
const fn blood_types(empty: &'static str) -> [(&'static str, &'static str); 9] {
    [
        ("", empty),
        ("A+", "A+"),
        ("A-", "A-"),
        ("B+", "B+"),
        ("B-", "B-"),
        ("AB+", "AB+"),
        ("AB-", "AB-"),
        ("O+", "O+"),
        ("O-", "O-"),
    ]
}

const ARCHIVED: &[(&str, &str)] = &[("", "no"), ("true", "yes: only archived")];
