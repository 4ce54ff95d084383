"""The scheduler calls the app's scheduled functions when they are due, or by hand."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from chalice.app import Cron, Rate

from local import scheduler
from local.functions import App
from local.processes import StackError
from tests.support.local_stack.processes import TINY, Bridge, read_records
from tests.support.waiting import wait_for


def test_periods() -> None:
    assert scheduler.period("rate(1 minute)") == timedelta(minutes=1)
    assert scheduler.period(Rate(5, unit=Rate.MINUTES)) == timedelta(minutes=5)
    assert scheduler.period(Rate(1, unit=Rate.HOURS)) == timedelta(hours=1)
    assert scheduler.period(Rate(2, unit=Rate.DAYS)) == timedelta(days=2)
    with pytest.raises(StackError, match=r"not cron\(0 3 \* \* \? \*\)"):
        scheduler.period(Cron(0, 3, "*", "*", "?", "*"))


def test_a_scheduled_function_runs_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record"
    monkeypatch.setenv("TINY_RECORD", str(record))
    # A failure is logged, and the next run still happens.
    monkeypatch.setenv("TINY_SWEEP_FAILS", "1")
    periods = {App(TINY).function("sweep"): timedelta(seconds=0.02)}
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(periods, stop))
    thread.start()
    try:
        wait_for(lambda: len(read_records(record)) >= 3)
    finally:
        stop.set()
        thread.join()
    event = read_records(record)[0]["event"]
    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.events"
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/tiny-local-sweep"]
    assert event["time"].endswith("Z")
    assert len({call["event"]["id"] for call in read_records(record)}) >= 3


@pytest.mark.parametrize(("fails", "code"), [("", 0), ("1", 1)])
def test_once(bridge: Bridge, fails: str, code: int) -> None:
    process = bridge.start(
        "local.scheduler", "--once", "sweep", ready=scheduler.READY, TINY_SWEEP_FAILS=fails
    )
    assert process.wait(60)
    assert process.exit_code == code
    assert len(read_records(bridge.record)) == 1
    assert ("the sweep failed" in process.output()) == bool(code)


def test_once_knows_what_is_scheduled(bridge: Bridge) -> None:
    process = bridge.start("local.scheduler", "--once", "deliver", ready=scheduler.READY)
    assert process.wait(60)
    assert process.exit_code == 1
    assert "'deliver' is not scheduled; these are: ['sweep']" in process.output()


def test_sigterm_ends_it(bridge: Bridge) -> None:
    process = bridge.start("local.scheduler", ready=scheduler.READY)
    process.wait_ready()
    process.terminate()
    assert process.wait(60)
    assert process.exit_code == 0
    assert not bridge.record.exists()
