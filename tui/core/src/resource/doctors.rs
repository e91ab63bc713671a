//! Doctors.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::{
    FieldErrors,
    account::SessionPermission,
    doctor::{
        AVAILABILITY_MAX, Doctor, DoctorFields, DoctorFilter, DoctorInput, DoctorOrder,
        DoctorPermission, EXPERIENCE_MAX, LICENSE_MAX, QUALIFICATION_MAX, SPECIALIZATION_MAX,
    },
    query::Ordering,
    read::Reader,
    rules::{ADDRESS_MAX, NAME_MAX, PLACE_MAX, ZIP_MAX},
};

use super::{
    Access, ArchiveWords, Banner, Change, Column, Create, Created, Deed, Filter, FilterInput,
    Order, Pick, PickFor, Purpose, Reading, Related, Removal, RowHead, SearchWords, Secret,
    Section, Shown, Table, Words, assignments,
    links::{Link, UNLINK},
    sorted, visits,
};
use crate::{
    form::{Form, accepts::Accepts, field::Field},
    resource::RecordKind,
    sentences::NAME_NEEDED,
    text::display,
    world::World,
};

impl Shown for Doctor {
    const TABLE: Table = Table {
        words: Words {
            title: "Doctors",
            none_left: "No doctor matches these filters.",
            none: "No doctors yet.",
            one: "Doctor",
            entity: "doctor",
            created: Some(Created {
                history: "entered",
                told: "Entered",
                not_done: "The new doctor was not saved",
            }),
            copy: "copy licence",
            ..Words::NONE
        },
        orders: &[
            Order::new(None, "by last name; a search: best matches first").by_last_name(),
            Order::new(Some("last_name"), "by last name").by_last_name(),
            Order::new(Some("-last_name"), "by last name, Z to A").by_last_name(),
            Order::new(Some("first_name"), "by first name"),
            Order::new(Some("specialization"), "by specialisation"),
            Order::new(Some("-created_at"), "newest record first"),
            Order::new(Some("-updated_at"), "last changed first"),
        ],
        filters: &[
            Filter::new(
                "specialization",
                "Specialisation",
                FilterInput::Text(SPECIALIZATION_MAX),
                |words| format!("specialisation {words}"),
            ),
            Filter::new("city", "City", FilterInput::Text(PLACE_MAX), |city| {
                format!("city {city}")
            }),
            Filter::new("is_available", "Accepts patients", FilterInput::Choice(AVAILABLE), |is| {
                if is == "true" { "accepts patients" } else { "accepts no patients" }.to_owned()
            }),
            Filter {
                permission: Some(SessionPermission::CreateDoctor),
                ..Filter::new("archived", "Archived", FilterInput::Choice(ARCHIVED), |_| {
                    "archived".to_owned()
                })
            },
        ],
        list: Access::Everybody,
        create: Some(Create {
            access: Access::With(SessionPermission::CreateDoctor),
            label: "new doctor",
            title: "New doctor",
            intro: "A new doctor. A name and a specialisation are needed.",
            not_found: ", {New} creates a new doctor",
            first: "{New} creates the first doctor.",
            found: "A doctor of this name is there",
        }),
        change: Some(Change { access: Access::Everybody, title: "Edit doctor" }),
        reading: Reading::ById,
        removal: Some(Removal::Archive(ArchiveWords {
            list: "Archived doctors",
            title: "Archive this doctor?",
            effect: "The doctor no longer appears in lists. Visits for the doctor stay as they are. The record can be restored.",
            restore: "Restore this doctor?",
        })),
        search: Some(SearchWords {
            accepts: "name, specialisation, clinic, licence",
            no_match: "No doctor matches",
            advice: "Try fewer letters, a specialisation or a city.",
            filter_advice: ", {Filter} filters by specialisation",
        }),
        operations: &[UNLINK],
        others: None,
        label,
        value: |_, _| None,
        correct: None,
        link: Some(Link::new(
            &[("role", "doctor"), ("is_active", "true")],
            "The account can then read the patients assigned to this doctor.",
        )),
        pick: Some(PickFor {
            word: "assign",
            help: "Assign patients to the doctor.",
            purpose: Purpose::PatientOfDoctor,
            pick: Pick { kind: RecordKind::Patient, title: "Assign which patient?", only: &[] },
        }),
        related: Some(Related {
            kind: RecordKind::Assignment,
            filter: "doctor",
            title: "Patients",
            list: "assignments",
            none: "No patient is assigned.",
            one: "Patient",
            line: assignments::of_doctor,
        }),
        remains: Some(visits::OF_DOCTOR),
        trace,
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", 0, 0, |doctor| Some(doctor.full_name.clone())),
        Column::new("Specialisation", 22, 1, |doctor| Some(doctor.specialization.clone())),
        Column::new("Patients", 8, 2, |doctor: &Self| Some(doctor.active_patients.to_string()))
            .right(),
        Column::new("Accepts", 7, 3, |doctor| Some(yes(doctor.is_available).to_owned())),
        Column::new("Phone", 17, 4, |doctor| doctor.phone_number.clone()),
        Column::new("Clinic", 24, 5, |doctor| doctor.clinic_name.clone()),
        Column::new("City", 18, 6, |doctor| doctor.city.clone()),
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
        let code = self.license_number.as_deref().map(|number| display(number).into_owned());
        RowHead {
            name: display(&self.full_name).into_owned(),
            // The quick search finds a record by `#` and its id.
            code: code.unwrap_or_else(|| format!("#{}", self.id)),
        }
    }

