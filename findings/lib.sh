# What every finding shares: a folder of its own that goes away, pinned packages in it, and the three exit codes.
# 0: the behaviour is as stated. 1: it is not. 2: the tool could not be set up.
set -uo pipefail
export PIP_DISABLE_PIP_VERSION_CHECK=1 TZ=UTC
work=$(mktemp -d)
pids=()
trap 'kill ${pids[@]+"${pids[@]}"} 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 2' INT TERM
cd "$work" || exit 2

not_set_up() { echo "not set up: $*" >&2; tail -n 5 "$work/set-up.log" >&2; exit 2; }

# NAME==VERSION …: Python packages. Then "$python" runs Python, and "$bin" holds their programs.
python_with() {
  bin=$work/python/bin python=$bin/python
  { python3 -m venv "$work/python" && timeout 600 "$bin/pip" install -q --only-binary :all: "$@"; } >"$work/set-up.log" 2>&1 || not_set_up "$@"
}

# NAME@VERSION …: packages for Node. Their programs are in "$work/node_modules/.bin".
node_with() { timeout 600 npm install --prefix "$work" --no-audit --no-fund "$@" >"$work/set-up.log" 2>&1 || not_set_up "$@"; }

# NAME=VERSION …: Debian packages, unpacked under "$root" and not installed.
debian_with() {
  root=$work/root
  (mkdir -p "$work/deb" && cd "$work/deb" && timeout 120 apt-get download -q "$@" && for file in *.deb; do dpkg -x "$file" "$root" || exit; done) \
    >"$work/set-up.log" 2>&1 || not_set_up "$@"
}

# NAME=VERSION[:FEATURE] …: a Rust program with these crates; its main.rs comes on standard input. Then "$program" runs it.
rust_with() {
  program=$work/rust/target/debug/finding
  mkdir -p "$work/rust/src" && cat >"$work/rust/src/main.rs"
  { printf '[package]\nname = "finding"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
    for crate in "$@"; do
      name=${crate%%=*} version=${crate#*=} feature=
      case $version in *:*) feature="\"${version#*:}\"" version=${version%%:*} ;; esac
      printf '%s = { version = "=%s", features = [%s] }\n' "$name" "$version" "$feature"
    done
    printf '[profile.dev]\ndebug = false\n'; } >"$work/rust/Cargo.toml"
  (cd "$work/rust" && CARGO_TARGET_DIR=$work/rust/target timeout 600 cargo build -q) >"$work/set-up.log" 2>&1 || not_set_up "$@"
}

# On standard input, Python that names TOOLS, schemas by name, and `call(name, arguments)`, a result: server.py, an MCP server of them.
mcp_server() {
  { echo 'import json, sys'; cat; cat <<'PY'
for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    params, result = request.get("params") or {}, {}
    if request["method"] == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "log", "version": "1"}}
    elif request["method"] == "tools/list":
        result = {"tools": [{"name": name, "inputSchema": schema} for name, schema in TOOLS.items()]}
    elif request["method"] == "tools/call":
        result = call(params["name"], params.get("arguments"))
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
PY
  } >server.py
}

# A port of this machine that is free.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until something listens at the port.
listening() {
  for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
  not_set_up "nothing listens at port $1"
}

# TOOL EXPECTED STATED SEEN: prints the three and ends: 0 if what was seen is what is stated here.
verdict() {
  printf 'tool:     %s\nexpected: %s\nseen:     %s\n' "$1" "$2" "${4//$'\n'/$'\n'          }"
  [ "$3" = "$4" ] && exit 0
  printf 'stated:   %s\nThe behaviour has changed.\n' "${3//$'\n'/$'\n'          }"
  exit 1
}
