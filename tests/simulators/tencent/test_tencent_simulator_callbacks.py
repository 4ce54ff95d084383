"""Receipts and replies: their pushes, retries, the pull queue and the statistics."""

import re
import time
from datetime import datetime, timedelta, timezone

import pytest

from local.tencent import magic
from tests.support.simulators.tencent import (
    FOREIGN_TEMPLATE,
    MOBILE,
    Caller,
    Receiver,
    running_receiver,
    tel,
)
from tests.support.waiting import wait_for

BEIJING = timezone(timedelta(hours=8))


def mobiles(count: int) -> list[str]:
    return [f"139{number:08}" for number in range(count)]


def test_a_receipt_is_pushed_as_documented(simulator: Caller, receiver: Receiver) -> None:
    sid = simulator.send()["sid"]
    (receipt,) = wait_for(lambda: receiver.receipts)
    received = receipt.pop("user_receive_time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", received)
    moment = datetime.fromisoformat(received).replace(tzinfo=BEIJING)
    assert abs(moment.timestamp() - time.time()) < 5
    assert receipt == {
        "nationcode": "86",
        "mobile": MOBILE,
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "用户短信送达成功",
        "sid": sid,
    }
    assert receiver.content_types == ["application/json;charset=utf-8"]
    simulator.wait_until_idle()
    (message,) = simulator.messages()
    assert (message["report_status"], message["reported"], message["pushed"]) == (
        "SUCCESS",
        True,
        True,
    )
    assert message["sid"] == sid


def test_receipts_that_are_due_together_share_a_push(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(report_delay=[0, 0])
    detail = simulator.send_many(*mobiles(200))["detail"]
    wait_for(lambda: len(receiver.receipts) == 200)
    assert sorted(map(len, receiver.pushes)) == [100, 100]
    assert {row["sid"] for row in detail} == {row["sid"] for row in receiver.receipts}
    simulator.set_switches(push_size=7)
    simulator.send_many(*mobiles(20))
    wait_for(lambda: len(receiver.receipts) == 220)
    assert sorted(map(len, receiver.pushes[2:])) == [6, 7, 7]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b'{"result":0}'),
        (302, b'{"result":0}'),
        (201, b'{"result":0}'),
        (200, b'{"result":1,"errmsg":"x"}'),
        (200, b"ok"),
        (200, b"[]"),
        (200, b""),
    ],
)
def test_a_push_without_the_expected_answer_is_retried(
    simulator: Caller, receiver: Receiver, answer: tuple[int, bytes]
) -> None:
    receiver.answer_next(answer, answer)
    simulator.send()
    wait_for(lambda: len(receiver.pushes) == 3)
    assert receiver.pushes[0] == receiver.pushes[1] == receiver.pushes[2]
    state = simulator.wait_until_idle()
    assert state["pushes"] == {"made": 3, "failed": 2}
    assert state["receipts"]["pushed"] == 1


def test_a_push_is_given_up_after_three_attempts(simulator: Caller, receiver: Receiver) -> None:
    receiver.answer_next(*[(503, b"")] * 6)
    simulator.send()
    simulator.control("reply", {"mobile": MOBILE, "text": "好"})
    state = simulator.wait_until_idle()
    assert state["pushes"] == {"made": 6, "failed": 6}
    assert state["receipts"]["given_up"] == 1
    assert state["replies"]["given_up"] == 1
    (message,) = simulator.messages()
    assert (message["reported"], message["pushed"]) == (True, False)
    assert message["receipts"][0]["push"] == "given up"


def test_pushes_to_an_unreachable_receiver_are_given_up(simulator: Caller) -> None:
    with running_receiver() as gone:
        simulator.set_switches(callback_url=gone.url)
    simulator.send()
    assert simulator.wait_until_idle()["pushes"] == {"made": 3, "failed": 3}


def test_the_callback_url_may_be_missing_and_may_change(simulator: Caller) -> None:
    simulator.send()
    state = simulator.wait_until_idle()
    assert state["receipts"]["no_url"] == 1
    assert state["pushes"]["made"] == 0
    with running_receiver() as receiver:
        simulator.set_switches(callback_url=receiver.url)
        simulator.send("13800000002")
        simulator.wait_until_idle()
        assert [receipt["mobile"] for receipt in receiver.receipts] == ["13800000002"]
        simulator.set_switches(callback_url=None)


