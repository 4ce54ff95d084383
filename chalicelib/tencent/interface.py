"""The results and the errors of calls to Tencent.

    TencentError
     ├── CallRefusedError     Tencent refused the call: nothing was done
     ├── NotSentError         Tencent never got the request (no connection, HTTP 429): nothing was done
     └── OutcomeUnknownError  Tencent may have carried out the request, and no answer says whether it did

The last one covers every case in which the request was sent and no answer came that can be understood: timeout,
reset, garbage, HTTP 5xx, and Tencent's own 1008 and 60008. A send that ends with it must never be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chalicelib.errors import BridgeError
from chalicelib.logs import mask_numbers
from chalicelib.tencent import error_codes

MAX_PULLED = 100
"""The maximum number of events in one pull ("The maximum: 100")."""


class TencentError(BridgeError):
    """Base of the errors of a call. The text may be logged.

    `answer` is Tencent's answer; empty if there was none that could be read.
    """

    answer: Mapping[str, Any] = {}


class CallRefusedError(TencentError):
    """Tencent answered with a code other than 0."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"Tencent {code}: {mask_numbers(said)}")
        self.code = code
        self.said = said
        self.meaning = error_codes.meaning(code)

    def explain(self) -> str:
        """Return a sentence for a marketer, with Tencent's own code and text."""
        return error_codes.explain(self.code, self.said)


class NotSentError(TencentError):
    """The request never reached Tencent, or was rejected before it was read."""


class OutcomeUnknownError(TencentError):
    """The request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A number that Tencent accepted: its delivery id, and the number of segments that are billed."""

    sid: str
    fee: int


@dataclass(frozen=True, slots=True)
class NumberRefused:
    """A number that Tencent refused, in a call that it accepted."""

    code: int
    said: str


NumberResult = Accepted | NumberRefused | None
"""The result of one number; None if the answer does not say it, so that its outcome is unknown."""


class PullType(IntEnum):
    """The events that a call pulls: the `type` of pullstatus and pullstatus4mobile."""

    STATUSES = 0
    REPLIES = 1


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """A page of the account's templates; `total` is the number of all, None if the answer does not say it."""

    templates: list[dict[str, Any]]
    total: int | None
