-- Version 7 of the archive: exports ask for what came since they last asked.

-- What tells this archive from every other one, its copies apart.
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
