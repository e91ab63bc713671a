-- Mail that is to go out. No text is kept: it is written when the mail is sent, since it holds a
-- code, and no code is stored.

CREATE TABLE outgoing_mail (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    letter     TEXT    NOT NULL CHECK (letter IN ('verification', 'password_reset')),
    recipient  TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    created_at TEXT    NOT NULL,
    due_at     TEXT    NOT NULL,
    claim      TEXT,
    attempts   INTEGER NOT NULL,
    failure    TEXT
) STRICT;
CREATE INDEX outgoing_mail_due ON outgoing_mail (due_at, id) WHERE state = 'waiting';
CREATE INDEX outgoing_mail_done ON outgoing_mail (due_at) WHERE state <> 'waiting';
