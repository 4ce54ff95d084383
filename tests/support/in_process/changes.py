"""The operator's commands that the audit log records, each with its preparation, and the commands that only read.

Recorded is what changes something, and `campaign export`, with which numbers leave the stage.
"""

import json
import time
from collections.abc import Callable

from chalicelib.domain.halts import gate
from chalicelib.store import breakers, halts, messages, pages, waiting
from chalicelib.store.pages import Page
from ops import campaign
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, SIGN_ID, Bridge
from tests.support.in_process.operator import made
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, accept, send, send_unanswered

Words = list[str]


def done(_: tencent.FakeTencent, __: tencent.Call) -> tencent.Answer:
    return {"result": 0, "errmsg": ""}


# Each function prepares what its command needs, and returns the command.


def sign_link(bridge: Bridge) -> Words:
    bridge.tencent.signs[SIGN_ID] = {"id": SIGN_ID, "text": SIGN, "status": 0, "reply": ""}
    return ["sign", "link", SIGN, str(SIGN_ID)]


def sign_add(bridge: Bridge) -> Words:
    bridge.tencent.always("add_sign", made())
    return ["sign", "add", SIGN]


def sign_modify(bridge: Bridge) -> Words:
    bridge.link(status=2)
    bridge.tencent.always("mod_sign", made())
    return ["sign", "modify", SIGN, "--text", "别的品牌"]


def sign_delete(bridge: Bridge) -> Words:
    bridge.link()
    bridge.tencent.always("del_sign", done)
    return ["sign", "delete", SIGN, "--yes"]


def template_delete(bridge: Bridge) -> Words:
    bridge.tencent.always("del_template", done)
    return ["template", "delete", bridge.template(), "--yes"]


def template_page(bridge: Bridge) -> Words:
    pages.put(Page(code="Ab3Ab3Ab3Ab", theme="双11来了", parts=(), made_at=int(time.time())))
    return ["template", "page", "Ab3Ab3Ab3Ab", "--delete", "--yes"]


def unknown_settle(bridge: Bridge) -> Words:
    bridge.link()
    send_unanswered(bridge, A)
    return ["unknown", "settle", "--out-id", "task-1", "--phone", A, "--as", "delivered", "--yes"]


def breaker_close(bridge: Bridge) -> Words:
    breakers.trip("quickaudience", "401", int(time.time()))
    return ["breaker", "close", "quickaudience"]


def receipts_replay(bridge: Bridge) -> Words:
    bridge.link()
    send(bridge, A)
    bridge.deliver_all()
    bridge.pump.drain("settle")
    bridge.quick_audience.next(lambda: respond(500, {"code": "busy"}))
    assert bridge.pump.invoke_once("push") is False
    return ["receipts", "replay", "--out-id", "task-1", "--phone", A, "--all"]


def deadletters_replay(bridge: Bridge) -> Words:
    bridge.pump.put("sends-dead", json.dumps({"outId": "task-1"}))
    return ["deadletters", "replay", "--queue", "sends"]


def message_erase(bridge: Bridge) -> Words:
    bridge.link()
    send(bridge, A)
    bridge.deliver_all()
    bridge.callback(tencent.reply("86" + A, "好", SIGN))
    bridge.pump.run("settle", "push", hours=1)
    messages.park("86" + A, "status", {"mobile": A}, int(time.time()))
    return ["message", "erase", A, "--yes"]


def campaign_pause(bridge: Bridge) -> Words:
    bridge.link()
    accept(bridge, A)
    return ["campaign", "pause", "task-1", "--yes"]


def campaign_resume(bridge: Bridge) -> Words:
    campaign_pause(bridge)
    [request] = campaign.accepted("task-1")
    halts.change(request, "paused", int(time.time()))
    bridge.pump.drain("deliver")
    assert list(waiting.at(gate(request.biz_id)))
    return ["campaign", "resume", "task-1", "--yes"]


def campaign_stop(bridge: Bridge) -> Words:
    campaign_resume(bridge)
    return ["campaign", "stop", "task-1", "--yes"]


def campaign_export(bridge: Bridge) -> Words:
    bridge.link()
    send(bridge, A)
    return ["campaign", "export", "task-1", "--failed"]


def campaign_resend(bridge: Bridge) -> Words:
    bridge.configure(DAILY_LIMIT="100")
    bridge.link()
    bridge.tencent.next("send", tencent.refused(1016))
    accept(bridge, A)
    bridge.pump.drain("deliver")
    return ["campaign", "resend", "task-1", "--code", "isv.MOBILE_NUMBER_ILLEGAL", "--yes"]


CHANGES: dict[str, Callable[[Bridge], Words]] = {
    "sign link": sign_link,
    "sign add": sign_add,
    "sign modify": sign_modify,
    "sign delete": sign_delete,
    "template delete": template_delete,
    "template page": template_page,
    "unknown settle": unknown_settle,
    "breaker close": breaker_close,
    "receipts replay": receipts_replay,
    "deadletters replay": deadletters_replay,
    "message erase": message_erase,
    "campaign pause": campaign_pause,
    "campaign resume": campaign_resume,
    "campaign stop": campaign_stop,
    "campaign resend": campaign_resend,
    "campaign export": campaign_export,
}
DEPLOYMENT = {"deploy", "destroy", "pause", "resume", "rehearse", "secret set"}
"""Changes that tests/deployment/test_recorded_changes.py makes."""
LOOKS: dict[str, Words] = {
    "audit list": [],
    "breaker show": [],
    "campaign list": [],
    "campaign show": ["task-1"],
    "deadletters list": [],
    "doctor": [],
    "env": [],
    "message find": [A],
    "package": ["--out", "build"],
    "sign list": [],
    "stats": ["--from", "2026-03-02", "--to", "2026-03-02"],
    "template list": [],
    "template show": ["7000"],
    "unknown list": [],
}
"""The commands that change nothing, with arguments."""
WORDS: dict[str, Words] = {
    "breaker close": ["tencent"],
    "campaign export": ["task-1"],
    "campaign pause": ["task-1", "--yes"],
    "campaign resend": ["task-1", "--yes"],
    "campaign resume": ["task-1", "--yes"],
    "campaign stop": ["task-1", "--yes"],
    "deadletters replay": [],
    "deploy": [],
    "destroy": ["--yes"],
    "message erase": [A, "--yes"],
    "pause": ["sends"],
    "receipts replay": ["--out-id", "task-1"],
    "rehearse": ["--yes"],
    "resume": ["sends"],
    "secret set": ["QA_KEY", "--generate"],
    "sign add": [SIGN],
    "sign delete": [SIGN, "--yes"],
    "sign link": [SIGN, "501"],
    "sign modify": [SIGN],
    "template delete": ["7000", "--yes"],
    "template page": ["Ab3Ab3Ab3Ab"],
    "unknown settle": ["--out-id", "task-1", "--phone", A, "--as", "delivered", "--yes"],
}
"""Arguments of the commands that are recorded, where there need not be anything for them to do."""
