#!/usr/bin/env bash
# Guess: an event that the CloudEvents SDK of one language makes is the same event to that of another, in either mode.
# Behaviour: in the structured mode it is. In the binary mode, Python percent-encodes the subject and decodes it, as the standard has
#   it, and JavaScript does neither: "Order Status" arrives there as Order%20Status, "50%25 off" from there as "50% off", and a
#   subject in Chinese cannot be sent from there. Data without a content type arrives in JavaScript as text, and the text "00123"
#   from JavaScript as text, but "500" as a number.
# Hurts: whoever sends alerts as CloudEvents, with a module or a store's name as the subject, from one language to another.
# Instead: the structured mode, which is one JSON object; `datacontenttype` always.
. "$(dirname "$0")/lib.sh"
python_with cloudevents==2.2.0
node_with cloudevents@10.0.0
cat >event.cjs <<'JS'
const { readFileSync } = require("node:fs");
const { CloudEvent, HTTP } = require("cloudevents");
const [what] = process.argv.slice(2);
if (what === "read")
  for (const [mode, message] of JSON.parse(readFileSync(0))) {
    const event = HTTP.toEvent(message);
    console.log(`Python to JavaScript, ${mode}: ${event.subject}, data ${JSON.stringify(event.data)}`);
  }
else {
  const given = [["50%25 off", "00123"], ["50%25 off", "500"], ["退款", "500"]];
  const messages = [];
  for (const [subject, data] of given)
    for (const mode of ["binary", "structured"]) {
      const { headers, body } = HTTP[mode](new CloudEvent({ id: "1", source: "/store", type: "alert", subject, data, datacontenttype: "application/json" }));
      try {
        new Request("http://127.0.0.1/", { method: "POST", headers, body });
        messages.push([mode, { headers, body }]);
      } catch (error) {
        messages.push([mode, null]);
      }
    }
  console.log(JSON.stringify(messages));
}
JS
cat >event.py <<'PY'
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
if sys.argv[1] == "write":
    messages = []
    for subject, rest in [("Order Status", {}), ("退款 50%", {"datacontenttype": "application/json"})]:
        event = CloudEvent({"id": "1", "source": "/store", "type": "alert", "specversion": "1.0", "subject": subject, **rest}, {"code": "500"})
        for mode, write in [("binary", to_binary_event), ("structured", to_structured_event)]:
            message = write(event)
            messages.append([mode, {"headers": message.headers, "body": message.body.decode()}])
    print(json.dumps(messages))
else:
    for mode, message in json.load(sys.stdin):
        if message is None:
            print(f"JavaScript to Python, {mode}: no request could be made of it")
            continue
        event = from_http_event(HTTPMessage(headers=message["headers"], body=message["body"].encode()))
        print(f"JavaScript to Python, {mode}: {event.get_attributes()['subject']}, data {event.get_data()!r}")
PY
seen=$(
  "$python" event.py write 2>set-up.log | node event.cjs read 2>>set-up.log
  node event.cjs write 2>>set-up.log | "$python" event.py read 2>>set-up.log
)
verdict 'cloudevents 2.2.0 (PyPI), cloudevents 10.0.0 (npm)' 'the same subject and data in both modes' 'Python to JavaScript, binary: Order%20Status, data "{\"code\": \"500\"}"
Python to JavaScript, structured: Order Status, data {"code":"500"}
Python to JavaScript, binary: %E9%80%80%E6%AC%BE%2050%25, data {"code":"500"}
Python to JavaScript, structured: 退款 50%, data {"code":"500"}
JavaScript to Python, binary: 50% off, data '\''00123'\''
JavaScript to Python, structured: 50%25 off, data '\''00123'\''
JavaScript to Python, binary: 50% off, data 500
JavaScript to Python, structured: 50%25 off, data '\''500'\''
JavaScript to Python, binary: no request could be made of it
JavaScript to Python, structured: 退款, data '\''500'\''' "$seen"
