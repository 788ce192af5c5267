-- Version 3 of the archive: how each claim is founded.

-- What came of comparing a time range with the platform. Ranges of one store do not overlap. What is covered and stands in
-- none of them was read, and is not yet audited.
CREATE TABLE audit (
    store   INTEGER NOT NULL REFERENCES store (id),
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL CHECK (since < until),
    -- counted: the platform counts as many. not_countable: it does not count. short, over: it counts more, or fewer.
    finding TEXT NOT NULL CHECK (finding IN ('counted', 'not_countable', 'short', 'over')),
    -- How many more or fewer.
    entries INTEGER NOT NULL DEFAULT 0,
    at      INTEGER NOT NULL,
    PRIMARY KEY (store, since)
) STRICT, WITHOUT ROWID;

-- Entries that the platform has removed before its time: it lists and counts their time range without them.
CREATE TABLE gone (
    store INTEGER NOT NULL REFERENCES store (id),
    id    ANY NOT NULL,
    time  INTEGER NOT NULL,
    seen  INTEGER NOT NULL,
    PRIMARY KEY (store, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_time ON gone (store, time);

-- Entries that were deleted, by whatever hand. The next that is written takes them out of the counts and the index of
-- words, too; until then their seconds are short.
CREATE TABLE deleted (
    key   INTEGER PRIMARY KEY,
    store INTEGER NOT NULL,
    time  INTEGER NOT NULL
) STRICT;
CREATE TRIGGER entry_deleted AFTER DELETE ON entry BEGIN
    INSERT OR REPLACE INTO deleted (key, store, time) VALUES (old.key, old.store, old.time);
END;

-- What was learned of a store's platform: as JSON, and how far its clock is ahead, in microseconds, by this machine's
-- clock at that time.
CREATE TABLE learned (
    store   INTEGER PRIMARY KEY REFERENCES store (id),
    learned TEXT,
    ahead   INTEGER,
    heard   INTEGER
) STRICT;

-- The id of a record that could not be decoded, if it has one, and about when it was written, if its own time cannot be
-- read: when its neighbour in the list was.
ALTER TABLE quarantine ADD COLUMN record TEXT;
ALTER TABLE quarantine ADD COLUMN near INTEGER;
UPDATE quarantine SET record = CAST(json_extract(raw, '$.id') AS TEXT)
    WHERE json_valid(raw) AND json_type(raw, '$.id') IN ('text', 'integer');
CREATE INDEX quarantine_record ON quarantine (store, record);

CREATE VIEW audits AS
SELECT store.platform || ':' || store.name AS store,
       strftime('%Y-%m-%dT%H:%M:%fZ', audit.since / 1e6, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%fZ', audit.until / 1e6, 'unixepoch') AS until,
       audit.finding, audit.entries,
       strftime('%Y-%m-%dT%H:%M:%SZ', audit.at / 1e6, 'unixepoch') AS at
  FROM audit JOIN store ON store.id = audit.store;
