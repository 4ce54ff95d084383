"""The words that people read in place of JSON keys."""

import re

_LABELS = {
    "bizId": "request (bizId)",
    "bizIds": "requests (bizIds)",
    "code": "code",
    "failureReasons": "failures",
    "outId": "campaign (outId)",
    "sid": "Tencent's sid",
    "signId": "Tencent's sign ID",
    "templateCode": "template",
    "tplId": "Tencent's ID",
    "tplIds": "Tencent's IDs",
    "what": "content",
    # Times.
    "accepted": "accepted (Beijing time)",
    "checked": "review last checked (Beijing time)",
    "created": "created (Beijing time)",
    "linked": "linked (Beijing time)",
    "nextTry": "next try (Beijing time)",
    "opened": "opened (Beijing time)",
    "received": "received (Beijing time)",
    "since": "since (Beijing time)",
}


def label(key: str) -> str:
    """Return the words for a JSON key: its own label, or else its parts in lower case."""
    return _LABELS.get(key) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).lower()
