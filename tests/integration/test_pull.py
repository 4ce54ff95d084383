"""TENCENT_RECEIPTS=pull: Tencent's queues are emptied, and every batch is safe before the next one is read."""

import logging
import time
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.functions import pull
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.store import leases, pulled
from chalicelib.tencent.api3_transport import ERROR_LINE
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.events import timeout
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.pulls import Pulls, run
from tests.support.in_process.tencent import lost, raw_answer, refused, reply, status, statuses
from tests.support.in_process.web import never_connected, read_timeout


@pytest.fixture
def pulling(linked: Bridge) -> Bridge:
    linked.configure(TENCENT_RECEIPTS="pull")
    return linked


@pytest.fixture
def pulls(pulling: Bridge) -> Pulls:
    return Pulls(pulling)


def event(number: int) -> dict[str, Any]:
    """Return a status of an unknown message."""
    return {
        "user_receive_time": "2026-03-02 10:00:07",
        "nationcode": "86",
        "mobile": f"138{number:08d}",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        # API 3.0 has one field for both.
        "description": "DELIVRD",
        "sid": f"8:{number}",
    }


def queued(bridge: Bridge, kind: str = "statuses") -> list[dict[str, Any]]:
    """Return the events on the queue of `settle`."""
    return [one for body in bridge.pump.bodies("callbacks") for one in body.get(kind, [])]


# --- from a pulled event to its report ----------------------------------------------------------


@pytest.mark.both_apis
def test_statuses_and_replies_reach_quick_audience_without_a_callback(
    pulling: Bridge, pulls: Pulls
) -> None:
    code = pulling.template("您好")
    pulling.campaign(["13900001111", "13900002222"], code=code)
    pulling.pump.drain()
    first, second = pulling.tencent.sent
    pulls.add(status(first), status(second, "FAIL"), reply(first.phone, "T", SIGN))
    run("pull")
    pulling.pump.drain()
    assert pulling.quick_audience.reported("13900001111") == [(2, "DELIVERED")]
    assert pulling.quick_audience.reported("13900002222") == [(1, "MK:0001")]
    assert [one["content"] for one in pulling.quick_audience.replies] == ["T"]


def test_a_status_that_is_pulled_and_pushed_is_reported_once(pulling: Bridge, pulls: Pulls) -> None:
    code = pulling.template("您好")
    pulling.campaign(["13900001111"], code=code)
    pulling.pump.drain()
    answer = reply("8613900001111", "T", SIGN)
    pulls.add(*statuses(pulling.tencent.sent), answer)
    pulling.deliver_all()
    pulling.callback(answer)
    run("pull")
    pulling.pump.run(hours=1)
    assert pulling.quick_audience.reported("13900001111") == [(2, "DELIVERED")]
    assert len(pulling.quick_audience.replies) == 1


def test_the_status_of_a_foreign_number_is_settled(pulling: Bridge, pulls: Pulls) -> None:
    code = pulling.template("Your parcel has arrived", 3)
    pulling.campaign(["85251234567", "+1 305 555 0123"], code=code)
    pulling.pump.drain()
    pulls.add(*statuses(pulling.tencent.sent))
    run("pull")
    pulling.pump.drain()
    assert pulling.quick_audience.reported("85251234567") == [(2, "DELIVERED")]
    assert pulling.quick_audience.reported("+1 305 555 0123") == [(2, "DELIVERED")]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_all_events_are_pulled_in_batches_of_a_hundred(
    pulling: Bridge, pulls: Pulls, count: int
) -> None:
    events = [event(number) for number in range(count)]
    pulls.add(*events)
    run("pull")
    assert queued(pulling) == events
    assert pulls.waiting == {0: [], 1: []}
    assert {call.body["max"] for call in pulling.tencent.calls_of("pullstatus")} == {100}


def test_replies_are_pulled_before_all_statuses_are(pulling: Bridge, pulls: Pulls) -> None:
    pulls.add(*map(event, range(300)), *[reply("8613900001111", f"{n}", SIGN) for n in range(120)])
    run("pull")
    kinds = [call.body["type"] for call in pulling.tencent.calls_of("pullstatus")]
    assert kinds == [0, 1, 0, 1, 0, 1, 0]
    assert len(queued(pulling, "replies")) == 120


