#!/usr/bin/env bash
# Guess: a decimal that polars, DuckDB or pyarrow wrote to Parquet is the same decimal to carquet, or a type that it does not have.
# Behaviour: carquet reads the number without its point, 175 for 1.75, from polars and DuckDB as int64, and from pyarrow, or from
#   itself, as bytes. It writes decimals as well: polars and DuckDB read them, and pyarrow refuses the file.
# Hurts: whoever adds up amounts from a lake with it: they are a hundred times too large, and the type looks like a count.
# Instead: amounts as text or as float64 in the file; or divide by ten to the power of the scale.
. "$(dirname "$0")/lib.sh"
python_with carquet==0.7.2 pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
import decimal, carquet, duckdb, polars, pyarrow, pyarrow.parquet
amounts = pyarrow.table({"amount": pyarrow.array([decimal.Decimal("1.75"), decimal.Decimal("10.10"), None], pyarrow.decimal128(10, 2))})
polars.from_arrow(amounts).write_parquet("polars.parquet")
duckdb.sql("copy (from amounts) to 'duckdb.parquet'")
pyarrow.parquet.write_table(amounts, "pyarrow.parquet")
carquet.write_table(amounts, "carquet.parquet")
for name in ["polars", "duckdb", "pyarrow", "carquet"]:
    column = pyarrow.table(carquet.read_table(f"{name}.parquet"))["amount"]
    print(f"carquet of {name}:", column.type, [value.hex() if isinstance(value, bytes) else value for value in column.to_pylist()])
print("polars of carquet:", [str(value) for value in polars.read_parquet("carquet.parquet")["amount"]])
print("duckdb of carquet:", [str(value) for value, in duckdb.sql("from 'carquet.parquet'").fetchall()])
try:
    print("pyarrow of carquet:", pyarrow.parquet.read_table("carquet.parquet")["amount"].to_pylist())
except pyarrow.ArrowException as error:
    print("pyarrow of carquet:", error)
PY
)
verdict 'carquet 0.7.2, pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1 (PyPI)' '1.75, 10.10 and none, from each to each' 'carquet of polars: int64 [175, 1010, None]
carquet of duckdb: int64 [175, 1010, None]
carquet of pyarrow: fixed_size_binary[5] ['\''00000000af'\'', '\''00000003f2'\'', None]
carquet of carquet: fixed_size_binary[5] ['\''00000000af'\'', '\''00000003f2'\'', None]
polars of carquet: ['\''1.75'\'', '\''10.10'\'', '\''None'\'']
duckdb of carquet: ['\''1.75'\'', '\''10.10'\'', '\''None'\'']
pyarrow of carquet: Decimal precision out of range [1, 38]: 0' "$seen"
