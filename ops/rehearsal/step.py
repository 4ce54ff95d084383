"""A step of the rehearsal, its context and its answer."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from ops.cloud.identity import Identity
from ops.progress import Progress


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS answered, and whether that was expected; None where there is nothing to compare."""

    text: str
    as_expected: bool | None = None


@dataclass(frozen=True)
class Context:
    """The context of a step: the stage, and the stack that undoes the step's changes, the last one first."""

    stage: str
    config: dict[str, Any]
    identity: Identity
    cleanup: ExitStack
    progress: Progress

    def name(self, part: str) -> str:
        """Return a name for something that a step makes."""
        return f"qa-sms-bridge-{self.stage}-rehearsal-{part}"


@dataclass(frozen=True)
class Step:
    """A step: its name for `--only`, what it asks, what is expected, and its cost in words."""

    name: str
    question: str
    expectation: str
    cost: str
    run: Callable[[Context], Answer]
