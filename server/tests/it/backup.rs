//! Backups, as an operator makes, proves and restores them, and moves of a database.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    crash::{create_admin, program, serve},
    harness::{Backend, Client, Place, Server, on_both},
    stream::Stream,
};

on_both! {
    a_backup_is_restored_on_either_database_row_by_row,
    after_a_restore_nobody_is_logged_in_and_no_number_comes_twice,
    only_an_empty_database_that_nobody_serves_is_restored_into,
    an_encrypted_backup_is_read_with_a_key_of_its_recipients_only,
    every_backup_under_writers_holds_a_state_that_existed,
    kill_9_leaves_the_whole_backup_or_none,
    kill_9_leaves_the_whole_restored_database_or_an_empty_one,
    a_move_takes_everything_and_closes_the_old_database,
    kill_9_in_a_move_harms_no_source,
}

pub(crate) fn other(backend: Backend) -> Backend {
    match backend {
        Backend::Sqlite => Backend::Postgres,
        Backend::Postgres => Backend::Sqlite,
    }
}

/// What a command printed.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap();
        Self { status, out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.status, self.out.as_str()), (1, ""), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        self.err
    }
}

/// Runs a command on a database, with the folder of the place as its current one.
pub(crate) fn run(place: &Place, args: &[&str]) -> Said {
    Said::of(program(place).args(args).output().unwrap())
}

/// The path of a file in the folder of a place.
pub(crate) fn file(place: &Place, name: &str) -> PathBuf {
    place.folder.path().join(name)
}

/// Makes a backup and returns its path.
fn backup(place: &Place, name: &str) -> PathBuf {
    run(place, &["backup", name]).good();
    file(place, name)
}

/// The database in a backup, read by programs that know nothing of Frontdesk.
fn unpacked(backup: &Path) -> rusqlite::Connection {
    let image = zstd::decode_all(fs::File::open(backup).unwrap()).unwrap();
    let path = backup.with_extension("unpacked");
    fs::write(&path, image).unwrap();
    rusqlite::Connection::open(path).unwrap()
}

/// All rows of all tables in a backup, but for those in which a restored database differs.
fn rows(backup: &Path, but: &[&str]) -> BTreeMap<String, Vec<String>> {
    let conn = unpacked(backup);
    let texts = |ask: &str| -> Vec<String> {
        let mut ask = conn.prepare(ask).unwrap();
        ask.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let mut tables =
        texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    tables.retain(|table| !but.contains(&table.as_str()));
    let of_table = |table: &String| {
        let mut all = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = all.column_count();
        let mut rows = all.query([]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..columns).map(|place| format!("{:?}", row.get_ref(place).unwrap()));
            lines.push(cells.collect::<Vec<_>>().join("|"));
        }
        lines.sort();
        lines
    };
    tables.iter().map(|table| (table.clone(), of_table(table))).collect()
}

/// Tables that every database has for itself, and those with numbers that PostgreSQL gives later than SQLite.
const OWN: [&str; 5] = ["_sqlx_migrations", "moved_to", "write_trial", "changes", "feed"];
/// Tables that a restore empties or sets forward.
const BEGUN_ANEW: [&str; 12] = [
    "_sqlx_migrations",
    "moved_to",
    "write_trial",
    "feed",
    "sequences",
    "changes",
    "sessions",
    "device_tokens",
    "account_codes",
    "login_failures",
    "outgoing_mail",
    "audit_log",
];

