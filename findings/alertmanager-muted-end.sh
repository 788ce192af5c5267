#!/usr/bin/env bash
# Guess: an alert that ends while it is silenced is reported as over when the silence goes; at the latest, one that begins again
#   later is a new alert and is sent.
# Behaviour: its end is never sent, and neither is the next beginning: Alertmanager goes by what it sent last, which was "firing", and
#   holds that for enough until repeat_interval has passed, by default four hours. The end of the second one does come.
# Hurts: whoever silences an alert while they repair it, and is told nothing when it breaks again an hour later; and PagerDuty or
#   Opsgenie behind it, whose incident stays open.
# Instead: end the silence before the alert ends, or close the incident there; a repeat_interval that bears this; or send straight
#   to the service that keeps incidents.
. "$(dirname "$0")/lib.sh"
debian_with prometheus-alertmanager=0.25.0-1+b4
cat >run.py <<'PY'
import datetime, http.server, json, subprocess, sys, threading, time, urllib.error, urllib.request
sent = []
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]:
            sent.append((alert["labels"]["store"], alert["status"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
with open("alertmanager.yml", "w") as file:
    file.write("route: {receiver: log, group_by: [store], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}\n"
               f"receivers: [{{name: log, webhook_configs: [{{url: 'http://127.0.0.1:{receiver.server_port}/'}}]}}]\n")
program, port = sys.argv[1:]
alertmanager = subprocess.Popen([program, "--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address=",
                                 f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
def call(path, body=None, method=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/{path}", body and json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    return json.loads(urllib.request.urlopen(request).read() or "null")
def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()
def alert(store, status):
    call("alerts", [{"labels": {"alertname": "payments fail", "store": store}, "endsAt": at(0 if status == "resolved" else 600)}])
def silence(store):
    matchers = [{"name": "store", "value": store, "isRegex": False, "isEqual": True}]
    return call("silences", {"matchers": matchers, "startsAt": at(0), "endsAt": at(600), "createdBy": "me", "comment": "repair"})["silenceID"]
try:
    for _ in range(100):
        try:
            call("status")
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    told = {"plain": [], "silenced": []}
    def after(what):
        time.sleep(6)
        for store, lines in told.items():
            lines.append(f"{what}: {', '.join(status for name, status in sent if name == store) or 'nothing'}")
        sent.clear()
    for store in told:
        alert(store, "firing")
    after("begins")
    silenced = silence("silenced")
    time.sleep(1)
    for store in told:
        alert(store, "resolved")
    after("ends")
    call(f"silence/{silenced}", method="DELETE")
    after("silence gone")
    for status, what in [("firing", "begins again"), ("resolved", "ends again")]:
        for store in told:
            alert(store, status)
        after(what)
    for store, lines in told.items():
        print(f"{store}: {'; '.join(lines)}")
finally:
    alertmanager.terminate()
    alertmanager.wait()
PY
seen=$(python3 run.py "$root/usr/bin/prometheus-alertmanager" "$(free_port)")
verdict 'Alertmanager 0.25.0 (Debian 12)' 'the silenced one: resolved once the silence is gone, then firing and resolved' \
'plain: begins: firing; ends: resolved; silence gone: nothing; begins again: firing; ends again: resolved
silenced: begins: firing; ends: nothing; silence gone: nothing; begins again: nothing; ends again: resolved' "$seen"
