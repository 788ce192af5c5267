-- Version 1 of the archive. Times are microseconds since 1970, UTC. A time range is half-open: [since, until).

-- A store, what state it is in, and since when.
CREATE TABLE store (
    id           INTEGER PRIMARY KEY,
    platform     TEXT NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL DEFAULT 'new',
    -- Why it is not active: the store, the cause and the remedy in one line.
    reason       TEXT,
    state_since  INTEGER,
    last_attempt INTEGER,
    last_success INTEGER,
    -- Failures in a row, and when to ask again.
    failures     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER,
    UNIQUE (platform, name)
) STRICT;

-- The entries. The key sorts by time: seconds since 1970 in the upper bits, then something of the id. So the newest
-- entries stand together, a time range is one run of rows, and the text index returns its hits by time.
CREATE TABLE entry (
    key           INTEGER PRIMARY KEY,
    store         INTEGER NOT NULL REFERENCES store (id),
    -- An integer if the id is one that fits, else its text.
    id            ANY NOT NULL,
    time          INTEGER NOT NULL,
    -- Nanoseconds beyond the microsecond. Nearly always NULL.
    nanos         INTEGER,
    -- Seconds east of UTC.
    utc_offset    INTEGER NOT NULL,
    observed      INTEGER NOT NULL,
    -- OpenTelemetry's SeverityNumber: 0, 9, 10, 13 or 17.
    severity      INTEGER NOT NULL,
    severity_text TEXT,
    category      TEXT,
    action        TEXT,
    module        TEXT,
    actor         TEXT,
    subject_id    TEXT,
    summary       TEXT,
    message       TEXT,
    -- Fields that the platform's document does not name, as a JSON object.
    extra         TEXT
) STRICT;
CREATE UNIQUE INDEX entry_uid ON entry (store, id);
CREATE INDEX entry_store_time ON entry (store, time);

-- What entries have in common, each combination once: they are counted by it.
CREATE TABLE kind (
    id       INTEGER PRIMARY KEY,
    severity INTEGER NOT NULL,
    category TEXT,
    module   TEXT,
    action   TEXT,
    actor    TEXT,
    -- Of warnings, errors and what was not understood: the summary with its variable parts taken out.
    shape    TEXT
) STRICT;
CREATE INDEX kind_whole ON kind (module, action, actor, shape, category, severity);

-- How many entries of a kind a store has in an hour, counted from 1970. Kept in the transaction that changes the entries.
CREATE TABLE hour (
    store   INTEGER NOT NULL REFERENCES store (id),
    hour    INTEGER NOT NULL,
    kind    INTEGER NOT NULL REFERENCES kind (id),
    entries INTEGER NOT NULL CHECK (entries > 0),
    -- The second of the hour of the first and of the last of them.
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (store, hour, kind)
) STRICT, WITHOUT ROWID;

-- Entries in the order in which they came, for whoever follows the archive. Rows that every reader has passed may go,
-- all but the newest: the numbers go on from it.
CREATE TABLE arrival (
    seq INTEGER PRIMARY KEY,
    key INTEGER NOT NULL
) STRICT;

