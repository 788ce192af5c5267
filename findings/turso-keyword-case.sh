#!/usr/bin/env bash
# Guess: Turso, SQLite rewritten in Rust, opens a file of SQLite; a virtual table that it does not have fails when it is asked.
# Behaviour: SQLite keeps a CREATE statement as it was typed, and Turso wants its USING in capitals. One table made with
#   "using fts5" closes the whole file, every other table included; with "USING fts5" the same file opens. A generated
#   column closes it, too.
# Hurts: whoever opens an archive with Turso, of which the file format is the promise.
# Instead: read archives with SQLite; for Turso, copy the plain tables into a file of their own.
. "$(dirname "$0")/lib.sh"
python_with pyturso==0.8.3
seen=$("$python" - <<'PY'
import sqlite3, turso
for number, made in enumerate(["create virtual table words using fts5(text)", "create virtual table words USING fts5(text)",
                               "create table day(time integer, hour integer as (time / 3600))"]):
    name = f"{number}.db"
    db = sqlite3.connect(name)
    db.executescript(f"create table log(id text); insert into log values ('1'); {made};")
    db.close()
    try:
        print(f"{made}: opened, {turso.connect(name).execute('select count(*) from log').fetchone()[0]} row in log")
    except turso.Error as error:
        print(f"{made}: not opened, {str(error).split(chr(10))[0]}")
PY
)
verdict 'pyturso 0.8.3 (PyPI)' 'opened, three times' "create virtual table words using fts5(text): not opened, Expected 'USING' in module name
create virtual table words USING fts5(text): opened, 1 row in log
create table day(time integer, hour integer as (time / 3600)): not opened, Parse error: table 'day' uses generated columns but the generated_columns feature is not enabled" "$seen"
