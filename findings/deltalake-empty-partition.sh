#!/usr/bin/env bash
# Guess: an empty text in a partition column is null for every reader, as the Delta protocol says.
# Behaviour: one package has two answers. deltalake's own SQL and polars give the empty text back and count it apart from
#   null; to_pyarrow_table of the same table gives null, and a filter for null finds both rows.
# Hurts: whoever partitions a lake by a field that is sometimes empty, such as BigCommerce's module.
# Instead: partition by what is never empty (store, day), or write a word such as "none" for it.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 polars==2.1.0 pyarrow==26.0.1
seen=$("$python" - <<'PY'
import os, sys, polars as pl, pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
write_deltalake("log", pa.table({"id": ["1", "2", "3"], "module": ["", None, "export"]}), partition_by=["module"])
table = DeltaTable("log")
def show(name, rows, nulls):
    print(f"{name}: {dict(sorted(rows))}, module is null: {nulls}")
sql = lambda text: pa.table(QueryBuilder().register("log", table).execute(text).read_all()).to_pydict()
rows = sql("select id, module from log")
show("SQL of deltalake", zip(rows["id"], rows["module"]), len(sql("select id from log where module is null")["id"]))
frame = pl.scan_delta("log")
show("polars", frame.select("id", "module").collect().rows(), frame.filter(pl.col("module").is_null()).collect().height)
arrow = table.to_pyarrow_table()
show("to_pyarrow_table", zip(arrow["id"].to_pylist(), arrow["module"].to_pylist()), arrow["module"].null_count)
sys.stdout.flush()
os._exit(0)  # the threads of the two packages do not end in peace
PY
)
verdict 'deltalake 1.6.6, polars 2.1.0 (PyPI)' 'the same from all three' "SQL of deltalake: {'1': '', '2': None, '3': 'export'}, module is null: 1
polars: {'1': '', '2': None, '3': 'export'}, module is null: 1
to_pyarrow_table: {'1': None, '2': None, '3': 'export'}, module is null: 2" "$seen"
