//! The query plans of lists, for tests. A plan made with few records shows what would be slow with
//! many.

use chrono::{DateTime, NaiveDate};
use shared::{
    UserId,
    assignment::AssignmentFilter,
    doctor::DoctorFilter,
    id::PatientId,
    page::COUNT_MAX,
    patient::{PairFilter, PatientFilter, PatientState},
    visit::VisitFilter,
};

use super::{
    Db, DbError, Scope, Sql, assignments, doctors,
    listing::{self, Listed, Seek},
    patients::{self, Recent},
    search::Search,
    visits,
};
use crate::error::Error;

/// A list with its filter.
pub enum List {
    /// Patients.
    Patients(PatientFilter),
    /// Doctors.
    Doctors(DoctorFilter),
    /// Assignments.
    Assignments(AssignmentFilter),
    /// Visits.
    Visits(VisitFilter),
    /// Pairs of patients who may be one person.
    Pairs(PairFilter),
}

/// The plans for the first page of a list and for its count.
///
/// Fails where the search of the filter is invalid.
pub async fn plans(
    db: &Db,
    list: &List,
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Vec<String>>, Error> {
    let typed = match list {
        List::Patients(filter) => filter.search.as_deref(),
        List::Doctors(filter) => filter.search.as_deref(),
        List::Assignments(filter) => filter.search.as_deref(),
        List::Visits(_) | List::Pairs(_) => None,
    };
    let search = typed.map(Search::parse).transpose().map_err(|c| Error::invalid("search", c))?;
    let search = search.as_ref();
    let (rows, count) = match list {
        List::Patients(filter) => {
            both(&patients::Listing { filter, search, scope, today, clinical: true })
        }
        List::Doctors(filter) => both(&doctors::Listing { filter, search }),
        List::Assignments(filter) => both(&assignments::Listing { filter, search, scope }),
        List::Visits(filter) => both(&visits::Listing { filter, day: today, scope }),
        List::Pairs(filter) => both(&patients::pairs::Pairs { filter }),
    }?;
    explained(db, vec![rows, count]).await
}

/// The plans of all statements that a search for patients may send, the best ones first.
///
/// Fails where the search of the filter is invalid.
pub async fn plans_of_search(
    db: &Db,
    filter: &PatientFilter,
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Vec<String>>, Error> {
    let typed = filter.search.as_deref().unwrap_or_default();
    let search = Search::parse(typed).map_err(|c| Error::invalid("search", c))?;
    let (clinical, search) = (true, Some(&search));
    let list = patients::Listing { filter, search, scope, today, clinical };
    let is_sqlite = db.read().await?.conn().0.is_sqlite();
    explained(db, list.statements(is_sqlite)).await
}

/// The plans of the statements that a search for patients may send where the filter has an order: for a few chosen
/// patients, and for all in that order.
///
/// Fails only if the database does.
pub async fn plans_in_order(
    db: &Db,
    filter: &PatientFilter,
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Vec<String>>, Error> {
    let list = patients::Listing { filter, search: None, scope, today, clinical: true };
    explained(db, patients::statements_in_order(&list)?.into()).await
}

/// The plan for the patients whom a user has opened or written last, with a read that is not written
/// yet.
///
/// Fails only if the database does.
pub async fn plan_of_recent(db: &Db, user: UserId, scope: Scope) -> Result<Vec<String>, Error> {
    let waiting = [(1, DateTime::default())];
    let recent = Recent { user, waiting: &waiting, scope };
    Ok(explained(db, vec![recent.select()]).await?.concat())
}

/// The plans of all statements that look for patients who may be the same person as one in this state.
///
/// Fails only if the database does.
pub async fn plans_of_candidates(
    db: &Db,
    state: &PatientState,
    scope: Scope,
) -> Result<Vec<Vec<String>>, Error> {
    let is_sqlite = db.read().await?.conn().0.is_sqlite();
    explained(db, patients::statements_of_candidates(state, scope, is_sqlite)?).await
}

/// The plans of the statements that a patient's pairs and merges take.
///
/// Fails only if the database does.
pub async fn plans_of_merging(db: &Db, patient: PatientId) -> Result<Vec<Vec<String>>, Error> {
    let pairs = patients::pairs::statements(patient);
    explained(db, pairs.into_iter().chain(patients::merges::statements(patient)).collect()).await
}

/// The plans of statements. PostgreSQL would read a small table as a whole, so sequential scans are
/// switched off, and sorting is avoided where possible.
async fn explained(db: &Db, statements: Vec<Sql>) -> Result<Vec<Vec<String>>, Error> {
    let mut tx = db.begin().await?;
    let mut conn = tx.conn();
    for setting in ["SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off"] {
        conn.either("SELECT 1", setting).execute(&mut conn).await?;
    }
    let mut plans = Vec::new();
    for statement in statements {
        plans.push(statement.explain(&mut conn).await?);
    }
    Ok(plans)
}

fn both<L: Listed>(list: &L) -> Result<(Sql, Sql), DbError> {
    let seek = Seek { place: None, is_backwards: false, limit: 21, offset: 0 };
    Ok((listing::select(list, &seek, true)?, listing::select_count(list, COUNT_MAX + 1)))
}
