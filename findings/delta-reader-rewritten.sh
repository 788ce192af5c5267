#!/usr/bin/env bash
# Guess: what readers of Delta tables read, they still read after another program deleted, changed, merged or compacted rows in it.
# Behaviour: delta-arrow-reader scans a table that deltalake wrote and compacted. As soon as deltalake has deleted, updated or
#   merged a row, the scan of a text column fails with "parquet_schema_match_failed": such files say in their Arrow schema that
#   texts are views (string_view), which Parquet does not tell apart. And compara refuses such a table, since deltalake appends
#   with Snappy and rewrites with Zstandard, while some of its files are of the one and some of the other. Deltalake reads on.
# Hurts: whoever deletes from a lake with one program and reads it or compares it with the other.
# Instead: compact the table with deltalake afterwards: its compaction writes plain texts again, and all with Zstandard.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 delta-arrow-reader==0.7.0 compara==0.6.0 pyarrow==26.0.1
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
    scan="$("$python" -c 'import pyarrow.ipc; print(pyarrow.ipc.open_stream("rows.arrow").read_all().num_rows)') rows"
  else
    scan=$(grep -o 'parquet_[a-z_]*' error | head -n 1)
  fi
  "$bin/compara" compare "$name" "$name" -k uid,severity_number >compared 2>&1
  echo "$name: $scan; compara: $(grep -oE 'matched [0-9]+|changes compression' compared | head -n 1)"
done)
verdict 'delta-arrow-reader 0.7.0, compara 0.6.0, deltalake 1.6.6 (PyPI)' 'the rows, each time' 'append: 3 rows; compara: matched 2
compact: 3 rows; compara: matched 2
delete: parquet_schema_match_failed; compara: changes compression
update: parquet_schema_match_failed; compara: matched 2
merge: parquet_schema_match_failed; compara: matched 2
delete, then compact: 2 rows; compara: matched 1' "$seen"
