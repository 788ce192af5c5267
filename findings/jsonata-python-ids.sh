#!/usr/bin/env bash
# Guess: JSONata in Python compares whole numbers as Python does, exactly, unlike its original in JavaScript.
# Behaviour: `=` takes ids of 19 digits for equal that differ in the last digits, and $max and + round them, while $distinct and $sort
#   tell them apart, and handed out or in $string of the whole record they are exact. $string of one is "6.00123456789012e+18". `in` a
#   list finds no id at all, not even that one.
# Hurts: whoever picks an entry or its order out of SHOPLINE's answers with it: two neighbours come, or none.
# Instead: ids as text in the data, or compare with $distinct's answer in Python.
. "$(dirname "$0")/lib.sh"
python_with jsonata-python==0.7.1
seen=$("$python" - 2>/dev/null <<'PY'
import json, jsonata
log = json.loads('{"entries":[{"id":6001234567890123456,"n":1},{"id":6001234567890123457,"n":2},{"id":6001234567890123999,"n":3}],"texts":["6001234567890123456","6001234567890123457"]}')
for query in ["entries[id = 6001234567890123457].n", "entries[id in [6001234567890123457]].n", "entries[n in [2]].n", "$distinct(entries.id)", "$max(entries.id)",
              "$string(entries[1])", "$string(entries[1].id)", 'texts[$ = "6001234567890123457"]', 'texts[$ in ["6001234567890123457"]]']:
    print(f"{query}:", jsonata.Jsonata(query).evaluate(log))
PY
)
verdict 'jsonata-python 0.7.1 (PyPI)' '2, twice; 2; three ids; …999; the id in all its digits; one text, twice' 'entries[id = 6001234567890123457].n: [1, 2, 3]
entries[id in [6001234567890123457]].n: None
entries[n in [2]].n: 2
$distinct(entries.id): [6001234567890123456, 6001234567890123457, 6001234567890123999]
$max(entries.id): 6.001234567890124e+18
$string(entries[1]): {"id":6001234567890123457,"n":2}
$string(entries[1].id): 6.00123456789012e+18
texts[$ = "6001234567890123457"]: 6001234567890123457
texts[$ in ["6001234567890123457"]]: 6001234567890123457' "$seen"
