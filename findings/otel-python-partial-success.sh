#!/usr/bin/env bash
# Guess: where a receiver answers 200 with "so many records were rejected, because …", the exporter logs it.
# Behaviour: Python's exporter does not read the answer. Rejected records are gone with no log line at any level, and a web
#   page in the answer's place (a proxy's log-in, say) counts as success, too.
# Hurts: whoever sends logs through OpenTelemetry's Python SDK to a receiver that rejects what is too old or too large.
# Instead: count on the receiving side. An exporter that checks must read rejected_log_records itself.
. "$(dirname "$0")/lib.sh"
python_with opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
seen=$("$python" - <<'PY'
import io, logging, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
answer = None
class Receiver(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, content, body = answer
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
log = io.StringIO()
logging.basicConfig(level=logging.DEBUG, stream=log)
def send(name, *given):
    global answer
    answer = given
    log.seek(0), log.truncate()
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(endpoint=f"http://127.0.0.1:{server.server_port}/v1/logs")))
    provider.get_logger("log").emit(LogRecord(timestamp=1, body="refund failed"))
    provider.shutdown()
    said = [line for line in log.getvalue().splitlines() if not line.startswith("DEBUG:urllib3")]
    print(f"{name}: {len(said)} lines logged")
rejected = ExportLogsServiceResponse(partial_success={"rejected_log_records": 1, "error_message": "too old"})
send("all rejected", 200, "application/x-protobuf", rejected.SerializeToString())
send("a web page", 200, "text/html", b"<html>Please log in</html>")
send("refused with 400", 400, "text/plain", b"bad")
PY
)
verdict 'opentelemetry-sdk and -exporter-otlp-proto-http 1.45.2 (PyPI)' 'at least 1 line logged, each time' 'all rejected: 0 lines logged
a web page: 0 lines logged
refused with 400: 1 lines logged' "$seen"
