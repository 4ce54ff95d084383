"""settle: replies are matched to messages and reported."""

import time
from typing import Any

import pytest

from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.clock import beijing
from tests.support.in_process.sends import A, send
from tests.support.in_process.settling import parked

OTHER_SIGN = "另一品牌"


def reply(bridge: Bridge, text: str = "好的", sign: str = SIGN, **fields: Any) -> None:
    assert bridge.callback(tencent.reply("86" + A, text, sign, **fields))[0] == 200
    bridge.pump.drain("settle", "push")


def out_ids(bridge: Bridge) -> list[str]:
    return [one["outId"] for one in bridge.quick_audience.replies]


def test_a_reply_is_reported_under_the_campaign_that_it_answers(linked: Bridge) -> None:
    send(linked, A)
    linked.clock.advance(seconds=60)
    reply(linked, "T退订", time=int(time.time()) - 5)
    assert linked.quick_audience.replies == [
        {
            "outId": "task-1",
            "phoneNum": A,
            "sendTime": beijing(time.time() - 5),
            "content": "T退订",
        }
    ]


def test_a_reply_belongs_to_the_newest_message_of_its_sign(linked: Bridge) -> None:
    linked.link(OTHER_SIGN, 502)
    code = linked.template("您好")
    for number, sign in enumerate([SIGN, SIGN, OTHER_SIGN]):
        linked.campaign([A], code=code, out_id=f"task-{number}", signName=sign)
        linked.pump.drain("deliver")
        linked.clock.advance(seconds=60)
    reply(linked, "1")
    reply(linked, "2", f"【{OTHER_SIGN}】")
    reply(linked, "3", "没有的签名")
    reply(linked, "4", "")
    assert out_ids(linked) == ["task-1", "task-2", "task-2", "task-2"]


@pytest.mark.parametrize("sign", [None, 5, {}])
def test_a_reply_without_a_sign_belongs_to_the_newest_message_of_its_phone(
    linked: Bridge, sign: Any
) -> None:
    send(linked, A)
    reply(linked, sign=sign)
    assert out_ids(linked) == ["task-1"]


def test_a_reply_may_belong_to_a_message_of_unknown_outcome(linked: Bridge) -> None:
    linked.tencent.next("send", tencent.lost(web.read_timeout, sent=True))
    send(linked, A)
    reply(linked)
    assert out_ids(linked) == ["task-1"]


def test_a_reply_of_a_refused_recipient_belongs_to_an_older_message(linked: Bridge) -> None:
    send(linked, A)
    linked.clock.advance(seconds=60)
    linked.tencent.next("send", tencent.refused(1015))
    send(linked, A, out_id="task-2")
    reply(linked)
    assert out_ids(linked) == ["task-1"]


def test_a_repeated_reply_is_reported_once(linked: Bridge) -> None:
    send(linked, A)
    event = tencent.reply("86" + A, "好", SIGN)
    linked.callback(event)
    linked.callback(event)
    linked.pump.drain("settle", "push")
    linked.clock.advance(hours=1)
    linked.callback(event)
    linked.pump.drain("settle", "push")
    assert len(linked.quick_audience.replies) == 1


def test_the_same_words_at_another_time_are_another_reply(linked: Bridge) -> None:
    send(linked, A)
    reply(linked)
    linked.clock.advance(seconds=1)
    reply(linked)
    assert len(linked.quick_audience.replies) == 2


def test_replies_of_one_campaign_share_a_push(linked: Bridge) -> None:
    send(linked, A)
    for number in range(3):
        linked.callback(tencent.reply("86" + A, str(number), SIGN))
    linked.pump.drain("settle", "push")
    assert [len(push.entries) for push in linked.quick_audience.pushes] == [3]


@pytest.mark.counts("pushes")
def test_replies_and_receipts_are_pushed_separately(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    linked.callback([tencent.status(sms)])
    linked.callback(tencent.reply("86" + A, "好", SIGN))
    linked.pump.drain("settle", "push")
    assert len(linked.quick_audience.pushes) == 2
    assert len(linked.quick_audience.replies) == len(linked.quick_audience.receipts) == 1


@pytest.mark.counts("messages")
def test_a_reply_that_overtakes_its_send_waits_for_it(linked: Bridge) -> None:
    reply(linked)
    assert linked.pump.count("callbacks") == 1
    send(linked, A)
    linked.pump.run("settle", "push", hours=1)
    assert out_ids(linked) == ["task-1"]


def test_a_reply_without_a_message_is_parked(linked: Bridge) -> None:
    reply(linked)
    linked.pump.run("settle", "push", hours=4)
    assert linked.pump.count("callbacks") == linked.pump.count("callbacks-dead") == 0
    assert not linked.quick_audience.pushes
    (item,) = parked()
    assert item["kind"] == "replies"


@pytest.mark.parametrize("text", ["", None, 5, "😀", "\x00\x01", "x" * 2000])
def test_a_reply_with_any_content_is_reported(linked: Bridge, text: Any) -> None:
    send(linked, A)
    reply(linked, text)
    (entry,) = linked.quick_audience.replies
    assert entry["content"] == ("" if text is None else str(text))


@pytest.mark.parametrize(
    "given", ["missing", None, "", "yesterday", [], "1772416800", 1772416800.7]
)
def test_a_reply_without_a_valid_time_gets_the_time_of_arrival(linked: Bridge, given: Any) -> None:
    send(linked, A)
    event = tencent.reply("86" + A, "好", SIGN) | {"time": given}
    if given == "missing":
        del event["time"]
    linked.callback(event)
    linked.pump.drain("settle", "push")
    (entry,) = linked.quick_audience.replies
    assert entry["sendTime"] == beijing(time.time())


@pytest.mark.parametrize("given", [1772416800000, 10**30, float("inf"), -(10**15)])
def test_a_reply_with_an_invalid_time_is_reported(linked: Bridge, given: Any) -> None:
    send(linked, A)
    reply(linked, time=given)
    assert len(linked.quick_audience.replies) == 1
