"""otlp.py PROGRAM MAKER STORES ENTRIES [rotel]: an archive is sent to a receiver that keeps what it takes on disk before it
answers, while both are killed again and again. What it was sent is what it has and what it refused, to the entry.

otlp.py receive PORT FILE FAULTS: that receiver."""

import gzip
import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time

# Entries that a receiver refuses with 400 for their age, and those that it rejects with a partial success: some of all, by uid.
def is_old(uid):
    return hashlib.sha256(uid.encode()).digest()[0] == 0


def is_rejected(uid):
    return hashlib.sha256(uid.encode()).digest()[0] == 1


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def decoded(body, kind, has_passed_rotel):
    """The uid and the revision of each record, as other people's library reads them."""
    from google.protobuf import json_format
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    message = ExportLogsServiceRequest()
    if kind == "application/json":
        json_format.Parse(body, message)
    else:
        message.ParseFromString(body)
    records = []
    for store in message.resource_logs:
        names = {pair.key: value(pair.value) for pair in store.resource.attributes}
        # Rotel forgets the resource of records before a cut (findings/rotel-split-resource.sh).
        is_forgotten = has_passed_rotel and not names
        prefix = "" if is_forgotten else f"{names['shop.platform']}:{names['shop.tenant.id']}:"
        for scope in store.scope_logs:
            for record in scope.log_records:
                attributes = {pair.key: value(pair.value) for pair in record.attributes}
                uid = attributes["log.record.uid"]
                assert uid.startswith(prefix), (uid, prefix)
                assert record.event_name == "shop.log" and record.time_unix_nano > 0, record
                records.append(f"{uid}\t{attributes.get('shop.revision', 0)}")
    return records


