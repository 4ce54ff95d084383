"""settle: statuses become receipts."""

from typing import Any

import pytest

from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B, C, accept, send
from tests.support.in_process.settling import parked, settle
from tests.support.in_process.tencent import Sms
from tests.support.thoroughness import some


def test_a_status_becomes_a_receipt(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    linked.clock.advance(seconds=10)
    settle(linked, tencent.status(sms))
    assert linked.quick_audience.receipts == [
        {
            "outId": "task-1",
            "phoneNum": A,
            "sendStatus": 2,
            "sendDate": "2026-03-02 10:00:00",
            "receiveDate": "2026-03-02 10:00:07",
            "errCode": "DELIVERED",
            "message": "",
        }
    ]


def test_a_failure_is_reported_with_tencents_code_and_text(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms, "FAIL", errmsg="CJ：0006", description="号码停机"))
    (receipt,) = linked.quick_audience.receipts
    assert (receipt["sendStatus"], receipt["errCode"], receipt["message"]) == (
        1,
        "CJ：0006",
        "号码停机",
    )


@pytest.mark.parametrize("word", ["FAIL", "fail", "", None, "SUCCES", 0])
def test_a_status_other_than_success_is_a_failure(linked: Bridge, word: Any) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms) | {"report_status": word})
    assert [one["sendStatus"] for one in linked.quick_audience.receipts] == [1]


@pytest.mark.parametrize("word", ["SUCCESS", "success", " Success "])
def test_success_is_read_in_any_spelling(linked: Bridge, word: str) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms) | {"report_status": word})
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


@pytest.mark.parametrize(
    "without", ["user_receive_time", "nationcode", "errmsg", "description", "report_status"]
)
@pytest.mark.parametrize("value", some(["missing", None, "", {}, 5], 2))
def test_a_status_with_a_bad_field_is_settled(linked: Bridge, without: str, value: Any) -> None:
    (sms,) = send(linked, A)
    event = tencent.status(sms, "FAIL")
    del event[without]
    if value != "missing" and not (without == "nationcode" and value in (5, {})):
        event[without] = value
    settle(linked, event)
    assert [one["sendStatus"] for one in linked.quick_audience.receipts] == [1]


@pytest.mark.counts("messages")
def test_receipts_are_grouped_by_out_id(linked: Bridge) -> None:
    first = send(linked, A, B)
    second = send(linked, A, C, out_id="task-2")
    settle(linked, *tencent.statuses([first[0], second[0], first[1], second[1]]))
    assert {
        (push.entries[0]["outId"], tuple(entry["phoneNum"] for entry in push.entries))
        for push in linked.quick_audience.pushes
    } == {("task-1", (A, B)), ("task-2", (A, C))}


@pytest.mark.counts("messages")
def test_more_than_100_receipts_are_sent_in_several_pushes(linked: Bridge) -> None:
    sent = send(linked, *[f"139{number:08d}" for number in range(150)])
    linked.callback(tencent.statuses(sent[:80]))
    linked.callback(tencent.statuses(sent[80:]))
    linked.pump.drain("settle", "push")
    assert sorted(len(push.entries) for push in linked.quick_audience.pushes) == [50, 100]
    assert len({one["phoneNum"] for one in linked.quick_audience.receipts}) == 150


def test_a_repeated_status_is_reported_once(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms), tencent.status(sms))
    settle(linked, tencent.status(sms))
    linked.callback([tencent.status(sms)])
    linked.callback([tencent.status(sms)])
    linked.pump.drain("settle", "push")
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


@pytest.mark.parametrize("first", ["SUCCESS", "FAIL"])
@pytest.mark.parametrize("together", [False, True])
def test_the_first_status_is_the_final_one(linked: Bridge, first: str, *, together: bool) -> None:
    (sms,) = send(linked, A)
    events = [
        tencent.status(sms, first),
        tencent.status(sms, "FAIL" if first == "SUCCESS" else "SUCCESS"),
    ]
    for part in [events] if together else [[event] for event in events]:
        settle(linked, *part)
    assert [one["sendStatus"] for one in linked.quick_audience.receipts] == [
        2 if first == "SUCCESS" else 1
    ]


