-- Live changes: one row for each write of a patient, a doctor or an assignment, in the transaction of
-- the write. `seq` is the number under which listeners see it. There is one writer, so the order of
-- the rows is the order of their commits and each gets its number at once (on PostgreSQL it gets it
-- later, see there). Numbers rise without a hole: a missing one means that it was removed.

CREATE TABLE feed (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO feed (last) VALUES (0);

CREATE TABLE changes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    seq        INTEGER,
    event      TEXT    NOT NULL,
    entity     TEXT    NOT NULL,
    entity_id  INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    -- The patient whom it is about and that record's owner, since the record may be gone when
    -- somebody asks who may see the change.
    patient_id INTEGER,
    owner_id   INTEGER,
    -- The doctor of an assignment.
    doctor_id  INTEGER,
    at         TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX changes_seq_key ON changes (seq);
CREATE INDEX changes_waiting ON changes (id) WHERE seq IS NULL;

CREATE TRIGGER changes_number AFTER INSERT ON changes WHEN NEW.seq IS NULL
BEGIN
    UPDATE feed SET last = last + 1;
    UPDATE changes SET seq = (SELECT last FROM feed) WHERE id = NEW.id;
END;
