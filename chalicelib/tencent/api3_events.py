"""What API 3.0 pulls, in the shape of the callbacks; and its records of sends.

A status of a pull has the carrier's code in `Description`, which is the callback's `errmsg`. Times are epochs; the
callback's `user_receive_time` is a date in Beijing time.
"""

from typing import Any

from chalicelib import dates
from chalicelib.lenient_json import integer
from chalicelib.tencent.answers import SendRecord, SendStatus
from chalicelib.tencent.interface import Event

# The epoch of its beginning in Beijing.
_YEAR_10000 = 253_402_272_000
_STATES = {status.value: status for status in SendStatus}


def epoch(value: Any) -> int:
    """Return a time of an answer; 0 for none, and for a number that is no date, such as one in milliseconds."""
    found = integer(value) or 0
    return found if 0 < found < _YEAR_10000 else 0


def status(item: dict[str, Any]) -> Event:
    """Return an item of PullSmsSendStatusSet as a callback's status."""
    description = _text(item.get("Description"))
    context = _text(item.get("SessionContext"))
    return {
        **_number(item),
        "sid": _text(item.get("SerialNo")),
        "report_status": _text(item.get("ReportStatus")),
        "errmsg": description,
        "description": description,
        "user_receive_time": _date(item.get("UserReceiveTime")),
        **({"ext": context} if context else {}),
        **_sub_error(item),
    }


def reply(item: dict[str, Any]) -> Event:
    """Return an item of PullSmsReplyStatusSet as a callback's reply."""
    return {
        **_number(item),
        "text": _text(item.get("ReplyContent")),
        "sign": _text(item.get("SignName")),
        "time": item.get("ReplyTime"),
        "extend": _text(item.get("ExtendCode")),
    }


def record(item: dict[str, Any]) -> SendRecord:
    """Return an item of SendRecordSet."""
    return SendRecord(
        sid=_text(item.get("SerialNo")),
        status=_STATES.get(integer(item.get("SendStatus")) or 0, SendStatus.OTHER),
        request_code=_text(item.get("RequestCode")),
        status_code=_text(item.get("StatusCode")),
        content=_text(item.get("Content")),
        sent_at=epoch(item.get("SendTime")),
        received_at=epoch(item.get("UserReceiveTime")),
        **_sub_error(item),
    )


def _sub_error(item: dict[str, Any]) -> dict[str, str]:
    """Return what explains a failure, under the callback's names. Fields that are missing or empty are left out."""
    names = {"sub_error": "SubError", "sub_error_desc": "SubErrorDesc"}
    found = {name: _text(item.get(given)) for name, given in names.items()}
    return {name: text for name, text in found.items() if text}


def _number(item: dict[str, Any]) -> dict[str, str]:
    """Return a number's two fields of the callback. Without them, the whole number stands in the second."""
    code, subscriber = _text(item.get("CountryCode")), _text(item.get("SubscriberNumber"))
    if not subscriber:
        return {"nationcode": "", "mobile": _text(item.get("PhoneNumber"))}
    return {"nationcode": code, "mobile": subscriber}


def _date(value: Any) -> str:
    """Return an epoch as a date in Beijing time, "" for none, and anything else as it is."""
    if integer(value) is None:
        return _text(value)
    found = epoch(value)
    return dates.to_beijing(found) if found else ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)
