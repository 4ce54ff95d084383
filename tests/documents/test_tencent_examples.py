"""Tencent's document: its examples, unchanged, with the client and the callback URL.

`tests/unit/test_v5_document_examples.py` tests the examples of templates, signs, pulls and statistics; a test
here checks that its cases equal the document's.
"""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import time_machine
from chalice.test import Client as HttpClient

import app
from chalicelib.domain.planning import Call
from chalicelib.tencent.interface import Accepted, NumberResult, PullType
from chalicelib.tencent.v5 import Client
from tests.support.documents.reading import examples, loads
from tests.support.documents.tencent_cases import CASES
from tests.support.in_process.bridge import SIGN, TOKEN, Bridge
from tests.support.in_process.operator import PNG, Ops, made
from tests.support.in_process.pulls import Pulls, run
from tests.support.transport import Transport

EXAMPLES = examples("tencent")
NAMES = {heading.partition(" — ")[0]: heading for heading in EXAMPLES}
KEY = "5f03a35d00ee52a21327ab048186a2c4"
STATUSES = loads(EXAMPLES[NAMES["callback of statuses"]]["request"])
REPLY = loads(EXAMPLES[NAMES["callback of replies"]]["request"])
OK = loads(EXAMPLES[NAMES["callback of statuses"]]["response"])


def connected(answer: Any) -> tuple[Client, Transport]:
    session, transport = requests.Session(), Transport(answer)
    session.mount("https://", transport)
    return Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", KEY, session), transport


# --- calls that send no message -----------------------------------------------------------------

CALLS = [name for name in NAMES if not name.startswith(("send", "callback"))]


@pytest.mark.parametrize("name", CALLS)
def test_the_cases_of_the_client_are_the_documents_examples(name: str) -> None:
    cases = [case for case in CASES.values() if case[0] == name]
    wanted = loads(EXAMPLES[NAMES[name]]["request"])
    # "It cannot appear together with": the example of get_template holds two requests.
    assert {key: value for case in cases for key, value in json.loads(case[2]).items()} == wanted
    for case in cases:
        assert json.loads(case[3]) == loads(EXAMPLES[NAMES[name]]["response"])


@pytest.mark.parametrize(("kind", "events"), [(0, STATUSES), (1, [REPLY])], ids=["0", "1"])
def test_pulled_events_have_the_form_of_callbacks(
    bridge: Bridge, kind: int, events: list[Any]
) -> None:
    client, transport = connected({"result": 0, "errmsg": "ok", "count": 1, "data": events})
    assert client.pullstatus(PullType(kind)) == events
    assert transport.body()["type"] == kind
    client, transport = connected({"result": 0, "errmsg": "ok", "count": 1, "data": events})
    assert client.pullstatus4mobile(PullType(kind), "8613788888888", 1, 2) == events
    assert transport.body()["type"] == kind
    # They are also settled in the same way.
    bridge.configure(TENCENT_RECEIPTS="pull")
    pulls = Pulls(bridge)
    pulls.add(*filter(None, events))
    run("pull")
    pulled = bridge.pump.bodies("callbacks")
    bridge.reset()
    bridge.callback(events if kind == 0 else events[0])
    assert pulled == bridge.pump.bodies("callbacks")


# --- sends --------------------------------------------------------------------------------------

SENDS: dict[str, list[NumberResult]] = {
    "sendsms": [Accepted("xxxxxxx", 1)],
    "sendmultisms2": [Accepted("xxxxxxx", 1), Accepted("xxxxxxx", 1)],
}


@pytest.mark.parametrize("name", SENDS)
@time_machine.travel(1457336869, tick=False)
def test_a_send_example_is_sent_and_read_unchanged(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 7226249334 - 10**9)
    request = loads(EXAMPLES[NAMES[name]]["request"])
    client, transport = connected(loads(EXAMPLES[NAMES[name]]["response"]))
    tel = request["tel"] if isinstance(request["tel"], list) else [request["tel"]]
    phones = tuple(one["nationcode"] + one["mobile"] for one in tel)
    call = Call(phones, tuple(request["params"]))
    assert client.send(call, sign=request["sign"], tpl_id=request["tpl_id"]) == SENDS[name]
    assert transport.body() == request
    url = urlsplit(transport.sent[0].url or "")
    assert url.path == f"/v5/tlssmssvr/{name}"
    assert parse_qs(url.query) == {"sdkappid": ["1400006666"], "random": ["7226249334"]}


def test_an_answer_of_sendisms_may_have_a_nationcode() -> None:
    answer = loads(EXAMPLES[NAMES["sendsms"]]["response"]) | {"nationcode": "852"}
    client, transport = connected(answer)
    sent = client.send(Call(("85251234567",), ()), sign="", tpl_id=19)
    assert sent == [Accepted("xxxxxxx", 1)]
    assert transport.body()["tel"] == "+85251234567"


# --- callbacks ----------------------------------------------------------------------------------


