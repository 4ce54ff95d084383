"""The formats of settings: functions that parse the text of an environment variable.

Each raises ValueError with a text that says what is wrong and does not contain the value.
"""

import re
from collections.abc import Callable

# Tencent's refusals that end after a known time: limits of the application and of a number, marketing hours.
WAITABLE = (1022, 1023, 1024, 1025, 1026, 1029, 1047)
"""Their codes in v5. With API 3.0, a number means every code there that says the same."""
WAITABLE_NAMES = (
    "FailedOperation.MarketingSendTimeConstraint",
    "LimitExceeded.AppCountryOrRegionDailyLimit",
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.AppGlobalDailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit",
    "LimitExceeded.DailyLimit",
    "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
)
"""Their codes in API 3.0."""
_MINUTES_OF_DAY = 24 * 60


def matching(pattern: str) -> Callable[[str], str]:
    """Return a reader of texts that match a pattern as a whole; it strips white space."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text.strip()):
            raise ValueError("has the wrong format")
        return text.strip()

    return read


def one_of(*values: str) -> Callable[[str], str]:
    """Return a reader of one of these values."""

    def read(text: str) -> str:
        if text not in values:
            raise ValueError("is not an allowed value")
        return text

    return read


def whole_number(text: str) -> int:
    """Read a number of 0 or more."""
    return int(matching("[0-9]+")(text))


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a reader of numbers of `minimum` or more."""

    def read(text: str) -> int:
        number = whole_number(text)
        if number < minimum:
            raise ValueError("is too small")
        return number

    return read


def names(text: str) -> tuple[str, ...]:
    """Read a list that is separated by commas. It may be empty."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def wait_codes(text: str) -> frozenset[int | str]:
    """Read codes of refusals that can be waited for: numbers of v5, names of API 3.0."""
    codes = frozenset(
        name if name in WAITABLE_NAMES else whole_number(name) for name in names(text)
    )
    if codes - {*WAITABLE, *WAITABLE_NAMES}:
        raise ValueError("has codes that can't be waited for")
    return codes


def country_codes(text: str) -> frozenset[str]:
    """Read a list of country codes, such as 86."""
    codes = frozenset(names(text))
    if not codes or not all(re.fullmatch("[1-9][0-9]{0,3}", code) for code in codes):
        raise ValueError("is not a list of country codes")
    return codes


def price(text: str) -> tuple[str, str]:
    """Read a price such as 0.045 CNY; return the digits of its amount, and its currency.

    The amount stays a text, because only the operator's commands calculate with it.
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([A-Z]{3})", text.strip(), re.ASCII)
    if found is None:
        raise ValueError(f"is {text!r}, which is not an amount with a currency")
    return found[1], found[2]


def failure_alarm(text: str) -> str:
    """Read the failure rate of an alarm, such as 20% of 100, or off; return it in this form."""
    if text.strip() == "off":
        return "off"
    found = re.fullmatch(r"([1-9][0-9]?|100)\s*%\s*of\s*([1-9][0-9]{0,8})", text.strip(), re.ASCII)
    if found is None:
        raise ValueError(f"is {text!r}, which is not a percentage of a number")
    return f"{found[1]}% of {found[2]}"


def hours_of_day(text: str) -> tuple[int, int]:
    """Read a time of the day, such as 08:00-22:00, as its first and last minute. It may span midnight."""
    start, end = matching("[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]")(text).split("-")
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (start, end))
    if first >= _MINUTES_OF_DAY or last > _MINUTES_OF_DAY:
        raise ValueError("has a time that does not exist")
    if first == last:
        raise ValueError("is empty: it starts when it ends")
    return first, last


def not_blank(text: str) -> str:
    """Read a text with at least one entry, as it is."""
    if not names(text):
        raise ValueError("is blank")
    return text


def networks(text: str) -> frozenset[str]:
    """Read a list of IP addresses and networks."""
    # Imported only where addresses are set.
    from ipaddress import ip_network  # noqa: PLC0415

    found = names(text)
    if not found:
        raise ValueError("is blank")
    for name in found:
        try:
            ip_network(name, strict=False)
        except ValueError:
            raise ValueError("has an entry that is no address") from None
    return frozenset(found)


url = matching(r"https?://[^/\s]+(/\S*)?")
