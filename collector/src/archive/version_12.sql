-- Version 12 of the archive: the days whose counts have changed, so that an export finds them without reading all counts.

-- A day of a platform that has counts. The mark is another number whenever they have changed: random, so that an older state
-- of the archive that is brought back never has the mark of a newer one.
CREATE TABLE counted_day (
    platform TEXT NOT NULL,
    -- Counted from 1970, in UTC.
    day      INTEGER NOT NULL,
    mark     INTEGER NOT NULL,
    PRIMARY KEY (platform, day)
) STRICT, WITHOUT ROWID;

INSERT INTO counted_day (platform, day, mark)
SELECT platform, day, random()
  FROM (SELECT DISTINCT store.platform, hour.hour / 24 - (hour.hour % 24 < 0) AS day
          FROM hour JOIN store ON store.id = hour.store);
