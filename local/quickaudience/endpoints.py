"""The twelve endpoints of a platform, and the checks of its answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from .beijing import is_date

SUCCESS_CODES = ("200", "OK")
_DOCUMENTED_STATUSES = (200, 401, 403, 404)
_ENVELOPE = {"platformName": str, "code": str, "message": str, "requestId": str}
_CARRIERS = {"UNICOM", "MOBILE", "TELCOM"}  # The document spells TELECOM without the second E.
_DATES = ("createDate", "sendDate", "receiveDate")
_ALLOWED_VALUES = {
    "signStatus": (0, 1, 2),
    "templateStatus": (0, 1, 2, 3),
    "templateType": (0, 1, 2, 3),
    "sendStatus": (1, 2),
}
_SEND_DETAIL_FIELDS = {
    "content": str,
    "errCode": str,
    "outId": str,
    "phoneNum": str,
    "receiveDate": str,
    "sendDate": str,
    "sendStatus": int,
    "templateCode": str,
}
_TYPE_NAMES = {str: "a string", int: "an integer", list: "a list"}


@dataclass(frozen=True)
class Endpoint:
    """One operation of the platform."""

    name: str
    method: str
    path: str
    fields: Mapping[str, type] = field(default_factory=dict)
    """The fields of its answer, besides the envelope."""

    def fill(self, value: str = "") -> str:
        """Return the path with the value of its parameter, percent-encoded."""
        return re.sub(r"\{\w+\}", lambda _: quote(value, safe=""), self.path)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of this endpoint's paths."""
        return re.compile(re.sub(r"\{\w+\}", "[^/]+", self.path))


_TEMPLATE_CODE = {"templateCode": str}
_BIZ_ID = {"bizId": str}
_REVIEW = {"createDate": str, "reason": str}
_TEMPLATE_REVIEW = {**_REVIEW, **_TEMPLATE_CODE, "templateName": str, "templateStatus": int}

QUERY_SIGN = Endpoint(
    "query sign",
    "GET",
    "/sms/smsSign/{signName}",
    {**_REVIEW, "signName": str, "signStatus": int},
)
CREATE_TEMPLATE = Endpoint("create template", "POST", "/sms/smsTemplate", _TEMPLATE_CODE)
MODIFY_TEMPLATE = Endpoint(
    "modify template", "PUT", "/sms/smsTemplate/{templateCode}", _TEMPLATE_CODE
)
QUERY_TEMPLATE = Endpoint(
    "query template",
    "GET",
    "/sms/smsTemplate/{templateCode}",
    {**_TEMPLATE_REVIEW, "templateContent": str, "templateType": int},
)
SEND_BATCH = Endpoint("send batch", "POST", "/sms/sendBatch", _BIZ_ID)
SEND_BATCH_LIST = Endpoint("send batch list", "POST", "/sms/sendBatchList", _BIZ_ID)
CREATE_DIGITAL_TEMPLATE = Endpoint(
    "create digital template", "POST", "/sms/digitalSmsTemplate", _TEMPLATE_CODE
)
MODIFY_DIGITAL_TEMPLATE = Endpoint(
    "modify digital template", "PUT", "/sms/digitalSmsTemplate/{templateCode}", _TEMPLATE_CODE
)
DELETE_DIGITAL_TEMPLATE = Endpoint(
    "delete digital template", "DELETE", "/sms/digitalSmsTemplate/{templateCode}", _TEMPLATE_CODE
)
QUERY_DIGITAL_TEMPLATE = Endpoint(
    "query digital template",
    "GET",
    "/sms/digitalSmsTemplate/{templateCode}",
    {**_TEMPLATE_REVIEW, "supportFactory": str},
)
SEND_DIGITAL_BATCH_LIST = Endpoint(
    "send digital batch list", "POST", "/sms/sendDigitalBatchList", _BIZ_ID
)
QUERY_SEND_DETAILS = Endpoint(
    "query send details",
    "POST",
    "/sms/sendDetails",
    {"sendDetailDTOs": list, "totalCount": int},
)

ENDPOINTS = (
    QUERY_SIGN,
    CREATE_TEMPLATE,
    MODIFY_TEMPLATE,
    QUERY_TEMPLATE,
    SEND_BATCH,
    SEND_BATCH_LIST,
    CREATE_DIGITAL_TEMPLATE,
    MODIFY_DIGITAL_TEMPLATE,
    DELETE_DIGITAL_TEMPLATE,
    QUERY_DIGITAL_TEMPLATE,
    SEND_DIGITAL_BATCH_LIST,
    QUERY_SEND_DETAILS,
)


