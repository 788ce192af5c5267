#!/usr/bin/env bash
# Guess: a text argument reaches an MCP tool as the text that the client sent.
# Behaviour: if the parameter is optional (str | None), the SDK first tries to read the text as JSON: "null" arrives as None,
#   that is as no argument at all, and a text that is a JSON list or object is refused as not being text. The same
#   texts reach a plain str parameter untouched.
# Hurts: whoever puts a search behind MCP: looking for null looks for everything, looking for {"code":500} fails.
# Instead: declare search texts as str with an empty default.
. "$(dirname "$0")/lib.sh"
python_with mcp==2.3.0
seen=$("$python" - 2>/dev/null <<'PY'
import asyncio
from mcp import Client
from mcp.server import MCPServer
server = MCPServer("log")
@server.tool()
def optional(text: str | None = None) -> str:
    return repr(text)
@server.tool()
def plain(text: str = "") -> str:
    return repr(text)
async def main():
    async with Client(server) as client:
        for tool in ["optional", "plain"]:
            for text in ["refund", "null", '{"code":500}']:
                result = await client.call_tool(tool, {"text": text})
                print(f"{tool}, {text}:", "refused" if result.is_error else result.content[0].text)
asyncio.run(main())
PY
)
verdict 'mcp 2.3.0 (PyPI)' 'each text as sent' "optional, refund: 'refund'
optional, null: None
optional, {\"code\":500}: refused
plain, refund: 'refund'
plain, null: 'null'
plain, {\"code\":500}: '{\"code\":500}'" "$seen"
