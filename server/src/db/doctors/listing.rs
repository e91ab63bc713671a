//! Lists of doctors and of their specialisations: filters and orderings.

use shared::{
    Money,
    doctor::{Doctor, DoctorFilter, DoctorOrder, SpecializationCount},
    text::fold,
};

use super::{COLUMNS, TABLES, from_row};
use crate::{
    db::{
        ArchiveState, Row, Sql,
        listing::{Column, Listed, Order},
        restrict_updated,
        search::{Search, Terms},
    },
    error::Error,
};

const NAME: Column = Column::text("d.sort_name");

/// The column of each ordering. The id has none.
fn column(by: DoctorOrder) -> Option<Column> {
    match by {
        DoctorOrder::LastName => Some(NAME),
        DoctorOrder::FirstName => Some(Column::text("d.sort_first_name")),
        DoctorOrder::Specialization => Some(Column::text("d.specialization_key")),
        DoctorOrder::CreatedAt => Some(Column::time("d.created_at")),
        DoctorOrder::UpdatedAt => Some(Column::time("d.updated_at")),
        DoctorOrder::Id => None,
    }
}

/// A list of doctors with its filter.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a DoctorFilter,
    pub(crate) search: Option<&'a Search>,
}

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = " FROM doctors d";
    const ID: &'static str = "d.id";

    type Record = Doctor;

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        let mut doctor = from_row(row)?;
        doctor.matched = self.search.map(|search| search.matched(&doctor));
        Ok(doctor)
    }

    fn order(&self) -> Order {
        let default = Order::by_default(NAME, self.filter.search.is_some());
        self.filter.ordering.map_or(default, |ordering| Order::of(ordering, column))
    }

    fn restrict(&self, sql: &mut Sql) {
        let filter = self.filter;
        let state = ArchiveState::of(filter.archived == Some(true));
        sql.push(" WHERE 1 = 1").push(state.condition());
        sql.and(" AND d.specialization_key = ", filter.specialization.as_deref().map(fold));
        sql.and(" AND d.city_key = ", filter.city.as_deref().map(fold));
        if let Some(is_available) = filter.is_available {
            sql.push(if is_available { " AND d.is_available" } else { " AND NOT d.is_available" });
        }
        sql.and(" AND d.years_of_experience >= ", filter.min_experience);
        sql.and(" AND d.consultation_fee <= ", filter.max_fee.map(Money::hundredths));
        sql.and(" AND d.created_by = ", filter.created_by.map(|owner| owner.0));
        restrict_updated(sql, "d.updated_at", filter.updated_from, filter.updated_to);
        if let Some(search) = self.search {
            search.restrict(sql, Terms::OfDoctors, "d.id");
        }
    }

    fn ranked_by(&self) -> Option<(&Search, Terms)> {
        self.search.map(|search| (search, Terms::OfDoctors))
    }
}

/// The specialisations in the directory, one row each.
pub(crate) struct SpecializationListing;

impl Listed for SpecializationListing {
    const COLUMNS: &'static str = "SELECT s.specialization, s.doctors, s.id";
    const TABLES: &'static str = " FROM (SELECT specialization_key, \
        max(specialization) AS specialization, count(*) AS doctors, min(id) AS id FROM doctors \
        WHERE archived_at IS NULL GROUP BY specialization_key) AS s";
    const COUNTED: &'static str = " FROM (SELECT specialization_key FROM doctors \
        WHERE archived_at IS NULL GROUP BY specialization_key) AS s";
    const ID: &'static str = "s.id";

    type Record = SpecializationCount;

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        let specialization = row.get("specialization")?;
        Ok(SpecializationCount { specialization, count: row.get("doctors")? })
    }

    fn order(&self) -> Order {
        Order::by_default(Column::text("s.specialization_key"), false)
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
    }
}
