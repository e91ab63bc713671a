//! The directory of doctors.

mod bulk;

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    doctor::{
        Doctor, DoctorFields, DoctorFilter, DoctorInput, DoctorRemoval, NewDoctor,
        SpecializationCount,
    },
    id::DoctorId,
    patient::Archiving,
    query::ListQuery,
    read::Draft,
};

use super::{
    Record, accept,
    assignments::{self, Handover},
    find_to_change, finish, finish_new,
};
use crate::{
    app::App,
    db::{
        self, ArchiveState, Conn, DbError, UniqueKey,
        doctors::{self, Listing, SpecializationListing},
        listing::Listed,
        records::Kept,
    },
    domain::{
        access::{Action, scope},
        idempotency::{self, IdempotencyKey},
        listing::{PageSlice, read_list},
        precondition::Precondition,
    },
    error::{Contradiction, Error},
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent, differences},
    },
};

pub(crate) use crate::db::doctors::DoctorTimes;
pub(crate) use bulk::{
    ArrivingDoctor, Claimed, DoctorKey, already_there, find_taken, register_many,
};

/// Adds a doctor to the directory.
pub async fn register(
    app: &App,
    actor: &Actor,
    new: &NewDoctor,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<Doctor, Error> {
    scope(actor, Action::CreateDoctor(app.settings().doctor_directory))?;
    let fields = DoctorFields::new(&new.0)?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) = idempotency::claim(app, &mut tx.conn(), actor, idempotency_key).await? {
        tx.commit().await?;
        return Ok(answer);
    }
    check_taken(&mut tx.conn(), &fields, None).await?;
    let new = (&fields, DoctorTimes::default());
    let entered = enter(app, &mut tx.conn(), actor, new, "doctor.created").await;
    let new = entered.map_err(not_unique)?;
    finish_new(app, tx, actor, idempotency_key, new).await
}

/// Inserts a doctor whose unique values are known to be free, and notes it.
async fn enter(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (fields, times): (&DoctorFields, DoctorTimes),
    action: &str,
) -> Result<Kept<Doctor>, DbError> {
    let now = app.clock().now();
    let new = doctors::insert(conn, (fields, times), &actor.user, now).await?;
    let mut event = AuditEvent { version: Some(new.revision.version), ..new.event(action) };
    event.changes = differences(&json!({}), &json!(fields))?;
    audit::note(conn, AuditActor::Actor(actor), now, event).await?;
    Ok(new)
}

/// A list of doctors. Every user sees all of them.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &DoctorFilter,
) -> Result<PageSlice<Doctor>, Error> {
    if filter.archived == Some(true) {
        scope(actor, Action::ListArchivedDoctors)?;
    }
    let listing = Listing { filter, search: None };
    let pages = filter.pages();
    let (page, search) = read_list(app, pages, listing.order(), filter.search.as_deref())?;
    let listing = Listing { search: search.as_ref(), ..listing };
    page.fetch(app, &listing).await
}

/// The specialisations in the directory, with the number of doctors in each.
pub async fn specializations(
    app: &App,
    query: &ListQuery,
) -> Result<PageSlice<SpecializationCount>, Error> {
    let pages = query.pages();
    let (page, _) = read_list(app, pages, SpecializationListing.order(), None)?;
    page.fetch(app, &SpecializationListing).await
}

