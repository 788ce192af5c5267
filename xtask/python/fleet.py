"""fleet.py DOCS: DuckDB reads the lake of many collectors. It has what the stores have, each entry once, and each form that each
archive has, once. DOCS is docs/lake.md; in this folder are lake, volume-N/archive.db, truth.csv (uid, time, form), owners.csv (store, owners)
and killed.txt (the numbers of those that were killed for good)."""

import collections
import csv
import pathlib
import re
import sqlite3
import sys

import duckdb
import duckdb_extension_delta

docs = sys.argv[1]
failures = []


def fail(what, rows):
    """Lists the first ten, each with the collectors that its store had."""
    if rows:
        failures.append(f"{len(rows)} {what}:")
        failures.extend(f"  {row[0]} {row[1:] if len(row) > 1 else ''} of {owners.get(store(row[0]), '?')}" for row in rows[:10])


def store(uid):
    return ":".join(uid.split(":")[:2])


with open("owners.csv") as file:
    owners = {row["store"]: row["owners"].split() for row in csv.DictReader(file)}

duck = duckdb.connect()
duck.execute(f"LOAD '{next(pathlib.Path(duckdb_extension_delta.__file__).parent.rglob('delta.duckdb_extension'))}'")
duck.execute("CREATE TABLE truth AS SELECT uid, time::BIGINT AS time, form::INT AS form FROM read_csv('truth.csv', all_varchar = true)")
for table in ("entries", "hours", "coverage"):
    duck.execute(f"CREATE TABLE {table} AS SELECT * FROM delta_scan('lake/{table}')")
duck.execute("""CREATE VIEW forms AS SELECT uid, revision, arrived, observed, epoch_us(time) // 1000000 AS time,
    regexp_extract(coalesce(summary, '') || coalesce(message, ''), 'form ([0-9]+)', 1)::INT AS form FROM entries""")
# The queries for current forms and for counts, as docs/lake.md has them.
queries = re.findall(r"```sql\n(SELECT [^`]*)```", pathlib.Path(docs).read_text())
of_forms, of_hours = (next(query for query in queries if word in query) for word in ("QUALIFY", "max(entries)"))
duck.execute(f"CREATE TABLE newest AS {of_forms.replace('FROM entries', 'FROM forms')}")


def ask(sql):
    return duck.sql(sql).fetchall()


fail("entries are missing in the lake", ask("SELECT uid, time FROM truth ANTI JOIN newest USING (uid) ORDER BY ALL"))
fail("entries are in the lake and at no store", ask("SELECT uid, time FROM newest ANTI JOIN truth USING (uid) ORDER BY ALL"))
fail("entries have another time in the lake",
     ask("SELECT uid, newest.time, truth.time FROM newest JOIN truth USING (uid) WHERE newest.time != truth.time ORDER BY ALL"))
fail("entries have not their current form in the lake",
     ask("SELECT uid, newest.form, truth.form FROM newest JOIN truth USING (uid) WHERE newest.form != truth.form ORDER BY ALL"))

# What each archive has is there once, and nothing else: from the entries and the revisions of its file. One whose collector was
# killed for good has more, which others have fetched anew.
held, unfinished, moved = collections.Counter(), collections.Counter(), collections.Counter()
archives = sorted(pathlib.Path(".").glob("volume-*/archive.db"))
killed = pathlib.Path("killed.txt").read_text().split()
FORM = re.compile(r"form (\d+)")
for archive in archives:
    sql = sqlite3.connect(f"file:{archive}?mode=ro", uri=True)
    rows = sql.execute("""
        SELECT platform || ':' || name || ':' || entry.id, (SELECT count(*) FROM revision WHERE revision.store = entry.store
               AND revision.entry_id = entry.id), arrived, coalesce(summary, '') || coalesce(message, '')
          FROM entry JOIN store ON store.id = entry.store
        UNION ALL
        SELECT platform || ':' || name || ':' || entry_id, (SELECT count(*) FROM revision AS before WHERE before.store = revision.store
               AND before.entry_id = revision.entry_id AND before.id < revision.id), arrived, entry
          FROM revision JOIN store ON store.id = revision.store""")
    forms = collections.defaultdict(list)
    for uid, revision, arrived, text in rows:
        form = int(FORM.search(text)[1])
        (unfinished if archive.parent.name.removeprefix("volume-") in killed else held)[uid, revision, arrived, form] += 1
        forms[uid].append((revision, form))
    for uid, those in forms.items():
        moved[uid] += 1
        those.sort()
        if any(one[1] >= other[1] for one, other in zip(those, those[1:])):
            fail(f"entry has revisions in {archive} that are none", [(uid, those)])
    sql.close()
brought = collections.Counter(ask("SELECT uid, revision, arrived, form FROM forms"))
fail("forms are in an archive and not in the lake", sorted((held - brought).elements()))
fail("forms are in the lake more often than in the archives", sorted((brought - held - unfinished).elements()))

# Dashboards count by hour.
counted = ask(f"SELECT platform || ':' || store AS name, sum(entries)::BIGINT AS n FROM ({of_hours}) GROUP BY ALL")
wanted = dict(ask("SELECT regexp_extract(uid, '^[^:]+:[^:]+') AS name, count(*) AS n FROM truth GROUP BY ALL"))
fail("stores have another number of entries in the table hours",
     sorted((name, n, wanted.get(name)) for name, n in counted if n != wanted.get(name)))

# And where the lake says that it is short, it has to be: all is complete by now.
fail("entries lie where no archive calls the lake complete", ask("""
    SELECT uid, time FROM truth ANTI JOIN (
        SELECT platform || ':' || store AS name, epoch_us(since) // 1000000 AS since, epoch_us(until) // 1000000 AS until
          FROM coverage WHERE verdict = 'complete') AS complete
    ON regexp_extract(uid, '^[^:]+:[^:]+') = name AND time >= since AND time < until ORDER BY ALL"""))

rows, uids = ask("SELECT count(*), count(DISTINCT uid) FROM forms")[0]
twice = sum(1 for archives_of in moved.values() if archives_of > 1)
print(f"lake: {rows} rows of {uids} entries, from {len(archives)} archives; {twice} entries came from more than one of them"
      f"; not exported by those that were killed for good: {sum((unfinished - brought).values())}")
if failures:
    sys.exit("\n".join(["", *failures]))
print("The lake has every entry that the stores have, in its current form, and each form of each archive once.")
