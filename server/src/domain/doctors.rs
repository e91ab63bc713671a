//! The directory of doctors.

mod many;

use serde_json::json;
use shared::{
    Complaint, Faults, UserId,
    account::Role,
    doctor::{
        Doctor, DoctorFields, DoctorFilter, DoctorInput, DoctorRemoval, NewDoctor,
        SpecializationCount,
    },
    history::HistoryEntry,
    id::DoctorId,
    page::COUNT_MAX,
    patient::Archiving,
    query::ListQuery,
};

use super::{
    access::{self, Action, doctor_permissions, scope},
    assignments::{self, Leaving},
    history, links,
    listing::{Asked, Window, read_list},
    once::{self, Once},
    precondition::{Found, Precondition, stale},
};
use crate::{
    app::App,
    db::{
        self, Conn, DbError, Shelf, Tx,
        doctors::{self, DoctorRow, Listing, SpecializationListing},
        listing::{Listed, count},
    },
    error::{Contradiction, Error},
    services::{
        actor::Actor,
        audit::{self, Deed, Doer, differences},
    },
};

pub(crate) use crate::db::doctors::Known;
pub(crate) use many::{Claimed, already_there, find_taken, register_many};

const ENTITY: &str = "doctor";

/// Enters a doctor into the directory.
pub async fn register(
    app: &App,
    actor: &Actor,
    new: &NewDoctor,
    once: Option<&Once>,
) -> Result<Doctor, Error> {
    scope(actor, Action::CreateDoctor(app.settings().doctor_directory))?;
    let fields = DoctorFields::default().changed_by(&new.0)?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) = once::claim(app, &mut tx.conn(), actor, once).await? {
        return Ok(answer);
    }
    let id = insert(app, &mut tx.conn(), actor, &fields, "doctor.created").await?;
    let row = doctors::get(&mut tx.conn(), id, Shelf::Current).await?.ok_or(Error::NotFound)?;
    let doctor = with_permissions(app, actor, row.doctor);
    once::keep(&mut tx.conn(), actor, once, (ENTITY, id.0), &doctor).await?;
    tx.commit().await?;
    Ok(doctor)
}

/// Inserts a doctor and notes it, in a transaction of the caller's.
pub(crate) async fn insert(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    fields: &DoctorFields,
    action: &str,
) -> Result<DoctorId, Error> {
    check_taken(conn, fields, None).await?;
    enter(app, conn, actor, fields, action).await.map_err(not_unique)
}

/// The same for one of whom it is known that nobody else has what has to be unique.
async fn enter(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    fields: &DoctorFields,
    action: &str,
) -> Result<DoctorId, DbError> {
    let now = app.clock().now();
    let id = doctors::insert(conn, fields, actor.id(), now).await?;
    let mut deed = Deed::new(action, ENTITY, Some(id.0));
    deed.version = Some(1);
    deed.changes = differences(&DoctorFields::default(), fields)?;
    audit::note(conn, Doer::Actor(actor), now, deed).await?;
    Ok(id)
}

/// A list of doctors. Everybody who is logged in sees all of them.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &DoctorFilter,
) -> Result<Window<Doctor>, Error> {
    if filter.archived == Some(true) {
        scope(actor, Action::ListArchivedDoctors)?;
    }
    let listing = Listing { filter, search: None };
    let pages = (filter.page, filter.page_size, filter.cursor.as_deref());
    let (asked, search) = read_list(pages, listing.order(), filter.search.as_deref())?;
    let listing = Listing { search: search.as_ref(), ..listing };
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let rows = doctors::list(&mut conn, &listing, &asked.span()).await?;
    let count = count(&mut conn, &listing, COUNT_MAX + 1).await?;
    Ok(asked.placed(rows, count)?.map(|row| row.doctor))
}

/// The specialisations of the directory, with how many doctors have each.
pub async fn specializations(
    app: &App,
    query: &ListQuery,
) -> Result<Window<SpecializationCount>, Error> {
    let pages = (query.page, query.page_size, query.cursor.as_deref());
    let (asked, _) = read_list(pages, SpecializationListing.order(), None)?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let rows = doctors::specializations(&mut conn, &asked.span()).await?;
    let count = count(&mut conn, &SpecializationListing, COUNT_MAX + 1).await?;
    asked.placed(rows, count)
}

/// One doctor. One from the archive is shown only where it is asked for, to who may restore it.
pub async fn read(app: &App, actor: &Actor, id: DoctorId, archived: bool) -> Result<Doctor, Error> {
    let shelf = if archived { Shelf::Archive } else { Shelf::Current };
    let mut lent = app.db().read().await?;
    let row = doctors::get(&mut lent.conn(), id, shelf).await?.ok_or(Error::NotFound)?;
    if archived && !may_change(app, actor, &row) {
        return Err(Error::NotFound);
    }
    Ok(with_permissions(app, actor, row.doctor))
}

