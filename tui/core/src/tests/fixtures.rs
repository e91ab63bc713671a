//! Patients, doctors, users and problems for the tests.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::{
    Kind, Page, PartialDate, Problem, UserId,
    account::{Role, SessionPermission, User},
    assignment::{Assignment, AssignmentFields, AssignmentPermission, AssignmentStatus},
    doctor::{Doctor, DoctorFields, DoctorInput, DoctorPermission},
    history::{Change, HistoryEntry},
    id::{AssignmentId, AuditId, DoctorId, PatientId, VisitId},
    likeness::{Grade, Likeness},
    lookup::{Found, FoundKind, FoundRecord, Lookup},
    matched::{Why, matched, why},
    meta::Meta,
    patient::{
        Gender, Identifier, LikelyPair, Patient, PatientFields, PatientInput, PatientMatch,
        PatientMatches, PatientPermission,
    },
    read::Reader,
    search::{Reading, Word},
    visit::{Visit, VisitFields, VisitPermission, VisitStatus},
};

use crate::{
    api::Reply,
    resource::Record,
    session::{Session, SessionHandle},
};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn today() -> NaiveDate {
    day("2026-11-20")
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn user(id: i64, name: &str) -> User {
    User {
        id: UserId(id),
        username: Some(name.to_owned()),
        email: None,
        first_name: Some(name.to_owned()),
        last_name: None,
        name: name.to_owned(),
        phone: None,
        role: Role::Staff,
        is_active: true,
        is_staff: true,
        email_verified: true,
        created_at: at("2026-01-01T08:00:00Z"),
        updated_at: at("2026-01-01T08:00:00Z"),
        version: 1,
        permissions: Some(vec![
            SessionPermission::CreatePatient,
            SessionPermission::CreateDoctor,
            SessionPermission::CreateVisit,
            SessionPermission::ReadAllPatients,
            SessionPermission::ReadArchivedPatients,
        ]),
    }
}

/// A session of a user, under a handle of this number.
pub(super) fn session(number: u64, id: i64, name: &str) -> Session {
    Session::new(SessionHandle::new(number), user(id, name))
}

/// The answer to a login.
pub(super) fn signed_in(number: u64, id: i64, name: &str) -> Reply {
    Reply::SignedIn(Box::new(session(number, id, name)))
}

/// The answer with a page of patients.
pub(super) fn listed(page: Page<Patient>) -> Reply {
    Reply::Page(Box::new(page.map(Record::from)))
}

/// The answer with a patient.
pub(super) fn one(patient: Patient) -> Reply {
    Reply::Record(patient.into())
}

/// The members of a patient in a request.
pub(super) fn input(body: &Value) -> PatientInput {
    let members = body.as_object().cloned().unwrap_or_default();
    let mut reader = Reader::from_members(members.into_iter().collect());
    let input = PatientInput::read(&mut reader);
    assert!(reader.finish().is_empty(), "{body}");
    input
}

pub(super) fn meta() -> Meta {
    Meta {
        name: "Frontdesk".to_owned(),
        version: "0.1.0".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        today: today(),
        is_registration_open: false,
        is_verified_email_required: false,
        is_setup_needed: false,
        password_min: 8,
        password_min_staff: 15,
        body_max: 262_144,
        page_size_max: 100,
        access_token_minutes: 60,
    }
}

/// A patient as a single record is answered, with every permission.
pub(super) fn patient(id: i64, first: &str, last: &str) -> Patient {
    let birth = NaiveDate::from_ymd_opt(1989, 5, 25).unwrap();
    Patient {
        id: PatientId(id),
        mrn: shared::Mrn::from_sequence(id).to_string(),
        fields: PatientFields {
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            identifiers: vec![Identifier {
                system: "insurance".into(),
                value: "X123456789".into(),
            }],
            date_of_birth: Some(PartialDate::Day(birth)),
            deceased_on: None,
            gender: Some(Gender::Male),
            email: Some("jose@example.com".to_owned()),
            phone_number: Some("+1 555 123 4567".to_owned()),
            address: Some("427 Balistreri Way".to_owned()),
            city: Some("Chicopee".to_owned()),
            state: Some("MA".to_owned()),
            zip_code: Some("01013".to_owned()),
            blood_type: None,
            allergies: Some("Penicillin".to_owned()),
            medical_history: Some(
                "Asthma since childhood.\nFracture of the left arm, 2011.".to_owned(),
            ),
            preferred_language: Some("es".to_owned()),
            emergency_contact: Some("Ana Gómez, +1 555 765 4321".to_owned()),
        },
        full_name: format!("{first} {last}"),
        date_of_birth_estimated: false,
        age: Some(37),
        has_allergies: true,
        withheld: Vec::new(),
        linked_user: None,
        created_by: UserId(1),
        created_by_username: "ana".to_owned(),
        created_at: at("2026-11-01T08:30:00Z"),
        updated_at: at("2026-11-19T10:22:00Z"),
        version: 3,
        archived_at: None,
        merged_into: None,
        former_names: Vec::new(),
        former_mrns: Vec::new(),
        former_name: None,
        matched: None,
        possible_duplicates: None,
        permissions: Some(vec![
            PatientPermission::Update,
            PatientPermission::Archive,
            PatientPermission::Restore,
            PatientPermission::History,
            PatientPermission::Assign,
        ]),
    }
}

/// Two patients who may be one person.
pub(super) fn pair(id: i64, patients: [Patient; 2]) -> LikelyPair {
    let reasons = vec![Likeness::SameName, Likeness::SameDateOfBirth];
    let patients = patients.map(Patient::without_clinical).to_vec();
    LikelyPair { id, patients, grade: Grade::Probable, score: 0.8, reasons }
}

pub(super) fn jose() -> Patient {
    patient(9, "José", "Gómez")
}

/// A doctor as a single record is answered, with every permission.
pub(super) fn doctor(id: i64, first: &str, last: &str) -> Doctor {
    let members = [("first_name", first), ("last_name", last), ("specialization", "Cardiology")];
    let members = members.map(|(name, value)| (name.to_owned(), Value::from(value)));
    let mut reader = Reader::from_members(members.into_iter().collect());
    let fields = DoctorFields::new(&DoctorInput::read(&mut reader)).unwrap();
    Doctor {
        id: DoctorId(id),
        fields,
        full_name: format!("{first} {last}"),
        active_patients: 12,
        linked_user: None,
        created_by: UserId(1),
        created_by_username: "ana".to_owned(),
        created_at: at("2026-11-01T08:30:00Z"),
        updated_at: at("2026-11-19T10:22:00Z"),
        version: 3,
        archived_at: None,
        matched: None,
        permissions: Some(vec![
            DoctorPermission::Update,
            DoctorPermission::Archive,
            DoctorPermission::Restore,
            DoctorPermission::History,
        ]),
    }
}

/// An active assignment of José Gómez to Sarah Johnson, with every permission.
pub(super) fn assignment(id: i64) -> Assignment {
    Assignment {
        id: AssignmentId(id),
        patient: PatientId(9),
        patient_name: "José Gómez".to_owned(),
        mrn: shared::Mrn::from_sequence(9).to_string(),
        doctor: DoctorId(1),
        doctor_name: "Sarah Johnson".to_owned(),
        specialization: "Cardiology".to_owned(),
        fields: AssignmentFields {
            status: AssignmentStatus::Active,
            reason_for_visit: Some("Regular checkup".to_owned()),
            notes: None,
            assigned_date: day("2026-11-03"),
        },
        is_active: true,
        assigned_at: at("2026-11-03T08:30:00Z"),
        assigned_by: UserId(1),
        assigned_by_username: "ana".to_owned(),
        ended_at: None,
        created_at: at("2026-11-03T08:30:00Z"),
        updated_at: at("2026-11-19T10:22:00Z"),
        version: 2,
        permissions: Some(vec![
            AssignmentPermission::Update,
            AssignmentPermission::End,
            AssignmentPermission::Transfer,
            AssignmentPermission::History,
        ]),
    }
}

/// The answer with a page of assignments.
pub(super) fn assigned(results: Vec<Assignment>) -> Reply {
    records(results)
}

/// The answer with all records of a kind that there are.
pub(super) fn records<T: Into<Record>>(results: Vec<T>) -> Reply {
    Reply::Page(Box::new(Page {
        count: results.len() as i64,
        count_capped: false,
        next: None,
        previous: None,
        results: results.into_iter().map(Into::into).collect(),
    }))
}

/// The visit of this number, of the patient of the same id.
pub(super) fn visit(number: i64, status: VisitStatus) -> Visit {
    let names = ["José Gómez", "Ana María Fernández", "小龍 李"];
    let name = names[usize::try_from(number).unwrap() % names.len()];
    let time = |minute| Some(at(&format!("2026-11-20T08:{minute:02}:00Z")));
    let [called_at, started_at, ended_at] = status.stamp([None; 3], at("2026-11-20T08:40:00Z"));
    Visit {
        id: VisitId(number),
        number,
        day: today(),
        fields: VisitFields {
            patient: PatientId(number),
            doctor: Some(DoctorId(1)),
            assignment: None,
            reason: Some("Fever".to_owned()),
            is_urgent: number == 1,
            status,
        },
        patient_name: name.to_owned(),
        mrn: shared::Mrn::from_sequence(number).to_string(),
        doctor_name: Some("Sarah Johnson".to_owned()),
        arrived_at: time(number).unwrap(),
        called_at,
        started_at,
        ended_at,
        created_by: UserId(1),
        created_by_username: "ana".to_owned(),
        created_at: time(number).unwrap(),
        updated_at: time(number).unwrap(),
        version: 1,
        permissions: Some(vec![VisitPermission::Update, VisitPermission::History]),
    }
}

/// The answer with a page of visits.
pub(super) fn visits(results: Vec<Visit>) -> Reply {
    let count = results.len() as i64;
    let results = results.into_iter().map(Record::from).collect();
    Reply::Page(Box::new(Page { count, count_capped: false, next: None, previous: None, results }))
}

/// What a typed text finds, as the server answers it.
pub(super) fn lookup(patients: Vec<Patient>, text: &str) -> Reply {
    let words = Word::all(text, |_| &[Reading::Mrn, Reading::Phone, Reading::Name]);
    let found = |patient: Patient| Found {
        kind: FoundKind::Patient,
        id: patient.id.0,
        label: patient.full_name.clone(),
        why: if text.is_empty() { Why::Recent } else { why(&words, &patient) },
        matched: (!text.is_empty()).then(|| matched(&words, &patient)),
        record: FoundRecord::Patient(Box::new(patient)),
    };
    let results = patients.into_iter().map(found).collect();
    Reply::Lookup(Box::new(Lookup { read_as: Vec::new(), results }))
}

/// Patients who may be the same person as the one who is typed.
pub(super) fn matches(patients: Vec<Patient>) -> Reply {
    let found = |patient: Patient| PatientMatch {
        patient: Box::new(patient.without_clinical()),
        grade: Grade::Probable,
        score: 0.8,
        reasons: vec![Likeness::SameName, Likeness::SameDateOfBirth],
    };
    Reply::Matches(PatientMatches { results: patients.into_iter().map(found).collect() })
}

/// A list that shows every way in which a row can look.
pub(super) fn people() -> Vec<Patient> {
    let mut all = vec![
        jose(),
        patient(10, "Ana María", "Fernández de la Cruz y Santander"),
        patient(11, "小龍", "李"),
        patient(12, "Nilā", "நிலா"),
        patient(13, "Grete", "Weiß"),
    ];
    let [jose, ana, li, nila, grete] = all.as_mut_slice() else { panic!() };
    jose.permissions = None;
    ana.fields.gender = Some(Gender::Female);
    ana.fields.city = Some("São José dos Campos".to_owned());
    li.fields.date_of_birth = Some(PartialDate::Year(1996));
    li.date_of_birth_estimated = true;
    li.age = Some(30);
    nila.fields.date_of_birth = None;
    nila.age = None;
    nila.fields.phone_number = None;
    nila.fields.gender = None;
    grete.fields.deceased_on = Some(day("2025-03-01"));
    grete.fields.gender = Some(Gender::Female);
    all
}

pub(super) fn page(results: Vec<Patient>, count: i64) -> Page<Patient> {
    let next = (count > results.len() as i64).then(|| "http://x/api/patients?cursor=n".to_owned());
    Page { count, count_capped: false, next, previous: None, results }
}

pub(super) fn history() -> Page<HistoryEntry> {
    let entry = |id, action: &str, time: &str, changes| HistoryEntry {
        merged: None,
        id: AuditId(id),
        at: at(time),
        action: action.to_owned(),
        actor: Some(UserId(1)),
        actor_username: "ana".to_owned(),
        address: None,
        request_id: None,
        reason: None,
        version: Some(id),
        changes,
        names: Vec::new(),
    };
    let change = Change { field: "city".into(), old: json!("Boston"), new: json!("Chicopee") };
    let results = vec![
        entry(2, "patient.updated", "2026-11-19T10:22:00Z", vec![change]),
        entry(1, "patient.created", "2026-11-01T08:30:00Z", Vec::new()),
    ];
    Page { count: 2, count_capped: false, next: None, previous: None, results }
}

pub(super) fn problem(kind: Kind, errors: &[(&str, &str)]) -> Problem {
    let mut problem = Problem::new(kind, kind.title());
    let errors = errors.iter().map(|(f, m)| ((*f).to_owned(), vec![(*m).to_owned()]));
    problem.errors = errors.collect::<BTreeMap<_, _>>();
    problem
}

/// Somebody else has given a visit another status meanwhile.
pub(super) fn stale_visit(number: i64, status: VisitStatus) -> Problem {
    let mut current = visit(number, status);
    current.version += 1;
    let mut problem = problem(Kind::Stale, &[]);
    problem.extra.insert("current".into(), serde_json::to_value(current).unwrap());
    problem
}

/// Somebody else has saved this meanwhile.
pub(super) fn stale(current: &Patient) -> Problem {
    let mut problem = problem(Kind::Stale, &[]);
    problem.extra.insert("current".into(), serde_json::to_value(current).unwrap());
    problem.extra.insert("changed_by".into(), json!("bob"));
    problem.extra.insert("changed_at".into(), json!("2026-11-20T08:15:42.1Z"));
    problem
}
