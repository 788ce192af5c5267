#!/usr/bin/env bash
# Guess: query-exporter shows of a query's result what the last run returned: a module without errors is gone, as with a Prometheus
#   rule, and a mean of nothing is no sample, or NaN.
# Behaviour: a row that no longer comes keeps its last value for good; null is 0; and a module that is null is the module "None".
# Hurts: whoever alerts on counts from an archive by it: an alert that was right once never ends, and a mean time of 0 looks like the best.
# Instead: `expiration` for each metric, which takes rows away that no longer come, and `where … is not null`.
. "$(dirname "$0")/lib.sh"
python_with query-exporter==5.0.2 aiosqlite==0.22.1
cat >config.yaml <<YAML
databases: {log: {dsn: "sqlite:///$work/log.db"}}
metrics:
  failed: {type: gauge, labels: [module]}
  failed_lately: {type: gauge, labels: [module], expiration: 2}
  mean_seconds: {type: gauge, labels: [module]}
queries:
  counts:
    databases: [log]
    interval: 1
    metrics: [failed, failed_lately]
    sql: select module, count(*) as failed, count(*) as failed_lately from entries where severity = 'error' group by module
  means:
    databases: [log]
    interval: 1
    metrics: [mean_seconds]
    sql: select module, avg(seconds) as mean_seconds from entries where module = 'Order Status' group by module
YAML
write() { python3 -c 'import sqlite3, sys; db = sqlite3.connect("log.db"); db.executescript(sys.argv[1])' "$1"; }
write "create table entries (module text, severity text, seconds real);
  insert into entries values ('Test Gateway', 'error', 1.5), ('Test Gateway', 'error', 2.5), (null, 'error', 3), ('Order Status', 'notice', null)"
port=$(free_port)
"$bin/query-exporter" --config config.yaml --port "$port" >/dev/null 2>set-up.log &
pids+=($!)
listening "$port"
show() { echo "$1: $(curl -s "http://127.0.0.1:$port/metrics" | sed -nE 's/^((failed|mean)[a-z_]*)\{.*module="([^"]*)".*\} /\1 \3 /p' | sort | paste -s -d , | sed 's/,/, /g')"; }
seen=$(
  sleep 3
  show 'at first'
  write "delete from entries where severity = 'error'"
  sleep 6
  show 'no errors any more'
)
verdict 'query-exporter 5.0.2 (PyPI), SQLite' 'at first 2 and 1, later none; no mean, or NaN' 'at first: failed None 1.0, failed Test Gateway 2.0, failed_lately None 1.0, failed_lately Test Gateway 2.0, mean_seconds Order Status 0.0
no errors any more: failed None 1.0, failed Test Gateway 2.0, mean_seconds Order Status 0.0' "$seen"
