"""Accepting one request: CPU time and memory, beside parsing the same JSON and making the same calls."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import events, setting
from bench.processes import Worker, environment, stub

LARGEST_EVENT = 6 * 1024 * 1024
"""Maximum bytes of an event for Lambda. API Gateway would accept a body of 10 MB."""
MEMORY = 1024
"""Memory of the HTTP function in MB. With 1,769 MB, Lambda gives a whole CPU."""
_WHOLE_CPU = 1769


@dataclass(frozen=True)
class Accepted:
    """The cost of requests of one size: median CPU seconds, and the process's peak memory in bytes."""

    kind: str
    recipients: int
    bytes: int
    cpu: float
    floor: float
    memory: int
    started_with: int
    """Peak memory before, in bytes: Python, the libraries and a request of one number."""

    @property
    def seconds_on_lambda(self) -> float:
        """Seconds on the function's share of a CPU, if Lambda's CPU were as fast as this one."""
        return self.cpu * _WHOLE_CPU / MEMORY


def measure(kind: str, count: int, repeats: int) -> Accepted:
    """Measure requests of one size, each with an empty table."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        folder = Path(name)
        here = held.enter_context(stub(folder))
        given = environment(here)
        log = str(folder / "api_handler.log")
        bridge = held.enter_context(Worker("bench.function", "api_handler", log, environment=given))
        floor = held.enter_context(Worker("bench.floor", environment=given))
        recording, event = folder / "accept.jsonl", folder / "event.json"
        ours, floors, memory = list[float](), list[float](), list[int]()
        for size in [1, *[count] * repeats]:
            here.call("reset")
            bridge.do("prepare")
            [body] = setting.bodies(kind, size, size)
            event.write_bytes(events.send(body))
            here.call("record", file=recording)
            here.call("requests", event.read_bytes())
            done = bridge.do("drain")
            here.call("record")
            here.call("reset")
            floors.append(floor.do(str(event))["cpu"] + floor.do(str(recording))["cpu"])
            ours.append(done["cpu"])
            memory.append(done["memory"])
        return Accepted(
            kind,
            count,
            event.stat().st_size,
            statistics.median(ours[1:]),
            statistics.median(floors[1:]),
            memory[-1],
            memory[0],
        )


def largest(kind: str) -> int:
    """Return the largest number of recipients that fits into an event."""
    [sample] = setting.bodies(kind, 1000)
    [more] = setting.bodies(kind, 2000)
    few, many = len(events.send(sample)), len(events.send(more))
    return 1000 + (LARGEST_EVENT - few) * 1000 // (many - few) - 100
