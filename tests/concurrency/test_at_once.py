"""The same call at the same moment in several threads, on a real table: one of them wins."""

import random
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import requests

from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.domain.breaker import Hold
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.messages import NO_RECEIPT, failure_receipt
from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.tally import Tally
from chalicelib.endpoints import repetitions
from chalicelib.functions import push, release, settle, sweep
from chalicelib.queues.bodies import ReceiptBody
from chalicelib.store import (
    batches,
    breakers,
    chunks,
    final_state_log,
    messages,
    nonces,
    pushed,
    replies,
    send_requests,
    table,
)
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.concurrency import World, at_once, event, message, phone, record, unique
from tests.support.in_process import digital, tencent
from tests.support.in_process.bridge import SIGN, Answer, template_body
from tests.support.in_process.outside import Killed
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.tencent import Sms
from tests.support.thoroughness import rounds

HOLD: Hold = "tencent-mainland"


@pytest.fixture
def template(world: World) -> str:
    world.bridge.link()
    return world.bridge.template("您好")


def status(number: str, sid: str, report_status: str = "SUCCESS") -> dict[str, Any]:
    """Return a message of the callbacks queue whose status is old enough to adopt a mark."""
    report = tencent.status(Sms("86" + number, sid, SIGN, 7000, ()), report_status)
    since = int(time.time()) - 2 * ADOPT_AFTER_SECONDS
    return {"id": unique("status"), "statuses": [report], "since": since}


def settle_at_once(*bodies: dict[str, Any]) -> None:
    at_once(*(partial(settle.handle, event(record(body)), 60) for body in bodies))


def rows(out_id: str) -> list[final_state_log.Row]:
    """Return the rows of the log that §12 pages through."""
    counts = final_state_log.counts(out_id)
    return [
        row
        for biz_id, count in counts.items()
        if count
        for row in final_state_log.rows(out_id, biz_id, 0, count)
    ]


# --- accepting and sending -----------------------------------------------------------------------


def test_one_of_three_workers_sends_a_chunk(world: World, template: str) -> None:
    for _ in rounds(12):
        numbers = [phone() for _ in range(3)]
        answer = world.bridge.campaign(numbers, code=template, out_id=unique())
        assert answer.code == "OK"
        records = world.receive_all("sends")
        assert len(records) == 1
        before = len(world.tencent.send_calls)
        world.tencent.next("send", tencent.and_first(lambda: time.sleep(0.02)))
        returned = at_once(*[partial(world.deliver, records)] * 3)
        assert len(world.tencent.send_calls) == before + 1
        # The others wait until the claim ends, or found a result.
        assert any(returned)
        for number in numbers:
            assert len(world.tencent.sent_to("86" + number)) == 1
            assert [one.sid for one in messages.of_phone("86" + number)] == [
                sms.sid for sms in world.tencent.sent_to("86" + number)
            ]


def test_two_workers_send_five_chunks_once_each(world: World, template: str) -> None:
    for _ in rounds(4):
        out_ids, numbers = [unique() for _ in range(5)], [phone() for _ in range(10)]
        for number, out_id in enumerate(out_ids):
            mine = numbers[2 * number : 2 * number + 2]
            assert world.bridge.campaign(mine, code=template, out_id=out_id).code == "OK"
        records = world.receive_all("sends")
        assert len(records) == 5
        at_once(*[partial(world.deliver, records)] * 2)
        assert all(len(world.tencent.sent_to("86" + number)) == 1 for number in numbers)


def check_sent_once(world: World, answers: list[Answer], out_id: str, numbers: list[str]) -> None:
    assert {answer.code for answer in answers} == {"OK"}
    (biz_id,) = {answer["bizId"] for answer in answers}
    assert [one.biz_id for one in send_requests.of_out_id(out_id)] == [biz_id]
    for one in world.receive_all("sends"):
        world.deliver([one])
    assert all(len(world.tencent.sent_to("86" + number)) == 1 for number in numbers)


