"""settle: statuses and replies in the many forms in which gateways pass them on."""

import time
from typing import Any

import pytest

from chalicelib.store import breakers, messages
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.clock import beijing
from tests.support.in_process.meter import Meter
from tests.support.in_process.sends import PHONES, A, accept, send, send_unanswered
from tests.support.in_process.settling import parked, settle
from tests.support.in_process.tencent import Sms

HONG_KONG = "85251234567"
SPELLINGS = [
    *(("86", "+86" + A), ("86", "86" + A), ("86", "0086" + A), ("", "+86" + A), ("", "86" + A)),
    *(("", A), (None, int(A)), (86.0, float(A)), ("86", A + ".0"), ("+86", f" {A}\u200b")),
    *(("0086", f"{A[:3]}-{A[3:7]}-{A[7:]}"), ("86", "0" + A)),
]
ABROAD = [
    *(("852", "51234567"), ("", "+852 5123 4567"), ("", HONG_KONG), ("852", HONG_KONG)),
    *(("86", "+" + HONG_KONG), ("+852", "0085251234567"), (852, 51234567), ("86", HONG_KONG)),
]


def reply(bridge: Bridge, **fields: Any) -> None:
    event = tencent.reply("86" + A, "退订", SIGN) | fields
    for name in [name for name, value in fields.items() if value == "missing"]:
        del event[name]
    assert bridge.callback(event)[0] == 200
    bridge.pump.drain("settle", "push")


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("nationcode", "mobile"), SPELLINGS)
def test_a_status_matches_its_number_in_every_spelling(
    linked: Bridge, nationcode: Any, mobile: Any
) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms) | {"nationcode": nationcode, "mobile": mobile})
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert linked.pump.count("callbacks") == 0


@pytest.mark.parametrize(("nationcode", "mobile"), ABROAD)
def test_a_status_from_abroad_matches_its_number_in_every_spelling(
    linked: Bridge, nationcode: Any, mobile: Any
) -> None:
    code = linked.template("Hello", 3)
    assert linked.campaign(["+" + HONG_KONG], code=code).code == "OK"
    linked.pump.drain("deliver")
    (sms,) = linked.tencent.sent
    settle(linked, tencent.status(sms) | {"nationcode": nationcode, "mobile": mobile})
    assert [one["sendStatus"] for one in linked.quick_audience.receipts] == [2]
    assert linked.pump.count("callbacks") == 0


@pytest.mark.parametrize(("nationcode", "mobile"), SPELLINGS)
def test_a_reply_matches_its_number_in_every_spelling(
    linked: Bridge, nationcode: Any, mobile: Any
) -> None:
    send(linked, A)
    reply(linked, nationcode=nationcode, mobile=mobile)
    assert [one["phoneNum"] for one in linked.quick_audience.replies] == [A]


@pytest.mark.parametrize(("nationcode", "mobile"), SPELLINGS[:6])
def test_a_send_of_unknown_outcome_is_found_in_every_spelling(
    linked: Bridge, nationcode: Any, mobile: Any
) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms) | {"nationcode": nationcode, "mobile": mobile})
    linked.pump.run("settle", "push", hours=3)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert not parked()


def test_one_status_in_two_spellings_is_one_status(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms), tencent.status(sms, "FAIL") | {"mobile": "+86" + A})
    settle(linked, tencent.status(sms) | {"nationcode": "", "mobile": "86" + A})
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_blanks_around_a_sid_do_not_count(linked: Bridge) -> None:
    (sms,) = send(linked, A)
    settle(linked, tencent.status(sms) | {"sid": f" {sms.sid}\n"})
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


# --- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sid", ["", None, "8:x", "of-the-message"])
def test_a_reply_with_a_sid_is_a_reply(linked: Bridge, sid: Any) -> None:
    (sms,) = send(linked, A)
    reply(linked, sid=sms.sid if sid == "of-the-message" else sid)
    assert [one["content"] for one in linked.quick_audience.replies] == ["退订"]
    assert linked.quick_audience.receipts == []
    assert linked.pump.count("callbacks") == 0


