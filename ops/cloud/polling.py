"""Wait until AWS has finished a change."""

import time
from collections.abc import Callable
from typing import TypeVar

from ops import stages
from ops.errors import OperatorError

T = TypeVar("T")

_SECONDS = 1.0


def until(look: Callable[[], T | None], seconds: float, waiting_for: str) -> T:
    """Return the first result of `look` that is not None. Raises OperatorError if there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise OperatorError(
                f"AWS has not finished within {seconds:.0f} seconds: {waiting_for}. Run the command again"
            )
        time.sleep(0.05 if stages.emulator() else _SECONDS)
