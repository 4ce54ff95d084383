"""The events that Tencent reports, by callback and by pull alike: delivery statuses and replies.

A status ("Notification of MT SMS Delivery Status") has `nationcode`, `mobile`, `sid`, `report_status`, `errmsg`,
`description`, `user_receive_time`. A reply ("SMS Reply") has `nationcode`, `mobile`, `text`, `sign`, `time`,
`extend`; it names neither a sid nor an outId.
"""

from typing import Any

from chalicelib.domain import phones

# Longer numbers are cut to this many characters.
_MAX_PHONE = 100


def is_reply(event: dict[str, Any]) -> bool:
    """Return whether an event is a reply."""
    return "text" in event and "sid" not in event


def phone_of(event: dict[str, Any]) -> str:
    """Return the phone of a status or a reply in the form of the table's keys, cut to _MAX_PHONE characters."""
    mobile = phones.from_tencent(str(event.get("nationcode") or ""), str(event.get("mobile") or ""))
    return mobile[:_MAX_PHONE]
