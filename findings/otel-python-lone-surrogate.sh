#!/usr/bin/env bash
# Guess: a record that cannot be encoded costs that record.
# Behaviour: half an emoji in one body ("\ud83d", valid JSON, and what is left of a text cut by its length) costs every record
#   of its batch, 512 by default: nothing is sent, one line is logged, and force_flush says that all went well.
# Hurts: whoever sends entries on with OpenTelemetry's Python SDK after json.loads.
# Instead: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") before it goes into a body.
. "$(dirname "$0")/lib.sh"
python_with opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
seen=$("$python" - 2>/dev/null <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
received = []
class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        request = ExportLogsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        received.extend(record for resource in request.resource_logs for scope in resource.scope_logs for record in scope.log_records)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
def send(odd):
    received.clear()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"http://127.0.0.1:{server.server_port}/v1/logs")))
    logger = provider.get_logger("log")
    for number in range(100):
        logger.emit(LogRecord(timestamp=number + 1, body=odd if number == 50 else "refund failed"))
    flushed = provider.force_flush()
    provider.shutdown()
    return f"{len(received)} of 100 received, force_flush: {flushed}"
print("a whole emoji:", send(json.loads(r'"\ud83d\ude00"')))
print("half an emoji:", send(json.loads(r'"\ud83d"')))
PY
)
verdict 'opentelemetry-sdk and -exporter-otlp-proto-http 1.45.2 (PyPI)' '100, then 99 or 100' 'a whole emoji: 100 of 100 received, force_flush: True
half an emoji: 0 of 100 received, force_flush: True' "$seen"
