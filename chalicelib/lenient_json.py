"""JSON as Quick Audience's fields hold it, read so that nothing surprising comes out."""

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

_LONG = 100_000
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """Read JSON. A fraction stays the text it was (5.0 is not 5).

    Raises ValueError for anything that is not JSON, NaN and texts that are no Unicode included. May raise
    RecursionError for absurd nesting.
    """
    with _without_garbage_collection() if len(text) > _LONG else nullcontext():
        value = json.loads(text, parse_float=str, parse_constant=_no_constant)
    if _SURROGATE.search(text):
        # Half a character can't be kept or sent anywhere: UnicodeEncodeError is a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    return value


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Without the garbage collector: millions of lists would be looked through while they are being read."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