def test_the_same_request_at_once_has_one_biz_id_and_is_sent_once(
    world: World, template: str
) -> None:
    for _ in rounds(8):
        out_id, numbers = unique(), [phone(), phone()]
        ask = partial(world.bridge.campaign, numbers, code=template, out_id=out_id)
        check_sent_once(world, at_once(*[ask] * 3), out_id, numbers)


def test_the_same_bytes_at_once_have_one_biz_id_and_are_sent_once(
    world: World, template: str
) -> None:
    for _ in rounds(8):
        out_id, numbers = unique(), [phone(), phone()]
        ask = partial(
            world.bridge.campaign, numbers, code=template, out_id=out_id, nonce=unique("n" * 20)
        )
        check_sent_once(world, at_once(*[ask] * 3), out_id, numbers)


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_nonce_used_at_once_is_accepted_for_one_content(world: World, exclusive: bool) -> None:
    for _ in rounds(10):
        nonce = unique("nonce")
        use = partial(nonces.use, exclusive=exclusive)
        used = at_once(*(partial(use, nonce, f"content {n}", 3600) for n in range(8)))
        assert Counter(map(type, used)) == {nonces.Granted: 1, nonces.Reused: 7}


def test_a_nonce_used_at_once_with_equal_content_is_accepted_each_time(world: World) -> None:
    nonce = unique("nonce")
    use = partial(nonces.use, nonce, "content", 3600, exclusive=False)
    assert at_once(*[use] * 8) == [nonces.Granted(None)] * 8


def test_the_exclusive_use_of_a_nonce_is_granted_once(world: World) -> None:
    for _ in rounds(10):
        nonce = unique("nonce")
        use = partial(nonces.use, nonce, "content", 3600, exclusive=True)
        used = at_once(*[use] * 8)
        assert Counter(map(type, used)) == {nonces.Granted: 1, nonces.Running: 7}
        (granted,) = (one for one in used if isinstance(one, nonces.Granted))
        nonces.release(nonce, "content", 3600, granted, None)
        again = at_once(*[use] * 8)
        assert Counter(map(type, again)) == {nonces.Granted: 1, nonces.Running: 7}
        # The first owner's answer comes too late: another function has the nonce.
        nonces.save_answer(nonce, "content", 3600, granted, {"templateCode": "late"})
        assert isinstance(use(), nonces.Running)
        (granted,) = (one for one in again if isinstance(one, nonces.Granted))
        nonces.save_answer(nonce, "content", 3600, granted, {"templateCode": "7000"})
        assert at_once(*[use] * 8) == [nonces.Answered({"templateCode": "7000"})] * 8


# --- the same signed request while the first is being executed ---------------------------------------


def slowly(world: World, *names: str) -> None:
    """Let Tencent take its time for these calls."""
    for name in names:
        world.tencent.always(name, tencent.and_first(lambda: time.sleep(0.5)))


def check_executed_once(world: World, call: str, ask: partial[Answer]) -> None:
    slowly(world, call)
    before = len(world.tencent.calls_of(call))
    answers = at_once(*[ask] * 4)
    assert [(answer.status, answer.code) for answer in answers] == [(200, "OK")] * 4
    assert len({answer["templateCode"] for answer in answers}) == 1
    assert len(world.tencent.calls_of(call)) == before + 1
    assert ask()["templateCode"] == answers[0]["templateCode"]
    assert len(world.tencent.calls_of(call)) == before + 1


def test_the_same_bytes_of_a_new_template_at_once_make_one_template(world: World) -> None:
    for _ in rounds(3):
        body = template_body(f"您好 {unique()}")
        ask = partial(world.bridge.ask, "POST", "/sms/smsTemplate", body, nonce=unique("n" * 20))
        check_executed_once(world, "add_template", ask)


