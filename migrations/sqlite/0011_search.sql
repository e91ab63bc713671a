-- The index of the words under which a patient is found, in the order in which a search shows them: by term,
-- then by name. A term is a letter for its kind, then the folded word, with a hyphen before it where the
-- patient is archived. The terms of a patient also stand in its row, so that those which a change outdates
-- are known without an index by patient. The program writes the terms of the patients who are there.

DROP TABLE patient_terms;
CREATE TABLE patient_terms (
    term       TEXT    NOT NULL,
    sort_name  TEXT    NOT NULL,
    patient_id INTEGER NOT NULL,
    -- How many bytes at its beginning the term shares with the one before it of the same patient. A search for
    -- more bytes than that finds the patient by this term first.
    shared     INTEGER NOT NULL,
    PRIMARY KEY (term, sort_name, patient_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE patients ADD COLUMN terms TEXT NOT NULL DEFAULT '';

-- Up to which patient the terms are written. There is no row once all are.
CREATE TABLE terms_to_write (
    after_id INTEGER NOT NULL
) STRICT;
INSERT INTO terms_to_write (after_id) SELECT 0 WHERE EXISTS (SELECT 1 FROM patients);
