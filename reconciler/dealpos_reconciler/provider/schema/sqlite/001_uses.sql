-- Moments are microseconds since 1970 in UTC. Customers are keyed fingerprints, never text.

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE release (
    number INTEGER PRIMARY KEY,
    published INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE counter (
    counter TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    holds INTEGER NOT NULL DEFAULT 0 CHECK (holds >= 0)
) WITHOUT ROWID;
CREATE INDEX counter_batch ON counter (batch) WHERE batch <> '';

CREATE TABLE hold (
    id INTEGER PRIMARY KEY,
    counter TEXT NOT NULL REFERENCES counter,
    outlet TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
);
CREATE INDEX hold_until ON hold (counter, until);
CREATE INDEX hold_since ON hold (counter, since);
CREATE INDEX hold_outlet ON hold (counter, outlet, since);

-- The counter stands here too, so that the holds of one customer are found by one index.
CREATE TABLE hold_customer (
    counter TEXT NOT NULL,
    customer TEXT NOT NULL,
    hold INTEGER NOT NULL REFERENCES hold ON DELETE CASCADE,
    PRIMARY KEY (counter, customer, hold)
) WITHOUT ROWID;
CREATE INDEX hold_customer_hold ON hold_customer (hold);

CREATE TABLE invoice (
    invoice TEXT PRIMARY KEY,
    counter TEXT NOT NULL,
    code TEXT NOT NULL,
    outlet TEXT NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('counted', 'voided', 'doubtful', 'unknown_code')),
    flags TEXT NOT NULL,
    at INTEGER NOT NULL,
    noted INTEGER NOT NULL,
    discount TEXT,
    gross TEXT,
    seen INTEGER NOT NULL DEFAULT 1,
    digests TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX invoice_counter ON invoice (counter, state);
CREATE INDEX invoice_noted ON invoice (noted);
CREATE INDEX invoice_flagged ON invoice (counter) WHERE flags <> '';

-- The counter stands here too, so that the uses of one customer are found by one index.
CREATE TABLE use_by (
    counter TEXT NOT NULL,
    customer TEXT NOT NULL,
    invoice TEXT NOT NULL REFERENCES invoice,
    PRIMARY KEY (counter, customer, invoice)
) WITHOUT ROWID;
CREATE INDEX use_by_invoice ON use_by (invoice);

CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    counter TEXT NOT NULL,
    invoice TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- The metrics ask for the newest settlement, and an old store has millions of events.
CREATE INDEX event_settled ON event (at) WHERE kind = 'settled';

CREATE TABLE dead_letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    digest TEXT NOT NULL,
    length INTEGER NOT NULL,
    invoice TEXT NOT NULL
);

CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
);
