"""Dates on both wires: Beijing time without a zone, `yyyy-MM-dd HH:mm:ss`.

Lambda's clock is UTC, and neither document names a zone. Inside, every moment is an epoch in whole
seconds; this module alone knows how it is written. China has had no summer time since 1991, so a
fixed offset is exact and no zone database has to ship.
"""

import functools
import re
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
FORMAT = "%Y-%m-%d %H:%M:%S"


# Messages of a campaign are sent, received and told of within the same seconds.
_remembered = functools.lru_cache(maxsize=4096)


@_remembered
def to_beijing(epoch: float) -> str:
    """Write an epoch as `yyyy-MM-dd HH:mm:ss` in Beijing time."""
    return datetime.fromtimestamp(epoch, BEIJING).strftime(FORMAT)


@_remembered
def from_beijing(text: str) -> int:
    """Read `yyyy-MM-dd HH:mm:ss` as Beijing time. Raises ValueError for anything else."""
    # strptime alone takes single digits, other scripts' digits and any white space.
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f"not a date of the form yyyy-MM-dd HH:mm:ss: {text[:30]!r}")
    return int(datetime.strptime(text, FORMAT).replace(tzinfo=BEIJING).timestamp())


def to_hour(epoch: float) -> int:
    """Write the hour of an epoch as Tencent's statistics want it: the number yyyymmddhh, Beijing time."""
    return int(datetime.fromtimestamp(epoch, BEIJING).strftime("%Y%m%d%H"))
