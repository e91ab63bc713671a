//! Writing records: the answer is made of what was written, which is not read again.

use reqwest::Method;
use serde_json::{Value, json};
use shared::account::Role;

use crate::harness::{Backend, Client, Server, on_both};

on_both! {
    a_creation_answers_what_a_read_answers_to_the_byte,
    a_change_answers_what_a_read_answers_to_the_byte,
    registering_a_patient_takes_few_statements,
    changing_a_patient_takes_few_statements,
}

/// Creates a record, and compares the answer with that of a read.
async fn create(client: &Client, list: &str, query: &str, body: &Value) {
    let created = client.post(&format!("{list}{query}"), body.clone()).await.expect_status(201);
    let address = created.header("location").to_owned();
    let read = client.get(&format!("{address}{query}")).await.expect_status(200);
    assert_eq!(created.text, read.text, "{address}{query}");
    assert_eq!(created.header("etag"), read.header("etag"));
}

async fn a_creation_answers_what_a_read_answers_to_the_byte(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    let mut creators = vec![staff.clone(), admin];
    for role in [Role::Doctor, Role::Patient, Role::Member] {
        creators.push(server.somebody(role, &format!("{role}@example.com")).await);
    }
    // An account is called by its username or by its names.
    for names in [
        json!({"name": "Zoë"}),
        json!({"username": "Ana.B", "first_name": "Ana", "last_name": "B"}),
        json!({"first_name": " José ", "last_name": "Gómez  Ruiz"}),
    ] {
        let mut account = json!({"password": crate::harness::PASSWORD});
        account["email"] = json!(format!("{}@example.com", creators.len()));
        account.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
        let session = server.nobody().post("/api/auth/register", account).await.expect_status(201);
        creators.push(server.nobody().with_token(session.body["access"].as_str().unwrap()));
    }
    let whole = json!({
        "first_name": "Jose\u{301} \"Pepe\" \u{1f469}\u{200d}\u{2695}\u{fe0f}", "last_name": "O'Gómez",
        "date_of_birth": "1989-05-25", "deceased_on": "2020-02-29", "gender": "female",
        "email": "Jose@Example.com", "phone_number": "+1 (555) 123-4567", "address": "1 Way\nUnit 2",
        "city": "Łódź", "state": "MA", "zip_code": "01013", "blood_type": "ab-",
        "allergies": "Penicillin\tand\r\n$1 ?1", "medical_history": "Asthma", "preferred_language": "PT-br",
        "emergency_contact": "Ana \\ 555",
    });
    let mut number = 0;
    for (place, creator) in creators.iter().enumerate() {
        for query in ["", "?clinical=false", "?clinical=true"] {
            let mut whole = whole.clone();
            // Each is somebody else, whom nobody takes for another.
            number += 1;
            whole["date_of_birth"] = json!(format!("{}-05-25", 1930 + 3 * number));
            (whole["email"], whole["phone_number"]) = (
                json!(format!("Jose{number}@Example.com")),
                json!(format!("+1 (555) 123-4{number:03}")),
            );
            // Text that JSON and SQL have meanings for.
            whole["identifiers"] = json!([
                {"system": "insurance", "value": format!("X'\"\\ {place}{query}")},
                {"system": "insurance", "value": format!("Å{{}}[] {place}{query}")},
            ]);
            for patient in [
                &whole,
                &json!({"last_name": "Nilam", "age": 37}),
                &json!({"first_name": "A", "date_of_birth": "1950"}),
            ] {
                create(creator, "/api/patients", query, patient).await;
            }
        }
        let doctor = json!({
            "first_name": "Eva", "last_name": "Maria", "specialization": "Cardiology",
            "email": format!("Eva{place}@example.com"), "license_number": format!("L-{place}"),
            "consultation_fee": "200.5", "years_of_experience": 7, "city": "Łódź",
        });
        create(creator, "/api/doctors", "", &doctor).await;
        create(creator, "/api/doctors", "", &json!({"last_name": "No", "specialization": "X"}))
            .await;
    }
    create(&staff, "/api/assignments", "", &json!({"patient": 1, "doctor": 1})).await;
    create(&staff, "/api/visits", "", &json!({"patient": 1, "doctor": 1})).await;
}

