#!/usr/bin/env bash
# Guess: fastparquet writes a pandas time so that it reads the same one back, by either of its forms for times, or refuses it.
# Behaviour: with times="int96", the form for older Spark and Hive, it takes pandas' numbers for nanoseconds, and since pandas 3 they
#   are microseconds: August 2026 becomes January 1970, here and in pyarrow. In the default form it does so to whole seconds, which is
#   what pandas makes of Python's dates: each day is 00:29 of the first of 1970. The write says nothing.
# Hurts: whoever writes entries, or counts by day, as Parquet for an older engine; a range by date then finds nothing.
# Instead: .dt.as_unit("ns") before the write, or pandas' own to_parquet with pyarrow.
. "$(dirname "$0")/lib.sh"
python_with fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1
seen=$("$python" -W ignore - 2>/dev/null <<'PY'
import datetime, fastparquet, pandas, pyarrow.parquet
times = pandas.to_datetime(pandas.Series(["2026-08-01T10:00:07.123Z"]))
days = pandas.to_datetime(pandas.Series([datetime.date(2026, 8, 1)]))
for name, column in {"a time": times, "a day": days, "a time, as_unit": times.dt.as_unit("ns"), "a day, as_unit": days.dt.as_unit("ns")}.items():
    for form in "int64", "int96":
        answers = []
        fastparquet.write("log.parquet", pandas.DataFrame({"time": column}), times=form)
        for read in lambda: fastparquet.ParquetFile("log.parquet").to_pandas()["time"][0], lambda: pyarrow.parquet.read_table("log.parquet")["time"][0].as_py():
            try:
                answers.append(str(read())[:23])
            except Exception:
                answers.append("an error")
        print(f"{name}, {form}:", ", pyarrow: ".join(answers))
PY
)
verdict 'fastparquet 2026.9.0 with pandas 3.1.1 (PyPI)' '2026-08-01 10:00:07.123 and 2026-08-01 00:00:00, each time' 'a time, int64: 2026-08-01 10:00:07.123, pyarrow: 2026-08-01 10:00:07.123
a time, int96: 1970-01-21 15:59:38.407, pyarrow: 1970-01-21 15:59:38.407
a day, int64: an error, pyarrow: 1970-01-01 00:29:45.542
a day, int96: 1970-01-01 00:00:01.785, pyarrow: 1970-01-01 00:00:01.785
a time, as_unit, int64: 2026-08-01 10:00:07.123, pyarrow: 2026-08-01 10:00:07.123
a time, as_unit, int96: 2026-08-01 10:00:07.123, pyarrow: 2026-08-01 10:00:07.123
a day, as_unit, int64: 2026-08-01 00:00:00, pyarrow: 2026-08-01 00:00:00
a day, as_unit, int96: 2026-08-01 00:00:00, pyarrow: 2026-08-01 00:00:00' "$seen"
