#!/usr/bin/env bash
# Guess: daft reads a compressed file to its end, also one that was appended to day by day, as gzip, zstd, bzip2 and xz themselves do.
# Behaviour: of .gz it does. Of .zst, .bz2 and .xz it reads what the first run wrote and ends well: a third of three days, as
#   JSON lines and as CSV. What pzstd writes, it calls empty.
# Hurts: whoever keeps an export as `… | zstd >> log.jsonl.zst`: counts and searches know the first day only.
# Instead: a file for each day, which daft reads by a pattern; or gzip.
. "$(dirname "$0")/lib.sh"
for program in gzip zstd pzstd bzip2 xz; do command -v $program >/dev/null || { echo "not set up: $program" >&2; exit 2; }; done
python_with daft==0.7.26
for day in 1 2 3; do
  for number in 1 2 3 4; do echo "{\"id\":\"00$day$number\",\"summary\":\"refund failed\"}"; done >day.jsonl
  { [ $day = 1 ] && echo id,summary; sed 's/[^0-9]*\([0-9]*\).*/\1,refund failed/' day.jsonl; } >day.csv
  for kind in jsonl csv; do
    cat day.$kind >>plain.$kind
    gzip <day.$kind >>log.$kind.gz
    zstd -q <day.$kind >>log.$kind.zst
    bzip2 <day.$kind >>log.$kind.bz2
    xz <day.$kind >>log.$kind.xz
    zstd -q <day.$kind >each-$day.$kind.zst
  done
done
pzstd -q -o pzstd.jsonl.zst <plain.jsonl
cat >count.py <<'PY'
import sys, daft
read = {"jsonl": daft.read_json, "csv": daft.read_csv}
for name in sys.argv[1:]:
    try:
        count = str(read[name.split(".")[1]](f"./{name}").count_rows())
    except Exception as error:
        count = str(error).splitlines()[0]
    print(f"{name}: {count}")
PY
[ "$(zstd -dcq log.jsonl.zst | wc -l)" = 12 ] || not_set_up zstd
seen=$("$python" -W ignore count.py log.jsonl.{gz,zst,bz2,xz} log.csv.{gz,zst,bz2,xz} 'each-*.jsonl.zst' pzstd.jsonl.zst 2>set-up.log)
verdict 'daft 0.7.26 (PyPI)' '12 rows, each time' 'log.jsonl.gz: 12
log.jsonl.zst: 4
log.jsonl.bz2: 4
log.jsonl.xz: 4
log.csv.gz: 12
log.csv.zst: 4
log.csv.bz2: 4
log.csv.xz: 4
each-*.jsonl.zst: 12
pzstd.jsonl.zst: JSON deserialization error: Empty JSON file' "$seen"
