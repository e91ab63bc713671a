//! The kinds of records and their differences.

use shared::{
    FieldErrors, UserId,
    account::Role,
    assignment::Assignment,
    doctor::Doctor,
    id::{AssignmentId, DoctorId, PatientId, VisitId},
    patient::Patient,
    read::SentMembers,
    visit::Visit,
};

use super::{Entry, Record, assignments, doctors, patients, visits};
use crate::{
    app::App,
    db::{self, ArchiveState, Conn, Tx, names::Named, records::Kept},
    domain::access::{
        Action, assignment_permissions, doctor_permissions, patient_permissions, scope,
        visit_permissions,
    },
    error::Error,
    services::actor::Actor,
};

impl Record for Patient {
    const ENTITY: &'static str = Named::Patient.entity();
    const READ: Option<&'static str> = Some("patient.read");
    const HISTORY_READ: Option<&'static str> = Some("patient.history_read");
    const READ_HISTORY: Action = Action::ReadPatientHistory;

    type Id = PatientId;

    fn change(_: &App) -> Action {
        Action::ChangePatient
    }

    async fn lock(conn: &mut Conn<'_>, id: PatientId) -> Result<(), Error> {
        Ok(db::patients::lock(conn, id).await?)
    }

    async fn get(
        app: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        id: PatientId,
        state: ArchiveState,
    ) -> Result<Option<Kept<Self>>, Error> {
        let visible = scope(actor, Action::ReadPatient)?;
        Ok(db::patients::get(conn, id, visible, state, app.clock().today()).await?)
    }

    fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn check_unmerged(&self) -> Result<(), Error> {
        match self.merged_into {
            Some(into) => Err(Error::Conflict(FieldErrors::one("id", patients::merged(into)))),
            None => Ok(()),
        }
    }

    async fn with_history_of(&self, conn: &mut Conn<'_>) -> Result<Vec<i64>, Error> {
        // Nothing was merged into a record that has no further number.
        match self.former_mrns.is_empty() {
            true => Ok(Vec::new()),
            false => {
                let all = db::patients::merges::all_into(conn, self.id).await?;
                Ok(all.into_iter().map(|id| id.0).collect())
            }
        }
    }

    fn shown(kept: &Kept<Self>, _: &App, actor: &Actor) -> Self {
        let permissions = Some(patient_permissions(actor, &kept.record));
        patients::answered(Self { permissions, ..kept.record.clone() }, actor)
    }
}

impl Entry for Patient {
    const ROLE: Role = Role::Patient;

    fn linked_user(&self) -> Option<UserId> {
        self.linked_user
    }

    async fn restore(
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        kept: &Kept<Self>,
    ) -> Result<bool, Error> {
        patients::restore(app, tx, actor, kept).await
    }
}

impl Record for Doctor {
    const ENTITY: &'static str = Named::Doctor.entity();
    const READ_HISTORY: Action = Action::ReadDoctorHistory;

    type Id = DoctorId;

    fn change(app: &App) -> Action {
        Action::ChangeDoctor(app.settings().doctor_directory)
    }

    async fn lock(conn: &mut Conn<'_>, id: DoctorId) -> Result<(), Error> {
        Ok(db::doctors::lock(conn, id).await?)
    }

    /// Every user may read every doctor.
    async fn get(
        _: &App,
        conn: &mut Conn<'_>,
        _: &Actor,
        id: DoctorId,
        state: ArchiveState,
    ) -> Result<Option<Kept<Self>>, Error> {
        Ok(db::doctors::get(conn, id, state).await?)
    }

    fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn shown(kept: &Kept<Self>, app: &App, actor: &Actor) -> Self {
        let directory = app.settings().doctor_directory;
        let permissions = Some(doctor_permissions(actor, directory, &kept.record));
        Self { permissions, ..kept.record.clone() }
    }
}

impl Entry for Doctor {
    const ROLE: Role = Role::Doctor;

    fn linked_user(&self) -> Option<UserId> {
        self.linked_user
    }

    async fn restore(
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        kept: &Kept<Self>,
    ) -> Result<bool, Error> {
        let (by, now, mut conn) = (actor.id(), app.clock().now(), tx.conn());
        doctors::check_taken(&mut conn, &kept.record.fields, Some(kept.record.id)).await?;
        let written = db::records::set_archived(&mut conn, &kept.revision, None, by, now).await;
        written.map_err(doctors::not_unique)
    }
}

impl Record for Assignment {
    const ENTITY: &'static str = Named::Assignment.entity();
    const READ_HISTORY: Action = Action::ReadPatientHistory;

    type Id = AssignmentId;

    fn change(_: &App) -> Action {
        Action::AssignPatient
    }

    async fn lock(conn: &mut Conn<'_>, id: AssignmentId) -> Result<(), Error> {
        assignments::lock_with(conn, id, None).await
    }

    /// Assignments have no archive, and assignments of archived patients are hidden.
    async fn get(
        _: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        id: AssignmentId,
        _: ArchiveState,
    ) -> Result<Option<Kept<Self>>, Error> {
        let visible = scope(actor, Action::ReadPatient)?;
        Ok(db::assignments::get(conn, id, visible).await?)
    }

    async fn check_named(
        app: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        _: Option<&Self>,
        named: &SentMembers,
        errors: &mut FieldErrors,
    ) -> Result<(), Error> {
        let ids = (named.id("patient"), named.id("doctor"));
        assignments::find_named(app, conn, actor, ids, errors).await.map(drop)
    }

    fn shown(kept: &Kept<Self>, _: &App, actor: &Actor) -> Self {
        let permissions = assignment_permissions(actor, &kept.record, kept.revision.owner);
        Self { permissions: Some(permissions), ..kept.record.clone() }
    }

    fn concerned(&self) -> (Option<PatientId>, Option<DoctorId>) {
        (Some(self.patient), Some(self.doctor))
    }
}

impl Record for Visit {
    const ENTITY: &'static str = Named::Visit.entity();
    const READ_HISTORY: Action = Action::ReadPatientHistory;

    type Id = VisitId;

    fn change(_: &App) -> Action {
        Action::ChangeVisit
    }

    async fn lock(conn: &mut Conn<'_>, id: VisitId) -> Result<(), Error> {
        visits::lock_with(conn, id, None).await
    }

    /// Visits of archived patients stay, since the patients were there.
    async fn get(
        _: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        id: VisitId,
        _: ArchiveState,
    ) -> Result<Option<Kept<Self>>, Error> {
        Ok(db::visits::get(conn, id, scope(actor, Action::ReadPatient)?).await?)
    }

    async fn check_named(
        app: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        old: Option<&Self>,
        named: &SentMembers,
        errors: &mut FieldErrors,
    ) -> Result<(), Error> {
        let old = old.map(|visit| &visit.fields);
        let patient = named.id("patient").or(old.map(|old| old.patient));
        if let Some(assignment) = named.id("assignment") {
            visits::check_assignment(conn, assignment, patient, errors).await?;
        }
        let patient = patient.filter(|it| old.is_none_or(|old| old.patient != *it));
        let doctor = named.id("doctor").filter(|it| old.is_none_or(|old| old.doctor != Some(*it)));
        assignments::find_named(app, conn, actor, (patient, doctor), errors).await.map(drop)
    }

    fn shown(kept: &Kept<Self>, _: &App, actor: &Actor) -> Self {
        let permissions = visit_permissions(actor, &kept.record, &kept.revision);
        Self { permissions: Some(permissions), ..kept.record.clone() }
    }

    fn concerned(&self) -> (Option<PatientId>, Option<DoctorId>) {
        (Some(self.patient), self.doctor)
    }
}
