#!/usr/bin/env bash
# Guess: in DataFusion, one instant compares as the same, whether it is written as text, as a timestamp with an offset, or bare in UTC.
# Behaviour: on columns without a zone or in UTC it does. On a column in another zone, timestamp '…+08:00' and to_timestamp lose their
#   offset on the way and mean that clock time in the column's zone: the bound is eight hours too early. Plain text is read right.
#   A union of both kinds of column moves the times likewise, and date_bin cuts days at midnight UTC, date_trunc at midnight there.
# Hurts: whoever keeps times in the store's zone and asks for those since an hour.
# Instead: keep times in UTC, as our lake does; else bounds as plain text with an offset.
. "$(dirname "$0")/lib.sh"
python_with datafusion==55.0.0 pyarrow==26.0.1
seen=$("$python" - 2>/dev/null <<'PY'
import datafusion, pyarrow
from datetime import datetime, timezone
times = [datetime(2026, 8, 1, hour, tzinfo=timezone.utc) for hour in (4, 9, 10, 17)]
rows = pyarrow.table({"id": [1, 2, 3, 4], **{name: pyarrow.array(times, pyarrow.timestamp("us", "UTC")).cast(pyarrow.timestamp("us", zone))
                      for name, zone in {"bare": None, "utc": "UTC", "there": "Asia/Singapore"}.items()}})
context = datafusion.SessionContext()
context.register_record_batches("log", [rows.to_batches()])
def ask(query):
    return " ".join(str(row["answer"]) for row in pyarrow.Table.from_batches(context.sql(query).collect()).to_pylist())
for bound in "'2026-08-01T18:00:00+08:00'", "timestamp '2026-08-01T18:00:00+08:00'", "to_timestamp('2026-08-01T18:00:00+08:00')":
    for column in "bare", "utc", "there":
        print(f"{column} >= {bound}:", ask(f"select id as answer from log where {column} >= {bound} order by id"))
print("id 1 of a union:", ask("select cast(answer as text) as answer from (select there as answer from log where id = 1 union all select bare from log where id = 1) order by 1"))
for function in "date_trunc('day', there)", "date_bin(interval '1 day', there)":
    print(f"{function} of id 4:", ask(f"select cast({function} as text) as answer from log where id = 4"))
PY
)
verdict 'datafusion 55.0.0 (PyPI)' '3 and 4, each time; one time twice; one day' "bare >= '2026-08-01T18:00:00+08:00': 3 4
utc >= '2026-08-01T18:00:00+08:00': 3 4
there >= '2026-08-01T18:00:00+08:00': 3 4
bare >= timestamp '2026-08-01T18:00:00+08:00': 3 4
utc >= timestamp '2026-08-01T18:00:00+08:00': 3 4
there >= timestamp '2026-08-01T18:00:00+08:00': 1 2 3 4
bare >= to_timestamp('2026-08-01T18:00:00+08:00'): 3 4
utc >= to_timestamp('2026-08-01T18:00:00+08:00'): 3 4
there >= to_timestamp('2026-08-01T18:00:00+08:00'): 1 2 3 4
id 1 of a union: 2026-08-01T04:00:00+08:00 2026-08-01T12:00:00+08:00
date_trunc('day', there) of id 4: 2026-08-02T00:00:00+08:00
date_bin(interval '1 day', there) of id 4: 2026-08-01T08:00:00+08:00" "$seen"
