"""The records that an account consists of: campaigns, send requests, receipts and replies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from .entries import FAILED


class RequestOutcome(StrEnum):
    """How the platform answered the request that named a recipient."""

    UNANSWERED = "unanswered"
    """No answer yet, or one that does not say whether the platform will send."""
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Receipt(NamedTuple):
    """A delivery receipt, as the platform reported it."""

    out_id: str
    phone_num: str
    send_status: int
    send_date: str
    receive_date: str
    err_code: str
    message: str
    call: int
    """Number of the push that reported it."""
    reported_at: float

    @property
    def result(self) -> tuple[int, str]:
        """The status and failure code. A success has no failure code, whatever errCode says."""
        return self.send_status, self.err_code if self.send_status == FAILED else ""

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as the control API shows it."""
        return {
            "outId": self.out_id,
            "phoneNum": self.phone_num,
            "sendStatus": self.send_status,
            "sendDate": self.send_date,
            "receiveDate": self.receive_date,
            "errCode": self.err_code,
            "message": self.message,
            "call": self.call,
            "toldAt": self.reported_at,
        }


class Reply(NamedTuple):
    """A mobile-originated reply, as the platform reported it."""

    out_id: str
    phone_num: str
    send_time: str
    content: str
    call: int
    """Number of the push that reported it."""
    reported_at: float

    def as_json(self) -> dict[str, Any]:
        """Return the reply as the control API shows it."""
        return {
            "outId": self.out_id,
            "phoneNum": self.phone_num,
            "sendTime": self.send_time,
            "content": self.content,
            "call": self.call,
            "toldAt": self.reported_at,
        }


@dataclass(frozen=True, slots=True)
class CampaignStart:
    """The content and recipients of a campaign."""

    out_id: str
    sign_name: str
    template_code: str
    digital: bool
    phones: Sequence[str]
    at: float


@dataclass(frozen=True, slots=True)
class SendCall:
    """One sendBatchList or sendDigitalBatchList request, and its answer."""

    out_id: str
    phones: Sequence[str]
    outcome: RequestOutcome
    answer: Mapping[str, Any]
