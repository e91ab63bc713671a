//! The directory of doctors.

use poem_openapi::OpenApi;
use shared::{
    Page,
    assignment::{Assignment, AssignmentFilter},
    doctor::{
        Doctor, DoctorFilter, DoctorLookup, DoctorPatch, DoctorRemoval, DoctorReplacement, Link,
        NewDoctor, SpecializationCount,
    },
    history::HistoryEntry,
    id::DoctorId,
    paths,
    patient::Archiving,
    query::{ListQuery, NoQuery},
};

use super::{
    Tag,
    wire::{
        Address, Body, CachePolicy, Created, DraftBody, Failure, Guard, IfMatch, NewBody,
        NoContent, OptionalBody, Path, QueryParams, Reply, Tagged, page,
    },
};
use crate::{
    app::App,
    domain::records::{self, assignments, doctors, links},
};

pub(super) struct DoctorsApi(pub(super) App);

#[OpenApi(prefix_path = "/api/doctors", tag = "Tag::Doctors")]
impl DoctorsApi {
    /// List doctors
    ///
    /// With search, filters, ordering and pages.
    #[oai(path = "/", method = "get", operation_id = "list_doctors")]
    async fn list_doctors(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<DoctorFilter>,
        address: Address,
    ) -> Result<Reply<Page<Doctor>>, Failure> {
        Ok(page(doctors::list(&self.0, &guard, &filter).await?, &address))
    }

    /// Add a doctor to the directory
    ///
    /// The entry belongs to the account that creates it (`created_by`). A setting of the server decides
    /// whether every user may create entries, or only the front desk and administrators.
    #[oai(path = "/", method = "post", operation_id = "create_doctor")]
    async fn create_doctor(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        new: NewBody<NewDoctor>,
    ) -> Result<Created<Doctor>, Failure> {
        let body =
            doctors::register(&self.0, &guard, &new.body, new.idempotency_key.as_ref()).await?;
        let (version, location) = (Some(body.version), paths::doctor(body.id));
        Ok(Created { body, version, location, keep: CachePolicy::Private })
    }

    /// List the specialisations
    ///
    /// With the number of doctors in the directory for each.
    #[oai(path = "/specializations", method = "get", operation_id = "list_specializations")]
    async fn list_specializations(
        &self,
        _guard: Guard,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<SpecializationCount>>, Failure> {
        Ok(page(doctors::specializations(&self.0, &query).await?, &address))
    }

    /// Read a doctor
    ///
    /// `archived=true` reads an archived doctor.
    #[oai(path = "/:id", method = "get", operation_id = "get_doctor")]
    async fn get_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        QueryParams(lookup): QueryParams<DoctorLookup>,
    ) -> Result<Tagged<Doctor>, Failure> {
        let archived = lookup.archived.unwrap_or_default();
        Ok(Tagged(records::read::<Doctor>(&self.0, &guard, id.0, archived).await?))
    }

    /// Replace a doctor's entry
    ///
    /// Absent members are cleared, except `is_available`, which stays.
    #[oai(path = "/:id", method = "put", operation_id = "replace_doctor")]
    async fn replace_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        DraftBody(new): DraftBody<DoctorReplacement>,
    ) -> Result<Tagged<Doctor>, Failure> {
        Ok(Tagged(doctors::update(&self.0, &guard, id.0, &precondition, new.map(|it| it.0)).await?))
    }

    /// Change a doctor's entry
    ///
    /// Absent members stay, and `null` clears a member.
    #[oai(path = "/:id", method = "patch", operation_id = "update_doctor")]
    async fn update_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        DraftBody(change): DraftBody<DoctorPatch>,
    ) -> Result<Tagged<Doctor>, Failure> {
        Ok(Tagged(
            doctors::update(&self.0, &guard, id.0, &precondition, change.map(|it| it.0)).await?,
        ))
    }

    /// Archive a doctor
    ///
    /// If the doctor has active assignments, `reassign_to` or `end_assignments` is required.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_doctor")]
    async fn delete_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        QueryParams(removal): QueryParams<DoctorRemoval>,
        IfMatch(precondition): IfMatch,
        OptionalBody(archiving): OptionalBody<Archiving>,
    ) -> Result<NoContent, Failure> {
        doctors::archive(&self.0, &guard, id.0, &precondition, &removal, archiving).await?;
        Ok(NoContent)
    }

    /// Archive a doctor and read the entry
    ///
    /// If the doctor has active assignments, `reassign_to` or `end_assignments` is required.
    #[oai(path = "/:id/archive", method = "post", operation_id = "archive_doctor")]
    async fn archive_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        QueryParams(removal): QueryParams<DoctorRemoval>,
        IfMatch(precondition): IfMatch,
        OptionalBody(archiving): OptionalBody<Archiving>,
    ) -> Result<Tagged<Doctor>, Failure> {
        let archived =
            doctors::archive(&self.0, &guard, id.0, &precondition, &removal, archiving).await?;
        Ok(Tagged(archived))
    }

    /// Restore a doctor from the archive
    ///
    /// The doctor is in the directory again. Restoring a doctor who is not archived changes nothing.
    #[oai(path = "/:id/restore", method = "post", operation_id = "restore_doctor")]
    async fn restore_doctor(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        OptionalBody(restoring): OptionalBody<Archiving>,
    ) -> Result<Tagged<Doctor>, Failure> {
        Ok(Tagged(
            records::restore::<Doctor>(&self.0, &guard, id.0, &precondition, restoring).await?,
        ))
    }

    /// List a doctor's patients, as assignments
    ///
    /// Only those that the caller may see. By default the active ones; `status` or `is_active`
    /// selects others.
    #[oai(path = "/:id/patients", method = "get", operation_id = "list_doctor_patients")]
    async fn list_doctor_patients(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        QueryParams(filter): QueryParams<AssignmentFilter>,
        address: Address,
    ) -> Result<Reply<Page<Assignment>>, Failure> {
        Ok(page(assignments::of_doctor(&self.0, &guard, id.0, filter).await?, &address))
    }

    /// Read a doctor's history
    ///
    /// Newest first. Each entry has the user, the time, the origin, and the old and new value of
    /// each changed field.
    #[oai(path = "/:id/history", method = "get", operation_id = "list_doctor_history")]
    async fn list_doctor_history(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<HistoryEntry>>, Failure> {
        Ok(page(records::history::<Doctor>(&self.0, &guard, id.0, &query).await?, &address))
    }

    /// Link an account to a doctor
    ///
    /// For administrators. The account must have the role `doctor`. It can then read the patients
    /// who are assigned to the doctor.
    #[oai(path = "/:id/user", method = "put", operation_id = "link_doctor_user")]
    async fn link_doctor_user(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(link): Body<Link>,
    ) -> Result<Tagged<Doctor>, Failure> {
        let user = Some(link.user);
        Ok(Tagged(links::link::<Doctor>(&self.0, &guard, id.0, &precondition, user).await?))
    }

    /// Unlink the account of a doctor
    ///
    /// For administrators. The account can no longer read the patients who are assigned to the doctor.
    #[oai(path = "/:id/user", method = "delete", operation_id = "unlink_doctor_user")]
    async fn unlink_doctor_user(
        &self,
        guard: Guard,
        id: Path<DoctorId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
    ) -> Result<NoContent, Failure> {
        links::link::<Doctor>(&self.0, &guard, id.0, &precondition, None).await?;
        Ok(NoContent)
    }
}
