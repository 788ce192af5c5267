#!/usr/bin/env bash
# Guess: csvkit counts in decimals, so long ids come out of all of its tools whole.
# Behaviour: csvsort and csvlook keep them. csvjson and csvstat do not: two different 19-digit ids come out as one and the
#   same number, and csvsql makes the column FLOAT, so that a database rounds them too.
# Hurts: whoever looks at SHOPLINE's 19-digit ids in a CSV export.
# Instead: the option -I (no guessing of types), with each of the tools.
. "$(dirname "$0")/lib.sh"
python_with csvkit==2.2.0 agate==1.14.2
printf 'id,verb\n1234567890123456789,add\n1234567890123456788,edit\n' >log.csv
seen=$(
  echo "csvsort: $("$bin/csvsort" -c id log.csv | tail -n 1)"
  echo "csvjson: $("$bin/csvjson" log.csv)"
  echo "csvjson -I: $("$bin/csvjson" -I log.csv)"
  echo "csvstat, the largest: $("$bin/csvstat" --max -c id log.csv)"
  echo "csvsql: $("$bin/csvsql" -i sqlite log.csv | grep -o 'id [A-Z]*')"
)
verdict 'csvkit 2.2.0 (PyPI)' 'the two ids, whole, from each' 'csvsort: 1234567890123456789,add
csvjson: [{"id": 1.2345678901234568e+18, "verb": "add"}, {"id": 1.2345678901234568e+18, "verb": "edit"}]
csvjson -I: [{"id": "1234567890123456789", "verb": "add"}, {"id": "1234567890123456788", "verb": "edit"}]
csvstat, the largest: 1234567890123456768
csvsql: id FLOAT' "$seen"
