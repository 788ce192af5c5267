"""lake.py PROGRAM MAKER STORES ENTRIES [spark]: an archive is exported in steps, and every engine says of the lake what the
program says of the archive."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

program, maker, stores, entries, *more = sys.argv[1:]
stores, entries = int(stores), int(entries)
archive, lake = "archive.db", "lake"
failures = []


def text(*command):
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{command[0]} ended with {ran.returncode}: {ran.stderr.strip()[-2000:]}")
    return ran.stdout


def export(*options):
    began = time.monotonic()
    ran = subprocess.run([program, "export", "lake", lake, "--archive", archive, *options], capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"the export ended with {ran.returncode}: {ran.stderr.strip()[-2000:]}")
    took = time.monotonic() - began
    # Of the largest child so far, in KiB.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{' '.join(('export', *options))}: {ran.stdout.strip().replace(chr(10), '; ')}; {took:.1f} s, at most {peak:.0f} MiB", flush=True)
    return took


# Half of the stores, then the other half and what was changed meanwhile, then small files put together.
for name in os.listdir("."):
    if name.startswith("archive.db"):
        os.remove(name)
shutil.rmtree(lake, ignore_errors=True)
half = str(stores // 2)
each = str(max(entries // stores, 1))
text(maker, archive, "0", half, each)
# Only what comes later is measured: the maker is a child, too.
export()
text(maker, archive, half, str(stores), each)
took = export()
export("--compact")
export()

# The archive's tables as the lake's: all forms of the entries, the newest ones, and the hours.
FIELDS = "severity_text category action module actor subject_id summary message".split()
NAMES = "CASE {0} WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error' ELSE 'unspecified' END"
ARCHIVE = f"""
WITH newest AS (
  SELECT store.platform || ':' || store.name || ':' || e.id AS uid, store.platform AS platform, store.name AS store,
         CAST(e.id AS TEXT) AS id, e.time AS time, coalesce(e.nanos, 0) AS time_nanos, e.utc_offset AS utc_offset,
         e.observed AS observed, {NAMES.format("e.severity")} AS severity, e.severity AS severity_number,
         {", ".join(f"e.{field} AS {field}" for field in FIELDS)}, e.extra AS extra,
         (SELECT count(*) FROM revision r WHERE r.store = e.store AND r.entry_id = e.id) AS revision,
         strftime('%Y-%m', e.time / 1000000, 'unixepoch') AS month
    FROM entry e JOIN store ON store.id = e.store),
forms AS (SELECT r.*, store.platform, store.name FROM revision r JOIN store ON store.id = r.store),
entries AS (
  SELECT * FROM newest UNION ALL
  SELECT json_extract(entry, '$.uid'), platform, name, json_extract(entry, '$.id'),
         unixepoch(json_extract(entry, '$.time')) * 1000000 + CAST(substr(substr(json_extract(entry, '$.time'), 20) || '0000000', 2, 6) AS INTEGER) * (instr(json_extract(entry, '$.time'), '.') > 0), 0, 0,
         unixepoch(json_extract(entry, '$.observed')) * 1000000 + CAST(substr(substr(json_extract(entry, '$.observed'), 20) || '0000000', 2, 6) AS INTEGER) * (instr(json_extract(entry, '$.observed'), '.') > 0),
         json_extract(entry, '$.severity'), 0, {", ".join(f"json_extract(entry, '$.{field}')" for field in FIELDS)},
         json_extract(entry, '$.extra'),
         (SELECT count(*) FROM revision b WHERE b.store = forms.store AND b.entry_id = forms.entry_id AND b.id < forms.id),
         strftime('%Y-%m', json_extract(entry, '$.time'))
    FROM forms),
hours AS (
  SELECT store.platform AS platform, store.name AS store, h.hour * 3600000000 AS hour,
         {NAMES.format("kind.severity")} AS severity, kind.module AS module, kind.action AS action, kind.actor AS actor,
         kind.shape AS template, h.entries AS entries, strftime('%Y-%m', h.hour * 3600, 'unixepoch') AS month
    FROM hour h JOIN store ON store.id = h.store JOIN kind ON kind.id = h.kind)
