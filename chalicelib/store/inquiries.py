"""How far Tencent has been queried about the messages of an hour that have no receipt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chalicelib.store import batches, table

_PK = "INQUIRED"
# Chunks are closed after three days. The records are kept a day longer, for operators.
_RETENTION_HOURS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One inquiry about the chunks of an hour, made `age` hours after it. The field names are stored.

    `hour` is the hour in which the chunks were accepted (epoch // 3600), `after` the sort key of the last chunk that
    was queried. `done` means that all of them were.
    """

    hour: int
    age: int
    after: str = ""
    done: bool = False


def record(inquiries: Sequence[Inquiry]) -> None:
    """Store how far inquiries have come. Each replaces the previous inquiry about its hour."""
    batches.put(
        [
            table.key(_PK, f"{inquiry.hour:08d}")
            | asdict(inquiry)
            | {"expires": (inquiry.hour + _RETENTION_HOURS) * 3600}
            for inquiry in inquiries
        ]
    )


def by_hour() -> dict[int, Inquiry]:
    """Return the latest inquiry about each hour."""
    inquiries = [table.read_as(Inquiry, item) for item in table.query(_PK, consistent=True)]
    return {inquiry.hour: inquiry for inquiry in inquiries}
