"""settle: sends that got no answer, whose outcome Tencent's records show (API 3.0)."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.delivery import outcomes, phone_queries
from chalicelib.domain import retries
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.messages import Message
from chalicelib.queues.bodies import CallbackBody
from chalicelib.queues.outcome_inquiry import OutcomeInquiry
from chalicelib.store import leases, messages
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import log_lines, tencent, web
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.records import DELIVERED, FAILED, NOT_SENT, UNDER_WAY, Records
from tests.support.in_process.sends import A, B, C, D, send, send_unanswered
from tests.support.in_process.settling import parked, settle
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.tencent import Sms, lost, raw_answer, refused, unmentioned

UNKNOWN_ANSWERS = {
    "a time-out": lost(web.read_timeout, sent=True),
    "a reset": lost(web.read_timeout, sent=True),
    "HTTP 502": raw_answer(502, b"<html>", sent=True),
    "garbage": raw_answer(200, b"{", sent=True),
    "an empty set": raw_answer(
        200, b'{"Response":{"SendStatusSet":[],"RequestId":"r"}}', sent=True
    ),
    "InternalError.Timeout": raw_answer(
        200,
        b'{"Response":{"Error":{"Code":"InternalError.Timeout","Message":""},"RequestId":"r"}}',
        sent=True,
    ),
}


@pytest.fixture
def records(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> Records:
    """Tencent's records. The clock stands still, so a call must not wait for anything."""
    monkeypatch.setattr(outcomes, "_PARALLEL", 1)
    monkeypatch.setattr(phone_queries, "_RATE_PAUSE", 0)
    return Records(linked)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return log_lines.collect(monkeypatch, "warning")


def inquire(bridge: Bridge, hours: float = 0.3) -> None:
    """Let the time pass in which what is unknown is asked about."""
    bridge.pump.run("settle", "push", hours=hours)


def state(phone: str) -> list[str]:
    return sorted(one.state for one in messages.of_phone("86" + phone))


def close(bridge: Bridge) -> None:
    """Let `sweep` close everything."""
    bridge.pump.run("settle", "push", hours=71.5)
    bridge.clock.advance(hours=74)
    bridge.pump.sweep()
    bridge.pump.drain()


# --- what the records show ----------------------------------------------------------------------


@pytest.mark.parametrize("how", UNKNOWN_ANSWERS)
def test_a_send_without_an_answer_is_settled_within_ten_minutes_and_sent_once(
    linked: Bridge, records: Records, how: str
) -> None:
    linked.tencent.next("send", UNKNOWN_ANSWERS[how])
    (sms,) = send(linked, A)
    records.add(sms)
    inquire(linked, hours=10 / 60)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert len(linked.tencent.sent) == 1
    (message,) = messages.of_phone("86" + A)
    assert message.sid == sms.sid
    assert not message.unknown


def test_numbers_that_an_answer_leaves_out_are_settled(linked: Bridge, records: Records) -> None:
    linked.tencent.next("send", unmentioned("86" + B, "86" + C))
    sent = send(linked, A, B, C, D)
    records.add(*sent, status=FAILED)
    inquire(linked)
    assert sorted(records.asked) == [B, C]
    assert linked.quick_audience.reported(B) == [(1, "MK:0001")]
    assert linked.quick_audience.reported(C) == [(1, "MK:0001")]
    assert len(linked.tencent.sent) == 4