"""

# The same text for all; {us:…} is a time as microseconds since 1970.
QUESTIONS = {
    "how many forms, ids and letters": """SELECT count(*) AS n, count(DISTINCT uid) AS ids, sum(length(summary)) AS letters,
        sum(length(message)) AS of_messages FROM entries""",
    "each store's first and last": """SELECT platform, store, count(*) AS n, min({us:time}) AS first, max({us:time}) AS last,
        min(id) AS least, max(id) AS greatest FROM newest GROUP BY platform, store""",
    "what came of every time": """SELECT month, sum({us:time} % 1000003) AS times, sum({us:observed} % 1000003) AS observed,
        sum(time_nanos) AS nanos, sum(CAST(utc_offset AS BIGINT)) AS offsets FROM newest GROUP BY month""",
    "errors by month and module": """SELECT month, module, count(*) AS n FROM newest
        WHERE severity = 'error' AND platform = 'bigcommerce' GROUP BY month, module""",
    "who did what": """SELECT actor, action, count(*) AS n FROM newest WHERE actor IS NOT NULL GROUP BY actor, action""",
    "what was changed": """SELECT uid, revision, {us:time} AS at, {us:observed} AS observed, month, summary FROM entries
        WHERE uid IN (SELECT uid FROM newest WHERE revision > 0)""",
    "one entry by its id, all of it": """SELECT uid, platform, month, store, id, {us:time} AS at, time_nanos, utc_offset,
        {us:observed} AS observed, severity, severity_number, severity_text, category, action, module, actor, subject_id,
        summary, message, extra, revision FROM newest WHERE uid IN (SELECT min(uid) FROM newest GROUP BY platform, store, month)""",
    "fields that no document names": """SELECT uid, extra, subject_id FROM newest
        WHERE extra IS NOT NULL OR subject_id = '00042'""",
    "what came late": """SELECT store, count(*) AS n FROM entries WHERE {us:observed} - {us:time} > 86400000000
        GROUP BY store""",
    "entries by hour, added up": """SELECT platform, store, month, severity, sum(entries) AS n, min({us:hour}) AS first
        FROM hours GROUP BY platform, store, month, severity""",
    "what is said most": """SELECT severity, template, sum(entries) AS n FROM hours WHERE template IS NOT NULL
        GROUP BY severity, template""",
}
COVERAGE = "SELECT platform, store, {us:since} AS since, verdict, detail, entries FROM coverage"
NEWEST = "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY uid ORDER BY observed DESC, revision DESC) AS place FROM entries) AS t WHERE place = 1"


def question(sql, micros):
    while "{us:" in sql:
        before, rest = sql.split("{us:", 1)
        column, rest = rest.split("}", 1)
        sql = before + micros(column) + rest
    return sql


def cell(value):
    if value is None:
        return "NULL"
    if isinstance(value, float) or type(value).__name__ == "Decimal":
        return str(int(value))
    return str(value)


def normal(rows):
    return sorted(tuple(cell(value) for value in row) for row in rows)


def asked(reader, ask, micros):
    """Asks everything, and says how long each took: with many entries it is an hour for all."""
    answers = {}
    for name, sql in {**QUESTIONS, "what is known of each store": COVERAGE}.items():
        if name.startswith("what is known") and reader == "storelogs sql":
            continue
        began = time.monotonic()
        try:
            answers[name] = normal(ask(question(sql, micros)))
        except Exception as error:
            failed(f"{reader}: {name}: {type(error).__name__}: {str(error)[:600]}")
        print(f"{reader}: {name}: {time.monotonic() - began:.1f} s", flush=True)
    return answers


def failed(what):
    print(what, flush=True)
    failures.append(what)


def compare(reader, answers):
    for name, answer in answers.items():
        wanted = expected.setdefault(name, answer)
        if answer != wanted:
            differ = [pair for pair in zip(answer, wanted) if pair[0] != pair[1]][:1]
            failed(f"{reader}: {name}: {len(answer)} rows, {len(wanted)} expected; first difference {differ}")


def of_archive(sql):
    rows = json.loads(text(program, "sql", "--format", "json", ARCHIVE + sql, "--archive", archive), parse_float=str)
    return [list(row.values()) for row in rows]


expected = asked("storelogs sql", of_archive, lambda column: column)
for name in QUESTIONS:
    if not expected.get(name):
        failures.append(f"{name}: there is nothing to compare")
total = int(expected["how many forms, ids and letters"][0][0])
size = sum(path.stat().st_size for path in pathlib.Path(lake, "entries").rglob("*.parquet"))
# Those that were put together still lie there.
log = sum(path.stat().st_size for path in pathlib.Path(lake).rglob("_delta_log/*"))

import duckdb
import duckdb_extension_delta

duck = duckdb.connect()
# From PyPI, since DuckDB's own place is another host. DuckDB loads nothing that it has not signed.
duck.execute(f"LOAD '{next(pathlib.Path(duckdb_extension_delta.__file__).parent.rglob('delta.duckdb_extension'))}'")
for table in ("entries", "hours", "coverage"):
    duck.execute(f"CREATE VIEW {table} AS SELECT * FROM delta_scan('{lake}/{table}')")
duck.execute(f"CREATE VIEW newest AS {NEWEST}")
compare("DuckDB", asked(f"DuckDB {duckdb.__version__}", lambda sql: duck.sql(sql).fetchall(), lambda column: f"epoch_us({column})"))

import deltalake
import pyarrow

builder = deltalake.QueryBuilder()
for table in ("entries", "hours", "coverage"):
    builder = builder.register(table, deltalake.DeltaTable(f"{lake}/{table}"))


def of_deltalake(sql):
    sql = f"WITH newest AS ({NEWEST}) {sql}"
    return [list(row.values()) for row in pyarrow.table(builder.execute(sql).read_all()).to_pylist()]


compare("deltalake", asked(f"deltalake {deltalake.__version__}", of_deltalake, lambda column: f"CAST({column} AS BIGINT)"))

import polars

frames = {table: polars.scan_delta(f"{lake}/{table}") for table in ("entries", "hours", "coverage")}
forms = ("uid", "observed", "revision")
newest = frames["entries"].select(forms).sort("observed", "revision").unique("uid", keep="last")
context = polars.SQLContext(frames | {"newest": frames["entries"].join(newest, on=forms, how="semi")})


def of_polars(sql):
    return context.execute(sql).collect(engine="streaming").rows()


compare("polars", asked(f"polars {polars.__version__}", of_polars, lambda column: f"CAST({column} AS BIGINT)"))

counted = sum(pathlib.Path(lake, "entries", add).stat().st_size for add in
              (path.split("/entries/", 1)[1] for path in deltalake.DeltaTable(f"{lake}/entries").file_uris()))
print(f"{total} rows, {counted / total:.1f} bytes each; the logs have {log} bytes")

if "spark" in more:
    import pyspark
    import re

    home = pathlib.Path(pyspark.__file__).parent
    children = []

    def started(name, *arguments):
        environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
        log = open(f"{name}.log", "w")
        children.append(subprocess.Popen([home / "bin/spark-class", *arguments], stdout=log, stderr=log, env=environment))

    def said(name, pattern):
        for _ in range(600):
            found = re.search(pattern, pathlib.Path(f"{name}.log").read_text())
            if found:
                return found
            time.sleep(0.1)
        sys.exit(f"{name} did not start: see {name}.log")

    try:
        started("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        address = said("master", r"Starting Spark master at (spark://\S+)")[1]
        for number in (1, 2):
            started(f"worker{number}", "org.apache.spark.deploy.worker.Worker", address, "--host", "127.0.0.1", "--port", "0",
                    "--webui-port", "0", "--cores", "1", "--memory", "3g", "--work-dir", f"work{number}")
            said(f"worker{number}", "Successfully registered with master")
        from pyspark.sql import SparkSession

        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        spark = (SparkSession.builder.master(address).appName("lake").config("spark.driver.host", "127.0.0.1")
                 .config("spark.executor.memory", "2g").config("spark.ui.enabled", "false")
                 .config("spark.sql.shuffle.partitions", "4").config("spark.sql.session.timeZone", "UTC")
                 .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false").getOrCreate())
        for table in ("entries", "hours", "coverage"):
            files = deltalake.DeltaTable(f"{lake}/{table}").file_uris()
            spark.read.option("basePath", os.path.abspath(f"{lake}/{table}")).parquet(*files).createOrReplaceTempView(table)
        spark.sql(f"CREATE OR REPLACE TEMP VIEW newest AS {NEWEST}")
        executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()
        compare("Spark", asked(f"Spark {spark.version}, a master and two workers", lambda sql: spark.sql(sql).collect(),
                               lambda column: f"unix_micros({column})"))
        executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
        if executors < 2:
            failures.append(f"Spark: only {executors} workers had a part")
        spark.stop()
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()

if failures:
    sys.exit("\n".join(["", *failures]))
print("Every engine says what the program says.")
