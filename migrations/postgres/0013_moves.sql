-- Where the records of this database were moved. While there is a row, no server serves the database.
CREATE TABLE moved_to (
    -- The new database, without a password.
    place    TEXT NOT NULL,
    moved_at TIMESTAMPTZ NOT NULL
);
