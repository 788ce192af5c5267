-- Version 2 of the archive: rules watch what comes.

-- When a reader of the arrivals was last here. One that has not been here for long is let go of, and what it has not
-- read with it. Without a time it stays.
ALTER TABLE output ADD COLUMN seen INTEGER;

-- Since when a store is watched: what happened before is history, whenever it comes.
CREATE TABLE watched (
    store INTEGER PRIMARY KEY REFERENCES store (id),
    since INTEGER NOT NULL
) STRICT;

-- What each rule has told of last.
CREATE TABLE told (
    rule  TEXT NOT NULL,
    -- Of what: a store, a module of it, a template, an entry.
    about TEXT NOT NULL,
    at    INTEGER NOT NULL,
    -- Up to when it was told.
    until INTEGER NOT NULL,
    -- What came since and is held back while it cools down: an alert, as JSON.
    held  TEXT,
    PRIMARY KEY (rule, about)
) STRICT, WITHOUT ROWID;

-- Alerts on their way, each once for every action of its rule. Kept in the transaction in which the arrivals they tell of
-- are passed, and removed when they have arrived.
CREATE TABLE delivery (
    id           INTEGER PRIMARY KEY,
    rule         TEXT NOT NULL,
    action       TEXT NOT NULL,
    -- The alert, as JSON.
    alert        TEXT NOT NULL,
    made         INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_rule ON delivery (rule, next_attempt);
