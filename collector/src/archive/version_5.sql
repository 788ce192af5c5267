-- Version 5 of the archive: views that say the same as everything else, and no secret in a table.

-- The secret that pseudonyms and tombstones are made with is a file of its own beside the archive (secret.rs), for its owner
-- only. This tells whether that file is of this archive.
CREATE TABLE secret (
    fingerprint TEXT NOT NULL
) STRICT;

DROP VIEW IF EXISTS entries;
DROP VIEW IF EXISTS hours;
DROP VIEW IF EXISTS stores;
DROP VIEW IF EXISTS covered;
DROP VIEW IF EXISTS audits;
DROP VIEW IF EXISTS holes;
DROP VIEW IF EXISTS quarantined;
DROP VIEW IF EXISTS revisions;

-- What follows is the documented way to read with SQL (docs/search.md). Every time is text of one width, in UTC, rounded
-- down to the microsecond. The views *_as_text make the texts, and the documented ones take their numbers from the tables:
-- DuckDB reads a view with its own SQL, in which numbers are numbers, and takes everything of one for text in which it
-- does not know each function. It knows none of SQLite's of time, and no column of any type. So the joins are by text,
-- too; SQLite finds the rows by their keys all the same.
CREATE VIEW entry_as_text AS
SELECT key, CAST(id AS TEXT) AS id,
       strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000) AS time,
       strftime('%Y-%m-%dT%H:%M:%S', observed / 1000000 - (observed % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (observed % 1000000 + 1000000) % 1000000) AS observed
  FROM entry;

CREATE VIEW entries AS
SELECT store.platform || ':' || store.name || ':' || text.id AS uid,
       store.platform AS platform, store.name AS store, text.id, text.time, text.observed,
       CASE entry.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       entry.severity AS severity_number,
       entry.severity_text, entry.category, entry.action, entry.module, entry.actor, entry.subject_id,
       entry.summary, entry.message, entry.extra, entry.key AS key
  FROM entry JOIN store ON store.id = entry.store
       LEFT JOIN entry_as_text AS text ON text.key = CAST(entry.key AS TEXT);

CREATE VIEW hour_as_text AS
SELECT store, hour, kind, strftime('%Y-%m-%dT%H:00:00.000000Z', hour * 3600, 'unixepoch') AS time FROM hour;

CREATE VIEW hours AS
SELECT store.platform || ':' || store.name AS store, text.time AS hour,
       CASE kind.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       kind.category, kind.module, kind.action, kind.actor, kind.shape, hour.entries
  FROM hour JOIN store ON store.id = hour.store JOIN kind ON kind.id = hour.kind
       LEFT JOIN hour_as_text AS text ON text.store = CAST(hour.store AS TEXT) AND text.hour = CAST(hour.hour AS TEXT)
                                  AND text.kind = CAST(hour.kind AS TEXT);

CREATE VIEW store_as_text AS
SELECT id,
       strftime('%Y-%m-%dT%H:%M:%S', state_since / 1000000 - (state_since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (state_since % 1000000 + 1000000) % 1000000) AS state_since,
       strftime('%Y-%m-%dT%H:%M:%S', last_attempt / 1000000 - (last_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (last_attempt % 1000000 + 1000000) % 1000000) AS last_attempt,
       strftime('%Y-%m-%dT%H:%M:%S', last_success / 1000000 - (last_success % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (last_success % 1000000 + 1000000) % 1000000) AS last_success,
       strftime('%Y-%m-%dT%H:%M:%S', next_attempt / 1000000 - (next_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (next_attempt % 1000000 + 1000000) % 1000000) AS next_attempt,
       (SELECT strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000)
           FROM entry WHERE entry.store = store.id ORDER BY time LIMIT 1) AS oldest,
       (SELECT strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000)
           FROM entry WHERE entry.store = store.id ORDER BY time DESC LIMIT 1) AS newest
  FROM store;

CREATE VIEW stores AS
SELECT store.platform || ':' || store.name AS store, store.platform, store.name, store.state, store.reason,
       text.state_since, text.last_attempt, text.last_success, store.failures, text.next_attempt, text.oldest, text.newest
  FROM store LEFT JOIN store_as_text AS text ON text.id = CAST(store.id AS TEXT);

CREATE VIEW coverage_as_text AS
SELECT store, since AS first,
       strftime('%Y-%m-%dT%H:%M:%S', since / 1000000 - (since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (since % 1000000 + 1000000) % 1000000) AS since,
       strftime('%Y-%m-%dT%H:%M:%S', until / 1000000 - (until % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (until % 1000000 + 1000000) % 1000000) AS until
  FROM coverage;

CREATE VIEW audit_as_text AS
SELECT store, since AS first,
       strftime('%Y-%m-%dT%H:%M:%S', since / 1000000 - (since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (since % 1000000 + 1000000) % 1000000) AS since,
       strftime('%Y-%m-%dT%H:%M:%S', until / 1000000 - (until % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (until % 1000000 + 1000000) % 1000000) AS until,
       strftime('%Y-%m-%dT%H:%M:%S', "at" / 1000000 - ("at" % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', ("at" % 1000000 + 1000000) % 1000000) AS "at"
  FROM audit;

CREATE VIEW hole_as_text AS
SELECT store, since AS first,
       strftime('%Y-%m-%dT%H:%M:%S', since / 1000000 - (since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (since % 1000000 + 1000000) % 1000000) AS since,
       strftime('%Y-%m-%dT%H:%M:%S', until / 1000000 - (until % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (until % 1000000 + 1000000) % 1000000) AS until,
       strftime('%Y-%m-%dT%H:%M:%S', next_attempt / 1000000 - (next_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (next_attempt % 1000000 + 1000000) % 1000000) AS next_attempt
  FROM hole;

CREATE VIEW covered AS
SELECT store.platform || ':' || store.name AS store, text.since, text.until
  FROM coverage JOIN store ON store.id = coverage.store LEFT JOIN coverage_as_text AS text
       ON text.store = CAST(coverage.store AS TEXT) AND text.first = CAST(coverage.since AS TEXT);

CREATE VIEW audits AS
SELECT store.platform || ':' || store.name AS store, text.since, text.until, audit.finding, audit.entries, text."at"
  FROM audit JOIN store ON store.id = audit.store LEFT JOIN audit_as_text AS text
       ON text.store = CAST(audit.store AS TEXT) AND text.first = CAST(audit.since AS TEXT);

CREATE VIEW holes AS
SELECT store.platform || ':' || store.name AS store, text.since, text.until, hole.reason, hole.attempts, text.next_attempt
  FROM hole JOIN store ON store.id = hole.store LEFT JOIN hole_as_text AS text
       ON text.store = CAST(hole.store AS TEXT) AND text.first = CAST(hole.since AS TEXT);

CREATE VIEW quarantine_as_text AS
SELECT id,
       strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000) AS time,
       strftime('%Y-%m-%dT%H:%M:%S', observed / 1000000 - (observed % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (observed % 1000000 + 1000000) % 1000000) AS observed
  FROM quarantine;

CREATE VIEW quarantined AS
SELECT store.platform || ':' || store.name AS store, text.time, text.observed, quarantine.path, quarantine.reason,
       quarantine.raw
  FROM quarantine JOIN store ON store.id = quarantine.store
       LEFT JOIN quarantine_as_text AS text ON text.id = CAST(quarantine.id AS TEXT);

CREATE VIEW revision_as_text AS
SELECT id, CAST(entry_id AS TEXT) AS entry_id,
       strftime('%Y-%m-%dT%H:%M:%S', replaced / 1000000 - (replaced % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (replaced % 1000000 + 1000000) % 1000000) AS replaced
  FROM revision;

CREATE VIEW revisions AS
SELECT store.platform || ':' || store.name || ':' || text.entry_id AS uid, text.replaced,
       revision.entry
  FROM revision JOIN store ON store.id = revision.store
       LEFT JOIN revision_as_text AS text ON text.id = CAST(revision.id AS TEXT);
