"""Run the simulator inside another program, for tests."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from local import background
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Application
from local.tencent.presets import DEFAULT_APPLICATION, DEFAULT_SIGN, Preset
from local.tencent.server import Server
from local.tencent.simulator import Simulator
from local.tencent.state import State


def running(
    behaviour: Behaviour | None = None,
    *,
    application: Application = DEFAULT_APPLICATION,
    state: Path | None = None,
    signs: Sequence[Preset] = (DEFAULT_SIGN,),
    templates: Sequence[Preset] = (),
) -> AbstractContextManager[str]:
    """Run a simulator in a thread, on a free port.

    Returns:
        A context manager that yields the simulator's base URL.
    """

    async def serve(ready: Callable[[str], None], stop: asyncio.Event) -> None:
        simulator = Simulator(application, behaviour or Behaviour(), State(state), signs, templates)
        server = Server(simulator)
        ready(f"http://127.0.0.1:{await server.start(0)}")
        await stop.wait()
        await server.stop()

    return background.running("tencent", serve)
