"""What is asked afterwards: the pull queue, the history of one number, the statistics."""

import time
from typing import Any

from local.tencent import checks
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Body
from local.tencent.errors import Refused, malformed
from local.tencent.formats import beijing_time, start_of_hour
from local.tencent.magic import failure_bucket
from local.tencent.records import DeliveryReceipt, Reply
from local.tencent.state import State

_RECEIPTS, _REPLIES = 0, 1
_MAX_ITEMS = 100
_HOUR = 3600


def receipt_fields(receipt: DeliveryReceipt) -> dict[str, Any]:
    """Write a delivery receipt as it is pushed and pulled."""
    return {
        "user_receive_time": beijing_time(receipt.due),
        "nationcode": receipt.nationcode,
        "mobile": receipt.mobile,
        "report_status": receipt.report_status,
        "errmsg": receipt.errmsg,
        "description": receipt.description,
        "sid": receipt.sid,
    }


def reply_fields(reply: Reply) -> dict[str, Any]:
    """Write a reply as it is pushed and pulled."""
    return {
        "nationcode": reply.nationcode,
        "mobile": reply.mobile,
        "text": reply.text,
        "sign": reply.sign,
        "time": int(reply.due),
        "extend": reply.extend,
    }


def pull(state: State, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Answer pullstatus; what it returns is not returned again."""
    kind, limit = _checked(behaviour, body)
    now = time.time()
    if kind == _RECEIPTS:
        data = [receipt_fields(receipt) for receipt in state.pull_receipts(now, limit)]
    else:
        data = [reply_fields(reply) for reply in state.pull_replies(now, limit)]
    return {"count": len(data), "data": data}


def pull_for_mobile(state: State, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Answer pullstatus4mobile; it takes nothing away."""
    kind, limit = _checked(behaviour, body)
    number = (checks.text(body, "nationcode"), checks.text(body, "mobile"))
    begin = checks.number(body, "begin_time")
    end = min(checks.number(body, "end_time"), time.time())
    if kind == _RECEIPTS:
        receipts = state.receipts_between(number, begin, end, limit)
        data = [receipt_fields(receipt) for receipt in receipts]
    else:
        replies = state.replies_between(number, begin, end, limit)
        data = [reply_fields(reply) for reply in replies]
    return {"count": len(data), "data": data}


def _checked(behaviour: Behaviour, body: Body) -> tuple[int, int]:
    kind = checks.number_within(body, "type", _RECEIPTS, _REPLIES)
    limit = checks.number_within(body, "max", 1, _MAX_ITEMS)
    if not behaviour.pull_enabled:
        raise Refused(1006)
    return kind, limit


def send_statistics(state: State, body: Body) -> dict[str, Any]:
    """Answer pullsendstatus."""
    begin, end = _hours(body)
    refused, accepted, fees = state.sent_between(begin, end)
    return {
        "data": {"request": refused + accepted, "success": accepted, "bill_number": fees},
    }


def receipt_statistics(state: State, body: Body) -> dict[str, Any]:
    """Answer pullcallbackstatus."""
    begin, end = _hours(body)
    delivered = 0
    failed = [0] * 5
    codes = state.receipt_codes_between(begin, min(end, time.time()))
    for report_status, errmsg, count in codes:
        if report_status == "SUCCESS":
            delivered += count
        else:
            failed[failure_bucket(errmsg)] += count
    return {
        "data": {
            "success": state.sent_between(begin, end)[1],
            "status": delivered + sum(failed),
            "status_success": delivered,
            "status_fail": sum(failed),
            **{f"status_fail_{bucket}": count for bucket, count in enumerate(failed)},
        },
    }


def _hours(body: Body) -> tuple[float, float]:
    """Read the hours asked for, both of which count whole."""
    try:
        begin = start_of_hour(checks.number(body, "begin_date"))
        end = start_of_hour(checks.number(body, "end_date")) + _HOUR
    except ValueError:
        raise malformed("begin_date and end_date must be yyyymmddhh") from None
    if end <= begin:
        raise malformed("end_date is before begin_date")
    return begin, end
