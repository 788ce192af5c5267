#!/usr/bin/env bash
# Guess: jc reads quoted CSV, line breaks and doubled quotes included, and its streaming parser gives the same.
# Behaviour: a line break inside a field is gone, with nothing in its place: "line one" and "line two" become "line oneline two".
#   And --csv-s guesses the quoting from the first 1,024 characters: if they have quoted fields but no doubled quotes, those that
#   come later stay doubled, and a field with a comma behind one is cut there; what is left over goes to a key named "null".
# Hurts: whoever makes JSON of a CSV export: messages have line breaks, and the few that are JSON come late.
# Instead: export JSON lines; or --csv, if no field has line breaks.
. "$(dirname "$0")/lib.sh"
python_with jc==1.26.1
"$python" - <<'PY'
import csv
with open("log.csv", "w", newline="") as file:
    write = csv.writer(file, lineterminator="\n").writerow
    write(["id", "summary", "message"])
    for number in range(101, 150):
        write([number, f"order {number}: paid, then shipped", ""])
    write([201, "refund failed", "line one\nline two"])
    write([202, "refund failed", '{"code":500,"why":"timeout"}'])
PY
seen=$(for parser in csv csv-s; do
  "$bin/jc" "--$parser" <log.csv | "$python" -c '
import json, sys
text = sys.stdin.read()
rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
for row in rows[-2:]:
    print(sys.argv[1], row["id"], json.dumps(row["message"]), *row.get("null", []))' "$parser"
done)
verdict 'jc 1.26.1 (PyPI)' 'the line break, and the same JSON twice' 'csv 201 "line oneline two"
csv 202 "{\"code\":500,\"why\":\"timeout\"}"
csv-s 201 "line oneline two"
csv-s 202 "{\"code\"\":500" why"":""timeout""}"' "$seen"