    fn named(&self) -> String {
        format!("{}, {}", display(&self.full_name), display(&self.specialization))
    }

    fn about(&self) -> String {
        format!("doctor, {}", display(&self.specialization))
    }

    fn banner(&self) -> Banner {
        let count = self.active_patients;
        let patients = if count == 1 { "patient" } else { "patients" };
        Banner {
            name: display(&self.full_name).into_owned(),
            code: display(self.license_number.as_deref().unwrap_or_default()).into_owned(),
            line: format!("{} · {count} {patients}", display(&self.specialization)),
            warning: (!self.is_available).then(|| "accepts no patients".to_owned()),
        }
    }

    fn sorted_name(&self) -> Option<String> {
        sorted(self.first_name.as_deref(), self.last_name.as_deref())
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let years = self.years_of_experience.map(|years| years.to_string());
        let fee = self.consultation_fee.as_ref().map(ToString::to_string);
        let entered = format!("{} by {}", world.stamp(&self.created_at), self.created_by_username);
        let changed = format!("{} (version {})", world.stamp(&self.updated_at), self.version);
        vec![
            Section {
                title: "Practice",
                fields: vec![
                    ("Specialisation", self.specialization.clone()),
                    ("Accepts patients", yes(self.is_available).to_owned()),
                    ("Hours", text(&self.availability)),
                    ("Fee", fee.unwrap_or_default()),
                    ("Clinic", text(&self.clinic_name)),
                    ("Address", text(&self.clinic_address)),
                    ("City", text(&self.city)),
                    ("State", text(&self.state)),
                    ("Zip code", text(&self.zip_code)),
                ],
            },
            Section {
                title: "Contact",
                fields: vec![("Phone", text(&self.phone_number)), ("E-mail", text(&self.email))],
            },
            Section {
                title: "Record",
                fields: vec![
                    ("Licence number", text(&self.license_number)),
                    ("Qualification", text(&self.qualification)),
                    ("Experience", years.map(|it| format!("{it} years")).unwrap_or_default()),
                    ("Entered", entered),
                    ("Account", self.linked_user.map(|id| format!("#{id}")).unwrap_or_default()),
                    ("Last changed", changed),
                ],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        let needed = match deed {
            Deed::Update => DoctorPermission::Update,
            Deed::Archive => DoctorPermission::Archive,
            Deed::Restore => DoctorPermission::Restore,
            Deed::History => DoctorPermission::History,
            Deed::Link | Deed::Unlink if (deed == Deed::Link) == self.linked_user.is_some() => {
                return false;
            }
            Deed::Link | Deed::Unlink => DoctorPermission::Link,
            Deed::IssueCode | Deed::EndSessions | Deed::Correct | Deed::Unmerge => return false,
            // Whether the patient may be assigned, the patient's record says.
            Deed::Assign => return self.archived_at.is_none(),
        };
        self.permissions.as_ref().is_some_and(|given| given.contains(&needed))
    }

    fn archived(&self) -> Option<DateTime<Utc>> {
        self.archived_at
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        let values = base.map(Self::values).unwrap_or_default();
        let value = |name: &str| values.get(name).map_or("", String::as_str);
        let line = |name, label| Field::text(name, label, value(name));
        let text = |name, label, max| line(name, label).accepts(Accepts::Text(max));
        let available = if base.is_some() { value("is_available") } else { "true" };
        vec![
            text("first_name", "First name", NAME_MAX).needed(NAME_NEEDED).half(),
            text("last_name", "Last name", NAME_MAX).half(),
            text("specialization", "Specialisation", SPECIALIZATION_MAX).half(),
            Field::choice("is_available", "Accepts", YES, available).half(),
            line("phone_number", "Phone").accepts(Accepts::Phone).half(),
            line("email", "E-mail").accepts(Accepts::Email).half(),
            line("license_number", "Licence").accepts(Accepts::Code(LICENSE_MAX)).half(),
            line("consultation_fee", "Fee")
                .accepts(Accepts::Amount)
                .hint("an amount, like 150.00")
                .half(),
            line("years_of_experience", "Experience")
                .accepts(Accepts::Whole(0, EXPERIENCE_MAX))
                .hint("in years")
                .half(),
            text("qualification", "Qualification", QUALIFICATION_MAX).half(),
            text("clinic_name", "Clinic", QUALIFICATION_MAX),
            Field::long("clinic_address", "Address", value("clinic_address"), 2)
                .accepts(Accepts::Text(ADDRESS_MAX)),
            text("city", "City", PLACE_MAX).half(),
            text("zip_code", "Zip code", ZIP_MAX).half(),
            text("state", "State", PLACE_MAX),
            Field::notes("availability", "Hours", value("availability"), 2)
                .accepts(Accepts::Text(AVAILABILITY_MAX))
                .hint("in words, like Mon-Fri 9-17"),
        ]
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        BTreeMap::from([
            ("first_name", text(&self.first_name)),
            ("last_name", text(&self.last_name)),
            ("specialization", self.specialization.clone()),
            ("is_available", self.is_available.to_string()),
            ("phone_number", text(&self.phone_number)),
            ("email", text(&self.email)),
            ("license_number", text(&self.license_number)),
            (
                "consultation_fee",
                self.consultation_fee.as_ref().map(ToString::to_string).unwrap_or_default(),
            ),
            (
                "years_of_experience",
                self.years_of_experience.map(|years| years.to_string()).unwrap_or_default(),
            ),
            ("qualification", text(&self.qualification)),
            ("clinic_name", text(&self.clinic_name)),
            ("clinic_address", text(&self.clinic_address)),
            ("city", text(&self.city)),
            ("zip_code", text(&self.zip_code)),
            ("state", text(&self.state)),
            ("availability", text(&self.availability)),
        ])
    }

    fn read(form: &Form, base: Option<&Self>, _: NaiveDate) -> (Value, FieldErrors) {
        let (input, mut errors) = input(form, base.is_some());
        if let Err(more) = outcome(&input, base) {
            for (name, error) in more.iter() {
                if !errors.concern(name) {
                    errors.add(name, error.clone());
                }
            }
        }
        (json!(input), errors)
    }

    fn is_saved(&self, form: &Form, base: &Self, _: NaiveDate) -> bool {
        outcome(&input(form, true).0, Some(base)).is_ok_and(|fields| fields == self.fields)
    }
}

const YES: &[(&str, &str)] = &[("true", "yes"), ("false", "no")];
const AVAILABLE: &[(&str, &str)] = &[("", "all"), ("true", "yes"), ("false", "no")];
const ARCHIVED: &[(&str, &str)] = &[("", "no"), ("true", "yes: only archived")];

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// The members that are sent.
fn input(form: &Form, is_change: bool) -> (DoctorInput, FieldErrors) {
    let is_sent = |field: &&Field| {
        if is_change { field.is_changed() } else { !field.value().trim().is_empty() }
    };
    let member = |field: &Field| {
        let text = field.value().trim();
        let value = match field.name {
            _ if text.is_empty() => Value::Null,
            "is_available" => (text == "true").into(),
            "years_of_experience" => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
            _ => text.into(),
        };
        (field.name.to_owned(), value)
    };
    let members = form.fields.iter().filter(is_sent).map(member).collect();
    let mut reader = Reader::from_members(members);
    let input = DoctorInput::read(&mut reader);
    (input, reader.finish())
}

/// The members that the doctor would have.
fn outcome(input: &DoctorInput, base: Option<&Doctor>) -> Result<DoctorFields, FieldErrors> {
    match base {
        Some(base) => base.fields.changed_by(input),
        None => DoctorFields::new(input),
    }
}

fn trace(form: &Form) -> Vec<(&'static str, String)> {
    let name = ["first_name", "last_name"].map(|name| form.value(name));
    let search = name.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let filter = DoctorFilter {
        search: Some(search),
        ordering: Some(Ordering::descending(DoctorOrder::CreatedAt)),
        page_size: Some(5),
        ..DoctorFilter::default()
    };
    filter.pairs()
}

fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "specialization" => "Specialisation",
        "phone_number" => "Phone",
        "email" => "E-mail",
        "linked_user" => "Account",
        "license_number" => "Licence number",
        "years_of_experience" => "Years of experience",
        "clinic_name" => "Clinic",
        "clinic_address" => "Address",
        "consultation_fee" => "Fee",
        "is_available" => "Accepts patients",
        "availability" => "Hours",
        _ => return None,
    })
}
