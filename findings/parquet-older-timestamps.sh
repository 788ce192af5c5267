#!/usr/bin/env bash
# Guess: a time in Parquet means the same to every reader; the format says whether it is UTC.
# Behaviour: writers that name only the older type TIMESTAMP_MILLIS, such as hyparquet-writer, leave room: the format's rule
#   is that it is UTC, and pyarrow reads it so; polars and DuckDB read a time without a zone.
# Hurts: whoever compares such a file with an export whose times have a zone: polars refuses to join the two, and DuckDB
#   moves the times by its own time zone setting.
# Instead: say which zone on reading: .dt.replace_time_zone("UTC"), or time at time zone 'UTC'.
. "$(dirname "$0")/lib.sh"
node_with hyparquet-writer@0.17.0
python_with polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat >write.mjs <<'JS'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { writeFileSync } from 'node:fs'
writeFileSync('log.parquet', Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'time', data: [new Date('2026-11-01T00:00:00Z')] }] })))
JS
node write.mjs
seen=$("$python" - <<'PY'
import duckdb, polars as pl, pyarrow.parquet as parquet
print("pyarrow:", parquet.read_table("log.parquet")["time"].type)
print("polars:", pl.read_parquet("log.parquet").schema["time"])
duckdb.sql("set timezone = 'Asia/Taipei'")
print("DuckDB:", *duckdb.sql("select typeof(time), time::timestamptz = timestamptz '2026-11-01 00:00:00+00' from 'log.parquet'").fetchall()[0])
PY
)
verdict 'hyparquet-writer 0.17.0 (npm); pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1 (PyPI)' 'UTC, each time' "pyarrow: timestamp[ms, tz=UTC]
polars: Datetime(time_unit='ms', time_zone=None)
DuckDB: TIMESTAMP False" "$seen"
