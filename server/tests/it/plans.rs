//! Every kind of list uses an index: no query scans a whole table, and rows that an index has in
//! order are not sorted.

use server::db::{
    Scope,
    explain::{
        List, plan_of_recent, plans, plans_of_candidates, plans_of_merging, plans_of_search,
    },
};
use shared::{
    PartialDate, UserId,
    assignment::{AssignmentFilter, AssignmentOrder, AssignmentStatus},
    date::parse_day,
    doctor::{DoctorFilter, DoctorOrder},
    id::{DoctorId, PatientId},
    likeness::Grade,
    patient::{Identifier, PairFilter, PatientFields, PatientFilter, PatientOrder, PatientState},
    query::Ordering,
    visit::{VisitFilter, VisitStatus},
};

use crate::harness::{Backend, Server, on_both};

on_both! {
    lists_of_everything_use_the_order_of_an_index,
    lists_of_own_records_use_an_index,
    filters_use_an_index,
    the_visits_of_a_day_come_in_the_order_of_an_index,
    searches_for_patients_read_the_index_of_terms_in_its_order,
    candidates_for_one_person_are_read_from_the_index_of_terms,
    few_own_patients_are_read_from_an_index_whatever_the_statistics_say,
    the_latest_patients_of_a_user_come_from_the_index_of_the_audit_log,
    pairs_come_in_the_order_of_an_index,
    merging_reads_no_table_as_a_whole,
}

fn patients(ordering: Option<Ordering<PatientOrder>>) -> PatientFilter {
    PatientFilter { ordering, ..PatientFilter::default() }
}

fn doctors(ordering: Option<Ordering<DoctorOrder>>) -> DoctorFilter {
    DoctorFilter { ordering, ..DoctorFilter::default() }
}

fn assignments(ordering: Option<Ordering<AssignmentOrder>>) -> AssignmentFilter {
    AssignmentFilter { ordering, ..AssignmentFilter::default() }
}

/// The lists of one kind in every ordering.
fn ordered<T: Copy>(fields: &[T], list: impl Fn(Option<Ordering<T>>) -> List) -> Vec<List> {
    let both = |by: &T| [Ordering::ascending(*by), Ordering::descending(*by)];
    let mut lists: Vec<_> =
        fields.iter().flat_map(both).map(|ordering| list(Some(ordering))).collect();
    lists.push(list(None));
    lists
}

fn name(list: &List) -> String {
    match list {
        List::Patients(filter) => format!("patients {:?}", filter.pairs()),
        List::Doctors(filter) => format!("doctors {:?}", filter.pairs()),
        List::Assignments(filter) => format!("assignments {:?}", filter.pairs()),
        List::Visits(filter) => format!("visits {:?}", filter.pairs()),
        List::Pairs(filter) => format!("pairs {:?}", filter.pairs()),
    }
}

/// Fails if a step scans a whole table, or sorts rows where the list may not be `sorted`.
async fn check(server: &Server, list: &List, scope: Scope, sorted: bool) {
    let today = server.app.clock().today();
    let plans = plans(server.app.db(), list, scope, today).await.unwrap();
    for (plan, may_sort) in plans.iter().zip([sorted, true]) {
        let shown = format!("{} {scope:?}\n{}", name(list), plan.join("\n"));
        assert!(!plan.is_empty(), "no plan: {shown}");
        for step in plan.iter().map(|step| step.trim()) {
            assert!(!reads_a_table(step), "{step} in {shown}");
            let sorts = step.contains("USE TEMP B-TREE FOR ORDER BY")
                || step.contains("Sort  (")
                || step.contains("USE TEMP B-TREE FOR LAST");
            assert!(may_sort || !sorts, "{step} in {shown}");
        }
    }
}

/// Whether a step of SQLite's or PostgreSQL's plan scans a table of records without an index.
fn reads_a_table(step: &str) -> bool {
    let of_sqlite = [
        "p",
        "d",
        "a",
        "v",
        "w",
        "patients",
        "doctors",
        "assignments",
        "t",
        "patient_terms",
        "audit_log",
        "likely_duplicates",
        "different_people",
        "merges",
    ];
    let of_postgres = [
        "patients",
        "doctors",
        "assignments",
        "visits",
        "patient_terms",
        "doctor_terms",
        "audit_log",
        "likely_duplicates",
        "different_people",
        "merges",
    ];
    of_sqlite.iter().any(|table| step == format!("SCAN {table}"))
        || of_postgres.iter().any(|table| step.contains(&format!("Seq Scan on {table}")))
}

