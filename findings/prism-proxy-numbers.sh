#!/usr/bin/env bash
# Guess: a proxy that checks requests and answers against a document passes both on as they came, also where they are not as the
#   document has them.
# Behaviour: Prism reads each JSON body and writes it anew: ids of 19 digits are rounded, in answers and in requests, so two become one;
#   a number of 22 digits gets an exponent, 1.0 becomes 1. Its mock gives an example's id rounded too. Nothing is reported.
# Hurts: whoever watches by it how far a platform keeps to its document, or tests a client through it: what is fetched has wrong ids.
# Instead: check a copy of the traffic beside it; ids as strings in the document and in examples.
. "$(dirname "$0")/lib.sh"
node_with @stoplight/prism-cli@5.14.2
cat >api.yaml <<'YAML'
openapi: 3.0.3
info: {title: store, version: "1"}
paths:
  /logs:
    get: &operation
      responses:
        "200":
          description: entries
          content: {application/json: {schema: {type: object}, example: {id: 1234567890123456789}}}
    post:
      <<: *operation
      requestBody: {content: {application/json: {schema: {type: object}}}}
YAML
cat >store.mjs <<'JS'
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
createServer(async (request, answer) => {
  const body = Buffer.concat(await request.toArray());
  if (body.length) writeFileSync("arrived.json", body);
  answer.setHeader("content-type", "application/json");
  answer.end('{"ids":[1234567890123456789,1234567890123456790],"number":9400111202555842332669,"amount":1.0}');
}).listen(Number(process.argv[2]), "127.0.0.1");
JS
store=$(free_port)
node store.mjs "$store" & pids+=($!)
listening "$store"
proxy=$(free_port)
node node_modules/@stoplight/prism-cli/dist/index.js proxy -p "$proxy" api.yaml "http://127.0.0.1:$store" >proxy.log 2>&1 & pids+=($!)
listening "$proxy"
mock=$(free_port)
node node_modules/@stoplight/prism-cli/dist/index.js mock -p "$mock" api.yaml >mock.log 2>&1 & pids+=($!)
listening "$mock"
seen=$(
  echo "the store's answer: $(curl -s "http://127.0.0.1:$store/logs")"
  echo "through the proxy:  $(curl -s "http://127.0.0.1:$proxy/logs")"
  curl -s -o /dev/null -H 'content-type: application/json' -d '{"id":1234567890123456789}' "http://127.0.0.1:$proxy/logs"
  echo "a request's id:     $(cat arrived.json)"
  echo "the mock's id:      $(curl -s "http://127.0.0.1:$mock/logs")"
)
verdict '@stoplight/prism-cli 5.14.2 (npm)' 'each number in all its digits' 'the store'\''s answer: {"ids":[1234567890123456789,1234567890123456790],"number":9400111202555842332669,"amount":1.0}
through the proxy:  {"ids":[1234567890123456800,1234567890123456800],"number":9.400111202555843e+21,"amount":1}
a request'\''s id:     {"id":1234567890123456800}
the mock'\''s id:      {"id":1234567890123456800}' "$seen"
