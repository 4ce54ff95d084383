"""The formats of values on the wire: ASCII JSON, dates in Beijing time, message ids."""

import json
import random
import re
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))

_SID_ALPHABET = string.ascii_letters + string.digits
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def encode(value: Any) -> bytes:
    """Encode JSON as Tencent does: ASCII, with escapes in upper-case hex digits."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _NOT_ASCII.sub(_escape, text).encode("ascii")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFFFF:
        return f"\\u{code:04X}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"


def beijing_time(moment: float) -> str:
    """Format a moment as ``yyyy-mm-dd hh:mm:ss``, without a zone, as the documents do."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def beijing_day(moment: float) -> str:
    """Format the day of a moment as ``yyyymmdd``."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y%m%d")


def new_sid(moment: float) -> str:
    """Return a random message id."""
    return f"8:{''.join(random.choices(_SID_ALPHABET, k=19))}{beijing_day(moment)}"


def start_of_hour(hour: int) -> float:
    """Return the start of an hour that is written as ``yyyymmddhh`` in Beijing time.

    Raises:
        ValueError: no such hour exists.
    """
    if not 1_000_000_000 <= hour <= 9_999_123_123:
        raise ValueError(hour)
    start = datetime.strptime(str(hour), "%Y%m%d%H").replace(tzinfo=BEIJING)
    return start.astimezone(UTC).timestamp()
