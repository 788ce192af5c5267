-- Makes of an archive of today one of version 4, for tests of what brings it up to date.
CREATE TABLE entry_of_before (
    key           INTEGER PRIMARY KEY,
    store         INTEGER NOT NULL REFERENCES store (id),
    id            ANY NOT NULL,
    time          INTEGER NOT NULL,
    nanos         INTEGER,
    utc_offset    INTEGER NOT NULL,
    observed      INTEGER NOT NULL,
    severity      INTEGER NOT NULL,
    severity_text TEXT,
    category      TEXT,
    action        TEXT,
    module        TEXT,
    actor         TEXT,
    subject_id    TEXT,
    summary       TEXT,
    message       TEXT,
    extra         TEXT
) STRICT;
INSERT INTO entry_of_before
SELECT key, store, id, time, nanos, utc_offset, observed, severity, severity_text, category, action, module, actor,
       subject_id, summary, message, extra FROM entry;
DROP VIEW prunings;
DROP VIEW pruned_as_text;
DROP TABLE pruned;
DROP TABLE forgotten;
DROP TABLE clearing;
DROP VIEW entries;
DROP VIEW entry_as_text;
DROP VIEW stores;
DROP VIEW store_as_text;
DROP VIEW entry;
DROP TABLE packed_entry;
DROP TABLE attributes;
DROP TABLE template;
DROP TABLE packing;
ALTER TABLE entry_of_before RENAME TO entry;
CREATE UNIQUE INDEX entry_uid ON entry (store, id);
CREATE INDEX entry_store_time ON entry (store, time);
CREATE TRIGGER entry_deleted AFTER DELETE ON entry BEGIN
    INSERT OR REPLACE INTO deleted (key, store, time) VALUES (old.key, old.store, old.time);
    INSERT INTO arrival (key) VALUES (old.key);
END;
DROP TABLE counted_day;
DROP VIEW hours;
DROP VIEW covered;
DROP VIEW audits;
DROP VIEW gaps;
DROP VIEW quarantined;
DROP VIEW revisions;
DROP VIEW hour_as_text;
DROP VIEW coverage_as_text;
DROP VIEW audit_as_text;
DROP VIEW gap_as_text;
DROP VIEW labels;
DROP TABLE label;
DROP VIEW verifications;
DROP VIEW verification_as_text;
DROP TABLE verification;
ALTER TABLE last_alert DROP COLUMN open;
ALTER TABLE store DROP COLUMN origin;
ALTER TABLE gap RENAME TO hole;
ALTER TABLE last_alert RENAME COLUMN suppressed TO held;
ALTER TABLE last_alert RENAME TO told;
DROP VIEW quarantine_as_text;
DROP VIEW revision_as_text;
DROP TABLE secret;
DROP TABLE refused;
DROP TABLE export;
DROP TABLE identity;
DROP INDEX revision_arrived;
ALTER TABLE revision DROP COLUMN arrived;
CREATE TABLE pseudonym (secret BLOB NOT NULL) STRICT;
INSERT INTO pseudonym (secret) VALUES (randomblob(32));
PRAGMA user_version = 4;
