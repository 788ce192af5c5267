#!/usr/bin/env bash
# Guess: where the connection to the server behind it breaks within an answer, a proxy breaks its own, so that the client knows.
# Behaviour: h2o ends a chunked answer in good order if it broke off between two chunks: half an answer arrives as a whole one
#   with status 200, over HTTP/1.1 and HTTP/2. Within a chunk, the client is shown the break.
# Hurts: whoever fetches JSON lines, CSV or metrics through it while the server behind it is restarted: rows are missing.
# Instead: count what should come, or ask for a format with an end, such as one JSON document.
. "$(dirname "$0")/lib.sh"
debian_with h2o=2.2.5+dfsg2-7 libyaml-0-2=0.2.5-1
behind=$(free_port) through=$(free_port)
python3 - "$behind" <<'PY' &
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
rows = b'{"id":"101"}\n{"id":"102"}\n'
while True:
    client, _ = server.accept()
    cut = b"1a\r\n" + rows + b"\r\n" if b"between" in client.recv(65536) else b"34\r\n" + rows
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n" + cut)
    client.close()
PY
pids+=($!)
printf 'listen: {host: 127.0.0.1, port: %s}\nhosts: {default: {paths: {/: {proxy.reverse.url: "http://127.0.0.1:%s/"}}}}\n' "$through" "$behind" >h2o.conf
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu "$root/usr/bin/h2o" -c h2o.conf >h2o.log 2>&1 &
pids+=($!)
listening "$behind"
listening "$through"
get() { # NAME PORT PATH OPTION…
  curl -s -m 10 --noproxy '*' -o rows.jsonl "${@:4}" "http://127.0.0.1:$2/$3" && local end="whole, with $(wc -l <rows.jsonl) rows" || local end="an error"
  echo "$1, broken $3 chunks: $end"
}
seen=$(
  for where in between within; do
    get 'direct' "$behind" "$where"
    get 'through h2o' "$through" "$where"
    get 'through h2o, HTTP/2' "$through" "$where" --http2-prior-knowledge
  done
)
verdict 'h2o 2.2.5 (Debian 12)' 'an error, each time' 'direct, broken between chunks: an error
through h2o, broken between chunks: whole, with 2 rows
through h2o, HTTP/2, broken between chunks: whole, with 2 rows
direct, broken within chunks: an error
through h2o, broken within chunks: an error
through h2o, HTTP/2, broken within chunks: an error' "$seen"