def test_the_same_bytes_of_a_change_at_once_change_a_template_once(world: World) -> None:
    code = world.bridge.template("您好", approve=False)
    body = template_body(f"您好 {unique()}")
    ask = partial(world.bridge.ask, "PUT", f"/sms/smsTemplate/{code}", body, nonce=unique("n" * 20))
    check_executed_once(world, "mod_template", ask)


def test_the_same_bytes_of_a_digital_template_at_once_make_one_template(world: World) -> None:
    world.bridge.configure(PUBLIC_BASE_URL=digital.PUBLIC)
    body = digital.body([digital.text(f"您好 {unique()}")])
    ask = partial(world.bridge.ask, "POST", digital.PATH, body, nonce=unique("n" * 20))
    check_executed_once(world, "add_template", ask)
    code = ask()["templateCode"]
    body = digital.body([digital.text(f"您好 {unique()}")])
    ask = partial(world.bridge.ask, "PUT", f"{digital.PATH}/{code}", body, nonce=unique("n" * 20))
    check_executed_once(world, "mod_template", ask)


def test_a_refusal_is_the_answer_to_all_who_wait_for_it(world: World) -> None:
    refused = tencent.and_first(lambda: time.sleep(0.5), tencent.refused(1004))
    world.tencent.always("add_template", refused)
    before = len(world.tencent.calls_of("add_template"))
    ask = partial(
        world.bridge.ask,
        "POST",
        "/sms/smsTemplate",
        template_body(f"您好 {unique()}"),
        nonce=unique("n" * 20),
    )
    answers = at_once(*[ask] * 4)
    assert {(answer.status, answer.code, answer.message) for answer in answers} == {
        (200, answers[0].code, answers[0].message)
    }
    assert len(world.tencent.calls_of("add_template")) == before + 1
    world.tencent.always("add_template", None)
    assert ask().code == "OK"


def test_who_waits_too_long_is_refused_and_may_repeat_the_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetitions, "_SECONDS_BETWEEN_POLLS", 0.01)
    body, nonce = template_body(f"您好 {unique()}"), unique("n" * 20)
    ask = partial(world.bridge.ask, "POST", "/sms/smsTemplate", body, nonce=nonce)
    world.tencent.next("add_template", tencent.and_first(lambda: time.sleep(2)))
    answers = at_once(ask, ask)
    assert Counter((answer.status, answer.code) for answer in answers) == {
        (200, "OK"): 1,
        (200, "isp.SYSTEM_ERROR"): 1,
    }
    assert any("可以重复发送" in answer.message for answer in answers)
    (code,) = (answer["templateCode"] for answer in answers if answer.code == "OK")
    assert ask()["templateCode"] == code


def test_a_request_whose_function_died_can_be_repeated_after_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetitions, "_SECONDS_BETWEEN_POLLS", 0.01)
    monkeypatch.setattr(nonces, "CLAIM_SECONDS", 2)
    body, nonce = template_body(f"您好 {unique()}"), unique("n" * 20)
    ask = partial(world.bridge.ask, "POST", "/sms/smsTemplate", body, nonce=nonce)

    def die() -> None:
        raise Killed

    world.tencent.next("add_template", tencent.and_first(die))
    with pytest.raises(Killed):
        ask()
    assert ask().code == "isp.SYSTEM_ERROR"
    time.sleep(3)
    assert [answer.code for answer in at_once(*[ask] * 3)].count("OK") >= 1
    assert len(world.tencent.calls_of("add_template")) <= 2


def test_one_of_many_claims_of_an_attempt_succeeds(world: World) -> None:
    for _ in rounds(10):
        pointer, now = ChunkKey(unique(), "b", 0), int(time.time())
        expires = now + RETENTION_SECONDS
        assert sum(at_once(*[partial(chunks.claim, pointer, 0, now + 1, expires)] * 8)) == 1
        # The claimer is dead: one of many recoveries succeeds.
        take = partial(chunks.reclaim, pointer, 0, now + 1, now + 301, expires)
        assert sum(at_once(*[take] * 8)) == 1


# --- settling ------------------------------------------------------------------------------------


