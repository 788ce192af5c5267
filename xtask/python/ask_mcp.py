"""The official client for Python asks `storelogs mcp`. Arguments: the program, an archive, and how many entries it has.

The client checks each answer against the schema of its tool, and refuses the whole list for a schema that it cannot use.
"""

import sys

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PROGRAM, ARCHIVE, ENTRIES = sys.argv[1], sys.argv[2], int(sys.argv[3])
TOOLS = ["search", "show", "report", "status", "verify", "sql"]


async def call(session, tool, **arguments):
    answer = await session.call_tool(tool, arguments)
    failed = answer.is_error if hasattr(answer, "is_error") else answer.isError
    text = answer.content[0].text
    assert not failed, f"{tool} {arguments}: {text}"
    value = answer.structured_content if hasattr(answer, "structured_content") else answer.structuredContent
    assert isinstance(value, dict), f"{tool}: {value}"
    return value


async def refusal(session, tool, **arguments):
    answer = await session.call_tool(tool, arguments)
    failed = answer.is_error if hasattr(answer, "is_error") else answer.isError
    assert failed, f"{tool} {arguments} was answered"
    return answer.content[0].text


async def everything(session):
    uids, arguments = set(), {"limit": 1000}
    while True:
        part = await call(session, "search", **arguments)
        uids.update(entry["uid"] for entry in part["entries"])
        if "next_cursor" not in part:
            return uids
        arguments["cursor"] = part["next_cursor"]


async def main():
    server = StdioServerParameters(command=PROGRAM, args=["mcp", "--archive", ARCHIVE])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        listed = [tool.name for tool in (await session.list_tools()).tools]
        assert listed == TOOLS, listed
        assert (await call(session, "search", count=True))["found"] == ENTRIES
        uids = await everything(session)
        assert len(uids) == ENTRIES, f"{len(uids)} of {ENTRIES} by cursors"
        shown = await call(session, "show", uids=sorted(uids)[:3])
        assert len(shown["entries"]) == 3
        for part in ["summary", "activity", "problems", "incidents", "people", "trust"]:
            report = await call(session, "report", since="400d", part=part)
            assert report["part"] == part
        assert (await call(session, "status"))["stores"]
        rows = await call(session, "sql", statement="SELECT count(*), max(key) FROM entries")
        assert rows["rows"][0][0] == ENTRIES and isinstance(rows["rows"][0][1], str), rows
        # No store is configured: `verify` says what to do.
        assert "storelogs" in await refusal(session, "verify")
        assert "there is no argument querry: did you mean query?" in await refusal(session, "search", querry="x")

        async with anyio.create_task_group() as group:
            for _ in range(16):
                group.start_soon(lambda: call(session, "sql", statement="SELECT module, count(*) FROM hours GROUP BY 1"))
    print(f"Python: six tools, {ENTRIES} entries by cursors, errors, sixteen calls at once")


anyio.run(main)