def test_the_outcomes_of_a_function_that_died_are_asked_for(
    linked: Bridge, records: Records
) -> None:
    assert linked.campaign([A], {"name": "您"}, code=linked.template()).code == "OK"
    restore = snapshot(linked)
    at = linked.pump.watch("deliver").index("tencent sendsms")
    restore()
    linked.pump.watch("deliver", at, "killed after")
    records.add(*linked.tencent.sent)
    linked.pump.run("deliver", "settle", "push", hours=1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert len(linked.tencent.sent) == 1


def test_nothing_is_asked_before_a_status_may_adopt_a_mark(
    linked: Bridge, records: Records
) -> None:
    began = time.time()
    records.add(*send_unanswered(linked, A))
    linked.pump.run("settle", "push", hours=ADOPT_AFTER_SECONDS / 3600)
    assert records.asked == []
    inquire(linked)
    assert records.asked == [A]
    assert linked.tencent.calls_of("records")[0].at - began >= ADOPT_AFTER_SECONDS


@pytest.mark.counts("inquiries")
def test_a_message_under_way_gets_its_sid_and_waits_for_its_callback(
    linked: Bridge, records: Records
) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms, status=UNDER_WAY)
    inquire(linked, hours=4)
    assert [(one.sid, one.state) for one in messages.of_phone("86" + A)] == [(sms.sid, "waiting")]
    settle(linked, tencent.status(sms))
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert records.asked == [A]


def test_a_message_that_was_not_sent_fails_with_the_text_of_its_code(
    linked: Bridge, records: Records
) -> None:
    (sms,) = send_unanswered(linked, A)
    code = "FailedOperation.PhoneNumberInBlacklist"
    records.add(sms, status=NOT_SENT, RequestCode=code, SerialNo="")
    inquire(linked)
    assert linked.quick_audience.reported(A) == [(1, "isv.BLACK_KEY_CONTROL_LIMIT")]
    assert code in linked.quick_audience.receipts[0]["message"]
    close(linked)
    assert len(linked.tencent.sent) == 1
    assert len(linked.quick_audience.reported(A)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "InternalError.Timeout",
        "RequestLimitExceeded",
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "Something.Else",
        "Ok",
    ],
)
def test_a_code_that_does_not_say_whether_it_was_this_message_decides_nothing(
    linked: Bridge, records: Records, code: str
) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms, status=NOT_SENT, RequestCode=code)
    inquire(linked)
    assert state(A) == ["unknown"]


def test_a_receipt_has_what_tencent_says_in_addition(linked: Bridge, records: Records) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms, status=FAILED, SubError="2041", SubErrorDesc="终端关机")
    inquire(linked)
    (receipt,) = linked.quick_audience.receipts
    assert "2041: 终端关机" in receipt["message"]


def test_a_phone_with_two_values_in_one_campaign_is_asked_about_once(
    linked: Bridge, records: Records
) -> None:
    code = linked.template()
    linked.tencent.next("send", *[lost(web.read_timeout, sent=True)] * 2)
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    assert linked.campaign([A, A], [{"name": "1"}, {"name": "2"}], code=code).code == "OK"
    linked.pump.run("deliver", hours=0.02)
    records.add(*linked.tencent.sent)
    linked.pump.run("deliver", "settle", "push", hours=1)
    assert state(A) == ["delivered", "delivered"]
    assert len(linked.tencent.sent) == 2


# --- what they do not show ------------------------------------------------------------------------


@pytest.mark.counts("inquiries")
def test_without_a_record_it_stays_unknown_and_is_asked_about_until_71_hours(
    linked: Bridge, records: Records
) -> None:
    began = time.time()
    send_unanswered(linked, A)
    close(linked)
    asked = [call.at - began for call in linked.tencent.calls_of("records")]
    due = [ADOPT_AFTER_SECONDS, *retries.OUTCOME_ROUNDS]
    assert {max(one for one in due if one <= at) for at in asked} == set(due)
    assert all(any(0 <= at - one < 130 for one in due) for at in asked), asked
    # As many, unless a queue delivers a message twice.
    assert len(due) <= len(asked) <= 3 * len(due)
    assert linked.quick_audience.reported(A) == [(1, "OUTCOME_UNKNOWN")]
    assert len(linked.tencent.sent) == 1
    # `inquire` asks for statuses after 6, 24 and 48 hours.
    assert len(records.asked_for_statuses) == 3


