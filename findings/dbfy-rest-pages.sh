#!/usr/bin/env bash
# Guess: a table over a paged API has every record, or asking it is an error; a page that is shorter than asked for is no end.
# Behaviour: by page and by offset dbfy asks for 1,000 records a page, which cannot be changed, and takes a shorter page for the last
#   one: an API that gives 250 at most, however many are asked for, is a table of 250. By link and by cursor it stops after 1,000
#   pages, or `max_pages`. A count looks like any other, in all four.
# Hurts: whoever asks a store's API by SQL: counts and sums are those of the first page, or of the first 1,000.
# Instead: pagination by link or cursor with `runtime: {max_pages: …}` far above what there is; compare with the platform's count.
. "$(dirname "$0")/lib.sh"
python_with dbfy==0.4.1 pyarrow==26.0.1
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
import http.server, json, threading, urllib.parse, dbfy, pyarrow
total, most = 2500, 250

class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).items()}
        size = min(most, int(asked.get("limit", most)))
        start = int(asked.get("offset") or asked.get("cursor") or (int(asked.get("page", 1)) - 1) * size)
        more = start + size < total
        answer = json.dumps({"data": [{"id": id} for id in range(start, min(start + size, total))], "next": str(start + size) if more else None}).encode()
        self.send_response(200)
        if more:
            self.send_header("link", f'<http://127.0.0.1:{server.server_port}/logs?cursor={start + size}>; rel="next"')
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()

def count(pagination, runtime="{}"):
    engine = dbfy.Engine.from_yaml(f"""
version: 1
sources:
  store:
    type: rest
    base_url: http://127.0.0.1:{server.server_port}
    runtime: {runtime}
    tables:
      logs:
        endpoint: {{method: GET, path: /logs}}
        root: "$.data[*]"
        columns: {{id: {{path: "$.id", type: int64}}}}
        pagination: {pagination}
""")
    return pyarrow.Table.from_batches(engine.query("select count(*) as c from store.logs")).to_pylist()[0]["c"]

ways = {
    "page": "{type: page, page_param: page, size_param: limit, start_page: 1}",
    "offset": "{type: offset, offset_param: offset, limit_param: limit}",
    "link": "{type: link_header, rel: next}",
    "cursor": "{type: cursor, cursor_param: cursor, cursor_path: $.next}",
}
for name, pagination in ways.items():
    print(f"by {name}: {count(pagination)} of {total}")
most = 2
for name in ["link", "cursor"]:
    print(f"by {name}, two a page: {count(ways[name])} of {total}, with max_pages {count(ways[name], '{max_pages: 9999}')}")
PY
)
verdict 'dbfy 0.4.1 (PyPI)' '2500 of 2500, each time, or an error' 'by page: 250 of 2500
by offset: 250 of 2500
by link: 2500 of 2500
by cursor: 2500 of 2500
by link, two a page: 2000 of 2500, with max_pages 2500
by cursor, two a page: 2000 of 2500, with max_pages 2500' "$seen"
