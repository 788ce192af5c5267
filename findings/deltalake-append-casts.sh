#!/usr/bin/env bash
# Guess: appending to a Delta table a column of another type is refused, or the table's type is widened.
# Behaviour: deltalake casts it, with loss and without a word: 1.75 appended to whole numbers is 1, the text "no" appended
#   to booleans is false, and epoch seconds appended to a timestamp are taken for microseconds, so 2026 becomes 1970.
# Hurts: whoever adds rows of their own to an exported lake, as JSON has them.
# Instead: compare the schemas before the append, or cast by hand where a failing cast raises.
. "$(dirname "$0")/lib.sh"
python_with deltalake==1.6.6 pyarrow==26.0.1
seen=$("$python" - <<'PY'
import datetime, pyarrow as pa
from deltalake import DeltaTable, write_deltalake
def append(name, first, second):
    write_deltalake(name, pa.table({"x": first}))
    try:
        write_deltalake(name, pa.table({"x": second}), mode="append")
    except Exception as error:
        return f"refused ({type(error).__name__})"
    new = [x for x in DeltaTable(name).to_pyarrow_table()["x"].to_pylist() if x != first.to_pylist()[0]]
    return str(new[0]) if new else "as before"
time = pa.array([datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)], pa.timestamp("us", "UTC"))
print("1.75 into whole numbers:", append("a", pa.array([7]), pa.array([1.75])))
print("'no' into booleans:", append("b", pa.array([True]), pa.array(["no"])))
print("1767225600 into times:", append("c", time, pa.array([1767225600])))
print("'many' into whole numbers:", append("d", pa.array([7]), pa.array(["many"])))
PY
)
verdict 'deltalake 1.6.6 (PyPI)' 'refused, four times' "1.75 into whole numbers: 1
'no' into booleans: False
1767225600 into times: 1970-01-01 00:29:27.225600+00:00
'many' into whole numbers: refused (Exception)" "$seen"
