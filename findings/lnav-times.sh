#!/usr/bin/env bash
# Guess: lnav takes times with offsets for the moments that they are, and sorts lines of several stores by them.
# Behaviour: it shows the wall clock of each line and drops its offset, so 18:00 in +08:00 comes eight hours after 10:00 in UTC,
#   the same moment. And after a time in whole seconds, one with a fraction, or with Z where +00:00 was, gets a year far from its own,
#   another one in each run; as no line may be earlier than the one before it, so does the rest of the file.
# Hurts: whoever opens the entries of several stores in Debian's lnav, or of one whose times have a fraction now and then.
# Instead: write all times in one form and in UTC, as our `--format viewer` does.
. "$(dirname "$0")/lib.sh"
debian_with lnav=0.11.1-3
export HOME=$work
mkdir -p .lnav/formats/installed
cat >.lnav/formats/installed/entries.json <<'JSON'
{"$schema": "https://lnav.org/schemas/format-v1.schema.json",
 "entries": {"title": "entries", "file-type": "json", "timestamp-field": "time", "body-field": "summary",
             "line-format": [{"field": "__timestamp__"}, " ", {"field": "summary"}]}}
JSON
show() { # NAME TIME…
  printf '{"time":"%s","summary":"refund failed"}\n' "${@:2}" >log.jsonl
  echo "$1: $(timeout 30 "$root/usr/bin/lnav" -n -c ';select log_time from entries' -c ':write-csv-to -' log.jsonl |
    sed '1d; /^2026-/!s/.*/another year/' | paste -s -d ,)"
}
"$root/usr/bin/lnav" -V >/dev/null 2>set-up.log || not_set_up lnav
seen=$(
  show 'one form' 2026-08-01T10:00:00+00:00 2026-08-01T10:00:05+00:00
  show 'two offsets' 2026-08-01T10:00:00+00:00 2026-08-01T18:00:05+08:00
  show 'a fraction' 2026-08-01T10:00:00+00:00 2026-08-01T10:00:05.123+00:00 2026-08-01T10:00:09+00:00
  show 'a Z' 2026-08-01T10:00:00+00:00 2026-08-01T10:00:05Z
)
verdict 'lnav 0.11.1 (Debian 12)' '10:00:00 and 10:00:05, each time' 'one form: 2026-08-01 10:00:00.000,2026-08-01 10:00:05.000
two offsets: 2026-08-01 10:00:00.000,2026-08-01 18:00:05.000
a fraction: 2026-08-01 10:00:00.000,another year,another year
a Z: 2026-08-01 10:00:00.000,another year' "$seen"
