-- Version 7 of the archive: exports ask for what came since they last asked, and names follow the glossary.

-- The identity of this archive, which copies of it share.
CREATE TABLE identity (
    id TEXT NOT NULL
) STRICT;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));

-- The number of the arrival at which an entry came in the form that it has, and of a revision, in the form that it had.
-- The numbers of new forms only grow.
ALTER TABLE entry ADD COLUMN arrived INTEGER;
ALTER TABLE revision ADD COLUMN arrived INTEGER;

-- What was there before came in the order of its time, as far as anybody knows.
UPDATE entry SET arrived = numbered.number
    FROM (SELECT key, row_number() OVER (ORDER BY key) AS number FROM entry) AS numbered WHERE numbered.key = entry.key;
UPDATE revision SET arrived =
    coalesce((SELECT arrived FROM entry WHERE entry.store = revision.store AND entry.id = revision.entry_id), 0);
-- The next number is greater.
INSERT INTO arrival (seq, key)
    SELECT max(arrived), max(key) FROM entry HAVING max(arrived) > coalesce((SELECT max(seq) FROM arrival), 0);

CREATE INDEX entry_arrived ON entry (arrived);
CREATE INDEX revision_arrived ON revision (arrived);

-- A time range that could not be read is a gap in every other name.
DROP VIEW IF EXISTS holes;
DROP VIEW IF EXISTS hole_as_text;
ALTER TABLE hole RENAME TO gap;

CREATE VIEW gap_as_text AS
SELECT store, since AS first,
       strftime('%Y-%m-%dT%H:%M:%S', since / 1000000 - (since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (since % 1000000 + 1000000) % 1000000) AS since,
       strftime('%Y-%m-%dT%H:%M:%S', until / 1000000 - (until % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (until % 1000000 + 1000000) % 1000000) AS until,
       strftime('%Y-%m-%dT%H:%M:%S', next_attempt / 1000000 - (next_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (next_attempt % 1000000 + 1000000) % 1000000) AS next_attempt
  FROM gap;

CREATE VIEW gaps AS
SELECT store.platform || ':' || store.name AS store, text.since, text.until, gap.reason, gap.attempts, text.next_attempt
  FROM gap JOIN store ON store.id = gap.store LEFT JOIN gap_as_text AS text
       ON text.store = CAST(gap.store AS TEXT) AND text.first = CAST(gap.since AS TEXT);

-- The last alert of each rule about something, and the alert that is suppressed since.
ALTER TABLE told RENAME TO last_alert;
ALTER TABLE last_alert RENAME COLUMN held TO suppressed;
