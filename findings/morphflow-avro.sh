#!/usr/bin/env bash
# Guess: a conversion that ends well has every field of every record, or null where a record does not have it.
# Behaviour: the schema of an Avro file is made of the first record: a field that comes later, as an error's, is not in the file. By way
#   of XML, the text 00123 is the number 123, and an object is a list of its values. "Conversion completed successfully", each time;
#   for CSV a later field is an error.
# Hurts: whoever hands an export on as Avro: what only some entries have, as the reason of a failure, is gone.
# Instead: JSON or MessagePack, where it keeps all; for Avro, a first record with a value in each field.
. "$(dirname "$0")/lib.sh"
python_with morphflow==1.0.0
cat >log.jsonl <<'JSONL'
{"id":"00123","module":"Orders"}
{"id":"00124","module":"Orders","error":"timeout"}
{"id":"00125","module":"Orders","extra":{"code":"007"}}
JSONL
seen=$(
  for format in json msgpack avro xml csv; do
    "$bin/morphflow" log.jsonl "log.$format" >/dev/null 2>>set-up.log
    code=$?
    echo "$format: ends with $code"
    [ $code = 0 ] && "$bin/morphflow" "log.$format" "back-$format.jsonl" >/dev/null 2>>set-up.log && sed 's/^/  /' "back-$format.jsonl"
  done
)
verdict 'morphflow 1.0.0 (PyPI)' 'three records with each field, in every format' 'json: ends with 0
  {"id": "00123", "module": "Orders"}
  {"id": "00124", "module": "Orders", "error": "timeout"}
  {"id": "00125", "module": "Orders", "extra": {"code": "007"}}
msgpack: ends with 0
  {"id": "00123", "module": "Orders"}
  {"id": "00124", "module": "Orders", "error": "timeout"}
  {"id": "00125", "module": "Orders", "extra": {"code": "007"}}
avro: ends with 0
  {"id": "00123", "module": "Orders"}
  {"id": "00124", "module": "Orders"}
  {"id": "00125", "module": "Orders"}
xml: ends with 0
  {"id": 123, "module": "Orders"}
  {"id": 124, "module": "Orders", "error": "timeout"}
  {"id": 125, "module": "Orders", "extra": [7]}
csv: ends with 1' "$seen"