def test_one_of_two_statuses_of_a_sid_is_reported(world: World) -> None:
    out_id = unique()
    numbers = [phone() for _ in rounds(50)]
    messages.record(
        [message(one, out_id, f"sid {one}", position=at) for at, one in enumerate(numbers)]
    )
    for number in numbers:
        sid = f"sid {number}"
        settle_at_once(status(number, sid), status(number, sid, "FAIL"))
    entries = world.queued_entries()
    assert Counter(entry["phoneNum"] for entry in entries) == Counter(numbers)
    assert len(rows(out_id)) == len(numbers)
    for entry in entries:
        (kept,) = messages.of_phone("86" + entry["phoneNum"])
        assert kept.receipt
        assert kept.receipt.code == entry["errCode"], "the stored state is reported"


def test_four_functions_with_the_same_hundred_statuses_report_each_once(world: World) -> None:
    """Whole pushes of Tencent at once, in different orders and with different states."""
    out_id = unique()
    numbers = [phone() for _ in range(100)]
    messages.record(
        [message(one, out_id, f"sid {one}", position=at) for at, one in enumerate(numbers)]
    )
    reports = {
        state: [status(one, f"sid {one}", state)["statuses"][0] for one in numbers]
        for state in ("SUCCESS", "FAIL")
    }
    bodies = [
        {"id": unique("push"), "statuses": reports[state][::order]}
        for state in reports
        for order in (1, -1)
    ]
    settle_at_once(*bodies)
    entries = world.queued_entries()
    assert Counter(entry["phoneNum"] for entry in entries) == Counter(numbers)
    assert sorted(phone for phone, _ in rows(out_id)) == sorted("86" + one for one in numbers)


def test_a_queue_message_received_twice_at_once_reports_one_state(world: World) -> None:
    for _ in rounds(10):
        number, out_id = phone(), unique()
        messages.record([message(number, out_id, f"sid {number}")])
        body = status(number, f"sid {number}")
        settle_at_once(body, body)
        # The same work item: it may report twice, as after a crash, but the same state.
        states = {(entry["sendStatus"], entry["errCode"]) for entry in world.queued_entries()}
        assert states == {(2, "DELIVERED")}


def test_of_a_status_and_the_sweep_one_is_reported(world: World, template: str) -> None:
    for number in [phone() for _ in rounds(15)]:
        out_id = unique()
        answer = world.bridge.campaign([number], code=template, out_id=out_id)
        world.deliver(world.receive_all("sends"))
        (sms,) = world.tencent.sent_to("86" + number)
        pointer = ChunkKey(out_id, answer["bizId"], 0)
        at_once(
            partial(settle.handle, event(record(status(number, sms.sid))), 60),
            partial(sweep._close, pointer, int(time.time()) + 900, SendTallies()),
        )
        (entry,) = world.queued_entries()
        (kept,) = messages.of_phone("86" + number)
        assert kept.receipt
        assert entry["errCode"] == kept.receipt.code
        assert len(rows(out_id)) == 1


def test_two_sweeps_at_once_report_each_recipient_once(world: World, template: str) -> None:
    for number in [phone() for _ in rounds(5)]:
        out_id = unique()
        answer = world.bridge.campaign([number], code=template, out_id=out_id)
        pointer = ChunkKey(out_id, answer["bizId"], 0)
        until = int(time.time()) + 900
        closes = [partial(sweep._close, pointer, until, SendTallies()) for _ in range(2)]
        closed = at_once(*closes, partial(world.deliver, world.receive_all("sends")))
        states = {(entry["sendStatus"], entry["errCode"]) for entry in world.queued_entries()}
        sent = world.tencent.sent_to("86" + number)
        assert len(sent) <= 1
        if sent:
            # The send was in progress, so it is left to a later run, unless it had ended by then.
            assert states <= {(1, "NO_RECEIPT")}
        else:
            assert states == {(1, "NOT_SENT")}
            assert any(closed[:2])