@pytest.mark.counts("messages")
def test_a_status_that_overtakes_its_send_waits_for_it(linked: Bridge) -> None:
    def overtake() -> None:
        linked.callback([tencent.status(linked.tencent.sent[0])])
        linked.pump.drain("settle")

    accept(linked, A)
    linked.tencent.next("send", tencent.and_then(overtake))
    linked.pump.drain("deliver")
    assert linked.pump.count("callbacks") == 1
    assert linked.quick_audience.reported(A) == []
    linked.pump.run("settle", "push", hours=1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert not parked()


def test_a_status_without_a_message_waits_and_is_parked_and_is_no_dead_letter(
    linked: Bridge,
) -> None:
    settle(linked, tencent.status(Sms("86" + A, "unknown-sid", "x", 1, ())))
    assert linked.pump.count("callbacks") == 1
    linked.pump.run("settle", hours=1)
    assert not parked(), "the send may still be recorded within half an hour"
    linked.pump.run("settle", hours=3)
    assert linked.pump.count("callbacks") == linked.pump.count("callbacks-dead") == 0
    (item,) = parked()
    assert "unknown-sid" in item["payload"]
    assert not linked.quick_audience.pushes


@pytest.mark.parametrize(
    "changes",
    some(
        [
            {"sid": None},
            {"sid": ""},
            {"sid": "x" * 10_000},
            {"sid": "中" * 1000},
            {"sid": {"a": 1}},
            {"sid": 5},
            {"mobile": ""},
            {"mobile": None},
            {"mobile": "x" * 5000},
            {"nationcode": "中" * 5000},
        ],
        3,
    ),
    ids=lambda changes: str(changes)[:30],
)
def test_a_status_that_can_never_be_found_is_parked(
    linked: Bridge, changes: dict[str, Any]
) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms) | changes, tencent.status(sms))
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    linked.pump.run("settle", hours=4)
    assert linked.pump.count("callbacks") == linked.pump.count("callbacks-dead") == 0
    assert len(parked()) == 1


@pytest.mark.parametrize("length", [30, 200])
def test_a_long_sid_is_found(linked: Bridge, length: int) -> None:
    check_sid(linked, length)


def test_a_sid_of_more_than_200_characters_is_found(linked: Bridge) -> None:
    check_sid(linked, 250)


def check_sid(bridge: Bridge, length: int) -> None:
    accept(bridge, A)
    sid = "s" * length
    bridge.tencent.next(
        "send", lambda *_: {"result": 0, "errmsg": "OK", "ext": "", "sid": sid, "fee": 1}
    )
    bridge.pump.drain("deliver")
    settle(bridge, tencent.status(Sms("86" + A, sid, "x", 1, ())))
    assert bridge.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_statuses_of_foreign_numbers_are_settled(linked: Bridge) -> None:
    linked.template("Hello ${name}", 3)
    send(linked, "85251234567", "+12425551234")
    (hong_kong,) = linked.tencent.sent_to("85251234567")
    (bahamas,) = linked.tencent.sent_to("12425551234")
    settle(
        linked,
        tencent.status(hong_kong, nationcode="+852"),
        tencent.status(bahamas, nationcode="1242", mobile="5551234"),
    )
    assert len(linked.quick_audience.receipts) == 2
    assert {one["sendStatus"] for one in linked.quick_audience.receipts} == {2}


def test_two_messages_to_one_phone_get_a_receipt_each(linked: Bridge) -> None:
    (first,) = send(linked, A)
    (second,) = send(linked, A, out_id="task-2")
    settle(linked, tencent.status(second), tencent.status(first, "FAIL"))
    assert linked.quick_audience.reported(A, "task-1") == [(1, "MK:0001")]
    assert linked.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]


@pytest.mark.parametrize("poison", ["not JSON", "[]", "{", '{"statuses": 5}', '{"statuses": [5]}'])
@pytest.mark.counts("dead letters")
def test_an_unreadable_message_does_not_hold_up_the_others(linked: Bridge, poison: str) -> None:
    sent = send(linked, A, B)
    linked.callback([tencent.status(sent[0])])
    linked.pump.put("callbacks", poison)
    linked.callback([tencent.status(sent[1])])
    linked.pump.drain("settle", "push")
    assert (
        linked.quick_audience.reported(A) == linked.quick_audience.reported(B) == [(2, "DELIVERED")]
    )
    assert linked.pump.count("callbacks") == 0
    assert linked.pump.count("callbacks-dead") == 1
