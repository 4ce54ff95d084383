"""push: receipts and replies are pushed until Quick Audience accepts them."""

import itertools
import json
import math
import time
from typing import Any

import pytest

from chalicelib.functions import push
from chalicelib.quickaudience import client
from chalicelib.store import pushed
from tests.support.in_process import aws, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import timeout
from tests.support.in_process.pushes import BIZ, queue
from tests.support.in_process.quickaudience import Behaviour, broken, ok, respond


def sizes(bridge: Bridge) -> list[tuple[str, int, bool]]:
    return sorted(
        (push.entries[0]["outId"], len(push.entries), push.accepted)
        for push in bridge.quick_audience.pushes
    )


@pytest.mark.counts("pushes")
def test_messages_of_one_out_id_share_a_call(bridge: Bridge) -> None:
    queue(bridge, "x", range(3))
    queue(bridge, "y", range(2))
    queue(bridge, "x", range(3, 10))
    bridge.pump.drain("push")
    assert sizes(bridge) == [("x", 10, True), ("y", 2, True)]
    assert pushed.pushed_positions("x", BIZ) == set(range(10))
    assert pushed.pushed_positions("y", BIZ) == set(range(2))


def test_no_call_has_more_than_100_entries(bridge: Bridge) -> None:
    for first in range(0, 280, 40):
        queue(bridge, "x", range(first, first + 40))
    bridge.pump.drain("push")
    assert sizes(bridge) == [("x", 40, True), ("x", 80, True), ("x", 80, True), ("x", 80, True)]
    assert pushed.pushed_positions("x", BIZ) == set(range(280))


def test_every_push_has_its_own_signature(bridge: Bridge) -> None:
    bridge.quick_audience.next(broken(web.read_timeout))
    queue(bridge, "x", range(1))
    bridge.pump.run("push", hours=1)
    first, second = bridge.quick_audience.pushes
    assert first.nonce != second.nonce
    assert second.accepted


def test_without_a_key_the_signature_is_empty(bridge: Bridge) -> None:
    bridge.configure(QA_AUTH="off", QA_KEY="")
    bridge.quick_audience.key = ""
    queue(bridge, "x", range(1))
    bridge.pump.drain("push")
    assert sizes(bridge) == [("x", 1, True)]


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "OK"},
        {"code": "ok", "message": None},
        {"code": 200},
        {"code": "200", "anything": "else"},
    ],
)
def test_every_form_of_acceptance_is_understood(bridge: Bridge, answer: dict[str, Any]) -> None:
    bridge.quick_audience.always(lambda: respond(200, answer))
    queue(bridge, "x", range(1))
    bridge.pump.drain("push")
    assert bridge.pump.count("receipts") == 0
    assert pushed.pushed_positions("x", BIZ) == {0}


NO: dict[str, Behaviour] = {
    "500": lambda: respond(500, b"oops"),
    "500 with a yes in it": lambda: respond(500, {"code": "OK"}),
    "429": lambda: respond(429, {"code": "429"}),
    "401": lambda: respond(401, {"code": "401", "message": "unauthorized"}),
    "401 within 200": lambda: respond(200, {"code": "401"}),
    "403": lambda: respond(403, {"code": "403"}),
    "302": lambda: respond(302, {"code": "OK"}),
    "empty": lambda: respond(200, b""),
    "garbage": lambda: respond(200, b"<html>OK</html>"),
    "a list": lambda: respond(200, ["OK"]),
    "no code": lambda: respond(200, {"message": "OK"}),
    "null": lambda: respond(200, {"code": None}),
    "true": lambda: respond(200, {"code": True}),
    "too deep": lambda: respond(200, b"[" * 100_000),
    "read timeout": broken(web.read_timeout),
    "connect timeout": broken(web.connect_timeout),
    "no connection": broken(web.never_connected),
    "reset": broken(web.reset),
    "certificate": broken(web.wrong_certificate),
}


