#!/usr/bin/env bash
# Guess: delta-audit finds nothing to complain of in a table that deltalake has kept in order, and finds a file that is gone.
# Behaviour: it reads the commits only, never the checkpoint that stands for them. A removed file that was vacuumed is "missing" to it,
#   and once old commits have been cleaned up, everything is, with 0 of 100. If a file that the table needs is then truly gone, the
#   report is the same, word for word.
# Hurts: whoever lets it watch over a lake: false alarms from the first vacuum on, and the real one cannot be distinguished from them.
# Instead: read the table and compare the number of its rows, as DeltaTable(…).count() does, which fails if a file is gone.
. "$(dirname "$0")/lib.sh"
python_with delta-audit==0.1.0 deltalake==1.6.6 pyarrow==26.0.1
seen=$("$python" - <<'PY'
import collections, delta_lens, deltalake, os, pathlib, pyarrow as pa
def look(what):
    report = delta_lens.scan("lake")
    try:
        rows = f"{deltalake.DeltaTable('lake').to_pyarrow_table().num_rows} rows"
    except FileNotFoundError:
        rows = "deltalake cannot read it"
    issues = collections.Counter(issue.name for issue in report.issues)
    print(f"{what}: {report.health_score} of 100, {', '.join(f'{count} {name}' for name, count in issues.items()) or 'no issue'}; {rows}")
    return report.issues
for id in range(3):
    deltalake.write_deltalake("lake", pa.table({"id": [str(id)]}), mode="append")
table = deltalake.DeltaTable("lake")
table.create_checkpoint()
look("a checkpoint")
table.optimize.compact()
look("compacted")
table.vacuum(0, dry_run=False, enforce_retention_duration=False)
look("vacuumed")
deltalake.write_deltalake("lake", pa.table({"id": ["3"]}), mode="append")
table = deltalake.DeltaTable("lake")
table.create_checkpoint()
for commit in sorted(pathlib.Path("lake/_delta_log").glob("*.json"))[:-1]:
    commit.unlink()
before = look("old commits cleaned up")
compacted = max(pathlib.Path("lake").glob("*.parquet"), key=os.path.getsize)
compacted.unlink()
after = look("a live file gone")
print("the two reports are the same:", before == after)
PY
)
verdict 'delta-audit 0.1.0 (PyPI)' '100 of 100 and no issue, until the file is gone' 'a checkpoint: 100 of 100, no issue; 3 rows
compacted: 100 of 100, no issue; 3 rows
vacuumed: 85 of 100, 1 missing_parquet_files; 3 rows
old commits cleaned up: 0 of 100, 6 missing_transaction_logs, 1 metadata_validation, 1 protocol_compatibility; 4 rows
a live file gone: 0 of 100, 6 missing_transaction_logs, 1 metadata_validation, 1 protocol_compatibility; deltalake cannot read it
the two reports are the same: True' "$seen"