def find_endpoint(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a request, or None if it has none."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and endpoint.pattern.fullmatch(path):
            return endpoint
    return None


def answer_violations(
    endpoint: Endpoint | None, platform_name: str, status: int, content_type: str, body: Any
) -> list[str]:
    """Return the ways in which an answer violates the document.

    Args:
        endpoint: the endpoint that was called; None for an undocumented request, whose answer
            still has an envelope.
        platform_name: the API name that was entered in Quick Audience.
        status: the HTTP status.
        content_type: the content type, without its parameters.
        body: the parsed JSON; None if the answer is not JSON.
    """
    if not isinstance(body, dict):
        return [f"the answer (HTTP {status}) is not a JSON object"]
    problems = _bad_envelope(platform_name, status, body)
    if content_type != "application/json":
        problems.append(f"Content-Type is {content_type!r}, not application/json")
    succeeded = body.get("code") in SUCCESS_CODES
    if endpoint is None:
        if succeeded:
            problems.append("a request for no documented endpoint succeeded")
    elif succeeded:
        problems += _bad_success(endpoint, body)
    else:
        # A refusal has no value for numeric fields, so it may have null there.
        expected = {
            name: type_
            for name, type_ in endpoint.fields.items()
            if not (type_ is int and name in body and body[name] is None)
        }
        problems += _mistyped(body, expected)
    return problems


def _bad_envelope(platform_name: str, status: int, body: Mapping[str, Any]) -> list[str]:
    problems = _mistyped(body, _ENVELOPE)
    code, name = body.get("code"), body.get("platformName")
    if status not in _DOCUMENTED_STATUSES:
        problems.append(f"HTTP status {status} is not documented")
    if isinstance(name, str) and name != platform_name:
        problems.append(f"platformName is {name!r}, not {platform_name!r}")
    if code in SUCCESS_CODES and status != 200:
        problems.append(f"code {code!r} says success, HTTP status {status} does not")
    if status in (401, 403, 404) and code != str(status):
        problems.append(f"code is {code!r} at HTTP status {status}")
    return problems


def _bad_success(endpoint: Endpoint, body: Mapping[str, Any]) -> list[str]:
    problems = _mistyped(body, endpoint.fields) + _bad_values(body)
    if endpoint is QUERY_TEMPLATE and body.get("templateStatus") == 3:
        problems.append("templateStatus 3 is for digital templates only")
    if endpoint is QUERY_DIGITAL_TEMPLATE:
        problems += _bad_support_factory(body)
    if endpoint is CREATE_DIGITAL_TEMPLATE and len(str(body.get("templateCode"))) > 30:
        problems.append("templateCode of a digital template has more than 30 characters")
    if endpoint is QUERY_SEND_DETAILS and isinstance(body.get("sendDetailDTOs"), list):
        problems += _bad_send_details(body["sendDetailDTOs"])
    return problems


def _mistyped(body: Mapping[str, Any], fields: Mapping[str, type], prefix: str = "") -> list[str]:
    problems = []
    for name, type_ in fields.items():
        if name not in body:
            problems.append(f"{prefix}{name} is missing")
        # Compare the exact type: True is an instance of int.
        elif type(body[name]) is not type_:
            problems.append(f"{prefix}{name} is {body[name]!r}, not {_TYPE_NAMES[type_]}")
    return problems


def _bad_values(body: Mapping[str, Any], prefix: str = "") -> list[str]:
    problems = [
        f"{prefix}{name} is {body[name]!r}, not a date of the form yyyy-MM-dd HH:mm:ss"
        for name in _DATES
        if isinstance(body.get(name), str) and not is_date(body[name])
    ]
    problems += [
        f"{prefix}{name} is {body[name]}, not one of {allowed}"
        for name, allowed in _ALLOWED_VALUES.items()
        if type(body.get(name)) is int and body[name] not in allowed
    ]
    return problems


def _bad_support_factory(body: Mapping[str, Any]) -> list[str]:
    text = body.get("supportFactory")
    # While the review is pending, no carrier has decided yet.
    if body.get("templateStatus") == 0 or not isinstance(text, str):
        return []
    try:
        carriers = json.loads(text)
    except ValueError:
        return [f"supportFactory is {text!r}, not a map written as JSON"]
    if not isinstance(carriers, dict) or set(carriers) != _CARRIERS:
        return [f"supportFactory is {text!r}, not a map with the keys {sorted(_CARRIERS)}"]
    return []


def _bad_send_details(rows: list[Any]) -> list[str]:
    problems = []
    for index, row in enumerate(rows):
        prefix = f"sendDetailDTOs[{index}]."
        if isinstance(row, dict):
            problems += _mistyped(row, _SEND_DETAIL_FIELDS, prefix) + _bad_values(row, prefix)
        else:
            problems.append(f"sendDetailDTOs[{index}] is not an object")
    return problems
