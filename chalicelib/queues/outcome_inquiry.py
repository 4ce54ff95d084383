"""An inquiry about sends that got no answer, as a message of the queue `callbacks` holds it."""

from dataclasses import dataclass
from typing import Any, Self

from chalicelib.domain.chunks import ChunkKey


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeInquiry:
    """Recipients of a chunk whose send got no answer: Tencent is asked for its outcome.

    They were sent to between the epochs `began` and `ended`. `positions` are still to be asked about, `unsettled` were
    asked about in this round without a result. `round` counts the rounds before this one.
    """

    chunk: ChunkKey
    began: int
    ended: int
    positions: tuple[int, ...]
    unsettled: tuple[int, ...] = ()
    round: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return its fields as JSON values."""
        return {
            "outId": self.chunk.out_id,
            "bizId": self.chunk.biz_id,
            "start": self.chunk.start,
            "began": self.began,
            "ended": self.ended,
            "positions": list(self.positions),
            "unsettled": list(self.unsettled),
            "round": self.round,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_dict` returns."""
        return cls(
            chunk=ChunkKey(str(fields["outId"]), str(fields["bizId"]), int(fields["start"])),
            began=int(fields["began"]),
            ended=int(fields["ended"]),
            positions=tuple(map(int, fields["positions"])),
            unsettled=tuple(map(int, fields.get("unsettled", ()))),
            round=int(fields.get("round", 0)),
        )
