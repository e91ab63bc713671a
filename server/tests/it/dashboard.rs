//! The dashboard: figures about the records that the caller may see.

use chrono::{NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::account::Role;

use crate::harness::{Answer, Backend, Client, Server, on_both};

on_both! {
    the_front_desk_counts_everything,
    archived_records_do_not_count,
    a_member_counts_their_own_records,
    doctors_count_assigned_patients_and_patients_count_themselves,
    days_begin_at_the_clinics_midnight,
    an_empty_desk_has_thirty_empty_days,
    the_busiest_doctors_come_first_and_no_more_than_ten,
}

async fn figures(client: &Client) -> Value {
    client.get("/api/dashboard").await.expect_status(200).body
}

async fn doctor(client: &Client, last_name: &str, specialization: &str) -> i64 {
    let body = json!({"last_name": last_name, "specialization": specialization});
    created(client.post("/api/doctors", body).await)
}

async fn patient(client: &Client, first_name: &str) -> i64 {
    created(client.post("/api/patients", json!({"first_name": first_name})).await)
}

async fn assign(client: &Client, patient: i64, doctor: i64, status: &str) -> i64 {
    let body = json!({"patient": patient, "doctor": doctor, "status": status});
    created(client.post("/api/assignments", body).await)
}

fn created(answer: Answer) -> i64 {
    answer.expect_status(201).body["id"].as_i64().unwrap()
}

fn statuses(figures: &Value) -> [i64; 4] {
    let counts = &figures["assignments"]["by_status"];
    ["ACTIVE", "ON_HOLD", "COMPLETED", "CANCELLED"].map(|status| counts[status].as_i64().unwrap())
}

fn recent(figures: &Value) -> Vec<&str> {
    let patients = figures["recent_patients"].as_array().unwrap();
    patients.iter().map(|patient| patient["full_name"].as_str().unwrap()).collect()
}

async fn the_front_desk_counts_everything(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("m@example.com").await);
    for name in ["A", "B", "C", "D", "E"] {
        patient(&staff, name).await;
    }
    let own = patient(&member, "F").await;
    let heart = doctor(&staff, "Heart", "Cardiology").await;
    let second = doctor(&member, "Second", "CARDIOLOGY").await;
    let bones = doctor(&staff, "Bones", "Orthopaedics").await;
    staff.patch(&format!("/api/doctors/{bones}"), json!({"is_available": false})).await;
    assign(&staff, 1, heart, "ACTIVE").await;
    assign(&staff, 2, heart, "ON_HOLD").await;
    assign(&member, own, second, "ACTIVE").await;
    assign(&staff, 3, heart, "COMPLETED").await;
    let earlier = json!({"patient": 4, "doctor": second, "assigned_date": "2020-01-01"});
    staff.post("/api/assignments", earlier).await.expect_status(201);
    let figures = figures(&staff).await;
    let patients = &figures["patients"];
    for name in ["total", "new_today", "new_last_7_days"] {
        assert_eq!(patients[name], 6, "{name}");
    }
    let today = server.app.clock().today();
    let by_day = patients["by_day"].as_array().unwrap();
    assert_eq!(by_day[29], json!({"date": today, "count": 6}));
    assert_eq!(by_day[28], json!({"date": today.pred_opt().unwrap(), "count": 0}));
    let doctors = &figures["doctors"];
    assert_eq!((&doctors["total"], &doctors["available"]), (&json!(3), &json!(2)));
    let specializations = doctors["by_specialization"].as_array().unwrap();
    let counts: Vec<_> = specializations.iter().map(|it| it["count"].as_i64().unwrap()).collect();
    assert_eq!(
        (counts, &specializations[1]["specialization"]),
        (vec![2, 1], &json!("Orthopaedics"))
    );
    let assignments = &figures["assignments"];
    assert_eq!(statuses(&figures), [3, 1, 1, 0]);
    assert_eq!((&assignments["active"], &assignments["today"]), (&json!(4), &json!(4)));
    let busiest = json!([
        {"doctor": heart, "doctor_name": "Heart", "active": 2},
        {"doctor": second, "doctor_name": "Second", "active": 2},
    ]);
    assert_eq!(assignments["busiest_doctors"], busiest);
    assert_eq!(recent(&figures), ["F", "E", "D", "C", "B"]);
}

