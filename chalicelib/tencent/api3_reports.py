"""What API 3.0 reports of messages: the queues of statuses and replies, and what it has of one phone."""

import time
from typing import Any

from chalicelib.lenient_json import integer, objects
from chalicelib.tencent import api3_events
from chalicelib.tencent.answers import SendRecord, SendRecords
from chalicelib.tencent.api3_sends import Ask
from chalicelib.tencent.interface import MAX_PULLED, Event, PullType

MAX_RECORDS = 1000
"""Records of a phone that Tencent lists. If there are as many, there may be more."""

_RECORDS_PER_PAGE = 50
_RECORD_SECONDS = 72 * 3600
_EVENT_SECONDS = 7 * 86400
# Tencent's clock may differ from this one by five minutes.
_CLOCK_TOLERANCE_SECONDS = 300

_PULLS = {
    PullType.STATUSES: ("PullSmsSendStatus", "PullSmsSendStatusSet", api3_events.status),
    PullType.REPLIES: ("PullSmsReplyStatus", "PullSmsReplyStatusSet", api3_events.reply),
}


def pull(ask: Ask, sdk_app_id: str, kind: PullType, limit: int) -> list[Event]:
    """Pull statuses or replies from Tencent's queue."""
    action, found, convert = _PULLS[kind]
    answer = ask(action, {"SmsSdkAppId": sdk_app_id, "Limit": limit})
    return [convert(item) for item in objects(answer.get(found))]


def events_of_phone(
    ask: Ask, sdk_app_id: str, kind: PullType, phone: str, begin: int, end: int
) -> list[Event]:
    """Return statuses or replies of one phone, of the last 7 days. An `end` in the future is left out."""
    action, found, convert = _PULLS[kind]
    now = int(time.time())
    fields: dict[str, Any] = {
        "SmsSdkAppId": sdk_app_id,
        "PhoneNumber": "+" + phone,
        "BeginTime": max(begin, now - _EVENT_SECONDS + _CLOCK_TOLERANCE_SECONDS),
        "Offset": 0,
        "Limit": MAX_PULLED,
    }
    if end < now - _CLOCK_TOLERANCE_SECONDS:
        fields["EndTime"] = end
    answer = ask(f"{action}ByPhoneNumber", fields)
    return [convert(item) for item in objects(answer.get(found))]


def send_records(ask: Ask, sdk_app_id: str, phone: str, begin: int) -> SendRecords:
    """Return the records of a phone, page by page. New sends may shift the pages, so a sid may come twice.

    They are complete only if Tencent's total agrees with them: there are as many as it said at first, and no page went
    beyond it.
    """
    earliest = int(time.time()) - _RECORD_SECONDS + _CLOCK_TOLERANCE_SECONDS
    fields = {
        "SmsSdkAppId": sdk_app_id,
        "PhoneNumber": "+" + phone,
        "BeginTime": max(begin, earliest),
        "Limit": _RECORDS_PER_PAGE,
    }
    found: dict[str, SendRecord] = {}
    first_total, total, offset = None, 1, 0
    while offset < min(total, MAX_RECORDS):
        answer = ask("DescribeSendRecordList", {**fields, "Offset": offset})
        items = objects(answer.get("SendRecordSet"))
        total = integer(answer.get("TotalCount")) or 0
        first_total = total if first_total is None else first_total
        for record in map(api3_events.record, items):
            # Refused messages may have no sid, so each is a record of its own.
            found.setdefault(record.sid or f"{offset} {len(found)}", record)
        offset += len(items)
        if not items or offset > total:
            break
    complete = offset == total < MAX_RECORDS and len(found) >= (first_total or 0)
    return SendRecords(list(found.values()), complete=complete)
