//! Exports, and their way back through imports, as an operator makes them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use crate::{
    backup::{file, furnished, other, run},
    crash::create_admin,
    harness::{Backend, Client, Place, Server, on_both},
};

on_both! {
    an_export_comes_back_through_an_import_byte_for_byte,
    an_import_of_an_export_says_what_it_can_not_take,
    a_dry_run_of_an_export_says_what_the_import_says,
    an_export_is_noted_and_its_file_is_private_and_whole,
    restored_on_the_other_database_the_exports_are_equal,
}

/// The kinds, in the order in which they are imported.
const KINDS: [&str; 4] = ["doctors", "patients", "assignments", "visits"];

fn id(record: &Value) -> i64 {
    record["id"].as_i64().unwrap()
}

/// Exports a kind and returns the bytes.
fn exported(place: &Place, kind: &str, format: &str) -> String {
    run(place, &["export", kind, "--format", format]).good()
}

fn all_exported(place: &Place) -> Vec<String> {
    let of_format = |format| KINDS.map(|kind| exported(place, kind, format));
    [of_format("csv"), of_format("ndjson")].concat()
}

/// Imports a file of a kind and returns the report.
fn imported(place: &Place, kind: &str, content: &str, options: &[&str]) -> Value {
    let path = file(place, "to_import");
    fs::write(&path, content).unwrap();
    let args = ["import", kind, path.to_str().unwrap(), "--json"];
    let said = run(place, &[&args, options].concat());
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err))
}

/// A server with records of every kind, and of the kinds that are hard to write into a file.
async fn hard(backend: Backend) -> (Server, Client) {
    let (server, admin) = furnished(backend).await;
    let mut patients = Vec::new();
    for body in [
        json!({"first_name": "=HYPERLINK(\"http://x\")", "last_name": "'=1", "age": 41}),
        json!({"last_name": "@SUM(A1)", "address": "1 \"Way\",\n=2+2\n\n-3", "date_of_birth": "1980"}),
        json!({"first_name": "שרה", "last_name": "👩‍⚕️ Ćwik", "date_of_birth": "1980-02", "city": "'"}),
        json!({"first_name": "null", "last_name": "NaN", "allergies": "- nuts\n+ milk", "gender": "U",
            "blood_type": "AB-", "preferred_language": "pt-BR", "deceased_on": "2020-02-29"}),
        json!({"first_name": "Twin", "last_name": "One", "date_of_birth": "2001-01-01", "identifiers": [
            {"system": "a:b", "value": "1"}, {"system": "[x", "value": "|"}, {"system": "z", "value": "="}]}),
        json!({"first_name": "Twin", "last_name": "Won", "date_of_birth": "2001-01-01"}),
    ] {
        let mut body = body;
        body["phone_number"] = json!(format!("+49 30 55{}", 1_000 + patients.len() * 37));
        patients.push(admin.patient(body).await);
    }
    let path = format!("/api/patients/{}", id(&patients[5]));
    admin.patch(&path, json!({"last_name": "Married|Twice"})).await.expect_status(200);
    admin.patch(&path, json!({"last_name": "[again"})).await.expect_status(200);
    // A doctor who left and came back with the same licence.
    let doctor = json!({"first_name": "Bo", "last_name": "=Li", "specialization": "-", "license_number": "L1",
        "consultation_fee": "0.50", "years_of_experience": 0, "is_available": false});
    let left = admin.post("/api/doctors", doctor.clone()).await.expect_status(201).body;
    let assign =
        |patient: &Value, doctor: &Value| json!({"patient": id(patient), "doctor": id(doctor)});
    let mut ended = assign(&patients[0], &left);
    ended["status"] = json!("COMPLETED");
    admin.post("/api/assignments", ended).await.expect_status(201);
    admin.post(&format!("/api/doctors/{}/archive", id(&left)), json!({})).await.expect_status(200);
    let back = admin.post("/api/doctors", doctor).await.expect_status(201).body;
    let mut made = Vec::new();
    for patient in &patients {
        let new = admin.post("/api/assignments", assign(patient, &back)).await.expect_status(201);
        made.push(new.body);
    }
    let held = format!("/api/assignments/{}", id(&made[1]));
    admin.patch(&held, json!({"status": "ON_HOLD", "notes": "\"\n'"})).await.expect_status(200);
    admin.delete(&format!("/api/assignments/{}", id(&made[2]))).await.expect_status(204);
    for (place, status) in ["WAITING", "CALLED", "IN_ROOM", "DONE", "LEFT"].iter().enumerate() {
        let body = json!({"patient": id(&patients[place]), "assignment": id(&made[place]),
            "reason": "=cough", "is_urgent": place == 1});
        let visit = admin.post("/api/visits", body).await.expect_status(201).body;
        let visit = format!("/api/visits/{}", id(&visit));
        admin.patch(&visit, json!({"status": status})).await.expect_status(200);
    }
    (server, admin)
}