async fn archived_records_do_not_count(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("m@example.com").await);
    for client in [&staff, &member] {
        let (stays, goes) = (patient(client, "Stays").await, patient(client, "Goes").await);
        let stayer = doctor(client, "Stayer", "A").await;
        let goer = doctor(client, "Goer", "B").await;
        assign(client, stays, stayer, "ACTIVE").await;
        assign(client, stays, goer, "COMPLETED").await;
        assign(client, goes, stayer, "ACTIVE").await;
        assign(client, goes, goer, "CANCELLED").await;
        client.delete(&format!("/api/patients/{goes}")).await.expect_status(204);
        client.delete(&format!("/api/doctors/{goer}")).await.expect_status(204);
    }
    for (client, times) in [(&staff, 2), (&member, 1)] {
        let figures = figures(client).await;
        assert_eq!(figures["patients"]["total"], times);
        assert_eq!(figures["patients"]["new_today"], times);
        assert_eq!(recent(&figures).len(), times);
        assert_eq!(figures["doctors"]["total"], 2);
        assert_eq!(figures["doctors"]["by_specialization"].as_array().unwrap().len(), 1);
        // An ended assignment to an archived doctor is in the lists, and counts.
        let count = i64::try_from(times).unwrap();
        assert_eq!(statuses(&figures), [count, 0, count, 0]);
        assert_eq!(figures["assignments"]["today"], 2 * times);
        for (status, count) in figures["assignments"]["by_status"].as_object().unwrap() {
            let listed = client.get(&format!("/api/assignments?status={status}")).await;
            assert_eq!(&listed.body["count"], count, "{status}");
        }
    }
}

async fn a_member_counts_their_own_records(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("m@example.com").await);
    let (own, other) = (patient(&member, "Own").await, patient(&staff, "Other").await);
    let busy = doctor(&staff, "Busy", "A").await;
    assign(&member, own, busy, "ACTIVE").await;
    // It counts because of the member's patient, whoever made the assignment.
    let second = doctor(&staff, "Second", "A").await;
    assign(&staff, own, second, "ON_HOLD").await;
    assign(&staff, other, busy, "ACTIVE").await;
    let figures = figures(&member).await;
    assert_eq!((&figures["patients"]["total"], recent(&figures)), (&json!(1), vec!["Own"]));
    assert_eq!(figures["doctors"]["total"], 2, "everybody reads all doctors");
    assert_eq!(statuses(&figures), [1, 1, 0, 0]);
    assert_eq!(figures["assignments"]["today"], 2);
    let busiest = figures["assignments"]["busiest_doctors"].as_array().unwrap().clone();
    assert_eq!(busiest.iter().map(|it| &it["active"]).collect::<Vec<_>>(), [1, 1]);
    // The lists agree.
    let list = member.get("/api/assignments").await.expect_status(200);
    assert_eq!(list.body["count"], 2);
}

async fn doctors_count_assigned_patients_and_patients_count_themselves(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let linked = server.somebody(Role::Doctor, "d@example.com").await;
    let own_record = server.somebody(Role::Patient, "p@example.com").await;
    let (mine, elsewhere) = (doctor(&admin, "Mine", "A").await, doctor(&admin, "Other", "B").await);
    admin.put(&format!("/api/doctors/{mine}/user"), json!({"user": 2})).await.expect_status(200);
    for name in ["In care", "Was in care", "Never"] {
        patient(&admin, name).await;
    }
    admin.put("/api/patients/3/user", json!({"user": 3})).await.expect_status(200);
    let registered = patient(&linked, "Registered").await;
    assign(&admin, 1, mine, "ACTIVE").await;
    assign(&admin, 1, elsewhere, "COMPLETED").await;
    assign(&admin, 2, mine, "COMPLETED").await;
    assign(&admin, 3, elsewhere, "ON_HOLD").await;
    assign(&linked, registered, elsewhere, "ACTIVE").await;
    let of_doctor = figures(&linked).await;
    assert_eq!(of_doctor["patients"]["total"], 2);
    assert_eq!(of_doctor["patients"]["by_day"][29]["count"], 2);
    assert_eq!(recent(&of_doctor), ["Registered", "In care"]);
    assert_eq!(statuses(&of_doctor), [2, 0, 1, 0]);
    assert_eq!(of_doctor["assignments"]["today"], 3);
    let busiest = of_doctor["assignments"]["busiest_doctors"].as_array().unwrap();
    let busiest: Vec<_> = busiest.iter().map(|it| it["doctor"].as_i64().unwrap()).collect();
    assert_eq!(busiest, [mine, elsewhere]);
    let of_patient = figures(&own_record).await;
    assert_eq!((recent(&of_patient), statuses(&of_patient)), (vec!["Never"], [0, 1, 0, 0]));
    // Their lists show the same.
    for (client, patients, assignments) in [(&linked, 2, 3), (&own_record, 1, 1)] {
        let list = client.get("/api/patients").await.expect_status(200);
        assert_eq!(list.body["count"], patients);
        let active = client.get("/api/assignments").await.expect_status(200).results().len();
        let ended = client.get("/api/assignments?is_active=false").await.expect_status(200);
        assert_eq!(active + ended.results().len(), assignments);
    }
}

