#!/usr/bin/env bash
# Guess: a Sigma rule asks the same of DuckDB as of SQLite: a percent sign and an underscore are themselves, `not` keeps an entry that
#   does not have the field, and "3 in 10 minutes" looks at ten minutes.
# Behaviour: DuckDB's backend leaves both signs as wildcards, drops the entry whose field is null, and writes a count by correlation
#   without any time in it: three errors on three days are an alert. Of two rules in order it takes the span from the first
#   event of the whole log to the last, so a pair is found until the log is longer than the span. SQLite's backend does it right.
# Hurts: whoever tries alert rules on an export with it: some fire on everything, and others never.
# Instead: pysigma-backend-sqlite on a SQLite file.
. "$(dirname "$0")/lib.sh"
python_with pysigma-backend-duckdb==0.1.4 duckdb==2.0.1
mv python python-duckdb
python_with pysigma-backend-sqlite==2.1.1
cat >rules.py <<'PY'
import json, sys
from sigma.collection import SigmaCollection
single = lambda detection: f"title: t\nname: one\nstatus: test\nlogsource: {{category: store}}\ndetection: {{{detection}}}\n"
chosen = single("s: {severity: error}, condition: s")
login = single("s: {module: Login}, condition: s").replace("name: one", "name: two")
related = lambda kind, rest: f"---\ntitle: t\nstatus: test\ncorrelation: {{type: {kind}, timespan: 10m, {rest}}}\n"
rules = {
    "summary with 100%": single("s: {summary|contains: '100%'}, condition: s"),
    "summary with refund_failed": single("s: {summary|contains: refund_failed}, condition: s"),
    "errors, not of Webhooks": single("s: {severity: error}, f: {module: Webhooks}, condition: s and not f"),
    "3 errors of a user in 10m": chosen + related("event_count", "rules: [one], group-by: [user], condition: {gte: 3}"),
    "log-in, then error, in 10m": login + "---\n" + chosen + related("temporal_ordered", "rules: [two, one], group-by: [user]"),
}
entries = [
    (1, "2026-08-01 10:00:00", "error", "Webhooks", "refund_failed", "ann"),
    (2, "2026-08-02 10:00:00", "error", None, "refund failed", "ann"),
    (3, "2026-08-03 10:00:00", "error", "Orders", "1000 items at 10% off", "ann"),
    (4, "2026-08-04 10:00:00", "notice", "Login", "logged in", "bob"),
    (5, "2026-08-04 10:01:00", "error", "Orders", "100% off is no price", "bob"),
    (6, "2026-08-05 10:00:00", "notice", "Login", "logged in", "bob"),
]
table = "create table logs (id integer, timestamp {}, severity text, module text, summary text, user text)"
if sys.argv[1] == "duckdb":
    import duckdb
    from sigma_backend_duckdb import DuckDBBackend as Backend
    db = duckdb.connect()
    db.execute(table.replace("user", '"user"').format("timestamp"))
else:
    import sqlite3
    from sigma.backends.sqlite import sqliteBackend as Backend
    db = sqlite3.connect(":memory:")
    db.execute(table.format("text"))
db.executemany("insert into logs values (?, ?, ?, ?, ?, ?)", entries)
for name, rule in rules.items():
    query = Backend().convert(SigmaCollection.from_yaml(rule))[-1]
    cursor = db.execute(query)
    columns = [column[0] for column in cursor.description]
    rows = [dict(zip(columns, row)) for row in cursor.fetchall()]
    print(f"{sys.argv[1]}, {name}:", sorted({str(row["id"] if "id" in row else row.get("user") or json.loads(row["group_keys"])["user"]) for row in rows}))
PY
seen=$(python-duckdb/bin/python rules.py duckdb 2>set-up.log; "$python" rules.py sqlite 2>>set-up.log)
verdict 'pysigma-backend-duckdb 0.1.4, pysigma-backend-sqlite 2.1.1 (PyPI)' 'the same entries from both: 5; 1; 2, 3, 5; none; bob' 'duckdb, summary with 100%: ['\''3'\'', '\''5'\'']
duckdb, summary with refund_failed: ['\''1'\'', '\''2'\'']
duckdb, errors, not of Webhooks: ['\''3'\'', '\''5'\'']
duckdb, 3 errors of a user in 10m: ['\''ann'\'']
duckdb, log-in, then error, in 10m: []
sqlite, summary with 100%: ['\''5'\'']
sqlite, summary with refund_failed: ['\''1'\'']
sqlite, errors, not of Webhooks: ['\''2'\'', '\''3'\'', '\''5'\'']
sqlite, 3 errors of a user in 10m: []
sqlite, log-in, then error, in 10m: ['\''bob'\'']' "$seen"
