"""Whether the slow variants of tests run."""

import os
from collections.abc import Iterable
from typing import TypeVar

_T = TypeVar("_T")

ALL = os.environ.get("BREAKS") == "all"
"""CI sets BREAKS=all; other runs leave out variants that rarely differ from the ones they run."""


def some(variants: Iterable[_T], step: int) -> list[_T]:
    """Return all variants of a test in CI, and each `step`th of them in other runs."""
    return list(variants)[:: 1 if ALL else step]
