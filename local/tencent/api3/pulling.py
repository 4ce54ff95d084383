"""The pulls of statuses and replies: from the queue, or of one phone number."""

import time
from typing import Any

from local.tencent.api3 import numbers
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Recipient
from local.tencent.records import DeliveryReceipt, Reply
from local.tencent.traffic import Traffic

_MAX_ITEMS = 100
_MAX_AGE_SECONDS = 7 * 86_400


def pull_statuses(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to PullSmsSendStatus. Each status is returned once."""
    limit = _limit(body, enabled=behaviour.pull_enabled)
    return _statuses(traffic, behaviour, traffic.pull_receipts(time.time(), limit))


def pull_replies(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to PullSmsReplyStatus. Each reply is returned once."""
    limit = _limit(body, enabled=behaviour.pull_enabled)
    return _replies(traffic.pull_replies(time.time(), limit))


def pull_statuses_of_number(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to PullSmsSendStatusByPhoneNumber. It removes nothing from the queue."""
    recipient, begin, end, limit = _period(behaviour, body)
    number = (recipient.nationcode, recipient.mobile)
    if behaviour.api3.pull_times == "report":
        receipts = traffic.receipts_between(number, begin, end, limit)
    else:
        found = [
            receipt
            for message in traffic.messages_between(number, begin, end)
            for receipt in traffic.receipts_of(message)
        ]
        receipts = [receipt for receipt in found if receipt.due <= time.time()][:limit]
    return _statuses(traffic, behaviour, receipts)


def pull_replies_of_number(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to PullSmsReplyStatusByPhoneNumber. It removes nothing from the queue."""
    recipient, begin, end, limit = _period(behaviour, body)
    number = (recipient.nationcode, recipient.mobile)
    return _replies(traffic.replies_between(number, begin, end, limit))


def phone_number(body: Body) -> Recipient:
    """Read PhoneNumber.

    Raises:
        ApiError: IncorrectPhoneNumber.
    """
    recipient = numbers.read(body["PhoneNumber"])
    if not recipient.nationcode or not body["PhoneNumber"].startswith("+"):
        raise ApiError("InvalidParameterValue.IncorrectPhoneNumber")
    return recipient


def _limit(body: Body, *, enabled: bool) -> int:
    if not enabled:
        raise ApiError("UnauthorizedOperation.RequestPermissionDeny")
    limit = body["Limit"]
    if not 1 <= limit <= _MAX_ITEMS:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    return int(limit)


def _period(behaviour: Behaviour, body: Body) -> tuple[Recipient, float, float, int]:
    limit = _limit(body, enabled=behaviour.api3.pull_by_number)
    if body["Offset"]:
        raise ApiError("InvalidParameterValue.OffsetVerifyFail")
    recipient = phone_number(body)
    now = time.time()
    begin, end = body["BeginTime"], body.get("EndTime", now)
    if begin < now - _MAX_AGE_SECONDS:
        raise ApiError("InvalidParameterValue.BeginTimeVerifyFail")
    if begin > end:
        raise ApiError("InvalidParameterValue.InvalidStartTime")
    if end > now and behaviour.api3.future_end_time == "refuse":
        raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
    return recipient, begin, min(end, now), limit


def _statuses(
    traffic: Traffic, behaviour: Behaviour, receipts: list[DeliveryReceipt]
) -> dict[str, Any]:
    enabled = behaviour.api3.session_context_enabled
    contexts = traffic.contexts(receipts) if enabled else {}
    rows = []
    for receipt in receipts:
        recipient = Recipient(receipt.nationcode, receipt.mobile)
        row = {
            "SerialNo": receipt.sid,
            "PhoneNumber": numbers.international(recipient),
            "CountryCode": receipt.nationcode,
            "SubscriberNumber": receipt.mobile,
            "ReportStatus": receipt.report_status,
            # The carrier's code. There is no text as in v5.
            "Description": receipt.errmsg,
            "UserReceiveTime": int(receipt.due),
            "SessionContext": contexts.get(receipt.sid, ""),
        }
        if behaviour.api3.sub_errors and receipt.report_status == "FAIL":
            row |= {"SubError": receipt.errmsg, "SubErrorDesc": receipt.description}
        rows.append(row)
    return {"PullSmsSendStatusSet": rows}


def _replies(replies: list[Reply]) -> dict[str, Any]:
    rows = [
        {
            "PhoneNumber": numbers.international(Recipient(reply.nationcode, reply.mobile)),
            "CountryCode": reply.nationcode,
            "SubscriberNumber": reply.mobile,
            "SignName": reply.sign,
            "ReplyContent": reply.text,
            "ReplyTime": int(reply.due),
            "ExtendCode": reply.extend,
        }
        for reply in replies
    ]
    return {"PullSmsReplyStatusSet": rows}
