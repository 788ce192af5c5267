#!/usr/bin/env bash
# Guess: what `vd -b` converts holds in the new file what it held in the old one; what CSV or TSV cannot hold is written as JSON.
# Behaviour: lists and objects are written as VisiData shows them, without quotes: a text with a semicolon in it and two texts, or
#   two fields and one with = in it, differ only in a count. And a line break in a field ends the line of a TSV file, and a tab
#   the column, though tsv_safe_newline and tsv_safe_tab have defaults; read again, by VisiData too, those are rows and columns.
# Hurts: whoever makes a table of JSON lines: messages have line breaks, extra is an object.
# Instead: to JSON lines or CSV; `--safety-first` makes the two options work.
. "$(dirname "$0")/lib.sh"
export HOME=$work
python_with visidata==3.4
cat >log.jsonl <<'JSON'
{"id":"101","message":"line one\nline two","extra":["a; b"]}
{"id":"102","message":"total\t7","extra":["a","b"]}
{"id":"103","message":"paid","extra":{"note":"x n=2"}}
{"id":"104","message":"paid","extra":{"note":"x","n":2}}
JSON
for to in csv tsv; do "$bin/vd" -b log.jsonl -o "log.$to" >set-up.log 2>&1 || not_set_up visidata; done
"$bin/vd" -b log.tsv -o again.jsonl >/dev/null 2>&1
"$bin/vd" -b --safety-first log.jsonl -o safe.tsv >/dev/null 2>&1
seen="$("$python" - <<'PY'
import csv, json
for row in csv.DictReader(open("log.csv", newline="")):
    print("CSV:", row["id"], row["extra"])
for line in open("again.jsonl"):
    row = json.loads(line)
    print("TSV, read again:", *(value for value in row.values() if value is not None), sep=" | ")
print("TSV, --safety-first:", len(open("safe.tsv", newline="\n").readlines()) - 1, "rows")
PY
)"
verdict 'visidata 3.4 (PyPI)' 'four rows, with what they held' 'CSV: 101 [1] a; b
CSV: 102 [2] a; b
CSV: 103 {1} note=x n=2
CSV: 104 {2} note=x n=2
TSV, read again: | 101 | line one
TSV, read again: | line two | [1] a; b
TSV, read again: | 102 | total | 7 | [2] a; b
TSV, read again: | 103 | paid | {1} note=x n=2
TSV, read again: | 104 | paid | {2} note=x n=2
TSV, --safety-first: 4 rows' "$seen"
