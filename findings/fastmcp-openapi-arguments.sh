#!/usr/bin/env bash
# Guess: a server that FastMCP makes of an OpenAPI document checks a call against the schema that it shows, as it does for functions.
# Behaviour: nothing is checked. An argument of another name, such as date_created_min for date_created:min, is dropped with a
#   line in the server's own log, so is an empty list, and the answer is that to a call without it: the whole log, as a success.
#   A value that is not in the enum, or below the minimum, is passed on.
# Hurts: whoever lets an assistant ask a store's API that way: it has not filtered, and believes that it has.
# Instead: functions of one's own, whose arguments are checked, with names that an assistant does not have to guess.
. "$(dirname "$0")/lib.sh"
python_with fastmcp==4.2.3
seen=$("$python" - 2>/dev/null <<'PY'
import asyncio, fastmcp, httpx2
number = {"type": "integer"}
document = {"openapi": "3.1.0", "info": {"title": "log", "version": "1"}, "paths": {"/log": {"get": {
    "operationId": "list_log", "responses": {"200": {"description": "entries"}}, "parameters": [
        {"name": "date_created:min", "in": "query", "schema": number},
        {"name": "id:in", "in": "query", "style": "form", "explode": False, "schema": {"type": "array", "items": number}},
        {"name": "direction", "in": "query", "schema": {"enum": ["asc", "desc"]}},
        {"name": "page", "in": "query", "schema": number | {"minimum": 1}}]}}}}
def answer(request):
    return httpx2.Response(200, json={"asked": request.url.query.decode()})
client = httpx2.AsyncClient(base_url="http://log.test", transport=httpx2.MockTransport(answer))
server = fastmcp.FastMCP.from_openapi(document, client=client)
@server.tool
def function(page: int = 1) -> dict:
    return {"asked": f"page={page}"}
async def main():
    async with fastmcp.Client(server) as client:
        for tool, arguments in [("list_log", {"date_created:min": 1785578400}), ("list_log", {"date_created_min": 1785578400}),
                                ("list_log", {"id:in": []}), ("list_log", {"direction": "newest", "page": 0}),
                                ("function", {"pages": 2}), ("function", {"page": "x"})]:
            result = await client.call_tool(tool, arguments, raise_on_error=False)
            print(tool, arguments, "->", "refused" if result.is_error else f"asked for /log?{result.structured_content['asked']}")
asyncio.run(main())
PY
)
verdict 'fastmcp 4.2.3 (PyPI)' 'the first as sent, the rest refused' "list_log {'date_created:min': 1785578400} -> asked for /log?date_created%3Amin=1785578400
list_log {'date_created_min': 1785578400} -> asked for /log?
list_log {'id:in': []} -> asked for /log?
list_log {'direction': 'newest', 'page': 0} -> asked for /log?direction=newest&page=0
function {'pages': 2} -> refused
function {'page': 'x'} -> refused" "$seen"