def test_an_inquiry_that_waits_for_its_round_is_not_late(
    linked: Bridge, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the alarm callbacks-waits would report each."""
    waits: list[float] = []
    monkeypatch.setattr(metrics, "longest_wait", lambda _, seconds: waits.append(seconds))
    send_unanswered(linked, A)
    linked.pump.run("settle", hours=71.5)
    assert len(records.asked) >= 7
    assert len(waits) >= 7
    assert max(waits) < 60


def test_a_record_that_comes_late_is_found_by_a_later_round(
    linked: Bridge, records: Records
) -> None:
    (sms,) = send_unanswered(linked, A)
    sent_at = int(time.time())
    inquire(linked)
    records.add(sms, SendTime=sent_at)
    inquire(linked, hours=1.1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


@pytest.mark.parametrize(
    "fields",
    [
        {"Content": "****"},
        {"Content": "【别的系统】请忽略本短信。"},
        {"SendTime": 1},
        {"SendStatus": 9},
    ],
)
def test_a_record_that_does_not_fit_decides_nothing(
    linked: Bridge, records: Records, fields: dict[str, Any]
) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms, **fields)
    inquire(linked)
    assert linked.quick_audience.reported(A) == []


def test_a_thousand_records_decide_nothing(linked: Bridge, records: Records) -> None:
    (sms,) = send_unanswered(linked, A)
    other = Sms(sms.phone, "", "别的", 1, ())
    records.add(*[Sms(other.phone, f"o{one}", "别的", 1, ()) for one in range(1000)])
    records.add(sms)
    inquire(linked)
    assert state(A) == ["unknown"]


def test_the_record_of_a_known_message_settles_no_other(linked: Bridge, records: Records) -> None:
    records.add(*send(linked, A, out_id="known"))
    send_unanswered(linked, A, out_id="unknown")
    inquire(linked)
    assert state(A) == ["unknown", "waiting"]


def test_a_message_that_is_sent_while_tencent_is_asked_keeps_its_record(
    linked: Bridge, records: Records
) -> None:
    """Its sid is not stored yet, so its record looks like that of the older send."""
    send_unanswered(linked, A, out_id="old")
    linked.pump.run("settle", hours=(ADOPT_AFTER_SECONDS + 1) / 3600)
    linked.clock.advance(seconds=20)

    def meanwhile() -> None:
        records.add(linked.tencent.sent[-1])
        linked.pump.drain("settle")

    linked.tencent.next("send", tencent.and_then(meanwhile))
    (sms,) = send(linked, A, out_id="new")
    inquire(linked)
    assert {one.origin.out_id: one.sid for one in messages.of_phone("86" + A)} == {
        "old": "",
        "new": sms.sid,
    }


def test_equal_messages_of_two_campaigns_have_their_own_outcomes(
    linked: Bridge, records: Records
) -> None:
    records.add(*send_unanswered(linked, A, out_id="task-1"), status=FAILED)
    linked.clock.advance(seconds=60)
    records.add(*send_unanswered(linked, A, out_id="task-2"))
    inquire(linked, hours=2)
    assert linked.quick_audience.reported(A, "task-1") == [(1, "MK:0001")]
    assert linked.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]


def test_equal_messages_of_two_campaigns_that_were_sent_at_once_are_left_open(
    linked: Bridge, records: Records
) -> None:
    for out_id, status in (("task-1", FAILED), ("task-2", DELIVERED)):
        records.add(*send_unanswered(linked, A, out_id=out_id), status=status)
    inquire(linked, hours=2)
    assert linked.quick_audience.receipts == []
    close(linked)
    assert len(linked.tencent.sent) == 2
    for out_id in ("task-1", "task-2"):
        assert linked.quick_audience.reported(A, out_id) == [(1, "OUTCOME_UNKNOWN")]


def test_a_refusal_of_another_message_does_not_fail_it(linked: Bridge, records: Records) -> None:
    linked.tencent.next("send", refused(1015))
    send(linked, A, out_id="refused")
    send_unanswered(linked, A, out_id="unknown")
    records.add(
        Sms("86" + A, "", "某某科技", 7000, ()),
        status=NOT_SENT,
        RequestCode="FailedOperation.PhoneNumberInBlacklist",
    )
    inquire(linked)
    assert linked.quick_audience.reported(A, "unknown") == []


@pytest.mark.v5_only("3.0 keeps records")
def test_v5_keeps_no_records(linked: Bridge) -> None:
    linked.configure(**tencent.SETTINGS["v5"])
    send_unanswered(linked, A)
    assert linked.pump.count("callbacks") == 0


def test_after_a_return_to_v5_nothing_is_asked(linked: Bridge, records: Records) -> None:
    records.add(*send_unanswered(linked, A))
    linked.configure(**tencent.SETTINGS["v5"])
    inquire(linked)
    assert records.asked == []
    assert state(A) == ["unknown"]
    assert linked.pump.count("callbacks") == 0


# --- statuses by phone ----------------------------------------------------------------------------


def test_a_status_of_the_phone_settles_what_has_no_record(linked: Bridge, records: Records) -> None:
    known = send(linked, A, out_id="known")
    settle(linked, *tencent.statuses(known))
    (sms,) = send_unanswered(linked, A)
    found = [tencent.status(known[0], "FAIL"), tencent.status(sms)]
    linked.tencent.always("pullstatus4mobile", lambda *_: {"result": 0, "data": found})
    inquire(linked, hours=0.5)
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(A, "known") == [(2, "DELIVERED")]
    assert not parked()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (b"InvalidAction", "does not offer"),
        (b"UnauthorizedOperation", "sms:DescribeSendRecordList"),
        (b"AuthFailure.UnauthorizedOperation", "sms:DescribeSendRecordList"),
        (b"UnauthorizedOperation.RequestPermissionDeny", "not enabled"),
        (b"UnsupportedRegion", "refuses"),
    ],
)
@pytest.mark.counts("inquiries")
def test_where_records_are_not_offered_statuses_and_callbacks_go_on(
    linked: Bridge, records: Records, warned: list[str], code: bytes, remedy: str
) -> None:
    body = b'{"Response":{"Error":{"Code":"%s","Message":""},"RequestId":"r"}}' % code
    linked.tencent.always("records", raw_answer(200, body))
    linked.tencent.next("send", unmentioned("86" + A, "86" + B, "86" + C))
    sent = send(linked, A, B, C, D)
    linked.pump.run("settle", hours=0.1)
    assert len(records.asked) == 1
    assert sorted(records.asked_for_statuses) == [A, B, C]
    assert len([line for line in warned if remedy in line]) == 1
    settle(linked, *tencent.statuses(sent))
    linked.pump.run("settle", "push", hours=1)
    assert {state(phone)[0] for phone in (A, B, C, D)} == {"delivered"}


# --- limits ---------------------------------------------------------------------------------------


def test_one_invocation_at_a_time_asks(linked: Bridge, records: Records) -> None:
    records.add(*send_unanswered(linked, A))
    other = leases.acquire("records", int(time.time()), int(time.time()) + 400)
    assert other
    linked.pump.run("settle", "push", hours=399 / 3600)
    assert records.asked == []
    inquire(linked)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


@pytest.mark.parametrize("seconds", [30, 40])
def test_an_inquiry_continues_where_it_stopped(
    linked: Bridge, records: Records, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    linked.tencent.next("send", unmentioned(*(f"86{phone}" for phone in (A, B, C, D))))
    sent = send(linked, A, B, C, D)
    records.add(*sent)
    ask = records._list

    def slow(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
        linked.clock.advance(seconds=4)
        return ask(fake, call)

    linked.tencent.always("records", slow)
    event = None
    while event is None:
        linked.clock.advance(seconds=10)
        event = linked.pump.receive("settle")
    linked.pump.invoke("settle", event, seconds)
    assert 0 < len(records.asked) < 5
    inquire(linked)
    assert len(records.asked) == 4
    assert {state(phone)[0] for phone in (A, B, C, D)} == {"delivered"}


def test_a_rate_limit_is_waited_for(linked: Bridge, records: Records) -> None:
    records.add(*send_unanswered(linked, A))
    linked.tencent.next("records", refused(1013))
    inquire(linked, hours=0.1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_while_tencent_does_not_answer_the_inquiry_waits(
    linked: Bridge, records: Records, monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 2)
    monkeypatch.setattr(outcomes, "_PARALLEL", 1)
    linked.tencent.next("send", unmentioned(*(f"86{phone}" for phone in (A, B, C, D))))
    records.add(*send(linked, A, B, C, D))
    linked.tencent.next("records", *[lost(web.read_timeout, sent=False)] * 2)
    linked.tencent.always("pullstatus4mobile", lost(web.read_timeout, sent=False))
    linked.pump.run("settle", "push", hours=0.1)
    # The second call without an answer asks for a phone's records or for the first phone's statuses.
    assert len(records.asked) + len(records.asked_for_statuses) in (2, 3)
    assert len(records.asked) <= 2
    assert any("too many calls" in line for line in warned)
    inquire(linked, hours=1.1)
    assert {state(phone)[0] for phone in (A, B, C, D)} == {"delivered"}


def test_an_inquiry_about_a_request_that_expired_ends(linked: Bridge, records: Records) -> None:
    inquiry = OutcomeInquiry(chunk=ChunkKey("gone", "b", 0), began=1, ended=2, positions=(0,))
    linked.pump.put("callbacks", CallbackBody(inquiry=inquiry).encode())
    linked.pump.drain("settle")
    assert linked.pump.count("callbacks") == 0
    assert records.asked == []


def test_an_inquiry_that_can_not_be_read_is_a_dead_letter(linked: Bridge, records: Records) -> None:
    linked.pump.put(
        "callbacks", json.dumps({"id": "1", "inquiry": {"outId": 1}}, separators=(",", ":"))
    )
    linked.pump.drain("settle")
    assert linked.pump.count("callbacks-dead") == 1


def test_a_message_that_is_settled_meanwhile_is_not_asked_about(
    linked: Bridge, records: Records
) -> None:
    (sms,) = send_unanswered(linked, A)
    linked.callback([tencent.status(sms)])
    # The status waits in the queue longer than the inquiry does.
    linked.pump.run("settle", "push", hours=1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert len(linked.tencent.sent) == 1


def test_in_a_short_wait_the_inquiry_stays_on_its_queue(linked: Bridge, records: Records) -> None:
    linked.configure(BRIDGE_ADOPT_AFTER="62")
    records.add(*send_unanswered(linked, A))
    assert linked.pump.set_aside("callbacks") == 0
    linked.pump.run("settle", "push", hours=0.02)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


# --- contexts -------------------------------------------------------------------------------------


def with_context(sms: Sms, answer: Answer, first: int = 0) -> dict[str, Any]:
    return tencent.status(sms, ext=f"{answer['bizId']}:{first}")


def test_a_status_with_a_context_adopts_its_own_message(linked: Bridge, records: Records) -> None:
    code = linked.template()
    answers = []
    for out_id in ("task-1", "task-2"):
        linked.tencent.next("send", lost(web.read_timeout, sent=True))
        answers.append(linked.campaign([A], {"name": "您"}, code=code, out_id=out_id))
        linked.pump.drain("deliver")
    first, second = linked.tencent.sent
    settle(linked, with_context(second, answers[1]), tencent.status(first, "FAIL"))
    inquire(linked, hours=0.2)
    assert linked.quick_audience.reported(A, "task-1") == [(1, "MK:0001")]
    assert linked.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]


def test_a_status_with_a_context_adopts_as_soon_as_its_send_is_over(
    linked: Bridge, records: Records
) -> None:
    linked.tencent.next("send", lost(web.read_timeout, sent=True))
    answer = linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    linked.clock.advance(seconds=ADOPT_AFTER_SECONDS)
    settle(linked, with_context(linked.tencent.sent[0], answer))
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_a_status_with_a_context_does_not_adopt_while_its_mark_may_be_written_again(
    linked: Bridge, records: Records
) -> None:
    linked.tencent.next("send", lost(web.read_timeout, sent=True))
    answer = linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    settle(linked, with_context(linked.tencent.sent[0], answer))
    assert state(A) == ["unknown"]
    inquire(linked, hours=0.1)
    assert state(A) == ["delivered"]


def test_in_a_bulk_call_the_context_and_the_phone_name_the_message(
    linked: Bridge, records: Records
) -> None:
    linked.tencent.next("send", unmentioned("86" + C))
    answer = linked.campaign([A, B, C], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    (sms,) = linked.tencent.sent_to("86" + C)
    settle(linked, with_context(sms, answer))
    inquire(linked, hours=0.2)
    assert linked.quick_audience.reported(C) == [(2, "DELIVERED")]


@pytest.mark.parametrize(
    "context", [f"{'0' * 32}:0", "{bizId}:1", "{bizId}:999999999", f"{'0' * 32}:200"]
)
def test_a_status_with_another_context_adopts_no_message(
    linked: Bridge, records: Records, context: str
) -> None:
    linked.tencent.next("send", lost(web.read_timeout, sent=True))
    answer = linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    (sms,) = linked.tencent.sent
    ext = context.replace("{bizId}", str(answer["bizId"]))
    settle(linked, tencent.status(sms, ext=ext))
    linked.pump.run("settle", "push", hours=3)
    assert state(A) == ["unknown"]
    assert len(parked()) == 1


@pytest.mark.parametrize("context", ["", "another system's", "1:2", None])
def test_a_status_without_a_context_of_the_bridge_adopts_by_phone(
    linked: Bridge, records: Records, context: Any
) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms, ext=context))
    inquire(linked)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_sub_errors_of_a_callback_are_in_the_receipts_message(linked: Bridge) -> None:
    sms, other = send(linked, A, B)
    settle(linked, tencent.status(sms, "FAIL", sub_error="2041", sub_error_desc="终端关机"))
    settle(linked, tencent.status(other, sub_error="2041", sub_error_desc="终端关机"))
    by_phone = {one["phoneNum"]: one["message"] for one in linked.quick_audience.receipts}
    assert by_phone == {A: "空号(2041: 终端关机)", B: ""}


# --- at the same moment ---------------------------------------------------------------------------


@pytest.mark.parametrize("late", ["SUCCESS", "FAIL"])
def test_a_callback_and_a_record_at_the_same_moment_settle_once(
    linked: Bridge, records: Records, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms)
    linked.callback([tencent.status(sms, late)])
    adopt, pending = messages.adopt, [True]

    def after_the_other(phone: str, sid: str, unknown: list[Message] | None = None) -> Any:
        if pending:
            pending.clear()
            # The callback's status: it may adopt by now.
            for other in messages.unknown_of_phone(phone):
                assert adopt(phone, sid, [other])
        return adopt(phone, sid, unknown)

    monkeypatch.setattr(messages, "adopt", after_the_other)
    linked.pump.run("settle", "push", hours=3)
    assert len(linked.quick_audience.reported(A)) == 1
    assert len(messages.of_phone("86" + A)) == 1


def test_a_status_that_settles_while_the_receipt_is_stored_is_reported_once(
    linked: Bridge, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = send_unanswered(linked, A)
    records.add(sms)
    stored, pending = messages.settle, [True]

    def late(settled: Sequence[Message]) -> messages.Settled:
        if pending and settled:
            pending.clear()
            settle(linked, tencent.status(sms, "FAIL"))
        return stored(settled)

    monkeypatch.setattr(messages, "settle", late)
    linked.pump.run("settle", "push", hours=1)
    assert linked.quick_audience.reported(A) == [(1, "MK:0001")]
