#!/usr/bin/env bash
# Guess: a library for Standard Webhooks uses a secret without `whsec_` as the text that it is, or refuses it.
# Behaviour: with or without it, a secret is base64 to them. A text that happens to be that, letters and digits in fours, gives another
#   key; other texts are an error when the first alert comes; Python drops what is not base64 from a text and takes the rest.
# Hurts: whoever signs alerts with a text as secret: every one of them is a forgery to the receiver.
# Instead: a secret that is `whsec_` and base64, on both sides; else give the library the text's base64. Node's has { format: "raw" }.
. "$(dirname "$0")/lib.sh"
python_with standardwebhooks==1.1.0 svix==2.9.1
node_with standardwebhooks@1.1.1
cat >check.py <<'PY'
import base64, hashlib, hmac, json, standardwebhooks.webhooks, svix.webhooks, subprocess, time
body, second = '{"rule":"payments fail"}', str(int(time.time()))
def check(library, secret, headers):
    try:
        library.Webhook(secret).verify(body, headers)
        return "genuine"
    except library.WebhookVerificationError:
        return "a forgery"
    except Exception:
        return "an error"
for name, text in [("letters and digits", "0123456789abcdef0123"), ("words", "correct horse battery staple"), ("words, 24 bytes", "a text of enough letters")]:
    encoded = base64.b64encode(text.encode()).decode()
    signed = hmac.digest(text.encode(), f"m.{second}.{body}".encode(), hashlib.sha256)
    headers = {"webhook-id": "m", "webhook-timestamp": second, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}
    for given, secret in [("the text", text), ("its base64", encoded), ("whsec_ and its base64", f"whsec_{encoded}")]:
        node = subprocess.run(["node", "check.mjs"], input=json.dumps([secret, body, headers]), capture_output=True, text=True).stdout.strip()
        print(f"{name}, given {given}: Python {check(standardwebhooks.webhooks, secret, headers)}, svix {check(svix.webhooks, secret, headers)}, Node.js {node}")
PY
cat >check.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
const [secret, body, headers] = JSON.parse(readFileSync(0));
try {
  new Webhook(secret).verify(body, headers);
  console.log("genuine");
} catch (error) {
  console.log(error instanceof WebhookVerificationError ? "a forgery" : "an error");
}
JS
seen=$("$python" check.py)
verdict 'standardwebhooks 1.1.0 and svix 2.9.1 (PyPI), standardwebhooks 1.1.1 (npm)' 'genuine, or an error that says why' 'letters and digits, given the text: Python a forgery, svix a forgery, Node.js a forgery
letters and digits, given its base64: Python genuine, svix genuine, Node.js genuine
letters and digits, given whsec_ and its base64: Python genuine, svix genuine, Node.js genuine
words, given the text: Python an error, svix an error, Node.js an error
words, given its base64: Python genuine, svix genuine, Node.js genuine
words, given whsec_ and its base64: Python genuine, svix genuine, Node.js genuine
words, 24 bytes, given the text: Python a forgery, svix a forgery, Node.js an error
words, 24 bytes, given its base64: Python genuine, svix genuine, Node.js genuine
words, 24 bytes, given whsec_ and its base64: Python genuine, svix genuine, Node.js genuine' "$seen"
