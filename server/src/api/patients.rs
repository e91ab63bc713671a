//! Patients.

use poem_openapi::OpenApi;
use shared::{
    Page,
    assignment::{Assignment, AssignmentFilter},
    doctor::Link,
    history::HistoryEntry,
    id::PatientId,
    paths,
    patient::{
        Archiving, Merging, NewPatient, Patient, PatientFilter, PatientLookup, PatientMatches,
        PatientPatch, PatientReplacement, PatientView, PersonToMatch, Purging, Unmerging,
    },
    query::{ListQuery, NoQuery},
};

use super::{
    Tag,
    wire::{
        Address, Body, CachePolicy, Created, DraftBody, Failure, Guard, IfMatch, Located, NewBody,
        NoContent, OptionalBody, Path, QueryParams, Reply, Tagged, page,
    },
};
use crate::{
    app::App,
    domain::records::{self, assignments, links, patients},
};

pub(super) struct PatientsApi(pub(super) App);

#[OpenApi(prefix_path = "/api/patients", tag = "Tag::Patients")]
impl PatientsApi {
    /// List patients
    ///
    /// With search, filters, ordering and pages.
    #[oai(path = "/", method = "get", operation_id = "list_patients")]
    async fn list_patients(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<PatientFilter>,
        address: Address,
    ) -> Result<Reply<Page<Patient>>, Failure> {
        Ok(page(patients::list(&self.0, &guard, &filter).await?, &address))
    }

