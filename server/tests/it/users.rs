//! The administration of accounts.

use reqwest::Method;
use serde_json::{Value, json};
use server::domain::accounts::users;
use shared::account::Role;

use crate::harness::{Answer, Backend, Client, PASSWORD, Server, on_both};

pub(crate) const NEW_PASSWORD: &str = "a longer walk by the sea";

on_both! {
    an_account_is_created_with_a_code_that_is_shown_once,
    every_error_in_a_new_account_is_reported_at_once,
    only_administrators_manage_accounts,
    the_front_desk_sees_names_and_roles,
    users_are_found_by_the_start_of_a_name,
    users_come_in_pages_in_every_order,
    accounts_of_earlier_versions_are_found_after_an_upgrade,
    a_change_takes_effect_at_once_and_is_noted,
    nobody_silently_overwrites_an_account,
    deactivating_ends_sessions_tokens_and_codes,
    an_administrator_ends_the_sessions_of_another_user,
    the_last_admin_stays_over_the_api,
    two_administrators_can_not_demote_each_other,
    administrators_change_their_own_email_in_the_profile,
}

pub(crate) async fn make(admin: &Client, body: Value) -> Value {
    admin.post("/api/users", body).await.expect_status(201).body
}

pub(crate) async fn reset(client: &Client, code: &Value, password: &str) -> Answer {
    let body = json!({"token": code, "new_password": password});
    client.post("/api/auth/password/reset", body).await
}

/// The code for a user.
pub(crate) async fn code(admin: &Client, id: &Value) -> Value {
    let path = format!("/api/users/{id}/code");
    let answer = admin.send(admin.request(Method::POST, &path)).await.expect_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body
}

pub(crate) async fn patch_any(client: &Client, path: &str, body: Value) -> Answer {
    client.send(client.request(Method::PATCH, path).header("if-match", "*").json(&body)).await
}

/// The audit events of an account, newest first.
pub(crate) async fn events(admin: &Client, id: &Value) -> Vec<Value> {
    let path = format!("/api/audit?entity=user&entity_id={id}&page_size=100");
    admin.get(&path).await.expect_status(200).results().to_vec()
}

pub(crate) fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

async fn an_account_is_created_with_a_code_that_is_shown_once(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let body = json!({"email": "ines@example.com", "role": "staff", "name": "Inés Soto"});
    let answer = admin.post("/api/users", body).await.expect_status(201);
    let made = &answer.body;
    let user = &made["user"];
    assert_eq!(answer.header("location"), format!("/api/users/{}", user["id"]));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&user["role"], &user["is_staff"]), (&json!("staff"), &json!(true)));
    assert_eq!((&user["first_name"], &user["last_name"]), (&json!("Inés"), &json!("Soto")));
    assert_eq!((&user["has_password"], &user["email_verified"]), (&json!(false), &json!(true)));
    let text = made["code"].as_str().unwrap();
    assert_eq!(text.len(), 24, "{text}");
    assert!(text.split('-').all(|group| group.len() == 4), "{text}");
    let login = json!({"email": "ines@example.com", "password": NEW_PASSWORD});
    server.nobody().post("/api/auth/login", login.clone()).await.expect_status(401);
    let spoken = json!(text.to_lowercase().replace('-', " "));
    reset(&server.nobody(), &spoken, NEW_PASSWORD).await.expect_status(204);
    server.nobody().post("/api/auth/login", login).await.expect_status(200);
    let read = admin.get(&format!("/api/users/{}", user["id"])).await.expect_status(200);
    assert_eq!(read.body["has_password"], true);
    assert!(!read.text.contains(text));
    let events = events(&admin, &user["id"]).await;
    assert_eq!(
        actions(&events),
        [
            "auth.login",
            "user.password_reset",
            "auth.login_failed",
            "user.code_issued",
            "user.created"
        ]
    );
    let role = events[4]["changes"].as_array().unwrap().iter().find(|it| it["field"] == "role");
    assert_eq!(role.unwrap()["new"], "staff");
    assert!(!json!(events).to_string().contains(text), "the audit log has the code");
}