def test_paused_callbacks_are_pushed_later(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(callbacks_paused=True)
    simulator.send()
    wait_for(lambda: simulator.inspect("state")["queues"]["ready_receipts"])
    simulator.set_switches(early_receipts=True)
    simulator.send("13800000002")
    assert receiver.pushes == []
    simulator.set_switches(callbacks_paused=False)
    wait_for(lambda: len(receiver.receipts) == 2)


def test_a_reply_is_pushed_as_documented(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(extend_allowed=True)
    simulator.send(extend="42")
    answer = simulator.control("reply", {"mobile": MOBILE, "text": "几点？\n😀"})
    (reply,) = wait_for(lambda: receiver.replies)
    assert reply == answer
    assert abs(reply.pop("time") - time.time()) < 5
    assert reply == {
        "nationcode": "86",
        "mobile": MOBILE,
        "text": "几点？\n😀",
        "sign": "测试签名",
        "extend": "42",
    }


def test_a_number_without_messages_can_reply(simulator: Caller, receiver: Receiver) -> None:
    body = {"mobile": "13900000000", "text": "", "sign": "x", "extend": "1", "delay": 0.05}
    simulator.control("reply", body)
    simulator.control("reply", {"mobile": "13900000001", "text": "?"})
    wait_for(lambda: len(receiver.replies) == 2)
    by_mobile = {reply["mobile"]: reply for reply in receiver.replies}
    assert (by_mobile["13900000000"]["sign"], by_mobile["13900000000"]["extend"]) == ("x", "1")
    assert (by_mobile["13900000001"]["sign"], by_mobile["13900000001"]["extend"]) == ("", "")


def test_a_receipt_can_be_made_by_hand(simulator: Caller, receiver: Receiver) -> None:
    sid = simulator.send("13800009931")["sid"]
    simulator.control("receipt", {"mobile": "13800009931", "sid": sid, "report_status": "FAIL"})
    foreign = simulator.control("receipt", {"mobile": "13900000000"})
    wait_for(lambda: len(receiver.receipts) == 2)
    assert {receipt["sid"] for receipt in receiver.receipts} == {sid, foreign["sid"]}
    assert simulator.messages("13800009931")[0]["report_status"] == "FAIL"


def test_unsubscribed_users_can_be_refused(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(block_unsubscribed=True)
    simulator.send("13800009941")
    wait_for(lambda: receiver.replies)
    assert simulator.send("13800009941")["result"] == 1015
    simulator.set_switches(block_unsubscribed=False)
    assert simulator.send("13800009941")["result"] == 0


# magic numbers

FAILURES = ["UNDELIV", "MK:0001", "MI:0013", "EXPIRED", "DB:0141", "MX:0003", "MK:100F", "CJ：0006"]


@pytest.mark.parametrize(("ending", "errmsg"), list(enumerate(FAILURES, 9901)))
def test_magic_numbers_fail_with_their_code(
    simulator: Caller, receiver: Receiver, ending: int, errmsg: str
) -> None:
    simulator.send(f"1380000{ending}")
    (receipt,) = wait_for(lambda: receiver.receipts)
    assert (receipt["report_status"], receipt["errmsg"]) == ("FAIL", errmsg)


@pytest.mark.parametrize(
    ("ending", "result"), [(9911, 1016), (9912, 1015), (9913, 1023), (9914, 1025), (9915, 1026)]
)
def test_magic_numbers_are_refused_with_their_code(
    simulator: Caller, ending: int, result: int
) -> None:
    number = f"1380000{ending}"
    assert simulator.send(number)["result"] == result
    sent, refused = simulator.send_many(MOBILE, number)["detail"]
    assert (sent["result"], refused["result"]) == (0, result)
    assert not {"sid", "fee"} & refused.keys()
    assert simulator.messages(number) == []
    assert simulator.inspect("state")["numbers"] == {"accepted": 1, "refused": 2}


def test_a_magic_number_gets_no_receipt(simulator: Caller, receiver: Receiver) -> None:
    simulator.send_many("13800009931", MOBILE)
    simulator.wait_until_idle()
    assert [receipt["mobile"] for receipt in receiver.receipts] == [MOBILE]
    (message,) = simulator.messages("13800009931")
    assert (message["reported"], message["report_status"]) == (False, None)


def test_a_magic_number_gets_its_receipt_twice(simulator: Caller, receiver: Receiver) -> None:
    simulator.send("13800009932")
    simulator.wait_until_idle()
    first, second = receiver.receipts
    assert first | {"user_receive_time": ""} == second | {"user_receive_time": ""}


def test_an_early_receipt_is_pushed_before_the_answer(
    simulator: Caller, receiver: Receiver
) -> None:
    simulator.set_switches(report_delay=[60, 60])
    answer = simulator.send_many("13800009933", MOBILE)
    assert [row["sid"] for row in receiver.receipts] == [answer["detail"][0]["sid"]]
    simulator.set_switches(early_receipts=True)
    sid = simulator.send("13800000002")["sid"]
    assert receiver.receipts[-1]["sid"] == sid
    receiver.answer_next((500, b""))
    simulator.send("13800000003")
    wait_for(lambda: len(receiver.receipts) == 4)


def test_a_magic_number_succeeds_after_failing(simulator: Caller, receiver: Receiver) -> None:
    simulator.send("13800009934")
    simulator.wait_until_idle()
    assert [row["report_status"] for row in receiver.receipts] == ["FAIL", "SUCCESS"]
    assert simulator.messages("13800009934")[0]["report_status"] == "SUCCESS"


@pytest.mark.parametrize("ending", ["9941", "9942", "9943", "9944"])
def test_magic_numbers_reply(simulator: Caller, receiver: Receiver, ending: str) -> None:
    simulator.send(f"1380000{ending}")
    expected = list(magic.TREATMENTS[ending].replies)
    wait_for(lambda: len(receiver.replies) == len(expected))
    # The pushes are concurrent, as Tencent's may be, so either may arrive first.
    assert sorted(reply["text"] for reply in receiver.replies) == sorted(expected)
    assert {reply["sign"] for reply in receiver.replies} == {"测试签名"}


def test_international_numbers_do_not_reply(simulator: Caller, receiver: Receiver) -> None:
    abroad = tel("60009941", "852")
    simulator.send(tel=abroad, tpl_id=FOREIGN_TEMPLATE, params=["x"])
    simulator.wait_until_idle()
    assert len(receiver.receipts) == 1
    assert receiver.replies == []


def test_magic_numbers_can_be_turned_off(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(magic=False)
    answer = simulator.send_many(*(f"1380000{ending}" for ending in magic.TREATMENTS))
    assert {row["result"] for row in answer["detail"]} == {0}
    wait_for(lambda: len(receiver.receipts) == len(magic.TREATMENTS))
    assert {receipt["errmsg"] for receipt in receiver.receipts} == {"DELIVRD"}


# switches for receipts


def test_shares_pick_the_same_numbers_for_a_seed(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(fail_share=0.3, reply_share=0.1, reply_text="谢谢", seed=7)
    simulator.send_many(*mobiles(200))
    simulator.wait_until_idle()
    failed = {row["mobile"] for row in receiver.receipts if row["report_status"] == "FAIL"}
    replied = {row["mobile"] for row in receiver.replies}
    assert 30 < len(failed) < 90
    assert 5 < len(replied) < 40
    assert {reply["text"] for reply in receiver.replies} == {"谢谢"}
    # The same seed picks the same numbers, in any order of the recipients.
    simulator.send_many(*reversed(mobiles(200)))
    simulator.wait_until_idle()
    again = {row["mobile"] for row in receiver.receipts[200:] if row["report_status"] == "FAIL"}
    assert again == failed


def test_receipts_can_be_duplicated(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(duplicate_share=1)
    simulator.send()
    wait_for(lambda: len(receiver.receipts) == 2)


def test_receipts_can_be_dropped(simulator: Caller, receiver: Receiver) -> None:
    simulator.set_switches(drop_receipts=3)
    simulator.send_many(*mobiles(5))
    wait_for(lambda: len(receiver.receipts) == 2)
    assert simulator.inspect("behaviour")["drop_receipts"] == 0
    simulator.set_switches(drop_share=1)
    simulator.send()
    state = simulator.wait_until_idle()
    assert len(receiver.receipts) == 2
    assert state["receipts"]["dropped"] == 4


# pulling


def test_pulling_needs_permission_and_valid_fields(simulator: Caller) -> None:
    assert simulator.refusal("pullstatus", type=0, max=10) == 1006
    simulator.set_switches(pull_enabled=True)
    for fields in ({"type": 2, "max": 10}, {"type": 0, "max": 101}, {"type": 0, "max": 0}):
        assert simulator.refusal("pullstatus", **fields) == 1004
    assert simulator.refusal("pullstatus4mobile", type=0, max=10, **tel(MOBILE)) == 1004


def test_the_pull_queue_returns_each_item_once(simulator: Caller) -> None:
    simulator.set_switches(pull_enabled=True)
    empty = {"result": 0, "errmsg": "ok", "count": 0, "data": []}
    assert simulator.call("pullstatus", type=0, max=10) == empty
    simulator.send_many(*mobiles(5))
    simulator.control("reply", {"mobile": mobiles(1)[0], "text": "好"})
    simulator.wait_until_idle()
    first = simulator.call("pullstatus", type=0, max=3)
    second = simulator.call("pullstatus", type=0, max=3)
    assert (first["count"], second["count"]) == (3, 2)
    assert {row["mobile"] for row in first["data"] + second["data"]} == set(mobiles(5))
    assert simulator.call("pullstatus", type=0, max=3) == empty
    (reply,) = simulator.call("pullstatus", type=1, max=3)["data"]
    assert reply["text"] == "好"
    assert simulator.call("pullstatus", type=1, max=3) == empty


def test_the_history_of_a_number_can_be_read_repeatedly(simulator: Caller) -> None:
    simulator.set_switches(pull_enabled=True)
    simulator.send_many(MOBILE, "13800000002")
    simulator.send()
    simulator.control("reply", {"mobile": MOBILE, "text": "好"})
    simulator.wait_until_idle()
    now = int(time.time())
    span = {"begin_time": now - 60, "end_time": now + 60}
    for _ in range(2):
        answer = simulator.call("pullstatus4mobile", type=0, max=10, **span, **tel(MOBILE))
        assert answer["count"] == 2
        assert {row["mobile"] for row in answer["data"]} == {MOBILE}
    answer = simulator.call("pullstatus4mobile", type=1, max=10, **span, **tel(MOBILE))
    assert [row["text"] for row in answer["data"]] == ["好"]
    earlier = {"begin_time": now - 60, "end_time": now - 30}
    for kind in (0, 1):
        answer = simulator.call("pullstatus4mobile", type=kind, max=10, **earlier, **tel(MOBILE))
        assert answer["count"] == 0


def test_statistics_count_sends_and_receipts(simulator: Caller) -> None:
    refused = "13800009911"
    failing = [f"138000099{ending:02}" for ending in range(1, 9)]
    simulator.send_many(*mobiles(3), *failing, refused, "13800009932")
    simulator.send(tpl_id=1)
    simulator.wait_until_idle()
    now = datetime.now(BEIJING)
    hours = [int(f"{now + timedelta(hours=hour):%Y%m%d%H}") for hour in (-1, 0, 1)]
    span = {"begin_date": hours[0], "end_date": hours[2]}
    assert simulator.call("pullsendstatus", **span) == {
        "result": 0,
        "errmsg": "OK",
        "data": {"request": 14, "success": 12, "bill_number": 12},
    }
    assert simulator.call("pullcallbackstatus", **span)["data"] == {
        "success": 12,
        "status": 12,
        "status_success": 4,
        "status_fail": 8,
        "status_fail_0": 3,
        "status_fail_1": 2,
        "status_fail_2": 1,
        "status_fail_3": 1,
        "status_fail_4": 1,
    }
    long_ago = {"begin_date": 2016090800, "end_date": 2016090823}
    assert simulator.call("pullsendstatus", **long_ago)["data"]["request"] == 0
    assert simulator.call("pullcallbackstatus", **long_ago)["data"]["status"] == 0


@pytest.mark.parametrize(
    ("begin", "end"),
    [(2016090824, 2016090900), (2016133100, 2016133101), (2016090801, 2016090800), (20160908, 1)],
)
def test_invalid_hours_of_statistics_are_refused(simulator: Caller, begin: int, end: int) -> None:
    for call in ("pullsendstatus", "pullcallbackstatus"):
        assert simulator.refusal(call, begin_date=begin, end_date=end) == 1004
