"""The forwarding delay on the whole local stack: from the answer to Tencent's push to Quick Audience's receipt.

The stand-in plays Tencent and Quick Audience, and ministack plays AWS. The functions are the stack's
worker processes, which wait for full batches as Lambda does. Pushes of 100 statuses come at a steady
pace.
"""

import json
import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench import events, setting
from bench.processes import Stub, Worker, stub
from local.configuration import TENCENT_API
from local.ports import free_port
from local.stack import Stack

_PATIENCE = 300.0
_POLL = 0.05


@dataclass(frozen=True)
class Delay:
    """Seconds from the answer to Tencent to the receipt's arrival at Quick Audience."""

    statuses: int
    per_second: float
    median: float
    p99: float
    longest: float


def measure(count: int, pushes_per_second: float) -> Delay:
    """Send a campaign, push its statuses at that pace, and measure when each receipt arrives."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        folder = Path(name)
        here = held.enter_context(stub(folder))
        outside = {"TENCENT_BASE_URL": here.url + TENCENT_API, "QA_BASE_URL": here.url}
        stack = held.enter_context(
            Stack(port=free_port(), state=folder / "stack", environ={**os.environ, **outside})
        )
        given = {**stack.environment, "BENCH_STUB": here.url}
        with Worker("bench.function", "api_handler", os.devnull, environment=given) as prepare:
            prepare.do("prepare")
        session = held.enter_context(requests.Session())
        session.trust_env = False
        for body in setting.bodies("bulk", count, 10_000):
            _post(session, stack.addresses.prefix, json.loads(events.send(body)))
        _wait(here, "sent", count)
        here.call("report")
        answered: dict[str, float] = {}
        due = time.monotonic()
        while (event := here.event("api_handler")) is not None:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / pushes_per_second
            _post(session, stack.addresses.prefix, event)
            now = time.time()
            answered |= dict.fromkeys((one["mobile"] for one in json.loads(event["body"])), now)
        _wait(here, "reported", count)
        reported = here.call("reported")
        delays = sorted(reported[phone] - since for phone, since in answered.items())
        return Delay(
            count,
            pushes_per_second * 100,
            statistics.median(delays),
            delays[int(len(delays) * 0.99)],
            delays[-1],
        )


def _post(session: requests.Session, prefix: str, event: dict[str, Any]) -> None:
    answer = session.post(
        prefix + event["path"],
        params=event["queryStringParameters"],
        headers=event["headers"] | {"Host": ""},
        data=event["body"].encode(),
        timeout=60,
    )
    answer.raise_for_status()


def _wait(here: Stub, figure: str, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (present := here.call("figures")[figure]) != count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{figure}: {present} of {count}")
        time.sleep(_POLL)
