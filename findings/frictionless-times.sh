#!/usr/bin/env bash
# Guess: frictionless recognizes times in a table, and gives them out as it found them.
# Behaviour: `extract` gives out every time in whole seconds, as CSV, as JSON and as YAML, and says nothing: entries of one second
#   have no order any more. `describe` calls the column a datetime, and `validate` finds the table valid.
# Hurts: whoever passes an export on through it: times are in milliseconds.
# Instead: a schema in which the column is a string.
. "$(dirname "$0")/lib.sh"
python_with frictionless==5.21.0
export HOME=$work
printf 'id,time\n101,2026-11-27T04:15:11.123Z\n102,2026-11-27T04:15:11.987654Z\n103,2026-11-27T12:15:12.500+08:00\n' >log.csv
printf '{"fields":[{"name":"id","type":"string"},{"name":"time","type":"string"}]}' >schema.json
"$bin/frictionless" --version >/dev/null 2>set-up.log || not_set_up frictionless
seen="as CSV: $("$bin/frictionless" extract log.csv --csv | sed '1d; s/^[^,]*,//' | paste -s -d ' ')
as JSON: $("$bin/frictionless" extract log.csv --json | grep -o '2026[^"]*' | paste -s -d ' ')
as YAML: $("$bin/frictionless" extract log.csv --yaml | grep -o '2026[^"'"'"']*' | paste -s -d ' ')
validate: exit code $("$bin/frictionless" validate log.csv >/dev/null; echo $?)
with a schema: $("$bin/frictionless" extract log.csv --schema schema.json --csv | sed '1d; s/^[^,]*,//' | paste -s -d ' ')"
verdict 'frictionless 5.21.0 (PyPI)' 'the times as they are' 'as CSV: 2026-11-27T04:15:11Z 2026-11-27T04:15:11Z 2026-11-27T12:15:12+0800
as JSON: 2026-11-27T04:15:11Z 2026-11-27T04:15:11Z 2026-11-27T12:15:12+0800
as YAML: 2026-11-27T04:15:11Z 2026-11-27T04:15:11Z 2026-11-27T12:15:12+0800
validate: exit code 0
with a schema: 2026-11-27T04:15:11.123Z 2026-11-27T04:15:11.987654Z 2026-11-27T12:15:12.500+08:00' "$seen"
