#!/usr/bin/env bash
# Guess: each trigger() sends what was given to it, and submit() stamps a change with the time of now, as its documentation says.
# Behaviour: trigger() writes an alert's custom_details into the payload that it was given. Where one payload serves as the form of all
#   alerts, every alert carries the details of those before it: a store's alert names another store's order. And submit() without a
#   time fails, always, before anything is sent.
# Hurts: whoever sends our alerts, or what was changed before one, from a program for `run` or a webhook: details of one merchant in
#   the incident of another.
# Instead: copy.deepcopy(payload) for each alert, and timestamp= with each change; or `webhook_form = "pagerduty"`.
. "$(dirname "$0")/lib.sh"
python_with pagerduty==7.2.0 httpx2==2.16.2
seen=$("$python" - <<'PY'
import copy, httpx2, json, pagerduty
sent = []
def answer(request):
    sent.append(json.loads(request.content)["payload"])
    return httpx2.Response(202, json={"status": "success", "message": "Event processed", "dedup_key": "k"})
client = pagerduty.EventsApiV2Client("R" * 32, transport=httpx2.MockTransport(answer))
for how, form in [("one payload", lambda payload: payload), ("a copy each", copy.deepcopy)]:
    payload = {"component": "payments", "custom_details": {"team": "shop"}}
    for store, details in [("a", {"order": 101}), ("b", {"refund": 7}), ("c", {})]:
        client.trigger("payments fail", store, payload=form(payload), custom_details=details)
    print(f"{how}: {'; '.join(alert['source'] + ' ' + json.dumps(alert['custom_details']) for alert in sent[-3:])}")
for given in [{}, {"timestamp": "2026-08-01T10:00:00Z"}]:
    before = len(sent)
    try:
        client.submit("shipping was changed", "a", **given)
        ended = "well"
    except Exception as error:
        ended = type(error).__name__
    print(f"a change {'with a' if given else 'without'} time: {len(sent) - before} sent, {ended}")
PY
)
verdict 'pagerduty 7.2.0 (PyPI)' 'b has team and refund, c has team, both ways; both changes sent' 'one payload: a {"team": "shop", "order": 101}; b {"team": "shop", "order": 101, "refund": 7}; c {"team": "shop", "order": 101, "refund": 7}
a copy each: a {"team": "shop", "order": 101}; b {"team": "shop", "refund": 7}; c {"team": "shop"}
a change without time: 0 sent, AttributeError
a change with a time: 1 sent, well' "$seen"
