//! The dashboard: figures about the records that the caller may see.

use chrono::{Days, NaiveDate};
use shared::{
    dashboard::{AssignmentFigures, DAYS, Dashboard, DayCount, PatientFigures, RECENT_MAX},
    patient::{Patient, PatientFilter, PatientOrder},
    query::Ordering,
};

use crate::{
    app::App,
    db::{
        Conn, dashboard,
        listing::{self, Seek},
        patients::Listing,
        visits,
    },
    domain::access::{Action, Scope, scope},
    error::Error,
    services::actor::Actor,
};

/// The days of a week, including today.
const WEEK: usize = 7;

/// The figures of the dashboard, about the records that the caller may see.
///
/// Fails if the caller may not read patients.
pub async fn read(app: &App, actor: &Actor) -> Result<Dashboard, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let today = app.clock().today();
    if visible == Scope::All {
        // Each figure comes from one statement, so no snapshot is needed.
        let mut read = app.db().read().await?;
        return read_all(app, &mut read.conn(), visible, today).await;
    }
    let mut moment = app.db().snapshot().await?;
    read_all(app, &mut moment.conn(), visible, today).await
}

async fn read_all(
    app: &App,
    conn: &mut Conn<'_>,
    visible: Scope,
    today: NaiveDate,
) -> Result<Dashboard, Error> {
    let patients = registered(app, conn, visible, today).await?;
    let recent_patients = recent(conn, visible, today).await?;
    let assignments = assigned(conn, visible, today).await?;
    let visits = visits::figures(conn, visible, today, app.clock().now()).await?;
    let doctors = dashboard::doctors(conn).await?;
    Ok(Dashboard { patients, doctors, assignments, visits, recent_patients })
}

async fn registered(
    app: &App,
    conn: &mut Conn<'_>,
    visible: Scope,
    today: NaiveDate,
) -> Result<PatientFigures, Error> {
    let ago = |days: i64| today.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(today);
    let days: Vec<NaiveDate> = (0..DAYS).rev().map(ago).collect();
    let starts: Vec<_> = days.iter().map(|day| app.clock().start_of(*day)).collect();
    let (total, counts) = dashboard::registered(conn, visible, &starts).await?;
    let by_day = days.into_iter().zip(&counts);
    Ok(PatientFigures {
        total,
        new_today: counts.last().copied().unwrap_or_default(),
        new_last_7_days: counts.iter().rev().take(WEEK).sum(),
        by_day: by_day.map(|(date, count)| DayCount { date, count: *count }).collect(),
    })
}

async fn recent(
    conn: &mut Conn<'_>,
    visible: Scope,
    today: NaiveDate,
) -> Result<Vec<Patient>, Error> {
    let ordering = Some(Ordering::descending(PatientOrder::CreatedAt));
    let filter = PatientFilter { ordering, ..PatientFilter::default() };
    let listing = Listing { filter: &filter, search: None, scope: visible, today, clinical: false };
    let seek = Seek { place: None, is_backwards: false, limit: RECENT_MAX, offset: 0 };
    let rows = listing::read(conn, &listing, &seek).await?;
    Ok(rows.into_iter().map(|(patient, _)| patient).collect())
}

async fn assigned(
    conn: &mut Conn<'_>,
    visible: Scope,
    today: NaiveDate,
) -> Result<AssignmentFigures, Error> {
    let (busiest_doctors, active) = dashboard::busiest(conn, visible).await?;
    let standing = dashboard::standing(conn, visible, today, active).await?;
    let by_status = standing.by_status;
    let active = by_status.active + by_status.on_hold;
    Ok(AssignmentFigures { active, by_status, today: standing.on_day, busiest_doctors })
}