async fn every_error_in_a_new_account_is_reported_at_once(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let bad = json!({"role": "boss", "phone": "1", "password": "x", "username": "a@b"});
    let answer = admin.post("/api/users", bad).await.expect_status(400);
    for field in ["role", "phone", "password", "username"] {
        answer.field_errors(field);
    }
    let none = admin.post("/api/users", json!({})).await.expect_status(400);
    none.field_errors("email");
    none.field_errors("role");
    make(&admin, json!({"username": "ines", "role": "doctor"})).await;
    let both = json!({"username": "INES", "email": "Admin@example.com", "role": "member"});
    let taken = admin.post("/api/users", both.clone()).await.expect_status(409);
    taken.field_errors("email");
    taken.field_errors("username");
    let other = make(&admin, json!({"username": "rosa", "role": "member"})).await;
    let path = format!("/api/users/{}", other["user"]["id"]);
    let mut both = both;
    both.as_object_mut().unwrap().remove("role");
    let taken = admin.patch(&path, both).await.expect_status(409);
    taken.field_errors("email");
    taken.field_errors("username");
    // The same username in other letters is still the user's own.
    let same = admin.patch(&path, json!({"username": "Rosa"})).await.expect_status(200);
    assert_eq!(same.body["username"], "Rosa");
}

async fn only_administrators_manage_accounts(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let staff = server.staff().await;
    let body = json!({"email": "ines@example.com", "username": "ines", "role": "doctor",
        "name": "Inés Soto", "phone": "555-1234"});
    let id = make(&admin, body.clone()).await["user"]["id"].clone();
    let path = format!("/api/users/{id}");
    let whole = admin.get(&path).await.expect_status(200);
    assert_eq!(
        whole.body["permissions"],
        json!(["update", "deactivate", "issue_code", "end_sessions"])
    );
    let mut others = vec![("staff", staff)];
    for (name, role) in
        [("member", Role::Member), ("patient", Role::Patient), ("doctor", Role::Doctor)]
    {
        others.push((name, server.somebody(role, &format!("{name}@example.com")).await));
    }
    for (name, client) in others {
        for (method, path, body) in [
            (Method::POST, "/api/users".to_owned(), Some(body.clone())),
            (Method::PATCH, path.clone(), Some(json!({"role": "admin"}))),
            (Method::DELETE, path.clone(), None),
            (Method::POST, format!("{path}/code"), None),
            (Method::DELETE, format!("{path}/sessions"), None),
            // A missing user gets the same answer, so nobody learns who has an account.
            (Method::DELETE, "/api/users/4711/sessions".to_owned(), None),
        ] {
            let mut request = client.request(method.clone(), &path).header("if-match", "*");
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = client.send(request).await;
            assert_eq!(answer.status, 403, "{name} {method} {path}: {}", answer.text);
        }
        if name != "staff" {
            client.get("/api/users").await.expect_status(403);
            client.get(&path).await.expect_status(403);
            client.get("/api/users/4711").await.expect_status(403);
        }
        let expected = name == "staff";
        let profile = client.get("/api/auth/profile").await.expect_status(200).body;
        let may = |what: &str| profile["permissions"].as_array().unwrap().contains(&json!(what));
        assert_eq!(may("read_users"), expected, "{name}");
        assert!(!may("manage_users") && !may("read_audit"), "{name}");
    }
    assert_eq!(admin.get(&path).await.body["version"], 1);
    let profile = admin.get("/api/auth/profile").await.expect_status(200).body;
    for permission in ["read_users", "manage_users", "read_audit"] {
        assert!(profile["permissions"].as_array().unwrap().contains(&json!(permission)));
    }
    admin.get("/api/users/4711").await.expect_status(404);
    admin.delete("/api/users/4711/sessions").await.expect_status(404);
    admin.send(admin.request(Method::POST, "/api/users/4711/code")).await.expect_status(404);
    patch_any(&admin, "/api/users/4711", json!({"phone": null})).await.expect_status(404);
}

