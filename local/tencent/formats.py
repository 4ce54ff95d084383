"""The formats of values on the wire: ASCII JSON, dates in Beijing time, message ids."""

import json
import random
import re
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

JsonStyle = Literal["escaped", "bom", "gb18030", "line-feeds"]
MobileStyle = Literal["plain", "prefixed", "plus", "masked"]
BEIJING = timezone(timedelta(hours=8))

_SID_ALPHABET = string.ascii_letters + string.digits
_TEXT_START = re.compile(r'"(?:errmsg|description)":"')
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def encode(value: Any, style: JsonStyle = "escaped") -> bytes:
    """Encode JSON as Tencent does, ASCII with escapes in upper-case hex digits, or in a more careless style."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    match style:
        case "escaped":
            return _NOT_ASCII.sub(_escape, text).encode("ascii")
        case "bom":
            return text.encode("utf-8-sig")
        case "gb18030":
            return text.encode("gb18030")
        case "line-feeds":
            return _TEXT_START.sub(lambda match: match[0] + "\n", text).encode()


def spell(nationcode: str, mobile: str, style: MobileStyle) -> str:
    """Return a mobile as Tencent's documents write it, or in another style."""
    match style:
        case "plain":
            return mobile
        case "prefixed":
            return nationcode + mobile
        case "plus":
            return f"+{nationcode}{mobile}"
        case "masked":
            return f"{mobile[:3]}****{mobile[7:]}"


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
