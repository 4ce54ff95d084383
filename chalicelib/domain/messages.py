"""A message to one recipient: sent, refused or of unknown outcome, and finally settled by a receipt."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib import dates
from chalicelib.domain import phones, reported_times
from chalicelib.domain.planning import Failure
from chalicelib.domain.push_batches import Entry

# Quick Audience expects Aliyun's code for a delivered message. Tencent's is DELIVRD.
DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The final state of a recipient, as it is reported to Quick Audience.

    `code` is DELIVERED or the code of the failure, `received` a date in Beijing time. `by` identifies the work item
    that found out the state: the same work item has to report it.
    """

    state: Literal["delivered", "failed"]
    code: str
    reason: str
    received: str
    by: str = ""


# The failures that are reported for recipients without a final state after 72 hours.
NO_RECEIPT = Failure("NO_RECEIPT", "72小时内未收到运营商回执")
OUTCOME_UNKNOWN = Failure("OUTCOME_UNKNOWN", "腾讯云未返回发送结果, 72小时内也未收到回执")
NOT_SENT = Failure("NOT_SENT", "72小时内未能发送")
# The failure of a recipient who was not sent to when an operator stopped the request (`domain/halts.py`).
STOPPED = Failure("STOPPED", "发送已被管理员停止, 未发送")


def failure_receipt(failure: Failure, now: float, by: str = "") -> Receipt:
    """Return the receipt for a failure that the bridge itself found, without a status report of Tencent."""
    received = dates.to_beijing(now)
    return Receipt(
        state="failed", code=failure.code, reason=failure.message, received=received, by=by
    )


def read_status(report: dict[str, Any], now: float, by: str = "") -> Receipt:
    """Convert a status report of Tencent ("Notification of MT SMS Delivery Status") to a receipt.

    A failure keeps Tencent's code unchanged. `sub_error` and `sub_error_desc` are added to its text.
    `user_receive_time` is a date in Beijing time. `now`, the time at which the report arrived, is used instead if it is
    missing, not a date, or later.
    """
    received = str(report.get("user_receive_time"))
    arrived = dates.to_beijing(now)
    try:
        dates.from_beijing(received)
    except ValueError:
        epoch = reported_times.read(report.get("user_receive_time"))
        received = arrived if epoch is None else dates.to_beijing(epoch)
    # Both have the same form, so their order as texts is that of the times.
    received = min(received, arrived)
    if str(report.get("report_status", "")).strip().upper() == "SUCCESS":
        return Receipt(state="delivered", code=DELIVERED, reason="", received=received, by=by)
    code = str(report.get("errmsg") or "").strip() or "UNKNOWN"
    reason = str(report.get("description") or "").strip() or "短信未送达"
    details = (str(report.get(name) or "").strip() for name in ("sub_error", "sub_error_desc"))
    if detail := ": ".join(filter(None, details)):
        reason = f"{reason}({detail})"
    return Receipt(state="failed", code=code, reason=reason, received=received, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The request and chunk that a message comes from. `sent_at` is an epoch."""

    out_id: str
    biz_id: str
    sign: str
    template_code: str
    sent_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The message to one recipient of a request.

    `position` is the recipient's position in the plan of the request. `sid` is Tencent's id of a message that it
    accepted. `unknown` means that the message may have been sent, but no answer arrived. `original_form` is the
    number as Quick Audience wrote it, if that differs from the documented form; `other_forms` are further forms in
    which the same request names it. `params` are the values of the template's variables. `receipt` is the final
    state, once it is known. `fee` is the number of segments that Tencent bills, None if the send's answer did not name
    it. `adopted` means that the outcome was unknown, and the sid came from a status or a record.
    """

    phone: str
    position: int
    origin: Origin
    sid: str = ""
    unknown: bool = False
    original_form: str = ""
    other_forms: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    receipt: Receipt | None = None
    fee: int | None = None
    adopted: bool = False

    @property
    def state(self) -> Literal["waiting", "delivered", "failed", "unknown"]:
        """Return the state in one word."""
        if self.receipt:
            return self.receipt.state
        return "unknown" if self.unknown else "waiting"

    @property
    def phone_num(self) -> str:
        """Return the recipient's number as Quick Audience wrote it."""
        return self.original_form or phones.to_quick_audience(self.phone)

    @property
    def at(self) -> tuple[str, int]:
        """Return the request's bizId and the recipient's position in it, which identify it in queue entries."""
        return self.origin.biz_id, self.position

    def with_receipt(self, receipt: Receipt) -> "Message":
        """Return the message with its final state, which never changes afterwards."""
        return replace(self, receipt=receipt)

    def entries(self) -> list[Entry]:
        """Return the message as entries of §13's list, one for each form in which the request names the number.

        Raises ValueError if it has no receipt.
        """
        return [self._entry(form) for form in (self.phone_num, *self.other_forms)]

    def entry(self) -> Entry:
        """Return the first of the message's entries. Raises ValueError if it has no receipt."""
        return self._entry(self.phone_num)

    def _entry(self, phone_num: str) -> Entry:
        if self.receipt is None:
            raise ValueError(f"position {self.position} of {self.origin.biz_id} has no receipt yet")
        sent = dates.to_beijing(self.origin.sent_at)
        fields = {
            "outId": self.origin.out_id,
            "phoneNum": phone_num,
            "sendStatus": 2 if self.receipt.state == "delivered" else 1,
            "sendDate": sent,
            # A carrier's clock may be slow, but no message is received before it was sent.
            "receiveDate": max(sent, self.receipt.received),
            "errCode": self.receipt.code,
            "message": self.receipt.reason,
        }
        return Entry(fields, self.at, self.phone if self.receipt.state == "failed" else "")