/// A server with records of every kind.
pub(crate) async fn furnished(backend: Backend) -> (Server, Client) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let names = [
        "=1+2",
        "+49",
        "-x",
        "@home",
        "O'Brien",
        "Ünal \"Ü\"",
        "محمد",
        "Zoë 🙂",
        "back\\slash \\N",
        "a|b:c",
        "de la Cruz",
    ];
    let mut patients = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let identifiers: Vec<_> = (0..=place * 2)
            .take(20)
            .map(|n| json!({"system": format!("s{n}"), "value": format!("{place}|{n}:\\")}))
            .collect();
        let born = ["1989-05-25", "1950-03", "1972"][place % 3];
        let body = json!({
            "first_name": name, "last_name": format!("Family{place}"), "date_of_birth": born,
            "medical_history": "line\nline\ttab \"quoted\", comma\n", "identifiers": identifiers,
            "phone_number": format!("+1 555 000 {place:04}"), "gender": "F",
        });
        patients.push(admin.patient(body).await);
    }
    let id = |record: &Value| record["id"].as_i64().unwrap();
    let doctor = json!({"first_name": "Ana", "last_name": "Luna", "specialization": "Surgery", "consultation_fee": "200.05"});
    let doctor = admin.post("/api/doctors", doctor).await.expect_status(201).body;
    for patient in &patients[..5] {
        let body = json!({"patient": id(patient), "doctor": id(&doctor), "notes": "=cmd"});
        admin.post("/api/assignments", body).await.expect_status(201);
        admin
            .post("/api/visits", json!({"patient": id(patient), "reason": "cough"}))
            .await
            .expect_status(201);
    }
    let one = format!("/api/patients/{}", id(&patients[5]));
    for n in 0..3 {
        admin.patch(&one, json!({"city": format!("Town {n}")})).await.expect_status(200);
    }
    let archived = format!("/api/patients/{}/archive", id(&patients[0]));
    admin.post(&archived, json!({"reason": "moved away"})).await.expect_status(200);
    let merge = json!({"other": id(&patients[4]), "other_version": 1, "fields": {}, "reason": "same person"});
    let path = format!("/api/patients/{}/merge", id(&patients[3]));
    let request = admin.request(reqwest::Method::POST, &path).header("if-match", "*").json(&merge);
    admin.send(request).await.expect_status(200);
    let purged = format!("/api/patients/{}/purge", id(&patients[8]));
    admin.post(&purged, json!({"reason": "asked for"})).await.expect_status(204);
    (server, admin)
}

