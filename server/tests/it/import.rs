//! Importing records from files, as an operator does.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use server::{domain::upgrade, sample};

use crate::{
    beside::Beside,
    crash::{create_admin, program},
    harness::{Backend, Place, Server, on_both},
    mail::sql,
};

on_both! {
    importing_a_file_twice_adds_nothing,
    a_count_is_exact_up_to_a_thousand_and_no_row_is_left_out,
    a_dry_run_gives_the_same_report_and_writes_nothing,
    bad_rows_are_reported_and_the_others_imported,
    an_archived_row_is_not_imported_again,
    synthea_is_read_as_it_is,
    a_row_with_a_taken_identifier_does_not_affect_other_rows,
    an_import_that_cant_begin_is_one_sentence,
    patients_have_an_owner_and_a_history,
    every_imported_patient_has_its_own_values_in_its_history,
    concurrent_imports_of_a_file_create_no_duplicates,
    of_two_imports_of_the_same_people_at_once_each_person_is_registered_once,
    the_sample_is_found_by_searching,
    the_providers_of_synthea_go_in_once_however_often_they_are_imported,
    a_doctor_is_recognised_by_licence_or_email_or_all_other_members,
    bad_doctors_are_reported_and_the_others_imported,
    concurrent_imports_of_doctors_create_no_duplicates,
    an_import_lets_others_write_at_any_time,
    after_an_import_the_planner_knows_the_tables,
    an_import_that_adds_few_rows_leaves_the_statistics,
    an_endless_row_is_named_and_not_read,
    likely_duplicates_are_left_out_and_reported,
    a_dry_run_finds_likely_duplicates_among_all_rows_before,
    likely_duplicates_are_imported_or_end_the_import_where_that_is_said,
}

const SYNTHEA: &str = "\
Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,GENDER,ADDRESS,CITY,STATE,ZIP,LAT
1d60,1989-05-25,,999-76-6866,S99984236,X19277260X,Mr.,José Eduardo181,Gómez206,,,M,427 Way,Chicopee,Massachusetts,01013,42.2
10cc,1952-10-02,2001-03-04,999-27-3385,,,Mrs.,Ana90,O'Kon634,PhD,Feil794,F,7 Lane,Lowell,Massachusetts,,42.3
";

/// An operator with an administrator's account and a file.
struct Operator {
    place: Place,
}

struct Outcome {
    status: i32,
    said: String,
    field_errors: String,
}

impl Outcome {
    fn report(&self) -> Value {
        serde_json::from_str(&self.said).unwrap()
    }

    fn counts(&self) -> (i64, i64, i64, i64) {
        let report = self.report();
        let count = |name: &str| report[name].as_i64().unwrap();
        (count("read"), count("imported"), count("already_there"), count("bad"))
    }
}

impl Operator {
    async fn new(backend: Backend) -> Self {
        let place = Place::new(backend).await;
        create_admin(&place);
        Self { place }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.place.folder.path().join(name), content).unwrap();
    }

    fn import(&self, args: &[&str]) -> Outcome {
        self.import_of("patients", args)
    }

    fn import_of(&self, kind: &str, args: &[&str]) -> Outcome {
        let output = program(&self.place).args(["import", kind]).args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome {
            status: output.status.code().unwrap(),
            said: text(output.stdout),
            field_errors: text(output.stderr),
        }
    }

    /// The server that runs beside the import.
    async fn serve(self) -> (Server, crate::harness::Client) {
        let settings = self.place.settings();
        let server = Server::start_at(self.place.into(), settings).await;
        let admin = server.log_in("admin@example.com").await;
        (server, admin)
    }
}

async fn a_count_is_exact_up_to_a_thousand_and_no_row_is_left_out(backend: Backend) {
    let operator = Operator::new(backend).await;
    let rows: String = (0..1_000).map(|row| format!("{row},Person\n")).collect();
    operator.write("people.csv", format!("source_id,first_name\n{rows}"));
    assert_eq!(operator.import(&["people.csv"]).status, 0);
    let (_server, admin) = operator.serve().await;
    let exact = admin.get("/api/patients").await.expect_status(200).body;
    assert_eq!((&exact["count"], exact.get("count_capped")), (&json!(1_000), None));
    admin.patient(json!({"first_name": "Last"})).await;
    let capped = admin.get("/api/patients").await.expect_status(200).body;
    assert_eq!((&capped["count"], &capped["count_capped"]), (&json!(1_000), &json!(true)));
    let beyond = admin.get("/api/patients?page_size=100&page=11").await.expect_status(200);
    assert_eq!((beyond.results().len(), &beyond.body["next"]), (1, &Value::Null));
    admin.get("/api/patients?page_size=100&page=12").await.expect_status(404);
    admin.get("/api/patients?page_size=100&page=101").await.expect_status(400).field_errors("page");
}

