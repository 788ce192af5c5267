#!/usr/bin/env bash
# Guess: times in JSON lines become microseconds in UTC, whatever offset each has; or text, if they differ.
# Behaviour: daft's unit is that of the first rows: after a time in whole seconds, the milliseconds of all others are cut off, silently.
#   A second offset in the file is an error about a "timezone string: Z", which nobody wrote; far enough down it is read.
# Hurts: whoever reads `fetch --format jsonl` of a store in UTC and of one in +08:00, or sorts entries of one second.
# Instead: schema={"time": DataType.timestamp("us", "UTC")}, which reads both right.
. "$(dirname "$0")/lib.sh"
python_with daft==0.7.26
seen=$(DAFT_PROGRESS_BAR=0 DO_NOT_TRACK=true "$python" - 2>/dev/null <<'PY'
import daft, json
def ask(name, *times, **given):
    with open("log.jsonl", "w") as file:
        for time in times:
            print(json.dumps({"time": time}), file=file)
    try:
        table = daft.read_json("log.jsonl", **given)
        print(f"{name}: {table.schema()['time'].dtype},", table.to_pydict()["time"][-1].isoformat())
    except Exception as why:
        print(f"{name}:", why)
whole, exact, east = "2026-08-01T10:00:00+00:00", "2026-08-01T10:00:07.123+00:00", "2026-08-01T18:00:07+08:00"
ask("milliseconds", exact)
ask("milliseconds below seconds", whole, exact)
ask("two offsets", whole, east)
ask("two offsets, far apart", *[whole] * 50000, east)
ask("with a schema", whole, "2026-08-01T18:00:07.123+08:00", schema={"time": daft.DataType.timestamp("us", "UTC")})
PY
)
verdict 'daft 0.7.26 (PyPI)' '10:00:07 each time, with .123 where it was' 'milliseconds: Timestamp[ms; +00:00], 2026-08-01T10:00:07.123000+00:00
milliseconds below seconds: Timestamp[s; +00:00], 2026-08-01T10:00:07+00:00
two offsets: DaftError::ValueError Failed to parse timezone string: Z
two offsets, far apart: Timestamp[s; +00:00], 2026-08-01T10:00:07+00:00
with a schema: Timestamp[us; UTC], 2026-08-01T10:00:07.123000+00:00' "$seen"
