"""Whether the slow variants of tests run."""

import os
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import pytest

_T = TypeVar("_T")

ALL = os.environ.get("BREAKS") == "all"
"""CI sets BREAKS=all; other runs leave out variants that rarely differ from the ones they run."""


def some(variants: Iterable[_T], step: int) -> list[_T]:
    """Return all variants of a test in CI, and each `step`th of them in other runs."""
    return list(variants)[:: 1 if ALL else step]


def spread(variants: Iterable[_T], step: int, kind: Callable[[_T], Hashable]) -> list[_T]:
    """Return all variants in CI's runs; in other runs each `step`th of them, and the first of each kind."""
    found = list(variants)
    first: dict[Hashable, int] = {}
    for number, variant in enumerate(found):
        first.setdefault(kind(variant), number)
    return [
        variant
        for number, variant in enumerate(found)
        if ALL or number % step == 0 or first[kind(variant)] == number
    ]


def rounds(count: int, least: int = 1) -> range:
    """Return the rounds of a race: `count` of them in CI, and a quarter of them, but `least`, in other runs."""
    return range(count if ALL else max(least, -(-count // 4)))


def for_ci(reason: str) -> pytest.MarkDecorator:
    """Mark a test that only CI runs; the reason says which test of `make test` is like it."""
    return pytest.mark.skipif(not ALL, reason=f"{reason}: BREAKS=all runs it")
