"""How far Tencent was asked about the messages of an hour that have no receipt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chalicelib.store import table

_PK = "INQUIRED"
# Chunks are closed after three days; a day more for whoever looks.
_RETENTION_HOURS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One look at an hour's chunks, `age` hours after it.

    `hour` is the epoch's hour in which they were accepted; `after` the sort key of the last chunk
    that was asked about; `done` that all of them were.
    """

    hour: int
    age: int
    after: str = ""
    done: bool = False


def record(found: Sequence[Inquiry]) -> None:
    """Keep how far inquiries got, each over what was kept of its hour before."""
    table.batch_put(
        [
            table.key(_PK, f"{inquiry.hour:08d}")
            | asdict(inquiry)
            | {"expires": (inquiry.hour + _RETENTION_HOURS) * 3600}
            for inquiry in found
        ]
    )


def by_hour() -> dict[int, Inquiry]:
    """The newest inquiry into each hour."""
    found = [
        Inquiry(**{name: item[name] for name in Inquiry.__dataclass_fields__})
        for item in table.query(_PK, consistent=True)
    ]
    return {inquiry.hour: inquiry for inquiry in found}
