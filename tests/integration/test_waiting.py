"""Messages that wait in the table, and their way back to the queue."""

import json
import time

import pytest

from chalicelib.queues import sending
from chalicelib.store import breakers, chunks, leases, waiting
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.pushes import queue
from tests.support.in_process.sends import A
from tests.support.in_process.tencent import refused

BODY = '{"outId":"x","bizId":"y"}'


def set_one_aside(bridge: Bridge) -> None:
    breakers.trip("quickaudience", "401", int(time.time()))
    queue(bridge, "x", range(1))
    assert bridge.pump.invoke_once("push") is True
    assert bridge.pump.set_aside("receipts") == 1


def test_a_message_that_comes_back_while_it_is_released_is_not_lost(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`release` has queued it and not deleted it yet, and a function sets it aside once more."""
    set_one_aside(bridge)
    breakers.close("quickaudience", int(time.time()))
    send_texts = sending.send_texts

    def send_and_lose_the_race(*arguments: object, **options: object) -> None:
        send_texts(*arguments, **options)  # type: ignore[arg-type]
        monkeypatch.setattr(sending, "send_texts", send_texts)
        breakers.trip("quickaudience", "401", int(time.time()))
        event = bridge.pump.receive("push")
        assert event
        assert bridge.pump.invoke("push", event)

    monkeypatch.setattr(sending, "send_texts", send_and_lose_the_race)
    bridge.pump.release()
    assert bridge.pump.count("receipts") == 1
    breakers.close("quickaudience", int(time.time()))
    bridge.pump.run("push", hours=1)
    assert len(bridge.quick_audience.receipts) == 1
    assert bridge.pump.count("receipts") == 0


@pytest.mark.counts("messages")
def test_a_release_that_dies_before_it_deletes_queues_a_message_twice_and_loses_none(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_one_aside(bridge)
    breakers.close("quickaudience", int(time.time()))
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "remove", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bridge.pump.release()
    assert bridge.pump.set_aside("receipts") == 1
    bridge.pump.run("push", hours=1)
    assert len(bridge.quick_audience.receipts) == 2
    assert bridge.pump.count("receipts") == 0


def test_a_message_that_is_set_aside_again_after_a_crash_waits_once(bridge: Bridge) -> None:
    for _ in range(2):
        waiting.put("quickaudience", "files", {"id-1": BODY})
    assert [one.text for one in waiting.at("quickaudience")] == [BODY]


def test_what_is_due_later_stays(bridge: Bridge) -> None:
    now = int(time.time())
    waiting.put_until(now + 60, "files", [BODY])
    assert list(waiting.due(now + 59)) == []
    [one] = waiting.due(now + 60)
    assert (one.queue, one.text, one.due) == ("files", BODY, now + 60)
    waiting.remove([one])
    assert list(waiting.due(now + 10**6)) == []


def test_one_release_runs_at_a_time(bridge: Bridge) -> None:
    set_one_aside(bridge)
    breakers.close("quickaudience", int(time.time()))
    now = int(time.time())
    lease = leases.acquire("release", now, now + 60)
    assert lease
    bridge.pump.release()
    assert bridge.pump.set_aside("receipts") == 1
    leases.release(lease)
    bridge.pump.release()
    assert bridge.pump.set_aside("receipts") == 0


def test_a_release_whose_function_died_is_followed_by_another(bridge: Bridge) -> None:
    set_one_aside(bridge)
    breakers.close("quickaudience", int(time.time()))
    now = int(time.time())
    assert leases.acquire("release", now, now + 60)
    bridge.clock.advance(seconds=61)
    bridge.pump.release()
    assert bridge.pump.set_aside("receipts") == 0


def waits(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the longest waits that were reported since the last call, by metric."""
    found: dict[str, float] = {}
    for line in capsys.readouterr().out.splitlines():
        if '"_aws"' in line:
            record = json.loads(line)
            for name, value in record.items():
                if name.endswith("Wait"):
                    found[name] = max(value[0], found.get(name, 0))
    return found


@pytest.mark.parametrize("is_open", [True, False])
def test_the_longest_wait_in_the_table_is_reported(
    bridge: Bridge, capsys: pytest.CaptureFixture[str], *, is_open: bool
) -> None:
    """While a breaker is open, and when what waits at it is queued again."""
    set_one_aside(bridge)
    bridge.clock.advance(hours=2)
    if not is_open:
        breakers.close("quickaudience", int(time.time()))
    waits(capsys)
    bridge.pump.release()
    assert waits(capsys) == {"ReceiptsWait": 7200}


def test_a_send_that_was_set_aside_and_queued_again_is_as_old_as_its_request(
    linked: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is probed each hour, by the message itself, and set aside again."""
    linked.campaign([A], {"name": "x"}, code=linked.template())
    for hours in range(1, 4):
        breakers.trip("tencent", "silence", int(time.time()))
        assert linked.pump.invoke_once("deliver") is True
        assert linked.pump.set_aside("sends") == 1
        linked.clock.advance(hours=1)
        breakers.close("tencent", int(time.time()))
        waits(capsys)
        linked.pump.release()
        assert waits(capsys) == {"SendsWait": hours * 3600}


def test_a_send_that_tencent_refuses_for_now_is_as_old_as_its_request(
    linked: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each attempt is a message of its own; from the fourth on, it waits in the table."""
    linked.tencent.always("send", refused(1013))
    linked.campaign([A], {"name": "x"}, code=linked.template())
    accepted = time.time()
    waits(capsys)
    linked.pump.run(hours=2)
    assert waits(capsys)["SendsWait"] >= time.time() - accepted - 900


def test_a_send_whose_function_fails_is_as_old_as_its_request(
    linked: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.campaign([A], {"name": "x"}, code=linked.template())
    breakers.trip("tencent", "silence", int(time.time()))
    linked.pump.invoke_once("deliver")
    linked.clock.advance(hours=1)
    breakers.close("tencent", int(time.time()))
    linked.pump.release()
    linked.clock.advance(seconds=60)
    monkeypatch.setattr(chunks, "claim", lambda *_: 1 / 0)
    waits(capsys)
    linked.pump.invoke_once("deliver")
    assert waits(capsys) == {"SendsWait": 3660}


def test_a_wait_until_a_time_is_reported_when_it_is_over(
    bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting.put_until(int(time.time()) + 900, "files", [BODY])
    bridge.pump.release()
    assert waits(capsys) == {}
    bridge.clock.advance(seconds=930)
    bridge.pump.release()
    assert waits(capsys) == {"FilesWait": 930}
