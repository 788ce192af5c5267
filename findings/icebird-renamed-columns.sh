#!/usr/bin/env bash
# Guess: a reader of Iceberg goes by the number of a column, as the format has it: a renamed column keeps its values, and a new one with
#   the name of an old one has none in older files.
# Behaviour: icebird goes by the names in the file. After `module` was renamed to `source`, older entries have no source; after a new
#   `module` was added, they show their old one in it, and a `code` that was dropped as a number and added as a text is the
#   number again. Its list of features has renaming.
# Hurts: whoever changes a table of entries and looks at it in the browser: modules stand where another field is meant.
# Instead: names that the table never had; or pyiceberg.
. "$(dirname "$0")/lib.sh"
python_with 'pyiceberg[sql-sqlite,pyarrow]==0.12.0' pyarrow==26.0.1
node_with icebird@0.3.1
"$python" -W ignore - >pyiceberg.txt 2>set-up.log <<'PY' || not_set_up table
import json, os, pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import StringType
catalog = SqlCatalog("store", uri="sqlite:///catalog.db", warehouse=f"file://{os.getcwd()}")
catalog.create_namespace("log")
entries = catalog.create_table("log.entries", schema=pyarrow.schema([("id", pyarrow.int32()), ("code", pyarrow.float64()), ("module", pyarrow.string())]))
entries.append(pyarrow.table({"id": pyarrow.array([1], pyarrow.int32()), "code": [500.0], "module": ["Orders"]}))
with entries.update_schema() as schema:
    schema.rename_column("module", "source")
    schema.delete_column("code")
def show(when):
    for row in sorted(entries.scan().to_arrow().to_pylist(), key=lambda row: row["id"]):
        print(f"pyiceberg, {when}:", json.dumps(row, sort_keys=True, separators=(",", ":")))
    print(entries.metadata_location)
show("renamed")
with entries.update_schema() as schema:
    schema.add_column("module", StringType())
    schema.add_column("code", StringType())
entries.append(pyarrow.table({"id": pyarrow.array([2], pyarrow.int32()), "source": ["Webhooks"], "module": ["Refunds"], "code": ["00123"]}))
show("added")
PY
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { icebergMetadata, icebergRead } from "icebird";
globalThis.fetch = async (url, { method, headers } = {}) => {
  const file = readFileSync(new URL(url));
  const [, start, end] = /bytes=(\d+)-(\d*)/.exec(new Headers(headers).get("range") ?? "") ?? [];
  const part = start ? file.subarray(Number(start), end ? Number(end) + 1 : undefined) : file;
  return new Response(method === "HEAD" ? null : part, { status: start ? 206 : 200, headers: { "content-length": String(part.length) } });
};
const [when, location] = process.argv.slice(2);
const tableUrl = location.split("/metadata/")[0];
const metadata = await icebergMetadata({ tableUrl, metadataFileName: basename(location) });
const rows = await icebergRead({ tableUrl, metadata });
for (const row of rows.sort((a, b) => a.id - b.id)) console.log(`icebird, ${when}:`, JSON.stringify(Object.fromEntries(Object.entries(row).sort())));
JS
mapfile -t locations < <(grep '^file:' pyiceberg.txt)
seen=$(
  grep -v '^file:' pyiceberg.txt
  node read.mjs renamed "${locations[0]}" 2>>set-up.log
  node read.mjs added "${locations[1]}" 2>>set-up.log
)
verdict 'icebird 0.3.1 (npm), pyiceberg 0.12.0 (PyPI)' 'the same from both' 'pyiceberg, renamed: {"id":1,"source":"Orders"}
pyiceberg, added: {"code":null,"id":1,"module":null,"source":"Orders"}
pyiceberg, added: {"code":"00123","id":2,"module":"Refunds","source":"Webhooks"}
icebird, renamed: {"id":1}
icebird, added: {"code":500,"id":1,"module":"Orders"}
icebird, added: {"code":"00123","id":2,"module":"Refunds","source":"Webhooks"}' "$seen"
