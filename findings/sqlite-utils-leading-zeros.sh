#!/usr/bin/env bash
# Guess: a loader of CSV that finds types leaves a column as text where values begin with zeros, or leaves all as text, as
#   this one did for years.
# Behaviour: since version 4, sqlite-utils insert --csv finds types unasked, and 00123 becomes the number 123. One 5e3 in the
#   column makes all of it REAL: 00123 is 123.0 and 5e3 is 5000.0.
# Hurts: whoever loads `fetch --format csv`: a subject or an order number with leading zeros no longer joins with anything.
# Instead: insert --csv --no-detect-types, or JSON lines, where ids are text.
. "$(dirname "$0")/lib.sh"
python_with sqlite-utils==4.2.1
printf 'id,subject_id\n1,00123\n2,00456\n' >zeros.csv
printf 'id,subject_id\n1,00123\n2,5e3\n' >exponent.csv
load() { "$bin/sqlite-utils" insert "$1.db" log "$1.csv" --csv "${@:2}" >/dev/null 2>&1; "$bin/sqlite-utils" rows "$1.db" log --csv --no-headers | tr -d '\r' | cut -d , -f 2 | paste -s -d ' '; }
seen=$(
  echo "zeros: $(load zeros)"
  echo "an exponent: $(load exponent)"
  rm zeros.db
  echo "with --no-detect-types: $(load zeros --no-detect-types)"
)
verdict 'sqlite-utils 4.2.1 (PyPI)' '00123 00456, each time' 'zeros: 123 456
an exponent: 123.0 5000.0
with --no-detect-types: 00123 00456' "$seen"
