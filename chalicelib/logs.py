"""JSON logs, with phone numbers masked before they get there."""

import re
from collections.abc import Iterable

from aws_lambda_powertools import Logger

_LONG_NUMBER = re.compile(r"\d{7,}")
_MAX_IDS = 10

log = Logger(service="qa-sms-bridge")


def mask_numbers(text: str) -> str:
    """What another side said, as it may stand in a log: numbers as long as a phone's are masked."""
    return _LONG_NUMBER.sub(lambda match: mask(match[0]), text)


def sample(ids: Iterable[str]) -> list[str]:
    """A few of the bizIds that a line of the log is about: a line has an end."""
    return sorted(set(ids))[:_MAX_IDS]


def mask(phone: str) -> str:
    """A phone number as it may stand in a log: the last four digits, which is what Quick Audience shows."""
    return f"…{phone[-4:]}"
