#!/usr/bin/env bash
# Guess: a filter in Python over JSON lines sees the values that JSON has: true, null, 12, and nothing for a field that is not there.
# Behaviour: klp makes a text of each value first, "True", "None", "12". So `ok` is true of each entry, also where it says false, `not ok`
#   of none, and `seconds > 9` is an error that leaves the entry out without a word. Written as JSON lines again, true, null and
#   numbers are these texts, and what is inside an object or a list is a field of its own.
# Hurts: whoever looks for what failed, or was slow, in JSON lines: no entry is an answer here, and not that something went wrong.
# Instead: compare with the text, as ok == "False" and int(seconds) > 9; jq.
. "$(dirname "$0")/lib.sh"
python_with klp-logviewer==0.77.0
cat >log.jsonl <<'JSONL'
{"time":"2026-08-01T10:00:00Z","id":1,"ok":true,"seconds":3,"user":"ann"}
{"time":"2026-08-01T10:00:01Z","id":2,"ok":false,"seconds":12,"user":null}
{"time":"2026-08-01T10:00:02Z","id":3,"ok":false,"seconds":100}
JSONL
seen=$(
  for filter in 'ok' 'not ok' 'ok is False' 'ok == "False"' 'user is None' 'user == "None"' 'seconds > 9' 'seconds == 12' 'int(seconds) > 9'; do
    found=$("$bin/klp" -j --where "$filter" -F csv -k id log.jsonl 2>&1 | tr -d '\r')
    echo "$filter: ends with $?, finds $(tail -n +2 <<<"$found" | paste -s -d ' ')" | sed 's/ finds $/ finds none/'
  done
  echo "as JSON lines: $(echo '{"id":1,"ok":true,"user":null,"tags":["a"],"extra":{"b":1.5}}' | "$bin/klp" -j -J)"
)
verdict 'klp-logviewer 0.77.0 (PyPI)' '1; 2 and 3; 2 and 3; none; 2; none; 2 and 3; 2; 2 and 3; the same JSON' 'ok: ends with 0, finds 1 2 3
not ok: ends with 0, finds none
ok is False: ends with 0, finds none
ok == "False": ends with 0, finds 2 3
user is None: ends with 0, finds none
user == "None": ends with 0, finds 2
seconds > 9: ends with 0, finds none
seconds == 12: ends with 0, finds none
int(seconds) > 9: ends with 0, finds 2 3
as JSON lines: {"id": "1", "ok": "True", "user": "None", "tags.0": "a", "extra.b": "1.5"}' "$seen"