async fn a_backup_is_restored_on_either_database_row_by_row(backend: Backend) {
    let (server, _) = furnished(backend).await;
    let said = run(&server.place, &["backup", "it.sqlite.zst"]).good();
    assert!(said.contains("10 patients, 1 doctor, 5 assignments, 5 visits, 1 account."), "{said}");
    let made = file(&server.place, "it.sqlite.zst");
    let mode = std::os::unix::fs::PermissionsExt::mode(&made.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let proven = run(&server.place, &["restore", "--verify", "it.sqlite.zst"]).good();
    assert!(proven.starts_with("it.sqlite.zst is good. It was made 20"), "{proven}");
    let before = rows(&made, &BEGUN_ANEW);
    assert!(before["patient_terms"].len() > 50 && before["audit_values"].len() > 20);
    for to in [backend, other(backend)] {
        let place = Place::new(to).await;
        let said = run(&place, &["restore", made.to_str().unwrap()]).good();
        assert!(said.contains("is restored. It was made 20"), "{said}");
        assert_eq!(rows(&backup(&place, "again.sqlite.zst"), &BEGUN_ANEW), before, "{to:?}");
        let check = run(&place, &["check"]);
        assert_eq!(check.status, 0, "{}", check.out);
        // It is a database like any other: it can be searched and written.
        let settings = place.settings();
        let server = Server::start_at(place.into(), settings).await;
        let admin = server.log_in("admin@example.com").await;
        assert_eq!(admin.get("/api/patients?search=unal").await.names().len(), 1);
        let history = admin.get("/api/patients/6/history").await;
        assert_eq!(history.results().len(), 4);
        admin.patient(json!({"first_name": "New"})).await;
    }
}

async fn after_a_restore_nobody_is_logged_in_and_no_number_comes_twice(backend: Backend) {
    let (server, admin) = furnished(backend).await;
    let token = json!({"name": "lab", "scopes": ["read"], "expires_at": null});
    let token = admin.post("/api/auth/tokens", token).await.expect_status(201).body;
    let session = server.session("admin@example.com").await;
    let made = backup(&server.place, "it.sqlite.zst");
    // These are lost.
    let lost = admin.patient(json!({"first_name": "Lost"})).await;
    let mut stream = Stream::open(&admin, None).await;
    admin
        .patch(&format!("/api/patients/{}", lost["id"]), json!({"city": "Gone"}))
        .await
        .expect_status(200);
    let heard: i64 = stream.event().await.id.unwrap();
    let place = Place::new(backend).await;
    run(&place, &["restore", made.to_str().unwrap()]).good();
    let settings = place.settings();
    let restored = Server::start_at(place.into(), settings).await;
    let old = restored.nobody().with_token(session["access"].as_str().unwrap());
    old.get("/api/patients").await.expect_status(401);
    let refresh = json!({"refresh": session["refresh"]});
    restored.nobody().post("/api/auth/token/refresh", refresh).await.expect_status(401);
    // An API token is an account's own and stays.
    let program = restored.nobody().with_token(token["token"].as_str().unwrap());
    program.get("/api/patients").await.expect_status(200);
    let admin = restored.log_in("admin@example.com").await;
    old.get("/api/patients").await.expect_status(401);
    let new = admin.patient(json!({"first_name": "New"})).await;
    assert!(new["id"].as_i64() > lost["id"].as_i64());
    let number = |patient: &Value| {
        let mrn = patient["mrn"].as_str().unwrap();
        mrn[1..mrn.len() - 1].parse::<i64>().unwrap()
    };
    assert!(number(&new) > number(&lost) + 1_000);
    let mut stream = Stream::open(&admin, Some(heard)).await;
    let first = stream.event().await;
    assert_eq!(first.event.as_deref(), Some("reset"));
    assert!(first.id.unwrap() > heard + 1_000_000);
    let log = admin.get("/api/audit?action=database.restored").await;
    assert_eq!(log.results().len(), 1, "{}", log.text);
}

async fn only_an_empty_database_that_nobody_serves_is_restored_into(backend: Backend) {
    let place = Place::new(backend).await;
    create_admin(&place);
    let made = backup(&place, "it.sqlite.zst");
    let made = made.to_str().unwrap();
    let said = run(&place, &["restore", made]).refused();
    assert!(said.contains("is not empty"), "{said}");
    let said = run(&place, &["backup", "it.sqlite.zst"]).refused();
    assert!(said.contains("it.sqlite.zst exists already"), "{said}");
    let said = run(&place, &["restore", "nowhere.zst"]).refused();
    assert!(said.contains("is not empty"), "{said}");
    let empty = Place::migrated(backend).await;
    let said = run(&empty, &["restore", "nowhere.zst"]).refused();
    assert!(said.contains("the backup nowhere.zst: it can't be read: No such file"), "{said}");
    if backend == Backend::Sqlite {
        let (_serving, _) = serve(&empty);
        let said = run(&empty, &["restore", made]).refused();
        assert!(said.contains("a server at http://127.0.0.1"), "{said}");
    }
    drop(run(&empty, &["restore", made]).good());
}

async fn an_encrypted_backup_is_read_with_a_key_of_its_recipients_only(backend: Backend) {
    use age::secrecy::ExposeSecret;
    let place = Place::new(backend).await;
    create_admin(&place);
    let key = |name: &str| {
        let key = age::x25519::Identity::generate();
        fs::write(file(&place, name), key.to_string().expose_secret()).unwrap();
        key.to_public().to_string()
    };
    let (ours, theirs, _) = (key("ours.txt"), key("theirs.txt"), key("strange.txt"));
    let made = run(&place, &["backup", "it.age", "--recipient", &ours, "--recipient", &theirs]);
    made.good();
    let bytes = fs::read(file(&place, "it.age")).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
    let said = run(&place, &["restore", "--verify", "it.age"]).refused();
    assert!(
        said.contains("it is encrypted: name the file with its key, with --identity"),
        "{said}"
    );
    let said =
        run(&place, &["restore", "--verify", "it.age", "--identity", "strange.txt"]).refused();
    assert!(said.contains("none of the keys can decrypt it"), "{said}");
    let said =
        run(&place, &["restore", "--verify", "it.age", "--identity", "nowhere.txt"]).refused();
    assert!(said.contains("nowhere.txt, can't be read"), "{said}");
    for name in ["ours.txt", "theirs.txt"] {
        run(&place, &["restore", "--verify", "it.age", "--identity", name]).good();
    }
    for place_in_file in [200, bytes.len() / 2, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[place_in_file] ^= 1;
        fs::write(file(&place, "bad.age"), altered).unwrap();
        run(&place, &["restore", "--verify", "bad.age", "--identity", "ours.txt"]).refused();
        fs::write(file(&place, "bad.age"), &bytes[..place_in_file]).unwrap();
        run(&place, &["restore", "--verify", "bad.age", "--identity", "ours.txt"]).refused();
    }
    let bad = run(&place, &["backup", "other.age", "--recipient", "age1nobody"]);
    assert_eq!(bad.status, 2);
    let empty = Place::new(backend).await;
    let path = |name: &str| file(&place, name).to_str().unwrap().to_owned();
    run(&empty, &["restore", &path("it.age"), "--identity", &path("theirs.txt")]).good();
}

/// Statements that select what can't be at one moment.
const CONTRADICTIONS: [&str; 6] = [
    // The last audit event of a record is that of its version.
    "SELECT p.id FROM patients p WHERE p.version <> (SELECT max(version) FROM audit_log l \
     WHERE l.entity = 'patient' AND l.entity_id = p.id)",
    "SELECT l.id FROM audit_log l WHERE l.entity = 'patient' AND l.version IS NOT NULL \
     AND l.entity_id NOT IN (SELECT id FROM patients)",
    // Every version has its event.
    "SELECT p.id FROM patients p WHERE p.version <> (SELECT count(*) FROM audit_log l \
     WHERE l.entity = 'patient' AND l.entity_id = p.id AND l.version IS NOT NULL)",
    "SELECT a.id FROM assignments a WHERE a.version <> (SELECT count(*) FROM audit_log l \
     WHERE l.entity = 'assignment' AND l.entity_id = a.id AND l.version IS NOT NULL)",
    "SELECT a.id FROM assignments a WHERE a.patient_id NOT IN (SELECT id FROM patients)",
    "SELECT l.id FROM audit_log l WHERE l.values_hash IS NOT NULL \
     AND l.id NOT IN (SELECT audit_id FROM audit_values)",
];

async fn every_backup_under_writers_holds_a_state_that_existed(backend: Backend) {
    let server = Server::start(backend).await;
    let admin = server.admin().await;
    let doctor = json!({"last_name": "Luna", "specialization": "Surgery"});
    let doctor = admin.post("/api/doctors", doctor).await.expect_status(201).body["id"].clone();
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (admin, is_over, doctor) = (admin.clone(), is_over.clone(), doctor.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let name = json!({"first_name": format!("W{writer}x{written}"), "duplicates_seen": []});
                    let patient = admin.patient(name).await["id"].clone();
                    let body = json!({"patient": patient, "doctor": doctor});
                    admin.post("/api/assignments", body).await.expect_status(201);
                    let path = format!("/api/patients/{patient}");
                    admin.patch(&path, json!({"city": "Town"})).await.expect_status(200);
                    written += 1;
                }
                written
            })
        })
        .collect();
    let mut counts = Vec::new();
    for number in 0..50 {
        tokio::time::sleep(Duration::from_millis(number * 37 % 50)).await;
        let acknowledged =
            admin.get("/api/patients?page_size=1").await.body["count"].as_i64().unwrap();
        let (place, name) = (server.place.clone(), format!("{number}.sqlite.zst"));
        let made = tokio::task::spawn_blocking(move || backup(&place, &name)).await.unwrap();
        let conn = unpacked(&made);
        for contradiction in CONTRADICTIONS {
            let found: Result<i64, _> = conn.query_row(contradiction, [], |row| row.get(0));
            assert!(found.is_err(), "backup {number}: {contradiction}: {found:?}");
        }
        let count: i64 =
            conn.query_row("SELECT count(*) FROM patients", [], |row| row.get(0)).unwrap();
        assert!(count >= acknowledged, "{count} of {acknowledged}");
        counts.push(count);
    }
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
    assert!(counts.windows(2).filter(|pair| pair[0] < pair[1]).count() > 25, "{counts:?}");
    let last = file(&server.place, "49.sqlite.zst");
    let before = rows(&last, &BEGUN_ANEW);
    let place = Place::new(other(backend)).await;
    run(&place, &["restore", last.to_str().unwrap()]).good();
    assert_eq!(rows(&backup(&place, "again.sqlite.zst"), &BEGUN_ANEW), before);
}

