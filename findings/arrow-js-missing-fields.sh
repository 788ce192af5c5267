#!/usr/bin/env bash
# Guess: a field that an object does not have is null in the table that Arrow makes of it, like one that is null.
# Behaviour: tableFromJSON makes something of it that counts as a value: an empty text, NaN, or false; only a field that is
#   null is null. In a column of numbers a text is NaN, too, and in one of true and false 0 is false. Written as Parquet, all of it stays.
# Hurts: whoever makes Parquet of JSON lines in Node or a browser, where each line has only the fields that its entry has: nothing is
#   missing any longer, `is null` finds nothing, and an entry that says nothing of it counts as refused.
# Instead: fill in null for each field first, and name the types of the columns.
. "$(dirname "$0")/lib.sh"
node_with apache-arrow@21.2.0 parquet-wasm@0.8.0
python_with pyarrow==26.0.1
cat >write.cjs <<'JS'
const { writeFileSync } = require("node:fs");
const { tableFromJSON, tableToIPC } = require("apache-arrow");
const { Table, writeParquet } = require("parquet-wasm/node");
const first = { module: "tax", amount: 1.5, accepted: true };
const lines = [first, {}, { module: null, amount: null, accepted: null }, { module: "", amount: "E5", accepted: 0 }];
const filled = lines.map((line) => ({ module: null, amount: null, accepted: null, ...line }));
for (const [name, rows] of Object.entries({ bare: lines, filled })) {
  writeFileSync(`${name}.parquet`, writeParquet(Table.fromIPCStream(tableToIPC(tableFromJSON(rows), "stream"))));
}
JS
seen=$(node write.cjs && "$python" - <<'PY'
import json, pyarrow.parquet
for name in ["bare", "filled"]:
    for what, row in zip(["all there", "nothing there", "null", "of another type"], pyarrow.parquet.read_table(f"{name}.parquet").to_pylist()):
        if what != "all there" and (name == "bare" or what == "nothing there"):
            print(f"{name}, {what}: {', '.join(f'{field} {json.dumps(value)}' for field, value in row.items())}")
PY
)
verdict 'apache-arrow 21.2.0 (npm), with parquet-wasm 0.8.0' 'null where nothing is there, an error for another type' 'bare, nothing there: module "", amount NaN, accepted false
bare, null: module null, amount null, accepted null
bare, of another type: module "", amount NaN, accepted false
filled, nothing there: module null, amount null, accepted null' "$seen"
