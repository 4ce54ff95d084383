"""Actions: what changes something. Each asks first, and then shows its result and the command that does the same."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ops.console import out_ids
from ops.console.visits import Visit
from ops.errors import OperatorError

Fact = tuple[str, Any]
"""The key of a word, and a value."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of a question: one of several values, each with the key of its word."""

    name: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Counts:
    """A list in a question: texts, each with a number of recipients. Its heading is the word `counts.<name>`."""

    name: str
    rows: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a dialog asks before an action.

    `facts` name what the action concerns, and how much of it. `warning` is the key of a word; `values` fill it in.
    `kept` is posted with the answer. `typed` has to be typed by the operator. With a `text_limit`, the dialog has a
    field `reason` of that many characters. `counts` and `warnings`, texts, say more. Without `offered`, there is
    nothing to do, so that the dialog can only be closed.
    """

    facts: Sequence[Fact]
    warning: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    typed: str = ""
    text_limit: int = 0
    choices: Sequence[Choice] = ()
    counts: Sequence[Counts] = ()
    warnings: Sequence[str] = ()
    offered: bool = True

    @property
    def coded(self) -> bool:
        """Return whether `typed` is a code that stands for the outId in `kept`, because that can't be typed."""
        return self.typed not in ("", self.kept.get("outId", self.typed))


@dataclass(frozen=True, slots=True)
class Result:
    """What an action did. `command` are the words of the command that does the same, without the program's name."""

    facts: Sequence[Fact]
    command: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """An action at `/actions/<name>`; its words are `action.<name>`, as a button, and `action.<name>.title`.

    `ask` and `act` run in a thread and raise what the functions of `ops` raise.
    """

    name: str
    ask: Callable[[Visit], Question]
    act: Callable[[Visit], Result]
    danger: bool = False


def require_typed(visit: Visit, expected: str) -> None:
    """Raise OperatorError unless the operator has typed a text."""
    if not out_ids.is_typed(visit.form.get("typed", ""), expected):
        raise OperatorError(visit.words("dialog.typed_wrong", text=expected))


def command_line(visit: Visit, command: Sequence[str]) -> str:
    """Return a command as it is typed in a shell; "" if a shell can't be given one of its words."""
    if any("\0" in word for word in command):
        return ""
    return " ".join(map(_quoted, ("python", "-m", "ops", *command, "--stage", visit.console.stage)))


def _quoted(word: str) -> str:
    """Return a word in quotes. One with invisible characters has them as escapes, so that they survive copying."""
    if out_ids.shown(word) == word:
        return shlex.quote(word)
    escaped = (f"\\U{ord(one):08x}" if out_ids.shown(one) != one else one for one in word)
    return "$'" + "".join("\\" + one if one in "\\'" else one for one in escaped) + "'"
