"""Dates as both Quick Audience and Tencent write them: Beijing time without a zone, `yyyy-MM-dd HH:mm:ss`.

Lambda's clock is UTC, and neither document names a time zone. Inside the bridge every time is an epoch in
whole seconds; only this module converts between the two. China has had no summer time since 1991, so a fixed
offset is exact and the bundle needs no time zone database.
"""

import functools
import re
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
FORMAT = "%Y-%m-%d %H:%M:%S"


# Cached, because the messages of a campaign are sent, received and reported within the same few seconds.
_cached = functools.lru_cache(maxsize=4096)


@_cached
def to_beijing(epoch: float) -> str:
    """Format an epoch as `yyyy-MM-dd HH:mm:ss` in Beijing time."""
    return datetime.fromtimestamp(epoch, BEIJING).strftime(FORMAT)


@_cached
def from_beijing(text: str) -> int:
    """Parse `yyyy-MM-dd HH:mm:ss` as Beijing time. Raises ValueError for anything else."""
    # strptime by itself also accepts single digits, digits of other scripts and any white space.
    if not _DATE.fullmatch(text):
        raise ValueError(f"not a date of the form yyyy-MM-dd HH:mm:ss: {text[:30]!r}")
    return int(datetime.strptime(text, FORMAT).replace(tzinfo=BEIJING).timestamp())


def to_hour(epoch: float) -> int:
    """Return the hour of an epoch as Tencent's statistics expect it: the number yyyymmddhh, in Beijing time."""
    return int(datetime.fromtimestamp(epoch, BEIJING).strftime("%Y%m%d%H"))
