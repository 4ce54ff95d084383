"""Python's garbage collector, which would look through what a start imports while it is imported.

Imports make a hundred thousand objects that stay for good. So the collector looks seldom until the first
event is answered; then all that is there is taken out of its sight. Afterwards it looks less often than
Python has it: with so little in sight it would take each large request for a reason to look through all of
it, for a seventh of the time that accepting one takes. Figures: docs/cold-start.md, docs/benchmarks.md.
"""

import gc
from collections.abc import Callable
from typing import Any

NORMAL_THRESHOLD = 50_000
"""Objects that are made, less those that are gone, between two looks; Python's own figure is 700."""
# It is not switched off: the first event may be a long one.
_STARTUP_THRESHOLD = 200_000


def postpone() -> None:
    """Have it look seldom. Called before anything large is imported."""
    gc.set_threshold(_STARTUP_THRESHOLD)


def resume(event: Any, answer: Callable[[Any], Any]) -> Any:
    """Answer an event and, if it was the first, have the collector work from now on. A middleware of Chalice's."""
    try:
        return answer(event)
    finally:
        if gc.get_threshold()[0] == _STARTUP_THRESHOLD:
            gc.freeze()
            gc.set_threshold(NORMAL_THRESHOLD)