/// Replaces or changes a doctor.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    draft: Draft<DoctorInput>,
) -> Result<Doctor, Error> {
    let input = accept::<Doctor, _>(app, actor, Some(id), draft).await?;
    let mut tx = app.db().begin().await?;
    let row = find_to_change::<Doctor>(app, &mut tx, actor, id, ArchiveState::Current).await?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    let old = &row.record.fields;
    let fields = row.check_state(&input.read_only, old.changed_by(&input))?;
    let changes = differences(old, &fields)?;
    if changes.is_empty() {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    check_taken(&mut tx.conn(), &fields, Some(id)).await?;
    let now = app.clock().now();
    let written = doctors::update(&mut tx.conn(), &row, &fields, actor.id(), now).await;
    let was_written = written.map_err(not_unique)?;
    let event = AuditEvent { changes, ..row.event("doctor.updated") };
    finish(app, tx, actor, (id, was_written), event).await
}

/// Archives a doctor. If the doctor has patients, `removal` must say what happens to their
/// assignments.
pub async fn archive(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    removal: &DoctorRemoval,
    archiving: Archiving,
) -> Result<Doctor, Error> {
    let handover = read_handover(id, removal)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if let Some(Handover::To(next)) = handover {
        // In a fixed order, so that archiving two doctors in favour of each other causes no
        // deadlock.
        doctors::lock(&mut tx.conn(), id.min(next)).await?;
        doctors::lock(&mut tx.conn(), id.max(next)).await?;
    }
    let row = find_to_change::<Doctor>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    if row.record.is_archived() {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    if let Some(Handover::To(next)) = handover
        && doctors::get(&mut tx.conn(), next, ArchiveState::Current).await?.is_none()
    {
        let message = "is not the id of an existing doctor";
        return Err(Error::invalid("reassign_to", FieldError::new("no_such_record", message)));
    }
    row.check_version(app, &mut tx, actor, precondition).await?;
    match handover {
        Some(handover) => assignments::hand_over(app, &mut tx, actor, id, handover).await?,
        None => check_no_patients(&mut tx.conn(), id).await?,
    }
    let (by, revision) = (actor.id(), &row.revision);
    let was_written =
        db::records::set_archived(&mut tx.conn(), revision, Some(now), by, now).await?;
    let event = AuditEvent { reason: archiving.reason, ..row.event("doctor.archived") };
    finish(app, tx, actor, (id, was_written), event).await
}

fn read_handover(id: DoctorId, removal: &DoctorRemoval) -> Result<Option<Handover>, Error> {
    match (removal.reassign_to, removal.end_assignments == Some(true)) {
        (Some(_), true) => {
            let error = FieldError::new("not_both", "can't be combined with reassign_to");
            Err(Error::invalid("end_assignments", error))
        }
        (Some(next), _) if next == id => {
            let error = FieldError::new("same_doctor", "must be another doctor");
            Err(Error::invalid("reassign_to", error))
        }
        (Some(next), false) => Ok(Some(Handover::To(next))),
        (None, true) => Ok(Some(Handover::End)),
        (None, false) => Ok(None),
    }
}

async fn check_no_patients(conn: &mut Conn<'_>, id: DoctorId) -> Result<(), Error> {
    let active = db::assignments::count_active(conn, id).await?;
    if active == 0 {
        return Ok(());
    }
    let message = format!(
        "has {active} active assignments: set reassign_to to another doctor's id, or \
         end_assignments=true"
    );
    Err(Error::Contradiction(Box::new(Contradiction {
        errors: FieldErrors::one(
            "id",
            FieldError::new("has_patients", message).with("active", active),
        ),
        name: "active_assignments",
        shown: json!(active),
    })))
}

fn taken(field: &str) -> FieldError {
    let what = if field == "email" { "e-mail address" } else { "licence number" };
    FieldError::new("not_unique", format!("another doctor already has this {what}"))
}

/// Reports which values another doctor already has. Between concurrent writes, the unique index
/// decides.
pub(super) async fn check_taken(
    conn: &mut Conn<'_>,
    fields: &DoctorFields,
    own: Option<DoctorId>,
) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    for field in doctors::taken(conn, fields, own).await? {
        errors.add(field, taken(field));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Conflict(errors)) }
}

/// What a violated unique index means: a concurrent request wrote the same value first.
pub(super) fn not_unique(error: DbError) -> Error {
    let field = match &error {
        DbError::Unique(UniqueKey::DoctorEmail) => "email",
        DbError::Unique(UniqueKey::DoctorLicense) => "license_number",
        _ => return error.into(),
    };
    Error::Conflict(FieldErrors::one(field, taken(field)))
}
