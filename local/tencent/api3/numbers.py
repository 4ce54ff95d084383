"""The forms in which API 3.0 takes phone numbers, and the form in which it answers them."""

import re

from local.tencent import checks
from local.tencent.checks import Recipient
from local.tencent.errors import Refused

# 0086, 86 and no code at all are taken as the mainland's.
_MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[0-9]{10})")


def read(number: str) -> Recipient:
    """Return the recipient of a number in any form; one that is not well-formed if there is none."""
    if found := _MAINLAND.fullmatch(number):
        return Recipient("86", found[1])
    try:
        return checks.split_international(number)
    except Refused:
        return Recipient("", number)


def international(recipient: Recipient) -> str:
    """Return a number as ``+8613800000000``; a malformed one as it was given."""
    if not recipient.nationcode:
        return recipient.mobile
    return f"+{recipient.nationcode}{recipient.mobile}"
