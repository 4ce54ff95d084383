"""The items of halts: what several commands at once, and `release` meanwhile, leave of them."""

import time

import pytest

from chalicelib.domain.halts import HaltState
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import halts
from chalicelib.store.halts import StoppedError
from tests.support.in_process.bridge import Bridge

NOW = 1_772_416_800
REQUEST = SendRequest(
    out_id="task-1",
    biz_id="b1",
    sign="某某科技",
    template_code="7000",
    revision=1,
    tpl_id=7000,
    accepted_at=NOW,
)


@pytest.mark.parametrize("states", [["paused"], ["paused", "sending"], ["stopped", "stopped"]])
def test_a_halt_has_its_last_state(bridge: Bridge, states: list[HaltState]) -> None:
    for state in states:
        halts.change(REQUEST, state, NOW)
    halt = halts.get("task-1", "b1")
    assert halt
    assert halt.state == states[-1]
    assert halts.is_stopped("task-1", "b1") == (states[-1] == "stopped")


def test_a_stopped_request_stays_stopped(bridge: Bridge) -> None:
    before, _ = halts.change(REQUEST, "stopped", NOW)
    assert before is None
    for state in ("paused", "sending"):
        with pytest.raises(StoppedError):
            halts.change(REQUEST, state, NOW)
    assert halts.is_stopped("task-1", "b1")


def test_of_a_pause_and_a_stop_at_once_the_stop_remains(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = halts.get
    stopped: list[bool] = []

    def get(out_id: str, biz_id: str) -> object:
        found = read(out_id, biz_id)
        if not stopped:
            # Between this reading and the write that follows it.
            stopped.append(True)
            halts.change(REQUEST, "stopped", NOW)
        return found

    monkeypatch.setattr(halts, "get", get)
    with pytest.raises(StoppedError):
        halts.change(REQUEST, "paused", NOW)
    assert halts.is_stopped("task-1", "b1")
    # `release` looks at it, and queues its chunks once more.
    [entry] = halts.changed()
    assert not entry.queued


def test_an_entry_that_was_written_again_is_neither_removed_nor_marked(bridge: Bridge) -> None:
    _, old = halts.change(REQUEST, "stopped", NOW)
    _, new = halts.change(REQUEST, "stopped", NOW + 1)
    halts.remove(old)
    halts.mark_queued(old, REQUEST)
    assert list(halts.changed()) == [new]
    halts.mark_queued(new, REQUEST)
    [marked] = halts.changed()
    assert marked.queued
    halts.remove(marked)
    assert not list(halts.changed())
    halts.remove(marked)


def test_the_items_expire_with_the_request(bridge: Bridge) -> None:
    halts.change(REQUEST, "paused", int(time.time()))
    items = [
        item
        for rows in bridge.pump._items.values()
        for item in rows.values()
        if "state" in item.attrs or "queued" in item.attrs
    ]
    assert [int(item.attrs["expires"].value) for item in items] == [REQUEST.expires] * 2
