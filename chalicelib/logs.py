"""The JSON log, and functions that mask phone numbers before they are logged."""

import logging
import re
from collections.abc import Iterable

from aws_lambda_powertools import Logger

# Seven digits or more, with up to two separators between two of them, as people write phone numbers.
_LONG_NUMBER = re.compile(r"\d(?:[\s().\-/_\u2010-\u2015]{0,2}\d){6,}")
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_MAX_IDS = 10
MAX_TEXT = 500
"""Characters of a foreign text in a log line. A stranger could fill the log with longer ones."""
# The fields of log lines that may hold a text from outside.
_FOREIGN = ("why", "path", "code")


class _Cleaning(logging.Filter):
    """Cleans the fields that may hold a text from outside: no long numbers, no line breaks, not too long."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in _FOREIGN:
            value = record.__dict__.get(name)
            if isinstance(value, str):
                record.__dict__[name] = clean(value)
        return True


log = Logger(service="qa-sms-bridge")
log.addFilter(_Cleaning())


def clean(text: str) -> str:
    """Return a text from outside as a log may hold it: on one line, with masked numbers, and not too long."""
    short = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return mask_numbers(_NOT_PRINTABLE.sub(" ", short))


def begin(request_id: str = "") -> None:
    """Give the log lines of an invocation its request id, or none: the process keeps that of the one before."""
    if request_id:
        log.append_keys(requestId=request_id)
    else:
        log.remove_keys(["requestId"])


def mask_numbers(text: str) -> str:
    """Mask the numbers in a text from another system that are as long as a phone number, for a log.

    The digits may be separated as in 138-1234-5678.
    """
    return _LONG_NUMBER.sub(lambda match: mask(re.sub(r"\D", "", match[0])), text)


def sample(ids: Iterable[str]) -> list[str]:
    """Return a few of the bizIds that a log line is about, so that the line stays short."""
    return sorted(set(ids))[:_MAX_IDS]


def mask(phone: str) -> str:
    """Mask a phone number for a log: only the last four digits are left, as Quick Audience shows it."""
    return f"…{phone[-4:]}"
