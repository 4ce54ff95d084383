"""The two calls that send nothing and that the bridge does not make: information on numbers, and conversions.

Their fields are those of Tencent's Python SDK.
"""

from typing import Any

from local.tencent.api3.codes import OK, message_of
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.api3.numbers import international, read
from local.tencent.api3.rows import iso_code

_MAX_NUMBERS = 200
_UNREADABLE = "FailedOperation.PhoneNumberParseFail"


def phone_number_info(body: Body) -> dict[str, Any]:
    """Answer DescribePhoneNumberInfo: the parts of each number; of one that is malformed, only the number as given."""
    numbers = body["PhoneNumberSet"]
    if not numbers:
        raise ApiError("InvalidParameterValue.IncorrectPhoneNumber")
    if len(numbers) > _MAX_NUMBERS:
        raise ApiError("LimitExceeded.PhoneNumberCountLimit")
    return {"PhoneNumberInfoSet": [_info(number) for number in numbers]}


def _info(number: str) -> dict[str, str]:
    recipient = read(number)
    code = OK if recipient.nationcode else _UNREADABLE
    return {
        "Code": code,
        "Message": message_of(code),
        "NationCode": recipient.nationcode,
        "SubscriberNumber": recipient.mobile if recipient.nationcode else "",
        "PhoneNumber": international(recipient),
        "IsoCode": iso_code(recipient),
        "IsoName": "",
    }


def report_conversion() -> dict[str, Any]:
    """Answer ReportConversion. What Tencent answers for a SerialNo that it does not know is not documented."""
    return {"ReportConversionStatus": {"Code": "ok", "Message": "ok"}}
