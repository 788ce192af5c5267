#!/usr/bin/env bash
# Guess: a proxy hands on every field of an answer, or joins those of one name with commas.
# Behaviour: tinyproxy keeps the first field of each name and drops the rest. With one Link field for the page before and one
#   for the page after, the one for the page after is gone.
# Hurts: whoever walks pages by Link behind tinyproxy: the walk ends after two pages as if there were no more.
# Instead: compare with the platform's count; several values in one field go through whole.
. "$(dirname "$0")/lib.sh"
debian_with tinyproxy-bin=1.11.1-2.1+deb12u1
at=$(free_port) through=$(free_port)
python3 - "$at" 2>/dev/null <<'PY' &
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Link", '</log?page=1>; rel="previous"')
        self.send_header("Link", '</log?page=3>; rel="next"')
        self.send_header("Content-Length", "0")
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
PY
pids+=($!)
printf 'Port %s\nListen 127.0.0.1\nTimeout 30\nAllow 127.0.0.1\n' "$through" >proxy.conf
"$root/usr/bin/tinyproxy" -d -c proxy.conf >proxy.log 2>&1 &
pids+=($!)
listening "$at"
listening "$through"
links() { curl -gsS -m 10 -D - -o /dev/null "$@" "http://127.0.0.1:$at/log?page=2" | tr -d '\r' | grep -io '^link: .*' | grep -o 'rel="[a-z]*"' | paste -s -d ' '; }
seen="direct: $(links --noproxy '*')
through the proxy: $(links --noproxy '' -x "http://127.0.0.1:$through")"
verdict "tinyproxy 1.11.1 (Debian 12)" 'both links, both times' 'direct: rel="previous" rel="next"
through the proxy: rel="previous"' "$seen"
