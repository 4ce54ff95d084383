"""What a call to Tencent can return, and what it can end with instead.

    TencentError
     ├── CallRefusedError    Tencent refused the call: nothing was done
     ├── NotSentError        the request never arrived (no connection, 429): nothing was done
     └── OutcomeUnknownError the request may have been carried out, and no answer says so

The last is every case in which the request left and no understandable answer came: timeout, reset,
garbage, 5xx, and Tencent's own 1008 and 60008. A caller that sends must never repeat it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chalicelib.errors import BridgeError
from chalicelib.logs import mask_numbers
from chalicelib.tencent import error_codes

MAX_PULLED = 100
"""Events of one pull ("The maximum: 100")."""


class TencentError(BridgeError):
    """Base of what a call can end with instead of an answer. Its text may stand in a log."""


class CallRefusedError(TencentError):
    """Tencent answered with a code other than 0."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"Tencent {code}: {mask_numbers(said)}")
        self.code = code
        self.said = said
        self.meaning = error_codes.meaning(code)

    def explain(self) -> str:
        """Return a sentence for a marketer, with Tencent's number and text."""
        return error_codes.explain(self.code, self.said)


class NotSentError(TencentError):
    """The request never reached Tencent, or was turned away before it was read."""


class OutcomeUnknownError(TencentError):
    """The request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A number that Tencent accepted: its delivery id, and how many pieces are billed."""

    sid: str
    fee: int


@dataclass(frozen=True, slots=True)
class NumberRefused:
    """A number that Tencent refused, in a call that it accepted."""

    code: int
    said: str


NumberResult = Accepted | NumberRefused | None
"""The result of one number; None where the answer does not mention it, so that its outcome is unknown."""


class PullType(IntEnum):
    """What is pulled: the `type` of both pulls."""

    STATUSES = 0
    REPLIES = 1


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """Some templates of the account; `total` is None where the answer does not say how many there are."""

    templates: list[dict[str, Any]]
    total: int | None
