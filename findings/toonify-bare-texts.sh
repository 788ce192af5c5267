#!/usr/bin/env bash
# Guess: what toonify encodes as TOON, the short form of JSON for assistants, it decodes to the same values, as TOON's own library does.
# Behaviour: it writes texts that look like numbers bare, so 00123 is 123 to itself and an id of 19 digits a rounded number to others. It
#   reads a quoted "true", "null" or "" for true and null, and leaves \n and \" in texts undone. Nothing fails.
# Hurts: whoever hands entries to an assistant, or takes them back from one, in fewer tokens: ids and codes are others', line breaks are \n.
# Instead: toon-format for Python or @toon-format/toon; both keep all of it.
. "$(dirname "$0")/lib.sh"
python_with toonify==1.6.0
node_with @toon-format/toon@4.4.0
cat >rows.json <<'JSON'
{"a code": "00123", "a long id": "6001234567890123457", "a power": "5e2", "a number": "500", "a word": "true", "an empty text": "",
 "two lines": "a\nb", "JSON in a text": "{\"code\":500}", "a time": "2026-08-01T10:00:00Z"}
JSON
cat >own.py <<'PY'
import json, toon
texts = {name: toon.encode([{"value": value}]) for name, value in json.load(open("rows.json")).items()}
json.dump(texts, open("texts.json", "w"))
json.dump({name: json.dumps(toon.decode(text)[0]["value"]) for name, text in texts.items()}, open("own.json", "w"))
PY
cat >compare.mjs <<'JS'
import { readFileSync } from "node:fs";
import { decode, encode } from "@toon-format/toon";
const [rows, texts, own] = ["rows", "texts", "own"].map((name) => JSON.parse(readFileSync(`${name}.json`)));
for (const [name, value] of Object.entries(rows)) {
  const read = (text) => JSON.stringify(decode(text)[0].value);
  console.log(`${name}: ${JSON.stringify(value)} by itself ${own[name]}, by toon-format ${read(texts[name])}, toon-format alone ${read(encode([{ value }]))}`);
}
JS
"$python" own.py 2>set-up.log || not_set_up toonify
seen=$(node compare.mjs)
verdict 'toonify 1.6.0 (PyPI), @toon-format/toon 4.4.0 (npm)' 'the same text, each time' 'a code: "00123" by itself 123, by toon-format "00123", toon-format alone "00123"
a long id: "6001234567890123457" by itself 6001234567890123457, by toon-format 6001234567890124000, toon-format alone "6001234567890123457"
a power: "5e2" by itself 500.0, by toon-format 500, toon-format alone "5e2"
a number: "500" by itself 500, by toon-format 500, toon-format alone "500"
a word: "true" by itself true, by toon-format "true", toon-format alone "true"
an empty text: "" by itself null, by toon-format "", toon-format alone ""
two lines: "a\nb" by itself "a\\nb", by toon-format "a\nb", toon-format alone "a\nb"
JSON in a text: "{\"code\":500}" by itself "{\\code\\:500}", by toon-format "{\"code\":500}", toon-format alone "{\"code\":500}"
a time: "2026-08-01T10:00:00Z" by itself "2026-08-01T10:00:00Z", by toon-format "2026-08-01T10:00:00Z", toon-format alone "2026-08-01T10:00:00Z"' "$seen"
