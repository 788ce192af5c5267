#!/usr/bin/env bash
# Guess: of a tool's answer the model gets the text, and an answer that says it is an error is one to the agent, too.
# Behaviour: the model gets Python's representation of the whole answer object: the text inside quotes with each quote and line
#   break of it escaped, then the structured copy of the same, then the fields that are None. ToolOutput.is_error is False for an
#   answer with isError.
# Hurts: whoever lets such an agent read a log: each answer costs twice its tokens and more, and what counts failed calls sees none.
# Instead: a function of one's own around `client.call_tool`, which joins the texts and looks at `is_error`.
. "$(dirname "$0")/lib.sh"
python_with llama-index-tools-mcp==0.6.0 llama-index-core==0.14.25 mcp==2.3.0
mcp_server <<'PY'
found = {"entries": [{"id": "6001234567890123457", "summary": "Order \"7\" failed"}]}
answers = {"search": {"content": [{"type": "text", "text": json.dumps(found)}], "structuredContent": found},
           "fails": {"content": [{"type": "text", "text": "the token is refused"}], "isError": True}}
TOOLS = {name: {"type": "object", "properties": {}} for name in answers}
def call(name, arguments):
    return answers[name]
PY
cat >client.py <<'PY'
import asyncio, sys
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

async def main():
    tools = await McpToolSpec(client=BasicMCPClient(sys.executable, args=["server.py"])).to_tool_list_async()
    for tool in tools:
        output = await tool.acall()
        print(f"{tool.metadata.name}: is_error {output.is_error}, content: {output.content}")

asyncio.run(main())
PY
seen=$(timeout 120 "$python" client.py 2>/dev/null)
stated=$(cat <<'TEXT'
search: is_error False, content: meta=None content=[TextContent(type='text', text='{"entries": [{"id": "6001234567890123457", "summary": "Order \\"7\\" failed"}]}', annotations=None, meta=None)] structured_content={'entries': [{'id': '6001234567890123457', 'summary': 'Order "7" failed'}]} is_error=False result_type='complete'
fails: is_error False, content: meta=None content=[TextContent(type='text', text='the token is refused', annotations=None, meta=None)] structured_content=None is_error=True result_type='complete'
TEXT
)
verdict 'llama-index-tools-mcp 0.6.0 with mcp 2.3.0 (PyPI)' 'search: is_error False, content: {"entries": …}; fails: is_error True, content: the token is refused' \
  "$stated" "$seen"
