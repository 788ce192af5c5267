-- Version 10 of the archive: alerts that end, what `verify` found last, and what stores are called.

-- The alert that is not over yet, as JSON.
ALTER TABLE last_alert ADD COLUMN open TEXT;

-- What the last comparison of a store with its platform found.
CREATE TABLE verification (
    store   INTEGER PRIMARY KEY REFERENCES store (id),
    at      INTEGER NOT NULL,
    -- Every id was compared, and not only a sample.
    deep    INTEGER NOT NULL,
    -- The worst verdict in one word, and all of it in one line.
    verdict TEXT NOT NULL,
    summary TEXT NOT NULL,
    -- Why it could not be compared to the end.
    error   TEXT
) STRICT;

CREATE VIEW verification_as_text AS
SELECT store,
       strftime('%Y-%m-%dT%H:%M:%S', at / 1000000 - (at % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (at % 1000000 + 1000000) % 1000000) AS at
  FROM verification;

CREATE VIEW verifications AS
SELECT store.platform || ':' || store.name AS store, text.at, verification.deep, verification.verdict,
       verification.summary, verification.error
  FROM verification JOIN store ON store.id = verification.store
       LEFT JOIN verification_as_text AS text ON text.store = CAST(verification.store AS TEXT);

-- What the configuration calls a store, whose it is, and what it is filed under.
CREATE TABLE label (
    store INTEGER NOT NULL REFERENCES store (id),
    -- name, owner or tag
    kind  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (store, kind, value)
) STRICT, WITHOUT ROWID;

CREATE VIEW labels AS
SELECT store.platform || ':' || store.name AS store, label.kind, label.value
  FROM label JOIN store ON store.id = label.store;
