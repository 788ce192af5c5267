#!/usr/bin/env bash
# Guess: a DuckLake table that is kept in step with a Delta table has its rows, in whatever order they came, and whatever its folders
#   are called.
# Behaviour: times of one day are compared as texts, with a space in one and a T in the other, so the last file decides what the
#   table's newest time is, and an older one never becomes its oldest. After a sync of another store's morning, `time >=` finds
#   nothing of the afternoon, with all rows there. And a partition that is called `Order Status` makes the table unreadable.
# Hurts: whoever reads a lake of several stores, or one that was filled backwards, through DuckLake: the newest entries are not found.
# Instead: `refresh-stats` after each sync, and no spaces in partitions; or DuckDB's own reader of Delta.
. "$(dirname "$0")/lib.sh"
python_with delta2ducklake==0.2.1 deltalake==1.6.6 pyarrow==26.0.1 duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-sqlite-scanner==1.5.5 pytz==2026.1
cat >sync.py <<'PY'
import datetime, importlib.util, os, pathlib, deltalake, duckdb, pyarrow
from delta2ducklake.convert import sync_table
from delta2ducklake.ducklake.catalog import SQLiteCatalogConfig
from delta2ducklake.ducklake.stats_refresh import refresh_stats
here = os.getcwd()
catalog = SQLiteCatalogConfig(f"{here}/catalog.sqlite")

def ask(sql):
    db = duckdb.connect(config={"allow_unsigned_extensions": True})
    for name in ["ducklake", "sqlite_scanner"]:
        folder = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").submodule_search_locations[0])
        db.execute(f"load '{next(folder.rglob('*.duckdb_extension'))}'")
    db.execute(f"attach 'ducklake:sqlite:{here}/catalog.sqlite' as lake (data_path '{here}/data/')")
    try:
        return db.sql(sql).fetchone()[0]
    except duckdb.Error as error:
        return type(error).__name__

def write(name, hours, module, **given):
    times = [datetime.datetime(2026, 8, 1, hour, tzinfo=datetime.timezone.utc) for hour in hours]
    columns = {"time": pyarrow.array(times, pyarrow.timestamp("us", "UTC")), "wall": pyarrow.array([time.replace(tzinfo=None) for time in times], pyarrow.timestamp("us")), "module": [module] * len(times)}
    deltalake.write_deltalake(f"{here}/{name}", pyarrow.table(columns), mode="append", **given)
    sync_table(f"{here}/{name}", catalog, name)

def show(name, what):
    counts = {"all": "true", "since 12:00": "time >= timestamptz '2026-08-01 12:00:00+00'", "before 9:00": "time < timestamptz '2026-08-01 09:00:00+00'", "since 12:00 without a zone": "wall >= timestamp '2026-08-01 12:00:00'"}
    print(f"{what}:", ", ".join(f"{label} {ask(f'select count(module) from lake.{name} where {condition}')}" for label, condition in counts.items()))

os.mkdir("data")
ask("select 1")
write("log", range(10, 14), "Webhooks")
show("log", "10 to 13 o'clock")
write("log", range(14, 16), "Webhooks")
show("log", "and 14 to 15")
write("log", range(8, 12), "Orders")
show("log", "and another store's 8 to 11")
refresh_stats(catalog, "log")
show("log", "statistics made anew")
write("modules", [12], "Webhooks", partition_by=["module"])
show("modules", "by module, Webhooks")
write("modules", [13], "Order Status", partition_by=["module"])
show("modules", "and Order Status")
PY
seen=$("$python" -W ignore sync.py 2>set-up.log)
verdict 'delta2ducklake 0.2.1, deltalake 1.6.6, duckdb 1.5.5 (PyPI)' 'since 12:00: 2, 4, 4, 4 with and without a zone; before 9:00: 0, 0, 1, 1; all: 1, then 2' '10 to 13 o'\''clock: all 4, since 12:00 2, before 9:00 0, since 12:00 without a zone 2
and 14 to 15: all 6, since 12:00 4, before 9:00 0, since 12:00 without a zone 4
and another store'\''s 8 to 11: all 10, since 12:00 0, before 9:00 0, since 12:00 without a zone 4
statistics made anew: all 10, since 12:00 4, before 9:00 1, since 12:00 without a zone 4
by module, Webhooks: all 1, since 12:00 1, before 9:00 0, since 12:00 without a zone 1
and Order Status: all IOException, since 12:00 IOException, before 9:00 0, since 12:00 without a zone IOException' "$seen"