@pytest.mark.parametrize(
    "form",
    [
        lambda epoch: epoch * 1000 + 250,
        lambda epoch: str(epoch * 1000),
        float,
        lambda epoch: f"{epoch}.9",
        beijing,
        lambda epoch: beijing(epoch).replace(" ", "T") + ".250+08:00",
        lambda epoch: beijing(epoch).replace("-", "/"),
    ],
    ids=["ms", "ms as text", "fraction", "fraction as text", "date", "iso", "slashes"],
)
def test_a_reply_is_reported_once_with_its_time(linked: Bridge, form: Any) -> None:
    send(linked, A)
    written = int(time.time())
    linked.clock.advance(seconds=30)
    for _ in range(3):
        reply(linked, time=form(written))
        linked.clock.advance(seconds=60)
    assert [one["sendTime"] for one in linked.quick_audience.replies] == [beijing(written)]


@pytest.mark.parametrize("value", ["missing", None, "", "yesterday", 0, {}])
@pytest.mark.parametrize("start", [0, 570, 599])
def test_a_reply_without_a_time_is_reported_once_with_the_time_of_its_arrival(
    linked: Bridge, value: Any, start: int
) -> None:
    """Wherever the clock stands, because replies without a time are compared by the time of arrival."""
    send(linked, A)
    linked.clock.advance(seconds=start)
    arrived = time.time()
    for _ in range(3):
        reply(linked, time=value)
        linked.clock.advance(seconds=60)
    assert [one["sendTime"] for one in linked.quick_audience.replies] == [beijing(arrived)]
    linked.clock.advance(hours=1)
    reply(linked, time=value)
    assert len(linked.quick_audience.replies) == 2


@pytest.mark.parametrize("at", range(1, 6))
def test_a_reply_without_a_time_is_reported_although_its_function_died(
    linked: Bridge, at: int
) -> None:
    send(linked, A)
    linked.callback(tencent.reply("86" + A, "退订", SIGN) | {"time": None})
    with linked.outside.watched(at, "killed after"):
        linked.pump.drain("settle")
    linked.pump.run("settle", "push", hours=1)
    assert len({one["sendTime"] for one in linked.quick_audience.replies}) == 1


@pytest.mark.parametrize("hours", [1, 8, 24 * 365])
def test_no_reply_is_written_after_it_arrived(linked: Bridge, hours: int) -> None:
    send(linked, A)
    arrived = time.time()
    reply(linked, time=int(arrived) + hours * 3600)
    linked.clock.advance(seconds=60)
    reply(linked, time=int(arrived) + hours * 3600)
    assert [one["sendTime"] for one in linked.quick_audience.replies] == [beijing(arrived)]


def test_a_reply_that_is_too_long_is_cut_off(linked: Bridge) -> None:
    send(linked, A)
    reply(linked, text="长" * 150_000)
    assert [one["content"] for one in linked.quick_audience.replies] == ["长" * 2000]


# --- times of statuses ----------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0.01, 8, 24 * 365])
def test_no_message_is_received_after_its_status_arrived(linked: Bridge, hours: float) -> None:
    (sms,) = send(linked, A)
    linked.clock.advance(seconds=60)
    now = time.time()
    settle(linked, tencent.status(sms, user_receive_time=beijing(now + hours * 3600)))
    assert [one["receiveDate"] for one in linked.quick_audience.receipts] == [beijing(now)]


# --- statuses of messages that are not the bridge's ------------------------------------------------


@pytest.mark.v5_only("3.0's inquiries about outcomes query, too")
def test_statuses_without_a_message_cost_one_query_for_each_phone(linked: Bridge) -> None:
    send_unanswered(linked, A)
    strangers = [Sms("86" + phone, f"stray-{n}", "x", 1, ()) for n in range(20) for phone in PHONES]
    linked.callback(tencent.statuses(strangers))
    linked.clock.advance(seconds=600)
    meter = Meter()
    linked.outside.observers.append(meter)
    with linked.outside.watched():
        linked.pump.invoke_once("settle")
    assert meter.by_operation["Query"] == len(PHONES)
    # Two statuses can't have the same message, and the others adopt none.
    assert sorted(one.state for one in messages.of_phone("86" + A)) == ["delivered"]


@pytest.mark.counts("queries")
def test_only_messages_of_unknown_outcome_are_read_to_adopt_one(linked: Bridge) -> None:
    accept(linked, A)
    linked.pump.drain("deliver")
    linked.callback([tencent.status(Sms("86" + A, "stray", "x", 1, ()))])
    linked.clock.advance(seconds=600)
    asked: list[Any] = []
    linked.outside.observers.append(
        lambda operation, params, _: asked.append(params) if operation == "Query" else None
    )
    with linked.outside.watched():
        linked.pump.invoke_once("settle")
    assert [one["ExpressionAttributeValues"][":prefix"] for one in asked] == [{"S": "UNKNOWN#"}]
    assert not breakers.get_open("tencent")
