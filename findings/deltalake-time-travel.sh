#!/usr/bin/env bash
# Guess: what a table held at a time is found by the times of its commits, as history() shows them, and a time before the first
#   commit is an error.
# Behaviour: the times of the log's files in the file system decide. In a copy of the table, or one restored from a backup, they
#   are those of the copying, and each earlier time gets version 0, silently, though history() shows the right times. So does a
#   time before there was a table. polars and daft, which ask deltalake, say the same.
# Hurts: whoever asks a lake what it said last month after it was moved: the first export's entries are all there are.
# Instead: find the version in history() and ask for that; copy with the files' times.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 pyarrow==26.0.1 polars==2.1.0
seen=$("$python" - <<'PY'
import datetime, deltalake, polars, pyarrow, shutil, time
for id in range(3):
    deltalake.write_deltalake("lake", pyarrow.table({"id": [str(id)]}), mode="append")
    time.sleep(1.2)
shutil.copytree("lake", "copied", copy_function=shutil.copyfile)
def held(name, moment):
    table = deltalake.DeltaTable(name)
    table.load_as_version(moment)
    return f"version {table.version()}"
for name in ["lake", "copied"]:
    for commit in reversed(deltalake.DeltaTable(name).history()):
        moment = datetime.datetime.fromtimestamp(commit["timestamp"] / 1000 + 0.6, datetime.timezone.utc)
        print(f"{name}, just after version {commit['version']} by history():", held(name, moment))
print("copied, polars:", polars.scan_delta("copied", version=moment).collect().height, "of 3 entries")
print("lake, before there was one:", held("lake", "2020-01-01T00:00:00Z"))
PY
)
verdict 'deltalake 1.6.6, polars 2.1.0 (PyPI)' 'versions 0, 1, 2, twice; 3 entries; an error' 'lake, just after version 0 by history(): version 0
lake, just after version 1 by history(): version 1
lake, just after version 2 by history(): version 2
copied, just after version 0 by history(): version 0
copied, just after version 1 by history(): version 0
copied, just after version 2 by history(): version 0
copied, polars: 1 of 3 entries
lake, before there was one: version 0' "$seen"
