"""The fields of each call, and their JSON types, which the gateway checks strictly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.tencent.api3.errors import missing, unrecognized, wrong_type
from local.tencent.api3.switches import Action

_MAX_UINT64 = 2**64 - 1

Body = dict[str, Any]
Matches = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    """Return whether a value is an integer of 64 bits without a sign. True and 1.0 are not."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_UINT64


def _list_of(matches: Matches) -> Matches:
    return lambda value: isinstance(value, list) and all(map(matches, value))


_TEXTS, _NUMBERS = _list_of(_is_text), _list_of(_is_number)


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of an object: their types, and which of them are required."""

    types: Mapping[str, Matches]
    required: frozenset[str]
    items: Mapping[str, "Shape"]
    """The shapes of the objects in its arrays."""

    def check(self, body: Body, prefix: str = "") -> None:
        """Check an object: first for unknown fields, then for missing ones, then for wrong types.

        Raises:
            ApiError: UnknownParameter, MissingParameter or InvalidParameter.
        """
        for name in body:
            if name not in self.types:
                raise unrecognized(prefix + name)
        for name in self.types:
            if name in self.required and name not in body:
                raise missing(prefix + name)
        for name, value in body.items():
            if not self.types[name](value):
                raise wrong_type(prefix + name)
            if name in self.items:
                for position, item in enumerate(value):
                    if not isinstance(item, dict):
                        raise wrong_type(f"{prefix}{name}.{position}")
                    self.items[name].check(item, f"{prefix}{name}.{position}.")


def _shape(
    required: str, types: Mapping[str, Matches], items: Mapping[str, Shape] | None = None
) -> Shape:
    return Shape(types, frozenset(required.split()), items or {})


_INFO = _shape(
    "PhoneNumber TemplateId",
    {
        "PhoneNumber": _is_text,
        "TemplateId": _is_text,
        "TemplateParamSet": _TEXTS,
        "SenderId": _is_text,
        "SessionContext": _is_text,
    },
)
_TEMPLATE = {
    "TemplateName": _is_text,
    "TemplateContent": _is_text,
    "SmsType": _is_number,
    "International": _is_number,
    "Remark": _is_text,
}
_TEMPLATE_REQUIRED = " ".join(_TEMPLATE)
_SIGN = {
    "SignName": _is_text,
    "SignType": _is_number,
    "DocumentType": _is_number,
    "International": _is_number,
    "SignPurpose": _is_number,
    "ProofImage": _is_text,
    "CommissionImage": _is_text,
    "Remark": _is_text,
    "QualificationId": _is_number,
}
_SIGN_REQUIRED = "SignName SignType DocumentType International SignPurpose ProofImage"
_PAGE = {"Limit": _is_number, "Offset": _is_number}
_PULL = _shape("SmsSdkAppId Limit", {"SmsSdkAppId": _is_text, "Limit": _is_number})
_NUMBER = {
    "PhoneNumber": _is_text,
    "SmsSdkAppId": _is_text,
    "BeginTime": _is_number,
    "EndTime": _is_number,
    **_PAGE,
}
_PULL_BY_NUMBER = _shape("BeginTime Offset Limit PhoneNumber SmsSdkAppId", _NUMBER)
_HOURS = _shape(
    "BeginTime EndTime SmsSdkAppId Limit Offset",
    {"BeginTime": _is_text, "EndTime": _is_text, "SmsSdkAppId": _is_text, **_PAGE},
)

SHAPES: dict[Action, Shape] = {
    "SendSms": _shape(
        "PhoneNumberSet SmsSdkAppId TemplateId",
        {
            "PhoneNumberSet": _TEXTS,
            "SmsSdkAppId": _is_text,
            "TemplateId": _is_text,
            "SignName": _is_text,
            "TemplateParamSet": _TEXTS,
            "ExtendCode": _is_text,
            "SessionContext": _is_text,
            "SenderId": _is_text,
        },
    ),
    "SendMultiGlobalSms": _shape(
        "SmsSdkAppId MultiSmsInfoSet",
        {
            "SmsSdkAppId": _is_text,
            "MultiSmsInfoSet": lambda value: isinstance(value, list),
        },
        {"MultiSmsInfoSet": _INFO},
    ),
    "AddSmsTemplate": _shape(_TEMPLATE_REQUIRED, _TEMPLATE),
    "ModifySmsTemplate": _shape(
        f"TemplateId {_TEMPLATE_REQUIRED}", {"TemplateId": _is_number, **_TEMPLATE}
    ),
    "DeleteSmsTemplate": _shape("TemplateId", {"TemplateId": _is_number}),
    "DescribeSmsTemplateList": _shape(
        "International", {"International": _is_number, "TemplateIdSet": _NUMBERS, **_PAGE}
    ),
    "AddSmsSign": _shape(_SIGN_REQUIRED, _SIGN),
    "ModifySmsSign": _shape(f"SignId {_SIGN_REQUIRED}", {"SignId": _is_number, **_SIGN}),
    "DeleteSmsSign": _shape("SignId", {"SignId": _is_number}),
    "DescribeSmsSignList": _shape(
        "International", {"International": _is_number, "SignIdSet": _NUMBERS, **_PAGE}
    ),
    "PullSmsSendStatus": _PULL,
    "PullSmsReplyStatus": _PULL,
    "PullSmsSendStatusByPhoneNumber": _PULL_BY_NUMBER,
    "PullSmsReplyStatusByPhoneNumber": _PULL_BY_NUMBER,
    "DescribeSendRecordList": _shape("PhoneNumber SmsSdkAppId BeginTime", _NUMBER),
    "SendStatusStatistics": _HOURS,
    "CallbackStatusStatistics": _HOURS,
    "SmsPackagesStatistics": _HOURS,
    "DescribePhoneNumberInfo": _shape("PhoneNumberSet", {"PhoneNumberSet": _TEXTS}),
    "ReportConversion": _shape(
        "SmsSdkAppId SerialNo ConversionTime",
        {"SmsSdkAppId": _is_text, "SerialNo": _is_text, "ConversionTime": _is_number},
    ),
}
