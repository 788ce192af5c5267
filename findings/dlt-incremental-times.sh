#!/usr/bin/env bash
# Guess: dlt.sources.incremental goes on from the newest time by its instant, since it makes a timestamp of the field.
# Behaviour: it makes one for the destination only. To go on, it compares texts: after 10:00:00Z, one of 10:00:00.5Z is older and is
#   dropped, since a point sorts before Z; after 18:30:00+08:00, everything until 18:30Z is, eight hours of another store. A lag does
#   not help. Nothing counts what was dropped, and the run ends well.
# Hurts: whoever loads a log bit by bit: entries of the next second, or of a working day, never arrive, and the cursor has passed them.
# Instead: parse the times before they reach it, to datetimes; or texts of one width in UTC, as `--format viewer` has.
. "$(dirname "$0")/lib.sh"
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL DLT_DATA_DIR=$work/dlt HOME=$work
python_with 'dlt[duckdb]==1.31.0' duckdb==2.0.1
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
import datetime, dlt, duckdb
def load(name, runs, read=lambda time: time, **given):
    pipeline = dlt.pipeline(name, destination=dlt.destinations.duckdb(f"{name}.duckdb"), dataset_name="log", pipelines_dir="pipelines")
    @dlt.resource(name="entries", write_disposition="append")
    def entries(page, time=dlt.sources.incremental("time", **given)):
        yield page
    number = 0
    for run in runs:
        pipeline.run(entries([{"id": (number := number + 1), "time": read(f"2026-08-01T{time}")} for time in run]))
    with duckdb.connect(f"{name}.duckdb") as db:
        ids = [id for id, in db.sql("select id from log.entries order by id").fetchall()]
        print(f"{name}: {number} entries,", "column", db.sql("select typeof(time) from log.entries limit 1").fetchall()[0][0], "arrived", ids)
fractions = [["10:00:00Z"], ["10:00:00.500Z", "10:00:01Z"], ["10:00:01.250Z"]]
offsets = [["10:00:00Z", "18:30:00+08:00"], ["11:00:00Z", "19:30:00+08:00"], ["12:00:00Z"]]
load("fractions", fractions)
load("offsets", offsets)
load("offsets_lag", offsets, lag=7200)
load("fractions_parsed", fractions, datetime.datetime.fromisoformat)
load("offsets_parsed", offsets, datetime.datetime.fromisoformat)
load("one_width", [["10:00:00.000000Z"], ["10:00:00.500000Z", "10:00:01.000000Z"], ["10:00:01.250000Z"]])
PY
)
verdict 'dlt 1.31.0 (PyPI)' 'all entries, each time' 'fractions: 4 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 3]
offsets: 5 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 2, 4]
offsets_lag: 5 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 2, 4]
fractions_parsed: 4 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 2, 3, 4]
offsets_parsed: 5 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 2, 3, 4, 5]
one_width: 4 entries, column TIMESTAMP WITH TIME ZONE arrived [1, 2, 3, 4]' "$seen"
