"""The events that Tencent reports, by callback and by pull alike: delivery statuses and replies.

A status ("Notification of MT SMS Delivery Status") has `nationcode`, `mobile`, `sid`, `report_status`, `errmsg`,
`description`, `user_receive_time`; also `ext`, where Tencent's support has enabled it, and `sub_error` and
`sub_error_desc`, from December 2026 on. A reply ("SMS Reply") has `nationcode`, `mobile`, `text`, `sign`, `time`,
`extend`; it names neither a sid nor an outId.
"""

import re
from typing import Any

from chalicelib.domain import phones, reported_numbers
from chalicelib.lenient_json import integer

Event = dict[str, Any]
FIELDS = (
    *("nationcode", "mobile", "sid", "report_status", "errmsg", "description", "user_receive_time"),
    *("ext", "sub_error", "sub_error_desc"),
    *("text", "sign", "time", "extend"),
)
"""The documented fields of both kinds of event."""

# Longer numbers are cut to this many characters.
_MAX_PHONE = 100
# The context of a call: the bizId, and the position of the call's first recipient.
_CONTEXT = re.compile(r"([0-9a-f]{32}):([0-9]{1,9})", re.ASCII)
# A number that became a fraction on its way, such as 13900001111.0.
_FRACTION = re.compile(r"\s*[0-9]+(?:\.|[eE])[0-9eE+.]*\s*", re.ASCII)


def is_reply(event: Event) -> bool:
    """Return whether an event is a reply: it has a text and reports no delivery, whatever its `sid` says."""
    return "text" in event and event.get("report_status") in (None, "")


def is_status(event: Event) -> bool:
    """Return whether an event is a status, perhaps without some of its fields."""
    return ("sid" in event or "report_status" in event) and not is_reply(event)


def phones_of(event: Event) -> list[str]:
    """Return the phones that a status or a reply may be about, likeliest first, in the form of the table's keys.

    Each is cut to _MAX_PHONE characters.
    """
    nationcode, mobile = event.get("nationcode"), event.get("mobile")
    # Nearly all of them.
    if nationcode == "86" and isinstance(mobile, str) and phones.PLAIN.fullmatch(mobile):
        return [nationcode + mobile]
    found = reported_numbers.readings(_digits(nationcode), _digits(mobile))
    return [phone[:_MAX_PHONE] for phone in found]


def phone_of(event: Event) -> str:
    """Return the likeliest phone of a status or a reply."""
    return phones_of(event)[0]


def sid_of(event: Event) -> str:
    """Return the sid of a status; "" if it has none."""
    return str(event.get("sid") or "").strip()


def context_of(event: Event) -> tuple[str, int] | None:
    """Return the bizId and the position of the first recipient of the call that a status belongs to; None if unknown.

    The bridge gives them to each call as its context, which API 3.0 returns in `ext`.
    """
    match = _CONTEXT.fullmatch(str(event.get("ext") or "").strip())
    return (match[1], int(match[2])) if match else None


def _digits(value: Any) -> str:
    text = str(value or "")
    number = integer(text) if _FRACTION.fullmatch(text) else None
    return text if number is None else str(number)
