"""The simulator inside another program, for tests."""

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.tencent.behaviour import Behaviour
from local.tencent.checks import Application
from local.tencent.server import Server
from local.tencent.simulator import DEFAULT_APPLICATION, DEFAULT_SIGN, Approved, Simulator
from local.tencent.state import State

_START_SECONDS = 10.0


@contextmanager
def running(
    behaviour: Behaviour | None = None,
    *,
    application: Application = DEFAULT_APPLICATION,
    state: Path | None = None,
    signs: Sequence[Approved] = (DEFAULT_SIGN,),
    templates: Sequence[Approved] = (),
) -> Iterator[str]:
    """Run a simulator in a thread on a free port; gives its base URL."""
    told: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        simulator = Simulator(application, behaviour or Behaviour(), State(state), signs, templates)
        server = Server(simulator)
        told.put(f"http://127.0.0.1:{await server.start(0)}")
        await stop.wait()
        await server.stop()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:  # raised in the thread that waits for it
            told.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="tencent", daemon=True)
    thread.start()
    answer = told.get(timeout=_START_SECONDS)
    if isinstance(answer, BaseException):
        thread.join()
        raise answer
    try:
        yield answer
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