fn may_change(app: &App, actor: &Actor, row: &DoctorRow) -> bool {
    let action = Action::ChangeDoctor(app.settings().doctor_directory);
    access::may_with(actor, action, row.doctor.created_by)
}

/// Replaces or changes a doctor.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    input: &DoctorInput,
) -> Result<Doctor, Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let row = find(app, &mut tx, actor, id, Shelf::Current).await?;
    row.check(app, actor, precondition)?;
    let old = row.doctor.fields();
    let mut faults = Faults::default();
    input.echo.compare(&json!(row.doctor), &mut faults);
    let fields = match old.changed_by(input) {
        Ok(fields) => fields,
        Err(more) => {
            faults.extend(more);
            return Err(faults.into());
        }
    };
    faults.into_result()?;
    let changes = differences(&old, &fields)?;
    if changes.is_empty() {
        return Ok(with_permissions(app, actor, row.doctor));
    }
    check_taken(&mut tx.conn(), &fields, Some(id)).await?;
    let written = doctors::update(&mut tx.conn(), &row.doctor, &fields, actor.id(), now).await;
    if !written.map_err(not_unique)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("doctor.updated", ENTITY, Some(id.0));
    deed.changes = changes;
    finish(app, tx, actor, id, deed).await
}

/// Puts a doctor into the archive. One who has patients only where it is said what becomes of them.
pub async fn archive(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    removal: &DoctorRemoval,
    archiving: Archiving,
) -> Result<Doctor, Error> {
    let leaving = read_leaving(id, removal)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if let Some(Leaving::To(next)) = leaving {
        // Both in one order, so that two who are archived in favour of each other don't wait for ever.
        doctors::lock(&mut tx.conn(), id.min(next)).await?;
        doctors::lock(&mut tx.conn(), id.max(next)).await?;
        if doctors::get(&mut tx.conn(), next, Shelf::Current).await?.is_none() {
            let message = "must be the id of another doctor; there is none with this one";
            return Err(Error::invalid("reassign_to", Complaint::new("no_such_record", message)));
        }
    }
    let row = find(app, &mut tx, actor, id, Shelf::Current).await?;
    row.check(app, actor, precondition)?;
    match leaving {
        Some(leaving) => assignments::leave(app, &mut tx, actor, id, leaving).await?,
        None => check_no_patients(&mut tx.conn(), id).await?,
    }
    if !doctors::shelve(&mut tx.conn(), &row.doctor, Some(now), actor.id(), now).await? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("doctor.archived", ENTITY, Some(id.0));
    deed.reason = archiving.reason;
    finish(app, tx, actor, id, deed).await
}

fn read_leaving(id: DoctorId, removal: &DoctorRemoval) -> Result<Option<Leaving>, Error> {
    match (removal.reassign_to, removal.end_assignments == Some(true)) {
        (Some(_), true) => {
            let complaint = Complaint::new("not_both", "must not be given beside reassign_to");
            Err(Error::invalid("end_assignments", complaint))
        }
        (Some(next), _) if next == id => {
            let complaint = Complaint::new("same_doctor", "must be another doctor");
            Err(Error::invalid("reassign_to", complaint))
        }
        (Some(next), false) => Ok(Some(Leaving::To(next))),
        (None, true) => Ok(Some(Leaving::End)),
        (None, false) => Ok(None),
    }
}

async fn check_no_patients(conn: &mut Conn<'_>, id: DoctorId) -> Result<(), Error> {
    let active = db::assignments::count_active(conn, id).await?;
    if active == 0 {
        return Ok(());
    }
    let message = format!(
        "has {active} active assignments: say reassign_to with another doctor's id, or \
         end_assignments=true"
    );
    Err(Error::Contradiction(Box::new(Contradiction {
        faults: Faults::one("id", Complaint::new("has_patients", message).with("active", active)),
        name: "active_assignments",
        shown: json!(active),
    })))
}

/// Brings a doctor back from the archive. Assignments that have ended stay so.
pub async fn restore(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    restoring: Archiving,
) -> Result<Doctor, Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // Who restores again, since an answer was lost, finds the entry as it was wanted.
    let row = find(app, &mut tx, actor, id, Shelf::Both).await?;
    if row.doctor.archived_at.is_none() {
        return Ok(with_permissions(app, actor, row.doctor));
    }
    row.check(app, actor, precondition)?;
    check_taken(&mut tx.conn(), &row.doctor.fields(), Some(id)).await?;
    let written = doctors::shelve(&mut tx.conn(), &row.doctor, None, actor.id(), now).await;
    if !written.map_err(not_unique)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("doctor.restored", ENTITY, Some(id.0));
    deed.reason = restoring.reason;
    finish(app, tx, actor, id, deed).await
}