async fn lists_of_everything_use_the_order_of_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    let mut lists = ordered(PatientOrder::ALL, |ordering| List::Patients(patients(ordering)));
    lists.extend(ordered(DoctorOrder::ALL, |ordering| List::Doctors(doctors(ordering))));
    lists
        .extend(ordered(AssignmentOrder::ALL, |ordering| List::Assignments(assignments(ordering))));
    lists.extend(ordered(AssignmentOrder::ALL, |ordering| {
        List::Assignments(AssignmentFilter { is_active: Some(false), ..assignments(ordering) })
    }));
    for list in &lists {
        let by_id = name(list).contains("\"id\"") || name(list).contains("\"-id\"");
        // For the ordering by id, SQLite scans the table itself, which has that order.
        if !(by_id && backend == Backend::Sqlite) {
            check(&server, list, Scope::All, false).await;
        }
    }
}

async fn lists_of_own_records_use_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    let user = UserId(1);
    for scope in [Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
        // The caller's own records are not sorted in the default ordering and by creation and
        // change.
        let is_own = matches!(scope, Scope::Own(_));
        check(&server, &List::Patients(patients(None)), scope, !is_own).await;
        check(
            &server,
            &List::Patients(patients(Some(Ordering::descending(PatientOrder::CreatedAt)))),
            scope,
            !is_own,
        )
        .await;
        check(
            &server,
            &List::Patients(patients(Some(Ordering::descending(PatientOrder::UpdatedAt)))),
            scope,
            !is_own,
        )
        .await;
        check(&server, &List::Assignments(assignments(None)), scope, !is_own).await;
        let ended = AssignmentFilter { is_active: Some(false), ..assignments(None) };
        check(&server, &List::Assignments(ended), scope, !is_own).await;
        for list in ordered(PatientOrder::ALL, |ordering| List::Patients(patients(ordering))) {
            check(&server, &list, scope, true).await;
        }
        for list in
            ordered(AssignmentOrder::ALL, |ordering| List::Assignments(assignments(ordering)))
        {
            check(&server, &list, scope, true).await;
        }
    }
}

async fn filters_use_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    let text = |text: &str| Some(text.to_owned());
    let day = parse_day("2026-11-20").ok();
    let of_patients = [
        PatientFilter { search: text("gomez 1989"), ..patients(None) },
        PatientFilter { city: text("Boston"), ..patients(None) },
        PatientFilter { created_by: Some(UserId(1)), ..patients(None) },
        PatientFilter { doctor: Some(DoctorId(1)), ..patients(None) },
        PatientFilter { born_from: day, born_to: day, ..patients(None) },
        PatientFilter { archived: Some(true), ..patients(None) },
    ];
    let of_doctors = [
        DoctorFilter { search: text("cardio"), ..doctors(None) },
        DoctorFilter { city: text("Boston"), ..doctors(None) },
        DoctorFilter { specialization: text("Cardiology"), ..doctors(None) },
        DoctorFilter { created_by: Some(UserId(1)), ..doctors(None) },
        DoctorFilter { archived: Some(true), ..doctors(None) },
    ];
    let of_assignments = [
        AssignmentFilter { patient: Some(PatientId(1)), ..assignments(None) },
        AssignmentFilter { doctor: Some(DoctorId(1)), ..assignments(None) },
        AssignmentFilter { status: Some(AssignmentStatus::Completed), ..assignments(None) },
        AssignmentFilter { assigned_from: day, assigned_to: day, ..assignments(None) },
        AssignmentFilter { search: text("gomez"), ..assignments(None) },
    ];
    let mut lists: Vec<_> = of_patients.into_iter().map(List::Patients).collect();
    lists.extend(of_doctors.into_iter().map(List::Doctors));
    lists.extend(of_assignments.into_iter().map(List::Assignments));
    for list in &lists {
        check(&server, list, Scope::All, true).await;
    }
}

async fn the_visits_of_a_day_come_in_the_order_of_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    let user = UserId(1);
    for filter in [
        VisitFilter::default(),
        VisitFilter { doctor: Some(DoctorId(1)), ..VisitFilter::default() },
        VisitFilter { status: Some(VisitStatus::Waiting), ..VisitFilter::default() },
        VisitFilter { is_open: Some(true), ..VisitFilter::default() },
    ] {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            check(&server, &List::Visits(filter.clone()), scope, false).await;
        }
    }
    let of_patient = VisitFilter { patient: Some(PatientId(1)), ..VisitFilter::default() };
    check(&server, &List::Visits(of_patient), Scope::All, true).await;
}

async fn the_latest_patients_of_a_user_come_from_the_index_of_the_audit_log(backend: Backend) {
    let server = Server::start(backend).await;
    let user = UserId(1);
    for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
        let plan = plan_of_recent(server.app.db(), user, scope).await.unwrap();
        let shown = plan.join("\n");
        assert!(shown.contains("audit_log_actor_at"), "{scope:?}\n{shown}");
        // The events of the user come in the order of the index. Only the few that are read are sorted.
        let log = shown.split("SCAN written").next().unwrap_or_default();
        assert!(!log.contains("TEMP B-TREE"), "{scope:?}\n{shown}");
        for step in plan.iter().map(|step| step.trim()) {
            assert!(!reads_a_table(step), "{step} in {scope:?}\n{shown}");
        }
    }
}

