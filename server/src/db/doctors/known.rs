//! Recognising doctors from other sources.

use std::collections::HashMap;

use shared::{doctor::DoctorFields, text::fold};

use super::{
    ArchiveState, COLUMNS, Conn, DbError, DoctorTimes, Sql, TABLES, from_row, sort_names,
    unique_key,
};

/// The number of doctors in one statement.
const ROWS: usize = 100;

/// A value by which a doctor is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    /// The licence number.
    License(String),
    /// The e-mail address.
    Email(String),
    /// The names, the specialisation and the place of work.
    Described { sort_name: String, rest: [String; 4] },
}

impl Known {
    /// The value by which a doctor with these fields is recognised: the licence number, or without
    /// one the e-mail address, or without both all other members that distinguish doctors.
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

    /// The values that only one doctor can have, with their fields.
    pub(crate) fn unique(fields: &DoctorFields) -> impl Iterator<Item = (&'static str, Self)> {
        let license = unique_key(fields.license_number.as_ref()).map(Self::License);
        let email = unique_key(fields.email.as_ref()).map(Self::Email);
        let license = license.map(|license| ("license_number", license));
        license.into_iter().chain(email.map(|email| ("email", email)))
    }

    /// All values by which a stored doctor can be recognised.
    pub(crate) fn all(fields: &DoctorFields) -> impl Iterator<Item = Self> {
        Self::unique(fields).map(|(_, known)| known).chain([Self::described(fields)])
    }
}

/// The doctors who have a value, by their times.
pub(crate) type Knowns = HashMap<Known, Vec<DoctorTimes>>;

/// The values that the doctors who have one of these have, archived or not.
pub(crate) async fn known(conn: &mut Conn<'_>, wanted: &[&Known]) -> Result<Knowns, DbError> {
    let mut known = Knowns::new();
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
            // In separate queries, because each has its own index.
            for state in [ArchiveState::Current, ArchiveState::Archived] {
                let mut sql = Sql::new(COLUMNS);
                sql.push(TABLES).push(" WHERE 1 = 1").push(state.condition());
                sql.push(column).bind_all(values.iter().copied()).push(")");
                for row in sql.fetch_all(conn).await? {
                    let doctor = from_row(&row)?;
                    let times = DoctorTimes {
                        created_at: Some(doctor.created_at),
                        archived_at: doctor.archived_at,
                    };
                    for value in Known::all(&doctor.fields) {
                        known.entry(value).or_default().push(times);
                    }
                }
            }
        }
    }
    Ok(known)
}

/// Waits until no other import is writing doctors, and makes others wait until the transaction
/// ends. No unique index covers a doctor without a licence number and an e-mail address.
pub(crate) async fn queue(conn: &mut Conn<'_>) -> Result<(), DbError> {
    // SQLite has only one writer anyway. The number has no meaning elsewhere.
    let sql = conn.either("SELECT 1", "SELECT pg_advisory_xact_lock(7302011)");
    sql.fetch_all(conn).await.map(drop)
}