async fn an_export_comes_back_through_an_import_byte_for_byte(backend: Backend) {
    let (server, _) = hard(backend).await;
    let before = all_exported(&server.place);
    assert!(
        before[1].starts_with("\u{feff}mrn,first_name,last_name,date_of_birth,"),
        "{}",
        before[1]
    );
    for file in &before[..4] {
        for row in csv::Reader::from_reader(file.as_bytes()).records() {
            let row = row.unwrap();
            assert!(!row.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
        }
    }
    assert!(before[1].contains("\"'=HYPERLINK(\"\"http://x\"\")\",''=1,"), "{}", before[1]);
    for (to, files) in [(backend, &before[..4]), (other(backend), &before[4..])] {
        let place = Place::new(to).await;
        create_admin(&place);
        for (kind, content) in KINDS.iter().zip(files) {
            let report = imported(&place, kind, content, &[]);
            assert_eq!(
                (&report["imported"], &report["bad"]),
                (&report["read"], &json!(0)),
                "{report}"
            );
            let again = imported(&place, kind, content, &[]);
            assert_eq!(again["already_there"], report["read"], "{again}");
        }
        for (new, old) in all_exported(&place).iter().zip(&before) {
            assert_eq!(new, old, "{to:?}");
        }
        let check = run(&place, &["check"]);
        assert_eq!(check.status, 0, "{}", check.out);
        // What was imported is found by everything, and nothing is given out again.
        let settings = place.settings();
        let server = Server::start_at(place.into(), settings).await;
        let admin = server.log_in("admin@example.com").await;
        let found = admin.get("/api/patients?search=married").await;
        assert_eq!(found.results()[0]["former_name"], "Twin Married|Twice");
        let merged = admin.get("/api/patients?search=P000005F").await;
        assert_eq!(merged.results().len(), 1, "{}", merged.text);
        let new = admin.patient(json!({"first_name": "New"})).await;
        assert_eq!(new["mrn"], "P000018V");
        let day = admin.get("/api/visits").await.results()[0]["day"].clone();
        let visit =
            admin.post("/api/visits", json!({"patient": id(&new)})).await.expect_status(201);
        assert_eq!((&visit.body["day"], &visit.body["number"]), (&day, &json!(11)));
        let trail = admin.get("/api/audit?action=visit.imported").await;
        assert_eq!(trail.body["count"], 9);
    }
}

async fn an_import_of_an_export_says_what_it_can_not_take(backend: Backend) {
    let (server, admin) = hard(backend).await;
    let place = &server.place;
    let faults = |kind: &str, content: &str| {
        let report = imported(place, kind, content, &[]);
        let rows = report["bad_rows"].as_array().unwrap().clone();
        let all = rows.iter().flat_map(|row| row["faults"].as_array().unwrap().clone());
        let said = |fault: Value| {
            let column = fault["column"].as_str().unwrap_or_default().to_owned();
            format!("{column}: {}", fault["message"].as_str().unwrap())
        };
        all.map(said).collect::<Vec<_>>()
    };
    let dash = |text: &str, header: &str| format!("{header}\n{text}\n");
    // The number of somebody else, a mistyped one, one that leaves none behind it, and a later one.
    let header = "mrn,first_name,last_name,date_of_birth,date_of_birth_estimated,former_mrns";
    for (row, fault) in [
        (
            "P000012N,Somebody,Else,1990-01-01,,",
            "mrn: has P000012N, which is the number of another patient",
        ),
        ("P000012K,A,B,,,", "mrn: is mistyped: the check letter does not fit the digits"),
        ("P999999999999999999J,A,B,,,", "mrn: must have 1 to 12 digits, and not be 0"),
        (",A,B,,true,", "date_of_birth_estimated: needs a date of birth"),
        (",A,B,,,P000012N", "former_mrns: has P000012N, which is the number of another patient"),
        (",A,B,,,P12", "former_mrns: must be P, at least six digits and a check letter"),
    ] {
        assert_eq!(faults("patients", &dash(row, header)), [fault]);
    }
    let twice = "P000700L,Ana,One,,,\nP000700L,Ben,Two,,,";
    assert_eq!(
        faults("patients", &dash(twice, header)),
        ["mrn: has P000700L, which is the number of another patient"]
    );
    assert_eq!(admin.patient(json!({"first_name": "New"})).await["mrn"], "P000701M");
    let header = "mrn,patient_last_name,doctor_license_number,doctor_last_name,status,ended_at,assigned_date";
    for (row, fault) in [
        (
            "P000999A,,L1,,,,2020-01-01",
            "mrn: is mistyped: the check letter does not fit the digits",
        ),
        ("P000700L,Two,L1,,,,2020-01-01", "mrn: is the number of Ana One, not of Two"),
        (
            "P000700L,,L9,,,,2020-01-01",
            "doctor_license_number: is not that of a doctor in the directory",
        ),
        (
            "P000700L,,,Nobody,,,2020-01-01",
            "doctor_last_name: is not that of a doctor in the directory",
        ),
        ("P000700L,,,,,,2020-01-01", "doctor_last_name: is required"),
        (
            "P000012N,,L1,,,,2020-01-01",
            "status: must be COMPLETED or CANCELLED: the doctor already has this patient",
        ),
        (
            "P000700L,,L1,,ACTIVE,2026-01-01T00:00:00Z,2020-01-01",
            "ended_at: contradicts status, which is ACTIVE",
        ),
        ("P000001B,,L1,,,,2020-01-01", "mrn: is the number of an archived patient"),
        (",,L1,,,,2020-01-01", "mrn: is required"),
    ] {
        assert_eq!(faults("assignments", &dash(row, header)), [fault], "{row}");
    }
    let header = "mrn,day,arrived_at,number,status,called_at,assigned_at";
    for (row, fault) in [
        ("P000700L,,,,,,", vec!["day: is required", "arrived_at: is required"]),
        (
            "P000700L,2026-01-01,2026-01-01T08:00:00Z,0,,,",
            vec!["number: must be between 1 and 1000000"],
        ),
        (
            "P000700L,2026-01-01,2026-01-01T08:00:00Z,,WAITING,2026-01-01T08:01:00Z,",
            vec!["called_at: contradicts status, which is WAITING"],
        ),
        (
            "P000700L,2026-01-01,2999-01-01T08:00:00Z,,,,",
            vec!["arrived_at: must not be in the future"],
        ),
        (
            "P000700L,2026-01-01,2026-01-01T08:00:00Z,,,,2026-01-01T08:00:00Z",
            vec!["assigned_at: is not the time of an assignment of this patient to the doctor"],
        ),
    ] {
        assert_eq!(faults("visits", &dash(row, header)), fault, "{row}");
    }
    let said = run(place, &["import", "visits", "to_import", "--owner", "nobody@example.com"]);
    assert_eq!(said.status, 1);
    let objects = "{\"first_name\": 7, \"frist_name\": \"A\"}\n\n[]\n{\"first_name\": \"A\"\n{\"last_name\": \"Ok\"}";
    let found = faults("patients", objects);
    assert_eq!(found.len(), 4, "{found:?}");
    let path = file(place, "without");
    fs::write(&path, "status\nACTIVE\n").unwrap();
    let said = run(place, &["import", "assignments", path.to_str().unwrap()]).refused();
    assert!(said.contains("the file has no column mrn"), "{said}");
}

async fn a_dry_run_of_an_export_says_what_the_import_says(backend: Backend) {
    let (server, _) = hard(backend).await;
    let place = Place::new(backend).await;
    create_admin(&place);
    for kind in KINDS {
        let content = exported(&server.place, kind, "csv");
        let rows: Vec<_> = content.lines().collect();
        // The last row a second time.
        let content = format!("{content}{}\n", rows.last().unwrap());
        let numbers = |report: &Value| {
            ["read", "imported", "already_there", "bad"].map(|name| report[name].as_i64().unwrap())
        };
        let dry = numbers(&imported(&place, kind, &content, &["--dry-run"]));
        let empty = exported(&place, kind, "ndjson");
        assert_eq!(empty, "");
        assert_eq!(numbers(&imported(&place, kind, &content, &[])), dry, "{kind}");
        assert_eq!(dry[2], 1, "{kind}");
    }
}

async fn an_export_is_noted_and_its_file_is_private_and_whole(backend: Backend) {
    let (server, admin) = furnished(backend).await;
    let place = &server.place;
    let said = run(place, &["export", "patients", "people.csv"]).good();
    assert_eq!(said, "people.csv: 8 patients.\n");
    let made = file(place, "people.csv");
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&made).unwrap(), exported(place, "patients", "csv"));
    let said = run(place, &["export", "visits", "people.csv"]).refused();
    assert!(said.contains("people.csv exists already"), "{said}");
    let said = run(place, &["export", "visits", "nowhere/visits.csv"]).refused();
    assert!(said.contains("can't write nowhere/visits.csv: No such file"), "{said}");
    assert_eq!(run(place, &["export", "visits", "--format", "xml"]).status, 2);
    let log = admin.get("/api/audit?action=patient.exported").await;
    assert_eq!(log.results().len(), 2, "{}", log.text);
    assert_eq!(log.results()[0]["actor_username"], "frontdesk-server", "{}", log.text);
    assert_eq!(log.results()[0]["changes"][0]["new"], "csv", "{}", log.text);
    let left: Vec<_> = fs::read_dir(place.folder.path()).unwrap().flatten().collect();
    assert!(
        !left.iter().any(|it| it.file_name().to_string_lossy().starts_with(".tmp")),
        "{left:?}"
    );
}

async fn restored_on_the_other_database_the_exports_are_equal(backend: Backend) {
    let (server, _) = hard(backend).await;
    let before = all_exported(&server.place);
    run(&server.place, &["backup", "it.sqlite.zst"]).good();
    let made = file(&server.place, "it.sqlite.zst");
    let place = Place::new(other(backend)).await;
    run(&place, &["restore", made.to_str().unwrap()]).good();
    assert_eq!(all_exported(&place), before);
    assert!(Path::new(&made).exists());
}
