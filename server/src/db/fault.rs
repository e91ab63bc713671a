//! The meaning of a failed statement, independent of the drivers. `sqlite` and `postgres` map the
//! codes of their drivers to the classes in this module, and everything that follows from a failure
//! is decided here.

use crate::error::Error;

/// Seconds for `Retry-After` where the database is unavailable.
const RETRY_SECONDS: u64 = 1;
/// Seconds for `Retry-After` where no room is left. An operator has to act first.
const RETRY_NO_ROOM_SECONDS: u64 = 5;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A unique or other constraint refused the row. The connection stays usable.
    Refused,
    /// Another transaction was in the way (a deadlock, a serialization failure), or the statement
    /// took too long. The connection stays usable.
    Contention,
    /// No room is left: a full disk, a quota, a limit on file sizes.
    NoRoom,
    /// Nothing can be written for another reason: a failed write or sync, a read-only server, a
    /// lock held by another program.
    Unwritable,
    /// The database can't be reached or read, or the connection broke.
    Away,
    /// A defect in a statement or in the stored data.
    Defect,
}

impl Fault {
    /// Whether the connection can't be trusted after the failure and has to be closed.
    pub(super) fn spoils_connection(self) -> bool {
        !matches!(self, Self::Refused | Self::Contention)
    }

    /// The error that the caller gets.
    pub(super) fn into_error(
        self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let unavailable = |reason| Error::Unavailable { reason, after: RETRY_SECONDS };
        match self {
            Self::NoRoom => Error::StorageFull { after: RETRY_NO_ROOM_SECONDS },
            Self::Contention => unavailable("the database is busy with other changes"),
            Self::Unwritable => unavailable("the database can't be written at the moment"),
            Self::Away => unavailable("the database is not available"),
            Self::Refused | Self::Defect => Error::Internal(cause.into()),
        }
    }
}

/// The unique keys to which rules react.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UniqueKey {
    UserEmail,
    Username,
    DoctorEmail,
    DoctorLicense,
    /// The account of a doctor.
    DoctorUser,
    /// The account of a patient.
    PatientUser,
    PatientIdentifier,
    /// Patient and doctor of an active assignment.
    ActiveAssignment,
}

impl UniqueKey {
    /// The names of the indexes. A primary key has another name on each database.
    pub(super) const NAMES: &[(&str, Self)] = &[
        ("users_email_key_key", Self::UserEmail),
        ("users_username_key_key", Self::Username),
        ("doctors_email_key_key", Self::DoctorEmail),
        ("doctors_license_key_key", Self::DoctorLicense),
        ("doctors_linked_user_key", Self::DoctorUser),
        ("patients_linked_user_key", Self::PatientUser),
        ("patient_identifiers_pkey", Self::PatientIdentifier),
        ("patient_identifiers_system_value_key", Self::PatientIdentifier),
        ("assignments_patient_id_doctor_id_key", Self::ActiveAssignment),
    ];

    /// The key with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, key)| *key)
    }
}

/// The failure of a query: a unique key, which rules react to, or any other error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    /// A unique index refused a row.
    #[error("not unique: {0:?}")]
    Unique(UniqueKey),
    /// Any other error.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unique(key) => Self::internal(format!("not unique: {key:?}")),
            DbError::Other(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::migrate;

    #[test]
    fn every_unique_key_is_an_index_of_both_databases() {
        for migrator in [migrate::sqlite(), migrate::postgres()] {
            let sql: String = migrator.iter().map(|migration| migration.sql.as_str()).collect();
            for (name, key) in UniqueKey::NAMES {
                let is_primary = *key == UniqueKey::PatientIdentifier;
                assert!(is_primary || sql.contains(&format!("UNIQUE INDEX {name} ")), "{name}");
            }
            assert!(sql.contains("PRIMARY KEY (system, value)"));
        }
    }
}
