"""A JSON reader for texts from Quick Audience: it keeps fractions as they are written and refuses non-JSON."""

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

# Characters from which parsing is faster without the garbage collector.
_LONG = 100_000
# Half of a surrogate pair, escaped.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """Parse JSON. A fraction is returned as its text, so that 5.0 does not become 5.

    Raises ValueError for anything that is not JSON, including NaN and strings that are not valid Unicode. May
    raise RecursionError for extremely deep nesting.
    """
    with _without_garbage_collection() if len(text) > _LONG else nullcontext():
        value = json.loads(text, parse_float=str, parse_constant=_no_constant)
    if _SURROGATE.search(text):
        # Half of a surrogate pair can be neither stored nor sent. UnicodeEncodeError is a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    return value


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off: it would scan millions of lists while they are being created."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