/// Runs a command and kills it after some time. Returns whether it had ended by then.
fn run_killed(place: &Place, args: &[&str], after: Duration) -> bool {
    let mut child = program(place).args(args).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let has_ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    has_ended
}

/// Moments spread over the time that a command takes, and somewhat behind it.
fn moments(count: u32, takes: Duration) -> impl Iterator<Item = Duration> {
    (0..count).map(move |number| takes * ((number * 37) % count) * 6 / 5 / count)
}

async fn kill_9_leaves_the_whole_backup_or_none(backend: Backend) {
    let (server, _) = furnished(backend).await;
    let place = server.place.clone();
    let killed = tokio::task::spawn_blocking(move || {
        fs::create_dir(file(&place, "copies")).unwrap();
        let began = std::time::Instant::now();
        backup(&place, "first.sqlite.zst");
        let takes = began.elapsed();
        let (mut whole, mut none) = (0, 0);
        for after in moments(50, takes) {
            run_killed(&place, &["backup", "it.sqlite.zst"], after);
            let made = file(&place, "it.sqlite.zst");
            if made.exists() {
                run(&place, &["restore", "--verify", "it.sqlite.zst"]).good();
                fs::remove_file(made).unwrap();
                whole += 1;
            } else {
                none += 1;
            }
        }
        // What was left is replaced, and does not stay.
        backup(&place, "it.sqlite.zst");
        let left = fs::read_dir(place.folder.path()).unwrap().flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        assert_eq!(left.count(), 0);
        (whole, none)
    });
    let (whole, none) = killed.await.unwrap();
    assert!(none > 0 && whole + none == 50, "{whole} whole, {none} none");
    let check = run(&server.place, &["check"]);
    assert_eq!(check.status, 0, "{}", check.out);
}

