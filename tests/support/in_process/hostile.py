"""AWS at its worst in the tests' process: `HOSTILE=all pytest tests/integration` (`local.hostile`).

Without the variable, nothing here does anything. Everything is drawn by HOSTILE_SEED and by the test's name, so a
failure repeats.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient

from local.hostile import chain
from local.hostile.chain import Recursion
from local.hostile.hooks import Hooks
from local.hostile.switches import Switch, Switches
from tests.support.in_process.switches import SWITCHES

_SHARE = 0.15


class Hostile:
    """What is hostile in one test: the calls of its clients, and what its pump does.

    `dropped` counts the invocations that Lambda refused because of a loop (`RecursiveInvocationsDropped`).
    """

    def __init__(self, switches: Switches = Switches(), purpose: str = "") -> None:  # noqa: B008 -- frozen
        self.switches = switches
        self.hooks = Hooks(switches, purpose, lenient=True)
        self.recursion = Recursion()
        self.dropped: Counter[str] = Counter()
        # Tests read the table, too, and may.
        self.hooks.weak_reads.weakening = False
        self._losses = switches.draws(Switch.LOST_RECEIVE, purpose)
        self._repeats = switches.draws(Switch.AGAIN, purpose)

    def loses_receive(self, key: str) -> bool:
        """Return whether a message's receive is counted and nothing else happens. Never twice in a row."""
        return Switch.LOST_RECEIVE in self.switches and self._losses.fails(key, _SHARE)

    def delivers_again(self) -> bool:
        """Return whether messages that were worked through are delivered once more."""
        return Switch.AGAIN in self.switches and self._repeats.chance(_SHARE)

    def stops(self, function: str, event: dict[str, Any]) -> bool:
        """Return whether Lambda refuses to call a function because of a loop, and count that."""
        if Switch.CHAIN not in self.switches:
            return False
        headers = chain.of_records(event["Records"])
        if not chain.stops(headers, allowed=self.recursion.allows(function)):
            return False
        self.dropped[function] += 1
        return True

    @contextmanager
    def invocation(self, event: dict[str, Any]) -> Iterator[None]:
        """Run a function inside the block. Reads see what was written before it."""
        self.hooks.weak_reads.settle()
        # What it writes stays young for an HTTP request that follows.
        with self.request(), self.hooks.chain.running(chain.of_records(event.get("Records", []))):
            yield

    @contextmanager
    def request(self) -> Iterator[None]:
        """Answer an HTTP request inside the block. Its reads may miss what the last function wrote."""
        self.hooks.weak_reads.weakening = True
        try:
            yield
        finally:
            self.hooks.weak_reads.weakening = False


current = Hostile()
"""What is hostile in the test that runs now."""


@contextmanager
def kind() -> Iterator[None]:
    """Turn everything off inside the block: for what a test itself writes to AWS."""
    global current  # noqa: PLW0603 -- one for each test
    before, current = current, Hostile()
    try:
        yield
    finally:
        current = before


def install(monkeypatch: pytest.MonkeyPatch, purpose: str) -> None:
    """Prepare for a test. Call it before anything else stands between clients and AWS."""
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        return current.hooks.make(client, operation, params, original)

    use(SWITCHES, purpose)
    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)
    if SWITCHES:
        # The pauses are real, and throttled batches and conflicts are frequent.
        monkeypatch.setattr("chalicelib.store.batches._FIRST_PAUSE", 0)
        monkeypatch.setattr("chalicelib.store.conflicts._PAUSES", (0, 0))


def use(switches: Switches | str, purpose: str = "") -> Hostile:
    """Turn on these switches, and no others, for the rest of a test."""
    global current  # noqa: PLW0603 -- one for each test
    made = Switches.parse(switches) if isinstance(switches, str) else switches
    current = Hostile(made, purpose)
    return current