@pytest.mark.v5_only("3.0's events are converted")
def test_padding_and_garbage_between_events_are_skipped(pulling: Bridge, pulls: Pulls) -> None:
    pulls.waiting[0] = [{}, event(1), None, "x", {}]  # type: ignore[list-item]
    run("pull")
    assert queued(pulling) == [event(1)]


def test_a_batch_with_half_a_character_is_queued(pulling: Bridge, pulls: Pulls) -> None:
    pulls.add(reply("8613900001111", "收到\ud83d", SIGN), reply("8613900001111", "好", SIGN))
    run("pull")
    assert [one["text"] for one in queued(pulling, "replies")] == ["收到?", "好"]


def test_in_callback_mode_nothing_is_done(linked: Bridge) -> None:
    linked.restart()
    with linked.outside.watched():
        run("pull")
    assert linked.outside.names == []


def test_a_run_without_time_pulls_nothing(pulling: Bridge, pulls: Pulls) -> None:
    pulls.add(event(1))
    run("pull", seconds=pull.SECONDS_FOR_A_BATCH - 1)
    assert pulling.tencent.calls_of("pullstatus") == []
    assert len(pulls.waiting[0]) == 1


def test_the_functions_time_out_allows_several_batches() -> None:
    assert timeout("pull") >= 2 * pull.SECONDS_FOR_A_BATCH


