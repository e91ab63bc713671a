//! Every kind of list uses an index: no query scans a whole table, and rows that an index has in
//! order are not sorted.

use serde_json::json;
use server::{
    db::{
        Scope,
        explain::{
            List, plan_of_recent, plans, plans_in_order, plans_of_candidates, plans_of_merging,
            plans_of_search,
        },
    },
    domain::accounts::users,
    sample,
};
use shared::{
    PartialDate, Patch, UserId,
    assignment::{AssignmentFilter, AssignmentOrder, AssignmentStatus},
    date::parse_day,
    doctor::{DoctorFilter, DoctorOrder},
    id::{DoctorId, PatientId},
    likeness::Grade,
    patient::{
        Identifier, NewPatient, PairFilter, PatientFields, PatientFilter, PatientInput,
        PatientOrder, PatientState,
    },
    query::Ordering,
    visit::{VisitFilter, VisitStatus},
};

use crate::{
    beside::Beside,
    harness::{Backend, Server, on_both},
};

on_both! {
    plans_read_an_index_without_statistics,
    plans_read_an_index_with_statistics,
    few_own_patients_are_read_from_an_index_whatever_the_statistics_say,
    whatever_is_typed_reads_few_rows,
}

/// A server whose plans are checked.
struct Case {
    server: Server,
    backend: Backend,
    /// Whether the planner has statistics. They are those of a few rows, which it may well sort.
    has_statistics: bool,
}

/// Checks all plans.
async fn check_all(case: &Case) {
    lists_of_everything_use_the_order_of_an_index(case).await;
    lists_of_own_records_use_an_index(case).await;
    filters_use_an_index(case).await;
    the_visits_of_a_day_come_in_the_order_of_an_index(case).await;
    searches_for_patients_read_the_index_of_terms_in_its_order(case).await;
    searches_in_another_order_read_an_index(case).await;
    candidates_for_one_person_are_read_from_the_index_of_terms(case).await;
    the_latest_patients_of_a_user_come_from_the_index_of_the_audit_log(case).await;
    pairs_come_in_the_order_of_an_index(case).await;
    merging_reads_no_table_as_a_whole(case).await;
}

/// A new database has no statistics, and neither has one after a bulk load.
async fn plans_read_an_index_without_statistics(backend: Backend) {
    let server = Server::start(backend).await;
    check_all(&Case { server, backend, has_statistics: false }).await;
}

async fn plans_read_an_index_with_statistics(backend: Backend) {
    let server = Server::start(backend).await;
    server.staff().await;
    let staff = users::act_as(&server.app, "staff@example.com").await.unwrap();
    let people = sample::people(1_500, server.app.clock().today());
    sample::register(&server.app, &staff, people).await.unwrap();
    sample::enter(&server.app, &staff, sample::doctors(40)).await.unwrap();
    let mut beside = Beside::connect(&server.place.database_url).await;
    beside.execute(ASSIGNED).await;
    server.app.db().analyze().await.unwrap();
    check_all(&Case { server, backend, has_statistics: true }).await;
}