def receive(port, file, faults):
    """A receiver: `drop` keeps nothing, `plain` and `rotel` keep all, `often` and `seldom` do what real ones do on their bad days."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

    kept = open(file, "a", encoding="utf-8") if faults != "drop" else None
    chance = random.Random(os.getpid())
    # After each of some faults, who sends waits a second: with many entries and a fiftieth of all answers, half an hour.
    share = {"often": 0.01, "seldom": 0.002}.get(faults)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", **headers):
            self.send_response(status)
            for name, content in headers.items():
                self.send_header(name.replace("_", "-"), content)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if faults == "drop":
                return self.answer(200)
            kind = self.headers["Content-Type"]
            if kind not in ("application/x-protobuf", "application/json"):
                return self.answer(415)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            loses = False
            if share:
                dice = chance.random()
                if dice < 2 * share:
                    return self.answer(503, Retry_After="0")
                if dice < 3 * share:
                    return self.answer(429, **({} if dice < 2.5 * share else {"Retry_After": "0"}))
                if len(body) > 150_000:
                    return self.answer(413)
                loses = dice > 1 - share
            records = decoded(body, kind, faults == "rotel")
            uids = [record.split("\t")[0] for record in records]
            rejected = 0
            if share:
                if any(map(is_old, uids)):
                    return self.answer(400, b"entry has timestamp too old", Content_Type="text/plain")
                taken = [record for record, uid in zip(records, uids) if not is_rejected(uid)]
                rejected, records = len(records) - len(taken), taken
            kept.write("".join(record + "\n" for record in records))
            kept.flush()
            os.fsync(kept.fileno())
            if loses:
                self.close_connection = True
                return
            answer = ExportLogsServiceResponse()
            if rejected:
                answer.partial_success.rejected_log_records = rejected
                answer.partial_success.error_message = "of a kind that is not taken here"
            if kind == "application/json":
                said = {"partialSuccess": None}
                if rejected:
                    said = {"partialSuccess": {"rejectedLogRecords": str(rejected), "errorMessage": "not taken here"}}
                return self.answer(200, json.dumps(said).encode(), Content_Type="application/json")
            self.answer(200, answer.SerializeToString(), Content_Type="application/x-protobuf")

    class Server(http.server.HTTPServer if faults != "drop" else http.server.ThreadingHTTPServer):
        allow_reuse_address = True

        def handle_error(self, request, client_address):
            # Who sends is killed again and again.
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)

    Server(("127.0.0.1", port), Handler).serve_forever()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens at port {port}")


class Receiver:
    def __init__(self, file, faults):
        self.port, self.file, self.faults = free_port(), file, faults
        self.start()

    def start(self):
        own = [sys.executable, __file__, "receive", str(self.port), self.file, self.faults]
        self.process = subprocess.Popen(own)
        listens(self.port)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kept(self):
        # A receiver that is killed while it writes may leave half a line, which it has not answered to.
        text = pathlib.Path(self.file).read_text(encoding="utf-8")
        return [line for line in text[: text.rfind("\n") + 1].splitlines() if re.fullmatch(r"[^\t]+:[^\t]+\t\d+", line)]


def main(program, maker, stores, entries, *more):
    stores, entries = int(stores), int(entries)
    for name in os.listdir("."):
        if name.startswith("archive.db") or name.endswith(".kept"):
            os.remove(name)
    each = str(max(entries // stores, 1))
    for first, last in ((0, stores // 2), (stores // 2, stores)):
        made = subprocess.run([maker, "archive.db", str(first), str(last), each], capture_output=True, text=True)
        if made.returncode != 0:
            sys.exit(made.stderr)
    failures = []
    environment = {name: text for name, text in os.environ.items() if not name.startswith("OTEL_")}

    def command(port, *options):
        endpoint = f"http://127.0.0.1:{port}"
        return [program, "export", "otlp", "--archive", "archive.db", "--endpoint", endpoint, *options]

    def send(port, *options, codes=(0,)):
        began = time.monotonic()
        ran = subprocess.run(command(port, *options), capture_output=True, text=True, env=environment)
        if ran.returncode not in codes:
            sys.exit(f"the export ended with {ran.returncode}: {ran.stderr.strip()[-2000:]}")
        return time.monotonic() - began, ran.stdout

    def check(what, found, expected):
        if found == expected:
            print(f"ok  {what}: {len(expected) if isinstance(expected, (set, list)) else expected}")
        else:
            failures.append(what)
            print(f"NOT {what}: lacks {sorted(expected - found)[:5]}, has besides {sorted(found - expected)[:5]}"
                  if isinstance(expected, set) else f"NOT {what}: {found}, not {expected}")

    # Each form of each entry.
    sql = sqlite3.connect("file:archive.db?mode=ro", uri=True)
    uid = "store.platform || ':' || store.name || ':' ||"
    forms = {f"{uid}\t{number}" for uid, number in sql.execute(f"""
        SELECT {uid} entry.id, (SELECT count(*) FROM revision WHERE revision.store = entry.store AND entry_id = entry.id)
          FROM entry JOIN store ON store.id = entry.store
        UNION ALL
        SELECT {uid} entry_id, row_number() OVER (PARTITION BY store, entry_id ORDER BY revision.id) - 1
          FROM revision JOIN store ON store.id = revision.store""")}
    sql.close()
    print(f"{len(forms)} forms of entries of {stores} stores")

    # Both sides are killed again and again, and the receiver has bad days.
    receiver = Receiver("faulty.kept", "often" if entries < 100_000 else "seldom")
    chance = random.Random(7)
    ends = time.monotonic() + (10 if entries < 100_000 else 120)
    kills = [0, 0]
    while time.monotonic() < ends:
        sender = subprocess.Popen(command(receiver.port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        time.sleep(chance.uniform(0.1, 1.0))
        if chance.random() < 0.5:
            receiver.kill()
            receiver.start()
            kills[0] += 1
            time.sleep(chance.uniform(0.0, 0.5))
        if sender.poll() is None:
            sender.kill()
            kills[1] += 1
        sender.wait()
    send(receiver.port, codes=(0, 4))
    kept = receiver.kept()
    print(f"the receiver was killed {kills[0]} times, the sender {kills[1]} times; {len(kept) - len(set(kept))} records came twice")
    old = {form for form in forms if is_old(form.split("\t")[0])}
    rejected = {form for form in forms if is_rejected(form.split("\t")[0])} - old
    check("what it has", set(kept), forms - old - rejected)
    _, listed = send(receiver.port, "--refused")
    lines = [line for line in listed.splitlines() if line.strip()]
    counts = [re.search(r"  ([\d,]+) of arrivals ", line) for line in lines]
    number = sum(int(count.group(1).replace(",", "")) if count else 1 for count in counts)
    check("what is listed as refused", number, len(old) + len(rejected))
    alone = {word for line in lines for word in line.split() if word.count(":") == 2 and word.split(":")[0] in ("bigcommerce", "shopline")}
    newest = {form.split("\t")[0] for form in old}
    check("those too old, by uid", {uid for uid in alone if is_old(uid)}, newest)
    receiver.kill()

    # The same in JSON, to one that keeps all.
    receiver = Receiver("json.kept", "plain")
    send(receiver.port, "--protocol", "http/json")
    check("in JSON", set(receiver.kept()), forms)
    check("nothing twice", len(receiver.kept()), len(forms))
    receiver.kill()

    if "rotel" in more:
        rotel(send, check, forms)
    if entries >= 100_000:
        receiver = Receiver("/dev/null", "drop")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        took, _ = send(receiver.port)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"to a receiver that drops: {took:.1f} s, {len(forms) / took:,.0f} entries a second, "
              f"{used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime:.1f} s of CPU")
        receiver.kill()
    if failures:
        sys.exit(f"not equal: {', '.join(failures)}")


def rotel(send, check, forms):
    """Through Rotel, a collector that we did not write, to a receiver of ours: whether it understands what is sent. That it
    answers says nothing of what it keeps: it answers from memory."""
    import rotel as package

    agent = pathlib.Path(package.__file__).parent / "rotel-agent"
    receiver, ports = Receiver("rotel.kept", "rotel"), [free_port() for _ in range(2)]
    process = subprocess.Popen([agent, "start", "--otlp-grpc-endpoint", f"127.0.0.1:{ports[0]}",
        "--otlp-http-endpoint", f"127.0.0.1:{ports[1]}", "--exporter", "otlp", "--otlp-exporter-protocol", "http",
        "--otlp-exporter-endpoint", f"http://127.0.0.1:{receiver.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        listens(ports[1])
        for form, again in (("http/protobuf", ()), ("http/json", ("--again", "2000-01-01.."))):
            pathlib.Path(receiver.file).write_text("")
            send(ports[1], "--protocol", form, *again)
            for _ in range(240):
                if len(set(receiver.kept())) >= len(forms):
                    break
                time.sleep(0.25)
            check(f"through Rotel, {form}", set(receiver.kept()), forms)
    finally:
        process.kill()
        process.wait()
        receiver.kill()


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        receive(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        main(*sys.argv[1:])