async fn searches_for_patients_read_the_index_of_terms_in_its_order(backend: Backend) {
    let server = Server::start(backend).await;
    let (user, today) = (UserId(1), server.app.clock().today());
    for search in ["m", "gomez", "gomez jose", "gomez 1989-05", "4567", "ana@example.com li"] {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            for archived in [None, Some(true)] {
                let search = Some(search.to_owned());
                let filter = PatientFilter { search, archived, ..patients(None) };
                let plans = plans_of_search(server.app.db(), &filter, scope, today).await.unwrap();
                assert!(!plans.is_empty(), "{filter:?}");
                for plan in plans {
                    let shown = format!(
                        "{} {scope:?}\n{}",
                        name(&List::Patients(filter.clone())),
                        plan.join("\n")
                    );
                    for step in plan.iter().map(|step| step.trim()) {
                        assert!(!reads_a_table(step), "{step} in {shown}");
                        let sorts =
                            step.contains("TEMP B-TREE FOR ORDER BY") || step.contains("Sort  (");
                        assert!(!sorts, "{step} in {shown}");
                    }
                }
            }
        }
    }
}

async fn candidates_for_one_person_are_read_from_the_index_of_terms(backend: Backend) {
    let server = Server::start(backend).await;
    let user = UserId(1);
    let text = |text: &str| Some(text.to_owned());
    let (system, value) = ("insurance".to_owned(), "X-1".to_owned());
    let fields = PatientFields {
        first_name: text("Ana María"),
        last_name: text("Núñez-Soto"),
        date_of_birth: PartialDate::parse("1989-05-04").ok(),
        phone_number: text("555 123 4567"),
        email: text("ana@example.com"),
        identifiers: vec![Identifier { system, value }],
        ..PatientFields::default()
    };
    let whole = PatientState { fields, date_of_birth_estimated: false };
    let mut little = PatientState::default();
    little.fields.last_name = text("Liang");
    for state in [whole, little] {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            let plans = plans_of_candidates(server.app.db(), &state, scope).await.unwrap();
            for plan in &plans[..2] {
                assert!(plan.iter().any(|step| step.contains("patient_terms")), "{plans:?}");
            }
            for plan in plans {
                for step in plan.iter().map(|step| step.trim()) {
                    assert!(!reads_a_table(step), "{step} in {scope:?}\n{}", plan.join("\n"));
                }
            }
        }
    }
}

async fn few_own_patients_are_read_from_an_index_whatever_the_statistics_say(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    for number in 0..200 {
        staff.patient(serde_json::json!({"last_name": format!("Family {number}")})).await;
    }
    // One user owns all patients: by the statistics an owner leaves nobody out.
    server.app.db().analyze().await.unwrap();
    let (other, today) = (UserId(99), server.app.clock().today());
    let search = Some("fam".to_owned());
    let own = PatientFilter { search: search.clone(), ..patients(None) };
    let of_owner = PatientFilter { search, created_by: Some(other), ..patients(None) };
    let mut person = PatientState::default();
    person.fields.last_name = Some("Family".to_owned());
    let db = server.app.db();
    let all = [
        plans_of_search(db, &own, Scope::Own(other), today).await.unwrap(),
        plans_of_search(db, &of_owner, Scope::All, today).await.unwrap(),
        plans_of_candidates(db, &person, Scope::Own(other)).await.unwrap(),
    ];
    for plan in all.iter().flatten() {
        for step in plan.iter().map(|step| step.trim()) {
            assert!(!reads_a_table(step), "{step} in\n{}", plan.join("\n"));
        }
    }
}

async fn pairs_come_in_the_order_of_an_index(backend: Backend) {
    let server = Server::start(backend).await;
    for (grade, patient) in
        [(None, None), (Some(Grade::Probable), None), (None, Some(PatientId(7)))]
    {
        let filter = PairFilter { grade, patient, ..PairFilter::default() };
        check(&server, &List::Pairs(filter), Scope::All, patient.is_some()).await;
    }
}

async fn merging_reads_no_table_as_a_whole(backend: Backend) {
    let server = Server::start(backend).await;
    for plan in plans_of_merging(server.app.db(), PatientId(7)).await.unwrap() {
        for step in plan.iter().map(|step| step.trim()) {
            assert!(!reads_a_table(step), "{step} in\n{}", plan.join("\n"));
        }
    }
}
