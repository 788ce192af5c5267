// The official client for TypeScript asks `storelogs mcp`. Arguments: the program, an archive, and how many entries it has.
//
// The client checks each answer against the schema of its tool, and refuses the whole list for a schema that it cannot use.

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [program, archive, count] = process.argv.slice(2);
const entries = Number(count);

const client = new Client({ name: "storelogs-xtask", version: "1.0.0" });
const transport = new StdioClientTransport({ command: program, args: ["mcp", "--archive", archive] });
await client.connect(transport);

async function call(name, args = {}) {
  const answer = await client.callTool({ name, arguments: args });
  assert(!answer.isError, `${name} ${JSON.stringify(args)}: ${answer.content[0].text}`);
  assert.deepEqual(answer.structuredContent, JSON.parse(answer.content[0].text));
  return answer.structuredContent;
}

async function refusal(name, args = {}) {
  const answer = await client.callTool({ name, arguments: args });
  assert(answer.isError, `${name} ${JSON.stringify(args)} was answered`);
  return answer.content[0].text;
}

const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), ["search", "show", "report", "status", "verify", "sql"]);
assert.equal((await call("search", { count: true })).found, entries);

const uids = new Set();
let cursor;
do {
  const part = await call("search", { limit: 1000, ...(cursor && { cursor }) });
  part.entries.forEach((entry) => uids.add(entry.uid));
  cursor = part.next_cursor;
} while (cursor);
assert.equal(uids.size, entries);

assert.equal((await call("show", { uids: [...uids].slice(0, 3) })).entries.length, 3);
for (const part of ["summary", "activity", "problems", "incidents", "people", "trust"]) {
  assert.equal((await call("report", { since: "400d", part })).part, part);
}
assert((await call("status")).stores.length > 0);
const { rows } = await call("sql", { statement: "SELECT count(*), max(key) FROM entries" });
assert.equal(rows[0][0], entries);
assert.equal(typeof rows[0][1], "string");
// No store is configured: `verify` says what to do.
assert.match(await refusal("verify"), /storelogs/);
assert.match(await refusal("search", { querry: "x" }), /there is no argument querry: did you mean query\?/);
await Promise.all(Array.from({ length: 16 }, () => call("sql", { statement: "SELECT module, count(*) FROM hours GROUP BY 1" })));
await client.close();
console.log(`TypeScript: six tools, ${entries} entries by cursors, errors, sixteen calls at once`);
