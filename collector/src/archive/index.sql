-- The index of words, in a file of its own beside the archive. It is derived: whoever deletes it loses nothing.

-- How far it is.
CREATE TABLE words.state (
    -- The version of the tokens that stand in it (words.rs).
    version INTEGER NOT NULL,
    -- Changes with every step. The archive has it too (word_index): so neither of the two is taken for an older or another one.
    stamp   INTEGER NOT NULL,
    -- What the archive had when this step was taken. A program that was killed in between goes on from there.
    before  INTEGER,
    -- Up to which key entries are not in it yet, apart from those that came since. It grows towards the older ones. Without
    -- a key it has them all.
    upto    INTEGER,
    -- About how many these are.
    entries INTEGER NOT NULL DEFAULT 0,
    -- Whether it knows where words stand (index_words.rs).
    places  INTEGER NOT NULL DEFAULT 0,
    -- How many entries were written into it, and how many of them have words of which any part is found.
    written INTEGER NOT NULL DEFAULT 0,
    parts   INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Of no version: it is filled from the beginning.
INSERT INTO words.state (version, stamp) VALUES (0, random());

-- The values that facts have or once had, as words: for patterns such as module:*gateway*.
CREATE TABLE words.fact_value (
    fact  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (fact, value)
) STRICT, WITHOUT ROWID;
