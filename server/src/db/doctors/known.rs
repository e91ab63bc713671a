//! Knowing a doctor again who comes from elsewhere.

use std::collections::HashSet;

use shared::{doctor::DoctorFields, text::fold};

use super::{ArchiveState, COLUMNS, Conn, DbError, Sql, TABLES, from_row, sort_names, unique_key};

/// Doctors of one statement.
const ROWS: usize = 100;

/// By what a doctor is known again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    /// The licence number.
    License(String),
    /// The e-mail address.
    Email(String),
    /// Names, and what the doctor does where.
    Described { sort_name: String, rest: [String; 4] },
}

impl Known {
    /// By what these would be known: the licence number, or without one the e-mail address, or without
    /// that everything else that tells doctors apart.
    pub(crate) fn by(fields: &DoctorFields) -> Self {
        match (unique_key(fields.license_number.as_ref()), unique_key(fields.email.as_ref())) {
            (Some(license), _) => Self::License(license),
            (None, Some(email)) => Self::Email(email),
            (None, None) => Self::described(fields),
        }
    }

    fn described(fields: &DoctorFields) -> Self {
        let (sort_name, _) = sort_names(&fields.first_name, &fields.last_name);
        let folded = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
        let rest = [
            fold(&fields.specialization),
            folded(&fields.clinic_address),
            folded(&fields.city),
            folded(&fields.zip_code),
        ];
        Self::Described { sort_name, rest }
    }

    /// What only one doctor can have, with the field that holds it.
    pub(crate) fn unique(fields: &DoctorFields) -> impl Iterator<Item = (&'static str, Self)> {
        let license = unique_key(fields.license_number.as_ref()).map(Self::License);
        let email = unique_key(fields.email.as_ref()).map(Self::Email);
        let license = license.map(|license| ("license_number", license));
        license.into_iter().chain(email.map(|email| ("email", email)))
    }

    /// Everything by which a doctor who is there can be known.
    pub(crate) fn all(fields: &DoctorFields) -> impl Iterator<Item = Self> {
        Self::unique(fields).map(|(_, known)| known).chain([Self::described(fields)])
    }
}

/// Those of these by which a doctor, archived or not, is known.
pub(crate) async fn known(
    conn: &mut Conn<'_>,
    wanted: &[&Known],
) -> Result<HashSet<Known>, DbError> {
    let mut known = HashSet::new();
    for some in wanted.chunks(ROWS) {
        let (mut licenses, mut emails, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for wanted in some {
            match wanted {
                Known::License(license) => licenses.push(license.as_str()),
                Known::Email(email) => emails.push(email.as_str()),
                Known::Described { sort_name, .. } => names.push(sort_name.as_str()),
            }
        }
        let columns = [
            (" AND d.license_key IN (", licenses),
            (" AND d.email_key IN (", emails),
            (" AND d.sort_name IN (", names),
        ];
        for (column, values) in columns.into_iter().filter(|(_, values)| !values.is_empty()) {
            // Apart, since each has indexes of its own.
            for state in [ArchiveState::Current, ArchiveState::Archived] {
                let mut sql = Sql::new(COLUMNS);
                sql.push(TABLES).push(" WHERE 1 = 1").push(state.condition());
                sql.push(column).bind_all(values.iter().copied()).push(")");
                for row in sql.fetch_all(conn).await? {
                    known.extend(Known::all(&from_row(&row)?.record.fields));
                }
            }
        }
    }
    Ok(known)
}

/// Waits until no other import is at work on the doctors, and keeps others waiting until the
/// transaction ends: no index refuses a doctor who has neither licence number nor address for mail.
pub(crate) async fn queue(conn: &mut Conn<'_>) -> Result<(), DbError> {
    // SQLite has one writer anyway. The number means nothing elsewhere.
    let sql = conn.either("SELECT 1", "SELECT pg_advisory_xact_lock(7302011)");
    sql.fetch_all(conn).await.map(drop)
}
