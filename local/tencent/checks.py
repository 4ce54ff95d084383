"""The checks of every call: application, signature, clock, and the JSON types of its fields."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.tencent.errors import Refused, malformed

_CLOCK_TOLERANCE_SECONDS = 600
_MAX_NUMBER = 2**53

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Application:
    """The SMS application whose calls are accepted, and the keys that open it."""

    sdkappid: str
    appkey: str
    """Signs the calls of v5."""
    secret_id: str = ""
    """The key of API 3.0, which belongs to the application's account."""
    secret_key: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone number: its country code and mobile."""

    nationcode: str
    mobile: str

    @property
    def is_mainland(self) -> bool:
        """Whether Tencent treats the number as domestic."""
        return self.nationcode == "86"


def parse(raw: bytes) -> Body:
    """Parse a request's body."""
    try:
        body = json.loads(raw)
        if b"\\ud" in raw.lower():
            # Half of a surrogate pair is valid JSON, but cannot be encoded to be signed or stored.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise malformed("body is not JSON") from None
    if not isinstance(body, dict):
        raise malformed("body is not an object")
    return body


def check_caller(
    application: Application, query: Mapping[str, str], body: Body, signed: str, now: float
) -> None:
    """Check the application, signature and time of a call.

    Args:
        application: the application whose calls are accepted.
        query: the parameters of the URL.
        body: the parsed body.
        signed: the part of the signed text that depends on the call.
        now: the current time, in epoch seconds.

    Raises:
        Refused: 1019, 1003, 1004, 1001 or 1021.
    """
    if query.get("sdkappid") != application.sdkappid:
        raise Refused(1019)
    sig = body.get("sig")
    if sig is None or sig == "":
        raise Refused(1003)
    if not isinstance(sig, str):
        raise malformed("cannot get sig")
    random = query.get("random")
    if not random:
        raise malformed("cannot get random")
    time = number(body, "time")
    expected = signature(application.appkey, random, time, signed)
    if not hmac.compare_digest(expected.encode(), sig.encode()):
        raise Refused(1001)
    if abs(now - time) > _CLOCK_TOLERANCE_SECONDS:
        raise Refused(1021)


def signature(appkey: str, random: str, time: int, signed: str = "") -> str:
    """Return the signature that a call must have."""
    text = f"appkey={appkey}&random={random}&time={time}{signed}"
    return hashlib.sha256(text.encode()).hexdigest()


# recipients, which each call writes in its own form


def one_recipient(body: Body) -> Recipient:
    """Read ``tel`` of sendsms: an object."""
    return _recipient(body.get("tel"))


def many_recipients(body: Body) -> list[Recipient]:
    """Read ``tel`` of sendmultisms2: an array of objects."""
    tel = body.get("tel")
    if not isinstance(tel, list) or not tel:
        raise malformed("tel must be an array of objects")
    return [_recipient(item) for item in tel]


def _recipient(tel: Any) -> Recipient:
    if not isinstance(tel, dict) or not isinstance(tel.get("mobile"), str):
        raise malformed("cannot get /tel/mobile")
    nationcode = tel.get("nationcode")
    # Official examples have a number here, although the documents' table says string.
    if isinstance(nationcode, int) and not isinstance(nationcode, bool):
        nationcode = str(nationcode)
    if not isinstance(nationcode, str):
        raise malformed("cannot get /tel/nationcode")
    return Recipient(nationcode, tel["mobile"])


_INTERNATIONAL_FORM = re.compile(r"\+[1-9][0-9]{5,18}")
_ONE_DIGIT_CODE = re.compile("[17]")
_TWO_DIGIT_CODE = re.compile("2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def international_tel(body: Body) -> str:
    """Read ``tel`` of sendisms: a string such as ``+8613788888888``."""
    tel = body.get("tel")
    if not isinstance(tel, str):
        raise malformed("cannot get /tel")
    return tel


def split_international(tel: str) -> Recipient:
    """Split a number in international form into its country code and mobile."""
    if not _INTERNATIONAL_FORM.fullmatch(tel):
        raise Refused(1016)
    digits = tel[1:]
    if _ONE_DIGIT_CODE.match(digits):
        length = 1
    elif _TWO_DIGIT_CODE.match(digits):
        length = 2
    else:
        length = 3
    return Recipient(digits[:length], digits[length:])


_MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FOREIGN_CODE = re.compile(r"[1-9][0-9]{0,3}")
_FOREIGN_MOBILE = re.compile(r"[0-9]{4,15}")


def is_well_formed(recipient: Recipient) -> bool:
    """Return whether a number is valid as a mobile of its country."""
    if recipient.is_mainland:
        return _MAINLAND_MOBILE.fullmatch(recipient.mobile) is not None
    return (
        _FOREIGN_CODE.fullmatch(recipient.nationcode) is not None
        and _FOREIGN_MOBILE.fullmatch(recipient.mobile) is not None
    )


# fields


def number(body: Body, name: str) -> int:
    """Read a field that must be an integer."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_NUMBER:
        raise malformed(f"{name} must be a number")
    return value


def number_within(body: Body, name: str, low: int, high: int) -> int:
    """Read a number that must be from ``low`` to ``high``."""
    value = number(body, name)
    if not low <= value <= high:
        raise malformed(f"{name} must be from {low} to {high}")
    return value


def text(body: Body, name: str) -> str:
    """Read a field that must be a string that is not blank."""
    value = optional_text(body, name)
    if not value.strip():
        raise malformed(f"{name} is missing or empty")
    return value


def optional_text(body: Body, name: str) -> str:
    """Read a field that must be a string if it is present."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise malformed(f"{name} must be a string")
    return value


def texts(body: Body, name: str) -> list[str]:
    """Read a field that must be an array of strings."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed(f"{name} must be an array of strings")
    return value


def ids(body: Body, name: str) -> list[int]:
    """Read one id or an array of ids; return each id once, in the same order."""
    value = body.get(name)
    if not isinstance(value, list):
        return [number(body, name)]
    if not value:
        raise malformed(f"{name} is empty")
    return list(dict.fromkeys(number({name: item}, name) for item in value))


def is_international(body: Body) -> int:
    """Read ``international``; the default is 0."""
    return number_within(body, "international", 0, 1) if "international" in body else 0