/// Assigns half of the patients. Half of the assignments have ended.
const ASSIGNED: &str = "INSERT INTO assignments (patient_id, doctor_id, patient_owner, status, \
    is_active, assigned_date, created_by, changed_by, created_at, updated_at, version) \
    SELECT id, 1 + id % 40, created_by, CASE WHEN id % 4 = 0 THEN 'ACTIVE' ELSE 'COMPLETED' END, \
    id % 4 = 0, '2026-11-01', created_by, created_by, created_at, updated_at, 1 FROM patients \
    WHERE id % 2 = 0";

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
async fn check(case: &Case, list: &List, scope: Scope, sorted: bool) {
    let today = case.server.app.clock().today();
    let plans = plans(case.server.app.db(), list, scope, today).await.unwrap();
    for (plan, may_sort) in plans.iter().zip([sorted, true]) {
        let shown = format!("{} {scope:?}\n{}", name(list), plan.join("\n"));
        assert!(!plan.is_empty(), "no plan: {shown}");
        for step in plan.iter().map(|step| step.trim()) {
            // The forty doctors may be read as a whole.
            let is_read = reads_a_table(step) && !(case.has_statistics && step == "SCAN d");
            assert!(!is_read, "{step} in {shown}");
            let sorts = step.contains("USE TEMP B-TREE FOR ORDER BY")
                || step.contains("Sort  (")
                || step.contains("USE TEMP B-TREE FOR LAST");
            assert!(may_sort || case.has_statistics || !sorts, "{step} in {shown}");
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

async fn lists_of_everything_use_the_order_of_an_index(case: &Case) {
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
        if !(by_id && case.backend == Backend::Sqlite) {
            check(case, list, Scope::All, false).await;
        }
    }
}

async fn lists_of_own_records_use_an_index(case: &Case) {
    let user = UserId(1);
    for scope in [Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
        // The caller's own records are not sorted in the default ordering and by creation and
        // change.
        let is_own = matches!(scope, Scope::Own(_));
        check(case, &List::Patients(patients(None)), scope, !is_own).await;
        check(
            case,
            &List::Patients(patients(Some(Ordering::descending(PatientOrder::CreatedAt)))),
            scope,
            !is_own,
        )
        .await;
        check(
            case,
            &List::Patients(patients(Some(Ordering::descending(PatientOrder::UpdatedAt)))),
            scope,
            !is_own,
        )
        .await;
        check(case, &List::Assignments(assignments(None)), scope, !is_own).await;
        let ended = AssignmentFilter { is_active: Some(false), ..assignments(None) };
        check(case, &List::Assignments(ended), scope, !is_own).await;
        for list in ordered(PatientOrder::ALL, |ordering| List::Patients(patients(ordering))) {
            check(case, &list, scope, true).await;
        }
        for list in
            ordered(AssignmentOrder::ALL, |ordering| List::Assignments(assignments(ordering)))
        {
            check(case, &list, scope, true).await;
        }
    }
}

async fn filters_use_an_index(case: &Case) {
    let text = |text: &str| Some(text.to_owned());
    let day = parse_day("2026-11-20").ok();
    let of_patients = [
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
        check(case, list, Scope::All, true).await;
    }
}

async fn the_visits_of_a_day_come_in_the_order_of_an_index(case: &Case) {
    let user = UserId(1);
    for filter in [
        VisitFilter::default(),
        VisitFilter { doctor: Some(DoctorId(1)), ..VisitFilter::default() },
        VisitFilter { status: Some(VisitStatus::Waiting), ..VisitFilter::default() },
        VisitFilter { is_open: Some(true), ..VisitFilter::default() },
    ] {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            check(case, &List::Visits(filter.clone()), scope, false).await;
        }
    }
    let of_patient = VisitFilter { patient: Some(PatientId(1)), ..VisitFilter::default() };
    check(case, &List::Visits(of_patient), Scope::All, true).await;
}

async fn the_latest_patients_of_a_user_come_from_the_index_of_the_audit_log(case: &Case) {
    let user = UserId(1);
    for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
        let plan = plan_of_recent(case.server.app.db(), user, scope).await.unwrap();
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

async fn searches_for_patients_read_the_index_of_terms_in_its_order(case: &Case) {
    let (user, today) = (UserId(1), case.server.app.clock().today());
    for search in ["m", "gomez", "gomez jose", "gomez 1989-05", "4567", "ana@example.com li"] {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            for archived in [None, Some(true)] {
                let search = Some(search.to_owned());
                let filter = PatientFilter { search, archived, ..patients(None) };
                let plans =
                    plans_of_search(case.server.app.db(), &filter, scope, today).await.unwrap();
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

async fn searches_in_another_order_read_an_index(case: &Case) {
    let (user, today) = (UserId(1), case.server.app.clock().today());
    for by in PatientOrder::ALL {
        for scope in [Scope::All, Scope::Own(user), Scope::OfDoctor(user), Scope::OfPatient(user)] {
            let filter = patients(Some(Ordering::ascending(*by)));
            let plans = plans_in_order(case.server.app.db(), &filter, scope, today).await.unwrap();
            let is_by_id = *by == PatientOrder::Id && case.backend == Backend::Sqlite;
            for (plan, may_sort) in plans.iter().zip([true, scope != Scope::All]) {
                let shown = format!("{by:?} {scope:?}\n{}", plan.join("\n"));
                for step in plan.iter().map(|step| step.trim()) {
                    assert!(is_by_id || !reads_a_table(step), "{step} in {shown}");
                    let sorts =
                        step.contains("TEMP B-TREE FOR ORDER BY") || step.contains("Sort  (");
                    assert!(may_sort || !sorts, "{step} in {shown}");
                }
            }
        }
    }
}

async fn candidates_for_one_person_are_read_from_the_index_of_terms(case: &Case) {
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
            let plans = plans_of_candidates(case.server.app.db(), &state, scope).await.unwrap();
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

async fn pairs_come_in_the_order_of_an_index(case: &Case) {
    for (grade, patient) in
        [(None, None), (Some(Grade::Probable), None), (None, Some(PatientId(7)))]
    {
        let filter = PairFilter { grade, patient, ..PairFilter::default() };
        check(case, &List::Pairs(filter), Scope::All, patient.is_some()).await;
    }
}

async fn merging_reads_no_table_as_a_whole(case: &Case) {
    for plan in plans_of_merging(case.server.app.db(), PatientId(7)).await.unwrap() {
        for step in plan.iter().map(|step| step.trim()) {
            assert!(!reads_a_table(step), "{step} in\n{}", plan.join("\n"));
        }
    }
}

/// The most rows that a search, a lookup or a comparison may read.
const ROWS_MAX: u64 = 5_000;
/// The most entries of the index that are counted without being returned.
const COUNTED: u64 = 1_001;

/// Every row that these statements return is an entry of an index that was read, or a patient: the plans above filter
/// nothing behind the index. Only the count of a single word returns one row for those that it counts.
#[expect(clippy::print_stdout, reason = "the rows of each are to be seen with --nocapture")]
async fn whatever_is_typed_reads_few_rows(backend: Backend) {
    const PATIENTS: usize = 6_000;
    let server = Server::start(backend).await;
    let (staff, member) = (server.staff().await, server.member("member@example.com").await);
    let actor = users::act_as(&server.app, "staff@example.com").await.unwrap();
    let born = |i: usize| format!("19{:02}-{:02}-{:02}", i % 97, 1 + i % 12, 1 + i % 28);
    // All of them begin alike, and many are called the same.
    let person = |i: usize| PatientInput {
        first_name: Patch::Value(format!("Jo{}", ["se", "hn", "anna", "sef"][i % 4])),
        last_name: Patch::Value(format!("Mar{}", ["tin", "tinez", "ley", "quez", "in"][i % 5])),
        date_of_birth: PartialDate::parse(&born(i)).map_or(Patch::Absent, Patch::Value),
        phone_number: Patch::Value(format!("555 8{i:06}")),
        email: Patch::Value(format!("mar{i}@example.com")),
        ..PatientInput::default()
    };
    let people = (0..PATIENTS).map(|i| NewPatient::from(person(i)));
    sample::register(&server.app, &actor, people).await.unwrap();
    for i in 0..20 {
        let own = json!({"first_name": format!("Jo{i}"), "last_name": format!("Mary{i}")});
        member.patient(own).await;
    }
    let search = |typed: &str| format!("/api/patients?search={}", typed.replace(' ', "%20"));
    let lookup = |typed: &str| format!("/api/lookup?q={}", typed.replace(' ', "%20"));
    let typed = [
        "m",
        "ma",
        "mar",
        "marti",
        "martinez jose",
        "jose martinez",
        "mar jos",
        "martin 1950-03-01",
        "marley 1950",
        "8000123",
        "P000001B",
        "mar1@example.com",
        "mar jos marq",
        "jo mar 19",
    ];
    let mut asked: Vec<_> = typed.iter().map(|it| (search(it), None)).collect();
    asked.extend(typed.iter().map(|it| (lookup(it), None)));
    asked.push((lookup("martinex jose"), None));
    let jose = json!({"name": "Jose Martinez", "date_of_birth": "1950-03-01"});
    asked.push(("/api/patients/match".to_owned(), Some(jose)));
    for (path, body) in asked {
        for (who, client) in [("staff", &staff), ("owner of 20", &member)] {
            let before = server.app.db().rows();
            match &body {
                Some(body) => client.post(&path, body.clone()).await.expect_status(200),
                None => client.get(&path).await.expect_status(200),
            };
            let rows = server.app.db().rows() - before;
            let counted = if path.contains("%20") { 0 } else { COUNTED };
            println!("{backend:?}, {who}: {rows} rows, and {counted} counted at most, for {path}");
            assert!(rows + counted <= ROWS_MAX, "{rows} rows for {path} of {who}");
        }
    }
}
