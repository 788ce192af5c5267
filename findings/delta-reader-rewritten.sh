#!/usr/bin/env bash
# Guess: what one Delta reader made for Arrow reads, it still reads after rows were deleted, changed or merged by another program.
# Behaviour: delta-arrow-reader scans a table that deltalake wrote and compacted. As soon as deltalake has deleted, updated or
#   merged a row, the scan of a text column fails with "parquet_schema_match_failed": such files say in their Arrow schema that
#   texts are views (string_view), which Parquet does not tell apart. Deltalake, DuckDB and polars read on.
# Hurts: whoever deletes from a lake with one program and reads it with the other.
# Instead: compact the table with deltalake afterwards: its compaction writes plain texts again.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 delta-arrow-reader==0.7.0 pyarrow==26.0.1
"$python" - <<'PY'
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
rows = pa.table({"uid": ["a", "b"], "severity_number": pa.array([17, 9], pa.int32())})
def table(name):
    write_deltalake(name, rows)
    write_deltalake(name, rows.slice(0, 1), mode="append")
    return DeltaTable(name)
table("append")
table("compact").optimize.compact()
table("delete").delete("uid = 'b'")
table("update").update(updates={"severity_number": "1"}, predicate="uid = 'b'")
merge = table("merge").merge(rows.slice(1), "new.uid = old.uid", source_alias="new", target_alias="old")
merge.when_matched_update_all().execute()
again = table("delete, then compact")
again.delete("uid = 'b'")
again.optimize.compact()
PY
seen=$(for name in append compact delete update merge 'delete, then compact'; do
  if "$bin/delta-arrow-reader" scan "$name" >rows.arrow 2>error; then
    echo "$name: $("$python" -c 'import pyarrow.ipc; print(pyarrow.ipc.open_stream("rows.arrow").read_all().num_rows)') rows"
  else
    echo "$name: $(grep -o 'reason=[a-z_]*' error | head -n 1)"
  fi
done)
verdict 'delta-arrow-reader 0.7.0, deltalake 1.6.6 (PyPI)' 'the rows, each time' 'append: 3 rows
compact: 3 rows
delete: reason=parquet_schema_match_failed
update: reason=parquet_schema_match_failed
merge: reason=parquet_schema_match_failed
delete, then compact: 2 rows' "$seen"
