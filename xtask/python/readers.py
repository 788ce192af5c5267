"""readers.py PROGRAM ARCHIVE VIEW …: every reader says of every view what the program says."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

program, archive, *views = sys.argv[1:]
here = os.path.dirname(sys.executable)
failures = []


def text(*command, **options):
    ran = subprocess.run(command, capture_output=True, text=True, **options)
    if ran.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {ran.returncode}: {ran.stderr.strip()[-400:]}")
    return ran.stdout


def same(reader, what, found, expected):
    """Rows are compared as text, whatever the reader makes of numbers and in whatever order they come."""
    def rows(rows):
        return sorted(tuple("" if cell is None else str(cell) for cell in row) for row in rows)

    if rows(found) != rows(expected):
        differ = [pair for pair in zip(rows(found), rows(expected)) if pair[0] != pair[1]][:1]
        failures.append(f"{reader}: {what}: {len(found)} rows, {len(expected)} expected; first difference {differ}")


def attempt(reader, what):
    """Runs a function at once; an error of it is a failure of the reader."""
    def run(function):
        try:
            function()
        except Exception as error:
            failures.append(f"{reader}: {what}: {error}")
    return run


# One row of each of what a year without trouble has none of.
with sqlite3.connect(archive) as sql:
    sql.executescript(
        """
        INSERT INTO gap VALUES (1, 1767225600000000, 1767225660000000, 'it was not to be had', 3, 1767229200000000);
        INSERT INTO quarantine (store, observed, time, path, reason, raw)
            VALUES (1, 1767225600999999, NULL, 'date_created', 'no time', '{"id":"9007199254740993"}');
        INSERT INTO revision (store, entry_id, replaced, entry) SELECT 1, id, 1767225600000001, '{}' FROM entry LIMIT 1;
        INSERT INTO pruned VALUES (1, 9, 1735689600000000, 1767232800000000);
        INSERT INTO audit VALUES (1, 1767225600000000, 1767229200000000, 'counted', 0, 1767232800000000);
        INSERT INTO verification VALUES (1, 1767232800000001, 1, 'complete', 'all of it is there', NULL);
        INSERT INTO label VALUES (1, 'owner', 'Acme & Söhne'), (1, 'tag', '00123');
        """
    )
sql.close()

expected = {}
for view in views:
    answered = text(program, "sql", "--format", "json", f"SELECT * FROM {view}", "--archive", archive)
    rows = json.loads(answered)
    expected[view] = [list(row.values()) for row in rows]
    assert rows, f"{view} has no rows: nothing would be compared"
total = json.loads(text(program, "sql", "--format", "json", "SELECT sum(entries) AS n FROM hours", "--archive", archive))
total = int(total[0]["n"])
print(f"{len(views)} views, {sum(map(len, expected.values()))} rows")

# Python's own, which is the system's.
reader = f"Python's sqlite3 {sqlite3.sqlite_version}"
with sqlite3.connect(f"file:{archive}?mode=ro", uri=True) as sql:
    for view in views:
        @attempt(reader, view)
        def _():
            same(reader, view, sql.execute(f"SELECT * FROM {view}").fetchall(), expected[view])
print(reader)

# The shell: reads, dumps, recovers.
if shutil.which("sqlite3") is None:
    sys.exit("there is no sqlite3 to try: apt-get install sqlite3")
reader = "sqlite3 " + text("sqlite3", "--version").split()[0]
for view in views:
    @attempt(reader, view)
    def _():
        found = text("sqlite3", "-json", archive, f"SELECT * FROM {view}")
        same(reader, view, [list(row.values()) for row in json.loads(found)], expected[view])
# Debian builds the shell without what .recover needs: then it saves nothing of any database (findings/).
commands = [".dump"]
with sqlite3.connect("plain.db") as plain:
    plain.execute("CREATE TABLE IF NOT EXISTS plain (one)")
plain.close()
if subprocess.run(["sqlite3", "plain.db", ".recover"], capture_output=True).returncode == 0:
    commands.append(".recover")
else:
    print(f"{reader}: it cannot recover anything, so that is not tried")
for command in commands:
    @attempt(reader, command)
    def _():
        copy = "copy.db"
        if os.path.exists(copy):
            os.remove(copy)
        text("sqlite3", copy, input=text("sqlite3", archive, command))
        with sqlite3.connect(copy) as made:
            for view in views:
                same(f"{reader} {command}", view, made.execute(f"SELECT * FROM {view}").fetchall(), expected[view])
        made.close()
print(reader)

reader = "Datasette " + text(f"{here}/datasette", "--version").split()[-1]
for view in views:
    @attempt(reader, view)
    def _():
        page = f"/archive/{view}.json?_shape=array&_size=max"
        found = json.loads(text(f"{here}/datasette", archive, "--get", page, "--setting", "max_returned_rows", "10000"))
        same(reader, view, [[v for k, v in row.items() if k != "rowid"] for row in found], expected[view])
print(reader)

reader = "sqlite-utils " + text(f"{here}/sqlite-utils", "--version").split()[-1]
for view in views:
    @attempt(reader, view)
    def _():
        found = json.loads(text(f"{here}/sqlite-utils", "rows", archive, view))
        same(reader, view, [list(row.values()) for row in found], expected[view])

@attempt(reader, "dump")
def _():
    assert text(f"{here}/sqlite-utils", "dump", archive).rstrip().endswith("COMMIT;")
print(reader)

import duckdb
import duckdb_extension_sqlite_scanner

reader = f"DuckDB {duckdb.__version__}"
duck = duckdb.connect()
# From PyPI, since DuckDB's own place is another host. DuckDB loads nothing that it has not signed.
folder = pathlib.Path(duckdb_extension_sqlite_scanner.__file__).parent
extension = next(folder.rglob("sqlite_scanner.duckdb_extension"))
duck.execute(f"LOAD '{extension}'")
duck.execute(f"ATTACH '{archive}' AS log (TYPE sqlite, READ_ONLY)")
for view in views:
    @attempt(reader, view)
    def _():
        same(reader, view, duck.sql(f"SELECT * FROM log.{view}").fetchall(), expected[view])

@attempt(reader, "numbers")
def _():
    assert duck.sql("SELECT sum(entries) FROM log.hours").fetchone()[0] == total
    assert duck.sql("SELECT max(severity_number) FROM log.entries").fetchone()[0] == 17
    assert duck.sql("SELECT count(*) FROM log.entries WHERE time::TIMESTAMPTZ > '2000-01-01'").fetchone()[0] > 0
    numbers = set()
    for view in views:
        rows = duck.sql(f"SELECT * FROM log.{view}")
        numbers |= {(view, column) for column, kind in zip(rows.columns, rows.types) if kind == "BIGINT"}
    assert numbers == {("entries", "severity_number"), ("entries", "key"), ("hours", "entries"), ("stores", "failures"),
                       ("audits", "entries"), ("gaps", "attempts")}, numbers

print(reader)

if failures:
    sys.exit("\n".join(["", *failures]))
print("Every reader says what the program says.")
