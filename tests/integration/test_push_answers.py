"""push: Quick Audience's answers as careless producers of JSON write them."""

from typing import Any

import pytest

from chalicelib.store import breakers, pushed
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.pushes import BIZ, queue, queue_many
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, send


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"code":200.0}', b'{"code":"200.0"}', b'{"code":" 200 "}', b'{"code":"Ok"}'),
        b'\xef\xbb\xbf{"code":"OK"}',
        b'{"code":"OK","message":"done\n"}',
        '{"code":"OK","message":"成功"}'.encode("gbk"),
    ],
    ids=ascii,
)
@pytest.mark.counts("pushes")
def test_a_yes_in_any_spelling_ends_the_pushes(bridge: Bridge, body: bytes) -> None:
    bridge.quick_audience.always(lambda: respond(200, body))
    queue(bridge, "x", range(2))
    bridge.pump.run("push", hours=1)
    assert len(bridge.quick_audience.pushes) == 1
    assert pushed.pushed_positions("x", BIZ) == {0, 1}
    assert bridge.pump.count("receipts") == 0


@pytest.mark.parametrize("code", [401.0, " 401 ", "401.0", 403.0], ids=repr)
def test_a_lock_out_in_any_spelling_opens_the_breaker(bridge: Bridge, code: Any) -> None:
    bridge.quick_audience.always(lambda: respond(200, {"code": code}))
    queue_many(bridge, 5)
    bridge.pump.drain("push")
    assert breakers.get_open("quickaudience")
    assert len(bridge.quick_audience.pushes) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((200, b""), (204, b""), (200, b"OK"), (200, {"success": True})),
        *((200, {"code": None}), (200, {"code": 0}), (200, {})),
    ],
    ids=str,
)
@pytest.mark.counts("pushes")
def test_a_reply_is_accepted_without_a_documented_answer(
    linked: Bridge, status: int, body: Any
) -> None:
    (sms,) = send(linked, A)
    linked.quick_audience.always(lambda: respond(status, body))
    linked.callback(tencent.reply("86" + A, "退订", SIGN))
    linked.pump.run("settle", "push", hours=1)
    assert len(linked.quick_audience.pushes) == 1
    assert linked.pump.count("receipts") == 0
    # A receipt is not: §13 documents its answer.
    linked.callback([tencent.status(sms)])
    linked.pump.run("settle", "push", hours=1)
    assert len(linked.quick_audience.pushes) > 3
    assert linked.pump.count("receipts") == 1


@pytest.mark.parametrize(
    "body", [{"code": 500}, {"success": False}, b"<html>login</html>", b'{"code": "O'], ids=str
)
@pytest.mark.counts("pushes")
def test_a_reply_that_is_refused_is_pushed_again(linked: Bridge, body: Any) -> None:
    send(linked, A)
    linked.quick_audience.next(lambda: respond(200, body))
    linked.callback(tencent.reply("86" + A, "退订", SIGN))
    linked.pump.run("settle", "push", hours=1)
    assert [push.accepted for push in linked.quick_audience.pushes] == [False, True]
    assert [one["content"] for one in linked.quick_audience.replies] == ["退订"]
