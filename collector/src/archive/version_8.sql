-- Version 8 of the archive: how far exports have come, and what receivers refused.

-- An export, by where it goes to. A lake knows itself up to where it is exported: of it this is a copy.
CREATE TABLE export (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    -- The last arrival that is settled: delivered, or refused for good.
    arrived      INTEGER NOT NULL,
    sent         INTEGER NOT NULL,
    refused      INTEGER NOT NULL,
    last_success INTEGER,
    -- When anybody last tried.
    seen         INTEGER NOT NULL,
    -- Failures in a row, and why the last one.
    failures     INTEGER NOT NULL,
    reason       TEXT
) STRICT;

-- Entries that a receiver would not take: how many of those that came from one arrival to another.
CREATE TABLE refused (
    export        INTEGER NOT NULL REFERENCES export (id),
    first_arrived INTEGER NOT NULL,
    last_arrived  INTEGER NOT NULL,
    entries       INTEGER NOT NULL,
    reason        TEXT NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (export, first_arrived, last_arrived)
) STRICT, WITHOUT ROWID;
