#!/usr/bin/env bash
# Guess: `--tolerance 0.01` makes 1.50 and 1.5 equal, and leaves numbers that differ by 1, and texts, as different as they are.
# Behaviour: with it compara compares whatever can be read as a number as a float, in JSON lines also quoted texts. Ids of 19 digits that
#   differ by 1 are equal then, in a Parquet file with 64-bit integers, too, and so are the texts 00123 and 123, 1e3 and 1000.
#   It says that nothing changed and ends with 0, its word for identical.
# Hurts: whoever compares two exports, or an export with the platform's own, with a tolerance for amounts.
# Instead: two runs, with `-c AMOUNT --tolerance 0.01` and with `-i AMOUNT` and no tolerance.
. "$(dirname "$0")/lib.sh"
python_with compara==0.6.0 pyarrow==26.0.1
pair() { # NAME VALUE OTHER
  printf '{"key":"1","id":%s}\n' "$2" >a.ndjson
  printf '{"key":"1","id":%s}\n' "$3" >b.ndjson
  compare "$1" a.ndjson b.ndjson
}
compare() { # NAME A B
  for option in '' '--tolerance 0.01'; do
    "$bin/compara" compare "$2" "$3" -k key $option >compared 2>&1
    echo "$1${option:+ with $option}: $(grep -oE 'changed [0-9]+' compared), exit code $("$bin/compara" compare "$2" "$3" -k key $option >/dev/null 2>&1; echo $?)"
  done
}
"$bin/compara" --version >/dev/null 2>set-up.log || not_set_up compara
"$python" - <<'PY'
import pyarrow as pa, pyarrow.parquet as parquet
for name, id in [("a", 6001234567890123456), ("b", 6001234567890123457)]:
    parquet.write_table(pa.table({"key": ["1"], "id": pa.array([id], pa.int64())}), f"{name}.parquet")
PY
seen=$(
  pair amounts 1.50 1.5
  pair 'text ids' '"6001234567890123456"' '"6001234567890123457"'
  compare 'integers in Parquet' a.parquet b.parquet
  pair '00123 and 123' '"00123"' '"123"'
  pair '1e3 and 1000' '"1e3"' '"1000"'
  pair '100 and 101' 100 101
)
verdict 'compara 0.6.0 (PyPI)' 'with the tolerance only the amounts unchanged' 'amounts: changed 1, exit code 1
amounts with --tolerance 0.01: changed 0, exit code 0
text ids: changed 1, exit code 1
text ids with --tolerance 0.01: changed 0, exit code 0
integers in Parquet: changed 1, exit code 1
integers in Parquet with --tolerance 0.01: changed 0, exit code 0
00123 and 123: changed 1, exit code 1
00123 and 123 with --tolerance 0.01: changed 0, exit code 0
1e3 and 1000: changed 1, exit code 1
1e3 and 1000 with --tolerance 0.01: changed 0, exit code 0
100 and 101: changed 1, exit code 1
100 and 101 with --tolerance 0.01: changed 1, exit code 1' "$seen"
