//! Looking up anything that was typed, among patients and doctors.

use shared::{
    doctor::{Doctor, DoctorFilter},
    id::{DoctorId, PatientId},
    lookup::{FOUND_MAX, Found, FoundKind, FoundRecord, Lookup, not_an_id},
    matched::{MatchedPart, Why},
    patient::{Patient, PatientFilter},
    search::Reading,
};

use super::Record;
use crate::{
    app::App,
    db::{
        ArchiveState, Conn, doctors,
        listing::{self, Seek},
        patients::{self, LOOKED_UP, Recent},
        search::Search,
    },
    domain::{
        access::{Action, Scope, scope},
        matching::{Person, Sought},
    },
    error::Error,
    services::actor::Actor,
};

/// Finds patients and doctors by a typed text: patients that the caller may see, without their
/// clinical members, and all doctors, without archived ones. For an empty text, the patients whom the
/// caller has opened or written last. Like a list, a result is not noted as a read of its records,
/// unless it is a single patient found by id or medical record number.
///
/// Fails for a medical record number with a wrong check letter if nothing else matches the text.
pub async fn look_up(app: &App, actor: &Actor, typed: &str) -> Result<Lookup, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    if typed.is_empty() {
        return recent(app, actor, visible).await;
    }
    let mut read = app.db().read_at_length().await?;
    let mut conn = read.conn();
    if let Some(id) = typed.strip_prefix('#') {
        let found = by_id(app, &mut conn, visible, id.trim()).await?;
        return Ok(noted(app, actor, found));
    }
    let (search, read_as) = Search::by_shape(typed).map_err(|c| Error::invalid("q", c))?;
    let mut found = patients_with(app, &mut conn, visible, typed, &search).await?;
    found.extend(doctors_with(&mut conn, typed, &search).await?);
    if let Some(error) = search.mistyped_mrn.as_ref().filter(|_| found.is_empty()) {
        return Err(Error::invalid("q", error.clone()));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(RESULTS_MAX);
    let mut results: Vec<_> = found.into_iter().map(|(_, found)| found).collect();
    if results.len() < FEW {
        let others = similar(app, &mut conn, visible, &search, &results).await?;
        results.extend(others);
    }
    Ok(noted(app, actor, Lookup { read_as, results }))
}

/// The number of results below which people of other spelling follow, and the maximum number of these.
const FEW: usize = 5;

/// Patients of other spelling who are not among these results, the most like first. None where a word can't be part
/// of a name or a date of birth.
async fn similar(
    app: &App,
    conn: &mut Conn<'_>,
    visible: Scope,
    search: &Search,
    results: &[Found],
) -> Result<Vec<Found>, Error> {
    let Some((name, born)) = search.name_and_birth() else { return Ok(Vec::new()) };
    let sought = Sought::new(&name, born);
    let today = app.clock().today();
    let candidates =
        patients::sought(conn, (sought.words(), sought.birth()), visible, today).await?;
    let is_new = |patient: &Patient| {
        !results.iter().any(|it| it.kind == FoundKind::Patient && it.id == patient.id.0)
    };
    let mut all: Vec<(f64, Patient)> = candidates
        .into_iter()
        .filter(is_new)
        .filter_map(|it| Some((sought.likeness(&Person::of(&it.state()))?, it)))
        .collect();
    all.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    all.truncate(FEW);
    let shown = |(_, it): (f64, Patient)| patient(it.without_clinical(), Why::Similar);
    Ok(all.into_iter().map(shown).collect())
}

/// The patients whom the caller has opened or written last, newest first.
async fn recent(app: &App, actor: &Actor, visible: Scope) -> Result<Lookup, Error> {
    let opened = [Patient::READ, Patient::HISTORY_READ].map(Option::unwrap_or_default);
    // Before the audit log is read, so that no read is written unnoticed in between.
    let waiting = app.reads().waiting(actor.id(), &opened, RESULTS_MAX);
    let recent = Recent { user: actor.id(), waiting: &waiting, scope: visible };
    let mut read = app.db().read().await?;
    let patients = recent.read(&mut read.conn(), app.clock().today()).await?;
    let results = patients.into_iter().map(|it| patient(it, Why::Recent)).collect();
    Ok(Lookup { read_as: Vec::new(), results })
}