    /// Register a patient
    ///
    /// The server assigns the medical record number (`mrn`). The record belongs to the account that
    /// registers it (`created_by`). Where a patient is likely to be the same person, the registration is a
    /// conflict with `duplicates`, unless `duplicates_seen` names that patient.
    #[oai(path = "/", method = "post", operation_id = "create_patient")]
    async fn create_patient(
        &self,
        guard: Guard,
        QueryParams(view): QueryParams<PatientView>,
        new: NewBody<NewPatient>,
    ) -> Result<Created<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        let body =
            patients::register(&self.0, &actor, &new.body, new.idempotency_key.as_ref()).await?;
        let (version, location) = (Some(body.version), paths::patient(body.id));
        Ok(Created { body, version, location, keep: CachePolicy::Private })
    }

    /// Find patients who may be the same person
    ///
    /// Compares what is known about a person with the patients that the caller may see. Names are compared
    /// without case, accents, punctuation and order, dates of birth as far as they are known, and phone
    /// numbers by their last digits.
    #[oai(path = "/match", method = "post", operation_id = "match_patients")]
    async fn match_patients(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        Body(person): Body<PersonToMatch>,
    ) -> Result<Reply<PatientMatches>, Failure> {
        Ok(Reply::new(patients::find_matches(&self.0, &guard, &person).await?))
    }

    /// Read a patient
    ///
    /// `archived=true` reads an archived patient. The id of a record that was merged into another one leads to that
    /// one, whose URL is then in `Content-Location`; with `archived=true` it leads to the merged record itself.
    #[oai(path = "/:id", method = "get", operation_id = "get_patient")]
    async fn get_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(lookup): QueryParams<PatientLookup>,
    ) -> Result<Located<Patient>, Failure> {
        let actor = guard.viewing(lookup.clinical);
        let archived = lookup.archived.unwrap_or_default();
        let body = patients::read(&self.0, &actor, id.0, archived).await?;
        let location = (body.id != id.0).then(|| paths::patient(body.id));
        Ok(Located { body, location })
    }

    /// Replace a patient's record
    ///
    /// Absent members are cleared.
    #[oai(path = "/:id", method = "put", operation_id = "replace_patient")]
    async fn replace_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        DraftBody(new): DraftBody<PatientReplacement>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(
            patients::update(&self.0, &actor, id.0, &precondition, new.map(|it| it.0)).await?,
        ))
    }

    /// Change a patient's record
    ///
    /// Absent members stay, and `null` clears a member.
    #[oai(path = "/:id", method = "patch", operation_id = "update_patient")]
    async fn update_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        DraftBody(change): DraftBody<PatientPatch>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(
            patients::update(&self.0, &actor, id.0, &precondition, change.map(|it| it.0)).await?,
        ))
    }

    /// Archive a patient
    ///
    /// The patient disappears from every list, but nothing is deleted.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_patient")]
    async fn delete_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        OptionalBody(archiving): OptionalBody<Archiving>,
    ) -> Result<NoContent, Failure> {
        let actor = guard.viewing(view.clinical);
        patients::archive(&self.0, &actor, id.0, &precondition, archiving).await?;
        Ok(NoContent)
    }

    /// Archive a patient and read the record
    ///
    /// The patient disappears from every list, but nothing is deleted.
    #[oai(path = "/:id/archive", method = "post", operation_id = "archive_patient")]
    async fn archive_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        OptionalBody(archiving): OptionalBody<Archiving>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(patients::archive(&self.0, &actor, id.0, &precondition, archiving).await?))
    }

    /// Restore a patient from the archive
    ///
    /// The patient is in the lists again. Restoring a patient who is not archived changes nothing.
    #[oai(path = "/:id/restore", method = "post", operation_id = "restore_patient")]
    async fn restore_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        OptionalBody(restoring): OptionalBody<Archiving>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(
            records::restore::<Patient>(&self.0, &actor, id.0, &precondition, restoring).await?,
        ))
    }

    /// Merge another record of the same person into this one
    ///
    /// For the front desk; where the records belong to different users or the other one has a linked account, for
    /// administrators. A member that `fields` does not name keeps its value, or gets that of the other record
    /// where it has none. Identifiers are united. All assignments and visits move to this record. The other one is
    /// archived, and its id and medical record number lead to this one.
    #[oai(path = "/:id/merge", method = "post", operation_id = "merge_patients")]
    async fn merge_patients(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        Body(merging): Body<Merging>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(patients::merge(&self.0, &actor, id.0, &precondition, merging).await?))
    }

    /// Undo the newest merge into this record
    ///
    /// What was taken from the other record or moved goes back, what came later stays, and both records count as
    /// different people. Where a member that was taken or an assignment that moved has changed since, or another
    /// record was merged later, that is a conflict with `blocking`.
    #[oai(path = "/:id/unmerge", method = "post", operation_id = "unmerge_patients")]
    async fn unmerge_patients(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        Body(unmerging): Body<Unmerging>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        Ok(Tagged(patients::unmerge(&self.0, &actor, id.0, &precondition, unmerging).await?))
    }

    /// Erase a patient permanently
    ///
    /// For administrators. Records that were merged with this one are erased too. The audit log keeps the fact, but
    /// none of the erased data.
    #[oai(path = "/:id/purge", method = "post", operation_id = "purge_patient")]
    async fn purge_patient(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        Body(purging): Body<Purging>,
    ) -> Result<NoContent, Failure> {
        let actor = guard.viewing(view.clinical);
        patients::purge(&self.0, &actor, id.0, &precondition, purging).await?;
        Ok(NoContent)
    }

    /// Read a patient's history
    ///
    /// Newest first. Each entry has the user, the time, the origin, and the old and new value of
    /// each changed field. Entries about records that were merged into this one have their id in `merged`.
    #[oai(path = "/:id/history", method = "get", operation_id = "list_patient_history")]
    async fn list_patient_history(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<HistoryEntry>>, Failure> {
        Ok(page(records::history::<Patient>(&self.0, &guard, id.0, &query).await?, &address))
    }

    /// List a patient's doctors, as assignments
    ///
    /// By default the active ones; `status` or `is_active` selects others.
    #[oai(path = "/:id/doctors", method = "get", operation_id = "list_patient_doctors")]
    async fn list_patient_doctors(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(filter): QueryParams<AssignmentFilter>,
        address: Address,
    ) -> Result<Reply<Page<Assignment>>, Failure> {
        Ok(page(assignments::of_patient(&self.0, &guard, id.0, filter).await?, &address))
    }

    /// Link an account to a patient
    ///
    /// For administrators. The account must have the role `patient`. It can then read this record.
    #[oai(path = "/:id/user", method = "put", operation_id = "link_patient_user")]
    async fn link_patient_user(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
        Body(link): Body<Link>,
    ) -> Result<Tagged<Patient>, Failure> {
        let actor = guard.viewing(view.clinical);
        let user = Some(link.user);
        Ok(Tagged(links::link::<Patient>(&self.0, &actor, id.0, &precondition, user).await?))
    }

    /// Unlink the account of a patient
    ///
    /// For administrators. The account can no longer read this record.
    #[oai(path = "/:id/user", method = "delete", operation_id = "unlink_patient_user")]
    async fn unlink_patient_user(
        &self,
        guard: Guard,
        id: Path<PatientId>,
        QueryParams(view): QueryParams<PatientView>,
        IfMatch(precondition): IfMatch,
    ) -> Result<NoContent, Failure> {
        let actor = guard.viewing(view.clinical);
        links::link::<Patient>(&self.0, &actor, id.0, &precondition, None).await?;
        Ok(NoContent)
    }
}
