-- Figures that are kept with the records, so that the dashboard and the counts of whole lists cost the
-- same with any number of records. Triggers keep them, so that no way to write a record can leave them out:
--
-- patients               patients who are not archived
-- registered             the same, by the quarter of an hour of their registration, counted from 1970 in UTC:
--                        the midnight of every time zone begins one. Without parts of a second: SQLite would
--                        round them
-- assignments.<status>   assignments of patients who are not archived
-- assigned               the same, by the assigned day, counted from 1970
-- active                 active assignments, by doctor
--
-- Whether a patient is archived decides about the assignments. Hence a transaction that archives or restores
-- a patient has locked the patient and the active assignments before, and one that writes an assignment has
-- locked the patient or the assignment.

CREATE TABLE figures (
    figure TEXT    NOT NULL,
    key    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (figure, key)
) STRICT, WITHOUT ROWID;

-- What is read: a figure is the sum of its rows here.
CREATE VIEW current_figures AS SELECT figure, key, number FROM figures;

-- What the figures must be.
CREATE VIEW counted_figures AS
SELECT 'patients' AS figure, 0 AS key, count(*) AS number FROM patients WHERE archived_at IS NULL
UNION ALL
SELECT 'registered', unixepoch(substr(created_at, 1, 19)) / 900, count(*) FROM patients
WHERE archived_at IS NULL GROUP BY 2
UNION ALL
SELECT 'assignments.' || a.status, 0, count(*) FROM assignments a JOIN patients p ON p.id = a.patient_id
WHERE p.archived_at IS NULL GROUP BY 1
UNION ALL
SELECT 'assigned', unixepoch(a.assigned_date) / 86400, count(*) FROM assignments a
JOIN patients p ON p.id = a.patient_id WHERE p.archived_at IS NULL GROUP BY 2
UNION ALL
SELECT 'active', doctor_id, count(*) FROM assignments WHERE is_active GROUP BY doctor_id;

INSERT INTO figures (figure, key, number) SELECT figure, key, number FROM counted_figures;

CREATE TRIGGER figures_of_new_patient AFTER INSERT ON patients WHEN NEW.archived_at IS NULL
BEGIN
    INSERT INTO figures (figure, key, number)
    VALUES ('patients', 0, 1), ('registered', unixepoch(substr(NEW.created_at, 1, 19)) / 900, 1)
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

CREATE TRIGGER figures_of_erased_patient AFTER DELETE ON patients WHEN OLD.archived_at IS NULL
BEGIN
    INSERT INTO figures (figure, key, number)
    VALUES ('patients', 0, -1), ('registered', unixepoch(substr(OLD.created_at, 1, 19)) / 900, -1)
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

CREATE TRIGGER figures_of_archived_patient AFTER UPDATE OF archived_at ON patients
WHEN (OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL)
BEGIN
    INSERT INTO figures (figure, key, number)
    SELECT figure, key, CASE WHEN NEW.archived_at IS NULL THEN count(*) ELSE -count(*) END FROM (
        SELECT 'patients' AS figure, 0 AS key
        UNION ALL
        SELECT 'registered', unixepoch(substr(NEW.created_at, 1, 19)) / 900
        UNION ALL
        SELECT 'assignments.' || status, 0 FROM assignments WHERE patient_id = NEW.id
        UNION ALL
        SELECT 'assigned', unixepoch(assigned_date) / 86400 FROM assignments WHERE patient_id = NEW.id
    ) GROUP BY figure, key
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

CREATE TRIGGER figures_of_new_assignment AFTER INSERT ON assignments
BEGIN
    INSERT INTO figures (figure, key, number)
    SELECT 'assignments.' || NEW.status, 0, 1 FROM patients
    WHERE id = NEW.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'assigned', unixepoch(NEW.assigned_date) / 86400, 1 FROM patients
    WHERE id = NEW.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'active', NEW.doctor_id, 1 WHERE NEW.is_active
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

CREATE TRIGGER figures_of_changed_assignment
AFTER UPDATE OF patient_id, doctor_id, status, is_active, assigned_date ON assignments
WHEN (OLD.patient_id, OLD.doctor_id, OLD.status, OLD.is_active, OLD.assigned_date)
    <> (NEW.patient_id, NEW.doctor_id, NEW.status, NEW.is_active, NEW.assigned_date)
BEGIN
    INSERT INTO figures (figure, key, number)
    SELECT 'assignments.' || OLD.status, 0, -1 FROM patients
    WHERE id = OLD.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'assigned', unixepoch(OLD.assigned_date) / 86400, -1 FROM patients
    WHERE id = OLD.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'active', OLD.doctor_id, -1 WHERE OLD.is_active
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
    INSERT INTO figures (figure, key, number)
    SELECT 'assignments.' || NEW.status, 0, 1 FROM patients
    WHERE id = NEW.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'assigned', unixepoch(NEW.assigned_date) / 86400, 1 FROM patients
    WHERE id = NEW.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'active', NEW.doctor_id, 1 WHERE NEW.is_active
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

CREATE TRIGGER figures_of_erased_assignment AFTER DELETE ON assignments
BEGIN
    INSERT INTO figures (figure, key, number)
    SELECT 'assignments.' || OLD.status, 0, -1 FROM patients
    WHERE id = OLD.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'assigned', unixepoch(OLD.assigned_date) / 86400, -1 FROM patients
    WHERE id = OLD.patient_id AND archived_at IS NULL
    UNION ALL
    SELECT 'active', OLD.doctor_id, -1 WHERE OLD.is_active
    ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number;
END;

-- The figures of doctors, who are few, are counted: in this index alone.
CREATE INDEX doctors_figures ON doctors (specialization_key, specialization, is_available, archived_at)
WHERE archived_at IS NULL;
