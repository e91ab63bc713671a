//! Concurrent requests.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Backend, PASSWORD, Server, on_both};

on_both! {
    sixteen_writers_lose_no_guarded_edit,
    twenty_registrations_of_one_email_make_one_account,
    parallel_refreshes_all_get_the_same_successor,
    record_numbers_are_never_reused,
    one_of_many_concurrent_requests_gets_an_identifier,
    a_storm_of_logins_is_bounded,
}

async fn sixteen_writers_lose_no_guarded_edit(backend: Backend) {
    const WRITERS: usize = 16;
    const EDITS: usize = 10;
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    staff.patient(json!({"first_name": "Ana", "medical_history": "0"})).await;
    let write = async |client: crate::harness::Client| {
        for _ in 0..EDITS {
            loop {
                let read = client.get("/api/patients/1").await.expect_status(200).body;
                let count: usize = read["medical_history"].as_str().unwrap().parse().unwrap();
                let change = json!({"medical_history": (count + 1).to_string()});
                let version = read["version"].as_i64().unwrap();
                let answer = client.patch_if("/api/patients/1", version, change).await;
                match answer.status {
                    200 => break,
                    412 => assert!(answer.body["current"]["version"].as_i64().unwrap() > version),
                    other => panic!("{other}: {}", answer.text),
                }
            }
        }
    };
    let writers = (0..WRITERS).map(|_| write(staff.clone()));
    futures_util::future::join_all(writers).await;
    let end = staff.get("/api/patients/1").await.body;
    assert_eq!(end["medical_history"], (WRITERS * EDITS).to_string());
    assert_eq!(end["version"], json!(WRITERS * EDITS + 1));
    let history = staff.get("/api/patients/1/history").await;
    assert_eq!(history.body["count"], json!(WRITERS * EDITS + 1));
}

async fn twenty_registrations_of_one_email_make_one_account(backend: Backend) {
    let server = Server::start(backend).await;
    let attempts = (0..20).map(|i| {
        let nobody = server.nobody();
        let email = if i % 2 == 0 { "ana@example.com" } else { "ANA@Example.com" };
        let body = json!({"email": email, "password": PASSWORD});
        async move {
            loop {
                let answer = nobody.post("/api/auth/register", body.clone()).await;
                // A slow machine may refuse some hashes, so this retries as the client is told to.
                if answer.status != 503 {
                    return answer.status;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    let mut statuses = futures_util::future::join_all(attempts).await;
    statuses.sort_unstable();
    let mut expected = vec![409; 19];
    expected.insert(0, 201);
    assert_eq!(statuses, expected);
}

async fn parallel_refreshes_all_get_the_same_successor(backend: Backend) {
    let server = Server::start(backend).await;
    server.member("ana@example.com").await;
    let session = server.session("ana@example.com").await;
    let sent = json!({"refresh": session["refresh"]});
    let attempts = (0..20).map(|_| {
        let (nobody, sent) = (server.nobody(), sent.clone());
        async move {
            let answer = nobody.post("/api/auth/token/refresh", sent).await.expect_status(200);
            answer.body["refresh"].as_str().unwrap().to_owned()
        }
    });
    let mut successors = futures_util::future::join_all(attempts).await;
    successors.sort_unstable();
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

async fn record_numbers_are_never_reused(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let desks = (0..10).map(|_| {
        let staff = staff.clone();
        async move {
            let mut numbers = Vec::new();
            for _ in 0..20 {
                let patient = staff.patient(json!({"first_name": "Ana"})).await;
                numbers.push(patient["mrn"].as_str().unwrap().to_owned());
            }
            numbers
        }
    });
    let mut numbers: Vec<String> =
        futures_util::future::join_all(desks).await.into_iter().flatten().collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 200);
}

async fn one_of_many_concurrent_requests_gets_an_identifier(backend: Backend) {
    let server = Server::start(backend).await;
    let staff = server.staff().await;
    let body = json!({"first_name": "A", "identifiers": [{"system": "ssn", "value": "1"}]});
    let attempts = (0..20).map(|_| {
        let (staff, body) = (staff.clone(), body.clone());
        async move { staff.post("/api/patients", body).await.status }
    });
    let mut statuses = futures_util::future::join_all(attempts).await;
    statuses.sort_unstable();
    let mut expected = vec![409; 19];
    expected.insert(0, 201);
    assert_eq!(statuses, expected);
}

async fn a_storm_of_logins_is_bounded(backend: Backend) {
    let server = Server::start_in_earnest(backend).await;
    let staff = server.staff().await;
    let storm: Vec<_> = (0..300)
        .map(|i| {
            let nobody = server.nobody();
            let body = json!({"email": format!("{i}@example.com"), "password": "something else"});
            let request = nobody.request(Method::POST, "/api/auth/login").json(&body);
            tokio::spawn(async move { nobody.send(request).await })
        })
        .collect();
    staff.get("/api/patients").await.expect_status(200);
    let mut refused = 0;
    for answer in storm {
        let answer = answer.await.unwrap();
        match answer.status {
            401 => {}
            429 | 503 => {
                answer.header("retry-after");
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert!(refused > 0, "300 hashes at once were all taken on");
}
