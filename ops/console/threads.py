"""The threads in which boto3 is called, since it blocks: one group for each kind of work.

While AWS does not answer, the threads that have asked it wait. With groups of their own, reads that repeat every few
seconds don't delay what an operator asks for, and neither of them delays an action.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from chalicelib import deadline
from ops.console import memory

T = TypeVar("T")

Kind = Literal["polled", "page", "asked", "action"]
"""Reads that repeat every few seconds; reads with a page only; reads on a click; changes."""

_THREADS: dict[Kind, int] = {"polled": 4, "page": 2, "asked": 2, "action": 2}
_SECONDS: dict[Kind, float] = {"polled": 20, "page": 60}
"""How long a read may take. Under a deadline, AWS's clients give up a call that gets no answer within 6 s (`aws.py`).

The other kinds have no limit: a read on a click may count every item, and an action must not be given up halfway.
"""
_GRACE_SECONDS = 7


class TooSlowError(Exception):
    """A read was given up, because AWS or Tencent does not answer, or because there is too much to read."""


class Threads:
    """The threads of a console. They start when they are needed."""

    def __init__(self) -> None:
        self._pools = {
            kind: ThreadPoolExecutor(count, thread_name_prefix=f"console-{kind}")
            for kind, count in _THREADS.items()
        }

    async def run(self, kind: Kind, work: Callable[[], T], *, patience: float | None = None) -> T:
        """Run something in a thread of its kind. Raises TooSlowError if it takes too long, or gets no thread in time.

        `patience` is how many seconds to wait for a read; with None, as long as a read of its kind may take.
        """
        loop, seconds = asyncio.get_running_loop(), _SECONDS.get(kind)

        def given() -> T:
            try:
                return work() if seconds is None else _within(seconds, work)
            finally:
                # Not after each of the reads that come every few seconds and leave little.
                if kind != "polled":
                    memory.give_back()

        # A context of its own, as asyncio.to_thread has it: the deadline is kept there.
        running = loop.run_in_executor(self._pools[kind], contextvars.copy_context().run, given)
        if seconds is None:
            return await running
        most = seconds + _GRACE_SECONDS if patience is None else patience
        await asyncio.wait({running}, timeout=most)
        if running.done():
            return running.result()
        # If it has not begun, it never will.
        running.cancel()
        raise TooSlowError(f"no answer within {most:g} s")


def _within(seconds: float, work: Callable[[], T]) -> T:
    try:
        with deadline.within(seconds):
            return work()
    except deadline.OutOfTimeError:
        raise TooSlowError(f"not read within {seconds:g} s") from None
