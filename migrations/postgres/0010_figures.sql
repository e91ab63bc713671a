-- Figures that are kept with the records, so that the dashboard and the counts of whole lists cost the
-- same with any number of records. Triggers keep them, so that no way to write a record can leave them out:
--
-- patients               patients who are not archived
-- registered             the same, by the quarter of an hour of their registration, counted from 1970 in UTC:
--                        the midnight of every time zone begins one
-- assignments.<status>   assignments of patients who are not archived
-- assigned               the same, by the assigned day, counted from 1970
-- active                 active assignments, by doctor
--
-- Whether a patient is archived decides about the assignments. Hence a transaction that archives or restores
-- a patient has locked the patient and the active assignments before, and one that writes an assignment has
-- locked the patient or the assignment.

-- An older program may still be writing: between counting and the triggers nothing may be written.
LOCK TABLE patients, assignments IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE figures (
    figure TEXT COLLATE "C" NOT NULL,
    key    BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (figure, key)
) WITH (fillfactor = 50);

-- Writers only add what they change, so that none waits for another. The program adds these rows to those of
-- `figures` soon after, and removes them.
CREATE TABLE figure_changes (
    figure TEXT COLLATE "C" NOT NULL,
    key    BIGINT NOT NULL,
    number BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX figure_changes_figure ON figure_changes (figure, key);

-- What is read: a figure is the sum of its rows here.
CREATE VIEW current_figures AS
SELECT figure, key, number FROM figures UNION ALL SELECT figure, key, number FROM figure_changes;

-- What the figures must be.
CREATE VIEW counted_figures AS
SELECT 'patients' AS figure, 0::bigint AS key, count(*) AS number FROM patients WHERE archived_at IS NULL
UNION ALL
SELECT 'registered', floor(extract(epoch FROM created_at) / 900)::bigint, count(*) FROM patients
WHERE archived_at IS NULL GROUP BY 2
UNION ALL
SELECT 'assignments.' || a.status, 0::bigint, count(*) FROM assignments a JOIN patients p ON p.id = a.patient_id
WHERE p.archived_at IS NULL GROUP BY 1
UNION ALL
SELECT 'assigned', (a.assigned_date::date - date '1970-01-01')::bigint, count(*) FROM assignments a
JOIN patients p ON p.id = a.patient_id WHERE p.archived_at IS NULL GROUP BY 2
UNION ALL
SELECT 'active', doctor_id, count(*) FROM assignments WHERE is_active GROUP BY doctor_id;

INSERT INTO figures (figure, key, number) SELECT figure, key, number FROM counted_figures;

CREATE FUNCTION figures_of_new_patients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_changes (figure, key, number)
    SELECT 'patients', 0, count(*) FROM new_rows WHERE archived_at IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 'registered', floor(extract(epoch FROM created_at) / 900)::bigint, count(*) FROM new_rows
    WHERE archived_at IS NULL GROUP BY 2;
    RETURN NULL;
END $$;
CREATE TRIGGER figures_of_new_patients AFTER INSERT ON patients REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION figures_of_new_patients();

CREATE FUNCTION figures_of_erased_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_changes (figure, key, number)
    VALUES ('patients', 0, -1), ('registered', floor(extract(epoch FROM OLD.created_at) / 900)::bigint, -1);
    RETURN NULL;
END $$;
CREATE TRIGGER figures_of_erased_patient AFTER DELETE ON patients
FOR EACH ROW WHEN (OLD.archived_at IS NULL) EXECUTE FUNCTION figures_of_erased_patient();

CREATE FUNCTION figures_of_archived_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever writes one of them now has either counted it, or waits and finds the patient changed.
    PERFORM 1 FROM assignments WHERE patient_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO figure_changes (figure, key, number)
    SELECT figure, key, CASE WHEN NEW.archived_at IS NULL THEN count(*) ELSE -count(*) END FROM (
        SELECT 'patients' AS figure, 0::bigint AS key
        UNION ALL
        SELECT 'registered', floor(extract(epoch FROM NEW.created_at) / 900)::bigint
        UNION ALL
        SELECT 'assignments.' || status, 0 FROM assignments WHERE patient_id = NEW.id
        UNION ALL
        SELECT 'assigned', (assigned_date::date - date '1970-01-01')::bigint FROM assignments
        WHERE patient_id = NEW.id
    ) AS changed GROUP BY figure, key;
    RETURN NULL;
END $$;
CREATE TRIGGER figures_of_archived_patient AFTER UPDATE OF archived_at ON patients FOR EACH ROW
WHEN ((OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL))
EXECUTE FUNCTION figures_of_archived_patient();

-- Adds an assignment to the figures, or takes it from them.
CREATE FUNCTION add_assignment_to_figures(it assignments, sign bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_changes (figure, key, number)
    SELECT added.figure, added.key, sign FROM patients p, LATERAL (VALUES
        ('assignments.' || it.status, 0), ('assigned', (it.assigned_date::date - date '1970-01-01')::bigint)
    ) AS added (figure, key) WHERE p.id = it.patient_id AND p.archived_at IS NULL
    UNION ALL
    SELECT 'active', it.doctor_id, sign WHERE it.is_active;
END $$;

CREATE FUNCTION figures_of_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM add_assignment_to_figures(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM add_assignment_to_figures(NEW, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER figures_of_assignment AFTER INSERT OR DELETE ON assignments
FOR EACH ROW EXECUTE FUNCTION figures_of_assignment();
CREATE TRIGGER figures_of_changed_assignment
AFTER UPDATE OF patient_id, doctor_id, status, is_active, assigned_date ON assignments FOR EACH ROW
WHEN ((OLD.patient_id, OLD.doctor_id, OLD.status, OLD.is_active, OLD.assigned_date)
    IS DISTINCT FROM (NEW.patient_id, NEW.doctor_id, NEW.status, NEW.is_active, NEW.assigned_date))
EXECUTE FUNCTION figures_of_assignment();

-- The figures of doctors, who are few, are counted: in this index alone.
CREATE INDEX doctors_figures ON doctors (specialization_key, specialization, is_available, archived_at)
WHERE archived_at IS NULL;