def test_a_reply_received_twice_at_once_is_reported_once(world: World) -> None:
    for _ in rounds(20):
        number, out_id = phone(), unique()
        messages.record([message(number, out_id, f"sid {number}")])
        reply = tencent.reply("86" + number, "好", SIGN, time=1772416800)
        settle_at_once(*({"id": unique("reply"), "replies": [reply]} for _ in range(2)))
        assert [entry["content"] for entry in world.queued_entries()] == ["好"]
        assert len(replies.of_out_id(out_id)) == 1


# --- adopting ------------------------------------------------------------------------------------


def unknown(number: str, count: int) -> list[str]:
    """Store sends of unknown outcome to one phone, the oldest first, and return their outIds."""
    out_ids = [unique() for _ in range(count)]
    sent_at = int(time.time()) - 1000
    messages.record(
        [message(number, one, "", sent_at=sent_at + at) for at, one in enumerate(out_ids)]
    )
    return out_ids


@pytest.mark.parametrize("marks", [1, 2, 3])
def test_a_status_settled_twice_at_once_adopts_one_mark(world: World, marks: int) -> None:
    for _ in rounds(12):
        number = phone()
        unknown(number, marks)
        sid = f"sid {number}"
        settle_at_once(
            status(number, sid),
            status(number, sid),
            status(number, sid, "FAIL"),
        )
        kept = messages.of_phone("86" + number)
        assert Counter(bool(one.sid) for one in kept) == Counter({True: 1, False: marks - 1})
        settle_again(world)
        assert len(world.queued_entries()) == 1
        world.empty_queues()


def settle_again(world: World) -> None:
    """Settle the events again that wait for a message."""
    for one in world.receive_all("callbacks"):
        settle.handle(event(one), 60)


@pytest.mark.parametrize("marks", [1, 2])
def test_two_statuses_at_once_adopt_a_mark_each_while_there_are_marks(
    world: World, marks: int
) -> None:
    for _ in rounds(12):
        number = phone()
        out_ids = unknown(number, marks)
        settle_at_once(
            status(number, f"one {number}"),
            status(number, f"other {number}", "FAIL"),
        )
        entries = world.queued_entries()
        assert Counter(entry["outId"] for entry in entries) == Counter(out_ids)
        kept = messages.of_phone("86" + number)
        assert all(one.sid and one.receipt for one in kept)
        assert len(kept) == marks


def test_of_a_status_and_the_sweep_one_gets_the_mark(world: World, template: str) -> None:
    for number in [phone() for _ in rounds(12)]:
        out_id = unique()
        world.tencent.next("send", tencent.refused(1008))
        answer = world.bridge.campaign([number], code=template, out_id=out_id)
        world.deliver(world.receive_all("sends"))
        breakers.close("tencent", int(time.time()))
        pointer = ChunkKey(out_id, answer["bizId"], 0)
        at_once(
            partial(settle.handle, event(record(status(number, f"sid {number}"))), 60),
            partial(sweep._close, pointer, int(time.time()) + 900, SendTallies()),
        )
        (entry,) = world.queued_entries()
        (kept,) = messages.of_phone("86" + number)
        assert kept.receipt
        assert entry["errCode"] == kept.receipt.code
        # The last one if a status adopted the mark, and the sweep was faster then.
        assert kept.receipt.code in ("DELIVERED", "OUTCOME_UNKNOWN", "NO_RECEIPT")


# --- the log of final states ---------------------------------------------------------------------


def test_rows_added_at_once_are_all_stored_once(world: World) -> None:
    receipt = failure_receipt(NO_RECEIPT, time.time())
    for _ in rounds(4):
        out_id = unique()
        groups = [
            [
                message(phone(), out_id, f"sid {at} {of}", position=at).with_receipt(receipt)
                for at in range(1 + of % 3)
            ]
            for of in range(8)
        ]
        empty = final_state_log.Head(0, Tally())
        at_once(
            *(partial(final_state_log.append, group, empty, repeated=False) for group in groups)
        )
        wanted = Counter(messages.key(one) for group in groups for one in group)
        assert Counter(rows(out_id)) == wanted
        assert final_state_log.counts(out_id) == {f"biz of {out_id}": sum(wanted.values())}
        summed = final_state_log.head(out_id, f"biz of {out_id}").tally
        assert summed
        assert summed.delivered + summed.failed == sum(wanted.values())


