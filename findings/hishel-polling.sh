#!/usr/bin/env bash
# Guess: hishel, a cache for httpx, asks the server again wherever the answer says no-cache, as its version 1 did.
# Behaviour: since version 2 it goes by HTTP's rules only if told so: else the first good answer is the answer from then on, whatever
#   Cache-Control or ETag stood on it, in the file on disk for every later run as well. rfc=True is what version 1 did.
# Hurts: whoever updates it and polls a log's first page: it stays as it was, no new entry ever comes, and nothing is an error.
# Instead: CacheClient(rfc=True), or no cache before a log.
. "$(dirname "$0")/lib.sh"
python_with 'hishel[httpx]==2.0.0'
cat >server.py <<'PY'
import http.server, threading
class Log(http.server.BaseHTTPRequestHandler):
    protocol_version, asked = "HTTP/1.1", 0
    def do_GET(self):
        Log.asked += 1
        page = f"page {Log.asked}".encode()
        self.send_response(200)
        if "bare" not in self.path:
            self.send_header("Cache-Control", "no-cache")
            self.send_header("ETag", f'"{Log.asked}"')
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
    def log_message(self, *_):
        pass
def start():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Log)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
PY
seen=$("$python" - 2>set-up.log <<'PY'
import hishel, hishel.httpx, server
url = server.start()
for name, path, given in [("no-cache and an ETag", "/logs?page=1", {}), ("no word of it", "/bare?page=1", {}), ("no-cache, rfc=True", "/rfc?page=1", {"rfc": True})]:
    server.Log.asked, answers = 0, []
    for run in range(2):
        with hishel.httpx.CacheClient(storage=hishel.SqliteStorage(database_path="cache.db"), **given) as client:
            answers += [client.get(url + path).text for _ in range(2)]
    print(f"{name}: {', '.join(answers)}")
PY
)
verdict 'hishel 2.0.0 with httpx (PyPI)' 'page 1 to page 4, wherever the answer says no-cache' 'no-cache and an ETag: page 1, page 1, page 1, page 1
no word of it: page 1, page 1, page 1, page 1
no-cache, rfc=True: page 1, page 2, page 3, page 4' "$seen"
