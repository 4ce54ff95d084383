"""DescribeSendRecordList: what became of the messages to a phone number in the last 72 hours."""

import time
from collections.abc import Iterator
from typing import Any

from local.tencent import records
from local.tencent.api3 import numbers
from local.tencent.api3.codes import OK
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.api3.pulling import phone_number
from local.tencent.api3.rows import text_code
from local.tencent.api3.switches import ACTIONS
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Recipient
from local.tencent.dispatch import ISO_CODES
from local.tencent.records import DeliveryReceipt, Message, Rejection
from local.tencent.traffic import Traffic

_MAX_AGE_SECONDS = 72 * 3600
_MAX_RECORDS = 1000
_DEFAULT_LIMIT, _MAX_LIMIT = 20, 50
_FAILED_SUBMISSION, _DELIVERED, _ON_ITS_WAY, _FAILED = 1, 2, 3, 4
_HIDDEN = "****"

Record = dict[str, Any]


class RecordBook:
    """The records of one phone number."""

    def __init__(self, traffic: Traffic, behaviour: Behaviour, recipient: Recipient) -> None:
        self._traffic = traffic
        self._behaviour = behaviour
        self._switches = behaviour.api3
        self._recipient = recipient

    def between(self, begin: float, end: float) -> list[Record]:
        """Return the records of a period, newest first, 1,000 at most."""
        number = (self._recipient.nationcode, self._recipient.mobile)
        end = min(end, time.time() - self._switches.records_lag)
        sent: list[Message | Rejection] = [
            *self._traffic.messages_between(number, begin, end),
            *self._traffic.rejections_between(number, begin, end),
        ]
        found = [(item.time, self._record(item)) for item in sent if self._is_listed(item)]
        found += self._records_of_others(begin, end)
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [record for _, record in found[:_MAX_RECORDS]]

    def _is_listed(self, item: Message | Rejection) -> bool:
        if item.endpoint not in ACTIONS and not self._switches.records_of_v5:
            return False
        # Drawn by the time, so that of several messages to a number some are missing.
        missing, purpose = self._switches.records_missing, f"record {item.time}"
        return not self._behaviour.draws(missing, purpose, item.nationcode, item.mobile)

    def _record(self, item: Message | Rejection) -> Record:
        record = {
            "PhoneNumber": numbers.international(self._recipient),
            "SerialNo": "",
            "SendStatus": _FAILED_SUBMISSION,
            "RequestCode": OK,
            "StatusCode": "",
            "IsoCode": ISO_CODES.get(self._recipient.nationcode, "DEF"),
            "Content": self._content(item),
            "SendTime": int(item.time),
            "UserReceiveTime": 0,
        }
        if isinstance(item, Rejection):
            code = item.code
            return record | {"RequestCode": text_code(int(code) if code.isdecimal() else code)}
        due = [one for one in self._traffic.receipts_of(item) if one.due <= time.time()]
        return record | {"SerialNo": item.sid} | self._status(due[-1] if due else None)

    def _status(self, receipt: DeliveryReceipt | None) -> Record:
        if receipt is None:
            return {"SendStatus": _ON_ITS_WAY}
        if receipt.report_status == "SUCCESS":
            delivered = {"SendStatus": _DELIVERED, "UserReceiveTime": int(receipt.due)}
            return {**delivered, "StatusCode": receipt.errmsg}
        failed = {"SendStatus": _FAILED, "StatusCode": receipt.errmsg}
        if self._switches.sub_errors:
            failed |= {"SubError": receipt.errmsg, "SubErrorDesc": receipt.description}
        return failed

    def _content(self, item: Message | Rejection) -> str:
        if self._switches.records_mask == "everything":
            return _HIDDEN
        text = item.text
        if self._switches.records_mask == "parameters":
            # The longest first: a short one may be a part of it.
            for value in sorted(records.unpack(item.params), key=len, reverse=True):
                if value:
                    text = text.replace(value, _masked(value))
        return text

    def _records_of_others(self, begin: float, end: float) -> Iterator[tuple[float, Record]]:
        """Yield times and records of another system that uses the same application."""
        for position in range(self._switches.records_of_others):
            moment = max(begin, end - position)
            other = Rejection(moment, "SendSms", "", "", "0", "【别的系统】请忽略本短信。", "[]")
            serial = f"2019:{position:024}"
            changed = {"SerialNo": serial, "RequestCode": OK, "SendStatus": _ON_ITS_WAY}
            yield moment, self._record(other) | changed


def _masked(value: str) -> str:
    return _HIDDEN if len(value) == 1 else f"{value[0]}{_HIDDEN}{value[-1]}"


def describe(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to DescribeSendRecordList."""
    recipient = phone_number(body)
    limit, offset = body.get("Limit", _DEFAULT_LIMIT), body.get("Offset", 0)
    if not 1 <= limit <= _MAX_LIMIT:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    if offset > _MAX_RECORDS:
        raise ApiError("InvalidParameterValue.OffsetVerifyFail")
    now = time.time()
    begin, end = body["BeginTime"], body.get("EndTime", now)
    if begin < now - _MAX_AGE_SECONDS or begin > now:
        raise ApiError("InvalidParameterValue.BeginTimeVerifyFail")
    if end > now or end < begin:
        raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
    found = RecordBook(traffic, behaviour, recipient).between(begin, end)
    # Messages that are sent after the first page push the others back: the second one repeats its end.
    new = behaviour.api3.records_shift if offset else 0
    first = offset - new
    total = min(len(found) + new, _MAX_RECORDS)
    return {"TotalCount": total, "SendRecordSet": found[max(first, 0) : max(first + limit, 0)]}
