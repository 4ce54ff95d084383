"""HOSTILE in the processes of the stack: chains, partial batches, repeated messages, slots, the gateway."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from local import worker
from local.functions import App
from local.hostile.slots import Slots
from local.hostile.switches import Switch, Switches
from local.parts import shortest_visibility
from local.processes import LISTENING, ROOT, Process
from tests.support.local_stack.processes import TINY, Bridge, read_records
from tests.support.thoroughness import ALL, for_ci, some
from tests.support.waiting import wait_for


def start(bridge: Bridge, function: str, switches: str, **environment: str) -> Process:
    process = bridge.start(
        "local.worker",
        function,
        ready=worker.READY,
        HOSTILE=switches,
        BRIDGE_STATE=str(bridge.folder),
        **environment,
    )
    process.wait_ready()
    return process


def test_a_loop_is_stopped_after_sixteen_invocations(bridge: Bridge) -> None:
    bridge.create(receives={"receipts": 2}, visibility={"receipts": 1})
    process = start(bridge, "push", "chain")
    bridge.send("receipts", "send 100")
    wait_for(lambda: bridge.count("receipts-dead") == 1, 30)
    calls = read_records(bridge.record)
    # The first message was sent by no function, and its invocation is the first of the chain.
    assert [call["bodies"][0] for call in calls] == [f"send {100 - n}" for n in range(16)]
    assert process.output().count("RecursiveInvocationsDropped") == 2


@pytest.mark.parametrize(
    "environment", some([{"HOSTILE_RECURSION": "push=Allow"}, {"HOSTILE": ""}], 2)
)
def test_a_loop_goes_on_where_that_is_allowed_or_the_switch_is_off(
    bridge: Bridge, environment: dict[str, str]
) -> None:
    bridge.create()
    process = bridge.start(
        "local.worker",
        "push",
        ready=worker.READY,
        **({"HOSTILE": "chain", "BRIDGE_STATE": str(bridge.folder)} | environment),
    )
    process.wait_ready()
    bridge.send("receipts", "send 30")
    wait_for(lambda: len(read_records(bridge.record)) == 30, 30)


def test_partial_batches_are_honoured_where_the_mapping_has_the_flag(bridge: Bridge) -> None:
    bridge.create(visibility={"sends": 60})
    start(bridge, "deliver", "", BRIDGE_PARTIAL_BATCHES="on")
    bridge.send("sends", "a", "partial", "b")
    wait_for(lambda: bridge.count("sends") == 1)
    time.sleep(0.3)
    assert bridge.count("sends") == 1


def test_messages_come_again_and_get_lost_and_each_is_deleted_at_last(bridge: Bridge) -> None:
    bridge.create(visibility={"receipts": 2}, receives={"receipts": 50})
    start(bridge, "push", "again,lost-receive,handles", HOSTILE_SEED="3")
    sent = [f"body {number}" for number in range(150 if ALL else 60)]
    bridge.send("receipts", *sent)
    wait_for(lambda: bridge.count("receipts") == 0, 90)
    wait_for(lambda: not list((bridge.folder / "hostile" / "push.again").glob("[0-9]*")), 20)
    calls = read_records(bridge.record)
    times = Counter(call["bodies"][0] for call in calls)
    assert times.keys() == set(sent)
    assert max(times.values()) > 1
    assert any(call["receives"][0] != "1" for call in calls)
    assert bridge.count("receipts-dead") == 0


@for_ci("the front's slots below are the same ones")
def test_without_a_slot_a_batch_waits_until_its_visibility_ends(bridge: Bridge) -> None:
    bridge.create(visibility={"receipts": 2}, receives={"receipts": 50})
    with ExitStack() as held:
        slots = Slots(bridge.folder / "hostile")
        for _ in range(10):
            held.enter_context(slots.take())
        process = start(bridge, "push", "slots")
        bridge.send("receipts", "a")
        wait_for(lambda: "Throttled" in process.output(), 20)
        assert read_records(bridge.record) == []
    wait_for(lambda: bridge.count("receipts") == 0, 20)
    [call] = bridge.calls(1)
    assert int(call["receives"][0]) >= 2


def front(bridge: Bridge, switches: str) -> http.client.HTTPConnection:
    process = bridge.start(
        "local.http",
        *("--port", "0"),
        ready=LISTENING,
        HOSTILE=switches,
        BRIDGE_STATE=str(bridge.folder),
    )
    port = int(process.wait_ready()["url"].rpartition(":")[2])
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def ask(connection: http.client.HTTPConnection, method: str, path: str) -> tuple[int, str]:
    connection.request(method, path, body=b"{}" if method == "POST" else None)
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_api_gateway_answers_in_its_own_shape(bridge: Bridge) -> None:
    with closing(front(bridge, "gateway")) as connection:
        found = Counter(ask(connection, "POST", "/sms/known")[0] for _ in range(300))
        assert found.keys() <= {200, 429, 500, 502, 504}
        assert found[200] > 200
        assert len(found) > 2
        assert {ask(connection, "GET", "/health")[0] for _ in range(100)} == {200}
        status, body = ask(connection, "POST", "/sms/no/such/route/at/all")
        assert status in (403, 404, 429, 500, 502, 504)
        assert json.loads(body).keys() == {"message"}


def test_without_a_slot_api_gateway_answers_500(bridge: Bridge) -> None:
    with ExitStack() as held, closing(front(bridge, "slots")) as connection:
        assert ask(connection, "POST", "/sms/known")[0] == 200
        slots = Slots(bridge.folder / "hostile")
        for _ in range(10):
            held.enter_context(slots.take())
        status, body = ask(connection, "POST", "/sms/known")
        assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
        assert ask(connection, "GET", "/health")[0] == 200


def test_an_unknown_switch_is_refused_with_the_list(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "up", "--app", TINY],
        cwd=ROOT,
        env={**os.environ, "BRIDGE_STATE": str(tmp_path), "HOSTILE": "chain,everything"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "'everything'" in done.stderr
    assert all(switch in done.stderr for switch in Switch)


def test_a_batch_that_waits_for_the_longest_window_stays_invisible() -> None:
    app = App(TINY)
    usual = shortest_visibility(app, Switches())
    longer = shortest_visibility(app, Switches.parse("window"))
    assert {queue: longer[queue] - usual[queue] for queue in usual} == dict.fromkeys(usual, 20)
