"""The simulator inside another program, for tests."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .server import serve
from .settings import Settings

_START_SECONDS = 10.0


@contextmanager
def running(settings: Settings | None = None, state: Path | None = None) -> Iterator[str]:
    """Run a simulator in a thread on a free port; gives its base URL."""
    told: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        try:
            loop.run_until_complete(
                serve(settings or Settings(), port=0, state=state, ready=told.put, stop=stop)
            )
        except BaseException as error:
            told.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="quickaudience", daemon=True)
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
