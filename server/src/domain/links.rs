//! Which account belongs to a doctor or a patient.

use serde_json::json;
use shared::{Complaint, Faults, UserId, account::Role, history::Change};

use crate::{
    db::{Conn, DbError, users},
    error::Error,
};

/// Lets an account be linked: it has to be there, in use, and of the role that fits.
pub(super) async fn check(
    conn: &mut Conn<'_>,
    user: Option<UserId>,
    role: Role,
) -> Result<(), Error> {
    let Some(id) = user else { return Ok(()) };
    let found = users::get(conn, id).await?;
    if found.is_some_and(|row| row.user.role == role && row.user.is_active) {
        return Ok(());
    }
    let message = format!("must be an active user of the role {role}");
    Err(Error::invalid("user", Complaint::new("no_such_user", message).with("role", role.as_str())))
}

/// What a refused unique index means: an account belongs to one doctor or one patient.
pub(super) fn taken(error: DbError) -> Error {
    match error {
        DbError::Unique(key) if key.ends_with("_linked_user_key") => {
            let complaint = Complaint::new("not_unique", "belongs to another record already");
            Error::Conflict(Faults::one("user", complaint))
        }
        other => other.into(),
    }
}

/// The change, for the history.
pub(super) fn change(old: Option<UserId>, new: Option<UserId>) -> Change {
    Change { field: "linked_user".to_owned(), old: json!(old), new: json!(new) }
}
