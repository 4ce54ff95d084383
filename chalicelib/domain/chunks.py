"""A chunk of a request: its key, and how much of it has been sent."""

from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.domain.planning import Call, Chunk, Failure

Outcome = str | Failure | None
"""The outcome of one recipient: a sid if it was sent, a Failure if it was refused, None if it is unknown."""

NO_CALLS = -1
"""In place of a probe's position: an attempt that makes no call, because its recipients fail without one."""


class SendSums(NamedTuple):
    """What attempts sent: messages that Tencent accepted, messages of unknown outcome, and segments that it bills."""

    sent: int = 0
    unknown: int = 0
    segments: int = 0

    def plus(self, other: "SendSums") -> "SendSums":
        """Return the sums of both."""
        return SendSums(
            self.sent + other.sent, self.unknown + other.unknown, self.segments + other.segments
        )


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """The key of a chunk. The `sends` queue carries nothing else of it."""

    out_id: str
    biz_id: str
    start: int

    @property
    def sort(self) -> str:
        """Return the prefix of the sort keys of its items."""
        return f"CHUNK#{self.biz_id}#{self.start:08d}#"


@dataclass(frozen=True, slots=True)
class ChunkProgress:
    """Everything that is stored about a chunk: its plan, the claimed attempts and the outcomes so far."""

    plan: Chunk
    outcomes: dict[int, Outcome]
    claimed: dict[int, int]
    """The claimed attempts, each with the epoch from which its claimer is certainly dead."""
    done: frozenset[int]
    """The attempts whose result is stored."""
    only: dict[int, int] = field(default_factory=dict)
    """The claimed attempts that are probes, each with the position of the one recipient that it calls, or NO_CALLS."""
    sent: dict[int, SendSums] = field(default_factory=dict)
    """The attempts whose result is stored, each with what it sent."""

    @property
    def next_attempt(self) -> int:
        """Return the number of the attempt after the last one that has a result."""
        return max(self.done, default=-1) + 1

    @property
    def complete(self) -> bool:
        """Return whether every recipient has an outcome that is stored."""
        return bool(self.done) and not self.remaining_calls()

    def remaining_calls(self) -> list[tuple[list[int], Call]]:
        """Return the calls that are still to be made: each with the positions of its recipients.

        A recipient with an outcome is left out.
        """
        calls = []
        for start, call in self.plan.call_starts():
            left = {
                position: phone
                for position, phone in enumerate(call.phones, start)
                if position not in self.outcomes
            }
            if left:
                calls.append((list(left), Call(tuple(left.values()), call.params)))
        return calls
