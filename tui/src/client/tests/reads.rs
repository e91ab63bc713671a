//! Reads that belong to no list and to no record.

use serde_json::{Value, json};
use tui_core::{
    api::{Call, Reply},
    resource::RecordKind,
};

use super::{Does, client, desk, log_in, no_rows};

#[tokio::test]
async fn the_dashboard_and_the_others_of_a_name_are_read() {
    let fake = desk(|seen| match seen.line.as_str() {
        "GET /api/dashboard" => Does::Answers(200, dashboard()),
        _ => Does::Answers(200, no_rows()),
    });
    let client = client(&fake);
    let session = log_in(&client).await;
    let reply = client.send(&Call::Dashboard, session).await;
    assert!(
        matches!(&reply, Ok(Reply::Dashboard(figures)) if figures.visits.arrived == 3),
        "{reply:?}"
    );
    let query = vec![("search", "José Gómez".to_owned()), ("clinical", "false".to_owned())];
    let call = Call::Namesakes { kind: RecordKind::Patient, query };
    let reply = client.send(&call, session).await;
    assert!(matches!(reply, Ok(Reply::Page(_))), "{reply:?}");
    let line = "GET /api/patients?search=Jos%C3%A9+G%C3%B3mez&clinical=false";
    assert_eq!(fake.lines().last().map(String::as_str), Some(line));
}

/// The figures of a desk with three visits.
fn dashboard() -> Value {
    json!({
        "patients": {"total": 3, "new_today": 0, "new_last_7_days": 0, "by_day": []},
        "doctors": {"total": 0, "available": 0, "by_specialization": []},
        "assignments": {
            "active": 0, "today": 0, "busiest_doctors": [],
            "by_status": {"ACTIVE": 0, "ON_HOLD": 0, "COMPLETED": 0, "CANCELLED": 0},
        },
        "visits": {
            "arrived": 3, "waiting": 1, "called": 0, "in_room": 1, "done": 1, "left": 0,
            "longest_wait_minutes": 5,
        },
        "recent_patients": [],
    })
}
