#!/usr/bin/env bash
# Guess: pyiceberg's delete takes the rows that a scan with the same condition shows, and `!=` and `not in` treat an empty module alike.
# Behaviour: a scan with `module != 'a'` leaves rows without a module out, one with `module not in ('a')` has them. A delete with
#   either takes them along from each file in which no other row stands in its way: the same rows stay or go by what lies beside them.
# Hurts: whoever prunes a table by a field that not every entry has, and looks with a scan first at what will go.
# Instead: say what is meant, `module != 'a' and module is not null`, and compare the counts.
. "$(dirname "$0")/lib.sh"
python_with 'pyiceberg[sql-sqlite,pyarrow]==0.12.0' pyarrow==26.0.1
seen=$("$python" -W ignore - "$work" 2>set-up.log <<'PY'
import pyarrow as pa, sys
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog("log", uri=f"sqlite:///{sys.argv[1]}/catalog.db", warehouse=f"file://{sys.argv[1]}/lake")
catalog.create_namespace("log")
schema = pa.schema([("id", pa.int64()), ("module", pa.string())])
def table(name, *files):
    made = catalog.create_table(f"log.{name}", schema=schema)
    for file in files:
        made.append(pa.Table.from_pylist([{"id": id, "module": module} for id, module in file], schema=schema))
    return made
def ids(table, *condition):
    return sorted(table.scan(*condition).to_arrow()["id"].to_pylist())
without, other, kept = (1, None), (2, "b"), (3, "a")
for n, condition in enumerate(["module != 'a'", "module not in ('a', 'c')", "module != 'a' and module is not null"]):
    for name, files in {"one file": [[without, other, kept]], "two files": [[without, other], [kept]]}.items():
        log = table(f"{name[:3]}{n}", *files)
        shown = ids(log, condition)
        log.delete(condition)
        print(f"{condition}, {name}: shows {shown}, deletes {sorted({1, 2, 3} - set(ids(log)))}")
PY
)
verdict 'pyiceberg 0.12.0 (PyPI)' 'it deletes what it shows' "module != 'a', one file: shows [2], deletes [2]
module != 'a', two files: shows [2], deletes [1, 2]
module not in ('a', 'c'), one file: shows [1, 2], deletes [2]
module not in ('a', 'c'), two files: shows [1, 2], deletes [1, 2]
module != 'a' and module is not null, one file: shows [2], deletes [2]
module != 'a' and module is not null, two files: shows [2], deletes [2]" "$seen"
