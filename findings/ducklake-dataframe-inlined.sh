#!/usr/bin/env bash
# Guess: ducklake-dataframe reads from a DuckLake what DuckDB wrote into it.
# Behaviour: rows of a small insert, which DuckDB keeps in the catalog in place of a file, come with null for each time that has a zone, for
#   a column that was renamed since, and for one that was added with a default. In a file, only the last is null.
# Hurts: whoever adds entries to a DuckLake bit by bit and reads them with polars: the newest have no time, and nothing says so.
# Instead: call ducklake_flush_inlined_data first, and fill in defaults; or read with DuckDB.
. "$(dirname "$0")/lib.sh"
python_with ducklake-dataframe==1.0.0 polars==2.1.0 duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-sqlite-scanner==1.5.5 pytz==2026.1
cat >write.py <<'PY'
import duckdb, importlib.util, json, pathlib, sys
flushed, *statements = sys.argv[1:]
db = duckdb.connect(config={"allow_unsigned_extensions": True})
for name in ["sqlite_scanner", "ducklake"]:
    folder = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").submodule_search_locations[0])
    db.execute(f"load '{next(folder.rglob('*.duckdb_extension'))}'")
db.execute("attach 'ducklake:sqlite:log.ducklake' as lake (data_path 'data')")
db.execute("use lake")
for statement in statements:
    db.execute(statement)
if flushed == "in a file":
    db.execute("call ducklake_flush_inlined_data('lake')")
print(*[f"{column[0]} {value!s}" for column, value in zip(db.sql("from entries").description, db.sql("from entries").fetchone())], sep=", ", end="")
PY
cat >read.py <<'PY'
import ducklake_polars
row, = ducklake_polars.read_ducklake("log.ducklake", "entries").rows(named=True)
print(*[f"{column} {value!s}" for column, value in row.items()], sep=", ")
PY
# The read fails now and then over a SQLite connection of another thread, so it is tried until it works.
read_it() { for _ in $(seq 20); do "$python" read.py 2>>set-up.log && break; done; }
tried() { # WHAT STATEMENT…
  for place in 'in the catalog' 'in a file'; do
    rm -rf log.ducklake data
    echo "$1, $place: by DuckDB $("$python" write.py "$place" "${@:2}" 2>>set-up.log), by polars $(read_it)"
  done
}
seen=$(
  tried 'a time' "create table entries (id varchar, time timestamptz)" "insert into entries values ('00123', '2026-08-01 10:00:00+00')"
  tried 'a column with another name' "create table entries (id varchar, part varchar)" "insert into entries values ('00123', 'Order Status')" \
    "alter table entries rename column part to module"
  tried 'a new column' "create table entries (id varchar)" "insert into entries values ('00123')" \
    "alter table entries add column severity varchar default 'info'"
)
verdict 'ducklake-dataframe 1.0.0 with polars 2.1.0, duckdb 1.5.5 with ducklake (PyPI)' 'the same by polars as by DuckDB' 'a time, in the catalog: by DuckDB id 00123, time 2026-08-01 10:00:00+00:00, by polars id 00123, time None
a time, in a file: by DuckDB id 00123, time 2026-08-01 10:00:00+00:00, by polars id 00123, time 2026-08-01 10:00:00+00:00
a column with another name, in the catalog: by DuckDB id 00123, module Order Status, by polars id 00123, module None
a column with another name, in a file: by DuckDB id 00123, module Order Status, by polars id 00123, module Order Status
a new column, in the catalog: by DuckDB id 00123, severity info, by polars id 00123, severity None
a new column, in a file: by DuckDB id 00123, severity info, by polars id 00123, severity None' "$seen"
