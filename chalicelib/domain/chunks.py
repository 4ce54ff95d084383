"""A chunk of a request: its name, and how far sending it has come."""

from dataclasses import dataclass

from chalicelib.domain.planning import Call, Chunk, Failure

Outcome = str | Failure | None
"""The outcome of one recipient: a sid, a refusal, or None when it may have been sent and nobody knows."""


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """The name of a chunk: what the `sends` queue carries of it."""

    out_id: str
    biz_id: str
    start: int

    @property
    def sort(self) -> str:
        """Return the start of its items' sort keys."""
        return f"CHUNK#{self.biz_id}#{self.start:08d}#"


@dataclass(frozen=True, slots=True)
class ChunkProgress:
    """Everything that is stored of a chunk: its plan, the claimed attempts, the outcomes so far."""

    plan: Chunk
    outcomes: dict[int, Outcome]
    claimed: dict[int, int]
    """Each claimed attempt, with the epoch at which its claimer is certainly dead."""
    done: frozenset[int]
    """The attempts that have a result."""

    def remaining_calls(self) -> list[tuple[list[int], Call]]:
        """Return the calls to recipients without an outcome: their positions, and the call itself."""
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
