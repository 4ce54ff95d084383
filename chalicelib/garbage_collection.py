"""Settings of Python's garbage collector that save time at a cold start and in large requests.

Imports create a hundred thousand objects that live as long as the process. Scanning them while they are being
created is wasted time, so the collector runs rarely until the first event is answered. Then all objects that
exist are frozen: the collector never scans them again. From then on it runs less often than by default: since
it tracks few objects after the freeze, every large request would trigger full collections, which take a seventh
of the time of accepting the request. Figures: docs/cold-start.md, docs/benchmarks.md.
"""

import gc
from collections.abc import Callable
from typing import Any

NORMAL_THRESHOLD = 50_000
"""Allocations less deallocations between two collections; Python's default is 700."""
# Until the first event is answered. Not switched off, because the first event may take long.
_STARTUP_THRESHOLD = 200_000


def postpone() -> None:
    """Make the collector run rarely. Call this before anything large is imported."""
    gc.set_threshold(_STARTUP_THRESHOLD)


def resume(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Handle an event; after the first one, freeze all objects and let the collector run. A Chalice middleware."""
    try:
        return get_response(event)
    finally:
        if gc.get_threshold()[0] == _STARTUP_THRESHOLD:
            gc.freeze()
            gc.set_threshold(NORMAL_THRESHOLD)
