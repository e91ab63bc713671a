-- Accounts as administrators keep them, one-time codes, API tokens, and reading the audit log.

-- What users are listed by and found under; accounts from before get theirs when the program starts.
ALTER TABLE users ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
CREATE INDEX users_name ON users (sort_name, id);
CREATE INDEX users_role_name ON users (role, sort_name, id);
CREATE INDEX users_active_name ON users (is_active, sort_name, id);
CREATE INDEX users_created ON users (created_at, id);

-- The words under which a user is found: a letter for the kind, then the folded word.
CREATE TABLE user_terms (
    term    TEXT    NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (term, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_terms_user ON user_terms (user_id);

-- One-time codes that are not used up. A code begins with its locator; the rest follows from the row
-- and the key, and is not stored. One that was mailed is good only while that is the user's address.
CREATE TABLE account_codes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('set_password', 'verify_email')),
    mailed_to  TEXT,
    locator    TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    failures   INTEGER NOT NULL,
    created_at TEXT    NOT NULL,
    expires_at TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX account_codes_locator_key ON account_codes (locator);
CREATE INDEX account_codes_user ON account_codes (user_id, purpose);

-- Tokens of unattended programs. `hash` is SHA-256 of the token.
CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    name         TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    can_read     INTEGER NOT NULL,
    can_write    INTEGER NOT NULL,
    created_at   TEXT    NOT NULL,
    last_used_at TEXT,
    expires_at   TEXT,
    revoked_at   TEXT
) STRICT;
CREATE UNIQUE INDEX api_tokens_hash_key ON api_tokens (hash);
CREATE INDEX api_tokens_user ON api_tokens (user_id, id) WHERE revoked_at IS NULL;

-- The token with which somebody did it.
ALTER TABLE audit_log ADD COLUMN token_id INTEGER REFERENCES api_tokens (id);
DROP INDEX audit_log_actor;
CREATE INDEX audit_log_actor_at ON audit_log (actor_id, at, id);
CREATE INDEX audit_log_action_at ON audit_log (action, at, id);
CREATE INDEX audit_log_entity_at ON audit_log (entity, at, id);
