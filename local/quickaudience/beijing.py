"""The document's dates: Beijing time, without a zone."""

import re
from datetime import datetime, timedelta, timezone

_BEIJING = timezone(timedelta(hours=8))
_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def format_date(epoch_seconds: float) -> str:
    """Format a moment as ``yyyy-MM-dd HH:mm:ss``."""
    return datetime.fromtimestamp(epoch_seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def is_date(text: str) -> bool:
    """Return whether a text is an existing moment, formatted as ``yyyy-MM-dd HH:mm:ss``."""
    if not _SHAPE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
