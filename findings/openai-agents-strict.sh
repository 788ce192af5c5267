#!/usr/bin/env bash
# Guess: with convert_schemas_to_strict, the Agents SDK makes of an optional argument what strict mode knows for it: a required one
#   that may be null.
# Behaviour: it makes every argument required, and leaves the types as they are, so that none may be null. The model has to fill in
#   since, stores and the cursor of a first page, whether it means any or not. A tool is marked as strict all the same.
# Hurts: whoever lets such an agent search a log: made-up times and empty texts arrive, and a server refuses or obeys them.
# Instead: leave the conversion off, as it comes; or a server that takes an empty text for none, as ours does.
. "$(dirname "$0")/lib.sh"
python_with openai-agents==0.24.0 mcp==2.3.0 openai==3.57.0
mcp_server <<'PY'
TOOLS = {"search": {"type": "object", "properties": {"query": {"type": "string"}, "since": {"type": "string"}, "cursor": {"type": "string"},
         "stores": {"type": "array", "items": {"type": "string"}}}, "required": ["query"], "additionalProperties": False}}
PY
cat >client.py <<'PY'
import asyncio, sys
from agents import Agent, RunContextWrapper
from agents.mcp import MCPServerStdio, MCPUtil

async def main():
    async with MCPServerStdio(params={"command": sys.executable, "args": ["server.py"]}) as server:
        for strict in (False, True):
            tools = await MCPUtil.get_function_tools(server, convert_schemas_to_strict=strict, run_context=RunContextWrapper(None), agent=Agent(name="a"))
            schema = tools[0].params_json_schema
            types = ", ".join(f"{name} {about['type']}" for name, about in schema["properties"].items())
            print(f"strict {tools[0].strict_json_schema}: {types}; required: {', '.join(schema['required'])}")

asyncio.run(main())
PY
seen=$(OPENAI_AGENTS_DISABLE_TRACING=1 timeout 120 "$python" client.py 2>/dev/null)
verdict 'openai-agents 0.24.0 with mcp 2.3.0 (PyPI)' 'with strict, since, cursor and stores required, and null among their types' \
  'strict False: query string, since string, cursor string, stores array; required: query
strict True: query string, since string, cursor string, stores array; required: query, since, cursor, stores' "$seen"
