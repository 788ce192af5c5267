#!/usr/bin/env bash
# Guess: a field of JSON lines that is null in the first 20,480 records, which DuckDB looks at to find the types, becomes
#   text or JSON, or the first real value further down is an error.
# Behaviour: the column gets a type of its own for "only nulls", and every later value in it is read as null, silently. A
#   new key inside an object is dropped as silently.
# Hurts: whoever asks `fetch --format jsonl` about rare messages: `where message is not null` finds nothing.
# Instead: read_json(file, sample_size = -1), or name the columns with their types.
. "$(dirname "$0")/lib.sh"
python_with duckdb==2.0.1
seen=$("$python" - <<'PY'
import duckdb, json
def write(tail):
    with open("log.jsonl", "w") as file:
        for id in range(20480):
            print(json.dumps({"id": id, "message": None, "extra": {"carrier": "a"}}), file=file)
        print(json.dumps(tail), file=file)
def ask(columns, source="'log.jsonl'"):
    return duckdb.sql(f"select {columns} from {source}").fetchall()[0]
write({"id": 1, "message": "card declined"})
print("messages:", *ask("count(message)"), "with the whole file looked at:", *ask("count(message)", "read_json('log.jsonl', sample_size = -1)"))
write({"id": 1, "extra": {"carrier": "a", "code": "E5"}})
print("new key inside:", *ask("last(extra)"))
PY
)
verdict 'duckdb 2.0.1 (PyPI)' 'one message and the new key, or an error' "messages: 0 with the whole file looked at: 1
new key inside: {'carrier': 'a'}" "$seen"
