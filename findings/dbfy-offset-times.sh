#!/usr/bin/env bash
# Guess: a timestamp column of JSON lines is the instant, whichever way RFC 3339 lets its offset be written, or else an error.
# Behaviour: only times with a Z are times to dbfy. With +08:00, and with +00:00 as well, they are null without a word, as is a number
#   that is not written as a whole one, 3.0, so that a question since a time leaves a whole store out.
# Hurts: whoever asks log files of several stores by SQL: entries of one are there, and those of the other are never since a time.
# Instead: times in UTC with a Z, as `--format viewer` writes them; count `time is null` first.
. "$(dirname "$0")/lib.sh"
python_with dbfy==0.4.1 pyarrow==26.0.1
cat >log.jsonl <<'JSONL'
{"id":1,"time":"2026-08-01T10:00:00Z","seconds":3}
{"id":2,"time":"2026-08-01T10:00:00.250Z","seconds":3.0}
{"id":3,"time":"2026-08-01T18:00:00+08:00","seconds":4}
{"id":4,"time":"2026-08-01T10:00:00+00:00","seconds":1e1}
JSONL
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
import os, dbfy, pyarrow
column = lambda name, kind: f'{{name: {name}, path: "$.{name}", type: {kind}}}'
engine = dbfy.Engine.from_yaml(f"""
version: 1
sources:
  store:
    type: rows_file
    tables:
      log:
        path: {os.path.abspath("log.jsonl")}
        parser: {{format: jsonl, columns: [{column("id", "int64")}, {column("time", "timestamp")}, {column("seconds", "int64")}]}}
""")
ask = lambda sql: pyarrow.Table.from_batches(engine.query(sql)).to_pylist()
for row in ask("select id, cast(time as varchar) as time, seconds from store.log order by id"):
    print(*row.values())
print("since 10:00Z:", [row["id"] for row in ask("select id from store.log where time >= timestamp '2026-08-01T10:00:00Z' order by id")])
print("sum of seconds:", ask("select sum(seconds) as s from store.log")[0]["s"])
PY
)
verdict 'dbfy 0.4.1 (PyPI)' 'four times, 3, 3, 4 and 10 seconds; all four since 10:00Z; 20' '1 2026-08-01T10:00:00Z 3
2 2026-08-01T10:00:00.250Z None
3 None 4
4 None None
since 10:00Z: [1, 2]
sum of seconds: 7' "$seen"
