"""Accepting one request: CPU time and memory, beside reading the same JSON and making the same calls."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import events, setting
from bench.processes import Worker, environment, stub

LARGEST_EVENT = 6 * 1024 * 1024
"""Bytes of an event that Lambda takes; API Gateway would take 10 MB of a body."""
MEMORY = 1024
"""Megabytes of the HTTP function; Lambda gives a whole CPU with 1,769."""
_WHOLE_CPU = 1769


@dataclass(frozen=True)
class Accepted:
    """One size of request. CPU in seconds: medians; memory in bytes: the most that the process ever had."""

    kind: str
    recipients: int
    bytes: int
    cpu: float
    floor: float
    memory: int
    started_with: int
    """Bytes that the process had before: Python, the libraries, a request of one number."""

    @property
    def seconds_on_lambda(self) -> float:
        """What the CPU time is with the share of a CPU that the function has, were Lambda's as fast as this one."""
        return self.cpu * _WHOLE_CPU / MEMORY


def measure(kind: str, count: int, repeats: int) -> Accepted:
    """Accept requests of one size, each time with an empty table."""
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
    """The most recipients that an event has room for."""
    [sample] = setting.bodies(kind, 1000)
    [more] = setting.bodies(kind, 2000)
    few, many = len(events.send(sample)), len(events.send(more))
    return 1000 + (LARGEST_EVENT - few) * 1000 // (many - few) - 100
