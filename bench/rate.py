"""How fast a personalised campaign is sent, by all `deliver` functions together, within a rate that Tencent allows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app import SENDERS
from bench import events, setting
from bench.processes import Stub, Worker, environment, stub


@dataclass(frozen=True)
class Tencent:
    """How Tencent answers, and how many calls at once it may get."""

    seconds: float
    """How long it takes to answer."""
    per_second: int
    """The calls that it accepts in a second of the clock; 0: any number."""
    ceiling: int
    """TENCENT_PARALLEL_CALLS."""


LIMITED = Tencent(1.0, 400, 512)
DEFAULT = Tencent(0.05, 0, 64)
"""The default ceiling, and a Tencent without a limit."""


@dataclass(frozen=True)
class Sent:
    """A campaign that was sent. A call that Tencent refused would be repeated after 30 s or more, which is left out."""

    tencent: Tencent
    recipients: int
    refused: int
    per_second: float
    """Accepted calls a second, from the first to the last."""
    adapted: float
    """The same in the second half, when the rate has adapted."""
    cpu: float
    """CPU seconds of `deliver` for a message."""
    memory: int
    """Peak memory of one `deliver`."""

    @property
    def share_refused(self) -> float:
        """Return the share of the calls that Tencent refused."""
        return self.refused / (self.recipients + self.refused)


def measure(tencent: Tencent, count: int) -> Sent:
    """Send a personalised campaign."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        here = held.enter_context(stub(Path(name)))
        here.call("tencent", seconds=tencent.seconds, per_second=tencent.per_second)
        given = environment(here) | {
            "TENCENT_PARALLEL_CALLS": str(tencent.ceiling),
            "TENCENT_CALLS_PER_SECOND": "1000",
        }
        _accept(here, count, given)
        workers = [
            held.enter_context(_worker("deliver", Path(name), number, given))
            for number in range(SENDERS)
        ]
        with ThreadPoolExecutor(SENDERS) as pool:
            drained = list(pool.map(lambda worker: worker.do("drain"), workers))
        accepted = here.call("accepted")
        return Sent(
            tencent,
            count,
            here.call("figures")["refused"],
            _per_second(accepted),
            _per_second(accepted[len(accepted) // 2 :]),
            sum(one["cpu"] for one in drained) / count,
            max(one["memory"] for one in drained),
        )


def _per_second(times: list[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


def _accept(here: Stub, count: int, given: dict[str, str]) -> None:
    """Queue the chunks of a campaign."""
    with TemporaryDirectory() as name, _worker("api_handler", Path(name), 0, given) as api:
        api.do("prepare")
        for body in setting.bodies("personalised", count):
            here.call("requests", events.send(body))
        api.do("drain")


@contextmanager
def _worker(function: str, folder: Path, number: int, given: dict[str, str]) -> Iterator[Worker]:
    log = folder / f"{function}-{number}.log"
    with Worker("bench.function", function, str(log), environment=given) as worker:
        yield worker