async fn importing_a_file_twice_adds_nothing(backend: Backend) {
    let operator = Operator::new(backend).await;
    let mut file = "source_id,first_name,identifiers\n".to_owned();
    for row in 0..2_500 {
        file.push_str(&format!("{row},Person,insurance:{row}\n"));
    }
    file.push_str("7,Person,\n7,Person,\n");
    operator.write("people.csv", &file);
    let first = operator.import(&["people.csv", "--json"]);
    assert_eq!((first.status, first.counts()), (0, (2_502, 2_500, 2, 0)));
    let second = operator.import(&["people.csv"]);
    assert_eq!(second.status, 0);
    assert_eq!(second.said, "2502 rows read: 0 imported, 2502 already there, 0 bad.\n");
    assert_eq!(second.field_errors, "");
    operator.write("without.csv", "first_name,identifiers\nPerson,insurance:9\nPerson,nhs:1\n");
    let without = operator.import(&["without.csv", "--json"]);
    assert_eq!((without.status, without.counts()), (0, (2, 1, 1, 0)));
    let other = operator.import(&["people.csv", "--json", "--source", "elsewhere"]);
    assert_eq!((other.status, other.counts()), (1, (2_502, 1, 1, 2_500)));
}

async fn a_dry_run_gives_the_same_report_and_writes_nothing(backend: Backend) {
    let operator = Operator::new(backend).await;
    let rows = "1,A,,x:1\n2,B,,x:2\n1,A again,,\n3,C,,x:2\n4,D,1890-01-01 ,\n5,E,1860,\n";
    operator.write("p.csv", format!("source_id,first_name,date_of_birth,identifiers\n{rows}"));
    let mut dry = operator.import(&["p.csv", "--json", "--dry-run"]).report();
    let again = operator.import(&["p.csv", "--json", "--dry-run"]).report();
    assert_eq!(dry, again, "the first dry run has written something");
    let real = operator.import(&["p.csv", "--json"]).report();
    assert_eq!(
        (&dry["imported"], &dry["already_there"], &dry["bad"]),
        (&3.into(), &1.into(), &2.into())
    );
    dry["dry_run"] = json!(false);
    assert_eq!(dry, real);
    let after = operator.import(&["p.csv", "--json", "--dry-run"]);
    assert_eq!(after.counts(), (6, 0, 4, 2));
}

async fn bad_rows_are_reported_and_the_others_imported(backend: Backend) {
    let operator = Operator::new(backend).await;
    let mut file =
        b"\xef\xbb\xbfsource_id,first_name,last_name,date_of_birth,email,age,allergies\r\n"
            .to_vec();
    file.extend(b"1,Ann,Good,1990-01-01,ann@example.com,,\"one\r\ntwo\"\r\n");
    file.extend(b"2,Bob\r\n\r\n");
    file.extend(b"3,Bob,Long,,,,,,\r\n");
    file.extend(b"4,J\xf6rg,Latin,,,,\r\n");
    file.extend(b"5,,,1990-02-30,nope,-1,\r\n");
    file.extend(b"6,Esc\x1b[2J,X,,,,\r\n");
    file.extend(b"7,\"Two\r\nlines\",X,,,,\r\n");
    file.extend(b"8,\"Fine \"\"O\"\"\",X,1990,,,\"last\"");
    operator.write("bad.csv", &file);
    let outcome = operator.import(&["bad.csv"]);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.said, "8 rows read: 2 imported, 0 already there, 6 bad.\n");
    let expected = [
        "bad.csv:4: has 2 cells, and the header has 7",
        "bad.csv:6: has 9 cells, and the header has 7",
        "bad.csv:7: first_name: is not UTF-8",
        "bad.csv:8: date_of_birth: does not exist in the calendar",
        "bad.csv:8: email: must be an e-mail address, like ana@example.com",
        "bad.csv:8: age: must be between 0 and 150",
        "bad.csv:8: first_name: is required: a patient needs a first name, a last name or both",
        "bad.csv:9: first_name: must not contain the invisible control character U+001B",
        "bad.csv:10: first_name: must be on one line",
    ];
    assert_eq!(outcome.field_errors.lines().collect::<Vec<_>>(), expected);
    let outcome = operator.import(&["bad.csv", "--json"]);
    assert_eq!((outcome.status, outcome.counts()), (1, (8, 0, 2, 6)));
    assert_eq!(outcome.field_errors, "");
    let lines: Vec<_> = outcome.report()["bad_rows"].as_array().unwrap().clone();
    assert_eq!(lines[3]["line"], 8);
    assert_eq!(lines[3]["faults"][1]["column"], "email");
    assert_eq!(lines[3]["faults"][1]["code"], "invalid_email");
}