/// Moves the server's clock to a moment.
fn move_to(server: &Server, moment: &str) {
    let moment: chrono::DateTime<Utc> = moment.parse().unwrap();
    let ahead = moment - server.app.clock().now();
    server.app.clock().advance(ahead);
}

async fn days_begin_at_the_clinics_midnight(backend: Backend) {
    let server = Server::start_with(backend, |settings| {
        settings.time_zone = Some(chrono_tz::America::New_York);
    })
    .await;
    server.app.clock().stop();
    move_to(&server, "2026-03-01T00:00:00Z");
    server.staff().await;
    // Daylight saving time began in the night to 8 March, so that day had 23 hours.
    for (moment, name) in [
        ("2026-03-08T04:59:59.999999Z", "7 March"),
        ("2026-03-08T05:00:00Z", "8 March"),
        ("2026-03-09T03:59:59Z", "8 March"),
        ("2026-03-09T04:00:00Z", "9 March"),
    ] {
        move_to(&server, moment);
        patient(&server.log_in("staff@example.com").await, name).await;
    }
    let staff = server.log_in("staff@example.com").await;
    let counts = |figures: &Value| -> Vec<(String, i64)> {
        let days = figures["patients"]["by_day"].as_array().unwrap();
        let days = days.iter().filter(|day| day["count"] != 0);
        days.map(|day| {
            (day["date"].as_str().unwrap()[5..].to_owned(), day["count"].as_i64().unwrap())
        })
        .collect()
    };
    let at = |month_day: &str, count| (month_day.to_owned(), count);
    let seen = figures(&staff).await;
    assert_eq!(counts(&seen), [at("03-07", 1), at("03-08", 2), at("03-09", 1)]);
    assert_eq!(seen["patients"]["new_today"], 1);
    // Half past eleven in the evening, when the next day has begun in UTC.
    move_to(&server, "2026-03-15T03:30:00Z");
    let seen = figures(&server.log_in("staff@example.com").await).await;
    assert_eq!(seen["patients"]["by_day"][29]["date"], "2026-03-14");
    assert_eq!(seen["patients"]["new_today"], 0);
    assert_eq!(seen["patients"]["new_last_7_days"], 3);
    move_to(&server, "2026-04-06T05:00:00Z");
    let seen = figures(&server.log_in("staff@example.com").await).await;
    assert_eq!(counts(&seen), [at("03-08", 2), at("03-09", 1)]);
    assert_eq!(seen["patients"]["total"], 4);
}

async fn an_empty_desk_has_thirty_empty_days(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let figures = figures(&staff).await;
    let days = figures["patients"]["by_day"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    let date = |day: &Value| day["date"].as_str().unwrap().parse::<NaiveDate>().unwrap();
    for pair in days.windows(2) {
        assert_eq!(date(&pair[1]) - date(&pair[0]), TimeDelta::days(1));
    }
    assert_eq!(date(&days[29]), server.app.clock().today());
    assert_eq!(figures["patients"]["total"], 0);
    assert_eq!(figures["doctors"]["by_specialization"], json!([]));
    assert_eq!(figures["assignments"]["busiest_doctors"], json!([]));
    assert_eq!(figures["recent_patients"], json!([]));
    server.nobody().get("/api/dashboard").await.expect_status(401);
}

async fn the_busiest_doctors_come_first_and_no_more_than_ten(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for number in 1..=25 {
        doctor(&staff, &format!("Doctor {number}"), &format!("Field {number}")).await;
    }
    for name in 1..=3 {
        patient(&staff, &format!("P{name}")).await;
    }
    for id in 1..=12 {
        assign(&staff, 1, id, "ACTIVE").await;
    }
    for (patient, id) in [(2, 12), (3, 12), (2, 11)] {
        assign(&staff, patient, id, "ACTIVE").await;
    }
    let figures = figures(&staff).await;
    let busiest = figures["assignments"]["busiest_doctors"].as_array().unwrap();
    let ids: Vec<_> = busiest.iter().map(|it| it["doctor"].as_i64().unwrap()).collect();
    assert_eq!(ids, [12, 11, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(figures["doctors"]["by_specialization"].as_array().unwrap().len(), 20);
}