def test_replies_at_once_are_all_counted_once(world: World) -> None:
    now = int(time.time())
    for _ in rounds(10):
        out_id = unique()

        def store(text: str, out_id: str = out_id) -> bool:
            identity = replies.ReplyIdentity("8613900000000", text, time=now, arrived=now)
            # Two functions with the same reply, each under an id of its own.
            return replies.record_reply(out_id, identity, {"content": text}, unique(), now)

        texts = [str(number) for number in range(4)]
        returned = at_once(*[partial(store, text) for text in texts * 2])
        assert sum(returned) == len(texts)
        assert len(replies.of_out_id(out_id)) == len(texts)
        assert replies.count(out_id) == len(texts)


def test_pushes_recorded_at_once_are_all_counted_once(world: World) -> None:
    for _ in rounds(10):
        out_id, biz_id = unique(), unique()
        halves = [range(100), range(100, 200), range(50, 150), range(200)]
        recorded = [partial(pushed._Chain(out_id, biz_id).append, half) for half in halves]
        at_once(*recorded)
        assert pushed.count(out_id, biz_id) == 200
        found = list(pushed.each_position(out_id, biz_id))
        assert sorted(found) == list(range(200))


def test_exchanges_at_once_have_one_winner_for_each_item(world: World) -> None:
    for _ in rounds(5):
        name = unique()
        keys = [(f"TEST#{name}", str(number)) for number in range(40)]
        batches.put([table.key(*one) | {"receipt": ""} for one in keys])
        wanted = [{key: {"by": str(by)} for key in keys} for by in range(6)]
        found = at_once(*(partial(batches.exchange, "receipt", "", one) for one in wanted))
        kept = {one: item["receipt"] for one, item in batches.get(keys).items()}
        values = [{key: one.value for key, one in of.items()} for of in found]
        assert all(one == kept for one in values)
        setters = [{key for key, one in of.items() if one.now} for of in found]
        assert Counter(key for keys in setters for key in keys) == Counter(keys)


# --- breakers ------------------------------------------------------------------------------------


def test_one_of_many_functions_gets_the_probe(world: World) -> None:
    now = int(time.time())
    breakers.trip("quickaudience", "401", now)
    for _ in rounds(20):
        breaker = breakers.get_open("quickaudience")
        assert breaker
        now = breaker.probe_at
        assert sum(at_once(*[partial(breakers.take_probe, breaker, now)] * 8)) == 1
    breakers.close("quickaudience", now)


def test_one_of_many_functions_opens_the_breaker(world: World) -> None:
    for number in rounds(10):
        now = int(time.time()) + 10_000 * number
        opened = at_once(*(partial(breakers.trip, "tencent", str(n), now) for n in range(8)))
        assert len({one.token for one in opened}) == 1
        at_once(*[partial(breakers.close, "tencent", now + 1)] * 4)
        assert breakers.get_open("tencent") is None


def test_functions_that_are_locked_out_at_once_make_no_second_call(
    world: World,
) -> None:
    now = int(time.time())
    events = []
    for _ in range(4):
        out_ids = [unique() for _ in range(10)]
        events.append(event(*(record(receipt(out_id)) for out_id in out_ids)))
    together = threading.Barrier(4)

    def locked_out() -> requests.Response:
        together.wait(60)
        return respond(401, {"code": "401"})

    world.quick_audience.always(locked_out)
    at_once(*(partial(push.handle, one, 60) for one in events))
    assert len(world.quick_audience.pushes) == 4
    at_once(*(partial(push.handle, one, 60) for one in events))
    assert len(world.quick_audience.pushes) == 4
    breakers.close("quickaudience", now)


