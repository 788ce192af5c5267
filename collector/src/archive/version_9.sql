-- Version 9 of the archive: what entries have in common is kept once. `entry` is a view from now on, and says what it said.
-- Entries of before move into the new table in steps (repack.rs); until then they stand in `entry_before`, and the view has both.

DROP VIEW IF EXISTS entries;
DROP VIEW IF EXISTS entry_as_text;
DROP VIEW IF EXISTS stores;
DROP VIEW IF EXISTS store_as_text;
DROP TRIGGER IF EXISTS entry_deleted;
DROP INDEX IF EXISTS entry_uid;
DROP INDEX IF EXISTS entry_store_time;
DROP INDEX IF EXISTS entry_arrived;
ALTER TABLE entry RENAME TO entry_before;

-- Fields that many entries have alike, each combination once; of the rarest more than once.
CREATE TABLE attributes (
    id            INTEGER PRIMARY KEY,
    -- OpenTelemetry's SeverityNumber: 0, 9, 10, 13 or 17.
    severity      INTEGER NOT NULL,
    severity_text TEXT,
    category      TEXT,
    action        TEXT,
    module        TEXT,
    actor         TEXT,
    -- Seconds east of UTC.
    utc_offset    INTEGER NOT NULL
) STRICT;

-- What many texts have in common (templates.rs): a text is text_0, its first variable, text_1, its second one, and so on.
CREATE TABLE template (
    id     INTEGER PRIMARY KEY,
    text_0 TEXT NOT NULL,
    text_1 TEXT NOT NULL,
    text_2 TEXT NOT NULL,
    text_3 TEXT NOT NULL,
    text_4 TEXT NOT NULL,
    text_5 TEXT NOT NULL,
    text_6 TEXT NOT NULL,
    -- How many variables it has, and of how many parts its texts are made at the most: 3 for summaries, 6 for messages.
    variables INTEGER NOT NULL,
    most      INTEGER NOT NULL,
    -- What the last variable is like behind its first word, where it stands for the rest of the text.
    rest      TEXT
) STRICT;

-- How often rows of these two were taken away since no entry had them any more: whoever remembers their numbers reads them anew.
CREATE TABLE packing (
    removals INTEGER NOT NULL
) STRICT;
INSERT INTO packing (removals) VALUES (0);

-- The entries. The key sorts by time: seconds since 1970 in the upper bits, then something of the id. So the newest
-- entries stand together, a time range is one run of rows, and the index of words returns its hits by time.
CREATE TABLE packed_entry (
    key              INTEGER PRIMARY KEY,
    store            INTEGER NOT NULL REFERENCES store (id),
    -- An integer if the id is one that fits, else its text.
    id               ANY NOT NULL,
    time             INTEGER NOT NULL,
    -- Nanoseconds beyond the microsecond. Nearly always NULL.
    nanos            INTEGER,
    observed         INTEGER NOT NULL,
    attributes       INTEGER NOT NULL,
    subject_id       TEXT,
    -- Without a template the first variable is the whole text.
    summary_template INTEGER,
    summary          TEXT,
    summary_2        TEXT,
    summary_3        TEXT,
    message_template INTEGER,
    message          TEXT,
    message_2        TEXT,
    message_3        TEXT,
    message_4        TEXT,
    message_5        TEXT,
    message_6        TEXT,
    -- Fields that the platform's document does not name, as a JSON object.
    extra            TEXT,
    -- The number of the arrival at which it came in this form.
    arrived          INTEGER
) STRICT;

CREATE VIEW entry AS
SELECT packed.key AS key, packed.store AS store, packed.id AS id, packed.time AS time, packed.nanos AS nanos,
       attributes.utc_offset AS utc_offset, packed.observed AS observed, attributes.severity AS severity,
       attributes.severity_text AS severity_text, attributes.category AS category, attributes.action AS action,
       attributes.module AS module, attributes.actor AS actor, packed.subject_id AS subject_id,
       CASE WHEN packed.summary_template IS NULL THEN packed.summary
            ELSE st.text_0 || coalesce(packed.summary, '') || st.text_1 || coalesce(packed.summary_2, '') || st.text_2
                 || coalesce(packed.summary_3, '') || st.text_3 END AS summary,
       CASE WHEN packed.message_template IS NULL THEN packed.message
            ELSE mt.text_0 || coalesce(packed.message, '') || mt.text_1 || coalesce(packed.message_2, '') || mt.text_2
                 || coalesce(packed.message_3, '') || mt.text_3 || coalesce(packed.message_4, '') || mt.text_4
                 || coalesce(packed.message_5, '') || mt.text_5 || coalesce(packed.message_6, '') || mt.text_6
            END AS message,
       packed.extra AS extra, packed.arrived AS arrived
  FROM packed_entry AS packed
       LEFT JOIN attributes ON attributes.id = packed.attributes
       LEFT JOIN template AS st ON st.id = packed.summary_template
       LEFT JOIN template AS mt ON mt.id = packed.message_template
UNION ALL
SELECT key, store, id, time, nanos, utc_offset, observed, severity, severity_text, category, action, module, actor,
       subject_id, summary, message, extra, arrived FROM entry_before;

CREATE VIEW entries AS
SELECT store.platform || ':' || store.name || ':' || entry.id AS uid,
       store.platform AS platform, store.name AS store, CAST(entry.id AS TEXT) AS id,
       strftime('%Y-%m-%dT%H:%M:%S', entry.time / 1000000 - (entry.time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (entry.time % 1000000 + 1000000) % 1000000) AS time,
       strftime('%Y-%m-%dT%H:%M:%S', entry.observed / 1000000 - (entry.observed % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (entry.observed % 1000000 + 1000000) % 1000000) AS observed,
       CASE entry.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       entry.severity AS severity_number,
       entry.severity_text, entry.category, entry.action, entry.module, entry.actor, entry.subject_id,
       entry.summary, entry.message, entry.extra, entry.key AS key
  FROM entry JOIN store ON store.id = entry.store;
