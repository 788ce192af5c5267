#!/usr/bin/env bash
# Guess: a collector that cuts what it sends on into requests of its own size says for each part which resource it is of.
# Behaviour: Rotel sends at most 8,192 records at once. Where it cuts the records of one resource in two, the first of the two
#   parts goes on with an empty resource: without service.name, and whatever else says where the records are from.
# Hurts: whoever finds the records of a service, or of a shop, by the attributes of the resource: those before a cut are nobody's.
#   Of 576,641 records of 100 resources, sent 2,000 at a time, 59,991 lost theirs.
# Instead: an attribute of the record itself that names the source (log.record.uid begins with the platform and the store).
. "$(dirname "$0")/lib.sh"
python_with rotel==0.0.1a15
in=$(free_port) out=$(free_port)
agent=$("$python" -c 'import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent / "rotel-agent")')
# For each request: how many records it has, and whether the resource is named.
"$python" - "$out" "$work/arrived" <<'PY' &
import gzip, http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with open(sys.argv[2], "a") as arrived:
            print(body.count(b"refund failed"), "with" if b"myshop" in body else "without", file=arrived)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
PY
pids+=($!)
listening "$out"
"$agent" start --otlp-grpc-endpoint "127.0.0.1:$(free_port)" --otlp-http-endpoint "127.0.0.1:$in" --exporter otlp \
  --otlp-exporter-protocol http --otlp-exporter-endpoint "http://127.0.0.1:$out" >/dev/null 2>&1 &
pids+=($!)
listening "$in"
record='{"timeUnixNano":"1785578400000000000","body":{"stringValue":"refund failed"},"attributes":[]}'
records=$record$(printf ",$record%.0s" $(seq 9999))
resource='{"attributes":[{"key":"service.name","value":{"stringValue":"myshop"}}]}'
printf '%s' '{"resourceLogs":[{"resource":'"$resource"',"scopeLogs":[{"scope":{},"logRecords":['"$records"']}]}]}' >"$work/request"
curl -s -o "$work/answer" -H 'Content-Type: application/json' --data-binary "@$work/request" "http://127.0.0.1:$in/v1/logs"
for _ in $(seq 100); do
  [ "$(awk '{ all += $1 } END { print all + 0 }' "$work/arrived" 2>/dev/null)" = 10000 ] && break
  sleep 0.1
done
verdict 'rotel 0.0.1a15 (PyPI)' '8192 with, 1808 with' '8192 without, 1808 with' "$(sort -rn "$work/arrived" | paste -sd, | sed 's/,/, /')"
