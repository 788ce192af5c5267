#!/usr/bin/env bash
# Guess: one column of times is one type in Node, whichever program wrote the Parquet file.
# Behaviour: parquetjs goes by Parquet's older types only. A time is a Date from pyarrow and DuckDB, and from polars, which leaves them
#   out, a BigInt in the unit of the column; so are nanoseconds, from each. A decimal is a number from DuckDB and polars, and bytes
#   from pyarrow. A list is an object with an object for each element. Comparing with a Date never fails: a BigInt in microseconds is
#   after every day.
# Hurts: whoever reads a lake's files in Node: "since yesterday" is true of each row of the files that another program wrote.
# Instead: hyparquet, which reads all of them alike; or write times in milliseconds with pyarrow or DuckDB.
. "$(dirname "$0")/lib.sh"
python_with pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 pytz==2026.1
node_with @dsnp/parquetjs@1.8.9 hyparquet@1.31.5
"$python" -W ignore - 2>set-up.log <<'PY' || not_set_up files
import datetime, decimal, duckdb, polars, pyarrow, pyarrow.parquet
time = datetime.datetime(2026, 8, 1, 10, tzinfo=datetime.timezone.utc)
columns = {unit: pyarrow.array([time], pyarrow.timestamp(unit, "UTC")) for unit in ["ms", "us", "ns"]}
rows = pyarrow.table({**columns, "amount": pyarrow.array([decimal.Decimal("1.75")], pyarrow.decimal128(10, 2)), "tags": [["a", "b"]]})
pyarrow.parquet.write_table(rows, "pyarrow.parquet")
duckdb.sql("copy (from rows) to 'duckdb.parquet'")
polars.from_arrow(rows).write_parquet("polars.parquet", compression="snappy")
PY
cat >read.mjs <<'JS'
import parquet from "@dsnp/parquetjs/dist/parquet.js";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
const kind = (value) => value instanceof Date ? "Date" : Buffer.isBuffer(value) ? "bytes" : Array.isArray(value) ? "array" : typeof value;
const later = (row) => row.us > new Date("2100-01-01");
const show = (what, row) => console.log(`${what}:`, Object.entries(row).map(([name, value]) => `${name} ${kind(value)}`).join(", ") + `, after 2100: ${later(row)}`);
for (const name of ["pyarrow", "duckdb", "polars"]) {
  const reader = await parquet.ParquetReader.openFile(`${name}.parquet`);
  show(`parquetjs of ${name}`, await reader.getCursor().next());
  show(`hyparquet of ${name}`, (await parquetReadObjects({ file: await asyncBufferFromFile(`${name}.parquet`) }))[0]);
}
JS
seen=$(node read.mjs 2>set-up.log)
verdict '@dsnp/parquetjs 1.8.9, hyparquet 1.31.5 (npm), pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1 (PyPI)' 'the same types for each writer, and nothing after 2100' 'parquetjs of pyarrow: ms Date, us Date, ns bigint, amount bytes, tags object, after 2100: false
hyparquet of pyarrow: ms Date, us Date, ns Date, amount number, tags array, after 2100: false
parquetjs of duckdb: ms Date, us Date, ns bigint, amount number, tags object, after 2100: false
hyparquet of duckdb: ms Date, us Date, ns Date, amount number, tags array, after 2100: false
parquetjs of polars: ms bigint, us bigint, ns bigint, amount number, tags object, after 2100: true
hyparquet of polars: ms Date, us Date, ns Date, amount number, tags array, after 2100: false' "$seen"
