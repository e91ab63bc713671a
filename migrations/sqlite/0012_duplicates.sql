-- One person with two records: former names and numbers under which a patient is found, merges with what
-- undoing them needs, pairs of records that may be about one person, and those that are known not to be.

-- As JSON: full names that were replaced, the newest first, and medical record numbers of merged records.
ALTER TABLE patients ADD COLUMN former_names TEXT NOT NULL DEFAULT '[]';
ALTER TABLE patients ADD COLUMN former_mrns TEXT NOT NULL DEFAULT '[]';
-- The record into which an archived one was merged.
ALTER TABLE patients ADD COLUMN merged_into INTEGER;
CREATE INDEX patients_merged_into ON patients (merged_into) WHERE merged_into IS NOT NULL;

-- The merges that are not undone. A record is merged into one other at most.
CREATE TABLE merges (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patients (id),
    other_id   INTEGER NOT NULL REFERENCES patients (id),
    -- As JSON: the values of the record that stays, before and after, and what moved to it.
    content    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX merges_other_id_key ON merges (other_id);
CREATE INDEX merges_patient ON merges (patient_id, id);

-- Pairs of patients who may be one person. The one with the lower id comes first.
CREATE TABLE likely_duplicates (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    one_id   INTEGER NOT NULL REFERENCES patients (id),
    other_id INTEGER NOT NULL REFERENCES patients (id),
    grade    TEXT NOT NULL CHECK (grade IN ('certain', 'probable', 'possible')),
    -- Hundredths that the score lacks, as text of three digits: the most likely pair comes first.
    place    TEXT NOT NULL,
    -- As JSON: what agrees.
    reasons  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX likely_duplicates_pair_key ON likely_duplicates (one_id, other_id);
CREATE INDEX likely_duplicates_other ON likely_duplicates (other_id);
CREATE INDEX likely_duplicates_place ON likely_duplicates (place, id);
CREATE INDEX likely_duplicates_grade ON likely_duplicates (grade, place, id);

-- Pairs of patients of whom somebody has said that they are different people.
CREATE TABLE different_people (
    one_id   INTEGER NOT NULL REFERENCES patients (id),
    other_id INTEGER NOT NULL REFERENCES patients (id),
    PRIMARY KEY (one_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX different_people_other ON different_people (other_id);

-- Up to which patient the likely duplicates were found among those who were there. There is no row once all were.
CREATE TABLE duplicates_to_find (
    after_id INTEGER NOT NULL
) STRICT;
INSERT INTO duplicates_to_find (after_id) SELECT 0 WHERE EXISTS (SELECT 1 FROM patients);
