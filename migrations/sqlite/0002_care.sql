-- Doctors, assignments, the accounts that belong to doctors and patients, and answers that are kept
-- for requests that are sent again.

CREATE TABLE doctors (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name          TEXT,
    last_name           TEXT,
    sort_name           TEXT    NOT NULL,
    sort_first_name     TEXT    NOT NULL,
    specialization      TEXT    NOT NULL,
    specialization_key  TEXT    NOT NULL,
    email               TEXT,
    email_key           TEXT,
    phone_number        TEXT,
    license_number      TEXT,
    license_key         TEXT,
    years_of_experience INTEGER,
    qualification       TEXT,
    clinic_name         TEXT,
    clinic_address      TEXT,
    city                TEXT,
    city_key            TEXT,
    state               TEXT,
    zip_code            TEXT,
    consultation_fee    INTEGER,
    is_available        INTEGER NOT NULL,
    availability        TEXT,
    linked_user         INTEGER REFERENCES users (id),
    created_by          INTEGER NOT NULL REFERENCES users (id),
    changed_by          INTEGER NOT NULL REFERENCES users (id),
    created_at          TEXT    NOT NULL,
    updated_at          TEXT    NOT NULL,
    version             INTEGER NOT NULL,
    archived_at         TEXT
) STRICT;
CREATE UNIQUE INDEX doctors_email_key_key ON doctors (email_key) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX doctors_license_key_key ON doctors (license_key) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX doctors_linked_user_key ON doctors (linked_user);
CREATE INDEX doctors_name ON doctors (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_first_name ON doctors (sort_first_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_specialization ON doctors (specialization_key, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_created ON doctors (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_updated ON doctors (updated_at, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_city ON doctors (city_key, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_owner ON doctors (created_by, sort_name, id);
CREATE INDEX doctors_archived ON doctors (archived_at, id) WHERE archived_at IS NOT NULL;

-- The words under which a doctor is found, as for patients.
CREATE TABLE doctor_terms (
    term      TEXT    NOT NULL,
    doctor_id INTEGER NOT NULL REFERENCES doctors (id),
    PRIMARY KEY (term, doctor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX doctor_terms_doctor ON doctor_terms (doctor_id);

-- resume_status is set while the patient is archived: what restoring brings back. patient_owner is
-- who created the patient, which never changes, so that own assignments are found without the patients.
CREATE TABLE assignments (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id       INTEGER NOT NULL REFERENCES patients (id),
    doctor_id        INTEGER NOT NULL REFERENCES doctors (id),
    patient_owner    INTEGER NOT NULL REFERENCES users (id),
    status           TEXT    NOT NULL CHECK (status IN ('ACTIVE', 'ON_HOLD', 'COMPLETED', 'CANCELLED')),
    is_active        INTEGER NOT NULL,
    resume_status    TEXT,
    reason_for_visit TEXT,
    notes            TEXT,
    assigned_date    TEXT    NOT NULL,
    ended_at         TEXT,
    created_by       INTEGER NOT NULL REFERENCES users (id),
    changed_by       INTEGER NOT NULL REFERENCES users (id),
    created_at       TEXT    NOT NULL,
    updated_at       TEXT    NOT NULL,
    version          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX assignments_patient_id_doctor_id_key ON assignments (patient_id, doctor_id) WHERE is_active;
CREATE INDEX assignments_patient ON assignments (patient_id, id);
CREATE INDEX assignments_doctor ON assignments (doctor_id, id);
CREATE INDEX assignments_doctor_active ON assignments (doctor_id, id) WHERE is_active;
CREATE INDEX assignments_active ON assignments (id) WHERE is_active;
CREATE INDEX assignments_active_date ON assignments (assigned_date, id) WHERE is_active;
CREATE INDEX assignments_active_created ON assignments (created_at, id) WHERE is_active;
CREATE INDEX assignments_active_updated ON assignments (updated_at, id) WHERE is_active;
CREATE INDEX assignments_status ON assignments (status, id);
CREATE INDEX assignments_date ON assignments (assigned_date, id);
CREATE INDEX assignments_created ON assignments (created_at, id);
CREATE INDEX assignments_updated ON assignments (updated_at, id);

ALTER TABLE patients ADD COLUMN linked_user INTEGER REFERENCES users (id);
CREATE UNIQUE INDEX patients_linked_user_key ON patients (linked_user);

-- The first answer to a request with an Idempotency-Key, kept for a day.
CREATE TABLE idempotency_keys (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    key        TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    answer     TEXT,
    entity     TEXT,
    entity_id  INTEGER,
    created_at TEXT    NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_entity ON idempotency_keys (entity, entity_id);

CREATE INDEX assignments_ended ON assignments (id) WHERE NOT is_active;
CREATE INDEX doctors_specialization_id ON doctors (specialization_key, id) WHERE archived_at IS NULL;

-- Lists and figures of somebody who sees the own records only.
CREATE INDEX patients_owner ON patients (created_by, id);
CREATE INDEX patients_owner_created ON patients (created_by, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX patients_owner_updated ON patients (created_by, updated_at, id) WHERE archived_at IS NULL;
CREATE INDEX patients_owner_archived ON patients (created_by, id) WHERE archived_at IS NOT NULL;
CREATE INDEX assignments_owner_active ON assignments (patient_owner, id) WHERE is_active;
CREATE INDEX assignments_owner_ended ON assignments (patient_owner, id) WHERE NOT is_active;
CREATE INDEX assignments_owner_doctor ON assignments (patient_owner, doctor_id, id) WHERE is_active;
CREATE INDEX assignments_owner_status ON assignments (patient_owner, status, id);
CREATE INDEX assignments_owner_date ON assignments (patient_owner, assigned_date, id);
CREATE INDEX assignments_owner_created ON assignments (patient_owner, created_at, id) WHERE is_active;
CREATE INDEX assignments_owner_updated ON assignments (patient_owner, updated_at, id) WHERE is_active;
