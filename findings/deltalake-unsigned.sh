#!/usr/bin/env bash
# Guess: Delta has no unsigned numbers, so deltalake stores an unsigned column as the next wider signed one.
# Behaviour: it stores it as the signed one of the same width. The table is made and filled for weeks; the first value of
#   the upper half fails its whole append, and nothing but a rewrite makes room for it.
# Hurts: whoever exports counts: polars counts in UInt32, severities and statuses are kept in UInt8.
# Instead: cast unsigned columns to Int64 before the table is made.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 polars==2.1.0
seen=$("$python" - <<'PY'
import polars as pl
from deltalake import DeltaTable
for dtype, most in [(pl.UInt8, 2**7), (pl.UInt16, 2**15), (pl.UInt32, 2**31), (pl.UInt64, 2**63)]:
    name = str(dtype)
    pl.DataFrame({"x": pl.Series([most - 1], dtype=dtype)}).write_delta(name)
    try:
        pl.DataFrame({"x": pl.Series([most], dtype=dtype)}).write_delta(name, mode="append")
        then = "taken"
    except Exception:
        then = "refused"
    print(f"{name} is {DeltaTable(name).schema().fields[0].type.type}: {most - 1} taken, {most} {then}")
PY
)
verdict 'deltalake 1.6.6, polars 2.1.0 (PyPI)' 'UInt8 becomes short, UInt16 integer, UInt32 long' 'UInt8 is byte: 127 taken, 128 refused
UInt16 is short: 32767 taken, 32768 refused
UInt32 is integer: 2147483647 taken, 2147483648 refused
UInt64 is long: 9223372036854775807 taken, 9223372036854775808 refused' "$seen"
