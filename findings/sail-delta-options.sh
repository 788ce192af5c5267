#!/usr/bin/env bash
# Guess: Sail, which takes Spark's place for Spark's own client, does what Delta's writer does in Spark, or refuses options that it lacks.
# Behaviour: it ignores them. With partitionOverwriteMode=dynamic, which replaces the partitions that the new rows have, all others are
#   gone, too; with txnAppId and txnVersion, which make a second try of a write do nothing, the rows come twice. And an append makes null
#   of a text that is no number in a column of integers. replaceWhere it does.
# Hurts: whoever moves a job that keeps a lake to it: a month is written anew, and the others are no more.
# Instead: replaceWhere; a merge by the entry's uid; compare schemas before an append.
. "$(dirname "$0")/lib.sh"
python_with pysail==0.7.2 deltalake==1.6.6 pyarrow==26.0.1 pandas==2.3.3 grpcio==1.76.0 grpcio-status==1.76.0 googleapis-common-protos==1.72.0 zstandard==0.25.0
"$bin/pip" install -q --no-deps pyspark-client==4.2.0 >>set-up.log 2>&1 || not_set_up pyspark-client
cat >write.py <<'PY'
import os, shutil, sys, deltalake
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession
server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
spark = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
table = os.path.abspath("entries")
def write(rows, mode, columns="id string, month string, attempts bigint", **options):
    writer = spark.createDataFrame(rows, columns).write.format("delta").mode(mode).partitionBy("month")
    for name, value in options.items():
        writer = writer.option(name, value)
    writer.save(table)
def tried(what, rows, *given, times=1, **options):
    shutil.rmtree(table, ignore_errors=True)
    write([("1", "2026-07", 1), ("2", "2026-08", 2)], "overwrite")
    try:
        for _ in range(times):
            write(rows, *given, **options)
        rows = sorted(deltalake.DeltaTable(table).to_pyarrow_table().to_pylist(), key=lambda row: row["id"])
        seen = "; ".join(f"{row['id']} of {row['month']}: {row['attempts']}" for row in rows)
    except Exception as error:
        seen = "an error"
    print(f"{what}: {seen}", flush=True)
august = [("3", "2026-08", 3)]
tried("replaceWhere August", august, "overwrite", replaceWhere="month = '2026-08'")
tried("dynamic overwrite of August", august, "overwrite", partitionOverwriteMode="dynamic")
tried("one write, tried twice", august, "append", times=2, txnAppId="copy", txnVersion=1)
tried("text for an integer", [("3", "2026-08", "three")], "append", "id string, month string, attempts string")
os._exit(0)
PY
seen=$("$python" -W ignore write.py 2>>set-up.log)
[ -n "$seen" ] || not_set_up pysail
verdict 'pysail 0.7.2, pyspark-client 4.2.0 (PyPI)' 'July stays; 3 once; an error for the last' 'replaceWhere August: 1 of 2026-07: 1; 3 of 2026-08: 3
dynamic overwrite of August: 3 of 2026-08: 3
one write, tried twice: 1 of 2026-07: 1; 2 of 2026-08: 2; 3 of 2026-08: 3; 3 of 2026-08: 3
text for an integer: 1 of 2026-07: 1; 2 of 2026-08: 2; 3 of 2026-08: None' "$seen"
