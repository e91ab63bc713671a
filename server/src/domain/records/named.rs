//! Finding the patient and the doctor of a record that comes from another database.

use shared::{
    FieldError, FieldErrors,
    id::{DoctorId, PatientId},
    text::fold,
};

use crate::{
    db::{
        ArchiveState, Conn, DbError,
        named::{DoctorNamed, FoundPatient, PatientNamed},
    },
    domain::access::{self, Action},
    services::actor::Actor,
};

/// The patient, if the caller may do this with it.
pub(super) async fn patient(
    conn: &mut Conn<'_>,
    actor: &Actor,
    action: Action,
    named: &PatientNamed,
    errors: &mut FieldErrors,
) -> Result<Option<PatientId>, DbError> {
    let found = named.find(conn).await?;
    let found = found.filter(|found| access::check(actor, action, found.owner).is_ok());
    let error = match &found {
        None => FieldError::new("no_such_record", "is not the number of a registered patient"),
        Some(found) if found.is_archived => {
            FieldError::new("archived", "is the number of an archived patient")
        }
        Some(found) if !is_called(found, named) => {
            let (is, named) = (&found.full_name, named.full_name());
            FieldError::new("disagrees", format!("is the number of {is}, not of {named}"))
        }
        Some(found) => return Ok(Some(found.id)),
    };
    errors.add("mrn", error);
    Ok(None)
}

/// Whether a patient has, or had, the name in the record. A record may be without one.
fn is_called(found: &FoundPatient, named: &PatientNamed) -> bool {
    let name = fold(&named.full_name());
    let mut names = [&found.full_name].into_iter().chain(&found.former_names);
    name.is_empty() || names.any(|known| fold(known) == name)
}

/// The doctor, archived or not; `None` where the record names none.
pub(super) async fn doctor(
    conn: &mut Conn<'_>,
    named: &DoctorNamed,
    errors: &mut FieldErrors,
) -> Result<Option<(DoctorId, ArchiveState)>, DbError> {
    let Some(member) = named.by() else { return Ok(None) };
    let error = match named.find(conn).await?.as_slice() {
        [] => FieldError::new("no_such_record", "is not that of a doctor in the directory"),
        [one] => return Ok(Some(*one)),
        _ => FieldError::new("not_unique", "is that of several doctors: add a licence number"),
    };
    errors.add(member, error);
    Ok(None)
}