-- How far each reader of the arrivals has come.
CREATE TABLE output (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an entry said before the platform changed it. The entry itself is the newest form.
CREATE TABLE revision (
    id       INTEGER PRIMARY KEY,
    store    INTEGER NOT NULL REFERENCES store (id),
    entry_id ANY NOT NULL,
    -- When the change was seen.
    replaced INTEGER NOT NULL,
    -- The entry as JSON, by the LogEntry schema.
    entry    TEXT NOT NULL
) STRICT;
CREATE INDEX revision_entry ON revision (store, entry_id);

-- Records that could not be decoded, as they came.
CREATE TABLE quarantine (
    id       INTEGER PRIMARY KEY,
    store    INTEGER NOT NULL REFERENCES store (id),
    observed INTEGER NOT NULL,
    -- The record's own time, if it has one that can be read.
    time     INTEGER,
    path     TEXT,
    reason   TEXT NOT NULL,
    raw      TEXT NOT NULL,
    UNIQUE (store, raw)
) STRICT;

-- Time ranges in which every entry that the platform held has been archived. They neither touch nor overlap.
CREATE TABLE coverage (
    store INTEGER NOT NULL REFERENCES store (id),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL CHECK (since < until),
    PRIMARY KEY (store, since)
) STRICT, WITHOUT ROWID;

-- The walk of a store that is under way: it goes on from the cursor.
CREATE TABLE walk (
    store  INTEGER PRIMARY KEY REFERENCES store (id),
    since  INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    cursor TEXT NOT NULL
) STRICT;

-- Time ranges that could not be read so far. They are tried again, and nothing else waits for them.
CREATE TABLE hole (
    store        INTEGER NOT NULL REFERENCES store (id),
    since        INTEGER NOT NULL,
    until        INTEGER NOT NULL CHECK (since < until),
    reason       TEXT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 1,
    next_attempt INTEGER NOT NULL,
    PRIMARY KEY (store, since)
) STRICT, WITHOUT ROWID;

-- How late entries came into time ranges that were covered already: how many, up to 2^bucket seconds after their time.
CREATE TABLE lateness (
    store   INTEGER NOT NULL REFERENCES store (id),
    bucket  INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (store, bucket)
) STRICT, WITHOUT ROWID;

-- When each of the newest time ranges was last walked again, by its length in seconds.
CREATE TABLE rewalk (
    store INTEGER NOT NULL REFERENCES store (id),
    tier  INTEGER NOT NULL,
    done  INTEGER NOT NULL,
    PRIMARY KEY (store, tier)
) STRICT, WITHOUT ROWID;

-- Words of the entries. Filled in the order of arrival, by the reader 'text': searching first catches up. The text that
-- is given to it is words already (words.rs), each between two spaces; the tokenizer only splits at them.
CREATE VIRTUAL TABLE entry_text USING fts5 (
    summary, message, facts,
    content = '', contentless_delete = 1,
    tokenize = 'ascii'
);
-- Bytes that are sorted in memory before they are written.
INSERT INTO entry_text (entry_text, rank) VALUES ('hashsize', 16777216);
INSERT INTO output (name, seq) VALUES ('text', 0);

-- The values that facts have or once had, as words: for patterns such as module:*gateway*.
CREATE TABLE fact_value (
    fact  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (fact, value)
) STRICT, WITHOUT ROWID;

-- What pseudonyms are made with, so that nobody without the archive can try names until one fits.
CREATE TABLE pseudonym (
    secret BLOB NOT NULL
) STRICT;
INSERT INTO pseudonym (secret) VALUES (randomblob(32));

-- What follows is the documented way to read with SQL (docs/search.md): times as text in UTC, severities by name.
CREATE VIEW entries AS
SELECT store.platform || ':' || store.name || ':' || entry.id AS uid,
       store.platform AS platform,
       store.name AS store,
       CAST(entry.id AS TEXT) AS id,
       strftime('%Y-%m-%dT%H:%M:%fZ', entry.time / 1e6, 'unixepoch') AS time,
       strftime('%Y-%m-%dT%H:%M:%fZ', entry.observed / 1e6, 'unixepoch') AS observed,
       CASE entry.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       entry.severity AS severity_number,
       entry.severity_text, entry.category, entry.action, entry.module, entry.actor, entry.subject_id,
       entry.summary, entry.message, entry.extra,
       -- Sorts as time does, and is the rowid of entry_text.
       entry.key AS key
  FROM entry JOIN store ON store.id = entry.store;

CREATE VIEW hours AS
SELECT store.platform || ':' || store.name AS store,
       strftime('%Y-%m-%dT%H:00:00Z', hour.hour * 3600, 'unixepoch') AS hour,
       CASE kind.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       kind.category, kind.module, kind.action, kind.actor, kind.shape, hour.entries
  FROM hour JOIN store ON store.id = hour.store JOIN kind ON kind.id = hour.kind;

CREATE VIEW stores AS
SELECT store.platform || ':' || store.name AS store, store.platform, store.name, store.state, store.reason,
       strftime('%Y-%m-%dT%H:%M:%SZ', store.state_since / 1e6, 'unixepoch') AS state_since,
       strftime('%Y-%m-%dT%H:%M:%SZ', store.last_attempt / 1e6, 'unixepoch') AS last_attempt,
       strftime('%Y-%m-%dT%H:%M:%SZ', store.last_success / 1e6, 'unixepoch') AS last_success,
       store.failures,
       strftime('%Y-%m-%dT%H:%M:%SZ', store.next_attempt / 1e6, 'unixepoch') AS next_attempt,
       strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT min(time) FROM entry WHERE entry.store = store.id) / 1e6, 'unixepoch')
           AS oldest,
       strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT max(time) FROM entry WHERE entry.store = store.id) / 1e6, 'unixepoch')
           AS newest
  FROM store;

CREATE VIEW covered AS
SELECT store.platform || ':' || store.name AS store,
       strftime('%Y-%m-%dT%H:%M:%fZ', coverage.since / 1e6, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%fZ', coverage.until / 1e6, 'unixepoch') AS until
  FROM coverage JOIN store ON store.id = coverage.store;

CREATE VIEW holes AS
SELECT store.platform || ':' || store.name AS store,
       strftime('%Y-%m-%dT%H:%M:%fZ', hole.since / 1e6, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%fZ', hole.until / 1e6, 'unixepoch') AS until,
       hole.reason, hole.attempts,
       strftime('%Y-%m-%dT%H:%M:%SZ', hole.next_attempt / 1e6, 'unixepoch') AS next_attempt
  FROM hole JOIN store ON store.id = hole.store;

CREATE VIEW quarantined AS
SELECT store.platform || ':' || store.name AS store,
       strftime('%Y-%m-%dT%H:%M:%fZ', quarantine.time / 1e6, 'unixepoch') AS time,
       strftime('%Y-%m-%dT%H:%M:%fZ', quarantine.observed / 1e6, 'unixepoch') AS observed,
       quarantine.path, quarantine.reason, quarantine.raw
  FROM quarantine JOIN store ON store.id = quarantine.store;

CREATE VIEW revisions AS
SELECT store.platform || ':' || store.name || ':' || revision.entry_id AS uid,
       strftime('%Y-%m-%dT%H:%M:%fZ', revision.replaced / 1e6, 'unixepoch') AS replaced,
       revision.entry AS entry
  FROM revision JOIN store ON store.id = revision.store;