def test_functions_that_open_and_close_a_hold_at_once_leave_it_in_one_state(world: World) -> None:
    for number in rounds(10):
        now = int(time.time()) + 10_000 * number
        at_once(
            *(partial(breakers.trip, HOLD, str(n), now, 1031 + n % 2) for n in range(4)),
            *[partial(breakers.close, HOLD, now + 1)] * 4,
        )
        breakers.close(HOLD, now + 2)
        assert HOLD not in breakers.all_open()
        opened = at_once(*(partial(breakers.trip, HOLD, str(n), now, 1031) for n in range(8)))
        assert len({one.token for one in opened}) == 1
        assert breakers.all_open()[HOLD] == opened[0]
        breakers.close(HOLD, now + 3)


def test_functions_that_are_refused_for_the_account_at_once_hold_and_one_of_them_probes(
    world: World, template: str
) -> None:
    numbers = accept_each(world, template, 8)
    late = tencent.and_first(lambda: time.sleep(0.02), tencent.refused(1031))
    world.tencent.always("send", late)
    before = len(world.tencent.send_calls)
    deliver_at_once(world)
    refused = len(world.tencent.send_calls) - before
    assert 1 <= refused <= 8
    assert breakers.all_open()[HOLD].code == 1031
    for probes in range(1, 4):
        let_probe(world)
        assert len(world.tencent.send_calls) == before + refused + probes
    assert not any(world.tencent.sent_to("86" + number) for number in numbers)
    world.tencent.always("send", None)
    let_probe(world)
    let_probe(world)
    assert all(len(world.tencent.sent_to("86" + number)) == 1 for number in numbers)
    assert HOLD not in breakers.all_open()


def test_whoever_opens_and_closes_a_hold_everybody_is_sent_to_once(
    world: World, template: str
) -> None:
    """Tencent accepts some calls and refuses others, while an operator closes the hold."""
    numbers = accept_each(world, template, 12)
    chance = random.Random(1)

    def waver(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
        time.sleep(0.01)
        return tencent.refused(1031)(fake, call) if chance.random() < 0.6 else fake.obey(call)

    world.tencent.always("send", waver)
    for turn in rounds(6, least=2):
        let_probe(world, close=turn % 2 == 1)
    world.tencent.always("send", None)
    for _ in range(4):
        let_probe(world)
    assert [len(world.tencent.sent_to("86" + number)) for number in numbers] == [1] * 12
    for number in numbers:
        assert [one.receipt for one in messages.of_phone("86" + number)] == [None]
    assert HOLD not in breakers.all_open()


def accept_each(world: World, template: str, count: int) -> list[str]:
    """Accept a campaign for each of some new numbers."""
    numbers = [phone() for _ in range(count)]
    for number in numbers:
        answer = world.bridge.campaign([number], code=template, out_id=unique())
        assert answer.code == "OK"
    return numbers


def deliver_at_once(world: World) -> None:
    """Give the messages on the queue to four functions."""
    records = world.receive_all("sends")
    shares = [records[of::4] for of in range(4) if records[of::4]]
    if shares:
        at_once(*(partial(world.deliver, share) for share in shares))


def let_probe(world: World, *, close: bool = False) -> None:
    """Make a probe due, and release what may go on. With `close`, an operator closes the hold meanwhile."""
    if breaker := breakers.get_open(HOLD):
        breakers._put(replace(breaker, probe_at=0), breaker)
    release.handle(60)
    if close:
        at_once(partial(deliver_at_once, world), partial(breakers.close, HOLD, int(time.time())))
    else:
        deliver_at_once(world)


def receipt(out_id: str) -> str:
    """Return the body of a queue message with one receipt."""
    settled = message(phone(), out_id, "sid").with_receipt(failure_receipt(NO_RECEIPT, time.time()))
    return ReceiptBody("details", out_id, [settled.entry()]).encode()
