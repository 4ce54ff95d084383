"""A recipient's life: accepted, sent or refused or of unknown outcome, and at last its receipt."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib import dates
from chalicelib.domain import phones
from chalicelib.domain.planning import Failure
from chalicelib.domain.push_batches import Entry

# Tencent's word for a delivered message is DELIVRD; Aliyun's, which Quick Audience was made for, is this.
DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The final state of a recipient, as Quick Audience is told it.

    `code` is DELIVERED or the failure's code, `received` a date in Beijing time; `by` names the piece
    of work that found it out, whose task it is to tell it.
    """

    state: Literal["delivered", "failed"]
    code: str
    reason: str
    received: str
    by: str = ""


# What a recipient is told of after 72 hours in which nothing else was heard.
NO_RECEIPT = Failure("NO_RECEIPT", "72小时内未收到运营商回执")
OUTCOME_UNKNOWN = Failure("OUTCOME_UNKNOWN", "腾讯云未返回发送结果, 72小时内也未收到回执")
NOT_SENT = Failure("NOT_SENT", "72小时内未能发送")


def failure_receipt(failure: Failure, now: float, by: str = "") -> Receipt:
    """The receipt of a recipient whose failure we know ourselves."""
    received = dates.to_beijing(now)
    return Receipt(
        state="failed", code=failure.code, reason=failure.message, received=received, by=by
    )


def read_status(report: dict[str, Any], now: float, by: str = "") -> Receipt:
    """Tencent's status report as a receipt ("Notification of MT SMS Delivery Status").

    A failure keeps Tencent's code as it is. `user_receive_time` is a local date already; where there
    is none, the time at which we heard stands in.
    """
    received = str(report.get("user_receive_time"))
    try:
        dates.from_beijing(received)
    except ValueError:
        received = dates.to_beijing(now)
    if str(report.get("report_status", "")).strip().upper() == "SUCCESS":
        return Receipt(state="delivered", code=DELIVERED, reason="", received=received, by=by)
    code = str(report.get("errmsg") or "").strip() or "UNKNOWN"
    reason = str(report.get("description") or "").strip() or "短信未送达"
    return Receipt(state="failed", code=code, reason=reason, received=received, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a message comes from: shared by all of one request. `sent_at` is an epoch."""

    out_id: str
    biz_id: str
    sign: str
    template_code: str
    sent_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A recipient of a request: with a sid where Tencent took it, with a receipt once that is known.

    `position` is the recipient's place in the request's plan; `unknown` says that it may have been
    sent and that nobody told us; `given` is the number as Quick Audience wrote it, where that is not
    the form that it documents; `params` fill the template's variables.
    """

    phone: str
    position: int
    origin: Origin
    sid: str = ""
    unknown: bool = False
    original_form: str = ""
    params: tuple[str, ...] = ()
    receipt: Receipt | None = None

    @property
    def state(self) -> Literal["waiting", "delivered", "failed", "unknown"]:
        """In one word."""
        if self.receipt:
            return self.receipt.state
        return "unknown" if self.unknown else "waiting"

    @property
    def phone_num(self) -> str:
        """The recipient as Quick Audience knows it."""
        return self.original_form or phones.to_quick_audience(self.phone)

    @property
    def at(self) -> tuple[str, int]:
        """Return its request's bizId and its position there: how queued entries name it."""
        return self.origin.biz_id, self.position

    def with_receipt(self, receipt: Receipt) -> "Message":
        """With its final state, which is never changed afterwards."""
        return replace(self, receipt=receipt)

    def entry(self) -> Entry:
        """Return its entry of §13's list. Raises ValueError for a message without a receipt."""
        if self.receipt is None:
            raise ValueError(f"position {self.position} of {self.origin.biz_id} has no receipt yet")
        sent = dates.to_beijing(self.origin.sent_at)
        fields = {
            "outId": self.origin.out_id,
            "phoneNum": self.phone_num,
            "sendStatus": 2 if self.receipt.state == "delivered" else 1,
            "sendDate": sent,
            # A carrier's clock may be slow: nothing is received before it was sent.
            "receiveDate": max(sent, self.receipt.received),
            "errCode": self.receipt.code,
            "message": self.receipt.reason,
        }
        return Entry(fields, self.at)