@pytest.mark.parametrize("no", NO)
@pytest.mark.counts("pushes")
def test_any_other_answer_is_a_refusal_and_the_push_is_retried(bridge: Bridge, no: str) -> None:
    bridge.quick_audience.next(NO[no], NO[no])
    queue(bridge, "x", range(3))
    bridge.pump.drain("push")
    assert bridge.pump.count("receipts") == 1
    assert pushed.pushed_positions("x", BIZ) == set()
    bridge.pump.run("push", hours=1)
    assert [push.accepted for push in bridge.quick_audience.pushes] == [False, False, True]
    assert pushed.pushed_positions("x", BIZ) == {0, 1, 2}
    assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0


@pytest.mark.counts("pushes")
def test_accepted_entries_are_not_repeated_because_others_were_refused(bridge: Bridge) -> None:
    for out_id in "abc":
        queue(bridge, out_id, range(2))

    def by_turns() -> Any:
        accepted = bool(bridge.quick_audience.pushes)
        return ok() if accepted else respond(500, b"")

    bridge.quick_audience.always(by_turns)
    bridge.pump.drain("push")
    assert bridge.pump.count("receipts") == 1
    bridge.pump.run("push", hours=1)
    assert sorted(
        push.entries[0]["outId"] for push in bridge.quick_audience.pushes if push.accepted
    ) == [*"abc"]
    assert len(bridge.quick_audience.pushes) == 4


@pytest.mark.counts("pushes")
def test_delays_grow_to_an_hour_and_last_for_72_hours(bridge: Bridge) -> None:
    bridge.quick_audience.always(NO["500"])
    queue(bridge, "x", range(1))
    start = time.time()
    bridge.pump.run("push", hours=24 * 14)
    times = [push.at for push in bridge.quick_audience.pushes]
    delays = [after - before for before, after in itertools.pairwise(times)]
    assert 4 <= delays[0] <= 7
    assert all(0.6 * before < after for before, after in itertools.pairwise(delays))
    assert max(delays) <= 1.2 * 3600 + 1
    # Even if the jitter shortens every one of them, the pauses have grown to an hour by then.
    assert min(delays[12:]) >= 0.8 * 3600
    assert times[-1] - start > 72 * 3600
    assert 75 <= len(times) <= 100
    assert len(times) < aws.most_receives("receipts") / 2
    assert bridge.pump.count("receipts") == 0
    assert bridge.pump.count("receipts-dead") == 1, "kept for an operator to send again"


def test_an_event_whose_calls_all_time_out_ends_within_the_functions_time(bridge: Bridge) -> None:
    for number in range(10):
        queue(bridge, f"task-{number}", range(1))
    bridge.quick_audience.always(broken(web.read_timeout))
    assert bridge.pump.invoke_once("push") is False
    rounds = math.ceil(len(bridge.quick_audience.pushes) / push._PARALLEL)
    assert rounds * sum(client._TIMEOUT) < timeout("push")


def test_an_unreadable_message_does_not_hold_up_the_others(bridge: Bridge) -> None:
    queue(bridge, "x", range(1))
    bridge.pump.put("receipts", "not JSON")
    bridge.pump.invoke_once("push")
    assert sizes(bridge) == [("x", 1, True)]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "details", "outId": "y", "entries": []},
        {"kind": "nonsense", "outId": "y", "entries": [{}]},
        {"kind": "details", "outId": "y", "entries": [{}]},
    ],
    ids=str,
)
def test_a_message_that_can_never_be_pushed_does_not_hold_up_the_others(
    bridge: Bridge, body: dict[str, Any]
) -> None:
    queue(bridge, "x", range(1))
    bridge.quick_audience.check_entries = False
    bridge.pump.put("receipts", json.dumps(body))
    bridge.pump.invoke_once("push")
    assert pushed.pushed_positions("x", BIZ) == {0}
    assert bridge.pump.count("receipts-dead") == 1
