-- Written on trial while nothing else can be written, to notice the end of a fault. It means nothing.
CREATE TABLE write_trial (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    filler TEXT   NOT NULL
);
INSERT INTO write_trial (id, filler) VALUES (1, '');
