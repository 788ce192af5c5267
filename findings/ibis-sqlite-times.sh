#!/usr/bin/env bash
# Guess: ibis compares the times of a SQLite file with a datetime by their instants, or says that it cannot.
# Behaviour: it compares texts. It writes the bound with a space and its own offset, so a column of RFC 3339 texts that it calls
#   timestamp('UTC') is later than every bound of that day, since T sorts after a space, and a bound of 18:00+08:00 is one of 18:00.
#   Cast from text, the offset is dropped all the same. And microsecond() of a time is its seconds.
# Hurts: whoever asks a SQLite file of entries for those since a datetime: a whole day comes with them, or eight hours are missing.
# Instead: compare text with text in the file's own form, as our views have it, such as entries.time >= "2026-08-01T10:00:00.000000Z".
. "$(dirname "$0")/lib.sh"
python_with 'ibis-framework[sqlite]==12.0.0'
"$python" - <<'PY'
import sqlite3
db = sqlite3.connect("log.db")
db.execute("create table entries (id integer, typed timestamptz, text text)")
db.executemany("insert into entries values (?1, ?2, ?2)", [(n, f"2026-08-01T{hour}:00:07.123000Z") for n, hour in enumerate(["04", "09", "10", "17"], 1)])
db.commit()
PY
seen=$("$python" -W ignore - 2>/dev/null <<'PY'
import datetime, ibis
entries = ibis.sqlite.connect("log.db").table("entries")
print("the column's type:", entries.typed.type())
def ids(name, condition):
    print(f"{name}:", *entries.filter(condition).order_by("id").id.to_pyarrow().to_pylist())
utc = datetime.datetime(2026, 8, 1, 10, tzinfo=datetime.timezone.utc)
east = utc.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
cast = entries.text.cast("timestamp('UTC')")
for name, column in {"typed": entries.typed, "cast": cast}.items():
    ids(f"{name} >= 10:00+00:00", column >= utc)
    ids(f"{name} >= 18:00+08:00", column >= east)
ids("text with text", entries.text >= "2026-08-01T10:00:00.000000Z")
print("microseconds:", *entries.typed.microsecond().to_pyarrow().to_pylist())
PY
)
verdict 'ibis-framework 12.0.0 with SQLite (PyPI)' '3 and 4, each time; 123000' "the column's type: timestamp('UTC')
typed >= 10:00+00:00: 1 2 3 4
typed >= 18:00+08:00: 1 2 3 4
cast >= 10:00+00:00: 3 4
cast >= 18:00+08:00:
text with text: 3 4
microseconds: 7 7 7 7" "$seen"