async fn a_change_answers_what_a_read_answers_to_the_byte(backend: Backend) {
    let server = Server::start(backend).await;
    let (staff, admin) = (server.staff().await, server.admin().await);
    staff.patient(json!({"first_name": "Ana", "age": 30})).await;
    for (client, change) in [
        (&staff, json!({"phone_number": "555 123", "last_name": "Gómez"})),
        (
            &admin,
            json!({"date_of_birth": "1950-02", "deceased_on": "2020-01-31", "allergies": "Nuts"}),
        ),
        (&admin, json!({"first_name": null, "identifiers": [{"system": "a", "value": "b\"'"}]})),
        (&staff, json!({"allergies": null, "phone_number": null, "date_of_birth": null})),
    ] {
        for query in ["", "?clinical=false", "?clinical=true"] {
            let path = format!("/api/patients/1{query}");
            // The second and the third request change nothing.
            let request = client.request(Method::PATCH, &path).header("if-match", "*");
            let changed = client.send(request.json(&change)).await.expect_status(200);
            let read = client.get(&path).await.expect_status(200);
            assert_eq!(changed.text, read.text);
            assert_eq!(changed.header("etag"), read.header("etag"));
        }
    }
    let last = staff.get("/api/patients/1").await.expect_status(200);
    assert_eq!(
        (&last.body["version"], &last.body["created_by_username"]),
        (&json!(5), &json!("staff"))
    );
    // The search knows the same terms as after a registration, and a name that was replaced.
    for (search, expected) in [("gómez", 1), ("ana", 1), ("555123", 0), ("1950", 0), ("b\"'", 1)] {
        let found = staff.get(&format!("/api/patients?search={search}")).await.expect_status(200);
        assert_eq!(found.results().len(), expected, "{search}");
    }
}

/// The fewest statements that a write takes. Who the caller is may be read in between, and the server
/// has work of its own.
async fn fewest(server: &Server, write: impl AsyncFn(u32)) -> u64 {
    let mut fewest = u64::MAX;
    for number in 0..20 {
        let before = server.app.db().statements();
        write(number).await;
        fewest = fewest.min(server.app.db().statements() - before);
    }
    fewest
}

async fn registering_a_patient_takes_few_statements(backend: Backend) {
    // PostgreSQL: begin, lock and candidates for likely duplicates, number, patient, audit event, commit.
    // On SQLite, where a statement costs a hundredth of that and nothing is locked, the rows of each table
    // are a statement. Identifiers are checked before, and an idempotency key is claimed and gets its answer.
    let (bare, identified, keyed) = match backend {
        Backend::Sqlite => (9, 11, 11),
        Backend::Postgres => (7, 8, 9),
    };
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let ana = |number: u32| {
        json!({
            "first_name": "Ana", "last_name": "Soto", "date_of_birth": format!("{}", 1880 + number % 140),
            "phone_number": format!("555 123 {number:04}"),
        })
    };
    let register = async |number| drop(staff.patient(ana(number)).await);
    assert_eq!(fewest(&server, register).await, bare);
    let register = async |number: u32| {
        let identifier = |of| json!({"system": of, "value": number.to_string()});
        let mut ana = ana(100 + number);
        ana["identifiers"] = json!([identifier("insurance"), identifier("other")]);
        staff.patient(ana).await;
    };
    assert_eq!(fewest(&server, register).await, identified);
    let register = async |number: u32| {
        let request = staff.request(Method::POST, "/api/patients").json(&ana(200 + number));
        let request = request.header("idempotency-key", number.to_string());
        staff.send(request).await.expect_status(201);
    };
    assert_eq!(fewest(&server, register).await, keyed);
}

async fn changing_a_patient_takes_few_statements(backend: Backend) {
    // Begin, read, row, removing terms, inserting terms, what is known of likely duplicates, their candidates, audit
    // event, commit. PostgreSQL locks the row first, and who is alike; on SQLite the audit event is three statements.
    let expected = match backend {
        Backend::Sqlite => 11,
        Backend::Postgres => 11,
    };
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana", "phone_number": "555 123 4567"})).await;
    let change = async |number: u32| {
        let change = json!({"phone_number": format!("555 765 43{number:02}")});
        staff.patch("/api/patients/1", change).await.expect_status(200);
    };
    assert_eq!(fewest(&server, change).await, expected);
}