/// Says which account belongs to a doctor, or with `None` that none does.
pub async fn link(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    precondition: &Precondition,
    user: Option<UserId>,
) -> Result<Doctor, Error> {
    scope(actor, Action::LinkUser)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // From the archive an account can still be taken away, so that it can be given to another.
    let shelf = if user.is_some() { Shelf::Current } else { Shelf::Both };
    let row = find(app, &mut tx, actor, id, shelf).await?;
    row.check(app, actor, precondition)?;
    if row.doctor.linked_user == user {
        return Ok(with_permissions(app, actor, row.doctor));
    }
    links::check(&mut tx.conn(), user, Role::Doctor).await?;
    let written = doctors::link(&mut tx.conn(), &row.doctor, user, actor.id(), now).await;
    if !written.map_err(links::taken)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("doctor.linked", ENTITY, Some(id.0));
    deed.changes = vec![links::change(row.doctor.linked_user, user)];
    finish(app, tx, actor, id, deed).await
}

/// What was done with a doctor, newest first.
pub async fn history(
    app: &App,
    actor: &Actor,
    id: DoctorId,
    query: &ListQuery,
) -> Result<Window<HistoryEntry>, Error> {
    let asked: Asked<i64> =
        Asked::read(query.page, query.page_size, query.cursor.as_deref(), "history")?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let row = doctors::get(&mut conn, id, Shelf::Both).await?.ok_or(Error::NotFound)?;
    if row.doctor.archived_at.is_some() && !may_change(app, actor, &row) {
        return Err(Error::NotFound);
    }
    access::check(actor, Action::ReadDoctorHistory, row.doctor.created_by)?;
    history::page(&mut conn, &asked, ENTITY, id.0).await
}

impl DoctorRow {
    fn found(&self) -> Found<'_> {
        Found {
            version: self.doctor.version,
            changed_by: self.changed_by,
            changed_by_name: &self.changed_by_name,
            changed_at: self.doctor.updated_at,
        }
    }

    fn check(&self, app: &App, actor: &Actor, precondition: &Precondition) -> Result<(), Error> {
        let current = || json!(with_permissions(app, actor, self.doctor.clone()));
        precondition.check(actor.id(), &self.found(), current)
    }
}

fn with_permissions(app: &App, actor: &Actor, doctor: Doctor) -> Doctor {
    let permissions = doctor_permissions(actor, app.settings().doctor_directory, &doctor);
    Doctor { permissions: Some(permissions), ..doctor }
}

/// Finds a doctor whom the caller may change, and locks the row. An archived one is known only to who
/// may restore it.
async fn find(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: DoctorId,
    shelf: Shelf,
) -> Result<DoctorRow, Error> {
    doctors::lock(&mut tx.conn(), id).await?;
    let row = doctors::get(&mut tx.conn(), id, shelf).await?.ok_or(Error::NotFound)?;
    if may_change(app, actor, &row) {
        return Ok(row);
    }
    if row.doctor.archived_at.is_some() {
        return Err(Error::NotFound);
    }
    let action = Action::ChangeDoctor(app.settings().doctor_directory);
    access::check(actor, action, row.doctor.created_by)?;
    Ok(row)
}

/// Notes a write, commits it and answers the record as it is then.
async fn finish(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    id: DoctorId,
    mut deed: Deed<'_>,
) -> Result<Doctor, Error> {
    let row = doctors::get(&mut tx.conn(), id, Shelf::Both).await?.ok_or(Error::NotFound)?;
    deed.version = Some(row.doctor.version);
    audit::note(&mut tx.conn(), Doer::Actor(actor), row.doctor.updated_at, deed).await?;
    tx.commit().await?;
    Ok(with_permissions(app, actor, row.doctor))
}

/// The refusal for a write that somebody else was quicker than.
async fn overtaken(app: &App, tx: Tx, actor: &Actor, id: DoctorId) -> Error {
    drop(tx);
    let read = async {
        let mut tx = app.db().begin().await?;
        find(app, &mut tx, actor, id, Shelf::Both).await
    };
    match read.await {
        Ok(row) => {
            let current = json!(with_permissions(app, actor, row.doctor.clone()));
            stale(&row.found(), current)
        }
        Err(error) => error,
    }
}

fn taken(field: &str) -> Complaint {
    let what = if field == "email" { "e-mail address" } else { "licence number" };
    Complaint::new("not_unique", format!("another doctor has this {what} already"))
}

/// Names what another doctor has; the index decides between two who come at the same moment.
async fn check_taken(
    conn: &mut Conn<'_>,
    fields: &DoctorFields,
    own: Option<DoctorId>,
) -> Result<(), Error> {
    let mut faults = Faults::default();
    for field in doctors::taken(conn, fields, own).await? {
        faults.add(field, taken(field));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Conflict(faults)) }
}

fn not_unique(error: DbError) -> Error {
    let field = match &error {
        DbError::Unique(key) if key == "doctors_email_key_key" => "email",
        DbError::Unique(key) if key == "doctors_license_key_key" => "license_number",
        _ => return error.into(),
    };
    Error::Conflict(Faults::one(field, taken(field)))
}
