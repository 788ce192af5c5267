#!/usr/bin/env bash
# Guess: a client on the command line hands on the text of an argument that the tool's schema declares as text, and shows the
#   answer as it came.
# Behaviour: the Inspector's CLI and mcporter read such a text as JSON first: null, true and {"code":500} arrive as what they mean
#   in JSON, and from the Inspector an id of 19 digits arrives as a number, rounded; mcporter keeps that one. And mcporter, as it
#   comes and with --output json, reads an answer's text as JSON and prints it anew: the ids in it are rounded.
# Hurts: whoever looks for an id or for null in a log from a script: nothing, everything or an error comes; or copies ids.
# Instead: with mcporter --args '{"query":"null"}' and --output text; with the Inspector quotes: query='"null"'.
. "$(dirname "$0")/lib.sh"
node_with node@22.23.3 mcporter@0.12.3 @modelcontextprotocol/inspector@2.12.0
export HOME=$work PATH=$work/node_modules/node/bin:$PATH
cat >server.mjs <<'JS'
import { createInterface } from "node:readline";
const inputSchema = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
const arrived = (line) => /"query":("[^"]*"|\{.*?\}|[^},]*)/.exec(line)[1];
const text = (text) => ({ content: [{ type: "text", text }] });
const answers = {
  initialize: (line, { protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "log", version: "1" } }),
  "tools/list": () => ({ tools: [{ name: "search", inputSchema }] }),
  "tools/call": (line, { arguments: { query } }) => text(query === "the id" ? '{"id":6001234567890123457}' : `arrived: ${arrived(line)}`),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: answers[method]?.(line, params) ?? {} }));
}
JS
printf '{"mcpServers":{"log":{"command":"node","args":["%s/server.mjs"]}}}\n' "$work" >mcporter.json
bare() { grep -o 'arrived: .*' | sed 's/^arrived: //; s/"$//; s/\\//g'; }
mcporter() { timeout 60 node_modules/.bin/mcporter --config mcporter.json call log.search "$@" 2>/dev/null; }
inspector() { timeout 60 node_modules/.bin/mcp-inspector --cli node server.mjs --method tools/call --tool-name search --tool-arg "$1" 2>/dev/null; }
seen=$(for text in refund 00123 6001234567890123457 null '{"code":500}'; do
  echo "$text: mcporter $(mcporter "query=$text" | sed 's/^arrived: //'), Inspector $(inspector "query=$text" | bare)"
done
echo "an answer with the id: $(for form in auto json text; do mcporter 'query=the id' --output "$form" | tr -d ' \n'; done)"
echo "with the remedies: mcporter $(mcporter --args '{"query":"null"}' | sed 's/^arrived: //'), Inspector $(inspector 'query="null"' | bare)")
verdict 'mcporter 0.12.3, @modelcontextprotocol/inspector 2.12.0 (npm)' 'each text as it is, in quotes, and the id' 'refund: mcporter "refund", Inspector "refund"
00123: mcporter "00123", Inspector "00123"
6001234567890123457: mcporter "6001234567890123457", Inspector 6001234567890124000
null: mcporter null, Inspector null
{"code":500}: mcporter {"code":500}, Inspector {"code":500}
an answer with the id: {"id":6001234567890124000}{"id":6001234567890124000}{"id":6001234567890123457}
with the remedies: mcporter "null", Inspector "null"' "$seen"