def test_the_examples_of_the_callbacks_are_queued_and_answered_as_documented(
    bridge: Bridge,
) -> None:
    assert {} in STATUSES
    assert bridge.callback(STATUSES) == (200, OK)
    assert bridge.callback(REPLY) == (
        200,
        loads(EXAMPLES[NAMES["callback of replies"]]["response"]),
    )
    assert bridge.pump.bodies("callbacks") == [
        {"form": 1, "statuses": [one for one in STATUSES if one]},
        {"form": 1, "replies": [REPLY]},
    ]


def test_the_examples_of_the_callbacks_without_a_message_do_no_harm(bridge: Bridge) -> None:
    bridge.callback(STATUSES)
    bridge.callback(REPLY)
    bridge.pump.run(hours=3)
    assert not bridge.pump.failures
    assert not bridge.quick_audience.pushes
    assert bridge.pump.count("callbacks") == 0


@pytest.mark.parametrize("in_the_url", [True, False], ids=["url", "body"])
def test_a_reply_may_come_by_get(bridge: Bridge, in_the_url: bool) -> None:
    path, body = f"/tencent/{TOKEN}/callback", json.dumps(REPLY).encode()
    if in_the_url:
        path, body = f"{path}?{urlencode(REPLY)}", b""
    answer = HttpClient(app.app).http.request("GET", path, headers={}, body=body)
    assert (answer.status_code, json.loads(answer.body)) == (200, OK)


def test_the_examples_of_the_callbacks_about_a_known_message_are_reported(linked: Bridge) -> None:
    linked.campaign(["13900001111"], code=linked.template("您好"))
    linked.pump.drain()
    (sms,) = linked.tencent.sent
    linked.clock.advance(seconds=5)
    known = {"mobile": "13900001111", "sid": sms.sid, "user_receive_time": "2026-03-02 10:00:03"}
    linked.callback([STATUSES[0] | known, *STATUSES[1:]])
    linked.callback(REPLY | {"mobile": "13900001111", "sign": SIGN})
    linked.pump.drain()
    (receipt,) = linked.quick_audience.receipts
    assert (receipt["sendStatus"], receipt["errCode"]) == (2, "DELIVERED")
    assert receipt["receiveDate"] == "2026-03-02 10:00:03"
    assert linked.quick_audience.replies == [
        {
            "outId": "task-1",
            "phoneNum": "13900001111",
            "sendTime": "2016-03-07 15:47:49",
            "content": "User's reply",
        }
    ]


# --- fields without an example, or with a meaning to the bridge only --------------------------------


def test_a_console_templates_title_is_its_name(bridge: Bridge) -> None:
    (item,) = loads(EXAMPLES[NAMES["get_template"]]["response"])["data"]
    later = {"international": 0, "title": "验证码", "apply_time": "2018-04-29 10:34:55"}
    bridge.tencent.templates[123] = item | later | {"reply_time": "2018-04-29 10:35:55"}
    answer = bridge.ask("GET", "/sms/smsTemplate/123")
    assert (answer["templateName"], answer["templateContent"]) == ("验证码", "xxxxx")
    assert (answer["templateStatus"], answer["templateType"]) == (1, 1)
    assert answer["createDate"].startswith("2026-03-02")
    bridge.tencent.templates[124] = item | {"id": 124}
    assert bridge.ask("GET", "/sms/smsTemplate/124")["templateName"] == "腾讯云模板 124"


def test_a_signs_example_with_its_later_fields_is_read(bridge: Bridge) -> None:
    (item,) = loads(EXAMPLES[NAMES["get_sign"]]["response"])["data"]
    later = {"international": 0, "apply_time": "2018-04-29 10:34:55", "reply_time": None}
    bridge.link("xxxxx", 123)
    bridge.tencent.signs[123] = item | later
    answer = bridge.ask("GET", "/sms/smsSign/xxxxx")
    assert (answer["signStatus"], answer["reason"]) == (1, "无审核备注")
    bridge.tencent.signs[123] |= {"status": 2}
    assert bridge.ask("GET", "/sms/smsSign/xxxxx")["reason"] == "xxxxx"


def test_a_sign_is_linked_only_under_tencents_own_text(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_STATE", bridge.state)
    ops = Ops(bridge)
    bridge.tencent.signs[123] = {"id": 123, "text": "腾讯科技", "status": 0, "reply": ""}
    assert "腾讯科技" in ops.fails("sign", "link", "腾讯云", "123")
    assert ops.json("sign", "link", "【腾讯科技】", "123")["status"] == "approved"
    assert bridge.ask("GET", "/sms/smsSign/腾讯科技")["signStatus"] == 1


def test_a_changed_sign_has_no_brackets_and_a_picture_in_plain_base64(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BRIDGE_STATE", linked.state)
    linked.tencent.always("mod_sign", made())
    picture = tmp_path / "licence.png"
    picture.write_bytes(PNG)
    Ops(linked).json("sign", "modify", SIGN, "--text", "[腾讯科技]", "--picture", str(picture))
    (call,) = linked.tencent.calls_of("mod_sign")
    assert call.body["text"] == "腾讯科技"
    assert base64.b64decode(call.body["pic"], validate=True) == PNG