# --- other answers of Tencent -------------------------------------------------------------------


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return level and text of the log lines of `pull`."""
    lines: list[tuple[str, str]] = []
    for level in ("info", "warning", "error"):

        def keep(message: str, *, extra: Any = None, level: str = level) -> None:
            # The transport's own line, with the request id, is not one of `pull`.
            if message != ERROR_LINE:
                lines.append((level, message))

        monkeypatch.setattr(log, level, keep)
    return lines


@pytest.mark.both_apis
def test_if_pulling_is_not_enabled_one_log_line_says_so(
    pulling: Bridge, logged: list[tuple[str, str]]
) -> None:
    pulling.tencent.always("pullstatus", refused(1006, "请求没有权限"))
    run("pull")
    [line] = [message for level, message in logged if level == "error"]
    assert "not enabled" in line
    assert "TENCENT_RECEIPTS=callback" in line
    assert len(pulling.tencent.calls_of("pullstatus")) == 1


@pytest.mark.parametrize("code", [1001, 1013, 1019, 4321])
def test_a_refusal_ends_the_run_without_a_crash(
    pulling: Bridge, pulls: Pulls, logged: list[tuple[str, str]], code: int
) -> None:
    pulls.add(event(1))
    pulling.tencent.next("pullstatus", refused(code))
    run("pull")
    assert [level for level, _ in logged] == ["error", "info"]
    assert len(pulls.waiting[0]) == 1
    run("pull")
    assert queued(pulling) == [event(1)]


def test_without_a_connection_nothing_is_lost(
    pulling: Bridge, pulls: Pulls, logged: list[tuple[str, str]]
) -> None:
    pulls.add(event(1))
    pulling.tencent.next("pullstatus", lost(never_connected, sent=False))
    run("pull")
    assert "nothing was pulled" in logged[0][1]
    run("pull")
    assert queued(pulling) == [event(1)]


@pytest.mark.parametrize(
    "behaviour",
    [lost(read_timeout, sent=False), raw_answer(502, b""), refused(60008), refused(1008)],
    ids=["timeout", "502", "60008", "1008"],
)
def test_a_pull_of_unknown_outcome_logs_what_may_be_lost_and_what_finds_it(
    pulling: Bridge, pulls: Pulls, logged: list[tuple[str, str]], behaviour: Any
) -> None:
    pulls.add(event(1), reply("8613900001111", "T", SIGN))
    pulling.tencent.next("pullstatus", behaviour)
    run("pull")
    [line] = [message for level, message in logged if level == "error"]
    assert "up to 100 statuses may be lost" in line
    assert "pullstatus4mobile" in line
    # The other kind is still pulled.
    assert len(queued(pulling, "replies")) == 1


# --- failures between the pull and the queue ----------------------------------------------------


@pytest.mark.parametrize("how", FAULTS)
def test_only_the_batch_that_a_dying_function_holds_can_be_lost(
    pulling: Bridge, pulls: Pulls, how: Fault
) -> None:
    """Each call to the outside fails in one run; then the next run continues in a new process."""
    events = [event(number) for number in range(300)]
    pulls.add(*events)
    pulling.restart()
    with pulling.outside.watched():
        run("pull")
    names = list(pulling.outside.names)
    assert names.count("tencent pullstatus") == 5
    for number, name in points(names):
        settle_nothing(pulling)
        pulls.add(*events)
        pulling.restart()
        with pulling.outside.watched(number, how), suppress(Exception):
            run("pull")
        # A run that died holds its lease until its time-out.
        pulling.clock.advance(seconds=360)
        pulling.restart()
        run("pull")
        got = {one["sid"] for one in queued(pulling)}
        missing = [one["sid"] for one in events if one["sid"] not in got]
        if how.startswith("failed") and (name, how) != ("tencent pullstatus", "failed after"):
            assert not missing, (name, how)
        elif missing:
            assert len(missing) == 100, (name, how)
            assert names[:number].count("tencent pullstatus") or name == "tencent pullstatus"


def test_a_run_leaves_the_work_to_one_that_is_still_running(pulling: Bridge, pulls: Pulls) -> None:
    pulls.add(*map(event, range(3)))
    now = int(time.time())
    lease = leases.acquire("pull", now, now + 300)
    assert lease
    run("pull")
    assert queued(pulling) == []
    leases.release(lease)
    run("pull")
    assert len(queued(pulling)) == 3


def settle_nothing(bridge: Bridge) -> None:
    """Discard the queued events."""
    while queued(bridge):
        record = bridge.pump.receive("settle")
        assert record is not None
        bridge.pump._delete("callbacks", record)


def test_events_that_sqs_refuses_are_stored_and_queued_first_by_the_next_run(
    pulling: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulls.add(*map(event, range(150)), reply("8613900001111", "T", SIGN))
    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", broken)
        run("pull")
        # All events are read: stored events are as safe as queued ones.
        assert pulls.waiting == {0: [], 1: []}
        assert len(list(pulled.saved())) == 3
        calls = len(pulling.tencent.calls_of("pullstatus"))
        # Nothing more is read if the stored events can't be queued.
        pulls.add(event(999))
        run("pull")
        assert len(pulling.tencent.calls_of("pullstatus")) == calls
    run("pull")
    sids = [one["sid"] for one in queued(pulling)]
    assert sorted(sids) == sorted([f"8:{number}" for number in range(150)] + ["8:999"])
    assert [one["text"] for one in queued(pulling, "replies")] == ["T"]
    assert list(pulled.saved()) == []


def test_a_batch_is_retried_while_neither_queue_nor_table_accepts_it(
    pulling: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulls.add(event(1))
    send, tries = sending.send, []

    def working_at_the_fourth_try(*arguments: Any, **more: Any) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise sending.NotQueuedError("SQS is down")
        send(*arguments, **more)

    monkeypatch.setattr(time, "sleep", lambda seconds: pulling.clock.advance(seconds=seconds))
    monkeypatch.setattr(sending, "send", working_at_the_fourth_try)
    monkeypatch.setattr(pulled, "save", broken)
    run("pull")
    assert queued(pulling) == [event(1)]


def test_giving_up_a_batch_is_logged_with_what_finds_it_again(
    pulling: Bridge,
    pulls: Pulls,
    monkeypatch: pytest.MonkeyPatch,
    logged: list[tuple[str, str]],
) -> None:
    pulls.add(event(1))
    monkeypatch.setattr(time, "sleep", lambda seconds: pulling.clock.advance(seconds=seconds))
    monkeypatch.setattr(sending, "send", broken)
    monkeypatch.setattr(pulled, "save", broken)
    with pytest.raises(sending.NotQueuedError):
        run("pull")
    level, line = logged[-1]
    assert level == "error"
    assert line.startswith("LOST")
    assert "pullstatus4mobile" in line


def broken(*_: Any, **__: Any) -> None:
    raise sending.NotQueuedError("SQS is down")


def test_logs_show_no_phone_number(
    pulling: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(log, "error", lambda message, extra: shown.append((message, extra)))
    monkeypatch.setattr(time, "sleep", lambda seconds: pulling.clock.advance(seconds=seconds))
    monkeypatch.setattr(sending, "send", broken)
    monkeypatch.setattr(pulled, "save", broken)
    pulls.add(event(12345678))
    with caplog.at_level(logging.INFO), pytest.raises(sending.NotQueuedError):
        run("pull")
    assert "8:12345678" in str(shown)
    assert "13812345678" not in str(shown) + caplog.text
