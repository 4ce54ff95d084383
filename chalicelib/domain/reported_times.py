"""Times as Tencent reports them: an epoch in a reply, a date in Beijing time in a status, and other customary forms."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from chalicelib.dates import BEIJING
from chalicelib.lenient_json import integer

_YEAR_2001, _YEAR_2100 = 1_000_000_000, 4_102_444_800
# An epoch may count milliseconds, microseconds or nanoseconds. Their ranges of years do not overlap.
_UNITS = (1, 1000, 1_000_000, 1_000_000_000)
_LARGEST_OFFSET = timedelta(hours=14)
_SECONDS_AND_MORE = re.compile(r"\s*([0-9]{10})\.[0-9]+\s*")
_DATE = re.compile(
    r"\s*(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"[Tt\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>[zZ]|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?\s*",
    re.ASCII,
)
_COMPACT_DATE = re.compile(
    r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})",
    re.ASCII,
)


def read(value: Any) -> int | None:
    """Return the epoch, in seconds, that a value stands for; None if it is no time from 2001 to 2099.

    A date without a zone is in Beijing time.
    """
    number = integer(value)
    text = str(value) if number is None else str(number)
    if match := _COMPACT_DATE.fullmatch(text) or _DATE.fullmatch(text[:40]):
        return _in_range(_epoch(match))
    if match := _SECONDS_AND_MORE.fullmatch(text):
        number = int(match[1])
    for unit in _UNITS:
        if number is not None and (seconds := _in_range(number // unit)):
            return seconds
    return None


def _epoch(date: re.Match[str]) -> int | None:
    found = date.groupdict()
    names = ("year", "month", "day", "hour", "minute", "second")
    zone = BEIJING
    if found.get("sign"):
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
        zone = timezone(min(offset, _LARGEST_OFFSET) * (-1 if found["sign"] == "-" else 1))
    elif found.get("zone"):
        zone = UTC
    try:
        moment = datetime(*(int(found[name] or 0) for name in names), tzinfo=zone)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return int(moment.timestamp())


def _in_range(seconds: int | None) -> int | None:
    return seconds if seconds is not None and _YEAR_2001 <= seconds < _YEAR_2100 else None
