#!/usr/bin/env bash
# Guess: in a zone with summer time, arrow counts hours as they pass: the start of an hour is at most an hour back, and a range of
#   hours has all of them.
# Behaviour: the start of the repeated hour is that of the first one: what happened at 02:30 for the second time belongs to an hour that
#   ended half an hour before. range and span_range leave the repeated hour out.
# Hurts: whoever counts by hour in a store's zone, or reads a log hour by hour: once a year an hour has double the entries, and another
#   none; or an hour is never read.
# Instead: hours in UTC, and the zone when they are shown; pendulum 3.3.0 counts them as they pass.
. "$(dirname "$0")/lib.sh"
python_with arrow==1.4.0 pendulum==3.3.0
seen=$("$python" - <<'PY'
import arrow, pendulum
zone = "Europe/Berlin"
def clock(time):
    return time.strftime("%H:%M%z")
for utc in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]:
    time = arrow.get(utc).to(zone)
    print(f"{clock(time)}: arrow has its hour begin at {clock(time.floor('hour'))}, {int(time.timestamp() - time.floor('hour').timestamp()) // 60} minutes before;",
          f"pendulum at {clock(pendulum.parse(utc).in_tz(zone).start_of('hour'))}")
day = arrow.get("2026-10-25", tzinfo=zone)
hours = [(start, end) for start, end in arrow.Arrow.span_range("hour", day, day.ceil("day"))]
print(f"hours of the day: range {len(list(arrow.Arrow.range('hour', day, day.ceil('day'))))}, span_range {len(hours)},",
      f"pendulum {len(list(pendulum.interval(pendulum.datetime(2026, 10, 25, tz=zone), pendulum.datetime(2026, 10, 25, 23, 59, tz=zone)).range('hours')))}")
once_more = arrow.get("2026-10-25T01:30:00Z")
print("02:30 of the second time is in", sum(start <= once_more <= end for start, end in hours), "of the hours of span_range")
PY
)
verdict 'arrow 1.4.0 (PyPI)' '30 minutes before, twice; 25 hours; in one of them' '02:30+0200: arrow has its hour begin at 02:00+0200, 30 minutes before; pendulum at 02:00+0200
02:30+0100: arrow has its hour begin at 02:00+0200, 90 minutes before; pendulum at 02:00+0100
hours of the day: range 24, span_range 24, pendulum 25
02:30 of the second time is in 0 of the hours of span_range' "$seen"