async fn an_archived_row_is_not_imported_again(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator.write("p.csv", "source_id,first_name\nA-1,Ann\nB-2,Bob\n");
    assert_eq!(operator.import(&["p.csv"]).status, 0);
    let file = operator.place.folder.path().join("p.csv");
    let (server, admin) = operator.serve().await;
    let found = admin.get("/api/patients?search=A-1").await;
    assert_eq!(found.names(), ["Ann"]);
    let id = found.results()[0]["id"].as_i64().unwrap();
    admin.delete(&format!("/api/patients/{id}")).await.expect_status(204);
    let import = || {
        let mut program = program(&server.place);
        let program = program.args(["import", "patients", "--json"]).arg(&file);
        let output = program.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["already_there"].as_i64().unwrap()
    };
    assert_eq!(import(), 2);
    admin.post(&format!("/api/patients/{id}/purge"), json!({"reason": "asked"})).await;
    assert_eq!(import(), 1, "nothing is left of a patient who was purged");
    assert_eq!(admin.get("/api/patients").await.names().len(), 2);
}

async fn synthea_is_read_as_it_is(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator.write("patients.csv", SYNTHEA);
    let outcome = operator.import(&["patients.csv"]);
    assert_eq!(outcome.said, "2 rows read: 2 imported, 0 already there, 0 bad.\n");
    let (_server, admin) = operator.serve().await;
    let found = admin.get("/api/patients?search=gomez%20jose%201989").await;
    let jose = &found.results()[0];
    assert_eq!(jose["full_name"], "José Eduardo Gómez");
    assert_eq!((&jose["gender"], &jose["zip_code"]), (&json!("M"), &json!("01013")));
    let systems: Vec<_> =
        jose["identifiers"].as_array().unwrap().iter().map(|i| &i["system"]).collect();
    assert_eq!(systems, ["synthea", "ssn", "passport"]);
    let ana = admin.get("/api/patients?search=10cc").await.results()[0].clone();
    assert_eq!(
        (&ana["full_name"], &ana["deceased_on"]),
        (&json!("Ana O'Kon"), &json!("2001-03-04"))
    );
    assert_eq!(ana["zip_code"], Value::Null);
}

async fn a_row_with_a_taken_identifier_does_not_affect_other_rows(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator
        .write("p.csv", "source_id,first_name,identifiers\n1,A,x:1|x:2\n2,B,x:9|x:2\n3,C,x:3\n");
    let outcome = operator.import(&["p.csv"]);
    assert_eq!(outcome.said, "3 rows read: 2 imported, 0 already there, 1 bad.\n");
    let error = "p.csv:3: identifiers: another patient already has this identifier\n";
    assert_eq!(outcome.field_errors, error);
    // The source id of a refused row stays available.
    operator.write("p.csv", "source_id,first_name,identifiers\n1,A,x:1|x:2\n2,B,x:9\n3,C,x:3\n");
    assert_eq!(operator.import(&["p.csv", "--json"]).counts(), (3, 1, 2, 0));
}

async fn an_import_that_cant_begin_is_one_sentence(backend: Backend) {
    let place = Place::new(backend).await;
    let operator = Operator { place };
    operator.write("good.csv", "first_name\nAnn\n");
    operator.write("empty.csv", "");
    operator.write("typo.csv", "first_name,date_of_brith\nA,B\n");
    operator.write("other.csv", "name;born\nA;B\n");
    operator.write("utf16.csv", b"\xff\xfea\0,\0b\0\n\0");
    let cases: &[(&[&str], &str)] = &[
        (&["missing.csv"], "can't read missing.csv: No such file"),
        (&["."], "can't read .: it is a folder"),
        (&["empty.csv"], "can't read empty.csv: it is empty"),
        (&["typo.csv"], "the column date_of_brith is not known; did you mean date_of_birth?"),
        (&["other.csv"], "the header is neither"),
        (&["utf16.csv"], "it is in UTF-16"),
        (&["good.csv"], "no administrator exists"),
        (&["good.csv", "--owner", "x@example.com"], "there is no user x@example.com"),
    ];
    for (args, sentence) in cases {
        let outcome = operator.import(args);
        let error = &outcome.field_errors;
        assert_eq!((outcome.status, outcome.said.as_str()), (1, ""), "{args:?}");
        assert!(error.contains(sentence), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "more than a sentence: {error}");
    }
    assert_eq!(operator.import(&[]).status, 2);
    assert_eq!(operator.import(&["good.csv", "--source", " "]).status, 2);
    assert!(operator.import(&["--help"]).said.contains("Exit status: 0 if every row"));
}

