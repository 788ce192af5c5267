-- Version 6 of the archive: what was pruned is no gap, and what was forgotten does not come back.

-- Up to when the entries of a store are pruned by its owner's will, by OpenTelemetry's SeverityNumber. Nothing older of that
-- severity is held, fetched or missed. The counts by hour stay.
CREATE TABLE pruned (
    store    INTEGER NOT NULL REFERENCES store (id),
    severity INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    -- When that was done.
    at       INTEGER NOT NULL,
    PRIMARY KEY (store, severity)
) STRICT, WITHOUT ROWID;

-- What was forgotten, by a hash that is keyed with the archive's secret: of the uid of an entry, or of the raw text of a
-- record in quarantine. It counts as held.
CREATE TABLE forgotten (
    store    INTEGER NOT NULL REFERENCES store (id),
    hash     BLOB NOT NULL,
    -- The time of the entry, or about that of the record, if it is known.
    time     INTEGER,
    -- 1: the entry is there, without what was to be forgotten, and stays as it is.
    redacted INTEGER NOT NULL,
    PRIMARY KEY (store, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX forgotten_time ON forgotten (store, time);

-- Since when what was forgotten may still stand in free pages or in the file of changes. Without a row it does not.
CREATE TABLE clearing (
    since INTEGER NOT NULL
) STRICT;

CREATE VIEW pruned_as_text AS
SELECT store, severity,
       strftime('%Y-%m-%dT%H:%M:%S', until / 1000000 - (until % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (until % 1000000 + 1000000) % 1000000) AS until,
       strftime('%Y-%m-%dT%H:%M:%S', "at" / 1000000 - ("at" % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', ("at" % 1000000 + 1000000) % 1000000) AS "at"
  FROM pruned;

CREATE VIEW prunings AS
SELECT store.platform || ':' || store.name AS store,
       CASE pruned.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       text.until, text."at"
  FROM pruned JOIN store ON store.id = pruned.store
       LEFT JOIN pruned_as_text AS text ON text.store = CAST(pruned.store AS TEXT)
                                    AND text.severity = CAST(pruned.severity AS TEXT);