/// Notes a lookup if the result has exactly one patient, found by its id or medical record number.
fn noted(app: &App, actor: &Actor, found: Lookup) -> Lookup {
    let mut patients = found.results.iter().filter(|it| it.kind == FoundKind::Patient);
    if let (Some(one), None) = (patients.next(), patients.next())
        && matches!(one.why, Why::Id | Why::Mrn)
    {
        app.reads().note(actor, app.clock().now(), LOOKED_UP, Patient::ENTITY, one.id);
    }
    found
}

async fn by_id(
    app: &App,
    conn: &mut Conn<'_>,
    visible: Scope,
    digits: &str,
) -> Result<Lookup, Error> {
    let id: PatientId = digits.parse().map_err(|_| Error::invalid("q", not_an_id()))?;
    let today = app.clock().today();
    let matched = Some(vec![MatchedPart::new("id", 0..id.to_string().len())]);
    let mut results = Vec::new();
    // The id of a merged record leads to that into which it was merged.
    let last = patients::merges::last_of(conn, id).await?.unwrap_or(id);
    if let Some(row) = patients::get(conn, last, visible, ArchiveState::Current, today).await? {
        let found = Patient { matched: matched.clone(), ..row.record.without_clinical() };
        results.push(patient(found, Why::Id));
    }
    if let Some(row) = doctors::get(conn, DoctorId(id.0), ArchiveState::Current).await? {
        results.push(doctor(Doctor { matched, ..row.record }, Why::Id));
    }
    Ok(Lookup { read_as: vec![Reading::Id], results })
}

/// The maximum number of results.
const RESULTS_MAX: usize = FOUND_MAX as usize;

/// A part of as many rows as are shown at most.
const fn span<K>() -> Seek<K> {
    Seek { place: None, is_backwards: false, limit: FOUND_MAX, offset: 0 }
}

/// Results with their ranks.
type Ranked = Vec<(i64, Found)>;

async fn patients_with(
    app: &App,
    conn: &mut Conn<'_>,
    visible: Scope,
    typed: &str,
    search: &Search,
) -> Result<Ranked, Error> {
    let filter = PatientFilter { search: Some(typed.to_owned()), ..PatientFilter::default() };
    let today = app.clock().today();
    let listing = patients::Listing {
        filter: &filter,
        search: Some(search),
        scope: visible,
        today,
        clinical: false,
    };
    let part = listing.finder(conn, search).await?.find(conn, &span()).await?;
    let found = part.rows.into_iter().map(|found| {
        let why = search.why(&found.patient);
        (found.rank, patient(found.patient, why))
    });
    Ok(found.collect())
}

async fn doctors_with(conn: &mut Conn<'_>, typed: &str, search: &Search) -> Result<Ranked, Error> {
    let filter = DoctorFilter { search: Some(typed.to_owned()), ..DoctorFilter::default() };
    let listing = doctors::Listing { filter: &filter, search: Some(search) };
    let rows = listing::read(conn, &listing, &span()).await?;
    let found = rows.into_iter().map(|(found, key)| {
        let why = search.why(&found);
        (key.rank, doctor(found, why))
    });
    Ok(found.collect())
}

/// A label from the parts that are known.
fn label(parts: [Option<String>; 3]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A result. What has matched is a member of the result instead of the record.
fn patient(mut patient: Patient, why: Why) -> Found {
    let born = patient.date_of_birth.map(|born| born.to_string());
    Found {
        kind: FoundKind::Patient,
        id: patient.id.0,
        label: label([Some(patient.full_name.clone()), born, Some(patient.mrn.clone())]),
        why,
        matched: patient.matched.take(),
        record: FoundRecord::Patient(Box::new(patient)),
    }
}

fn doctor(mut doctor: Doctor, why: Why) -> Found {
    let (name, license) = (doctor.full_name.clone(), doctor.license_number.clone());
    Found {
        kind: FoundKind::Doctor,
        id: doctor.id.0,
        label: label([Some(name), Some(doctor.specialization.clone()), license]),
        why,
        matched: doctor.matched.take(),
        record: FoundRecord::Doctor(Box::new(doctor)),
    }
}
