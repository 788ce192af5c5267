#!/usr/bin/env bash
# Guess: a reverse proxy hands the query on byte for byte; it is the path that servers tidy up.
# Behaviour: lighttpd's mod_proxy, as it comes, rewrites the query as well: %7E becomes ~, [ and ] become %5B and %5D.
#   What means something else decoded (%2C, %20, +) is left alone.
# Hurts: whoever sends requests signed over the address as sent: the platform checks another text and answers 401.
# Instead: server.http-parseopts = ( "url-normalize" => "disable" ), or sign a normal form: unreserved letters never
#   encoded, brackets always.
. "$(dirname "$0")/lib.sh"
debian_with lighttpd=1.4.69-1
at=$(free_port) through=$(free_port) plain=$(free_port)
python3 - "$at" 2>/dev/null <<'PY' &
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
PY
pids+=($!)
serve() {
  { printf 'server.document-root = "%s"\nserver.bind = "127.0.0.1"\nserver.port = %s\nserver.modules = ("mod_proxy")\n' "$work" "$1"
    printf 'proxy.server = ("" => (("host" => "127.0.0.1", "port" => %s)))\n%s\n' "$at" "$2"; } >"$1.conf"
  "$root/usr/sbin/lighttpd" -D -f "$1.conf" -m "$root/usr/lib/lighttpd" >"$1.log" 2>&1 &
  pids+=($!)
}
serve "$through" ''
serve "$plain" 'server.http-parseopts = ("url-normalize" => "disable")'
listening "$at"
listening "$through"
listening "$plain"
ask() { curl -gsS -m 10 --noproxy '*' "http://127.0.0.1:$1/log?id[]=1%2C2&name=a%7Eb&module=order+status&q=a%20b"; }
seen="direct: $(ask "$at")
through lighttpd: $(ask "$through")
without url-normalize: $(ask "$plain")"
verdict 'lighttpd 1.4.69 (Debian 12)' 'the same, each time' 'direct: /log?id[]=1%2C2&name=a%7Eb&module=order+status&q=a%20b
through lighttpd: /log?id%5B%5D=1%2C2&name=a~b&module=order+status&q=a%20b
without url-normalize: /log?id[]=1%2C2&name=a%7Eb&module=order+status&q=a%20b' "$seen"
