-- Version 4 of the archive: the index of words is made anew when what a word is has changed.

CREATE TABLE word_index (
    -- The version of the tokens that stand in it (words.rs).
    version INTEGER NOT NULL,
    -- Up to which key entries are not in it yet, apart from those that came since. It grows towards the older ones. Without
    -- a key it has them all.
    upto    INTEGER,
    -- About how many these are.
    entries INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO word_index (version) VALUES (1);
