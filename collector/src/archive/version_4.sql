-- Version 4 of the archive: plain tables and views only. The index of words is a file of its own (index.sql).

DROP TABLE IF EXISTS entry_text;
DROP TABLE IF EXISTS fact_value;

-- What the index of words was given last: the stamp of its last step.
CREATE TABLE word_index (
    stamp INTEGER
) STRICT;
INSERT INTO word_index (stamp) VALUES (NULL);

-- The index of words learns what has gone in the same way as what came.
DROP TRIGGER IF EXISTS entry_deleted;
CREATE TRIGGER entry_deleted AFTER DELETE ON entry BEGIN
    INSERT OR REPLACE INTO deleted (key, store, time) VALUES (old.key, old.store, old.time);
    INSERT INTO arrival (key) VALUES (old.key);
END;

-- A record without a readable time was written between its neighbours in the list: `near` is the newer of the two, and
-- this the older.
ALTER TABLE quarantine ADD COLUMN near_since INTEGER;
UPDATE quarantine SET near_since = near;
