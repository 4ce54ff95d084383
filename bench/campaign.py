"""A campaign from request to pushed receipts, stage by stage, each function in a process of its own."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import events, setting
from bench.processes import Stub, Worker, environment, stub

STAGES = {
    "accept": "api_handler",
    "deliver": "deliver",
    "callback": "api_handler",
    "settle": "settle",
    "push": "push",
}
"""The stages of a campaign in order, each with its function."""
_WARM_UP = 400


@dataclass(frozen=True)
class Stage:
    """The cost of one stage of a campaign: CPU in seconds, memory in bytes."""

    events: int
    cpu: float
    longest: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Run:
    """A measured campaign."""

    kind: str
    recipients: int
    stages: Mapping[str, Stage]
    figures: Mapping[str, Any]
    floor: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds of the floor by stage; empty if it was not measured."""
    tuned: Mapping[str, float] = field(default_factory=dict)
    """The same for the tuned floor."""

    @property
    def cpu(self) -> float:
        """CPU seconds per message."""
        return sum(stage.cpu for stage in self.stages.values()) / self.recipients

    @property
    def floor_cpu(self) -> float:
        """CPU seconds per message of the floor."""
        return sum(self.floor.values()) / self.recipients

    @property
    def tuned_cpu(self) -> float:
        """CPU seconds per message of the tuned floor."""
        return sum(self.tuned.values()) / self.recipients


class World:
    """The functions' processes around a stand-in.

    `endpoint` is that of AWS, if not the stand-in; `api` is the API of Tencent that they call.
    """

    def __init__(
        self, stub: Stub, folder: Path, held: ExitStack, endpoint: str = "", api: str = "v5"
    ) -> None:
        self._stub = stub
        self._folder = folder
        self.environment = environment(stub, endpoint, api)
        self._workers = {
            name: held.enter_context(
                Worker(
                    "bench.function",
                    name,
                    str(folder / f"{name}.log"),
                    environment=self.environment,
                )
            )
            for name in dict.fromkeys(STAGES.values())
        }
        self._prepare()

    def reset(self) -> None:
        """Delete all data of the stand-in, except the sign and the template of the campaigns."""
        self._stub.call("reset")
        self._prepare()

    def warm_up(self, kind: str, record: str = "") -> None:
        """Run a small campaign, so that all processes have handled events. `record` as for `run`."""
        self.run(kind, _WARM_UP, record)

    def run(self, kind: str, count: int, record: str = "") -> Run:
        """Run a campaign. With `record`, record its calls for the floor, in files of that name."""
        self._stub.call("forget")
        for body in setting.bodies(kind, count):
            self._stub.call("requests", events.send(body))
        stages = {}
        for stage, function in STAGES.items():
            if stage == "callback":
                self._stub.call("report")
            if record:
                self._stub.call("record", file=self.recording(record, stage))
            stages[stage] = Stage(**self._workers[function].do("drain"))
        self._stub.call("record")
        figures = self._stub.call("figures")
        if figures["reported"] != count:
            raise RuntimeError(f"{figures['reported']} of {count} receipts were pushed")
        return Run(kind, count, stages, figures)

    def _prepare(self) -> None:
        self._workers["api_handler"].do("prepare")

    def recording(self, record: str, stage: str) -> Path:
        """Return the file of a stage's recording."""
        return self._folder / f"{record}-{stage}.jsonl"


def measure(kind: str, count: int, *, floor: bool = True) -> Run:
    """Measure a campaign and then, with an empty table, the floor of its calls.

    All processes have handled events before: `bench/cold_start.py` measures their starts.
    """
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        here = held.enter_context(stub(Path(name)))
        world = World(here, Path(name), held)
        world.warm_up(kind, record="warm" if floor else "")
        run = world.run(kind, count, record="campaign" if floor else "")
        if not floor:
            return run
        return replace(run, floor=_floor(here, world), tuned=_floor(here, world, "--tuned"))


def _floor(here: Stub, world: World, *options: str) -> dict[str, float]:
    here.call("reset")
    cpu = {}
    with Worker("bench.floor", *options, environment=world.environment) as replay:
        for record in ("warm", "campaign"):
            for stage in STAGES:
                cpu[stage] = replay.do(str(world.recording(record, stage)))["cpu"]
    return cpu
