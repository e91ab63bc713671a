//! Patients and doctors as other databases know them: by what is theirs anywhere, not by ids.

use serde::Serialize;
use shared::{
    UserId,
    id::{DoctorId, PatientId},
    patient::full_name,
    text::fold,
};

use super::{
    ArchiveState, Conn, DbError, Row, Sql, columns::Member, doctors::unique_key,
    patients::sort_names,
};
use crate::error::Error;

/// The patient of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct PatientNamed {
    pub(crate) mrn: String,
    /// The names tell whether the number is that of the same person.
    pub(crate) patient_first_name: Option<String>,
    pub(crate) patient_last_name: Option<String>,
}

/// The doctor of a record. No member is set where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct DoctorNamed {
    pub(crate) doctor_first_name: Option<String>,
    pub(crate) doctor_last_name: Option<String>,
    pub(crate) doctor_specialization: Option<String>,
    pub(crate) doctor_license_number: Option<String>,
    pub(crate) doctor_email: Option<String>,
}

/// The columns of [`PatientNamed`] and [`DoctorNamed`], of the tables `p` and `d`.
macro_rules! named_columns {
    () => {
        "p.mrn, p.first_name AS patient_first_name, p.last_name AS patient_last_name, \
         d.first_name AS doctor_first_name, d.last_name AS doctor_last_name, \
         d.specialization AS doctor_specialization, d.license_number AS doctor_license_number, \
         d.email AS doctor_email"
    };
}

/// A patient who was found.
pub(crate) struct FoundPatient {
    pub(crate) id: PatientId,
    pub(crate) owner: UserId,
    pub(crate) full_name: String,
    pub(crate) former_names: Vec<String>,
    pub(crate) is_archived: bool,
}

impl PatientNamed {
    pub(crate) const MEMBERS: [&'static str; 3] =
        ["mrn", "patient_first_name", "patient_last_name"];

    /// Reads the columns of these names.
    pub(super) fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(row, Self { mrn, patient_first_name, patient_last_name }))
    }

    /// The full name.
    pub(crate) fn full_name(&self) -> String {
        full_name(self.patient_first_name.as_deref(), self.patient_last_name.as_deref())
    }

    /// The patient with the medical record number.
    pub(crate) async fn find(&self, conn: &mut Conn<'_>) -> Result<Option<FoundPatient>, DbError> {
        let sql = Sql::new(
            "SELECT id, created_by, first_name, last_name, former_names, \
             archived_at IS NOT NULL AS is_archived FROM patients WHERE mrn = $1",
        );
        let row = sql.arg(self.mrn.as_str()).fetch_optional(conn).await?;
        let found = |row: Row| {
            Ok::<_, Error>(FoundPatient {
                id: PatientId(row.get("id")?),
                owner: UserId(row.get("created_by")?),
                full_name: row.full_name("first_name", "last_name")?,
                former_names: Member::read(&row, "former_names")?,
                is_archived: row.get("is_archived")?,
            })
        };
        Ok(row.map(found).transpose()?)
    }
}

impl DoctorNamed {
    pub(crate) const MEMBERS: [&'static str; 5] = [
        "doctor_first_name",
        "doctor_last_name",
        "doctor_specialization",
        "doctor_license_number",
        "doctor_email",
    ];

    /// Reads the columns of these names.
    pub(super) fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(
            row,
            Self {
                doctor_first_name,
                doctor_last_name,
                doctor_specialization,
                doctor_license_number,
                doctor_email,
            }
        ))
    }

    /// The member by which the doctor is recognised: the licence number, or without one the e-mail address, or without
    /// both the name, with the specialisation if that is set. `None` where no doctor is named.
    pub(crate) fn by(&self) -> Option<&'static str> {
        let name = self.doctor_last_name.as_ref().or(self.doctor_first_name.as_ref());
        let members = [
            ("doctor_license_number", self.doctor_license_number.as_ref()),
            ("doctor_email", self.doctor_email.as_ref()),
            ("doctor_last_name", name),
        ];
        members.into_iter().find(|(_, value)| value.is_some()).map(|(member, _)| member)
    }

    /// The doctors who are named so: those who are not archived, or without any the archived ones. There should be
    /// one.
    pub(crate) async fn find(
        &self,
        conn: &mut Conn<'_>,
    ) -> Result<Vec<(DoctorId, ArchiveState)>, DbError> {
        for state in [ArchiveState::Current, ArchiveState::Archived] {
            let mut sql = Sql::new("SELECT d.id FROM doctors d WHERE 1 = 1");
            sql.push(state.condition());
            match self.by() {
                None => return Ok(Vec::new()),
                Some("doctor_license_number") => {
                    let key = unique_key(self.doctor_license_number.as_ref());
                    sql.and(" AND d.license_key = ", key);
                }
                Some("doctor_email") => {
                    sql.and(" AND d.email_key = ", unique_key(self.doctor_email.as_ref()));
                }
                Some(_) => {
                    let (name, _) = sort_names(&self.doctor_first_name, &self.doctor_last_name);
                    let specialization = self.doctor_specialization.as_deref().map(fold);
                    sql.push(" AND d.sort_name = ").bind(name);
                    sql.and(" AND d.specialization_key = ", specialization);
                }
            }
            sql.push(" ORDER BY d.id").limit(3, 0);
            let ids = sql.fetch_ids(conn).await?;
            if !ids.is_empty() {
                return Ok(ids.into_iter().map(|id| (id, state)).collect());
            }
        }
        Ok(Vec::new())
    }
}
