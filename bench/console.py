"""How long a refresh of the console's page of a large campaign takes: `python -m bench.console [RECIPIENTS]`.

A campaign is sent through the functions on the bench's table, as in the other benchmarks, in requests of 100,000. Then
the two parts of its page that refresh by themselves are asked for over HTTP, as a browser asks.
"""

import asyncio
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp.test_utils import TestClient, TestServer

from bench.campaign import World
from bench.processes import Stub, stub
from chalicelib import settings
from ops.console import app
from ops.console.safety import Safety
from ops.console.visits import Console

_RECIPIENTS = 1_000_000
_REFRESHES = 20
_PORT = 47100
_PARTS = ("account", "timeline")


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh of both parts, one after the other: its seconds, and what it read."""

    seconds: float
    read_units: float


def measure(recipients: int) -> list[Refresh]:
    """Return refreshes of the page of a campaign of that many recipients. The first one makes AWS's clients."""
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as held:
        here = held.enter_context(stub(Path(name)))
        world = World(here, Path(name), held)
        world.run("bulk", recipients)
        os.environ.update(world.environment)
        settings.load.cache_clear()
        return asyncio.run(_refreshes(here, f"bench-bulk-{recipients}"))


async def _refreshes(here: Stub, out_id: str) -> list[Refresh]:
    console = Console("bench", Safety(_PORT))
    session = console.safety.enter(console.safety.new_address().rpartition("/")[2])
    assert session  # noqa: S101 - the address is new
    headers = {
        "Host": console.safety.host,
        "Cookie": f"{console.safety.cookie}={session.id}",
        "X-Fragment": "part",
    }
    found = []
    async with TestClient(TestServer(app.make(console))) as browser:
        for _ in range(_REFRESHES):
            here.call("forget")
            began = time.perf_counter()
            for part in _PARTS:
                path = f"/parts/campaign/{part}"
                async with browser.get(path, params={"outId": out_id}, headers=headers) as answer:
                    text = await answer.text()
                if answer.status != 200:
                    raise RuntimeError(text)
            seconds = time.perf_counter() - began
            found.append(Refresh(seconds, here.call("figures")["read_units"]))
    return found


def main() -> None:
    """Print the slowest refresh and the one in the middle, and the read units of the last one."""
    recipients = int(sys.argv[1]) if len(sys.argv) > 1 else _RECIPIENTS
    first, *others = measure(recipients)
    seconds = sorted(one.seconds for one in others)
    print(
        f"{recipients:,} recipients: a refresh takes {seconds[len(seconds) // 2]:.3f} s (the slowest of "
        f"{len(seconds)} {seconds[-1]:.3f} s, the first one {first.seconds:.3f} s), {others[-1].read_units} read units"
    )


if __name__ == "__main__":
    main()
