"""How values look on the wire: JSON in ASCII, dates in Beijing time."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def encode(value: Any) -> bytes:
    """Encode as JSON the way Tencent does: Chinese escaped, with upper-case hex digits."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _NOT_ASCII.sub(_escape, text).encode("ascii")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFFFF:
        return f"\\u{code:04X}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"


def beijing_time(moment: float) -> str:
    """Write a moment as the documents do, without naming the zone."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def beijing_day(moment: float) -> str:
    """Write the day of a moment as ``yyyymmdd``."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y%m%d")


def start_of_hour(hour: int) -> float:
    """Read an hour written as ``yyyymmddhh`` (Beijing time); ValueError if there is none such."""
    if not 1_000_000_000 <= hour <= 9_999_123_123:
        raise ValueError(hour)
    start = datetime.strptime(str(hour), "%Y%m%d%H").replace(tzinfo=BEIJING)
    return start.astimezone(UTC).timestamp()
