#!/usr/bin/env bash
# Guess: what VRL, the language of Vector, writes with encode_logfmt comes back from its parse_logfmt.
# Behaviour: an empty text is written as `module=`, and read back, the field after it is its value: `module= severity=error` is a
#   module called "severity=error" and no severity. If that field is in quotes, its words become fields as well. parse_key_value
#   does the same; whitespace: "strict" reads it right.
# Hurts: whoever passes entries on as logfmt: BigCommerce leaves module and message empty, and the severity after them is gone.
# Instead: parse_key_value with whitespace: "strict", or JSON.
. "$(dirname "$0")/lib.sh"
python_with vrl-python==0.1.0
seen=$("$python" - <<'PY'
import json, vrl_python
runtime = vrl_python.VRLRuntime()
def run(program, entry):
    return json.dumps(runtime.execute(program, entry).runtime_result)
for entry in [{"id": "00123", "module": "Braintree", "severity": "error"}, {"id": "00123", "module": "", "severity": "error"},
              {"id": "00123", "message": "", "summary": "card declined"}]:
    print("written:", json.loads(run("encode_logfmt!(.)", entry)))
    print("read:", run("parse_logfmt!(encode_logfmt!(.))", entry))
print("read, strict:", run('parse_key_value!(encode_logfmt!(.), whitespace: "strict")', entry))
PY
)
verdict 'vrl-python 0.1.0 (PyPI)' 'what was written' 'written: id=00123 module=Braintree severity=error
read: {"id": "00123", "module": "Braintree", "severity": "error"}
written: id=00123 module= severity=error
read: {"id": "00123", "module": "severity=error"}
written: id=00123 message= summary="card declined"
read: {"declined\"": true, "id": "00123", "message": "summary=\"card"}
read, strict: {"id": "00123", "message": "", "summary": "card declined"}' "$seen"
