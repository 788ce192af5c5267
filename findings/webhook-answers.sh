#!/usr/bin/env bash
# Guess: webhook, Debian's small server that runs a command for each alert, answers well only if the command was run and did well.
# Behaviour: it answers 200 before the command has begun, so also if that fails or is not there; and 200 to an alert whose signature is
#   missing or whose rule does not match, which runs nothing. A wrong signature is 500. A field that is null reaches the
#   command as the text <nil>, and one that is not there as an empty argument.
# Hurts: whoever lets alerts start something by it: to the sender all of them have arrived, so none is sent again.
# Instead: "include-command-output-in-response": true, which waits and answers 500, and "trigger-rule-mismatch-http-response-code": 403.
. "$(dirname "$0")/lib.sh"
debian_with webhook=2.8.0-4+b6
cat >run <<'SH'
#!/bin/sh
echo "$# arguments:$(printf ' [%s]' "$@")" >>ran
exit 3
SH
chmod +x run
cat >hooks.py <<'PY'
import json, os, sys
run = os.path.abspath("run")
def hook(name, **given):
    return {"id": name, "execute-command": run, "command-working-directory": os.getcwd(),
            "pass-arguments-to-command": [{"source": "payload", "name": name} for name in ["rule", "over", "entries.0.id", "actor"]], **given}
signed = {"match": {"type": "payload-hmac-sha256", "secret": "s3cr3t", "parameter": {"source": "header", "name": "X-Signature"}}}
errors = {"match": {"type": "value", "value": "error", "parameter": {"source": "payload", "name": "level"}}}
json.dump([
    hook("fails"), hook("gone", **{"execute-command": run + "-gone"}), hook("signed", **{"trigger-rule": signed}), hook("errors", **{"trigger-rule": errors}),
    hook("waits", **{"include-command-output-in-response": True}),
    hook("strict", **{"trigger-rule": errors, "trigger-rule-mismatch-http-response-code": 403}),
], open("hooks.json", "w"))
PY
python3 hooks.py
port=$(free_port)
"$root/usr/bin/webhook" -hooks hooks.json -ip 127.0.0.1 -port "$port" >set-up.log 2>&1 &
pids+=($!)
listening "$port"
alert='{"rule":"payments fail","level":"warning","over":null,"entries":[{"id":"00123"}]}'
post() { # WHAT HOOK HEADER
  rm -f ran
  local code
  code=$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -H "$3" -d "$alert" "http://127.0.0.1:$port/hooks/$2")
  sleep 0.5
  echo "$1: $code, run: $(cat ran 2>/dev/null || echo no)"
}
seen=$(
  post 'the command fails' fails X-Nothing:1
  post 'the command is gone' gone X-Nothing:1
  post 'no signature' signed X-Nothing:1
  post 'a wrong signature' signed X-Signature:0123
  post 'another level' errors X-Nothing:1
  post 'the command fails, with its output in the answer' waits X-Nothing:1
  post 'another level, with a code for it' strict X-Nothing:1
)
verdict 'webhook 2.8.0 (Debian 12)' 'an error for each' 'the command fails: 200, run: 4 arguments: [payments fail] [<nil>] [00123] []
the command is gone: 200, run: no
no signature: 200, run: no
a wrong signature: 500, run: no
another level: 200, run: no
the command fails, with its output in the answer: 500, run: 4 arguments: [payments fail] [<nil>] [00123] []
another level, with a code for it: 403, run: no' "$seen"
