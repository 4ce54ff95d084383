"""Orders to die: obeyed at the call that they name, once, by one process; and nothing else is changed."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

from local.chaos.orders import Faults
from local.faults import VARIABLE, Order, Point, _http, label

FIRST, SECOND = Point("deliver", "dynamodb PutItem", 1), Point("deliver", "dynamodb PutItem", 2)
# A function that calls three times, one of them in a thread, and says so; its process calls before it.
FUNCTION = """
import sys
import threading
from types import SimpleNamespace
from botocore.client import BaseClient
from requests.adapters import HTTPAdapter
from local import faults

def made(name):
    print(name, flush=True)

BaseClient._make_api_call = lambda self, operation, params: made(operation)
HTTPAdapter.send = lambda self, request: made(request.url)
faults.install()

dynamodb = SimpleNamespace(meta=SimpleNamespace(service_model=SimpleNamespace(service_name="dynamodb")))
def put():
    BaseClient._make_api_call(dynamodb, "PutItem", {})

put()
with faults.invocation("deliver", own_thread="own" in sys.argv):
    put()
    thread = threading.Thread(target=put)
    thread.start()
    thread.join()
    url = "http://127.0.0.1/v5/tlssmssvr/sendsms?random=1"
    request = SimpleNamespace(url=url, headers={})
    HTTPAdapter.send(HTTPAdapter(), request)
    if "raise" in sys.argv:
        raise ValueError
put()
made("end")
"""
ALL = ["PutItem", "PutItem", "PutItem", "http://127.0.0.1/v5/tlssmssvr/sendsms?random=1", "PutItem"]


def run(folder: Path | None, *words: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", FUNCTION, *words],
        env={VARIABLE: str(folder)} if folder else {},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_without_the_variable_nothing_is_numbered(tmp_path: Path) -> None:
    faults = Faults(tmp_path)
    faults.order(Order(FIRST, "before"))
    assert run(None) == (0, [*ALL, "end"])
    assert not faults.seen()


def test_every_call_of_the_function_is_a_point_in_whatever_thread(tmp_path: Path) -> None:
    faults = Faults(tmp_path)
    assert run(tmp_path) == (0, [*ALL, "end"])
    returned, sent = Point("deliver", "returned", 1), Point("deliver", "tencent sendsms", 1)
    assert list(faults.seen().items()) == [(FIRST, 1), (SECOND, 1), (sent, 1), (returned, 1)]
    assert run(tmp_path)[0] == 0
    assert faults.seen()[FIRST] == 2


def test_of_several_functions_in_one_process_each_counts_its_own_thread(tmp_path: Path) -> None:
    faults = Faults(tmp_path)
    assert run(tmp_path, "own") == (0, [*ALL, "end"])
    assert [point.call for point in faults.seen()] == [
        "dynamodb PutItem",
        "tencent sendsms",
        "returned",
    ]


def test_a_function_that_raises_does_not_return(tmp_path: Path) -> None:
    faults = Faults(tmp_path)
    assert run(tmp_path, "raise")[0] == 1
    assert "returned" not in {point.call for point in faults.seen()}


@pytest.mark.parametrize(
    ("order", "made"),
    [
        (Order(FIRST, "before"), 1),
        (Order(FIRST, "after"), 2),
        (Order(SECOND, "before"), 2),
        (Order(SECOND, "after"), 3),
        (Order(Point("deliver", "returned", 1), "before"), 4),
    ],
)
def test_an_order_kills_at_its_point_once(tmp_path: Path, order: Order, made: int) -> None:
    faults = Faults(tmp_path)
    faults.order(order)
    assert faults.pending() == {order}
    assert run(tmp_path) == (-signal.SIGKILL, ALL[:made])
    assert (faults.pending(), faults.executed()) == (set(), {order})
    assert run(tmp_path) == (0, [*ALL, "end"])


def test_orders_for_other_functions_and_withdrawn_orders_are_ignored(tmp_path: Path) -> None:
    faults = Faults(tmp_path)
    other = Order(Point("settle", "dynamodb PutItem", 1), "before")
    mine = Order(FIRST, "before")
    faults.order(other)
    faults.order(mine)
    assert faults.withdraw(mine)
    assert not faults.withdraw(mine)
    assert run(tmp_path) == (0, [*ALL, "end"])
    assert faults.pending() == {other}


def test_an_order_is_written_as_it_is_read() -> None:
    order = Order(Point("deliver 2", "dynamodb PutItem", 3), "after")
    assert Order.parse(str(order)) == order
    with pytest.raises(ValueError, match="neither"):
        Order.parse("deliver~dynamodb PutItem~3")


def test_a_batch_is_named_after_its_message_with_the_most_receives() -> None:
    def event(*tries: int) -> dict[str, object]:
        return {"Records": [{"attributes": {"ApproximateReceiveCount": str(n)}} for n in tries]}

    assert label("deliver", event(1, 1)) == "deliver"
    assert label("deliver", event(1, 3, 2)) == "deliver 3"
    assert label("sweep", {"detail": {}}) == "sweep"


def test_no_deployed_code_mentions_the_orders() -> None:
    root = Path(__file__).parents[2]
    shipped = [root / "app.py", *(root / "chalicelib").rglob("*.py")]
    assert len(shipped) > 20
    assert not [
        path
        for path in shipped
        if re.search(r"\bfaults\b|BRIDGE_FAULTS|BRIDGE_TIMEOUTS", path.read_text())
    ]


def test_a_call_of_api_3_is_named_by_its_action() -> None:
    request = PreparedRequest()
    request.prepare("POST", "http://127.0.0.1:9/", headers={"X-TC-Action": "SendSms"})
    assert _http(HTTPAdapter(), request) == "tencent SendSms"
    request.prepare("POST", "http://127.0.0.1:9/v5/tlssmssvr/sendsms?random=1")
    assert _http(HTTPAdapter(), request) == "tencent sendsms"
    request.prepare("POST", "http://127.0.0.1:9/restapi/x/smsReceipt")
    assert _http(HTTPAdapter(), request) == "quickaudience smsReceipt"
