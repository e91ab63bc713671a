-- The tokens by which the server knows a device from which somebody has logged in before, hashed. Each
-- login gives the device another one; the one before goes when its successor has been used.

CREATE TABLE device_tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- A random name, the same for all tokens of a device: attempts are counted by it.
    device     TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    -- The session that began with it; none where a one-time code stands for a device.
    session_id INTEGER,
    hash       TEXT    NOT NULL,
    expires_at TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX device_tokens_hash_key ON device_tokens (hash);
CREATE INDEX device_tokens_device ON device_tokens (device, id);
CREATE INDEX device_tokens_user ON device_tokens (user_id);
CREATE INDEX device_tokens_expires ON device_tokens (expires_at);

-- When a count began, for those that are kept by the minute or by the day.
ALTER TABLE login_failures ADD COLUMN since TEXT;
CREATE INDEX login_failures_last ON login_failures (last_at);
