"""A campaign with each of Tencent's two APIs, in turns: v5, 3.0, 3.0, v5, and so on, in the same run.

    python -m bench --apis

Each API has its functions, each in a process of its own, around one stand-in. Before every campaign the table is
emptied, so both APIs send to the same numbers and write the same items.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.campaign import Run, World
from bench.processes import stub

APIS = ("v5", "3.0")
CPU_TARGET = 1.1
"""Largest allowed CPU time of a personalised message with API 3.0, as a multiple of v5's."""


@dataclass(frozen=True)
class Compared:
    """Campaigns of one kind and size with both APIs."""

    kind: str
    recipients: int
    runs: dict[str, list[Run]]
    """The runs of each API; those of equal position were made one after the other."""

    @property
    def turns(self) -> int:
        """The number of campaigns with each API."""
        return len(self.runs["v5"])

    @property
    def ratio(self) -> float:
        """The CPU time per message with API 3.0 as a multiple of v5's: the median over the turns."""
        turns = zip(self.runs["3.0"], self.runs["v5"], strict=True)
        return statistics.median(new.cpu / old.cpu for new, old in turns)

    def cpu(self, api: str) -> float:
        """Return the median CPU seconds per message."""
        return statistics.median(run.cpu for run in self.runs[api])

    def deliver_cpu(self, api: str) -> float:
        """Return the median CPU seconds of `deliver` per message."""
        return statistics.median(run.stages["deliver"].cpu for run in self.runs[api]) / (
            self.recipients
        )


def turns(rounds: int) -> Iterator[str]:
    """Yield both APIs `rounds` times: v5, 3.0, 3.0, v5, and so on, so that neither is always the later one."""
    for number in range(rounds):
        yield from APIS if number % 2 == 0 else reversed(APIS)


def measure(kind: str, count: int, rounds: int) -> Compared:
    """Measure campaigns of one kind with both APIs."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        here = held.enter_context(stub(Path(name)))
        worlds = {}
        for api in APIS:
            folder = Path(name, api)
            folder.mkdir()
            worlds[api] = World(here, folder, held, api=api)
            worlds[api].reset()
            worlds[api].warm_up(kind)
        runs: dict[str, list[Run]] = {api: [] for api in APIS}
        for api in turns(rounds):
            worlds[api].reset()
            runs[api].append(worlds[api].run(kind, count))
        return Compared(kind, count, runs)
