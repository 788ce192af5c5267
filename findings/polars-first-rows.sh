#!/usr/bin/env bash
# Guess: polars takes the types from the first rows, and a later value that does not fit is an error, as in read_csv and read_ndjson.
# Behaviour: in read_database, as in DataFrame(records), a value after the first 100 rows is cast: 1.75 becomes 1, the text 00123
#   the number 123, and a 19-digit id below fractions another id. Only what cannot be cast at all is an error.
# Hurts: whoever asks an archive for values inside extra, which are whole for many rows and then are not: sums are too small.
# Instead: infer_schema_length=None, or schema_overrides.
. "$(dirname "$0")/lib.sh"
python_with polars==2.1.0
seen=$("$python" - <<'PY'
import polars, sqlite3
def ask(name, first, last, **given):
    archive = sqlite3.connect(":memory:")
    archive.execute("create table entry (extra text)")
    archive.executemany("insert into entry values (json_object('value', ?))", [(first,)] * 100 + [(last,)])
    try:
        column = polars.read_database("select extra ->> 'value' as value from entry", archive, **given)["value"]
        print(f"{name}: {column[-1]!r}, {column.dtype}")
    except polars.exceptions.PolarsError as why:
        print(f"{name}: {type(why).__name__}")
ask("1.75 below 1", 1, 1.75)
ask("00123 below 1", 1, "00123")
ask("5829741034501112345 below 1.5", 1.5, 5829741034501112345)
ask("declined below 1", 1, "declined")
ask("1.75 below 1, all rows looked at", 1, 1.75, infer_schema_length=None)
print("1.75 below 1 in records:", polars.DataFrame([{"value": 1}] * 100 + [{"value": 1.75}])["value"][-1])
PY
)
verdict 'polars 2.1.0 (PyPI)' 'the value as it is, or an error' '1.75 below 1: 1, Int64
00123 below 1: 123, Int64
5829741034501112345 below 1.5: 5.829741034501113e+18, Float64
declined below 1: ComputeError
1.75 below 1, all rows looked at: 1.75, Float64
1.75 below 1 in records: 1' "$seen"
