#!/usr/bin/env bash
# Guess: ja groups texts by their text, in both of the ways that its help offers, and its max of ids is one of the ids.
# Behaviour: `ja groupby code | ja agg count` makes numbers of texts first: 500, 500.0 and 5e2 are one group, the text "null" and
#   a null another; 00500 stays by itself. `ja groupby code --agg count` keeps them apart. And max and min of texts that are numbers
#   are floats: the newest of the ids with 19 digits is one that no entry has.
# Hurts: whoever counts by a code or an order's number, or takes max(id) to go on from.
# Instead: `groupby FIELD --agg`, which is one step; for the newest, sort in SQLite or jq.
. "$(dirname "$0")/lib.sh"
python_with jsonl-algebra==1.4.1
export HOME=$work
printf '{"id":"600123456789012345%s","code":%s}\n' 1 '"00500"' 2 '"500"' 3 '"500.0"' 4 '"5e2"' 5 '"null"' 7 null >log.jsonl
"$bin/ja" distinct log.jsonl >/dev/null 2>set-up.log || not_set_up jsonl-algebra
seen="in two steps: $("$bin/ja" groupby code <log.jsonl | "$bin/ja" agg count | tr -d ' ' | paste -s -d ' ')
in one step: $("$bin/ja" groupby code --agg count <log.jsonl | tr -d ' ' | paste -s -d ' ')
the newest: $("$bin/ja" agg 'newest=max(id)' <log.jsonl)"
verdict 'jsonl-algebra 1.4.1 (PyPI)' 'six groups, twice, and 6001234567890123457' 'in two steps: {"code":"00500","count":1} {"code":500,"count":3} {"code":null,"count":2}
in one step: {"code":"00500","count":1} {"code":"500","count":1} {"code":"500.0","count":1} {"code":"5e2","count":1} {"code":"null","count":1} {"code":null,"count":1}
the newest: {"newest": 6.001234567890124e+18}' "$seen"
