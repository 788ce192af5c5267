#!/usr/bin/env bash
# Guess: two fields whose names dlt writes alike become two columns, or it says that they clash.
# Behaviour: one column. orderId and order_id are alike to it, and the one that comes later in the entry wins, so in another order of
#   fields the other one. So are code in an object extra and extra__code beside it, where the object wins. The other value is in no
#   table, and the run ends well.
# Hurts: whoever loads a platform's records as they come, with names in camelCase beside others, as when a field is renamed or an app
#   adds its own.
# Instead: SCHEMA__NAMING=direct, or look for names that clash; our lake keeps such fields as one JSON text.
. "$(dirname "$0")/lib.sh"
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL DLT_DATA_DIR=$work/dlt HOME=$work
python_with 'dlt[duckdb]==1.31.0' duckdb==2.0.1
cat >load.py <<'PY'
import dlt, duckdb, sys
name = sys.argv[1]
pipeline = dlt.pipeline(name, destination=dlt.destinations.duckdb(f"{name}.duckdb"), dataset_name="log", pipelines_dir="pipelines")
pipeline.run([
    {"id": 1, "orderId": "A", "order_id": "B"},
    {"id": 2, "order_id": "B", "orderId": "A"},
    {"id": 3, "extra": {"code": "A"}, "extra__code": "B"},
    {"id": 4, "extra__code": "B", "extra": {"code": "A"}},
], table_name="entries")
with duckdb.connect(f"{name}.duckdb") as db:
    rows = db.sql("select * exclude (_dlt_id, _dlt_load_id) from log.entries order by id")
    for row in rows.fetchall():
        print(f"{name}:", *(f"{column}={value}" for column, value in zip(rows.columns, row) if value is not None))
PY
seen=$("$python" -W ignore load.py default 2>set-up.log; SCHEMA__NAMING=direct "$python" -W ignore load.py direct 2>>set-up.log)
verdict 'dlt 1.31.0 (PyPI)' 'A and B in each entry' 'default: id=1 order_id=B
default: id=2 order_id=A
default: id=3 extra__code=A
default: id=4 extra__code=A
direct: id=1 orderId=A order_id=B
direct: id=2 orderId=A order_id=B
direct: id=3 extra__code=B extra▶code=A
direct: id=4 extra__code=B extra▶code=A' "$seen"
