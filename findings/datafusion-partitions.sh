#!/usr/bin/env bash
# Guess: a Parquet folder that DataFusion partitions by a text field reads back as it was, in DataFusion and elsewhere, as those of
#   pyarrow, polars and DuckDB do among each other.
# Behaviour: DataFusion writes a missing value and an empty one into one folder, `module=`, and both come back empty. It writes an `=`
#   bare: DuckDB then refuses the whole folder, polars fails. And of the others' folders it reads what is missing as the text
#   __HIVE_DEFAULT_PARTITION__, which counts and groups like a module.
# Hurts: whoever splits an export by module, store or subject, and counts what has none.
# Instead: a Delta table, or coalesce to a word before the write; reading, nullif(module, '__HIVE_DEFAULT_PARTITION__').
. "$(dirname "$0")/lib.sh"
python_with datafusion==55.0.0 pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1
seen=$("$python" - 2>/dev/null <<'PY'
import datafusion, duckdb, polars, pyarrow, pyarrow.dataset as dataset
text = pyarrow.schema([("module", pyarrow.string())])
hive = dataset.partitioning(text, flavor="hive")
def with_datafusion(rows, folder):
    context = datafusion.SessionContext()
    context.register_record_batches("rows", [rows.to_batches()])
    context.sql(f"copy rows to '{folder}/' stored as parquet partitioned by (module)").collect()
def with_pyarrow(rows, folder):
    dataset.write_dataset(rows, folder, format="parquet", partitioning=hive)
def in_datafusion(folder):
    context = datafusion.SessionContext()
    context.register_parquet("rows", folder, table_partition_cols=[("module", pyarrow.string())])
    return pyarrow.Table.from_batches(context.sql("select id, module from rows").collect())
readers = {
    "DataFusion": in_datafusion,
    "pyarrow": lambda folder: dataset.dataset(folder, partitioning=hive).to_table(),
    "polars": lambda folder: polars.scan_parquet(folder, hive_schema={"module": polars.String}).collect().to_arrow(),
    "DuckDB": lambda folder: duckdb.sql(f"from read_parquet('{folder}/**/*.parquet', hive_partitioning = true, hive_types = {{'module': varchar}})").to_arrow_table(),
}
cases = {"empty": ["Braintree", None, ""], "equals": ["Braintree", "A=B"]}
for writer in with_pyarrow, with_datafusion:
    for name, modules in cases.items():
        folder = f"{writer.__name__}-{name}"
        writer(pyarrow.table({"id": range(len(modules)), "module": pyarrow.array(modules, pyarrow.string())}), folder)
        for reader, read in readers.items():
            try:
                print(f"{writer.__name__}, {reader}:", [row["module"] for row in sorted(read(folder).to_pylist(), key=lambda row: row["id"])])
            except Exception:
                print(f"{writer.__name__}, {reader}: an error")
PY
)
verdict 'datafusion 55.0.0, beside pyarrow 26.0.1, polars 2.1.0 and duckdb 2.0.1 (PyPI)' 'what was written, each time' "with_pyarrow, DataFusion: ['Braintree', '__HIVE_DEFAULT_PARTITION__', '']
with_pyarrow, pyarrow: ['Braintree', None, '']
with_pyarrow, polars: ['Braintree', None, '']
with_pyarrow, DuckDB: ['Braintree', None, '']
with_pyarrow, DataFusion: ['Braintree', 'A=B']
with_pyarrow, pyarrow: ['Braintree', 'A=B']
with_pyarrow, polars: ['Braintree', 'A=B']
with_pyarrow, DuckDB: ['Braintree', 'A=B']
with_datafusion, DataFusion: ['Braintree', '', '']
with_datafusion, pyarrow: ['Braintree', '', '']
with_datafusion, polars: ['Braintree', '', '']
with_datafusion, DuckDB: ['Braintree', '', '']
with_datafusion, DataFusion: ['Braintree', 'A=B']
with_datafusion, pyarrow: ['Braintree', 'A=B']
with_datafusion, polars: an error
with_datafusion, DuckDB: an error" "$seen"
