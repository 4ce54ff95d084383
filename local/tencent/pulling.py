"""The calls that query results: the pull queue, the history of a number, and the statistics."""

import time
from dataclasses import dataclass
from typing import Any

from local.tencent import checks
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Body
from local.tencent.errors import Refused, malformed
from local.tencent.formats import beijing_time, start_of_hour
from local.tencent.magic import failure_class
from local.tencent.records import DeliveryReceipt, Reply
from local.tencent.traffic import Traffic

_RECEIPTS, _REPLIES = 0, 1
_MAX_ITEMS = 100
_HOUR = 3600


def receipt_fields(receipt: DeliveryReceipt) -> dict[str, Any]:
    """Return a delivery receipt as it is pushed and pulled."""
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
    """Return a reply as it is pushed and pulled."""
    return {
        "nationcode": reply.nationcode,
        "mobile": reply.mobile,
        "text": reply.text,
        "sign": reply.sign,
        "time": int(reply.due),
        "extend": reply.extend,
    }


def pull(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to pullstatus. Each item is returned once."""
    item_type, limit = _item_type_and_limit(behaviour, body)
    now = time.time()
    if item_type == _RECEIPTS:
        data = [receipt_fields(receipt) for receipt in traffic.pull_receipts(now, limit)]
    else:
        data = [reply_fields(reply) for reply in traffic.pull_replies(now, limit)]
    return {"count": len(data), "data": data}


def pull_for_mobile(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to pullstatus4mobile. It removes nothing from the pull queue."""
    item_type, limit = _item_type_and_limit(behaviour, body)
    number = (checks.text(body, "nationcode"), checks.text(body, "mobile"))
    begin = checks.number(body, "begin_time")
    end = min(checks.number(body, "end_time"), time.time())
    if item_type == _RECEIPTS:
        receipts = traffic.receipts_between(number, begin, end, limit)
        data = [receipt_fields(receipt) for receipt in receipts]
    else:
        replies = traffic.replies_between(number, begin, end, limit)
        data = [reply_fields(reply) for reply in replies]
    return {"count": len(data), "data": data}


def _item_type_and_limit(behaviour: Behaviour, body: Body) -> tuple[int, int]:
    item_type = checks.number_within(body, "type", _RECEIPTS, _REPLIES)
    limit = checks.number_within(body, "max", 1, _MAX_ITEMS)
    if not behaviour.pull_enabled:
        raise Refused(1006)
    return item_type, limit


def send_statistics(traffic: Traffic, body: Body) -> dict[str, Any]:
    """Return the answer to pullsendstatus."""
    begin, end = _hours(body)
    refused, accepted, fees = traffic.sent_between(begin, end)
    return {
        "data": {"request": refused + accepted, "success": accepted, "bill_number": fees},
    }


def receipt_statistics(traffic: Traffic, body: Body) -> dict[str, Any]:
    """Return the answer to pullcallbackstatus."""
    counts = receipt_counts(traffic, *_hours(body))
    return {
        "data": {
            "success": counts.accepted,
            "status": counts.delivered + sum(counts.failed),
            "status_success": counts.delivered,
            "status_fail": sum(counts.failed),
            **{f"status_fail_{class_}": count for class_, count in enumerate(counts.failed)},
        },
    }


@dataclass(slots=True)
class ReceiptCounts:
    """The messages that were accepted in a period, and the receipts that came in it."""

    accepted: int
    delivered: int
    failed: list[int]
    """By class: carrier error, no such number, switched off, blacklisted, carrier's limit."""


def receipt_counts(traffic: Traffic, begin: float, end: float) -> ReceiptCounts:
    """Return the counts of a period, which excludes ``end``."""
    counts = ReceiptCounts(traffic.sent_between(begin, end)[1], 0, [0] * 5)
    codes = traffic.receipt_codes_between(begin, min(end, time.time()))
    for report_status, errmsg, count in codes:
        if report_status == "SUCCESS":
            counts.delivered += count
        else:
            counts.failed[failure_class(errmsg)] += count
    return counts


def _hours(body: Body) -> tuple[float, float]:
    """Return the period from the start of the first hour to the end of the last."""
    try:
        begin = start_of_hour(checks.number(body, "begin_date"))
        end = start_of_hour(checks.number(body, "end_date")) + _HOUR
    except ValueError:
        raise malformed("begin_date and end_date must be yyyymmddhh") from None
    if end <= begin:
        raise malformed("end_date is before begin_date")
    return begin, end
