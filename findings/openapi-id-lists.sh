#!/usr/bin/env bash
# Guess: a list that the document wants in one piece (explode: false, as BigCommerce's id:in) is sent as id:in=1,2.
# Behaviour: swagger-typescript-api and openapi-python-client drop the word: their clients send id:in=1&id:in=2, as for a list
#   with explode: true. A server that takes one value takes the first or the last. oazapfts 7.5.0 sends it in one piece.
# Hurts: whoever generates a client in these languages and asks for entries by id: one comes back, with status 200.
# Instead: oazapfts, or hand the list over as one text of the document's own making.
. "$(dirname "$0")/lib.sh"
python_with openapi-python-client==0.29.1
node_with swagger-typescript-api@13.13.0
cat >log.yaml <<'YAML'
openapi: 3.0.3
info: {title: log, version: "1"}
servers: [{url: "http://log.test"}]
paths:
  /log:
    get:
      operationId: listLog
      parameters:
        - {name: "id:in", in: query, style: form, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: type, in: query, explode: true, schema: {type: array, items: {type: string}}}
      responses: {"204": {description: nothing}}
YAML
"$bin/openapi-python-client" generate --path log.yaml --output-path client --meta none >set-up.log 2>&1; [ -d client ] || not_set_up openapi-python-client
node_modules/.bin/swagger-typescript-api generate -p log.yaml -o . -n client.js --js >set-up.log 2>&1 || not_set_up swagger-typescript-api
mv client.js client.mjs
seen=$(
  cat >ask.mjs <<'JS'
import { Api } from "./client.mjs";
const customFetch = async (url) => (console.log("swagger-typescript-api:", decodeURIComponent(new URL(url).search)), new Response(null, { status: 204 }));
await new Api({ customFetch }).log.listLog({ "id:in": [101, 102], type: ["a", "b"] }).catch(() => {});
JS
  node ask.mjs
  "$python" - <<'PY'
import httpx, urllib.parse
from client.client import Client
from client.api.default import list_log
def answer(request):
    print("openapi-python-client:", urllib.parse.unquote(f"?{request.url.query.decode()}"))
    return httpx.Response(204)
client = Client(base_url="http://log.test", httpx_args={"transport": httpx.MockTransport(answer)})
list_log.sync_detailed(client=client, idin=[101, 102], type_=["a", "b"])
PY
)
verdict 'swagger-typescript-api 13.13.0 (npm), openapi-python-client 0.29.1 (PyPI)' 'id:in=101,102, each time' 'swagger-typescript-api: ?id:in=101&id:in=102&type=a&type=b
openapi-python-client: ?id:in=101&id:in=102&type=a&type=b' "$seen"
