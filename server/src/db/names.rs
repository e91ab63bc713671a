//! The names of records by their ids.

use std::collections::BTreeSet;

use super::{ArchiveState, Conn, DbError, Row, Scope, Sql, patients::restrict_scope, sql::ROWS};
use crate::error::Error;

/// A kind of record that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Patient,
    Doctor,
    Assignment,
    Visit,
    User,
}

impl Named {
    const ALL: [Self; 5] = [Self::Patient, Self::Doctor, Self::Assignment, Self::Visit, Self::User];

    /// The kind that has this name in the audit log.
    pub(crate) fn of_entity(entity: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.entity() == entity)
    }

    /// Its name in the audit log.
    pub(crate) const fn entity(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Doctor => "doctor",
            Self::Assignment => "assignment",
            Self::Visit => "visit",
            Self::User => "user",
        }
    }

    /// The query for names, up to the ids.
    fn query(self) -> &'static str {
        match self {
            Self::Patient => {
                "SELECT p.id, p.first_name AS first, p.last_name AS last FROM patients p \
                 WHERE p.id IN ("
            }
            Self::Doctor => {
                "SELECT d.id, d.first_name AS first, d.last_name AS last FROM doctors d \
                 WHERE d.id IN ("
            }
            Self::Assignment => {
                "SELECT a.id, p.first_name AS first, p.last_name AS last, \
                 d.first_name AS doctor_first, d.last_name AS doctor_last FROM assignments a \
                 JOIN patients p ON p.id = a.patient_id JOIN doctors d ON d.id = a.doctor_id \
                 WHERE a.id IN ("
            }
            Self::Visit => {
                "SELECT v.id, p.first_name AS first, p.last_name AS last FROM visits v \
                 JOIN patients p ON p.id = v.patient_id WHERE v.id IN ("
            }
            Self::User => {
                concat!("SELECT u.id, ", shown_user!("u"), " AS label FROM users u WHERE u.id IN (")
            }
        }
    }

    /// Whether only those who see a patient may know the name.
    fn is_about_patient(self) -> bool {
        matches!(self, Self::Patient | Self::Assignment | Self::Visit)
    }

    fn read(self, row: &Row) -> Result<String, Error> {
        match self {
            Self::Patient | Self::Doctor | Self::Visit => row.full_name("first", "last"),
            Self::Assignment => {
                let doctor = row.full_name("doctor_first", "doctor_last")?;
                Ok(format!("{}, {doctor}", row.full_name("first", "last")?))
            }
            Self::User => row.get("label"),
        }
    }
}

/// The names of the records with these ids, archived ones too. Those about patients outside the scope
/// are left out.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    kind: Named,
    ids: &BTreeSet<i64>,
    scope: Scope,
) -> Result<Vec<(i64, String)>, DbError> {
    let mut names = Vec::new();
    let ids: Vec<i64> = ids.iter().copied().collect();
    for some in ids.chunks(ROWS) {
        let mut sql = Sql::new(kind.query());
        sql.bind_all(some.iter().copied()).push(")");
        if kind.is_about_patient() {
            restrict_scope(&mut sql, scope, ArchiveState::Any);
        }
        for row in sql.fetch_all(conn).await? {
            names.push((row.get("id")?, kind.read(&row)?));
        }
    }
    Ok(names)
}
