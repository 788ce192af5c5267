#!/usr/bin/env bash
# Guess: an adapter that makes LangChain tools of a server's hands its schema to the model, and the model's arguments to the server.
# Behaviour: mcp-use makes a model class of the schema in between. An optional argument that the model leaves out arrives as null,
#   which its schema does not allow, or as its default; of a list of words, the words are gone from what the model reads, and so are
#   least and greatest numbers; an argument that the tool does not have is dropped without a word, so that a misspelt filter
#   filters nothing.
# Hurts: whoever lets such an agent search a log: a server that obeys its own schema refuses each call, one that takes any
#   argument finds all entries for `store` where `stores` was meant.
# Instead: langchain-mcp-adapters, which hands on both; or a server that takes null for left out, as ours does.
. "$(dirname "$0")/lib.sh"
python_with mcp-use==1.7.1 mcp==1.30.0 langchain==1.5.2 langchain-core==1.8.3
mcp_server <<'PY'
TOOLS = {"search": {"type": "object", "properties": {"query": {"type": "string"}, "stores": {"type": "array", "items": {"type": "string"}},
         "limit": {"type": "integer", "minimum": 1, "maximum": 1000}, "order": {"enum": ["newest", "oldest"], "type": "string", "default": "newest"}},
         "required": ["query"], "additionalProperties": False}}
def call(name, arguments):
    return {"content": [{"type": "text", "text": json.dumps(arguments)}]}
PY
cat >client.py <<'PY'
import asyncio, json, sys
from mcp_use import MCPClient
from mcp_use.agents.adapters.langchain_adapter import LangChainAdapter

async def main():
    client = MCPClient.from_dict({"mcpServers": {"log": {"command": sys.executable, "args": ["server.py"]}}})
    adapter = LangChainAdapter()
    await adapter.create_all(client)
    tool = adapter.tools[0]
    shown = tool.args_schema.model_json_schema()["properties"]
    print("the model reads of limit:", json.dumps(shown["limit"]["anyOf"]), "of order:", json.dumps(shown["order"]["anyOf"]))
    for given in ({"query": "refund"}, {"query": "refund", "store": "abc123"}):
        print(json.dumps(given), "arrives as", await tool.ainvoke(given))
    await client.close_all_sessions()

asyncio.run(main())
PY
seen=$(MCP_USE_ANONYMIZED_TELEMETRY=false timeout 120 "$python" client.py 2>/dev/null | grep -v INFO)
verdict 'mcp-use 1.7.1 with mcp 1.30.0 (PyPI)' 'limit from 1 to 1000, order newest or oldest; the arguments as given, and store refused by the server' \
  'the model reads of limit: [{"type": "integer"}, {"type": "null"}] of order: [{"type": "string"}, {"type": "null"}]
{"query": "refund"} arrives as {"query": "refund", "stores": null, "limit": null, "order": "newest"}
{"query": "refund", "store": "abc123"} arrives as {"query": "refund", "stores": null, "limit": null, "order": "newest"}' "$seen"
