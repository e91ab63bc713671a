//! Lists of patients: filters and orderings.

use chrono::{Datelike, NaiveDate};
use shared::{
    patient::{Patient, PatientFilter, PatientOrder},
    text::fold,
};

use super::{ArchiveState, COLUMNS, COLUMNS_WITHHELD, TABLES, from_row, restrict_scope};
use crate::{
    db::{
        Row, Scope, Sql,
        listing::{Column, Listed, Order},
        restrict_updated,
        search::Search,
    },
    error::Error,
};

const NAME: Column = Column::text("p.sort_name");

/// The order of the index of an owner's patients.
pub(super) const ORDER_OF_OWNER: &str = " ORDER BY p.sort_name, p.id";

/// The column of each ordering. The id has none.
fn column(by: PatientOrder) -> Option<Column> {
    match by {
        PatientOrder::LastName => Some(NAME),
        PatientOrder::FirstName => Some(Column::text("p.sort_first_name")),
        PatientOrder::DateOfBirth => Some(Column::text("p.born_from")),
        PatientOrder::CreatedAt => Some(Column::time("p.created_at")),
        PatientOrder::UpdatedAt => Some(Column::time("p.updated_at")),
        PatientOrder::Id => None,
    }
}

/// A list of patients with its filter.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a PatientFilter,
    pub(crate) search: Option<&'a Search>,
    pub(crate) scope: Scope,
    pub(crate) today: NaiveDate,
    /// Whether the clinical members are read.
    pub(crate) clinical: bool,
}

impl Listing<'_> {
    /// Adds all conditions. A search is none of them: see [`super::found`].
    pub(super) fn restrict_unsearched(&self, sql: &mut Sql) {
        let filter = self.filter;
        restrict_scope(sql, self.scope, ArchiveState::of(self.is_archived()));
        sql.and(" AND p.gender = ", filter.gender.map(|gender| gender.as_str()));
        sql.and(" AND p.blood_type = ", filter.blood_type.map(|blood_type| blood_type.as_str()));
        sql.and(" AND p.city_key = ", filter.city.as_deref().map(fold));
        sql.and(" AND p.created_by = ", filter.created_by.map(|owner| owner.0));
        if let Some(doctor) = filter.doctor {
            sql.push(
                " AND p.id IN (SELECT patient_id FROM assignments WHERE is_active AND doctor_id = ",
            );
            sql.bind(doctor.0).push(")");
        }
        if let Some(from) = filter.born_from {
            sql.push(" AND p.born_to >= ").bind(from);
            // At least the year of birth is known, so the index on the first possible day narrows
            // the search.
            let year = from.with_ordinal(1).unwrap_or(from);
            sql.push(" AND p.born_from >= ").bind(year);
        }
        sql.and(" AND p.born_from <> '' AND p.born_from <= ", filter.born_to);
        restrict_updated(sql, "p.updated_at", filter.updated_from, filter.updated_to);
    }

    pub(super) fn is_archived(&self) -> bool {
        self.filter.archived == Some(true)
    }

    /// Whether conditions for which there is an index leave out patients.
    pub(super) fn is_narrow(&self) -> bool {
        self.scope != Scope::All
            || self.filter.created_by.is_some()
            || self.is_narrow_beside_owner()
    }

    /// The same for conditions other than the owner.
    fn is_narrow_beside_owner(&self) -> bool {
        let PatientFilter { city, doctor, .. } = self.filter;
        let PatientFilter { born_from, born_to, updated_from, updated_to, .. } = self.filter;
        (city.is_some() || doctor.is_some())
            || (born_from.is_some() || born_to.is_some())
            || (updated_from.is_some() || updated_to.is_some())
    }

    /// Adds the order of the index of an owner's patients, where nothing but the owner narrows the list. Where
    /// one user owns nearly all patients, the statistics say that an owner leaves nobody out, and SQLite would
    /// read the whole table for every other owner. In this order it takes the index.
    pub(super) fn order_by_owner(&self, sql: &mut Sql) {
        let is_owned = matches!(self.scope, Scope::Own(_)) || self.filter.created_by.is_some();
        if is_owned && !self.is_narrow_beside_owner() && !self.is_archived() {
            sql.push(ORDER_OF_OWNER);
        }
    }

    /// Whether conditions besides the search leave out patients.
    pub(super) fn is_filtered(&self) -> bool {
        let PatientFilter { gender, blood_type, .. } = self.filter;
        self.is_narrow() || gender.is_some() || blood_type.is_some()
    }
}

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = " FROM patients p";
    const ID: &'static str = "p.id";
    const KEPT: &'static [(&'static str, &'static str)] =
        &[(" WHERE 1 = 1 AND archived_at IS NULL", "'patients'")];

    type Record = Patient;

    fn columns(&self) -> &'static str {
        if self.clinical { COLUMNS } else { COLUMNS_WITHHELD }
    }

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        let patient = from_row(row, self.today)?;
        let patient = match self.search {
            Some(search) => patient.found_by(search.typed()),
            None => patient,
        };
        Ok(if self.clinical { patient } else { patient.without_clinical() })
    }

    fn order(&self) -> Order {
        let default = Order::by_default(NAME, false);
        self.filter.ordering.map_or(default, |ordering| Order::of(ordering, column))
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        self.restrict_unsearched(sql);
    }

    fn is_bounded(&self) -> bool {
        // The scope of a caller has an index in every order.
        !Listing { scope: Scope::All, ..*self }.is_filtered()
    }
}
