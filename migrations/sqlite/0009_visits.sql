-- Visits: the patients who come to the clinic on a day.

-- The last number that was given on each day. A purge erases visits; their numbers are not given again.
CREATE TABLE visit_days (
    day         TEXT    PRIMARY KEY,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE visits (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    day           TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    patient_id    INTEGER NOT NULL REFERENCES patients (id),
    doctor_id     INTEGER REFERENCES doctors (id),
    assignment_id INTEGER REFERENCES assignments (id),
    reason        TEXT,
    is_urgent     INTEGER NOT NULL,
    -- Urgent visits before all others, each in the order of the numbers.
    queue_key     TEXT    NOT NULL GENERATED ALWAYS AS
        (CASE WHEN is_urgent THEN '0' ELSE '1' END || printf('%010d', number)) STORED,
    status        TEXT    NOT NULL CHECK (status IN ('WAITING', 'CALLED', 'IN_ROOM', 'DONE', 'LEFT')),
    is_open       INTEGER NOT NULL GENERATED ALWAYS AS (status IN ('WAITING', 'CALLED', 'IN_ROOM')) STORED,
    arrived_at    TEXT    NOT NULL,
    called_at     TEXT,
    started_at    TEXT,
    ended_at      TEXT,
    created_by    INTEGER NOT NULL REFERENCES users (id),
    changed_by    INTEGER NOT NULL REFERENCES users (id),
    created_at    TEXT    NOT NULL,
    updated_at    TEXT    NOT NULL,
    version       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX visits_day_number_key ON visits (day, number);
CREATE UNIQUE INDEX visits_day_patient_id_key ON visits (day, patient_id) WHERE is_open;
CREATE INDEX visits_queue ON visits (day, queue_key, id);
CREATE INDEX visits_patient ON visits (patient_id, id);
CREATE INDEX visits_assignment ON visits (assignment_id);
