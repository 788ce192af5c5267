#!/usr/bin/env bash
# Guess: sqlite-utils transform, asked to rename one column, keeps everything else of the table, or refuses: it does refuse
#   where a partial index would be lost.
# Behaviour: the table's triggers are gone without a word, so a word index that they kept up to date no longer finds what is
#   new. A NUMERIC or DECIMAL column becomes REAL, and 19-digit ids in it are rounded in the file itself.
# Hurts: whoever tidies up a copy of an archive, or any SQLite file with a search.
# Instead: ALTER TABLE … RENAME COLUMN in SQLite itself, which keeps all of it.
. "$(dirname "$0")/lib.sh"
python_with sqlite-utils==4.2.1
seen=$("$python" - "$bin/sqlite-utils" <<'PY'
import sqlite3, subprocess, sys
def make(name):
    db = sqlite3.connect(name)
    db.executescript("""
        create table log (rowid_ integer primary key, ref numeric, text text, note text);
        create virtual table words using fts5(text, content='log', content_rowid='rowid_');
        create trigger log_added after insert on log begin insert into words(rowid, text) values (new.rowid_, new.text); end;
        insert into log values (1, 1234567890123456789, 'refund failed', '');
    """)
    return db
def show(how, db):
    db.execute("insert into log(ref, text) values (2, 'refund failed')")
    hits = db.execute("select count(*) from words where words match 'refund'").fetchone()[0]
    ref = db.execute("select ref from log where rowid_ = 1").fetchone()[0]
    print(f"{how}: {hits} of 2 found, ref {ref}")
make("a.db").close()
subprocess.run([sys.argv[1], "transform", "a.db", "log", "--rename", "note", "remark"], check=True)
show("transform", sqlite3.connect("a.db"))
db = make("b.db")
db.execute("alter table log rename column note to remark")
show("ALTER TABLE", db)
PY
)
verdict 'sqlite-utils 4.2.1 (PyPI)' '2 of 2 found and the number as it was, both times' 'transform: 1 of 2 found, ref 1.2345678901234568e+18
ALTER TABLE: 2 of 2 found, ref 1234567890123456789' "$seen"
