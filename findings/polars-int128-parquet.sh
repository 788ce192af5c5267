#!/usr/bin/env bash
# Guess: a whole number past 64 bits in JSON makes polars' column a float or an error, and what write_parquet writes, others read.
# Behaviour: polars makes the column Int128 and writes it to Parquet without a word. polars reads it back; pyarrow refuses
#   the whole file, and DuckDB shows 16 raw bytes in the place of each number.
# Hurts: whoever turns JSON lines into Parquet for others: one id above 18446744073709551615 makes the file unreadable.
# Instead: give the schema (ids are text), or cast Int128 to text before writing.
. "$(dirname "$0")/lib.sh"
python_with polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
seen=$("$python" - <<'PY'
import duckdb, polars as pl, pyarrow.parquet as parquet
with open("log.jsonl", "w") as file:
    file.write('{"id": 1}\n{"id": 12345678901234567890123}\n')
frame = pl.read_ndjson("log.jsonl")
frame.write_parquet("log.parquet")
print("polars writes:", frame.schema["id"], "and reads:", pl.read_parquet("log.parquet")["id"][1])
try:
    print("pyarrow reads:", parquet.read_table("log.parquet")["id"][1])
except Exception as error:
    print("pyarrow refuses:", error)
print("DuckDB reads:", *duckdb.sql("select typeof(id), octet_length(id) from 'log.parquet' limit 1").fetchall()[0], "bytes")
PY
)
verdict 'polars 2.1.0, pyarrow 26.0.1, duckdb 2.0.1 (PyPI)' 'a number, or an error when the file is written' 'polars writes: Int128 and reads: 12345678901234567890123
pyarrow refuses: Integers with more than 64 bits not implemented
DuckDB reads: BLOB 16 bytes' "$seen"