async fn the_front_desk_sees_names_and_roles(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let staff = server.staff().await;
    let body = json!({"email": "ines@example.com", "username": "ines", "role": "doctor",
        "name": "Inés Soto", "phone": "555-1234"});
    let id = make(&admin, body).await["user"]["id"].clone();
    let path = format!("/api/users/{id}");
    let brief = json!({"id": id, "username": "ines", "name": "Inés Soto", "role": "doctor"});
    let read = staff.get(&path).await.expect_status(200);
    assert_eq!(read.body, brief);
    let etag = read.header("etag").to_owned();
    let known = staff.request(Method::GET, &path).header("if-none-match", etag);
    assert_eq!(known.send().await.unwrap().status(), 304);
    let list = staff.get("/api/users?search=soto").await.expect_status(200);
    assert_eq!(list.results(), [brief]);
    let by_email = staff.get("/api/users?search=ines@example.com").await.expect_status(200);
    assert_eq!(by_email.results().len(), 0, "the front desk finds by what it does not see");
    staff.get("/api/users?is_active=true").await.expect_status(403);
    staff.get("/api/users?ordering=email").await.expect_status(400).field_errors("ordering");
}

async fn users_are_found_by_the_start_of_a_name(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for (email, username, name, role) in [
        ("jose.g@example.com", "jg", "José Eduardo Gómez", "doctor"),
        ("ana@clinic.example", "gomera", "Ana O'Brien-Smith", "staff"),
        ("li@example.org", "li.na", "李 娜", "member"),
    ] {
        make(&admin, json!({"email": email, "username": username, "name": name, "role": role}))
            .await;
    }
    let found = async |query: &str| {
        let list = admin.get(&format!("/api/users?{query}")).await.expect_status(200);
        assert_eq!(list.body["count"], list.results().len());
        let names = list.results().iter().map(|user| user["username"].as_str().unwrap_or("-"));
        names.collect::<Vec<_>>().join(" ")
    };
    for (query, expected) in [
        ("search=gom", "jg gomera"),
        ("search=GOMEZ", "jg"),
        ("search=edu%20gom", "jg"),
        ("search=obrien", "gomera"),
        ("search=smith%20ana", "gomera"),
        ("search=jose.g@ex", "jg"),
        ("search=JG", "jg"),
        ("search=li.na", "li.na"),
        ("search=%E6%9D%8E", "li.na"),
        ("search=mez", ""),
        ("search='", ""),
        ("search=gom&role=staff", "gomera"),
        ("role=doctor", "jg"),
        ("role=doctor&is_active=false", ""),
        ("role=admin", "-"),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    let id = admin.get("/api/users?search=jg").await.results()[0]["id"].clone();
    admin
        .patch(&format!("/api/users/{id}"), json!({"last_name": "Pérez"}))
        .await
        .expect_status(200);
    assert_eq!(found("search=perez").await, "jg");
    assert_eq!(found("search=gomez").await, "");
    for bad in ["role=boss", "is_active=maybe", "ordering=email", "page_size=0", "page=0"] {
        admin.get(&format!("/api/users?{bad}")).await.expect_status(400);
    }
    let long = ["w"; 13].join("%20");
    admin.get(&format!("/api/users?search={long}")).await.expect_status(400).field_errors("search");
}

async fn users_come_in_pages_in_every_order(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    for i in 0..11 {
        // Some share a name, some have none.
        let mut body = json!({"username": format!("user{i}"), "role": "member"});
        if i % 3 > 0 {
            body["name"] = json!(format!("Ana {}", ["Ábalos", "Zorn"][i % 2]));
        }
        make(&admin, body).await;
    }
    for ordering in ["", "last_name", "-last_name", "created_at", "-created_at", "id", "-id"] {
        let ordered = match ordering {
            "" => String::new(),
            ordering => format!("&ordering={ordering}"),
        };
        let all = admin.get(&format!("/api/users?page_size=100{ordered}")).await;
        let all = all.expect_status(200).results().to_vec();
        assert_eq!(all.len(), 12);
        let (mut rows, mut steps) = (Vec::new(), Vec::new());
        let mut address = format!("/api/users?page_size=5{ordered}");
        loop {
            let page = admin.get(&address).await.expect_status(200);
            rows.extend(page.results().to_vec());
            steps.push(page.body["previous"].clone());
            let Some(next) = page.body["next"].as_str() else { break };
            address = next.to_owned();
        }
        assert_eq!(rows, all, "{ordering}");
        let back = admin.get(steps[2].as_str().unwrap()).await.expect_status(200);
        assert_eq!(back.results(), &all[5..10], "{ordering}");
    }
    let first = admin.get("/api/users?page_size=5&ordering=id").await;
    let other = first.body["next"].as_str().unwrap().replace("ordering=id", "ordering=created_at");
    admin.get(&other).await.expect_status(400).field_errors("cursor");
    admin.get("/api/users?page_size=5&page=4").await.expect_status(404);
}

async fn accounts_of_earlier_versions_are_found_after_an_upgrade(backend: Backend) {
    let mut server = Server::start(backend).await;
    let admin = server.admin().await;
    make(&admin, json!({"username": "ines", "name": "Inés Soto", "role": "doctor"})).await;
    let forget = ["DELETE FROM user_terms", "UPDATE users SET sort_name = ''"];
    crate::audit::execute(&server, &forget).await;
    let found = admin.get("/api/users?search=soto").await.expect_status(200);
    assert_eq!(found.results().len(), 0);
    server.stop();
    server.app.close().await;
    let again = Server::start_at(server.place.clone(), server.place.settings()).await;
    let admin = again.log_in("admin@example.com").await;
    let found = admin.get("/api/users?search=soto").await.expect_status(200);
    assert_eq!(found.results()[0]["username"], "ines");
    let names = admin.get("/api/users?ordering=last_name").await.expect_status(200);
    assert_eq!(names.results()[1]["username"], "ines");
}

async fn a_change_takes_effect_at_once_and_is_noted(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ana = server.member("ana@example.com").await;
    let profile = ana.get("/api/auth/profile").await.body;
    let path = format!("/api/users/{}", profile["id"]);
    let read = admin.get(&path).await.expect_status(200).body;
    // The record that was read can be sent back, changed or not.
    let same = patch_any(&admin, &path, read.clone()).await.expect_status(200).body;
    assert_eq!(same["version"], 1);
    let mut changed = read;
    (changed["role"], changed["phone"]) = (json!("staff"), json!("555-1234"));
    (changed["first_name"], changed["last_name"]) = (json!("Ana"), json!("Gómez"));
    let changed = patch_any(&admin, &path, changed).await.expect_status(200);
    assert_eq!((&changed.body["name"], &changed.body["version"]), (&json!("Ana Gómez"), &json!(2)));
    assert!(changed.header("etag").starts_with("\"2-"));
    let profile = ana.get("/api/auth/profile").await.expect_status(200).body;
    assert_eq!((&profile["role"], &profile["is_staff"]), (&json!("staff"), &json!(true)));
    ana.get("/api/users").await.expect_status(200);
    for (member, value) in
        [("id", json!(99)), ("is_staff", json!(false)), ("email_verified", json!(false))]
    {
        let answer = admin.patch(&path, json!({member: value})).await.expect_status(400);
        answer.field_errors(member);
    }
    for (member, value) in [
        ("role", json!(null)),
        ("is_active", json!(null)),
        ("is_active", json!("no")),
        ("password", json!(NEW_PASSWORD)),
        ("current_password", json!(PASSWORD)),
        ("phone", json!("1")),
        ("name", json!("Someone Else")),
    ] {
        let mut body = json!({member: value, "last_name": "Gómez"});
        if member != "name" {
            body.as_object_mut().unwrap().remove("last_name");
        }
        admin.patch(&path, body).await.expect_status(400).field_errors(member);
    }
    admin.patch(&path, json!({"email": null})).await.expect_status(400).field_errors("email");
    let events = events(&admin, &profile["id"]).await;
    assert_eq!(events[0]["action"], "user.role_changed");
    assert_eq!((&events[0]["actor_username"], &events[0]["version"]), (&json!("admin"), &json!(2)));
    let role = json!({"field": "role", "old": "member", "new": "staff"});
    assert!(events[0]["changes"].as_array().unwrap().contains(&role), "{}", events[0]);
}

async fn nobody_silently_overwrites_an_account(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let other = server.somebody(Role::Admin, "other@example.com").await;
    let ana = server.member("ana@example.com").await;
    let id = ana.get("/api/auth/profile").await.body["id"].clone();
    let path = format!("/api/users/{id}");
    // The user made the last change by registering.
    admin.patch(&path, json!({"phone": "555-1111"})).await.expect_status(428);
    admin.delete(&path).await.expect_status(428);
    admin.patch_if(&path, 1, json!({"phone": "555-1111"})).await.expect_status(200);
    admin.patch(&path, json!({"phone": "555-2222"})).await.expect_status(200);
    other.patch(&path, json!({"phone": "555-3333"})).await.expect_status(428);
    let stale = other.patch_if(&path, 2, json!({"phone": "555-3333"})).await.expect_status(412);
    assert_eq!(stale.body["changed_by"], "admin");
    assert_eq!(stale.body["current"]["phone"], "555-2222");
    let gone = other.request(Method::DELETE, &path).header("if-match", "\"2\"");
    other.send(gone).await.expect_status(412);
    assert_eq!(admin.get(&path).await.body["version"], 3);
    ana.patch("/api/auth/profile", json!({"phone": "555-4444"})).await.expect_status(428);
    let stale = ana.patch_if("/api/auth/profile", 1, json!({"phone": "555-4444"})).await;
    assert_eq!(stale.expect_status(412).body["changed_by"], "admin");
}

async fn deactivating_ends_sessions_tokens_and_codes(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ana = server.member("ana@example.com").await;
    let id = ana.get("/api/auth/profile").await.body["id"].clone();
    let path = format!("/api/users/{id}");
    let token = json!({"name": "export", "scopes": ["read"]});
    let token = ana.post("/api/auth/tokens", token).await.expect_status(201).body;
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    program.get("/api/patients").await.expect_status(200);
    let issued = code(&admin, &id).await;
    let request = || admin.request(Method::DELETE, &path).header("if-match", "*");
    admin.send(request()).await.expect_status(204);
    ana.get("/api/auth/profile").await.expect_status(401);
    program.get("/api/patients").await.expect_status(401);
    let refused = reset(&server.nobody(), &issued["code"], NEW_PASSWORD).await.expect_status(400);
    refused.field_errors("token");
    let again = admin.send(admin.request(Method::POST, &format!("{path}/code"))).await;
    again.expect_status(409).field_errors("is_active");
    // Repeating it has the same result, whichever version was read and whoever did it first, and
    // is not noted again.
    let stale = admin.request(Method::DELETE, &path).header("if-match", "\"1\"");
    admin.send(stale).await.expect_status(204);
    let second = server.somebody(Role::Admin, "second@example.com").await;
    second.delete(&path).await.expect_status(204);
    let account = admin.get(&path).await.expect_status(200).body;
    assert_eq!((&account["is_active"], &account["version"]), (&json!(false), &json!(2)));
    assert_eq!(account["permissions"], json!(["update", "end_sessions"]));
    let listed = admin.get("/api/users?is_active=false").await.expect_status(200);
    assert_eq!(listed.results()[0]["id"], id);
    admin.patch(&path, json!({"is_active": true})).await.expect_status(200);
    ana.get("/api/auth/profile").await.expect_status(401);
    program.get("/api/patients").await.expect_status(401);
    reset(&server.nobody(), &issued["code"], NEW_PASSWORD).await.expect_status(400);
    server.log_in("ana@example.com").await;
    let events = events(&admin, &id).await;
    let of_accounts = |action: &&str| action.starts_with("user.");
    let actions: Vec<&str> = actions(&events).into_iter().filter(of_accounts).collect();
    assert_eq!(actions, ["user.activated", "user.deactivated", "user.code_issued", "user.created"]);
}

async fn an_administrator_ends_the_sessions_of_another_user(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let ana = server.member("ana@example.com").await;
    let elsewhere = server.log_in("ana@example.com").await;
    let id = ana.get("/api/auth/profile").await.body["id"].clone();
    let token = json!({"name": "export", "scopes": ["read"]});
    let token = ana.post("/api/auth/tokens", token).await.expect_status(201).body;
    admin.delete(&format!("/api/users/{id}/sessions")).await.expect_status(204);
    ana.get("/api/auth/profile").await.expect_status(401);
    elsewhere.get("/api/auth/profile").await.expect_status(401);
    let program = server.nobody().with_token(token["token"].as_str().unwrap());
    program.get("/api/patients").await.expect_status(200);
    server.log_in("ana@example.com").await;
    assert!(actions(&events(&admin, &id).await).contains(&"user.sessions_ended"));
}

async fn the_last_admin_stays_over_the_api(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let id = admin.get("/api/auth/profile").await.body["id"].clone();
    let path = format!("/api/users/{id}");
    let offered = async || admin.get(&path).await.expect_status(200).body["permissions"].clone();
    assert_eq!(offered().await, json!(["update", "end_sessions"]));
    let refused = admin.patch(&path, json!({"role": "staff"})).await.expect_status(409);
    refused.field_errors("role");
    let refused = admin.patch(&path, json!({"is_active": false})).await.expect_status(409);
    refused.field_errors("is_active");
    admin.delete(&path).await.expect_status(409);
    // A deactivated administrator does not count.
    server.somebody(Role::Admin, "second@example.com").await;
    users::deactivate(&server.app, "second@example.com").await.unwrap();
    admin.delete(&path).await.expect_status(409);
    assert_eq!(admin.get(&path).await.body["version"], 1);
    let other = server.somebody(Role::Admin, "third@example.com").await;
    assert_eq!(offered().await, json!(["update", "deactivate", "end_sessions"]));
    admin.delete(&path).await.expect_status(204);
    admin.get(&path).await.expect_status(401);
    other.get(&path).await.expect_status(200);
}

async fn two_administrators_can_not_demote_each_other(backend: Backend) {
    let server = Server::start(backend).await;
    let (one, other) =
        (server.admin().await, server.somebody(Role::Admin, "other@example.com").await);
    let id = async |client: &Client| {
        client.get("/api/auth/profile").await.expect_status(200).body["id"].clone()
    };
    let (id_of_one, id_of_other) = (id(&one).await, id(&other).await);
    let away = [json!({"role": "staff"}), json!({"is_active": false}), json!({"role": "member"})];
    for round in 0..40 {
        let demote = |who: &Client, whom: &Value| {
            let (who, path) = (who.clone(), format!("/api/users/{whom}"));
            let body = away[round % 3].clone();
            tokio::spawn(async move { patch_any(&who, &path, body).await })
        };
        let (first, second) = (demote(&one, &id_of_other), demote(&other, &id_of_one));
        // The command line on the server's machine does the same at the same time.
        let third = async {
            match round % 2 {
                0 => users::set_role(&server.app, "other@example.com", Role::Staff).await.is_ok(),
                _ => users::deactivate(&server.app, "admin@example.com").await.is_ok(),
            }
        };
        let (third, first, second) = tokio::join!(third, first, second);
        let statuses = [first.unwrap().status, second.unwrap().status];
        for status in statuses {
            assert!([200, 401, 403, 409].contains(&status), "round {round}: {statuses:?} {third}");
        }
        assert!(statuses.contains(&200) || third, "round {round}: {statuses:?}");
        let all = users::list(&server.app).await.unwrap();
        let left = |user: &&shared::account::User| user.role == Role::Admin && user.is_active;
        let left = all.iter().filter(left).count();
        assert_eq!(left, 1, "round {round}: {statuses:?} {third}");
        for email in ["admin@example.com", "other@example.com"] {
            restore(&server, email).await;
        }
    }
}

/// Makes a user an active administrator again, with the same sessions.
async fn restore(server: &Server, email: &str) {
    let sets = [
        format!("UPDATE users SET role = 'admin', is_active = TRUE WHERE email = '{email}'"),
        "UPDATE sessions SET ended_at = NULL".to_owned(),
    ];
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    crate::audit::execute(server, &sets).await;
}

async fn administrators_change_their_own_email_in_the_profile(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let id = admin.get("/api/auth/profile").await.body["id"].clone();
    let path = format!("/api/users/{id}");
    admin.send(admin.request(Method::POST, &format!("{path}/code"))).await.expect_status(403);
    let email = admin.patch(&path, json!({"email": "new@example.com"})).await.expect_status(400);
    email.field_errors("email");
    admin.patch(&path, json!({"phone": "555-1234"})).await.expect_status(200);
    let own = admin.get(&path).await.expect_status(200);
    assert_eq!(own.body["permissions"], json!(["update", "end_sessions"]));
}