async fn patients_have_an_owner_and_a_history(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator.write("p.csv", "first_name,age,preferred_language\nAnn,30,PT-br\n");
    let (server, admin) = operator.serve().await;
    let member = server.member("m@example.com").await;
    let output = program(&server.place)
        .args(["import", "patients", "p.csv", "--owner", "M@example.com"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("1 row with neither source_id nor identifiers"), "{said}");
    let ann = member.get("/api/patients").await.results()[0].clone();
    assert_eq!((&ann["created_by_username"], &ann["age"]), (&json!("m"), &json!(30)));
    assert_eq!(ann["preferred_language"], "pt-BR");
    let history = admin.get(&format!("/api/patients/{}/history", ann["id"])).await;
    let entry = &history.results()[0];
    assert_eq!((&entry["action"], &entry["version"]), (&json!("patient.imported"), &json!(1)));
    assert_eq!(entry["changes"][0]["new"], ann["mrn"]);
}

async fn every_imported_patient_has_its_own_values_in_its_history(backend: Backend) {
    let operator = Operator::new(backend).await;
    // SQLite is sent audit events in pieces of several sizes.
    let rows: String = (0..52).map(|row| format!("{row},Person{row}\n")).collect();
    operator.write("people.csv", format!("source_id,first_name\n{rows}"));
    assert_eq!(operator.import(&["people.csv"]).status, 0);
    let (_server, admin) = operator.serve().await;
    let patients = admin.get("/api/patients?page_size=100").await.expect_status(200);
    assert_eq!(patients.results().len(), 52);
    for patient in patients.results() {
        let history = admin.get(&format!("/api/patients/{}/history", patient["id"])).await;
        let [entry] = history.results() else { panic!("{}", history.text) };
        for (place, member) in ["mrn", "first_name"].into_iter().enumerate() {
            let change = json!({"field": member, "old": null, "new": patient[member]});
            assert_eq!(entry["changes"][place], change);
        }
    }
}

async fn concurrent_imports_of_a_file_create_no_duplicates(backend: Backend) {
    let operator = Operator::new(backend).await;
    let row = |row| format!("{row},Person,nhs:{row}\n");
    let rows: String = (0..3_000).map(row).collect();
    operator.write("p.csv", format!("source_id,first_name,identifiers\n{rows}"));
    let reports = std::thread::scope(|scope| {
        let import = || operator.import(&["p.csv", "--json"]);
        let (one, other) = (scope.spawn(import), scope.spawn(import));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let mut imported = 0;
    for report in &reports {
        assert_eq!(report.status, 0, "{}", report.field_errors);
        let (read, new, there, bad) = report.counts();
        assert_eq!((read, new + there, bad), (3_000, 3_000, 0));
        imported += new;
    }
    assert_eq!(imported, 3_000);
}

async fn of_two_imports_of_the_same_people_at_once_each_person_is_registered_once(
    backend: Backend,
) {
    const PEOPLE: i64 = 600;
    let operator = Operator::new(backend).await;
    for source in ["A", "B"] {
        let row = |i: i64| {
            let (year, month, day) = (1940 + i / 12, 1 + i % 12, 1 + i % 28);
            format!("Name{i},Family{i},{year}-{month:02}-{day:02},555 {i:07},{source}{i}\n")
        };
        let rows: String = (0..PEOPLE).map(row).collect();
        let head = "first_name,last_name,date_of_birth,phone_number,source_id\n";
        operator.write(&format!("{source}.csv"), format!("{head}{rows}"));
    }
    let reports = std::thread::scope(|scope| {
        let import = |file| operator.import(&[file, "--json"]);
        let (one, other) =
            (scope.spawn(move || import("A.csv")), scope.spawn(move || import("B.csv")));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let imported: i64 = reports.iter().map(|report| report.counts().1).sum();
    let left_out: usize = reports.iter().map(|report| duplicates(&report.report()).len()).sum();
    assert_eq!((imported, left_out), (PEOPLE, PEOPLE as usize));
}

const PROVIDERS: &str = "\
Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION
3421aa75,ef58ea08,Tomas436 Sauer652,M,GENERAL PRACTICE,60 HOSPITAL ROAD,LEOMINSTER,MA,01453,42.5,-71.7,1557
c9b3c857,69176529,María Soledad68 Robledo967,F,GENERAL PRACTICE,330 MOUNT AUBURN STREET,CAMBRIDGE,MA,02138,42.3,-71.1,2296
0359f968,5e765f2b,Homero668 de Jesús414,M,NEUROLOGY,211 PARK STREET,ATTLEBORO,MA,02703,41.9,-71.2,2287
0359f969,5e765f2b,Homero668 de Jesús414,M,NEUROLOGY,1 OTHER STREET,ATTLEBORO,MA,02703,41.9,-71.2,2287
";

async fn the_providers_of_synthea_go_in_once_however_often_they_are_imported(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator.write("providers.csv", PROVIDERS);
    let dry = operator.import_of("doctors", &["providers.csv", "--json", "--dry-run"]);
    assert_eq!((dry.status, dry.counts()), (0, (4, 4, 0, 0)));
    let first = operator.import_of("doctors", &["providers.csv"]);
    assert_eq!(first.said, "4 rows read: 4 imported, 0 already there, 0 bad.\n");
    let again = operator.import_of("doctors", &["providers.csv", "--json"]);
    assert_eq!((again.status, again.counts()), (0, (4, 0, 4, 0)));
    let file = operator.place.folder.path().join("providers.csv");
    let (server, admin) = operator.serve().await;
    let list = admin.get("/api/doctors?ordering=id").await;
    let expected = ["Tomas Sauer", "María Soledad Robledo", "Homero de Jesús", "Homero de Jesús"];
    assert_eq!(list.names(), expected);
    let tomas = &list.results()[0];
    assert_eq!(tomas["specialization"], "GENERAL PRACTICE");
    assert_eq!(tomas["clinic_address"], "60 HOSPITAL ROAD");
    assert_eq!((&tomas["zip_code"], &tomas["license_number"]), (&json!("01453"), &Value::Null));
    assert_eq!(tomas["created_by_username"], "admin");
    let history = admin.get("/api/doctors/1/history").await;
    assert_eq!(history.results()[0]["action"], "doctor.imported");
    // A patient who was archived in the meantime stays archived.
    admin.delete("/api/doctors/3").await.expect_status(204);
    let output = program(&server.place).args(["import", "doctors"]).arg(&file).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "4 rows read: 0 imported, 4 already there, 0 bad.\n");
}

async fn a_doctor_is_recognised_by_licence_or_email_or_all_other_members(backend: Backend) {
    let operator = Operator::new(backend).await;
    let header = "last_name,specialization,license_number,email,city\n";
    let rows = "A,X,L-1,a@example.com,\nB,X,,b@example.com,\nC,X,,,Boston\nC,Y,,,Boston\n";
    operator.write("d.csv", format!("{header}{rows}"));
    let first = operator.import_of("doctors", &["d.csv", "--json"]);
    assert_eq!((first.status, first.counts()), (0, (4, 4, 0, 0)));
    // The same doctors in another spelling, and two new ones, of whom one has a taken address.
    let rows =
        "Renamed,Z,l-1,,\nB,Z,,B@Example.com,\nc,x,,,BOSTON\nC,X,,,Salem\nD,X,L-9,a@example.com,\n";
    operator.write("d.csv", format!("{header}{rows}"));
    for dry in [true, false] {
        let more = if dry { vec!["d.csv", "--json", "--dry-run"] } else { vec!["d.csv", "--json"] };
        let second = operator.import_of("doctors", &more);
        assert_eq!((second.status, second.counts()), (1, (5, 1, 3, 1)));
        let fault = &second.report()["bad_rows"][0];
        assert_eq!((&fault["line"], &fault["faults"][0]["column"]), (&json!(6), &json!("email")));
    }
    // Two rows with the same licence number are one doctor.
    let rows = "E,X,L-7,,\nE,X,L-7,,\nF,X,L-8,e@example.com,\nG,X,L-6,e@example.com,\n";
    operator.write("d.csv", format!("{header}{rows}"));
    let mut dry = operator.import_of("doctors", &["d.csv", "--json", "--dry-run"]).report();
    let third = operator.import_of("doctors", &["d.csv", "--json"]);
    assert_eq!(third.counts(), (4, 2, 1, 1));
    dry["dry_run"] = json!(false);
    assert_eq!(dry, third.report());
}

async fn bad_doctors_are_reported_and_the_others_imported(backend: Backend) {
    let operator = Operator::new(backend).await;
    let header =
        "first_name,last_name,specialization,years_of_experience,is_available,consultation_fee";
    let rows = "Ann,Good,Surgery,12,FALSE,99.50\n,,,lots,maybe,-1\nBob\n,Only,Surgery,,,\n";
    operator.write("d.csv", format!("{header}\n{rows}"));
    let outcome = operator.import_of("doctors", &["d.csv"]);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.said, "4 rows read: 2 imported, 0 already there, 2 bad.\n");
    let expected = [
        "d.csv:3: years_of_experience: must be a whole number",
        "d.csv:3: consultation_fee: must be between 0.00 and 99999999.99",
        "d.csv:3: is_available: must be true or false",
        "d.csv:3: first_name: is required: a doctor needs a first name, a last name or both",
        "d.csv:3: specialization: is required",
        "d.csv:4: has 1 cell, and the header has 6",
    ];
    assert_eq!(outcome.field_errors.lines().collect::<Vec<_>>(), expected);
    operator.write("p.csv", SYNTHEA);
    let patients = operator.import_of("doctors", &["p.csv"]);
    let sentence = "neither a column first_name nor last_name";
    assert!(patients.field_errors.contains(sentence), "{}", patients.field_errors);
    assert_eq!(operator.import_of("doctors", &["d.csv", "--source", "x"]).status, 2);
    let (_server, admin) = operator.serve().await;
    let ann = admin.get("/api/doctors?search=ann").await.results()[0].clone();
    assert_eq!((&ann["is_available"], &ann["years_of_experience"]), (&json!(false), &json!(12)));
    assert_eq!(ann["consultation_fee"], "99.50");
}

async fn concurrent_imports_of_doctors_create_no_duplicates(backend: Backend) {
    let operator = Operator::new(backend).await;
    let rows: String = (0..1_500).map(|row| format!("Doctor,Surgery,Street {row}\n")).collect();
    operator.write("d.csv", format!("last_name,specialization,clinic_address\n{rows}"));
    let reports = std::thread::scope(|scope| {
        let import = || operator.import_of("doctors", &["d.csv", "--json"]);
        let (one, other) = (scope.spawn(import), scope.spawn(import));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let mut imported = 0;
    for report in &reports {
        let (read, new, there, bad) = report.counts();
        assert_eq!((report.status, read, new + there, bad), (0, 1_500, 1_500, 0));
        imported += new;
    }
    assert_eq!(imported, 1_500);
}

async fn the_sample_is_found_by_searching(backend: Backend) {
    let place = Place::new(backend).await;
    let app = upgrade::open(place.settings()).await.unwrap();
    let (email, password) = sample::create(&app, sample::PEOPLE).await.unwrap();
    assert!(
        sample::create(&app, sample::PEOPLE).await.is_err(),
        "there already is an administrator"
    );
    app.close().await;
    let settings = place.settings();
    let server = Server::start_at(place.into(), settings).await;
    let login = json!({"email": email, "password": password});
    let session = server.nobody().post("/api/auth/login", login).await.expect_status(200);
    let admin = server.nobody().with_token(session.body["access"].as_str().unwrap());
    let list = admin.get("/api/patients?page_size=100").await;
    assert_eq!(list.body["count"], sample::PEOPLE);
    let mrns: BTreeSet<_> =
        list.results().iter().map(|patient| patient["mrn"].to_string()).collect();
    assert_eq!(mrns.len(), 100);
    let found = admin.get("/api/patients?search=gomez%20jose%201989").await;
    assert_eq!(found.names(), ["José Gómez"]);
    assert_eq!(found.results()[0]["mrn"], "P000001B");
    let figures = admin.get("/api/dashboard").await.body;
    assert_eq!(figures["doctors"]["total"], sample::DOCTORS);
    assert_eq!(figures["assignments"]["active"], sample::ASSIGNED);
    let visits = admin.get("/api/visits").await;
    assert!(visits.results().iter().all(|visit| visit["doctor_name"].is_string()));
}

/// A file with this many people.
fn people(count: usize) -> String {
    let mut file = "first_name,last_name,source_id\n".to_owned();
    for i in 0..count {
        file.push_str(&format!("Name{i},Family{},{i}\n", i % 97));
    }
    file
}

async fn an_import_lets_others_write_at_any_time(backend: Backend) {
    const ROWS: usize = 3_000;
    let operator = Operator::new(backend).await;
    operator.write("people.csv", people(ROWS));
    let (mut child, base) = crate::crash::serve(&operator.place);
    let nobody = crate::harness::Client::at(&base);
    let login = json!({"email": "admin@example.com", "password": crate::harness::PASSWORD});
    let session = nobody.post("/api/auth/login", login).await.expect_status(200).body;
    let admin = nobody.with_token(session["access"].as_str().unwrap());
    let mut import =
        program(&operator.place).args(["import", "patients", "people.csv"]).spawn().unwrap();
    let (mut written, mut first) = (0, None);
    while import.try_wait().unwrap().is_none() {
        let listed = admin.get("/api/patients?search=family1&page_size=1").await;
        if listed.body["count"] != 0 {
            admin.patient(json!({"first_name": "Between"})).await;
            first.get_or_insert(written);
            written += 1;
        }
    }
    // Three thousand rows take many more than ten pieces.
    assert!(written >= 10, "only {written} writes while {ROWS} rows were imported");
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn after_an_import_the_planner_knows_the_tables(backend: Backend) {
    let operator = Operator::new(backend).await;
    operator.write("people.csv", people(50));
    assert_eq!(operator.import(&["people.csv"]).status, 0);
    let (server, _) = operator.serve().await;
    let known = match backend {
        Backend::Sqlite => "SELECT DISTINCT tbl FROM sqlite_stat1 WHERE tbl LIKE 'patient%'",
        Backend::Postgres => {
            "SELECT DISTINCT tablename::text FROM pg_stats WHERE tablename LIKE 'patient%'"
        }
    };
    let known: BTreeSet<_> = crate::audit::fetch(&server, known).await.into_iter().collect();
    for table in ["patients", "patient_terms", "patient_identifiers"] {
        assert!(known.contains(table), "{known:?}");
    }
}

async fn an_import_that_adds_few_rows_leaves_the_statistics(backend: Backend) {
    let operator = Operator::new(backend).await;
    let rows_known = match backend {
        // SQLite reads a few hundred rows of an index, however many it has.
        Backend::Sqlite => "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'patients_name'",
        Backend::Postgres => {
            "SELECT reltuples::bigint::text FROM pg_class WHERE relname = 'patients'"
        }
    };
    if backend == Backend::Postgres {
        // Its own worker would analyse the table in the middle of an import that takes long.
        let mut beside = Beside::connect(&operator.place.database_url).await;
        beside.execute("ALTER TABLE patients SET (autovacuum_enabled = false)").await;
    }
    // PostgreSQL may make room for some hundred rows ahead.
    for (rows, expected) in [(1_000, "1000"), (1_001, "1000"), (3_000, "3000")] {
        operator.write("people.csv", people(rows));
        assert_eq!(operator.import(&["people.csv"]).status, 0);
        let known = Beside::connect(&operator.place.database_url).await.rows(rows_known).await;
        let expected = if backend == Backend::Sqlite { "1" } else { expected };
        assert_eq!(known, [[Some(expected.to_owned())]], "after {rows} rows");
    }
}

async fn an_endless_row_is_named_and_not_read(backend: Backend) {
    let operator = Operator::new(backend).await;
    let mut file = people(2);
    file.push_str("Ana,\"a quotation mark is missing");
    file.push_str(&"x".repeat(3 * 1024 * 1024));
    operator.write("people.csv", file);
    let outcome = operator.import(&["people.csv", "--json"]);
    assert_eq!(outcome.status, 1, "{}", outcome.field_errors);
    assert!(
        outcome.field_errors.contains("the row after line 3 has more than 1 MiB"),
        "{}",
        outcome.field_errors
    );
}

/// Two people who are registered, and rows about them and others.
async fn with_likely_duplicates(backend: Backend) -> Operator {
    let operator = Operator::new(backend).await;
    operator.write(
        "first.csv",
        "first_name,last_name,date_of_birth,phone_number,source_id\n\
         Ana,Núñez-Soto,1989-05-04,555 123 4567,1\n\
         Ben,Okri,1980-02-03,,2\n",
    );
    assert_eq!(operator.import(&["first.csv"]).status, 0);
    operator.write(
        "second.csv",
        "first_name,last_name,date_of_birth,phone_number,source_id\n\
         Eva,Rey,1970-01-02,,3\n\
         ANA,Nunez Soto,1989-05-04,1234567,4\n\
         Ben,Okri,2010-08-09,,5\n\
         Ben,Ocri,1980-02-03,,6\n\
         Evaristo,Quispe,1970-01-02,,7\n\
         Evaristo,Quispes,1970-01-02,,8\n\
         Ana,Núñez-Soto,1989-05-04,555 123 4567,1\n",
    );
    operator
}

/// The lines of the reported duplicates, with their grades, numbers and whether they were imported.
fn duplicates(report: &Value) -> Vec<(i64, String, Option<String>, bool)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let row = |it: &Value| {
        let imported = it["imported"].as_bool().unwrap();
        (it["line"].as_i64().unwrap(), text(&it["grade"]).unwrap(), text(&it["mrn"]), imported)
    };
    report["duplicates"].as_array().unwrap().iter().map(row).collect()
}

async fn likely_duplicates_are_left_out_and_reported(backend: Backend) {
    let operator = with_likely_duplicates(backend).await;
    let expected = |mrn: &str, later: Option<&str>, imported| {
        let row = |line, grade: &str, mrn: Option<&str>| {
            (line, grade.to_owned(), mrn.map(str::to_owned), imported)
        };
        vec![row(3, "certain", Some(mrn)), row(7, "probable", later)]
    };
    let dry = operator.import(&["second.csv", "--dry-run", "--json"]);
    assert_eq!((dry.status, dry.counts()), (1, (7, 4, 1, 0)));
    assert_eq!(duplicates(&dry.report()), expected("P000001B", None, false));
    let said = operator.import(&["second.csv"]);
    assert_eq!(said.status, 1);
    let lines = "second.csv:3: certain duplicate of P000001B (same name, same date of birth, \
                 same phone), not imported";
    assert!(said.field_errors.contains(lines), "{}", said.field_errors);
    assert!(said.said.contains("2 rows with people who are likely to be registered already"));
    assert!(
        said.said.contains("7 rows read: 4 imported, 1 already there, 0 bad."),
        "{}",
        said.said
    );
    // The number of the row before, which is imported now.
    let again = operator.import(&["second.csv", "--json"]);
    assert_eq!((again.status, again.counts()), (1, (7, 0, 5, 0)));
    let later = duplicates(&again.report())[1].2.clone().unwrap();
    assert_eq!(duplicates(&again.report()), expected("P000001B", Some(&later), false));
}

/// As an import does, which finds them among the patients.
async fn a_dry_run_finds_likely_duplicates_among_all_rows_before(backend: Backend) {
    let operator = Operator::new(backend).await;
    let others: String = (0..1_500).map(|i| format!("Name{i},Family{i},,,N{i}\n")).collect();
    let ana = |source| format!("Ana,Núñez-Soto,1989-05-04,555 123 4567,{source}\n");
    let eva = "Eva,Nunez Soto,1989-05-04,,3\n";
    let head = "first_name,last_name,date_of_birth,phone_number,source_id\n";
    operator.write("people.csv", format!("{head}{}{others}{}{eva}", ana(1), ana(2)));
    let dry = operator.import(&["people.csv", "--dry-run", "--json"]);
    assert_eq!(dry.counts(), (1_503, 1_502, 0, 0));
    let row = (1_503, "certain".to_owned(), None, false);
    assert_eq!(duplicates(&dry.report()), [row]);
    let done = operator.import(&["people.csv", "--json"]);
    assert_eq!(done.counts(), dry.counts());
    assert_eq!(duplicates(&done.report())[0].0, 1_503);
}

async fn likely_duplicates_are_imported_or_end_the_import_where_that_is_said(backend: Backend) {
    let operator = with_likely_duplicates(backend).await;
    let stopped = operator.import(&["second.csv", "--duplicates", "stop", "--json"]);
    assert_eq!((stopped.status, stopped.counts()), (1, (2, 1, 0, 0)));
    assert_eq!(duplicates(&stopped.report()).len(), 1);
    let why = stopped.report()["stopped"].as_str().unwrap().to_owned();
    assert!(why.contains("line 3 is a certain duplicate of P000001B"), "{why}");
    let created = operator.import(&["second.csv", "--duplicates", "create", "--json"]);
    assert_eq!((created.status, created.counts()), (0, (7, 5, 2, 0)));
    let found = duplicates(&created.report());
    assert!(found.iter().all(|(.., imported)| *imported), "{found:?}");
    assert_eq!(found.len(), 2);
    assert_eq!(operator.import(&["second.csv", "--duplicates", "create"]).status, 0);
    // The work-list has these pairs, and the possible one, which is not reported.
    for (grade, statement) in [
        ("certain", "SELECT count(*) FROM likely_duplicates WHERE grade = 'certain'"),
        ("probable", "SELECT count(*) FROM likely_duplicates WHERE grade = 'probable'"),
        ("possible", "SELECT count(*) FROM likely_duplicates WHERE grade = 'possible'"),
    ] {
        assert_eq!(sql(&operator.place, statement).await, 1, "{grade}");
    }
}
