#!/usr/bin/env bash
# Guess: the SQL that sqldiff prints for two databases makes the first one equal to the second; that is what it is for.
# Behaviour: where tables have triggers, it does not. The SQL has what a trigger did as well, and applied to a file with the trigger
#   that is done twice: by the names of the tables, the SQL fails in the middle, or a note is there twice. And numbers are written
#   with 15 digits: 0.1 + 0.2 becomes 0.3, so the same difference is found again after every run.
# Hurts: whoever carries changes from one copy of an archive to another: it notes deletions by trigger.
# Instead: drop the triggers in the copy, apply, create them again; or copy the whole file.
. "$(dirname "$0")/lib.sh"
python_with sqlite3-sqldiff==3.54.0
seen=$("$python" - <<'PY'
import shutil, sqlite3, sqldiff
def make(path, notes):
    db = sqlite3.connect(path)
    db.executescript(f"""create table entry (id integer primary key, share real); create table {notes} (entry integer);
        create trigger deleted after delete on entry begin insert into {notes} values (old.id); end;
        insert into entry values (1, 0.5), (2, 0.5);""")
    return db
def patch(name, change, notes="gone"):
    make(f"{name}-old", notes).close()
    db = make(f"{name}-new", notes)
    db.executescript(change)
    db.close()
    shutil.copy(f"{name}-old", f"{name}-patched")
    db = sqlite3.connect(f"{name}-patched")
    try:
        db.executescript(sqldiff.diff(f"{name}-old", f"{name}-new", transaction=True))
        result = "applied"
    except sqlite3.Error as error:
        result = str(error)
    db.close()
    left = sqldiff.diff(f"{name}-patched", f"{name}-new").split("\n")
    print(f"{name}: {result}; still to do: {' '.join(left).strip() or 'nothing'}")
patch("an update", "update entry set share = 0.25 where id = 1")
patch("a deletion noted in gone", "delete from entry where id = 1")
patch("a deletion noted in deleted", "delete from entry where id = 1", "deleted")
patch("a sum", "update entry set share = 0.1 + 0.2 where id = 1")
PY
)
verdict 'sqldiff of SQLite 3.54.0 (sqlite3-sqldiff, PyPI)' 'applied, nothing still to do, each time' 'an update: applied; still to do: nothing
a deletion noted in gone: UNIQUE constraint failed: gone.rowid; still to do: DELETE FROM entry WHERE id=1; INSERT INTO gone(rowid,entry) VALUES(1,1);
a deletion noted in deleted: applied; still to do: DELETE FROM deleted WHERE rowid=2;
a sum: applied; still to do: UPDATE entry SET share=0.3 WHERE id=1;' "$seen"
