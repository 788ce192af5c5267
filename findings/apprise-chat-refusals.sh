#!/usr/bin/env bash
# Guess: a chat that refuses an alert, as DingTalk and WeCom do with status 200 and an errcode in the answer, makes notify() false.
# Behaviour: for DingTalk and WeCom, Apprise looks at the status alone: an alert that came too often, or without the robot's keyword,
#   is a success. For Feishu it reads the answer, and is right.
# Hurts: whoever alerts through Apprise into these chats: the burst of alerts that matters is what they refuse, and nobody hears.
# Instead: send to them directly and read errcode, as our `webhook_form` does, and send a trial alert.
. "$(dirname "$0")/lib.sh"
python_with apprise==2.3.0
seen=$("$python" - <<'PY'
import apprise, json, requests
from unittest import mock
def notify(chat, address, **answer):
    answered = requests.Response()
    answered.status_code, answered._content = 200, json.dumps(answer).encode()
    alerts = apprise.Apprise()
    assert alerts.add(address)
    with mock.patch("requests.Session.request", return_value=answered) as sent:
        success = bool(alerts.notify(title="payments fail", body="6 entries"))
    print(f"{chat}, {answer}:", "success" if success else "failure", f"({sent.call_count} sent)")
notify("DingTalk", "dingtalk://robot/", errcode=0, errmsg="ok")
notify("DingTalk", "dingtalk://robot/", errcode=310000, errmsg="keywords not in content")
notify("DingTalk", "dingtalk://robot/", errcode=130101, errmsg="send too fast")
notify("WeCom", "wecombot://robot/", errcode=45009, errmsg="api freq out of limit")
notify("Feishu", "feishu://robot/", code=11232, msg="frequency limited")
PY
)
verdict 'apprise 2.3.0 (PyPI)' 'success, then four failures' "DingTalk, {'errcode': 0, 'errmsg': 'ok'}: success (1 sent)
DingTalk, {'errcode': 310000, 'errmsg': 'keywords not in content'}: success (1 sent)
DingTalk, {'errcode': 130101, 'errmsg': 'send too fast'}: success (1 sent)
WeCom, {'errcode': 45009, 'errmsg': 'api freq out of limit'}: success (1 sent)
Feishu, {'code': 11232, 'msg': 'frequency limited'}: failure (1 sent)" "$seen"
