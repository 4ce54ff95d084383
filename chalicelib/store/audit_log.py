"""What operators changed: an entry for each command, kept for a year.

Only `ops` writes these items; the functions' policies do not allow this partition.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chalicelib import dates
from chalicelib.store import table

_RETENTION_SECONDS = 366 * 24 * 3600
# Characters of an outcome that are stored.
_MAX_OUTCOME = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A command that changed something. The field names are stored, so they must not change.

    `at` is the epoch at which it began, `id` a random name, `who` the ARN of the caller. `result` is `begun` until the
    command has ended. `outcome` is what it returned, or the error. `arguments` and `outcome` are JSON values.
    """

    at: int
    id: str
    who: str
    command: str
    arguments: Mapping[str, Any]
    result: Literal["begun", "done", "failed"] = "begun"
    outcome: Any = None


def put(entry: AuditEntry) -> None:
    """Store an entry. An earlier state of the same entry is overwritten."""
    outcome = json.dumps(entry.outcome, ensure_ascii=False)
    if len(outcome) > _MAX_OUTCOME:
        outcome = json.dumps(f"{outcome[:_MAX_OUTCOME]}…", ensure_ascii=False)
    time = dates.to_beijing(entry.at)
    table.put(
        table.key(f"AUDIT#{time[:7]}", f"{time}#{entry.id}")
        | asdict(entry)
        | {
            "arguments": json.dumps(entry.arguments, ensure_ascii=False),
            "outcome": outcome,
            "expires": entry.at + _RETENTION_SECONDS,
        }
    )


def between(first: str, last: str) -> Iterator[AuditEntry]:
    """Yield the entries of two days in Beijing time (`yyyy-MM-dd`) and of those between them, newest first."""
    month = last[:7]
    while month >= first[:7]:
        found = table.query(
            f"AUDIT#{month}", first, until=f"{last}~", newest_first=True, consistent=True
        )
        yield from map(_entry, found)
        month = _month_before(month)


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def _entry(item: table.Item) -> AuditEntry:
    return table.read_as(
        AuditEntry,
        item,
        arguments=json.loads(item["arguments"]),
        outcome=json.loads(item["outcome"]),
    )
