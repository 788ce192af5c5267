#!/usr/bin/env bash
# Guess: DeltaTable.delete takes SQL's own literal, timestamp '…', as it takes plain text in its place.
# Behaviour: plain text works, offset included; the typed literal is refused, for it is read in nanoseconds while Delta's
#   times are in microseconds. The same package's QueryBuilder takes both.
# Hurts: whoever prunes a lake by age with the condition that was tried as a query first.
# Instead: write time < '2026-11-01T00:00:00Z', without the word timestamp.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 pyarrow==26.0.1
seen=$("$python" - <<'PY'
import datetime, pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
time = pa.array([datetime.datetime(2026, month, 1, tzinfo=datetime.timezone.utc) for month in (1, 12)], pa.timestamp("us", "UTC"))
for number, literal in enumerate(["'2026-11-01T00:00:00+08:00'", "timestamp '2026-11-01T00:00:00+08:00'"]):
    name = f"log{number}"
    write_deltalake(name, pa.table({"time": time}))
    found = QueryBuilder().register("log", DeltaTable(name)).execute(f"select * from log where time < {literal}").read_all().num_rows
    try:
        deleted = DeltaTable(name).delete(f"time < {literal}")["num_deleted_rows"]
    except Exception as error:
        deleted = "refused" if "Timestamp(" in str(error) else str(error)
    print(f"{literal}: a query finds {found}, a delete deletes {deleted}")
PY
)
verdict 'deltalake 1.6.6 (PyPI)' 'found 1 and deleted 1, both times' "'2026-11-01T00:00:00+08:00': a query finds 1, a delete deletes 1
timestamp '2026-11-01T00:00:00+08:00': a query finds 1, a delete deletes refused" "$seen"
