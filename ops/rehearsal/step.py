"""What a step of the rehearsal is, and what it has to work with."""

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
    """What a step works with: the stage, and what undoes its changes, last change first."""

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
