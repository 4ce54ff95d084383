"""An asyncio server in a thread of another program, for tests."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

_START_SECONDS = 30.0

Serve = Callable[[Callable[[str], None], asyncio.Event], Awaitable[None]]
"""Calls its first argument with the server's URL once it listens, and serves until the event is set."""


@contextmanager
def running(name: str, serve: Serve) -> Iterator[str]:
    """Run a server and yield its URL. Raise the server's own error if it cannot start."""
    started: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def work() -> None:
        await serve(started.put, stop)

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except BaseException as error:  # raised in the thread that waits for the start
            started.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    outcome = started.get(timeout=_START_SECONDS)
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    try:
        yield outcome
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
