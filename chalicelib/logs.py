"""The JSON log, and functions that mask phone numbers before they are logged."""

import re
from collections.abc import Iterable

from aws_lambda_powertools import Logger

_LONG_NUMBER = re.compile(r"\d{7,}")
_MAX_IDS = 10

log = Logger(service="qa-sms-bridge")


def mask_numbers(text: str) -> str:
    """Mask the numbers in a text from another system that are as long as a phone number, for a log."""
    return _LONG_NUMBER.sub(lambda match: mask(match[0]), text)


def sample(ids: Iterable[str]) -> list[str]:
    """Return a few of the bizIds that a log line is about, so that the line stays short."""
    return sorted(set(ids))[:_MAX_IDS]


def mask(phone: str) -> str:
    """Mask a phone number for a log: only the last four digits are left, as Quick Audience shows it."""
    return f"…{phone[-4:]}"
