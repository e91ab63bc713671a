-- Accounts, sessions, patients and the audit log. Times are RFC 3339 in UTC as sqlx writes them,
-- days are YYYY-MM-DD; the `_key` and `_name` columns are folded by the program, since SQLite folds
-- ASCII only.

CREATE TABLE users (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    email          TEXT,
    email_key      TEXT,
    username       TEXT,
    username_key   TEXT,
    first_name     TEXT,
    last_name      TEXT,
    phone          TEXT,
    role           TEXT    NOT NULL CHECK (role IN ('member', 'patient', 'doctor', 'staff', 'admin')),
    password_hash  TEXT,
    is_active      INTEGER NOT NULL,
    email_verified INTEGER NOT NULL,
    created_at     TEXT    NOT NULL,
    updated_at     TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    changed_by     INTEGER REFERENCES users (id)
) STRICT;
CREATE UNIQUE INDEX users_email_key_key ON users (email_key);
CREATE UNIQUE INDEX users_username_key_key ON users (username_key);
CREATE INDEX users_role ON users (role);

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    generation   INTEGER NOT NULL,
    rotated_at   TEXT    NOT NULL,
    created_at   TEXT    NOT NULL,
    last_used_at TEXT    NOT NULL,
    expires_at   TEXT    NOT NULL,
    ended_at     TEXT,
    address      TEXT    NOT NULL,
    user_agent   TEXT
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, id);

-- Failed logins, by account and address together, by account, and by address.
CREATE TABLE login_failures (
    lane       TEXT    PRIMARY KEY,
    failures   INTEGER NOT NULL,
    not_before TEXT    NOT NULL,
    last_at    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- The sequences that hand out numbers once.
CREATE TABLE sequences (
    name TEXT    PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequences (name, last) VALUES ('mrn', 0);

CREATE TABLE patients (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    mrn                     TEXT    NOT NULL,
    first_name              TEXT,
    last_name               TEXT,
    sort_name               TEXT    NOT NULL,
    sort_first_name         TEXT    NOT NULL,
    date_of_birth           TEXT,
    date_of_birth_estimated INTEGER NOT NULL,
    born_from               TEXT NOT NULL,
    born_to                 TEXT NOT NULL,
    deceased_on             TEXT,
    gender                  TEXT,
    email                   TEXT,
    phone_number            TEXT,
    address                 TEXT,
    city                    TEXT,
    city_key                TEXT,
    state                   TEXT,
    zip_code                TEXT,
    blood_type              TEXT,
    allergies               TEXT,
    medical_history         TEXT,
    emergency_contact       TEXT,
    identifiers             TEXT    NOT NULL,
    created_by              INTEGER NOT NULL REFERENCES users (id),
    changed_by              INTEGER NOT NULL REFERENCES users (id),
    created_at              TEXT    NOT NULL,
    updated_at              TEXT    NOT NULL,
    version                 INTEGER NOT NULL,
    archived_at             TEXT
) STRICT;
CREATE UNIQUE INDEX patients_mrn_key ON patients (mrn);
CREATE INDEX patients_name ON patients (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_first_name ON patients (sort_first_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_born ON patients (born_from, id) WHERE archived_at IS NULL;
CREATE INDEX patients_created ON patients (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX patients_updated ON patients (updated_at, id) WHERE archived_at IS NULL;
CREATE INDEX patients_city ON patients (city_key, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_owner_name ON patients (created_by, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_archived ON patients (archived_at, id) WHERE archived_at IS NOT NULL;

-- The identifiers again, one a row, for the rule that a pair is unique among records not archived.
CREATE TABLE patient_identifiers (
    system     TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    patient_id INTEGER NOT NULL REFERENCES patients (id),
    PRIMARY KEY (system, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifiers_patient ON patient_identifiers (patient_id);

-- The words under which a patient is found: a letter for the kind, then the folded word.
CREATE TABLE patient_terms (
    term       TEXT    NOT NULL,
    patient_id INTEGER NOT NULL REFERENCES patients (id),
    PRIMARY KEY (term, patient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_terms_patient ON patient_terms (patient_id);

-- Who did what, when. Entries are never updated; a seal over them can be laid at any time, since
-- values and reasons lie in audit_values and are here only as a salted hash.
CREATE TABLE audit_log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          TEXT    NOT NULL,
    actor_id    INTEGER REFERENCES users (id),
    actor_name  TEXT    NOT NULL,
    actor_role  TEXT,
    action      TEXT    NOT NULL,
    entity      TEXT    NOT NULL,
    entity_id   INTEGER,
    version     INTEGER,
    address     TEXT,
    request_id  TEXT,
    values_hash TEXT
) STRICT;
CREATE INDEX audit_log_entity ON audit_log (entity, entity_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_at ON audit_log (at, id);

-- What an entry is about in detail. Purging a record deletes its rows here.
CREATE TABLE audit_values (
    audit_id INTEGER PRIMARY KEY REFERENCES audit_log (id),
    salt     TEXT NOT NULL,
    content  TEXT NOT NULL
) STRICT;
