#!/usr/bin/env bash
# Guess: Turso writes a file that SQLite made, or refuses to, and SQLite finds it in order afterwards.
# Behaviour: where the file has a full-text table, Turso opens it, says nothing, and writes rows of *other* tables without
#   their indexes. SQLite then calls the file damaged, and finds a row by scanning that it does not find by its key, so
#   that UNIQUE no longer holds either. Without the full-text table the same write is right.
# Hurts: whoever writes to an archive, or to any file with an FTS5 search, with Turso.
# Instead: open such files for reading only; "reindex" in SQLite repairs them.
. "$(dirname "$0")/lib.sh"
python_with pyturso==0.8.3
seen=$("$python" - <<'PY'
import sqlite3, turso
for words in ["", "create virtual table words USING fts5(text);"]:
    name = f"{len(words)}.db"
    db = sqlite3.connect(name)
    db.executescript(f"create table store(id integer primary key, name text unique); {words}")
    db.close()
    db = turso.connect(name)
    db.execute("insert into store values (1, 'open001')")
    db.commit()
    db.close()
    db = sqlite3.connect(name)
    check = "; ".join(line for line, in db.execute("pragma integrity_check"))
    by_key = db.execute("select count(*) from store where name = 'open001'").fetchone()[0]
    by_scan = db.execute("select count(*) from store where +name = 'open001'").fetchone()[0]
    print(f"{'with' if words else 'without'} a full-text table: {check}; found by key {by_key}, by scan {by_scan}")
PY
)
verdict 'pyturso 0.8.3 (PyPI)' 'ok, and 1 row by either way, both times' 'without a full-text table: ok; found by key 1, by scan 1
with a full-text table: row 1 missing from index sqlite_autoindex_store_1; wrong # of entries in index sqlite_autoindex_store_1; found by key 0, by scan 1' "$seen"
