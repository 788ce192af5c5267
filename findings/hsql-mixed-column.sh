#!/usr/bin/env bash
# Guess: in the JSON lines that hsql (Harlequin) writes of a SQLite file, a number is a number, whatever stands beside it.
# Behaviour: as soon as one column of the result has values of two kinds, a number and a text or a fraction and a long integer, the
#   numbers of all columns become texts, in every row; with a limit that leaves that row out, they are numbers. An integer and a
#   fraction in one column make floats of both: 1 becomes 1.0.
# Hurts: whoever asks an archive for values inside `extra`, where fields have any type, and reads counts beside them.
# Instead: cast such a column, `cast(… as text)`, or ask with sqlite3 -json.
. "$(dirname "$0")/lib.sh"
export HOME=$work
python_with hsql==2.17.0
"$python" - <<'PY'
import sqlite3
db = sqlite3.connect("archive.db")
db.execute("create table entries (hits integer, extra text)")
db.executemany("insert into entries values (?, ?)", [(1, '{"v":1}'), (2, '{"v":2}'), (3, '{"v":"n/a"}')])
db.commit()
PY
ask() { echo "$1: $("$bin/hsql" -a sqlite --jsonl -c "$2" archive.db 2>set-up.log | paste -s -d ' ')"; }
seen=$(
  ask 'two rows' "select hits, extra->>'v' as v from entries limit 2"
  ask 'three rows' "select hits, extra->>'v' as v from entries"
  ask 'cast' "select hits, cast(extra->>'v' as text) as v from entries"
  ask 'a fraction' 'select 1 as hits, 1 as v union all select 2, 1.5'
  ask 'a fraction and an id' 'select 1 as hits, 6001234567890123457 as v union all select 2, 1.5'
)
verdict 'hsql 2.17.0 (PyPI)' 'hits are numbers, each time' 'two rows: {"hits":1,"v":1} {"hits":2,"v":2}
three rows: {"hits":"1","v":"1"} {"hits":"2","v":"2"} {"hits":"3","v":"n/a"}
cast: {"hits":1,"v":"1"} {"hits":2,"v":"2"} {"hits":3,"v":"n/a"}
a fraction: {"hits":1,"v":1.0} {"hits":2,"v":1.5}
a fraction and an id: {"hits":"1","v":"6001234567890123457"} {"hits":"2","v":"1.5"}' "$seen"