async fn kill_9_leaves_the_whole_restored_database_or_an_empty_one(backend: Backend) {
    let (server, _) = furnished(backend).await;
    let made = backup(&server.place, "it.sqlite.zst");
    let before = rows(&made, &BEGUN_ANEW);
    let made = made.to_str().unwrap().to_owned();
    let mut place = Place::migrated(backend).await;
    let (mut whole, mut none) = (0, 0);
    let began = std::time::Instant::now();
    run(&Place::migrated(backend).await, &["restore", &made]).good();
    for after in moments(50, began.elapsed()) {
        run_killed(&place, &["restore", &made], after);
        let now = rows(&backup(&place, "now.sqlite.zst"), &BEGUN_ANEW);
        fs::remove_file(file(&place, "now.sqlite.zst")).unwrap();
        if now["patients"].is_empty() {
            assert!(now["users"].is_empty() && now["audit_values"].is_empty());
            none += 1;
        } else {
            assert_eq!(now, before);
            place = Place::migrated(backend).await;
            whole += 1;
        }
    }
    assert!(none > 0, "{whole} whole, {none} none");
    run(&place, &["restore", &made]).good();
}

async fn a_move_takes_everything_and_closes_the_old_database(backend: Backend) {
    let (mut server, admin) = furnished(backend).await;
    let place = server.place.clone();
    let to = Place::new(other(backend)).await;
    let session = server.session("admin@example.com").await;
    if backend == Backend::Postgres {
        let said = run(&place, &["move", "--to", &to.database_url]).refused();
        assert!(said.contains("of servers use the PostgreSQL database: stop them first"), "{said}");
    }
    drop(admin);
    server.stop();
    server.app.close().await;
    let before = rows(&backup(&place, "before.sqlite.zst"), &OWN);
    let said = run(&place, &["move", "--to", &to.database_url]).good();
    assert!(said.contains(": 10 patients, "), "{said}");
    let there = backup(&to, "there.sqlite.zst");
    assert_eq!(rows(&there, &OWN), before);
    let changes = "SELECT count(*) FROM changes UNION ALL SELECT max(id) FROM changes";
    let changes = |backup: &Path| -> Vec<i64> {
        let conn = unpacked(backup);
        let mut ask = conn.prepare(changes).unwrap();
        ask.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(changes(&there), changes(&file(&place, "before.sqlite.zst")));
    let said = Said::of(program(&place).arg("serve").output().unwrap());
    assert_eq!(said.status, 1);
    assert!(said.err.contains("the records of this database were moved to"), "{}", said.err);
    let said = run(&place, &["move", "--to", &to.database_url]).refused();
    assert!(said.contains("is not empty"), "{said}");
    // Whoever was logged in still is, and live changes go on where they were.
    let settings = to.settings();
    let there = Server::start_at(to.into(), settings).await;
    let still = there.nobody().with_token(session["access"].as_str().unwrap());
    let patient = still.patient(json!({"first_name": "New"})).await;
    assert_eq!(patient["mrn"].as_str().unwrap().get(..7), Some("P000012"));
    there.app.close().await;
    // The old one is as it was, once it is to be served again.
    run(&place, &["move", "--serve-again"]).good();
    assert_eq!(rows(&backup(&place, "after.sqlite.zst"), &OWN), before);
    let settings = place.settings();
    let again = Server::start_at(place, settings).await;
    again.log_in("admin@example.com").await.get("/api/patients").await.expect_status(200);
    // And back.
    let back = Place::new(backend).await;
    run(&there.place, &["move", "--to", &back.database_url]).good();
    let moved = rows(&backup(&there.place, "there2.sqlite.zst"), &OWN);
    assert_eq!(rows(&backup(&back, "back.sqlite.zst"), &OWN), moved);
}

async fn kill_9_in_a_move_harms_no_source(backend: Backend) {
    let (mut server, _) = furnished(backend).await;
    let place = server.place.clone();
    server.stop();
    server.app.close().await;
    let before = rows(&backup(&place, "before.sqlite.zst"), &OWN);
    let mut to = Place::new(other(backend)).await;
    let began = std::time::Instant::now();
    run(&place, &["move", "--to", &Place::new(other(backend)).await.database_url]).good();
    let takes = began.elapsed();
    run(&place, &["move", "--serve-again"]).good();
    let (mut whole, mut none) = (0, 0);
    for after in moments(50, takes) {
        run_killed(&place, &["move", "--to", &to.database_url], after);
        let is_there = match to.database_url.strip_prefix("sqlite:") {
            Some(path) => Path::new(path).exists(),
            None => run(&to, &["backup", "there.sqlite.zst"]).status == 0,
        };
        let moved = is_there.then(|| {
            drop(fs::remove_file(file(&to, "there.sqlite.zst")));
            rows(&backup(&to, "there.sqlite.zst"), &OWN)
        });
        match moved.filter(|rows| !rows["patients"].is_empty()) {
            Some(moved) => {
                assert_eq!(moved, before);
                whole += 1;
                to = Place::new(other(backend)).await;
                run(&place, &["move", "--serve-again"]).good();
            }
            None => none += 1,
        }
        drop(fs::remove_file(file(&to, "there.sqlite.zst")));
    }
    assert!(none > 0, "{whole} whole, {none} none");
    assert_eq!(rows(&backup(&place, "after.sqlite.zst"), &OWN), before);
}

#[test]
fn a_wrong_use_of_the_commands_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::at(format!("sqlite:{}", folder.path().join("none.sqlite").display()));
    let said = run(&place, &["backup", "it.zst"]).refused();
    assert!(said.contains("there is no database"), "{said}");
    assert!(!folder.path().join("none.sqlite").exists());
    let said = run(&place, &["backup", "it.zst", "--keep", "7d"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("is not a folder: --keep needs one"), "{}", said.err);
    assert_eq!(run(&place, &["backup", "it.zst", "--keep", "7"]).status, 2);
    assert_eq!(run(&place, &["move"]).status, 2);
    let said = run(&place, &["move", "--to", "mysql://x"]).refused();
    assert!(said.contains("there is no database"), "{said}");
}

/// A database of this test alone, with one account.
fn small() -> Place {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = runtime.block_on(Place::new(Backend::Sqlite));
    create_admin(&place);
    place
}

#[test]
fn a_folder_gets_backups_by_time_and_keeps_those_that_are_wanted() {
    let place = small();
    fs::create_dir(file(&place, "copies")).unwrap();
    for day in 1..=12 {
        fs::write(file(&place, &format!("copies/frontdesk-202001{day:02}T083005Z.sqlite.zst")), "")
            .unwrap();
    }
    fs::write(file(&place, "copies/.frontdesk-20200101T083005Z.sqlite.zst.partial"), "left")
        .unwrap();
    fs::write(file(&place, "copies/notes.txt"), "mine").unwrap();
    let said = run(&place, &["backup", "copies", "--keep", "3d,1w"]).good();
    assert!(said.contains("Older backups removed: 10."), "{said}");
    let mut names: Vec<_> = fs::read_dir(file(&place, "copies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(
        names[..2],
        ["frontdesk-20200111T083005Z.sqlite.zst", "frontdesk-20200112T083005Z.sqlite.zst"]
    );
    let made = format!("copies/{}", names[2]);
    run(&place, &["restore", "--verify", &made]).good();
    let said = run(&place, &["restore", "--verify", "copies"]).refused();
    assert!(said.contains("it is a folder: name one of the files in it"), "{said}");
}

#[test]
fn every_altered_or_missing_byte_is_named_and_nothing_is_written() {
    let place = small();
    let made = backup(&place, "it.sqlite.zst");
    let bytes = fs::read(&made).unwrap();
    let (folder, bad) = (file(&place, "temporary"), file(&place, "bad.zst"));
    fs::create_dir(&folder).unwrap();
    let verify = || {
        let mut verify = program(&place);
        verify.env("TMPDIR", &folder).args(["restore", "--verify", "bad.zst"]);
        Said::of(verify.output().unwrap()).refused()
    };
    let listed = || {
        let mut names: Vec<_> = fs::read_dir(place.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    fs::write(&bad, "").unwrap();
    let before = listed();
    // All places are tried where the format is tested; here are some of them, with the whole program.
    for number in 0..60 {
        let mut altered = bytes.clone();
        let place = (number * 7_919 + 3) % bytes.len();
        altered[place] ^= 0x10;
        fs::write(&bad, &altered).unwrap();
        let said = verify();
        assert!(said.contains("the backup bad.zst: it "), "byte {place}: {said}");
        fs::write(&bad, &bytes[..place]).unwrap();
        let said = verify();
        assert!(said.contains("cut off") || place == 0, "{place} bytes: {said}");
    }
    fs::write(&bad, "not one").unwrap();
    assert!(verify().contains("it is not a backup of Frontdesk"));
    assert_eq!(listed(), before);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let sqlite = place.database_url.strip_prefix("sqlite:").unwrap();
    fs::copy(sqlite, &bad).unwrap();
    assert!(verify().contains("it is not a backup of Frontdesk"));
}

#[test]
fn a_backup_of_an_earlier_program_is_brought_up_to_date_and_one_of_a_later_is_refused() {
    let place = small();
    let sqlite = place.database_url.strip_prefix("sqlite:").unwrap().to_owned();
    let conn = rusqlite::Connection::open(&sqlite).unwrap();
    conn.execute_batch("DROP TABLE moved_to; DELETE FROM _sqlx_migrations WHERE version = 13")
        .unwrap();
    drop(conn);
    let earlier = backup(&place, "earlier.sqlite.zst");
    let conn = rusqlite::Connection::open(&sqlite).unwrap();
    // Making a backup has not changed it.
    let last: i64 =
        conn.query_row("SELECT max(version) FROM _sqlx_migrations", [], |row| row.get(0)).unwrap();
    assert_eq!(last, 12);
    conn.execute_batch(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, x'00', 1)",
    )
    .unwrap();
    drop(conn);
    backup(&place, "later.sqlite.zst");
    let empty = tokio::runtime::Runtime::new().unwrap().block_on(Place::new(Backend::Sqlite));
    let said = run(&place, &["restore", "--verify", "later.sqlite.zst"]).refused();
    assert!(said.contains("newer than this program (it has migration 9999)"), "{said}");
    run(&empty, &["restore", earlier.to_str().unwrap()]).good();
    assert_eq!(run(&empty, &["check"]).status, 0);
}

#[test]
fn what_a_killed_process_has_begun_is_undone_before_the_copy() {
    let place = small();
    let sqlite = place.database_url.strip_prefix("sqlite:").unwrap();
    let conn = rusqlite::Connection::open(sqlite).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1",
    )
    .unwrap();
    conn.execute_batch("BEGIN; CREATE TABLE big AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9999) \
                        SELECT x, hex(randomblob(99)) FROM n")
        .unwrap();
    // The file and its journal as they would be without the process.
    for end in ["", "-journal"] {
        fs::copy(format!("{sqlite}{end}"), file(&place, &format!("killed.sqlite{end}"))).unwrap();
    }
    let url = format!("sqlite:{}", file(&place, "killed.sqlite").display());
    run(&place, &["backup", "it.sqlite.zst", "--database-url", &url]).good();
    let made = unpacked(&file(&place, "it.sqlite.zst"));
    assert!(made.prepare("SELECT x FROM big").is_err());
}

#[test]
fn a_backup_of_a_damaged_database_does_not_pass() {
    let place = small();
    let sqlite = place.database_url.strip_prefix("sqlite:").unwrap();
    let conn = rusqlite::Connection::open(sqlite).unwrap();
    conn.execute_batch(
        "UPDATE audit_values SET content = '{}'; INSERT INTO figures VALUES ('patients', 9, 1)",
    )
    .unwrap();
    drop(conn);
    backup(&place, "it.sqlite.zst");
    let said = run(&place, &["restore", "--verify", "it.sqlite.zst"]).refused();
    assert!(said.contains("1 kept figures are not what counting"), "{said}");
    let values = "the values of ";
    assert!(said.contains(values) || !has_values(&place), "{said}");
}

/// Whether the audit log has values.
fn has_values(place: &Place) -> bool {
    let conn =
        rusqlite::Connection::open(place.database_url.strip_prefix("sqlite:").unwrap()).unwrap();
    conn.query_row("SELECT count(*) FROM audit_values", [], |row| row.get::<_, i64>(0)).unwrap() > 0
}
