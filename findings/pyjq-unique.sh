#!/usr/bin/env bash
# Guess: the jq package keeps long numbers as jq 1.7 does, whole until something is counted with them; or rounds them from
#   the start, as jq 1.6 did, and then "unique" makes one of two that round alike.
# Behaviour: both at once. jq inside compares them whole, and what comes out of it is rounded: "unique" finds three ids and
#   hands out one and the same number three times, and it is none of the three.
# Hurts: whoever filters records with 19-digit ids from Python: the filter is right, and the ids in its result are wrong.
# Instead: tostring inside the filter, which gives the digits as they came.
. "$(dirname "$0")/lib.sh"
python_with jq==1.13.0
seen=$("$python" - <<'PY'
import jq
ids = "[1234567890123456789, 1234567890123456788, 1234567890123456787]"
for filter in ["unique", "unique | length", "map(tostring)"]:
    print(f"{filter}:", jq.compile(filter).input_text(ids).first())
PY
)
verdict 'jq 1.13.0 (PyPI)' 'three different ids, or one' "unique: [1234567890123456768, 1234567890123456768, 1234567890123456768]
unique | length: 3
map(tostring): ['1234567890123456789', '1234567890123456788', '1234567890123456787']" "$seen"
