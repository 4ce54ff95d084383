"""The fields of API 3.0's answers, made of the data in v5's: templates, signs, events, counts."""

from collections.abc import Callable
from typing import Any

from chalicelib import dates

Fields = dict[str, Any]


def answered_fields(action: str, data: Any, asked: Fields) -> Fields:
    """Return the fields of the answer to an action, given v5's data and the fields of the request."""
    return _WRITERS[action](data, asked) if action in _WRITERS else {}


# --- templates and signs ---


def _status(item: Fields) -> Any:
    """Return v5's status as StatusCode."""
    status = item.get("status", 1)
    return -1 if status == 2 else status


def _own(item: Fields) -> Fields:
    """Return the fields of an item whose names are API 3.0's: they go out as they are."""
    return {name: value for name, value in item.items() if name[0].isupper()}


def _template(item: Fields) -> Fields:
    applied = item.get("apply_time")
    return {
        "TemplateId": item.get("id"),
        "International": item.get("international", 3),
        "StatusCode": _status(item),
        "ReviewReply": item.get("reply", ""),
        "TemplateName": item.get("title", ""),
        "CreateTime": dates.from_beijing(applied) if applied else 0,
        "TemplateContent": item.get("text", ""),
        **_own(item),
    }


def _sign(item: Fields) -> Fields:
    return {
        "SignId": item.get("id"),
        "SignName": item.get("text", ""),
        "International": item.get("international", 0),
        "StatusCode": _status(item),
        "ReviewReply": item.get("reply", ""),
        "CreateTime": 1617508800,
        "QualificationId": 1000001,
        "QualificationName": "",
        "QualificationStatusCode": item.get("qualification", 1),
        **_own(item),
    }


def _listed(items: Any, fields: Fields) -> list[Fields]:
    """Return v5's list of items. If ids are given, leave out items of another kind than the one that was named."""
    wanted = fields["International"]
    return [
        item
        for item in items or []
        if "Limit" in fields or item.get("international", wanted) == wanted
    ]


# --- events ---


def _number(event: Fields) -> Fields:
    return {
        "PhoneNumber": f"+{event['nationcode']}{event['mobile']}",
        "CountryCode": event["nationcode"],
        "SubscriberNumber": event["mobile"],
    }


def _pulled_status(event: Fields) -> Fields:
    return _number(event) | {
        "SerialNo": event["sid"],
        "ReportStatus": event["report_status"],
        "Description": event["errmsg"],
        "UserReceiveTime": dates.from_beijing(event["user_receive_time"]),
        "SessionContext": event.get("ext", ""),
    }


def _pulled_reply(event: Fields) -> Fields:
    return _number(event) | {
        "SignName": event["sign"],
        "ReplyContent": event["text"],
        "ReplyTime": event["time"],
        "ExtendCode": event["extend"],
    }


# --- statistics ---

_SENT = {"RequestCount": "request", "RequestSuccessCount": "success", "FeeCount": "bill_number"}
_REPORTED = {
    "RequestSuccessCount": "success",
    "CallbackCount": "status",
    "CallbackSuccessCount": "status_success",
    "CallbackFailCount": "status_fail",
    "InternalErrorCount": "status_fail_0",
    "InvalidNumberCount": "status_fail_1",
    "ShutdownErrorCount": "status_fail_2",
    "BlackListCount": "status_fail_3",
    "FrequencyLimitCount": "status_fail_4",
}


def _counts(names: dict[str, str], data: Any) -> Fields:
    return {name: data[v5] for name, v5 in names.items() if v5 in (data or {})}


_WRITERS: dict[str, Callable[[Any, Fields], Fields]] = {
    "AddSmsTemplate": lambda data, _: {"AddTemplateStatus": {"TemplateId": str(data["id"])}},
    "ModifySmsTemplate": lambda data, _: {"ModifyTemplateStatus": {"TemplateId": data["id"]}},
    "DescribeSmsTemplateList": lambda data, fields: {
        "DescribeTemplateStatusSet": [_template(item) for item in _listed(data, fields)]
    },
    "AddSmsSign": lambda data, _: {"AddSignStatus": {"SignId": data["id"]}},
    "ModifySmsSign": lambda data, _: {"ModifySignStatus": {"SignId": data["id"]}},
    "DescribeSmsSignList": lambda data, fields: {
        "DescribeSignListStatusSet": [_sign(item) for item in _listed(data, fields)]
    },
    "PullSmsSendStatus": lambda data, _: {"PullSmsSendStatusSet": list(map(_pulled_status, data))},
    "PullSmsReplyStatus": lambda data, _: {"PullSmsReplyStatusSet": list(map(_pulled_reply, data))},
    "PullSmsSendStatusByPhoneNumber": lambda data, _: {
        "PullSmsSendStatusSet": list(map(_pulled_status, data or []))
    },
    "PullSmsReplyStatusByPhoneNumber": lambda data, _: {
        "PullSmsReplyStatusSet": list(map(_pulled_reply, data or []))
    },
    "SendStatusStatistics": lambda data, _: {"SendStatusStatistics": _counts(_SENT, data)},
    "CallbackStatusStatistics": lambda data, _: {
        "CallbackStatusStatistics": _counts(_REPORTED, data)
    },
    "SmsPackagesStatistics": lambda data, _: {"SmsPackagesStatisticsSet": data or []},
    "DescribeSendRecordList": lambda data, _: {
        "TotalCount": len(data or []),
        "SendRecordSet": data or [],
    },
}
