#!/usr/bin/env bash
# Guess: HTTP clients read an answer in gzip to its end, also one of several members, as a file has that was appended to day by day; or
#   they refuse it, as curl does.
# Behaviour: httpx2, like httpx before it, gives the first member and drops the rest without an error, at once and as a stream. requests,
#   niquests and aiohttp give all of it.
# Hurts: whoever fetches exports that are kept as `… | gzip >> log.jsonl.gz` and served with Content-Encoding: the first day is all there is.
# Instead: requests or niquests; or take the raw bytes, with iter_raw, and gzip.decompress.
. "$(dirname "$0")/lib.sh"
python_with httpx2==2.16.2 httpx==0.28.1 requests==2.34.2 niquests==3.21.2 aiohttp==3.14.5
cat >fetch.py <<'PY'
import asyncio, gzip, http.server, threading
import aiohttp, httpx, httpx2, niquests, requests
log = b"".join(gzip.compress(f'{{"id":"00{day}","summary":"refund failed"}}\n'.encode() * 100) for day in [1, 2, 3])
class Log(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/jsonl")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(log)))
        self.end_headers()
        self.wfile.write(log)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Log)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/log.jsonl"
def streamed(client):
    with client.stream("GET", url) as answer:
        return "".join(answer.iter_text())
def raw(client):
    with client.stream("GET", url) as answer:
        return gzip.decompress(b"".join(answer.iter_raw())).decode()
async def by_aiohttp():
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()
for name, text in [
    ("httpx2", httpx2.get(url).text), ("httpx2, streamed", streamed(httpx2)), ("httpx2, iter_raw", raw(httpx2)), ("httpx", httpx.get(url).text),
    ("requests", requests.get(url).text), ("niquests", niquests.get(url).text), ("aiohttp", asyncio.run(by_aiohttp())),
]:
    print(f"{name}: {len(text.splitlines())} of 300 lines")
PY
seen=$("$python" -W ignore fetch.py 2>>set-up.log)
verdict 'httpx2 2.16.2, httpx 0.28.1, requests 2.34.2, niquests 3.21.2, aiohttp 3.14.5 (PyPI)' '300 lines, or an error' 'httpx2: 100 of 300 lines
httpx2, streamed: 100 of 300 lines
httpx2, iter_raw: 300 of 300 lines
httpx: 100 of 300 lines
requests: 300 of 300 lines
niquests: 300 of 300 lines
aiohttp: 300 of 300 lines' "$seen"
