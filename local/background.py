"""A server of asyncio's in a thread of another program, for tests."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

_START_SECONDS = 10.0

Serve = Callable[[Callable[[str], None], asyncio.Event], Awaitable[None]]
"""Serves until the event: is given what to call with its URL once it listens, and the event."""


@contextmanager
def running(name: str, serve: Serve) -> Iterator[str]:
    """Run a server; gives its URL, or raises what it died of."""
    told: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def work() -> None:
        await serve(told.put, stop)

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except BaseException as error:  # raised in the thread that waits for it
            told.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name=name, daemon=True)
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
