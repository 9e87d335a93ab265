-- Moments are seconds since 1970.

CREATE TABLE IF NOT EXISTS hint (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    since REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hint_since ON hint (since);

-- Counting the hints for each new one would take longer with each.
CREATE TABLE IF NOT EXISTS total (hints INTEGER NOT NULL);
INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS hint_added AFTER INSERT ON hint
    BEGIN UPDATE total SET hints = hints + 1; END;
CREATE TRIGGER IF NOT EXISTS hint_ended AFTER DELETE ON hint
    BEGIN UPDATE total SET hints = hints - 1; END;

CREATE TABLE IF NOT EXISTS spent (at REAL NOT NULL, requests INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS drift (
    address TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    first_seen REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS notice (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
