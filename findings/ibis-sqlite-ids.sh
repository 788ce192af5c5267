#!/usr/bin/env bash
# Guess: ibis hands out SQLite's integers as they are in the file, in pyarrow's, polars' and its own form; at most pandas rounds them.
# Behaviour: as soon as one row of the result has no value in it, it rounds the whole column to floats first, in pyarrow's and polars'
#   form, too, where it still says int64. A limit or a filter that leaves that row out gives the right ids again. The remainder of an
#   id is another's, null or not.
# Hurts: whoever reads SHOPLINE's ids of 19 digits with a column that is not always there, as a parent's or a related order's, from a
#   SQLite file; a join by it finds other rows or none.
# Instead: .cast("string"), which is exact; or Python's sqlite3, or DuckDB.
. "$(dirname "$0")/lib.sh"
python_with 'ibis-framework[sqlite,polars]==12.0.0'
"$python" - <<'PY'
import sqlite3
db = sqlite3.connect("log.db")
db.execute("create table entries (id integer, related integer, extra json)")
db.executemany("insert into entries values (?, ?, ?)", [(6001234567890123456, 6001234567890123457, '{"customer":5829741034501112345}'), (6001234567890123457, None, None)])
db.commit()
PY
seen=$("$python" -W ignore - 2>/dev/null <<'PY'
import ibis
entries = ibis.sqlite.connect("log.db").table("entries")
def show(name, column):
    print(f"{name}: {column.to_pyarrow().type}", *column.to_pyarrow().to_pylist())
show("id", entries.id)
show("related", entries.related)
print("related, polars:", entries.related.to_polars().dtype, *entries.related.to_polars())
show("related, limit 1", entries.limit(1).related)
show("related as text", entries.related.cast("string"))
show("customer in extra", entries.extra["customer"].int)
show("id modulo 7", entries.id % 7)
print("in Python:", 6001234567890123456 % 7, 6001234567890123457 % 7)
PY
)
verdict 'ibis-framework 12.0.0 with SQLite (PyPI)' '6001234567890123457 and 5829741034501112345; 6 and 0' 'id: int64 6001234567890123456 6001234567890123457
related: int64 6001234567890123776 None
related, polars: Int64 6001234567890123776 None
related, limit 1: int64 6001234567890123457
related as text: string 6001234567890123457 None
customer in extra: int64 5829741034501112832 None
id modulo 7: int64 4 4
in Python: 6 0' "$seen"
