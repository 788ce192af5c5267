#!/usr/bin/env bash
# Guess: a collector that has answered 200 has the records, on disk or where they go to.
# Behaviour: Rotel answers from memory, also while where it sends to is down. Killed then, it has lost everything that it had
#   acknowledged, and after a restart nothing of it comes.
# Hurts: whoever takes "sent" for "kept" and deletes the source.
# Instead: keep the source, and send the time of the crash again (storelogs export otlp --again FROM..TO).
. "$(dirname "$0")/lib.sh"
python_with rotel==0.0.1a15
in=$(free_port) out=$(free_port)
agent=$("$python" -c 'import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent / "rotel-agent")')
start() {
  "$agent" start --otlp-grpc-endpoint "127.0.0.1:$(free_port)" --otlp-http-endpoint "127.0.0.1:$in" --exporter otlp \
    --otlp-exporter-protocol http --otlp-exporter-endpoint "http://127.0.0.1:$out" >/dev/null 2>&1 &
  rotel=$!
  pids+=("$rotel")
  listening "$in"
}
start
record='{"timeUnixNano":"1785578400000000000","body":{"stringValue":"refund failed"},"attributes":[]}'
records=$record$(printf ",$record%.0s" $(seq 99))
request='{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{},"logRecords":['$records']}]}]}'
taken=0
for _ in $(seq 20); do
  code=$(curl -s -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data-binary "$request" \
    "http://127.0.0.1:$in/v1/logs")
  [ "$code" = 200 ] && taken=$((taken + 100))
done
kill -9 "$rotel"
wait "$rotel" 2>/dev/null
# Now there is somebody to send to.
"$python" - "$out" "$work/arrived" <<'PY' &
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[2], "ab").write(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
PY
pids+=($!)
listening "$out"
start
sleep 10
arrived=$([ -s "$work/arrived" ] && echo some || echo none)
verdict 'rotel 0.0.1a15 (PyPI)' '2000 acknowledged, of which all arrive' '2000 acknowledged, of which none arrive' \
  "$taken acknowledged, of which $arrived arrive"
