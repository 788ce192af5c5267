#!/usr/bin/env bash
# Guess: a client whose int64 ids are of type bigint hands out the digits that the server sent.
# Behaviour: openapi-ts, asked for transformers, declares id: bigint and makes it with BigInt(data.id.toString()), after JSON.parse
#   has rounded the number: two ids of SHOPLINE that differ in their last digit become the same one, which is neither of them,
#   nor what JSON.parse gave. It looks exact, and goes out again in all its digits: as since_id it lies beyond both.
# Hurts: whoever generates a client with it, and pages by id or keeps entries by it.
# Instead: call with parseAs: "text" and read the ids with a parser that keeps digits.
. "$(dirname "$0")/lib.sh"
node_with node@22.23.3 typescript@5.9.3 @hey-api/openapi-ts@0.99.0
cat >log.yaml <<'YAML'
openapi: 3.0.3
info: {title: log, version: "1"}
paths:
  /log:
    get:
      operationId: listLog
      parameters:
        - {name: since_id, in: query, schema: {type: integer, format: int64}}
      responses:
        "200":
          description: entries
          content: {application/json: {schema: {type: array, items: {type: object, required: [id], properties: {id: {type: integer, format: int64}}}}}}
YAML
cat >config.mjs <<'JS'
export default {
  input: "log.yaml",
  output: { path: "client", importFileExtension: ".ts" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/transformers", { name: "@hey-api/sdk", transformer: true }],
};
JS
cat >ask.ts <<'TS'
import { listLog } from "./client/sdk.gen.ts";
const body = '[{"id":6001234567890123456},{"id":6001234567890123457}]';
const fetch = async (request: Request) => {
  if (new URL(request.url).search) console.log("asked next:", new URL(request.url).search);
  return new Response(body, { headers: { "content-type": "application/json" } });
};
const { data } = await listLog({ baseUrl: "http://log.test", fetch });
for (const { id } of data!) console.log(typeof id, String(id));
console.log("JSON.parse:", String(BigInt(JSON.parse(body)[0].id)));
await listLog({ baseUrl: "http://log.test", fetch, query: { since_id: data![1].id } });
TS
new=node_modules/node/bin/node
"$new" node_modules/@hey-api/openapi-ts/bin/run.js -f config.mjs >set-up.log 2>&1 || not_set_up @hey-api/openapi-ts
seen="$(grep -o 'id: bigint' client/types.gen.ts)
$("$new" --experimental-strip-types --no-warnings ask.ts)"
verdict '@hey-api/openapi-ts 0.99.0 (npm)' '6001234567890123456 and 6001234567890123457' 'id: bigint
bigint 6001234567890124000
bigint 6001234567890124000
JSON.parse: 6001234567890123776
asked next: ?since_id=6001234567890124000' "$seen"
