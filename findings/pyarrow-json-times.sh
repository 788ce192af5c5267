#!/usr/bin/env bash
# Guess: pyarrow.json leaves times with an offset as text, or makes timestamps with a zone of them.
# Behaviour: they become timestamps without a zone, moved to UTC; and one fraction of a second anywhere in the file makes
#   the whole column text instead. So the type of a column depends on what came in that day.
# Hurts: whoever collects files day by day: the files no longer go into one dataset, and the zone-less times of the others
#   are taken for local ones.
# Instead: ParseOptions(explicit_schema=…) with the time as text, and parse it then.
. "$(dirname "$0")/lib.sh"
python_with pyarrow==26.0.1
seen=$("$python" - <<'PY'
import pyarrow.json as json
def show(name, *times):
    with open("log.jsonl", "w") as file:
        file.writelines(f'{{"time": "{time}"}}\n' for time in times)
    column = json.read_json("log.jsonl")["time"]
    print(f"{name}: {column.type}, {column[0]}")
show("whole seconds", "2026-11-01T02:30:00+08:00", "2026-11-01T02:30:00Z")
show("one fraction", "2026-11-01T02:30:00+08:00", "2026-11-01T02:30:00.5Z")
PY
)
verdict 'pyarrow 26.0.1 (PyPI)' 'text, or timestamps with a zone, both times' 'whole seconds: timestamp[s], 2026-10-31 18:30:00
one fraction: string, 2026-11-01T02:30:00+08:00' "$seen"
