#!/usr/bin/env bash
# Guess: a collector reads every form of OTLP/JSON that the specification and Protocol Buffers' JSON allow.
# Behaviour: Rotel answers 400 without a word to a content type with a charset or with capitals, to a time that is a number
#   and not a text, and to a value that is empty: {} as a body, an attribute or an item of a list. It takes null for one.
# Hurts: whoever sends JSON of their own, from a browser or a script: HTTP libraries add the charset by themselves.
# Instead: send the bare content type, 64-bit integers as text, and leave out attributes without a value.
. "$(dirname "$0")/lib.sh"
python_with rotel==0.0.1a15
port=$(free_port)
agent=$("$python" -c 'import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent / "rotel-agent")')
"$agent" start --otlp-grpc-endpoint "127.0.0.1:$(free_port)" --otlp-http-endpoint "127.0.0.1:$port" --exporter blackhole \
  >/dev/null 2>&1 &
pids+=($!)
listening "$port"
send() { # NAME CONTENT-TYPE TIME BODY ATTRIBUTES
  local record='{"timeUnixNano":'$3',"severityNumber":17,"body":'$4',"attributes":'$5'}'
  local request='{"resourceLogs":[{"scopeLogs":[{"scope":{},"logRecords":['$record']}],"resource":{"attributes":[]}}]}'
  printf '%s: %s\n' "$1" "$(curl -s -o "$work/answer" -w '%{http_code}, %{size_download} bytes' -H "Content-Type: $2" \
    --data-binary "$request" "http://127.0.0.1:$port/v1/logs")"
}
text='{"stringValue":"refund failed"}'
time='"1785578400000000000"'
seen=$(
  send 'as it likes it' application/json "$time" "$text" '[]'
  send 'with a charset' 'application/json; charset=utf-8' "$time" "$text" '[]'
  send 'with capitals' Application/JSON "$time" "$text" '[]'
  send 'a time that is a number' application/json 1785578400000000000 "$text" '[]'
  send 'an empty body' application/json "$time" '{}' '[]'
  send 'an empty attribute' application/json "$time" "$text" '[{"key":"a","value":{}}]'
  send 'an attribute that is null' application/json "$time" "$text" '[{"key":"a","value":null}]'
)
verdict 'rotel 0.0.1a15 (PyPI)' '200 for each, or a reason' 'as it likes it: 200, 23 bytes
with a charset: 400, 0 bytes
with capitals: 400, 0 bytes
a time that is a number: 400, 0 bytes
an empty body: 400, 0 bytes
an empty attribute: 400, 0 bytes
an attribute that is null: 200, 23 bytes' "$seen"
