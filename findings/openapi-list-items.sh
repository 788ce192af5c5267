#!/usr/bin/env bash
# Guess: a program that tells breaking changes of a document tells that a field of the records that a list answers with has another
#   type, or that a parameter is required from now on.
# Behaviour: breakwatch looks into objects and not into lists, and ends with 0 where a parameter becomes required. schemawatch looks
#   into a list only if its record has a name under `components`. kryptorious-apiguard, whose table of what it detects has a changed
#   type of a property in an answer, sees it nowhere. To each, what it does not see is no change. specshift sees all of it.
# Hurts: whoever lets one of them watch a platform's document: the records of a log stand in a list.
# Instead: specshift; or generate the client anew and compare that.
. "$(dirname "$0")/lib.sh"
python_with breakwatch==0.1.0 kryptorious-apiguard==1.0.1 specshift==1.5.0 schemawatch==0.1.4
"$python" - <<'PY'
import copy, json
record = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "module": {"type": "string"}}}
answers = {
    "object": {"type": "object", "properties": {"newest": record}},
    "list": {"type": "object", "properties": {"data": {"type": "array", "items": record}}},
    "named": {"type": "object", "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}}},
}
for name, answer in answers.items():
    get = {"operationId": "logs", "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}]}
    get["responses"] = {"200": {"description": "logs", "content": {"application/json": {"schema": answer}}}}
    document = {"openapi": "3.0.3", "info": {"title": "store", "version": "1"}, "paths": {"/logs": {"get": get}}}
    if name == "named":
        document["components"] = {"schemas": {"Entry": record}}
    text = json.dumps(document)
    changes = {"same": text, "id": text.replace('{"id": {"type": "integer"}', '{"id": {"type": "string"}'), "page": text.replace('"name": "page",', '"name": "page", "required": true,')}
    for change, changed in changes.items():
        with open(f"{name}-{change}.json", "w") as file:
            file.write(changed)
PY
compare() {
  [ "$1" = schemawatch ] && set -- "$1" '' "$2" "$3" || set -- "$1" diff "$2" "$3"
  "$bin/$1" $2 "$3" "$4"
}
# A change is seen if the answer differs from that to the same document twice.
look() {
  compare "$1" "$2-same.json" "$2-same.json" >same.txt 2>&1
  compare "$1" "$2-same.json" "$2-$3.json" >changed.txt 2>&1
  code=$?
  cmp -s same.txt changed.txt && echo "not seen, $code" || echo "seen, $code"
}
seen=$(
  for program in breakwatch apiguard schemawatch specshift; do
    echo "$program: id a text: in an object $(look $program object id); in a list $(look $program list id); in a list by name $(look $program named id); page required: $(look $program list page)"
  done
)
verdict 'breakwatch 0.1.0, kryptorious-apiguard 1.0.1, schemawatch 0.1.4, specshift 1.5.0 (PyPI)' 'seen by each, with exit code 1' 'breakwatch: id a text: in an object seen, 1; in a list not seen, 0; in a list by name not seen, 0; page required: seen, 0
apiguard: id a text: in an object not seen, 0; in a list not seen, 0; in a list by name not seen, 0; page required: not seen, 0
schemawatch: id a text: in an object seen, 1; in a list not seen, 0; in a list by name seen, 1; page required: not seen, 0
specshift: id a text: in an object seen, 1; in a list seen, 1; in a list by name seen, 1; page required: seen, 1' "$seen"
