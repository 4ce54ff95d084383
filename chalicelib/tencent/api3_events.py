"""What API 3.0 pulls, in the shape of the callbacks; and its records of sends.

A status of a pull has the carrier's code in `Description`, which is the callback's `errmsg`. Times are epochs; the
callback's `user_receive_time` is a date in Beijing time.
"""

from typing import Any

from chalicelib import dates
from chalicelib.lenient_json import integer
from chalicelib.tencent.answers import SendRecord, SendStatus
from chalicelib.tencent.interface import Event

_STATES = {status.value: status for status in SendStatus}


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list of an answer; none if it is null, missing or no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


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
        sent_at=integer(item.get("SendTime")) or 0,
        received_at=integer(item.get("UserReceiveTime")) or 0,
    )


def _number(item: dict[str, Any]) -> dict[str, str]:
    """Return a number's two fields of the callback. Without them, the whole number stands in the second."""
    code, subscriber = _text(item.get("CountryCode")), _text(item.get("SubscriberNumber"))
    if not subscriber:
        return {"nationcode": "", "mobile": _text(item.get("PhoneNumber"))}
    return {"nationcode": code, "mobile": subscriber}


def _date(value: Any) -> str:
    """Return an epoch as a date in Beijing time, "" for none, and anything else as it is."""
    epoch = integer(value)
    if epoch is None:
        return _text(value)
    try:
        return dates.to_beijing(epoch) if epoch > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)
