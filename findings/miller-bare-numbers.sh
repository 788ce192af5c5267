#!/usr/bin/env bash
# Guess: what Miller writes as JSON is JSON, whatever it takes for a number: 00123 and +7 come out as texts.
# Behaviour: what CSV has as 0x1F, 0b11, 0o17, .5 or 5. comes out without quotes, as it stood there, with exit code 0. JSON has no
#   such numbers: a program that reads the file stops at that row. With JSON as the source texts stay texts.
# Hurts: whoever makes JSON of a CSV export: a coupon 0x1F or a summary "5." is rare, and comes without a warning.
# Instead: -S, or --jvquoteall; or take the export as JSON lines.
. "$(dirname "$0")/lib.sh"
debian_with miller=6.6.0-2+b3
mlr=$root/usr/bin/mlr
"$mlr" --version >/dev/null 2>set-up.log || not_set_up miller
read_json='import json, sys
try: json.loads(sys.stdin.read()); print("JSON")
except ValueError: print("not JSON")'
seen=$(for value in 00123 +7 0x1F 0b11 0o17 .5 5.; do
  printf 'subject_id\n%s\n' "$value" >log.csv
  written=$("$mlr" --icsv --ojsonl cat log.csv) || echo "exit code $?"
  echo "$written: $(python3 -c "$read_json" <<<"$written")"
done
printf '{"subject_id":"0x1F"}\n' | "$mlr" --ijsonl --ojsonl cat 2>/dev/null
"$mlr" -S --icsv --ojsonl cat log.csv)
verdict 'Miller 6.6.0 (Debian 12)' 'JSON, each time' '{"subject_id": "00123"}: JSON
{"subject_id": "+7"}: JSON
{"subject_id": 0x1F}: not JSON
{"subject_id": 0b11}: not JSON
{"subject_id": 0o17}: not JSON
{"subject_id": .5}: not JSON
{"subject_id": 5.}: not JSON
{"subject_id": "0x1F"}
{"subject_id": "5."}' "$seen"
